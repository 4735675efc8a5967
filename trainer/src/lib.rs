//! Trains, quantises, exports and verifies small classifiers for microcontrollers.

mod aligned;
mod blocks;
pub mod board;
pub mod cache;
pub mod cell;
pub mod checkpoint;
pub mod cli;
pub mod commands;
pub mod data;
pub mod data_verbs;
pub mod error;
pub mod evaluate;
pub mod evidence;
pub mod export;
pub mod fetch;
pub mod files;
mod floats;
pub mod integer;
pub mod interrupt;
pub mod model_file;
pub mod network;
pub mod parallel;
pub mod prepared;
pub mod progress;
pub mod quantise;
pub mod recipe;
pub mod results;
pub mod run;
pub mod shell;
pub mod study;
pub mod table;
pub mod timing;
pub mod train;
pub mod verdict;
pub mod verify;

pub use error::{Error, Result};
