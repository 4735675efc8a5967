//! Quantisation: from a network in f32 to layers of integers whose accumulators provably fit 32 bits.

use edgefit::{
    INPUT_MAX,
    arithmetic::{accumulator_bound, fits, requantise_factor, signed_accumulator_bound},
};

use crate::{
    Error, Result,
    network::{Dense, Network},
};

/// Activations are quantised so that the largest one over the fitting documents, times this, is the largest integer.
pub const HEADROOM: f64 = 1.25;
/// Activations take at most this many bits: i16, never negative.
const ACTIVATION_BITS: std::ops::RangeInclusive<u32> = 8..=15;
/// Dense layers of at most this many weights keep 12 bits a weight: a few kilobytes that remove most flips.
const SMALL_LAYER: usize = 4_096;
/// Biases stay below this many accumulator units, so that they leave room for the weights.
const BIAS_MAX: f64 = (1 << 29) as f64;

/// A layer of integers, as it goes into the model file.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegerLayer {
    /// How many inputs each unit has.
    pub inputs: usize,
    /// How many bits a weight uses.
    pub bits: u8,
    /// The weights: word-major `[inputs][units]` in a first layer over text, unit-major `[units][inputs]` in all others.
    pub weights: Vec<i16>,
    /// The bias of each unit, in accumulator units.
    pub biases: Vec<i32>,
    /// The requantisation factor of each unit: multiplier and shift.
    pub factors: Vec<(i32, u8)>,
    /// The largest activation handed on; 0 for the last layer.
    pub activation_max: u16,
    /// The largest accumulator bound of the units: the proof that none overflows.
    pub bound: i64,
}

/// A network of integers.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegerNetwork {
    /// The layers, first to last.
    pub layers: Vec<IntegerLayer>,
    /// The value of one unit of the integer logits.
    pub logit_scale: f32,
}

/// Integers that stand for the weights of a layer, before its outputs have a scale.
struct Rounded {
    weights: Vec<i16>,
    biases: Vec<i32>,
    /// The value of one accumulator unit, for each unit.
    accumulator_scales: Vec<f64>,
    bounds: Vec<i64>,
}

/// What a layer takes.
#[derive(Clone, Copy)]
enum Takes {
    /// Rows of a vocabulary, each added once at most.
    Rows,
    /// Numbers of either sign, quantised to 8 bits; `scale` is the value of one unit.
    Numbers { scale: f64 },
    /// Activations from 0 to `max`; `scale` is the value of one unit.
    Activations { scale: f64, max: i32 },
}

/// Rounds the weights of a layer, symmetric, one scale a unit, given what it takes.
fn round(layer: &Dense, bits: u8, takes: Takes) -> Rounded {
    let (inputs, units) = (layer.inputs(), layer.units());
    let limit = f64::from((1i32 << (bits - 1)) - 1);
    let input_scale = match takes {
        Takes::Rows => 1.0,
        Takes::Numbers { scale } | Takes::Activations { scale, .. } => scale,
    };
    let mut rounded = Rounded {
        weights: vec![0; inputs * units],
        biases: Vec::with_capacity(units),
        accumulator_scales: Vec::with_capacity(units),
        bounds: Vec::with_capacity(units),
    };
    for unit in 0..units {
        let column = || (0..inputs).map(|i| f64::from(layer.row(i)[unit]));
        let bias = f64::from(layer.bias[unit]);
        let largest = column().map(f64::abs).fold(0.0, f64::max);
        let scale = (largest / limit).max(bias.abs() / (input_scale * BIAS_MAX));
        let scale = if scale > 0.0 { scale } else { 1.0 };
        for (i, w) in column().enumerate() {
            let at = if matches!(takes, Takes::Rows) { i * units + unit } else { unit * inputs + i };
            rounded.weights[at] = (w / scale).round() as i16;
        }
        let bias = (bias / (scale * input_scale)).round() as i32;
        let weights = || rounded.weights[unit * inputs..][..inputs].iter().map(|&w| i32::from(w));
        let bound = match takes {
            // As the loader has it: each row's weight at its largest, whatever the rows hold.
            Takes::Rows => i64::from(bias).abs() + ((inputs as i64) << (bits - 1)),
            Takes::Numbers { .. } => signed_accumulator_bound(bias, weights(), INPUT_MAX),
            Takes::Activations { max, .. } => accumulator_bound(bias, weights(), max),
        };
        rounded.biases.push(bias);
        rounded.accumulator_scales.push(scale * input_scale);
        rounded.bounds.push(bound);
    }
    rounded
}

impl Rounded {
    /// The layer with its outputs in units of `output_scale`; `None` if an accumulator could overflow.
    fn finish(self, inputs: usize, bits: u8, output_scale: f64, activation_max: u16) -> Option<IntegerLayer> {
        let factors: Option<Vec<(i32, u8)>> =
            self.accumulator_scales.iter().map(|scale| requantise_factor(scale / output_scale)).collect();
        let factors = factors?;
        let sound =
            self.bounds.iter().zip(&factors).all(|(&bound, &(multiplier, shift))| fits(bound, multiplier, shift));
        sound.then(|| IntegerLayer {
            inputs,
            bits,
            weights: self.weights,
            biases: self.biases,
            factors,
            activation_max,
            bound: self.bounds.into_iter().max().unwrap_or(0),
        })
    }
}

