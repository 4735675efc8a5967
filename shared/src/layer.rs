//! A layer, read in place from the model file.

use crate::{
    Error,
    arithmetic::{self, MULTIPLIER_MIN, SHIFT_MAX, SHIFT_MIN, accumulator_bound, signed_accumulator_bound},
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

/// The weights of a layer, as they are stored.
#[derive(Debug, Clone, Copy)]
// Told apart by a word, as all that is moved on a board: one byte of its own would have it moved byte by byte.
#[repr(u32)]
pub(crate) enum Weights<'a> {
    /// Rows to add, 8 bits a weight, each stored as weight + 128: adding them needs no sign.
    Rows8(&'a [u8]),
    /// Rows to add, 4 bits a weight, each stored as weight + 8; two in a byte, the low half first.
    Rows4(&'a [u8]),
    /// 4 bits a weight, stored as in [`Self::Rows4`], to multiply by.
    I4(&'a [u8]),
    /// 8 bits a weight.
    I8(&'a [i8]),
    /// 16 bits a weight, of which a layer may use fewer.
    I16(&'a [i16]),
}

/// The bytes that `count` weights of `bits` bits take: those of a row, or of a unit.
pub(crate) const fn weight_bytes(count: usize, bits: u8) -> usize {
    match bits {
        4 => count.div_ceil(2),
        8 => count,
        _ => 2 * count,
    }
}

/// The weight at `at` of a vector of 4-bit weights.
pub(crate) fn nibble(vector: &[u8], at: usize) -> Option<i32> {
    vector.get(at / 2).map(|byte| i32::from(byte >> (4 * (at % 2)) & 0xf) - 8)
}

/// From the first layer's sums to the logits of the last, through the others. The sums are used up.
#[inline]
pub(crate) fn forward<'a>(
    first: Layer<'a>,
    others: impl Iterator<Item = Layer<'a>>,
    sums: &mut [i32],
    activations: &mut [i16],
    logits: &mut [i32],
) {
    let mut layer = first;
    for next in others {
        kernel::step(&layer, &next, sums, activations);
        layer = next;
    }
    kernel::logits(layer.records, sums, logits);
}

/// One layer: weights, biases and the requantisation of each unit's accumulator.
///
/// The first layer of a text model is word-major (a row of units for each word); every other one, and the first one over
/// numbers, is unit-major (the inputs of each unit): the orders in which the kernels read.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a> {
    pub(crate) weights: Weights<'a>,
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

    /// The weight between an input (for the first layer of a text model, a row) and a unit; 0 where there is none.
    #[must_use]
    pub fn weight(&self, input: usize, unit: usize) -> i32 {
        if input >= self.inputs() || unit >= self.units() {
            return 0;
        }
        let (row, column) = (input * self.units() + unit, unit * self.inputs() + input);
        let weight = match self.weights {
            Weights::Rows8(weights) => weights.get(row).map(|&w| i32::from(w) - 128),
            Weights::Rows4(weights) => {
                weights.get(input * weight_bytes(self.units(), 4)..).and_then(|row| nibble(row, unit))
            }
            Weights::I4(weights) => {
                weights.get(unit * weight_bytes(self.inputs(), 4)..).and_then(|unit| nibble(unit, input))
            }
            Weights::I8(weights) => weights.get(column).map(|&w| w.into()),
            Weights::I16(weights) => weights.get(column).map(|&w| w.into()),
        };
        weight.unwrap_or(0)
    }

    /// The weights as they lie in the file, see `FORMAT.md`.
    #[must_use]
    pub fn stored_weights(&self) -> &'a [u8] {
        match self.weights {
            Weights::Rows8(weights) | Weights::Rows4(weights) | Weights::I4(weights) => weights,
            Weights::I8(weights) => bytemuck::cast_slice(weights),
            Weights::I16(weights) => bytemuck::cast_slice(weights),
        }
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
        let (weights, bits) = match self.weights {
            Weights::Rows8(weights) => (weights, 8),
            Weights::Rows4(weights) => (weights, 4),
            Weights::I4(_) | Weights::I8(_) | Weights::I16(_) => (&[][..], 8),
        };
        Rows::new(weights, bits, self.inputs(), self.units())
    }

    /// Gives each unit's sum of products, without its bias. The activations are in any order after it.
    #[inline]
    pub(crate) fn sums(&self, activations: &mut [i16], sums: &mut [i32]) {
        let sums = sums.get_mut(..self.units()).unwrap_or_default();
        match self.weights {
            Weights::I8(weights) => kernel::dense_8(weights, activations, sums),
            Weights::I16(weights) => kernel::dense_16(weights, activations, sums),
            Weights::I4(weights) => kernel::dense_4(weights, activations, sums),
            Weights::Rows8(_) | Weights::Rows4(_) => {}
        }
    }

    /// Checks ranges and proves that no accumulator and no requantised value can overflow.
    pub(crate) fn check(&self, takes: Takes) -> Result<(), Error> {
        for (unit, &[bias, multiplier, shift]) in self.records.iter().enumerate() {
            if multiplier < MULTIPLIER_MIN || !(i32::from(SHIFT_MIN)..=i32::from(SHIFT_MAX)).contains(&shift) {
                return Err(Error::BadWeights);
            }
            let bound = match takes {
                // The stored minimum, as -128, is never written, yet costs nothing to allow for.
                Takes::Rows => i64::from(bias).abs() + (i64::from(self.inputs) << (self.bits - 1)),
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
        let limit = (1i32 << (self.bits - 1)) - 1;
        let mut are_within = true;
        // One loop for weights of all widths: it runs once a model, and would take as much flash again for each.
        let weights = (0..self.inputs()).map(|input| {
            let weight = self.weight(input, unit);
            are_within &= weight.abs() <= limit;
            weight
        });
        let bound =
            if signed { signed_accumulator_bound(bias, weights, max) } else { accumulator_bound(bias, weights, max) };
        if are_within { Ok(bound) } else { Err(Error::BadWeights) }
    }
}
