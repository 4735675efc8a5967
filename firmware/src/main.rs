//! The one image for every board: validates the model in its flash region and answers the link until the host leaves.
#![no_std]
#![no_main]

mod fault;
mod region;
mod semihosting;

use defmt_semihosting as _;
use edgefit::{
    Classifier, Error, Model, Scratch,
    format::{MAX_ROWS, MAX_UNITS},
    link::Board,
    seen_words,
};

/// The facts of the board, which build.rs takes from its `board.toml`.
#[allow(clippy::unreadable_literal, reason = "generated")]
mod board {
    include!(concat!(env!("OUT_DIR"), "/board.rs"));
}

/// Room for the largest model of the format, so that what a board takes is decided by its flash alone.
type AnyScratch = Scratch<{ seen_words(MAX_ROWS) }, MAX_UNITS>;

#[cortex_m_rt::entry]
fn main() -> ! {
    let model = Model::from_region(region::model());
    let classifier = match &model {
        Ok(model) => start(model),
        Err(error) => Err(*error),
    };
    if let Err(error) = &classifier {
        defmt::error!("{=str}: no model to run: {}", board::NAME, error);
    }
    let mut board = Board::new(board::NAME, classifier);
    match semihosting::serve(&mut board) {
        Ok(end) => {
            defmt::info!("{}: {=u32} documents", end, board.documents());
            ::semihosting::process::exit(0)
        }
        Err(error) => {
            defmt::error!("{}", error);
            ::semihosting::process::exit(1)
        }
    }
}

/// A classifier for `model`, with the CRC by which the host knows the model.
fn start<'m>(model: &'m Model<'m>) -> Result<(Classifier<'m, 'static>, u32), Error> {
    let scratch = cortex_m::singleton!(: AnyScratch = AnyScratch::new()).ok_or(Error::ScratchTooSmall)?;
    let classifier = Classifier::new(model, scratch)?;
    defmt::info!(
        "{=str}: model {=str} of {=usize} bytes, {=usize} rows, {=usize} layers, CRC {=u32:#010x}",
        board::NAME,
        model.header().provenance.recipe,
        model.file_len(),
        model.rows(),
        model.layers().len(),
        model.crc(),
    );
    Ok((classifier, model.crc()))
}