/// How many bits a weight of a large layer takes, the first one among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum WeightBits {
    /// Two weights in a byte: half the flash, for some of the accuracy.
    #[value(name = "4")]
    Four,
    /// A byte a weight.
    #[default]
    #[value(name = "8")]
    Eight,
}

impl WeightBits {
    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
        }
    }
}

/// How a layer's weights are to be stored, before the overflow proof has its say.
fn preferred_bits(index: usize, layer: &Dense, large: WeightBits) -> u8 {
    if index > 0 && layer.kernel.len() <= SMALL_LAYER { 12 } else { large.number() }
}

/// Quantises a network. `peaks` is the largest activation of each hidden layer over the fitting documents; `inputs` is the
/// value of one unit of its inputs where these are numbers, quantised to 8 bits.
///
/// Activations get as many bits as the overflow proof allows; where 8 are still too many, weights get fewer.
///
/// # Errors
///
/// A network that is not finite, or one that no width makes safe.
pub fn quantise(network: &Network, peaks: &[f32], inputs: Option<f64>, large: WeightBits) -> Result<IntegerNetwork> {
    let finite = |layer: &Dense| layer.kernel.iter().chain(&layer.bias).all(|w| w.is_finite());
    if !network.layers.iter().all(finite) || !peaks.iter().all(|peak| peak.is_finite()) {
        return Err(Error::input(
            "network",
            "a weight or an activation is not a finite number, so training has diverged",
            "train again with a smaller --learning-rate",
        ));
    }
    let widths =
        [12, 8].into_iter().flat_map(|weight| ACTIVATION_BITS.rev().map(move |activation| (weight, activation)));
    widths
        .into_iter()
        .find_map(|(small, activation_bits)| attempt(network, peaks, inputs, activation_bits, (small, large)))
        .ok_or_else(|| {
            Error::input(
                "network",
                "no width of weights and activations keeps its sums within 32 bits",
                "use narrower hidden layers, or penalise large weights (--l2)",
            )
        })
}

fn attempt(
    network: &Network,
    peaks: &[f32],
    inputs: Option<f64>,
    activation_bits: u32,
    (small, large): (u8, WeightBits),
) -> Option<IntegerNetwork> {
    let activation_max = (1u16 << activation_bits) - 1;
    let mut takes = inputs.map_or(Takes::Rows, |scale| Takes::Numbers { scale });
    let mut logit_scale = 1.0;
    let mut layers = Vec::with_capacity(network.layers.len());
    for (i, layer) in network.layers.iter().enumerate() {
        let bits = preferred_bits(i, layer, large).min(small);
        let rounded = round(layer, bits, takes);
        let (scale, max) = match peaks.get(i) {
            Some(&peak) if peak > 0.0 => (f64::from(peak) * HEADROOM / f64::from(activation_max), activation_max),
            Some(_) => (1.0, activation_max),
            // Logits: in units of the coarsest accumulator, so that none grows.
            None => (rounded.accumulator_scales.iter().copied().fold(0.0, f64::max), 0),
        };
        layers.push(rounded.finish(layer.inputs(), bits, scale, max)?);
        takes = Takes::Activations { scale, max: i32::from(max) };
        logit_scale = scale;
    }
    Some(IntegerNetwork { layers, logit_scale: logit_scale as f32 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn dense(inputs: usize, units: usize, weight: impl Fn(usize, usize) -> f32, bias: f32) -> Dense {
        let kernel = (0..inputs * units).map(|k| weight(k / units, k % units)).collect();
        Dense { kernel, bias: vec![bias; units] }
    }

    #[test]
    fn wide_layers_lose_activation_bits_until_the_proof_holds() {
        let network = Network { layers: vec![dense(4, 1_024, |_, _| 0.1, 0.0), dense(1_024, 1, |_, _| 1.0, 0.0)] };
        let integer = quantise(&network, &[1.0], None, WeightBits::Eight).unwrap();
        assert_eq!((integer.layers[1].bits, integer.layers[0].activation_max), (12, 1_023));
        assert!(integer.layers[1].bound < 1 << 31);
    }

    #[test]
    fn dead_units_and_large_biases_are_no_trouble() {
        let network = Network { layers: vec![dense(3, 2, |_, _| 0.0, 1e9), dense(2, 1, |_, _| 1e-20, -1.0)] };
        let integer = quantise(&network, &[0.0], None, WeightBits::Eight).unwrap();
        assert!(integer.layers[0].biases.iter().all(|&b| f64::from(b) <= BIAS_MAX));
    }

    #[test]
    fn a_network_that_has_diverged_is_refused() {
        let network = Network { layers: vec![dense(3, 1, |_, _| f32::NAN, 0.0)] };
        assert!(quantise(&network, &[], None, WeightBits::Eight).unwrap_err().to_string().contains("diverged"));
    }

    proptest! {
        #[test]
        fn weights_are_within_half_a_step_of_the_float_ones(
            kernel in proptest::collection::vec(-10f32..10.0, 12),
            bias in -10f32..10.0,
        ) {
            let layer = Dense { kernel: kernel.clone(), bias: vec![bias; 3] };
            let rounded = round(&layer, 8, Takes::Rows);
            for (at, w) in kernel.iter().enumerate() {
                let scale = rounded.accumulator_scales[at % 3];
                prop_assert!((f64::from(rounded.weights[at]) * scale - f64::from(*w)).abs() <= scale * 0.500_001);
                prop_assert!(rounded.weights[at].abs() <= 127);
            }
        }
    }
}
