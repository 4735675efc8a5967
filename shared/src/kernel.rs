//! Kernels: the inner loops of inference, for each core the fastest there is, all of them equal bit for bit.
//!
//! `portable` is plain Rust; `build.rs` chooses another where the target has one. A kernel in assembly does what it is
//! best at, the common shapes, and leaves the others to `plain`.

use crate::{
    Error, Layer,
    layer::{Record, Store},
};

#[cfg(kernel = "dsp")]
mod dsp;
mod plain;
#[cfg(kernel = "portable")]
mod portable;
#[cfg(kernel = "thumb1")]
mod thumb1;

#[cfg(kernel = "dsp")]
use dsp as best;
#[cfg(kernel = "portable")]
use portable as best;
#[cfg(kernel = "thumb1")]
use thumb1 as best;

pub(crate) use best::{Chain, clear, dense, logits};

/// From the sums of a layer with these records, whose activations go up to `max`, to those of the next: activations, then
/// sums of products.
#[inline]
pub(crate) fn step(records: &[Record], max: i32, to: &Layer<'_>, sums: &mut [i32], activations: &mut [i16]) {
    best::activate(records, sums, max, activations);
    to.sums(activations.get_mut(..records.len()).unwrap_or_default(), sums);
}

/// The bit of a row in its word of the rows that have been seen: one turned by the row, which takes no mask.
#[inline]
const fn bit_of(row: u16) -> u32 {
    1u32.rotate_right(row as u32)
}

/// The rows of a word-major layer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    weights: &'a [u8],
    store: Store,
    /// Whether the target's kernel has a loop for them.
    suit: bool,
    units: usize,
    /// From one row to the next, in bytes.
    stride: usize,
    count: usize,
}

impl<'a> Rows<'a> {
    /// The rows of a word-major layer.
    pub(crate) fn new(layer: &Layer<'a>) -> Self {
        let (weights, count, units) = (layer.weights, layer.inputs(), layer.units());
        let rows = Self { weights, store: layer.store, suit: false, units, stride: layer.row_bytes(), count };
        Self { suit: best::suits(&rows), ..rows }
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

    /// Adds those rows to the first `units` of `sums` that are not in `seen` yet, and adds them there. `N` are listed before they are added: more are faster, and take more of the stack.
    ///
    /// # Errors
    ///
    /// [`Error::RowOutOfRange`]; the rows before that one have been added.
    #[inline]
    pub(crate) fn add_new<const N: usize>(&self, ids: &[u16], seen: &mut [u32], sums: &mut [i32]) -> Result<(), Error> {
        best::add_new::<N>(self, ids, seen, self.of(sums))
    }
}
