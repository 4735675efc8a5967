//! Kernels: the inner loops of inference, for each core the fastest there is, all of them equal bit for bit.
//!
//! `portable` is plain Rust; `build.rs` chooses another where the target has one. A kernel in assembly does what it is
//! best at, the common shapes, and leaves the others to `portable`.

use crate::{Error, Layer};

#[cfg(kernel = "dsp")]
mod dsp;
mod portable;
#[cfg(kernel = "thumb1")]
mod thumb1;

#[cfg(kernel = "dsp")]
use dsp as best;
#[cfg(kernel = "portable")]
use portable as best;
#[cfg(kernel = "thumb1")]
use thumb1 as best;

pub(crate) use best::{clear, dense_4, dense_8, dense_16, logits, step};

/// From the sums of one layer to those of the next: activations, then sums of products.
#[inline(never)]
fn step_by_step(from: &Layer<'_>, to: &Layer<'_>, sums: &mut [i32], activations: &mut [i16]) {
    best::activate(from.records, sums, from.activation_max(), activations);
    to.sums(activations.get_mut(..from.units()).unwrap_or_default(), sums);
}

/// The rows of a word-major layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    weights: &'a [u8],
    bits: u8,
    units: usize,
    /// From one row to the next, in bytes.
    stride: usize,
    count: usize,
}

impl<'a> Rows<'a> {
    /// `count` rows of `units` weights.
    pub(crate) const fn new(weights: &'a [u8], bits: u8, count: usize, units: usize) -> Self {
        Self { weights, bits, units, stride: crate::layer::weight_bytes(units, bits), count }
    }

    /// How many rows there are.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// The sums of this layer, the first of a buffer.
    #[inline]
    pub(crate) fn of<'s>(&self, sums: &'s mut [i32]) -> &'s mut [i32] {
        sums.get_mut(..self.units).unwrap_or_default()
    }

    /// Adds rows to the first `units` of `sums`.
    ///
    /// # Errors
    ///
    /// [`Error::RowOutOfRange`]; the rows before that one have been added.
    #[inline]
    pub(crate) fn add(&self, ids: &[u16], sums: &mut [i32]) -> Result<(), Error> {
        best::add(self, ids, self.of(sums))
    }

    /// Adds those rows to the first `units` of `sums` that are not in `seen` yet, and adds them there. Which bit
    /// of `seen` is a row's is the kernel's choice. `N` are listed before they are added: more are faster, and take more of the stack.
    ///
    /// # Errors
    ///
    /// [`Error::RowOutOfRange`]; the rows before that one have been added.
    #[inline]
    pub(crate) fn add_new<const N: usize>(&self, ids: &[u16], seen: &mut [u32], sums: &mut [i32]) -> Result<(), Error> {
        best::add_new::<N>(self, ids, seen, self.of(sums))
    }

    /// The rows before the first that is out of range.
    #[cold]
    fn in_range<'i>(&self, ids: &'i [u16]) -> &'i [u16] {
        let end = ids.iter().position(|&id| usize::from(id) >= self.count).unwrap_or(ids.len());
        ids.get(..end).unwrap_or_default()
    }
}
