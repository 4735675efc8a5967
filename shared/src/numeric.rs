//! Numeric features: from raw numbers to the integers that the first layer takes, and the classifier of them.

use crate::{Error, Layers, Logits, Model, ScratchView, layer::forward};

/// The largest input of the first layer, either side of zero: inputs take 8 bits.
pub const INPUT_MAX: i32 = 127;

/// How many words of [`Scratch`](crate::Scratch) the inputs of `features` features take.
#[must_use]
pub const fn input_words(features: usize) -> usize {
    features.div_ceil(2)
}

/// How raw numbers become inputs: each feature's mean, and its scale, in inputs a unit of the raw number.
///
/// The mean is where an input is 0; `scale` is `1 / (standard deviation * step)` for inputs that are `step` standard
/// deviations apart. Both are part of the model file, so that a board takes what its sensors give.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standards<'a> {
    means: &'a [f32],
    scales: &'a [f32],
}

impl<'a> Standards<'a> {
    /// Standards from the mean and the scale of each feature.
    ///
    /// # Errors
    ///
    /// [`Error::BadStandards`] if there are not as many of each, a mean is not finite, or a scale not finite and above 0.
    pub fn new(means: &'a [f32], scales: &'a [f32]) -> Result<Self, Error> {
        // Told from the bits, as the loader runs this on boards without floating point.
        let finite = |value: &f32| value.to_bits() << 1 < f32::INFINITY.to_bits() << 1;
        let scale = |value: &f32| (1..f32::INFINITY.to_bits()).contains(&value.to_bits());
        if means.len() == scales.len() && means.iter().all(finite) && scales.iter().all(scale) {
            Ok(Self { means, scales })
        } else {
            Err(Error::BadStandards)
        }
    }

    /// How many features there are.
    #[must_use]
    pub const fn features(&self) -> usize {
        self.means.len()
    }

    /// The mean of each feature, raw.
    #[must_use]
    pub const fn means(&self) -> &'a [f32] {
        self.means
    }

    /// The scale of each feature: inputs a unit of the raw number.
    #[must_use]
    pub const fn scales(&self) -> &'a [f32] {
        self.scales
    }

    /// Writes the inputs for these raw numbers, the first of which is feature number `first`, to `inputs`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFinite`] if a number is NaN or infinite; [`Error::WrongFeatures`] if there are more numbers than
    /// features, or than `inputs` has room for.
    pub fn inputs<N: Copy + Into<f32>>(&self, first: usize, raw: &[N], inputs: &mut [i16]) -> Result<(), Error> {
        let end = first.checked_add(raw.len()).ok_or(Error::WrongFeatures)?;
        let (Some(means), Some(scales), Some(inputs)) =
            (self.means.get(first..end), self.scales.get(first..end), inputs.get_mut(..raw.len()))
        else {
            return Err(Error::WrongFeatures);
        };
        for (((&raw, &mean), &scale), out) in raw.iter().zip(means).zip(scales).zip(inputs) {
            *out = input(raw.into(), mean, scale).ok_or(Error::NotFinite)?;
        }
        Ok(())
    }
}

/// `(raw - mean) * scale`, cut off at [`INPUT_MAX`] either side and rounded to nearest, halves away from zero: the one
/// rule by which a raw number becomes an input, in training and on every machine.
///
/// Each of the four operations is that of IEEE 754 in single precision, rounded once, which a core without floating
/// point does in software to the same bits. `None` for NaN and infinity.
#[inline]
fn input(raw: f32, mean: f32, scale: f32) -> Option<i16> {
    const MAX: f32 = INPUT_MAX as f32;
    if !raw.is_finite() {
        return None;
    }
    // The difference may be infinite, but never NaN, and neither is the product: the scale is finite and not 0.
    let steps = ((raw - mean) * scale).clamp(-MAX, MAX);
    Some((if steps < 0.0 { steps - 0.5 } else { steps + 0.5 }) as i16)
}

