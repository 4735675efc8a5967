//! Training: from a corpus and a recipe to a network, on burn.
//!
//! The first layer is a sparse operation of our own inside burn's autodiff ([`sparse`]); the optimiser is Keras's
//! `RMSprop` ([`rmsprop`]); randomness comes from named streams ([`streams`]). The same seed on the same machine
//! gives the same weights, bit for bit: everything runs in a fixed order on one thread.

mod fit;
mod module;
#[cfg(test)]
mod reference;
mod rmsprop;
mod sparse;
mod streams;

pub use fit::{EpochRecord, Stop, fit};
