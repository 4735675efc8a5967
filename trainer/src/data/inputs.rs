//! What the first layer takes: words of a vocabulary, or standardised numbers.

use edgefit::{INPUT_MAX, format::MAX_ROWS};
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

    /// Whether its tables fit each other. Those that were made do; those that were read may be anybody's.
    #[must_use]
    pub(crate) fn are_sound(&self) -> bool {
        match self {
            Self::Words(vocabulary) => vocabulary.is_sound(),
            Self::Numbers(standards) => {
                (1..=MAX_ROWS).contains(&standards.means.len())
                    && edgefit::Standards::new(&standards.means, &standards.scales).is_ok()
                    && standards.step.is_finite()
                    && standards.step > 0.0
            }
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

    /// The documents of a split, as training sees them. Those of another dataset than these inputs were made of are checked
    /// before, see [`Signature`](crate::signature::Signature).
    ///
    /// # Panics
    ///
    /// As [`Corpus::new`]; if these are numbers, and a document is not as many.
    #[must_use]
    pub fn corpus(&self, split: &Split) -> Corpus {
        match self {
            Self::Words(vocabulary) => vocabulary.corpus(split),
            Self::Numbers(standards) => Corpus::of_numbers(split, standards),
        }
    }
}

/// How raw numbers become inputs, as it was measured on the fitting documents; it travels in the model file.
///
/// An input is a whole number of steps from the mean, from -127 to 127, by the rule of [`edgefit::Standards`]: training, the
/// host and the board see the same inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standards {
    /// The mean of each feature.
    pub means: Vec<f32>,
    /// The scale of each feature: steps a unit of the raw number.
    pub scales: Vec<f32>,
    /// The step, in standard deviations: what an input of 1 stands for in training.
    pub step: f32,
}

/// Values further from the mean than this, in standard deviations, are as good as at this distance.
const FARTHEST: f64 = 8.0;

impl Standards {
    /// Measures the fitting documents. A number that is missing has no say.
    #[must_use]
    pub fn of(fitting: &Split, features: usize) -> Self {
        let moments = moments(fitting, features);
        let mut farthest = 0f64;
        for document in 0..fitting.len() {
            for (value, [mean, deviation]) in fitting.numbers(document).zip(&moments) {
                // `max` passes over NaN, which stands for a number that is missing.
                farthest = farthest.max((f64::from(value) - mean).abs() / deviation);
            }
        }
        let step = if farthest > 0.0 { farthest.min(FARTHEST) / f64::from(INPUT_MAX) } else { 1.0 };
        // Raw numbers so close together or so far apart that f32 cannot hold the scale are as good as at its ends.
        let scale = |[_, deviation]: &[f64; 2]| {
            (1.0 / (deviation * step)).clamp(f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)) as f32
        };
        Self {
            means: moments.iter().map(|[mean, _]| *mean as f32).collect(),
            scales: moments.iter().map(scale).collect(),
            step: step as f32,
        }
    }

    /// How many features there are.
    #[must_use]
    pub fn features(&self) -> usize {
        self.means.len()
    }

    /// The rule of the model file.
    ///
    /// # Panics
    ///
    /// If they are not those that [`Standards::of`] has made.
    #[must_use]
    pub fn view(&self) -> edgefit::Standards<'_> {
        edgefit::Standards::new(&self.means, &self.scales).expect("means are finite, scales finite and above 0")
    }

    /// The numbers of one document, raw and finite, as inputs of a network.
    pub(super) fn inputs(&self, raw: &[f32]) -> impl Iterator<Item = f32> {
        let mut inputs = vec![0; raw.len()];
        self.view().inputs(0, raw, &mut inputs).expect("as many finite numbers as features");
        inputs.into_iter().map(|input| f32::from(input) * self.step)
    }
}

/// The mean and the standard deviation of each feature; a deviation of 1 for one that never changes.
fn moments(split: &Split, features: usize) -> Vec<[f64; 2]> {
    let mut moments = vec![[0f64; 2]; features];
    let mut counts = vec![0usize; features];
    // In two passes: a large mean does not cost the deviation its digits.
    for pass in 0..2 {
        let means: Vec<f64> = moments.iter().map(|[mean, _]| *mean).collect();
        let mut sums = vec![0f64; features];
        counts.fill(0);
        for document in 0..split.len() {
            for (feature, value) in split.numbers(document).enumerate().filter(|(_, value)| value.is_finite()) {
                let value = f64::from(value);
                sums[feature] += if pass == 0 { value } else { (value - means[feature]).powi(2) };
                counts[feature] += 1;
            }
        }
        for ((moments, sum), count) in moments.iter_mut().zip(sums).zip(&counts) {
            moments[pass] = sum / (*count).max(1) as f64;
        }
    }
    for [mean, spread] in &mut moments {
        let deviation = spread.sqrt();
        // Less than what f32 tells apart at this mean is no change.
        let changes = deviation > mean.abs() * f64::from(f32::EPSILON) && deviation >= f64::from(f32::MIN_POSITIVE);
        *spread = if changes { deviation } else { 1.0 };
    }
    moments
}