/// Classifies one vector of numeric features after another.
///
/// It works in a `static`, in an interrupt handler's task, and several run side by side.
///
/// # Example
///
/// ```
/// use edgefit::{Model, NumericClassifier, Scratch, input_words};
///
/// # fn main() -> Result<(), edgefit::Error> {
/// # let bytes: &[u8] = &edgefit::Aligned(*include_bytes!("../golden/numeric.edgefit")).0[..];
/// let model = Model::from_bytes(bytes)?;
/// let mut scratch = Scratch::<{ input_words(4) }, 3>::new();
/// let mut classifier = NumericClassifier::new(&model, &mut scratch)?;
/// let class = classifier.classify(&[6.3f32, 3.3, 6.0, 2.5])?.class();
/// // Raw values of a converter do as well, and may come bit by bit.
/// classifier.numbers(&[6i16, 3])?;
/// classifier.numbers(&[6i16, 2])?;
/// assert_eq!(classifier.finish()?.class(), class);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NumericClassifier<'m, 's> {
    standards: Standards<'m>,
    layers: Layers<'m>,
    logit_scale: f32,
    /// One a feature, of which the first `given` are known.
    inputs: &'s mut [i16],
    given: usize,
    sums: &'s mut [i32],
    logits: &'s mut [i32],
    activations: &'s mut [i16],
}

impl<'m, 's> NumericClassifier<'m, 's> {
    /// A classifier for `model` that works in `scratch`, ready for its first vector.
    ///
    /// # Errors
    ///
    /// [`Error::NoFeatures`] if the model is one of text; [`Error::ScratchTooSmall`] if it has more features or wider
    /// layers than the scratch.
    pub fn new(model: &Model<'m>, scratch: impl Into<ScratchView<'s>>) -> Result<Self, Error> {
        let scratch = scratch.into();
        let standards = *model.standards().ok_or(Error::NoFeatures)?;
        let inputs = bytemuck::try_cast_slice_mut(scratch.seen).map_err(|_| Error::ScratchTooSmall)?;
        let (widest, outputs) = model.extent();
        let classifier = Self {
            standards,
            layers: model.layers(),
            logit_scale: model.logit_scale(),
            inputs: inputs.get_mut(..standards.features()).ok_or(Error::ScratchTooSmall)?,
            given: 0,
            sums: scratch.accumulators.get_mut(..widest).ok_or(Error::ScratchTooSmall)?,
            logits: scratch.logits.get_mut(..outputs).ok_or(Error::ScratchTooSmall)?,
            activations: scratch.activations.get_mut(..widest).ok_or(Error::ScratchTooSmall)?,
        };
        // The scratch may have served another model, whose answer is not this one's.
        classifier.logits.fill(0);
        Ok(classifier)
    }

    /// The answer for one whole vector: a raw number for each feature, in the order of the model. What was given before
    /// by [`numbers`](Self::numbers) is forgotten.
    ///
    /// # Errors
    ///
    /// [`Error::WrongFeatures`] if there are more or fewer numbers than features; [`Error::NotFinite`] for NaN and infinity.
    pub fn classify<N: Copy + Into<f32>>(&mut self, vector: &[N]) -> Result<Logits<'_>, Error> {
        self.reset();
        self.numbers(vector)?;
        self.finish()
    }

    /// The next numbers of the vector, raw, in the order of the model; it may be cut anywhere between two calls.
    ///
    /// # Errors
    ///
    /// [`Error::WrongFeatures`] if the vector has more numbers than there are features, [`Error::NotFinite`] for NaN and
    /// infinity; nothing has been added then.
    pub fn numbers<N: Copy + Into<f32>>(&mut self, chunk: &[N]) -> Result<(), Error> {
        let room = self.inputs.get_mut(self.given..).unwrap_or_default();
        self.standards.inputs(self.given, chunk, room)?;
        self.given += chunk.len();
        Ok(())
    }

    /// Forgets what was given of the vector.
    pub fn reset(&mut self) {
        self.given = 0;
    }

    /// Ends the vector and answers. The classifier is ready for the next one, in any case.
    ///
    /// # Errors
    ///
    /// [`Error::WrongFeatures`] if a number is still missing.
    pub fn finish(&mut self) -> Result<Logits<'_>, Error> {
        if core::mem::take(&mut self.given) != self.inputs.len() {
            return Err(Error::WrongFeatures);
        }
        let mut layers = self.layers.clone();
        if let Some(first) = layers.next() {
            first.sums(self.inputs, self.sums);
            forward(&first, &layers, self.sums, self.activations, self.logits);
        }
        Ok(self.logits())
    }

    /// The last answer again; all zeros before the first one.
    #[must_use]
    pub fn logits(&self) -> Logits<'_> {
        Logits::new(self.logits, self.logit_scale)
    }
}

