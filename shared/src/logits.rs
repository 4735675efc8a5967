//! Logits: integers to compare and decide by, and probabilities for people.

use micromath::F32Ext;

/// The answer of a model for one document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logits<'a> {
    values: &'a [i32],
    scale: f32,
}

impl<'a> Logits<'a> {
    /// Logits from integers and the value of one unit of them.
    #[must_use]
    pub const fn new(values: &'a [i32], scale: f32) -> Self {
        Self { values, scale }
    }

    /// The integer logits, the same bit for bit on host and board: one for two classes, else one a class.
    #[must_use]
    pub const fn values(&self) -> &'a [i32] {
        self.values
    }

    /// The class, decided on integers alone: positive iff the one logit is above 0, else the largest logit,
    /// the lowest class on ties.
    #[must_use]
    pub fn class(&self) -> usize {
        if let [logit] = self.values {
            return usize::from(*logit > 0);
        }
        let mut best = (0, i32::MIN);
        for (class, &logit) in self.values.iter().enumerate() {
            if logit > best.1 {
                best = (class, logit);
            }
        }
        best.0
    }

    /// The logit of output `output` as a real number, 0 if there is no such output.
    #[must_use]
    pub fn real(&self, output: usize) -> f32 {
        self.values.get(output).map_or(0.0, |&logit| logit as f32 * self.scale)
    }

    /// The probability of `class`: the sigmoid of the one logit for two classes, else the softmax.
    ///
    /// Uses micromath's exponential, whose relative error is below 0.3%. Never NaN.
    #[must_use]
    pub fn probability(&self, class: usize) -> f32 {
        if self.values.len() == 1 {
            let logit = if class == 1 { self.real(0) } else { -self.real(0) };
            return 1.0 / (1.0 + exp(-logit));
        }
        let Some(&largest) = self.values.iter().max() else {
            return 0.0;
        };
        // Subtracted as integers: of two reals that are both infinite the difference would be NaN.
        let power = |&logit: &i32| exp((i64::from(logit) - i64::from(largest)) as f32 * self.scale);
        let sum: f32 = self.values.iter().map(power).sum();
        self.values.get(class).map_or(0.0, power) / sum
    }
}

/// The exponential within the range in which an f32 keeps its meaning, so that no sum of 64 overflows.
fn exp(x: f32) -> f32 {
    // By its full name: where another crate links std, `x.exp()` would be std's, and host and board would differ.
    F32Ext::exp(x.clamp(-80.0, 80.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_taken_on_integers() {
        assert_eq!(Logits::new(&[0], 1.0).class(), 0);
        assert_eq!(Logits::new(&[1], 1e-30).class(), 1);
        assert_eq!(Logits::new(&[i32::MIN, i32::MIN], 1.0).class(), 0);
        assert_eq!(Logits::new(&[3, 7, 7], 1.0).class(), 1);
    }

    #[test]
    fn probabilities_are_near_the_exact_ones_and_never_nan() {
        let step = if cfg!(miri) { 1_700 } else { 17 };
        for value in (-40_000..=40_000).step_by(step).chain([i32::MIN, i32::MAX]) {
            let (values, scale) = ([value], 1e-3);
            let logits = Logits::new(&values, scale);
            let exact = 1.0 / (1.0 + (-f64::from(value) * f64::from(scale)).exp());
            assert!((f64::from(logits.probability(1)) - exact).abs() < 1e-3, "{value}");
            assert!((logits.probability(0) + logits.probability(1) - 1.0).abs() < 1e-3, "{value}");
        }
    }

    #[test]
    fn probabilities_are_not_nan_at_any_scale() {
        for scale in [f32::MIN_POSITIVE, 1.0, f32::MAX] {
            for values in [&[i32::MAX][..], &[i32::MIN], &[i32::MAX, i32::MAX, 3], &[i32::MIN, i32::MIN]] {
                let logits = Logits::new(values, scale);
                let sum: f32 = (0..values.len().max(2)).map(|class| logits.probability(class)).sum();
                assert!((sum - 1.0).abs() < 1e-3, "{scale} {values:?}: {sum}");
            }
        }
    }

    #[test]
    fn softmax_sums_to_one() {
        let values = [i32::MIN, -5_000, 0, 2_000, i32::MAX];
        let logits = Logits::new(&values, 1e-3);
        let sum: f32 = (0..5).map(|class| logits.probability(class)).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{sum}");
        assert!(logits.probability(7).abs() < f32::EPSILON);
    }

    #[test]
    fn softmax_is_near_the_exact_one() {
        let values = [-900, 400, 1_300];
        let exact = values.map(|value| (f64::from(value) * 1e-3).exp());
        // Only differences count, also where no exponential of a logit itself is finite.
        for offset in [0, 1_000_000, -1_000_000] {
            let values = values.map(|value| value + offset);
            for (class, own) in exact.iter().enumerate() {
                let probability = f64::from(Logits::new(&values, 1e-3).probability(class));
                assert!((probability - own / exact.iter().sum::<f64>()).abs() < 3e-3, "{class}: {probability}");
            }
        }
    }
}
