//! Calibration: does a model that says 90% decide rightly nine times in ten?

use super::Error;

/// How many bins [`expected_calibration_error`] usually has, as in Guo et al.
pub const CALIBRATION_BINS: usize = 15;

/// Expected calibration error, a fraction: the mean over documents of |accuracy - mean confidence| of the bin that a
/// document's confidence falls into, bins of equal width over 0..=1.
///
/// `confidences` holds the probability that the model gives to the class that it decides for, `right` whether that is the
/// label. 0 without documents.
///
/// Source: Naeini, Cooper and Hauskrecht (2015), AAAI 29, 2901-2907; in this form Guo, Pleiss, Sun and Weinberger (2017),
/// ICML 34, 1321-1330, section 2.
///
/// # Errors
///
/// [`Error::Shape`] if the two are not of one length, [`Error::NotAProbability`] for a confidence outside 0..=1, and
/// [`Error::NoBins`].
pub fn expected_calibration_error(confidences: &[f64], right: &[bool], bins: usize) -> Result<f64, Error> {
    if confidences.len() != right.len() {
        return Err(Error::Shape { what: "values", expected: confidences.len(), got: right.len() });
    }
    if bins == 0 {
        return Err(Error::NoBins);
    }
    let mut surplus = vec![0.0; bins];
    for (index, (&confidence, &right)) in confidences.iter().zip(right).enumerate() {
        if !(0.0..=1.0).contains(&confidence) {
            return Err(Error::NotAProbability { index, value: confidence });
        }
        let bin = ((confidence * bins as f64) as usize).min(bins - 1);
        surplus[bin] += f64::from(u8::from(right)) - confidence;
    }
    Ok(surplus.iter().map(|sum: &f64| sum.abs()).sum::<f64>() / right.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_example_of_torchmetrics() {
        // torchmetrics, BinaryCalibrationError(n_bins=2, norm="l1"): 0.2900 for probabilities .25 .25 .55 .75 .75 of class
        // 1 and labels 0 0 1 1 1. The decisions are all right, with these confidences:
        let error = expected_calibration_error(&[0.75, 0.75, 0.55, 0.75, 0.75], &[true; 5], 2).unwrap();
        assert!((error - 0.29).abs() < 1e-12, "{error}");
    }

    #[test]
    fn agrees_with_numpy() {
        // c = np.array([(i*37 % 101)/100 for i in range(1000)]); r = np.array([(i*i) % 7 < 3 for i in range(1000)])
        // k = np.minimum((c*bins).astype(int), bins-1)
        // sum(abs(r[k == b].sum() - c[k == b].sum()) for b in range(bins))/1000, bins = 15 and 10
        let confidences: Vec<f64> = (0..1_000).map(|i| f64::from(i * 37 % 101) / 100.0).collect();
        let right: Vec<bool> = (0..1_000).map(|i| i * i % 7 < 3).collect();
        for (bins, expected) in [(15, 0.304_26), (10, 0.302_04)] {
            let error = expected_calibration_error(&confidences, &right, bins).unwrap();
            assert!((error - expected).abs() < 1e-9, "{bins} bins: {error}");
        }
    }

    #[test]
    fn edges() {
        assert_eq!(expected_calibration_error(&[], &[], 15), Ok(0.0));
        assert_eq!(expected_calibration_error(&[1.0, 1.0], &[true, true], 15), Ok(0.0));
        assert_eq!(expected_calibration_error(&[1.0, 1.0], &[false, false], 15), Ok(1.0));
        let shape = Error::Shape { what: "values", expected: 1, got: 0 };
        assert_eq!(expected_calibration_error(&[0.5], &[], 15), Err(shape));
        assert_eq!(expected_calibration_error(&[0.5], &[true], 0), Err(Error::NoBins));
        let beyond = Error::NotAProbability { index: 0, value: 1.5 };
        assert_eq!(expected_calibration_error(&[1.5], &[true], 15), Err(beyond));
        assert!(expected_calibration_error(&[f64::NAN], &[true], 15).is_err());
    }
}
