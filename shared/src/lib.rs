//! Integer inference for small classifiers, the same bit for bit on a laptop and on a microcontroller.
//!
//! This crate holds everything that the trainer and the board both run: the word splitter ([`words`]), the
//! vocabulary ([`vocabulary`]), the model file ([`format`](mod@format), [`Model`]), the arithmetic ([`arithmetic`]),
//! the streaming [`Classifier`] of text, the [`NumericClassifier`] of features, and the [`link`] between a host and a
//! board. It never allocates and never panics. It uses no floating point before the logits, but to standardise raw numbers.
//!
//! # Example
//!
//! ```
//! use edgefit::{Classifier, Model, Scratch, seen_words};
//!
//! # fn main() -> Result<(), edgefit::Error> {
//! # let bytes: &[u8] = &edgefit::Aligned(*include_bytes!("../golden/tiny.edgefit")).0[..];
//! let model = Model::from_bytes(bytes)?;
//! let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
//! let mut classifier = Classifier::new(&model, &mut scratch)?;
//! classifier.text(b"a truly won");
//! classifier.text(b"derful film"); // any chunks: a word may be cut anywhere
//! let logits = classifier.finish();
//! assert_eq!(logits.class(), usize::from(logits.values()[0] > 0));
//! # Ok(())
//! # }
//! ```
#![no_std]

#[cfg(test)]
extern crate std;

pub mod arithmetic;
mod classifier;
mod crc;
mod error;
mod fold;
pub mod format;
mod kernel;
mod layer;
pub mod link;
mod logits;
mod model;
mod numeric;
mod reader;
mod scan;
mod scratch;
pub mod vocabulary;
pub mod words;

pub use classifier::{Classifier, classify};
pub use error::Error;
pub use format::Aligned;
pub use layer::Layer;
pub use logits::Logits;
pub use model::{Layers, Model};
pub use numeric::{INPUT_MAX, NumericClassifier, Standards, classify_numbers, input_words};
pub use scratch::{Scratch, ScratchView, seen_words};

/// The version of this crate, which the exporter writes into the files that it makes.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