/// The class of one vector of numbers, decided on integers, in one call. For more than one vector, a [`NumericClassifier`] makes
/// its preparations once.
///
/// # Errors
///
/// As [`NumericClassifier::new`] and [`NumericClassifier::classify`].
///
/// # Example
///
/// ```
/// use edgefit::{Model, Scratch, classify_numbers, input_words};
///
/// # fn main() -> Result<(), edgefit::Error> {
/// # let bytes: &[u8] = &edgefit::Aligned(*include_bytes!("../golden/numeric.edgefit")).0[..];
/// let model = Model::from_bytes(bytes)?;
/// let mut scratch = Scratch::<{ input_words(4) }, 3>::new();
/// let class = classify_numbers(&model, &[6.3f32, 3.3, 6.0, 2.5], &mut scratch)?;
/// assert!(class < 3);
/// # Ok(())
/// # }
/// ```
pub fn classify_numbers<'s, N: Copy + Into<f32>>(
    model: &Model<'_>,
    vector: &[N],
    scratch: impl Into<ScratchView<'s>>,
) -> Result<usize, Error> {
    Ok(NumericClassifier::new(model, scratch)?.classify(vector)?.class())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rule a second time, in double precision: rounded to single after each of the same steps, which gives the same
    /// (a double has more than twice the digits), and the last rounding by counting.
    fn reference(raw: f32, mean: f32, scale: f32) -> i16 {
        let difference = (f64::from(raw) - f64::from(mean)) as f32;
        let steps = (f64::from(difference) * f64::from(scale)) as f32;
        let size = f64::from(steps).abs().min(127.0);
        let half_up = f64::from((size + 0.5) as f32);
        let count = (0i16..=127).filter(|&count| f64::from(count) <= half_up).max().unwrap_or(0);
        if steps < 0.0 { -count } else { count }
    }

    #[test]
    fn halves_go_away_from_zero_and_the_ends_are_cut_off() {
        for (raw, expected) in [
            (0.0, 0),
            (-0.0, 0),
            (0.49, 0),
            (0.5, 1),
            (-0.5, -1),
            (1.5, 2),
            (-2.5, -3),
            (126.49, 126),
            (126.5, 127),
            (1e30, 127),
            (-f32::MAX, -127),
            (f32::MIN_POSITIVE / 4.0, 0),
        ] {
            assert_eq!(input(raw, 0.0, 1.0), Some(expected), "{raw}");
        }
        assert_eq!(input(f32::MAX, -f32::MAX, f32::from_bits(1)), Some(127), "an infinite difference has a side");
        assert_eq!(input(f32::NAN, 0.0, 1.0).or(input(f32::INFINITY, 0.0, 1.0)), None);
        assert_eq!(input(f32::NEG_INFINITY, 0.0, 1.0), None);
    }

    #[test]
    fn standards_that_give_no_number_are_refused() {
        assert!(Standards::new(&[0.0, -3.5, f32::MAX, -f32::MAX], &[1.0, f32::from_bits(1), f32::MAX, 1e-30]).is_ok());
        for mean in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(Standards::new(&[0.0, mean], &[1.0, 1.0]), Err(Error::BadStandards), "{mean}");
        }
        for scale in [0.0, -0.0, -1.0, f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(Standards::new(&[0.0, 0.0], &[1.0, scale]), Err(Error::BadStandards), "{scale}");
        }
        assert_eq!(Standards::new(&[0.0], &[1.0, 1.0]), Err(Error::BadStandards));
    }

    proptest! {
        #[test]
        fn inputs_are_those_of_the_reference(raw: f32, mean: f32, scale in 1u32..0x7f80_0000) {
            prop_assume!(raw.is_finite() && mean.is_finite());
            let scale = f32::from_bits(scale);
            prop_assert_eq!(input(raw, mean, scale), Some(reference(raw, mean, scale)));
        }

        #[test]
        fn inputs_about_the_mean_are_those_of_the_reference(steps in -130f32..130.0, mean in -50f32..50.0, scale in 0.01f32..100.0) {
            let raw = mean + steps / scale;
            prop_assert_eq!(input(raw, mean, scale), Some(reference(raw, mean, scale)));
        }
    }
}
