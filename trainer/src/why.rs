//! Why a model survives quantisation or does not: its layers, the margins of its decisions, and those that flip.

use edgefit::{Layer, Model};
use serde::Serialize;

use crate::{network::Network, quantise::HEADROOM};

/// Where the bins of a margin histogram begin, in logits; the last one is open. The same for all models, so that they can
/// be compared, and fine where decisions flip.
pub const MARGIN_EDGES: [f64; 12] = [0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];
/// How many of the flipped documents are listed, those with the largest float margin first.
const LISTED: usize = 100;

/// What explains how a model fares on integers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Why {
    /// The layers, first to last; empty where the file's rows are not the network's any more.
    pub layers: Vec<LayerRow>,
    /// The margins of the decisions.
    pub margins: Margins,
    /// The documents whose decision flips, those with the largest float margin first, 100 at most.
    pub flipped: Vec<Flip>,
}

/// A layer of the float network and of the file that stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LayerRow {
    /// Its number, from 1.
    pub layer: usize,
    /// How many inputs each unit has.
    pub inputs: usize,
    /// How many units it has.
    pub units: usize,
    /// How many bits a weight of the file uses.
    pub bits: u8,
    /// The largest absolute weight: it decides how coarse the integers are.
    pub largest_weight: f64,
    /// Excess kurtosis of the weights, 0 for a normal distribution: far outliers make the integers coarse for all others.
    pub kurtosis: f64,
    /// The share of the file's weights that are zero.
    pub zero_weights: f64,
    /// The share of inputs all of whose weights in the file are zero; for the first layer, of words that do nothing.
    pub zero_rows: f64,
    /// Signal-to-quantisation-noise ratio: power of the weights over that of their rounding errors, in decibels; null where
    /// there is no error.
    pub signal_to_noise_db: Option<f64>,
    /// The file's weights, projected on the network's: 1 unless a scale is wrong.
    pub scale: f64,
}

/// Histograms of decision margins, in logits: |logit| of two classes, the largest logit minus the second of more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Margins {
    /// Where each bin begins: [`MARGIN_EDGES`].
    pub edges: [f64; 12],
    /// Documents by the margin of the float network.
    pub float: [usize; 12],
    /// Documents by the margin of the file.
    pub integer: [usize; 12],
    /// Documents whose decision flips, by the margin of the float network.
    pub flips: [usize; 12],
    /// The median margin of the float network.
    pub median: f64,
}

/// A document that the file decides otherwise than the float network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Flip {
    /// Its number in the test half, from 0.
    pub document: usize,
    /// Its class.
    pub label: u16,
    /// The class by the float network.
    pub float_class: usize,
    /// The class by the file.
    pub integer_class: usize,
    /// The margin of the float network.
    pub float_margin: f64,
    /// The margin of the file.
    pub integer_margin: f64,
}

impl Why {
    /// Compares a network with the file that stands for it.
    ///
    /// `network` has the file's rows, `peaks` is the largest activation of each hidden layer that the file was made with;
    /// `float` and `integer` are the logits of the documents, `model.outputs()` each, the latter dequantised.
    #[must_use]
    pub fn of(network: &Network, peaks: &[f32], model: &Model<'_>, logits: [&[f32]; 2], labels: &[u16]) -> Self {
        let decided = logits.map(|logits| logits.chunks_exact(model.outputs()).map(decide).collect::<Vec<_>>());
        let [float, integer] = decided;
        let margins = |decided: &[(usize, f64)]| decided.iter().map(|&(_, margin)| margin).collect::<Vec<f64>>();
        let (float_margins, integer_margins) = (margins(&float), margins(&integer));
        let mut flipped: Vec<Flip> = (0..labels.len())
            .filter(|&document| float[document].0 != integer[document].0)
            .map(|document| Flip {
                document,
                label: labels[document],
                float_class: float[document].0,
                integer_class: integer[document].0,
                float_margin: float_margins[document],
                integer_margin: integer_margins[document],
            })
            .collect();
        let flips = histogram(flipped.iter().map(|flip| flip.float_margin));
        flipped.sort_by(|a, b| b.float_margin.total_cmp(&a.float_margin));
        flipped.truncate(LISTED);
        Self {
            layers: layers(network, peaks, model),
            margins: Margins {
                edges: MARGIN_EDGES,
                float: histogram(float_margins.iter().copied()),
                integer: histogram(integer_margins.into_iter()),
                flips,
                median: median(float_margins),
            },
            flipped,
        }
    }

    /// The layer that is to blame for logits that are off, in words. None if no layer stands out.
    #[must_use]
    pub fn blame(&self) -> Option<String> {
        let off = |layer: &&LayerRow| (layer.scale - 1.0).abs() > 0.02;
        let noise = |layer: &LayerRow| layer.signal_to_noise_db.unwrap_or(f64::INFINITY);
        let coarsest = self.layers.iter().min_by(|a, b| noise(a).total_cmp(&noise(b)))?;
        if noise(coarsest) < 15.0 && coarsest.bits <= 8 && !is_mere_scale(coarsest) {
            let (layer, db) = (coarsest.layer, noise(coarsest));
            return Some(format!(
                "layer {layer} is too coarse: its weights stand {db:.1} dB above their rounding errors"
            ));
        }
        let wrong =
            self.layers.iter().filter(off).max_by(|a, b| (a.scale - 1.0).abs().total_cmp(&(b.scale - 1.0).abs()))?;
        let LayerRow { layer, scale, .. } = wrong;
        Some(format!("layer {layer} has a wrong scale: its weights come out {scale:.3} times the network's"))
    }
}

