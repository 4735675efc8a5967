//! A layer, read in place from the model file.

use crate::{
    Error, Layers,
    arithmetic::{self, MULTIPLIER_MIN, SHIFT_MAX, SHIFT_MIN},
    kernel::{self, Rows},
};

/// What a layer takes, as far as its overflow proof goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    /// Rows of a word-major first layer, each added once at most.
    Rows,
    /// Inputs up to `max`, from 0 or, `signed`, from `-max` on.
    Inputs { max: i32, signed: bool },
}

/// What becomes of a unit's sum: its bias, and multiplier and shift of its requantisation, as the file has them.
pub(crate) type Record = [i32; 3];

/// The bytes that `count` weights of `bits` bits take: those of a row, or of a unit.
pub(crate) const fn weight_bytes(count: usize, bits: u8) -> usize {
    match bits {
        4 => count.div_ceil(2),
        8 => count,
        _ => 2 * count,
    }
}

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
// A word, as all that is moved on a board: a byte would have it moved byte by byte.
#[repr(u32)]
pub(crate) enum Store {
    /// Rows to add, 8 bits a weight, each stored as weight + 128: adding them needs no sign.
    Rows8,
    /// Rows to add, 4 bits a weight, each stored as weight + 8; two in a byte, the low half first.
    Rows4,
    /// 4 bits a weight, stored as in [`Self::Rows4`], to multiply by.
    I4,
    /// 8 bits a weight.
    I8,
    /// 16 bits a weight, of which a layer may use fewer.
    I16,
}

impl Store {
    /// The weight at `at` of the bytes of a row or of a unit, 0 beyond them.
    #[inline(never)]
    pub(crate) fn weight(self, vector: &[u8], at: usize) -> i32 {
        let weight = match self {
            Self::Rows8 => vector.get(at).map(|&byte| i32::from(byte) - 128),
            Self::I8 => vector.get(at).map(|&byte| i32::from(byte as i8)),
            Self::Rows4 | Self::I4 => vector.get(at / 2).map(|byte| i32::from(byte >> (4 * (at % 2)) & 0xf) - 8),
            Self::I16 => vector.as_chunks().0.get(at).map(|&pair| i16::from_le_bytes(pair).into()),
        };
        weight.unwrap_or(0)
    }
}

/// From the first layer's sums to the logits of the last, through the others, each read from the file when its turn comes.
/// The sums are used up.
#[inline]
pub(crate) fn forward<'a>(
    first: &Layer<'a>,
    others: &Layers<'a>,
    sums: &mut [i32],
    activations: &mut [i16],
    logits: &mut [i32],
) {
    let (mut records, mut max) = (first.records, first.activation_max);
    for layer in others.clone() {
        kernel::step(records, max.into(), &layer, sums, activations);
        (records, max) = (layer.records, layer.activation_max);
    }
    kernel::logits(records, sums, logits);
}

/// One layer: weights, biases and the requantisation of each unit's accumulator.
///
/// The first layer of a text model is word-major (a row of units for each word); every other one, and the first one over
/// numbers, is unit-major (the inputs of each unit): the orders in which the kernels read.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a> {
    pub(crate) weights: &'a [u8],
    pub(crate) store: Store,
    pub(crate) records: &'a [Record],
    pub(crate) inputs: u32,
    pub(crate) activation_max: u16,
    pub(crate) bits: u8,
}

