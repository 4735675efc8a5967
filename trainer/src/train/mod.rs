//! Training: from a corpus and a recipe to a network, on burn.
//!
//! The first layer is a sparse operation of our own, where burn's autodiff begins; the optimisers are Keras's, fused;
//! randomness comes from named streams. The same seed on the same machine gives the same weights, bit for bit:
//! everything runs in a fixed order on one thread. Several runs at a time use the other cores.

mod dense;
mod fit;
#[cfg(all(test, feature = "ndarray"))]
mod ndarray;
mod net;
mod optimiser;
#[cfg(test)]
mod reference;
mod sparse;
mod streams;

pub use fit::{EpochRecord, Job, Standing, Stop, fit};
pub use optimiser::Optimiser;
pub use streams::stratified_share;
