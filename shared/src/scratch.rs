//! The memory that inference works in, owned by the caller.

/// How many words of [`Scratch`] the bits of `rows` rows take.
#[must_use]
pub const fn seen_words(rows: usize) -> usize {
    rows.div_ceil(32)
}

/// How many rows wait to be added together.
const WAITING: usize = 32;

/// Room for one inference: a bit for each row and buffers as wide as the widest layer.
///
/// `SEEN` is [`seen_words`] of the most rows, or [`input_words`](crate::input_words) of the most numeric features; `UNITS`
/// is the most units of a layer. 10,000 rows and 16 units take 1,476 bytes.
#[derive(Debug, Clone)]
#[repr(C)]
pub struct Scratch<const SEEN: usize, const UNITS: usize> {
    seen: [u32; SEEN],
    accumulators: [i32; UNITS],
    logits: [i32; UNITS],
    activations: [i16; UNITS],
    waiting: [u16; WAITING],
}

impl<const SEEN: usize, const UNITS: usize> Scratch<SEEN, UNITS> {
    /// A cleared scratch, also in a `static`.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            seen: [0; SEEN],
            accumulators: [0; UNITS],
            logits: [0; UNITS],
            activations: [0; UNITS],
            waiting: [0; WAITING],
        }
    }
}

impl<const SEEN: usize, const UNITS: usize> Default for Scratch<SEEN, UNITS> {
    fn default() -> Self {
        Self::new()
    }
}

/// The slices that a [`Classifier`](crate::Classifier) works in: a [`Scratch`], or buffers of one's own.
///
/// `seen` needs [`seen_words`] of the model's rows, or [`input_words`](crate::input_words) of its features; every other
/// slice needs the units of its widest layer, but `waiting`, which needs room for one row at least.
#[derive(Debug)]
pub struct ScratchView<'s> {
    /// One bit a row; two inputs a word for a model of numbers.
    pub seen: &'s mut [u32],
    /// The accumulators of a layer.
    pub accumulators: &'s mut [i32],
    /// The logits of the last answer.
    pub logits: &'s mut [i32],
    /// The activations that a layer takes. Kernels are fastest where they start at a multiple of four bytes.
    pub activations: &'s mut [i16],
    /// Rows that wait to be added together: the more there is room for, the fewer turns that takes.
    pub waiting: &'s mut [u16],
}

impl<'s, const SEEN: usize, const UNITS: usize> From<&'s mut Scratch<SEEN, UNITS>> for ScratchView<'s> {
    fn from(scratch: &'s mut Scratch<SEEN, UNITS>) -> Self {
        Self {
            seen: &mut scratch.seen,
            accumulators: &mut scratch.accumulators,
            logits: &mut scratch.logits,
            activations: &mut scratch.activations,
            waiting: &mut scratch.waiting,
        }
    }
}
