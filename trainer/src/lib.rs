//! Trains, quantises, exports and verifies small classifiers for microcontrollers.

mod aligned;
mod blocks;
pub mod board;
pub mod cache;
pub mod cell;
pub mod checkpoint;
pub mod classes;
pub mod cli;
pub mod commands;
pub mod data;
pub mod data_verbs;
pub mod error;
pub mod evaluate;
pub mod export;
pub mod fetch;
pub mod files;
pub mod findings;
mod floats;
pub mod inspect;
pub mod integer;
pub mod interrupt;
pub mod model_file;
pub mod models;
pub mod network;
pub mod parallel;
pub mod predict;
pub mod prepared;
pub mod progress;
pub mod quantise;
pub mod recipe;
pub mod report;
pub mod results;
pub mod run;
pub mod shell;
pub mod study;
pub mod suggest;
pub mod table;
pub mod tidy;
pub mod timing;
pub mod train;
pub mod verdict;
pub mod verify;
pub mod why;

/// The evidence, which knows nothing of training and so is a crate of its own.
pub use edgefit_evidence as evidence;
pub use error::{Error, Result};
