//! A layer, read in place from the model file.

use crate::{
    Error,
    arithmetic::{self, MULTIPLIER_MIN, SHIFT_MAX, SHIFT_MIN, accumulator_bound, requantise, signed_accumulator_bound},
    kernel,
};

/// What a layer takes, as far as its overflow proof goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Takes {
    /// Rows of a word-major first layer, each added once at most.
    Rows,
    /// Inputs up to `max`, from 0 or, `signed`, from `-max` on.
    Inputs { max: i32, signed: bool },
}

/// The weights of a layer, as they are stored.
#[derive(Debug, Clone, Copy)]
pub enum Weights<'a> {
    /// 8 bits a weight.
    I8(&'a [i8]),
    /// 16 bits a weight, of which a layer may use fewer.
    I16(&'a [i16]),
}

/// One layer: weights, biases and the requantisation of each unit's accumulator.
///
/// The first layer of a text model is word-major (`[rows][units]`, i8); every other one, and the first one over numbers, is
/// unit-major (`[units][inputs]`), the order in which the kernels read.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a> {
    pub(crate) inputs: usize,
    pub(crate) weights: Weights<'a>,
    pub(crate) biases: &'a [i32],
    pub(crate) multipliers: &'a [i32],
    pub(crate) shifts: &'a [u8],
    pub(crate) activation_max: i32,
    pub(crate) bits: u8,
}

impl<'a> Layer<'a> {
    /// How many inputs each unit has; for the first layer of a text model, the number of rows.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many units the layer has.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.biases.len()
    }

    /// The weights, as they are stored.
    #[must_use]
    pub const fn weights(&self) -> Weights<'a> {
        self.weights
    }

    /// The bias of each unit, in units of its accumulator.
    #[must_use]
    pub const fn biases(&self) -> &'a [i32] {
        self.biases
    }

    /// The largest activation that the layer hands on, or 0 if it is the last and gives logits.
    #[must_use]
    pub const fn activation_max(&self) -> i32 {
        self.activation_max
    }

    /// The requantisation factor of each unit, `multiplier / 2^shift`, as these two.
    pub fn factors(&self) -> impl Iterator<Item = (i32, u8)> + 'a {
        self.multipliers.iter().copied().zip(self.shifts.iter().copied())
    }

    /// The weights of row `row` of a word-major first layer.
    #[inline]
    pub(crate) fn row(&self, row: u16) -> Option<&'a [i8]> {
        let start = usize::from(row) * self.units();
        match self.weights {
            Weights::I8(weights) => weights.get(start..start + self.units()),
            Weights::I16(_) => None,
        }
    }

    /// Each unit's accumulator for these activations, in order.
    pub(crate) fn accumulators(&self, activations: &'a [i16]) -> impl Iterator<Item = i32> + 'a {
        let (inputs, weights) = (self.inputs, self.weights);
        self.biases.iter().enumerate().map(move |(unit, &bias)| {
            let range = unit * inputs..(unit + 1) * inputs;
            bias + match weights {
                Weights::I8(w) => kernel::dot(w.get(range).unwrap_or_default(), activations),
                Weights::I16(w) => kernel::dot(w.get(range).unwrap_or_default(), activations),
            }
        })
    }

    /// Requantises accumulators to activations: rounded, then clamped to `0..=activation_max`.
    #[inline]
    pub(crate) fn activate(&self, accumulators: impl Iterator<Item = i32>, out: &mut [i16]) {
        let max = i64::from(self.activation_max);
        for (out, value) in out.iter_mut().zip(self.requantised(accumulators)) {
            *out = value.clamp(0, max) as i16;
        }
    }

    /// Requantises accumulators to logits. They fit: [`Layer::check`] has shown it.
    #[inline]
    pub(crate) fn logits(&self, accumulators: impl Iterator<Item = i32>, out: &mut [i32]) {
        for (out, value) in out.iter_mut().zip(self.requantised(accumulators)) {
            *out = value as i32;
        }
    }

    fn requantised(&self, accumulators: impl Iterator<Item = i32>) -> impl Iterator<Item = i64> {
        let factors = self.multipliers.iter().zip(self.shifts);
        accumulators.zip(factors).map(|(sum, (&multiplier, &shift))| requantise(sum, multiplier, shift))
    }

    /// Checks ranges and proves that no accumulator and no requantised value can overflow.
    pub(crate) fn check(&self, takes: Takes) -> Result<(), Error> {
        let limit = (1i32 << (self.bits - 1)) - 1;
        for (unit, (&multiplier, &shift)) in self.multipliers.iter().zip(self.shifts).enumerate() {
            if multiplier < MULTIPLIER_MIN || !(SHIFT_MIN..=SHIFT_MAX).contains(&shift) {
                return Err(Error::BadWeights);
            }
            let bias = *self.biases.get(unit).ok_or(Error::BadShape)?;
            let bound = match takes {
                // The stored minimum, -128, is never written, yet costs nothing to allow for.
                Takes::Rows => i64::from(bias).abs() + self.inputs as i64 * 128,
                Takes::Inputs { max, signed } => self.dense_bound(unit, bias, limit, (max, signed))?,
            };
            if !arithmetic::fits(bound, multiplier, shift) {
                return Err(Error::Overflow);
            }
        }
        Ok(())
    }

    fn dense_bound(&self, unit: usize, bias: i32, limit: i32, inputs: (i32, bool)) -> Result<i64, Error> {
        fn bound<W>(row: Option<&[W]>, bias: i32, limit: i32, (max, signed): (i32, bool)) -> Result<i64, Error>
        where
            W: Copy + Into<i32>,
        {
            let row = row.ok_or(Error::BadShape)?;
            if row.iter().any(|&w| w.into().abs() > limit) {
                return Err(Error::BadWeights);
            }
            let weights = row.iter().map(|&w| w.into());
            let bound = if signed { signed_accumulator_bound } else { accumulator_bound };
            Ok(bound(bias, weights, max))
        }
        let range = unit * self.inputs..(unit + 1) * self.inputs;
        match self.weights {
            Weights::I8(weights) => bound(weights.get(range), bias, limit, inputs),
            Weights::I16(weights) => bound(weights.get(range), bias, limit, inputs),
        }
    }
}