impl<'a> Layer<'a> {
    /// How many inputs each unit has; for the first layer of a text model, the number of rows.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.inputs as usize
    }

    /// How many units the layer has.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.records.len()
    }

    /// Whether it is word-major.
    const fn is_rows(&self) -> bool {
        matches!(self.store, Store::Rows8 | Store::Rows4)
    }

    /// The weight between an input (for the first layer of a text model, a row) and a unit; 0 where there is none.
    #[must_use]
    pub fn weight(&self, input: usize, unit: usize) -> i32 {
        if input >= self.inputs() || unit >= self.units() {
            return 0;
        }
        let ((vector, at), len) =
            if self.is_rows() { ((input, unit), self.units()) } else { ((unit, input), self.inputs()) };
        self.store.weight(self.vector(vector, len), at)
    }

    /// The bytes of the row, or of the unit, with this number, which has `len` weights.
    #[inline(never)]
    pub(crate) fn vector(&self, number: usize, len: usize) -> &'a [u8] {
        let len = weight_bytes(len, self.bits);
        self.weights.get(number * len..).and_then(|rest| rest.get(..len)).unwrap_or_default()
    }

    /// The weights as they lie in the file, see `FORMAT.md`.
    #[must_use]
    pub const fn stored_weights(&self) -> &'a [u8] {
        self.weights
    }

    /// How many bits a weight uses.
    #[must_use]
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// The bias of each unit, in units of its accumulator.
    pub fn biases(&self) -> impl Iterator<Item = i32> + 'a {
        self.records.iter().map(|&[bias, ..]| bias)
    }

    /// The largest activation that the layer hands on, or 0 if it is the last and gives logits.
    #[must_use]
    pub const fn activation_max(&self) -> i32 {
        self.activation_max as i32
    }

    /// The requantisation factor of each unit, `multiplier / 2^shift`, as these two.
    pub fn factors(&self) -> impl Iterator<Item = (i32, u8)> + 'a {
        self.records.iter().map(|&[_, multiplier, shift]| (multiplier, shift as u8))
    }

    /// A layer of rows, for the kernels.
    pub(crate) fn rows(&self) -> Rows<'a> {
        Rows::new(self)
    }

    /// From one row to the next, in bytes.
    pub(crate) const fn row_bytes(&self) -> usize {
        weight_bytes(self.units(), self.bits)
    }

    /// Gives each unit's sum of products, without its bias. The activations are in any order after it.
    pub(crate) fn sums(&self, activations: &mut [i16], sums: &mut [i32]) {
        let sums = sums.get_mut(..self.units()).unwrap_or_default();
        kernel::dense(self, activations, sums);
    }

    /// Checks ranges and proves that no accumulator and no requantised value can overflow.
    pub(crate) fn check(&self, takes: Takes) -> Result<(), Error> {
        for (unit, &[bias, multiplier, shift]) in self.records.iter().enumerate() {
            if multiplier < MULTIPLIER_MIN || !(i32::from(SHIFT_MIN)..=i32::from(SHIFT_MAX)).contains(&shift) {
                return Err(Error::BadWeights);
            }
            let bound = match takes {
                // The stored minimum, as -128, is never written, yet costs nothing to allow for.
                Takes::Rows => i64::from(bias).abs() + i64::from(self.inputs << (self.bits - 1)),
                Takes::Inputs { max, signed } => self.dense_bound(unit, bias, (max, signed))?,
            };
            if !arithmetic::fits(bound, multiplier, shift as u8) {
                return Err(Error::Overflow);
            }
        }
        Ok(())
    }

    /// The bound of a unit that multiplies, of inputs up to a largest one, with a sign or without.
    fn dense_bound(&self, unit: usize, bias: i32, (max, signed): (i32, bool)) -> Result<i64, Error> {
        let (mut positive, mut negative, mut all) = (0, 0, 0);
        let vector = self.vector(unit, self.inputs());
        // One loop for weights of all widths: it runs once a model, and would take as much flash again for each. There are
        // at most 2^16 weights of 16 bits.
        for input in 0..self.inputs() {
            let weight = self.store.weight(vector, input);
            let magnitude = weight.unsigned_abs();
            *if weight > 0 { &mut positive } else { &mut negative } += magnitude;
            all |= magnitude;
        }
        if all >> (self.bits - 1) != 0 {
            return Err(Error::BadWeights);
        }
        let sum = if signed { positive + negative } else { positive.max(negative) };
        Ok(arithmetic::bound(bias, sum.into(), max))
    }
}
