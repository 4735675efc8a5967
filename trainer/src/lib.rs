//! Trains, quantises, exports and verifies small classifiers for microcontrollers.

pub mod board;
pub mod checkpoint;
pub mod cli;
pub mod commands;
pub mod data;
pub mod error;
pub mod evaluate;
pub mod evidence;
pub mod export;
pub mod files;
pub mod integer;
pub mod model_file;
pub mod network;
pub mod parallel;
pub mod prepared;
pub mod progress;
pub mod quantise;
pub mod recipe;
pub mod results;
mod rows;
pub mod run;
pub mod study;
pub mod table;
pub mod train;
pub mod verdict;
pub mod verify;

pub use error::{Error, Result};

// What `#[derive(RecordState)]` of burn 0.22 expects at the root of the crate.
use burn::optim::{RecordState, StateSink, StateSource};
