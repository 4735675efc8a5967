//! The smallest firmware with a classifier: cortex-m-rt, a model in flash, a text, an answer.
#![no_std]
#![no_main]

use edgefit::{Aligned, Classifier, Model, Scratch, seen_words};
use semihosting::{println, process};
use static_cell::ConstStaticCell;

/// The model file, where the loader wants it: at a multiple of 16.
static MODEL: Aligned<[u8; include_bytes!("../../../../models/smaller.edgefit").len()]> =
    Aligned(*include_bytes!("../../../../models/smaller.edgefit"));

/// Room for 10,000 rows and layers of up to 4 units.
static SCRATCH: ConstStaticCell<Scratch<{ seen_words(10_000) }, 4>> = ConstStaticCell::new(Scratch::new());

#[cortex_m_rt::entry]
fn main() -> ! {
    match answer() {
        Ok(()) => process::exit(0),
        Err(error) => {
            println!("{error}");
            process::exit(1)
        }
    }
}

fn answer() -> Result<(), edgefit::Error> {
    let model = Model::from_bytes(&MODEL.0)?;
    let mut classifier = Classifier::new(&model, SCRATCH.take())?;
    for text in ["A truly wonderful film.", "Awful: the worst plot ever."] {
        classifier.text(text.as_bytes());
        let class = classifier.finish().class();
        println!("{text} {}", model.labels().nth(class).unwrap_or_default());
    }
    Ok(())
}
