//! Kernels for cores with the first Thumb instructions alone: Cortex-M0, M0+, M1 and M23.
#![allow(unsafe_code, clippy::too_many_lines, reason = "the loops are written in assembly")]

mod clear;
mod dense;
mod lanes;
mod list;
mod rows;
mod units;

pub(crate) use super::plain::Chain;
pub(crate) use clear::clear;
pub(crate) use dense::dense;
pub(crate) use rows::{add, add_new, suits};
pub(crate) use units::{activate, logits};
