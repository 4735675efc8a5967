//! Kernels for cores with the DSP extension: Cortex-M4 and M7, and those of Armv8-M that have it.
#![allow(unsafe_code, clippy::too_many_lines, reason = "the loops are written in assembly")]

/// The assembly of a function, on a core with the extension.
macro_rules! dsp_asm {
    ($($part:tt)*) => {
        core::arch::naked_asm!(concat!(".cpu ", env!("EDGEFIT_DSP_CPU")), $($part)*)
    };
}

mod chain;
mod clear;
mod dense;
mod direct;
mod lanes;
mod list;
mod rows;
mod units;

pub(crate) use chain::Chain;
pub(crate) use clear::clear;
pub(crate) use dense::dense;
pub(crate) use rows::{add, add_new, suits};
pub(crate) use units::{activate, logits};
