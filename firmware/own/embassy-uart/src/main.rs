//! A task of embassy on an nRF52840 that classifies each line of text that comes in at a serial port (P0.08, 115,200
//! baud) and answers with its class (P0.06). It is built; it has not run on a board here.
#![no_std]
#![no_main]
#![allow(clippy::used_underscore_binding, reason = "the macro of embassy uses the spawner")]

use edgefit::{Aligned, Classifier, Model, Scratch, seen_words};
use embassy_executor::Spawner;
use embassy_nrf::{
    bind_interrupts, peripherals,
    uarte::{self, Uarte},
};
use panic_halt as _;
use static_cell::ConstStaticCell;

bind_interrupts!(struct Interrupts {
    UARTE0 => uarte::InterruptHandler<peripherals::UARTE0>;
});

static MODEL: Aligned<[u8; include_bytes!("../../../../models/smaller.edgefit").len()]> =
    Aligned(*include_bytes!("../../../../models/smaller.edgefit"));

static SCRATCH: ConstStaticCell<Scratch<{ seen_words(10_000) }, 4>> = ConstStaticCell::new(Scratch::new());

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let chip = embassy_nrf::init(embassy_nrf::config::Config::default());
    let mut port = Uarte::new(chip.UARTE0, chip.P0_08, chip.P0_06, Interrupts, uarte::Config::default());
    if let Err(error) = serve(&mut port).await {
        // There is nobody else to tell.
        let _ = port.write(error.message().as_bytes()).await;
    }
}

/// Answers line by line. A line may be of any length: it is classified as it comes.
async fn serve(port: &mut Uarte<'_>) -> Result<(), edgefit::Error> {
    let model = Model::from_bytes(&MODEL.0)?;
    let mut classifier = Classifier::new(&model, SCRATCH.take())?;
    let mut byte = [0];
    loop {
        if port.read(&mut byte).await.is_err() {
            // A byte was lost: the line is not what was sent.
            classifier.reset();
        } else if byte == *b"\n" {
            let class = classifier.finish().class();
            let label = model.labels().nth(class).unwrap_or_default();
            let _ = port.write(label.as_bytes()).await;
            let _ = port.write(b"\r\n").await;
        } else {
            classifier.text(&byte);
        }
    }
}
