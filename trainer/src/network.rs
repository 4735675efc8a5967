//! A trained network in f32: what training produces, checkpoints hold and quantisation reads.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::{
    aligned::AlignedFloats,
    blocks::{gather, to_blocks},
    classes::decisions,
    data::Corpus,
};

/// How many documents go through the network together.
const AT_A_TIME: usize = 2_048;

/// A fully connected layer. The first one's inputs are the rows of the vocabulary, or numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dense {
    /// The kernel, input-major: `[inputs][units]`.
    #[serde(with = "crate::floats")]
    pub kernel: Vec<f32>,
    /// One bias a unit.
    #[serde(with = "crate::floats")]
    pub bias: Vec<f32>,
}

impl Dense {
    /// How many units the layer has.
    #[must_use]
    pub fn units(&self) -> usize {
        self.bias.len()
    }

    /// How many inputs each unit has.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.kernel.len() / self.bias.len()
    }

    /// The weights from input `input` to each unit.
    #[must_use]
    pub fn row(&self, input: usize) -> &[f32] {
        &self.kernel[input * self.units()..(input + 1) * self.units()]
    }

    /// The kernel as a tensor, `[inputs, units]`.
    fn tensor(&self) -> Tensor<2> {
        Tensor::from_data(TensorData::new(self.kernel.clone(), [self.inputs(), self.units()]), &Device::flex())
    }

    /// What each unit gives for `inputs` (`[documents][inputs]`), before the `ReLU`; `kernel` is [`Dense::tensor`].
    fn sums(&self, inputs: Vec<f32>, documents: usize, kernel: &Tensor<2>) -> Vec<f32> {
        let inputs = Tensor::<2>::from_data(TensorData::new(inputs, [documents, self.inputs()]), &Device::flex());
        let product = inputs.matmul(kernel.clone()).into_data();
        let mut sums: Vec<f32> = product.try_into_vec().expect("a product of f32 tensors");
        for line in sums.chunks_exact_mut(self.units()) {
            for (sum, bias) in line.iter_mut().zip(&self.bias) {
                *sum += bias;
            }
        }
        sums
    }
}

/// A feed-forward network over bags of words or numbers: `ReLU` after each layer but the last, which gives logits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// The layers, first to last.
    pub layers: Vec<Dense>,
}

/// Loss and accuracy over a corpus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// The mean cross-entropy, binary or categorical, from logits, without any penalty.
    pub loss: f64,
    /// The share of right decisions, a fraction.
    pub accuracy: f64,
}

/// A network ready to be evaluated, on as many corpora as there are.
#[derive(Debug)]
pub struct Evaluator<'n> {
    network: &'n Network,
    /// The kernel of the first layer, in blocks.
    first: AlignedFloats,
    /// The kernels of the other layers, `[inputs, units]` each.
    kernels: Vec<Tensor<2>>,
}

impl Network {
    /// Makes it ready to be evaluated.
    #[must_use]
    pub fn evaluator(&self) -> Evaluator<'_> {
        let (first, rest) = self.layers.split_first().expect("a network has a layer");
        Evaluator {
            network: self,
            first: to_blocks(&first.kernel, first.units()),
            kernels: rest.iter().map(Dense::tensor).collect(),
        }
    }

    /// One logit a document.
    #[must_use]
    pub fn logits(&self, corpus: &Corpus) -> Vec<f32> {
        self.evaluator().logits(corpus)
    }
}

impl Evaluator<'_> {
    /// Runs every document, some at a time: `visit` is given the number of each layer and what it gave
    /// (`[documents][units]`, before the `ReLU`), the last layer's being the logits.
    fn run(&self, corpus: &Corpus, mut visit: impl FnMut(usize, &[f32])) {
        let (first, rest) = self.network.layers.split_first().expect("a network has a layer");
        let dense = corpus.features().map(|_| first.tensor());
        for start in (0..corpus.len()).step_by(AT_A_TIME) {
            let documents = start..corpus.len().min(start + AT_A_TIME);
            let mut values = match &dense {
                None => {
                    let mut sums = first.bias.repeat(documents.len());
                    gather(
                        &mut sums,
                        &self.first,
                        first.units(),
                        documents.clone().map(|document| corpus.rows(document)),
                    );
                    sums
                }
                Some(kernel) => {
                    let numbers = documents.clone().flat_map(|document| corpus.numbers(document)).copied();
                    first.sums(numbers.collect(), documents.len(), kernel)
                }
            };
            visit(0, &values);
            for ((layer, kernel), number) in rest.iter().zip(&self.kernels).zip(1..) {
                for value in &mut values {
                    *value = value.max(0.0);
                }
                values = layer.sums(values, documents.len(), kernel);
                visit(number, &values);
            }
        }
    }

    /// The logits of each document, one after the other: one for two classes, else one a class.
    #[must_use]
    pub fn logits(&self, corpus: &Corpus) -> Vec<f32> {
        self.logits_and_peaks(corpus).0
    }

    /// The [logits](Self::logits), and the largest activation of each hidden layer over the corpus.
    #[must_use]
    pub fn logits_and_peaks(&self, corpus: &Corpus) -> (Vec<f32>, Vec<f32>) {
        let mut logits = Vec::with_capacity(corpus.len());
        let mut peaks = vec![0f32; self.kernels.len()];
        self.run(corpus, |layer, values| match peaks.get_mut(layer) {
            Some(peak) => *peak = peak.max(largest(values)),
            None => logits.extend(values),
        });
        (logits, peaks)
    }

    /// How many activations over the corpus are above the limit of their hidden layer.
    #[must_use]
    pub fn activations_above(&self, limits: &[f32], corpus: &Corpus) -> usize {
        let mut above = 0;
        self.run(corpus, |layer, values| {
            if let Some(limit) = limits.get(layer) {
                above += values.iter().filter(|value| *value > limit).count();
            }
        });
        above
    }
}