/// Whether a layer's error is that of a wrong scale alone: then `noise = |scale - 1|` of the signal.
fn is_mere_scale(layer: &LayerRow) -> bool {
    let Some(db) = layer.signal_to_noise_db else { return false };
    let error = 10f64.powf(-db / 20.0);
    (layer.scale - 1.0).abs() > 0.9 * error
}

/// The class that logits decide for, and by how much: class 1 if one logit is above 0, else the largest, the first on ties.
#[must_use]
pub fn decide(logits: &[f32]) -> (usize, f64) {
    let [first, rest @ ..] = logits else { return (0, 0.0) };
    if rest.is_empty() {
        return (usize::from(*first > 0.0), f64::from(first.abs()));
    }
    let mut best = (0, *first);
    let mut second = f32::NEG_INFINITY;
    for (class, &logit) in rest.iter().enumerate() {
        if logit > best.1 {
            second = best.1;
            best = (class + 1, logit);
        } else {
            second = second.max(logit);
        }
    }
    (best.0, f64::from(best.1 - second))
}

/// The probability of the class that logits decide for: sigmoid of one, softmax of several.
#[must_use]
pub fn confidence(logits: &[f32]) -> f64 {
    if let [logit] = logits {
        return 1.0 / (1.0 + (-f64::from(logit.abs())).exp());
    }
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    1.0 / logits.iter().map(|logit| f64::from(logit - largest).exp()).sum::<f64>()
}

fn histogram(margins: impl Iterator<Item = f64>) -> [usize; 12] {
    let mut counts = [0; 12];
    for margin in margins {
        counts[MARGIN_EDGES.partition_point(|edge| *edge <= margin).saturating_sub(1)] += 1;
    }
    counts
}

/// The median, the upper one of two; 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f64::total_cmp).1 }
}

/// A row a layer; none where network and file have other shapes.
fn layers(network: &Network, peaks: &[f32], model: &Model<'_>) -> Vec<LayerRow> {
    let of_network: Vec<_> = network.layers.iter().map(|dense| (dense.inputs(), dense.units())).collect();
    let of_file: Vec<_> = model.layers().map(|layer| (layer.inputs(), layer.units())).collect();
    if of_network != of_file {
        return Vec::new();
    }
    let mut input_scale = 1.0;
    let mut rows = Vec::with_capacity(network.layers.len());
    for (index, (dense, layer)) in network.layers.iter().zip(model.layers()).enumerate() {
        let output_scale = match peaks.get(index) {
            Some(&peak) if peak > 0.0 => f64::from(peak) * HEADROOM / f64::from(layer.activation_max()),
            Some(_) => 1.0,
            None => f64::from(model.header().logit_scale),
        };
        let factor = |(multiplier, shift): (i32, u8)| f64::from(multiplier) / 2f64.powi(shift.into());
        let scales: Vec<f64> = layer.factors().map(|pair| factor(pair) * output_scale / input_scale).collect();
        let integers = integers(&layer);
        let bits = model.header().layers.get(index).map_or(8, |layer| layer.bits);
        rows.push(layer_row(index + 1, bits, &dense.kernel, &integers, &scales));
        input_scale = output_scale;
    }
    rows
}

/// The weights of a layer of a file, input-major as the network has them.
fn integers(layer: &Layer<'_>) -> Vec<i32> {
    (0..layer.inputs()).flat_map(|input| (0..layer.units()).map(move |unit| layer.weight(input, unit))).collect()
}

/// Statistics of one layer: float weights and integers, both input-major, and the scale of each unit.
fn layer_row(layer: usize, bits: u8, float: &[f32], integers: &[i32], scales: &[f64]) -> LayerRow {
    let units = scales.len();
    let weights = || float.iter().map(|&w| f64::from(w));
    let count = float.len() as f64;
    let mean = weights().sum::<f64>() / count;
    let moment = |power| weights().map(|w| (w - mean).powi(power)).sum::<f64>() / count;
    let variance = moment(2);
    let (mut signal, mut noise, mut product) = (0.0, 0.0, 0.0);
    for (at, (w, &integer)) in weights().zip(integers).enumerate() {
        let deployed = f64::from(integer) * scales[at % units];
        signal += w * w;
        noise += (w - deployed).powi(2);
        product += w * deployed;
    }
    let zero_rows = integers.chunks_exact(units).filter(|row| row.iter().all(|&w| w == 0)).count();
    let inputs = float.len() / units;
    LayerRow {
        layer,
        inputs,
        units,
        bits,
        largest_weight: weights().map(f64::abs).fold(0.0, f64::max),
        kurtosis: if variance > 0.0 { moment(4) / variance.powi(2) - 3.0 } else { 0.0 },
        zero_weights: integers.iter().filter(|&&w| w == 0).count() as f64 / count,
        zero_rows: zero_rows as f64 / inputs as f64,
        signal_to_noise_db: (noise > 0.0).then(|| 10.0 * (signal / noise).log10()),
        scale: if signal > 0.0 { product / signal } else { 1.0 },
    }
}

#[cfg(test)]
mod tests;
