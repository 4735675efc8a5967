//! What the first layer takes: words of a vocabulary, or standardised numbers.

use serde::{Deserialize, Serialize};

use super::{Corpus, Split, VocabularyTables};

/// What the first layer takes, as it was fixed from the fitting documents before training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Inputs {
    /// Bags of words.
    Words(VocabularyTables),
    /// Numbers.
    Numbers(Standards),
}

impl Inputs {
    /// How many rows the kernel of the first layer has in training.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Words(vocabulary) => vocabulary.rows(),
            Self::Numbers(standards) => standards.features(),
        }
    }

    /// The value of one unit of the quantised inputs, where they are numbers.
    #[must_use]
    pub fn scale(&self) -> Option<f64> {
        match self {
            Self::Words(_) => None,
            Self::Numbers(standards) => Some(f64::from(standards.step)),
        }
    }

    /// The row that every document sets, if there is one: the last in training. The model file has it in its bias.
    #[must_use]
    pub fn start_row(&self) -> Option<u16> {
        match self {
            Self::Words(vocabulary) => vocabulary.start_row(),
            Self::Numbers(_) => None,
        }
    }

    /// The documents of a split, as training sees them.
    ///
    /// # Panics
    ///
    /// As [`Corpus::new`]; if the documents are numbers and these are words, or the other way round.
    #[must_use]
    pub fn corpus(&self, split: &Split) -> Corpus {
        match self {
            Self::Words(vocabulary) => vocabulary.corpus(split),
            Self::Numbers(standards) => Corpus::of_numbers(split, standards),
        }
    }
}

/// How raw numbers become inputs: the mean and the standard deviation of each feature over the fitting documents, and how
/// far the standardised values go.
///
/// A standardised value is rounded to a whole multiple of a step, from -127 to 127 of them, and cut off there: training, the
/// host and the board see the same inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standards {
    /// The mean of each feature.
    pub means: Vec<f32>,
    /// The standard deviation of each feature; 1 for one that never changes.
    pub deviations: Vec<f32>,
    /// The step, in standard deviations.
    pub step: f32,
}

/// The largest input, in steps.
pub const LARGEST_INPUT: i32 = 127;
/// Values further from the mean than this, in standard deviations, are as good as at this distance.
const FARTHEST: f64 = 8.0;

impl Standards {
    /// Measures the fitting documents. A number that is missing has no say.
    #[must_use]
    pub fn of(fitting: &Split, features: usize) -> Self {
        let mut moments = vec![[0f64; 2]; features];
        let mut counts = vec![0usize; features];
        // In two passes: a large mean does not cost the deviation its digits.
        for pass in 0..2 {
            let means: Vec<f64> = moments.iter().map(|[mean, _]| *mean).collect();
            let mut sums = vec![0f64; features];
            counts.fill(0);
            for document in 0..fitting.len() {
                for (feature, value) in fitting.numbers(document).enumerate().filter(|(_, value)| value.is_finite()) {
                    let value = f64::from(value);
                    sums[feature] += if pass == 0 { value } else { (value - means[feature]).powi(2) };
                    counts[feature] += 1;
                }
            }
            for ((moments, sum), count) in moments.iter_mut().zip(sums).zip(&counts) {
                moments[pass] = sum / (*count).max(1) as f64;
            }
        }
        let deviation = |[mean, variance]: &[f64; 2]| {
            let deviation = variance.sqrt();
            // Less than what f32 tells apart at this mean is no change.
            if deviation > mean.abs() * f64::from(f32::EPSILON) && deviation >= f64::from(f32::MIN_POSITIVE) {
                deviation as f32
            } else {
                1.0
            }
        };
        let means = moments.iter().map(|[mean, _]| *mean as f32).collect();
        let deviations = moments.iter().map(deviation).collect();
        let mut standards = Self { means, deviations, step: 1.0 };
        let documents = (0..fitting.len()).flat_map(|document| standards.standardised(fitting, document));
        let farthest = documents.map(f32::abs).fold(0.0, f32::max);
        standards.step = if farthest > 0.0 { farthest.min(FARTHEST as f32) / LARGEST_INPUT as f32 } else { 1.0 };
        standards
    }

    /// How many features there are.
    #[must_use]
    pub fn features(&self) -> usize {
        self.means.len()
    }

    /// Raw numbers of one document as inputs.
    pub(super) fn inputs(&self, raw: &[f32]) -> impl Iterator<Item = f32> {
        let largest = LARGEST_INPUT as f32;
        let scales = self.means.iter().zip(&self.deviations);
        raw.iter().zip(scales).map(move |(value, (mean, deviation))| {
            ((value - mean) / deviation / self.step).round().clamp(-largest, largest) * self.step
        })
    }

    fn standardised(&self, split: &Split, document: usize) -> impl Iterator<Item = f32> {
        let scales = self.means.iter().zip(&self.deviations);
        let value = |(value, (mean, deviation)): (f32, (&f32, &f32))| {
            if value.is_nan() { 0.0 } else { (value - mean) / deviation }
        };
        split.numbers(document).zip(scales).map(value)
    }
}
