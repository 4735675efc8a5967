//! Kernels for cores with the DSP extension: Cortex-M4 and M7, and those of Armv8-M that have it.
#![allow(unsafe_code, reason = "the loops are written in assembly")]

mod dense;
mod rows;
mod units;

pub(crate) use super::portable::dense_4;
pub(crate) use dense::{dense_8, dense_16};
pub(crate) use rows::{add, add_new, clear};
pub(crate) use units::{activate, logits};
