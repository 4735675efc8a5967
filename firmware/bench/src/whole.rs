//! A model, a text, a decision: what edgefit takes of flash and RAM is what this has more than `empty`.
#![no_std]
#![no_main]

mod harness;
#[path = "../../src/region.rs"]
mod region;

use edgefit::{Classifier, Error, Model, Scratch, seen_words};
use static_cell::ConstStaticCell;

use harness::board;

/// Room for 10,000 rows and 16 units.
static SCRATCH: ConstStaticCell<Scratch<{ seen_words(10_000) }, 16>> = ConstStaticCell::new(Scratch::new());

#[cortex_m_rt::entry]
fn main() -> ! {
    harness::run(|text| classify(text).unwrap_or_else(|error| 100 + error as usize))
}

/// The class of a text, decided on integers.
fn classify(text: &[u8]) -> Result<usize, Error> {
    let model = Model::from_region(region::model())?;
    let mut classifier = Classifier::new(&model, SCRATCH.try_take().ok_or(Error::ScratchTooSmall)?)?;
    classifier.text(text);
    Ok(classifier.finish().class())
}