/// The largest of some numbers, or 0 if that is larger; in lanes, of which none waits for another.
fn largest(values: &[f32]) -> f32 {
    let mut lanes = [0f32; 32];
    for chunk in values.chunks(lanes.len()) {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes.into_iter().fold(0.0, f32::max)
}

/// Loss and accuracy of the logits of documents, one after the other: one a document for labels 0 and 1, else one a class.
#[must_use]
pub fn score(logits: &[f32], labels: &[u16]) -> Score {
    let loss = |(logits, &label): (&[f32], &u16)| match logits {
        [logit] => cross_entropy(f64::from(*logit), label),
        _ => softmax_cross_entropy(logits, label),
    };
    let losses = logits.chunks_exact(logits.len() / labels.len()).zip(labels).map(loss);
    Score { loss: losses.sum::<f64>() / labels.len() as f64, accuracy: accuracy(logits, labels) }
}

/// The share of documents whose [decision](crate::classes::decision), by logits that are float or integer, is their label.
#[must_use]
pub fn accuracy<L: PartialOrd + Default>(logits: &[L], labels: &[u16]) -> f64 {
    let decisions = decisions(logits, labels.len());
    decisions.iter().zip(labels).filter(|(decision, label)| decision == label).count() as f64 / labels.len() as f64
}

/// Binary cross-entropy from a logit: `max(z, 0) - z*y + ln(1 + exp(-|z|))`, which overflows nowhere.
#[must_use]
pub fn cross_entropy(logit: f64, label: u16) -> f64 {
    logit.max(0.0) - logit * f64::from(label) + (-logit.abs()).exp().ln_1p()
}

/// Categorical cross-entropy from logits: `m + ln(sum(exp(z - m))) - z[label]` with the largest logit `m`, which overflows
/// nowhere.
///
/// # Panics
///
/// If there is no logit for the label.
#[must_use]
pub fn softmax_cross_entropy(logits: &[f32], label: u16) -> f64 {
    let largest = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).sum();
    largest + sum.ln() - f64::from(logits[usize::from(label)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_entropy_agrees_with_its_definition_and_stays_finite() {
        for logit in [-30.0, -2.5, 0.0, 0.7, 12.0] {
            let p = 1.0 / (1.0 + f64::exp(-logit));
            assert!((cross_entropy(logit, 1) + p.ln()).abs() < 1e-9);
            assert!((cross_entropy(-logit, 0) + p.ln()).abs() < 1e-9);
        }
        assert!((cross_entropy(1e4, 0) - 1e4).abs() < 1e-9);
    }

    #[test]
    fn softmax_of_two_agrees_with_the_sigmoid_of_their_difference_and_stays_finite() {
        for (a, b) in [(0.3, -1.25), (5.0, 5.0), (-40.0, 3.0)] {
            for label in [0, 1] {
                let expected = cross_entropy(f64::from(b) - f64::from(a), label);
                assert!((softmax_cross_entropy(&[a, b], label) - expected).abs() < 1e-6);
            }
        }
        assert!((softmax_cross_entropy(&[1e4, 0.0, -1e4], 2) - 2e4).abs() < 1e-6);
        let score = score(&[1.0, 1.0, 0.0, 0.0, 2.0, 0.0], &[1, 1]);
        assert!((score.accuracy - 0.5).abs() < 1e-12, "a tie goes to the lower class");
    }

    #[test]
    fn a_zero_logit_is_negative() {
        let score = score(&[0.0, 0.0], &[0, 1]);
        assert!((score.accuracy - 0.5).abs() < 1e-12);
        assert!((score.loss - 2f64.ln()).abs() < 1e-12);
    }
}
