//! The one image for every board: validates the model in its flash region and answers the link until the host leaves.
#![no_std]
#![no_main]

// One an architecture: start-up, faults, `clock`, and `idle` for a program that has nothing to return to.
#[cfg_attr(target_arch = "arm", path = "arch/cortex_m.rs")]
#[cfg_attr(target_arch = "riscv32", path = "arch/riscv.rs")]
mod arch;
mod boot;
mod region;
mod registers;
mod serve;
mod stack;
mod transport;

use edgefit::{
    Error, Model, Scratch,
    link::{Board, Device, Info, Served},
    seen_words,
};
use static_cell::ConstStaticCell;

use serve::{Buffers, End};

/// The facts of the board, which build.rs takes from its `board.toml`.
#[allow(clippy::unreadable_literal, clippy::doc_markdown, reason = "generated")]
mod board {
    include!(concat!(env!("OUT_DIR"), "/board.rs"));
}

/// Room for the largest model that the board takes.
type BoardScratch = Scratch<{ seen_words(board::ROWS) }, { board::UNITS }>;

static SCRATCH: ConstStaticCell<BoardScratch> = ConstStaticCell::new(BoardScratch::new());
static BUFFERS: ConstStaticCell<Buffers> = ConstStaticCell::new(Buffers::new());

/// Everything after the start-up of the architecture.
fn run() -> ! {
    stack::paint();
    registers::set_up(board::SETUP);
    let mut transport = match transport::open() {
        Ok(transport) => transport,
        Err(error) => fail(&error),
    };
    let (scratch, buffers) = (SCRATCH.take(), BUFFERS.take());
    let device = Device { name: board::NAME, info, clock: arch::clock() };
    let mut offset = 0;
    loop {
        match serve_model(device, offset, scratch, &mut transport, buffers) {
            Ok((End::Load(next), _)) => {
                defmt::info!("{=str}: loads the model at {=u32}", board::NAME, next);
                offset = next;
            }
            Ok((end, documents)) => {
                defmt::info!("{}: {=u32} documents", end, documents);
                transport::end(0);
            }
            Err(error) => fail(&error),
        }
    }
}

/// Serves the model at `offset` of its region until the host asks for something else.
fn serve_model(
    device: Device<'static>,
    offset: u32,
    scratch: &mut BoardScratch,
    transport: &mut transport::Chosen,
    buffers: &mut Buffers,
) -> Result<(End, u32), transport::Error> {
    let region = region::model().get(offset as usize..).unwrap_or_default();
    let model = Model::from_region(region);
    let classifier = match &model {
        Ok(model) => start(model, scratch),
        Err(error) => Err(*error),
    };
    if let Err(error) = &classifier {
        defmt::error!("{=str}: no model to run: {}", board::NAME, error);
    }
    let mut board = Board::on(device, region, classifier);
    serve::serve(&mut board, transport, buffers).map(|end| (end, board.documents()))
}

/// The classifier for `model`, with the CRC by which the host knows the model.
fn start<'m, 's>(model: &'m Model<'m>, scratch: &'s mut BoardScratch) -> Result<(Served<'m, 's>, u32), Error> {
    let classifier = Served::new(model, scratch)?;
    defmt::info!(
        "{=str}: model {=str} of {=usize} bytes, {=usize} inputs, {=usize} layers, CRC {=u32:#010x}",
        board::NAME,
        model.header().provenance.recipe,
        model.file_len(),
        model.rows(),
        model.layers().len(),
        model.crc(),
    );
    Ok((classifier, model.crc()))
}

/// What the board is and has room for.
fn info() -> Info<'static> {
    Info {
        firmware: env!("CARGO_PKG_VERSION"),
        target: board::TARGET,
        region: board::MODEL_LENGTH as u32,
        rows: board::ROWS as u32,
        units: board::UNITS as u32,
        stack_used: stack::used(),
        stack: stack::size(),
        documents: 0,
    }
}

fn fail(error: &transport::Error) -> ! {
    defmt::error!("{}", error);
    transport::end(1)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    /// The exit code after a panic, as that of a Rust program on a host.
    const PANICKED: i32 = 101;
    defmt::error!("{}", defmt::Display2Format(info));
    transport::end(PANICKED)
}

/// What an architecture's handler of faults comes to.
fn faulted() -> ! {
    /// The exit code after a hard fault, as a shell reports a segmentation fault.
    const FAULTED: i32 = 139;
    transport::end(FAULTED)
}
