//! How far the deployed decisions and logits are from the float ones, and train from test.

use super::Error;

/// Number of decisions (classes, or signs of logits) that differ between float and deployed.
///
/// # Errors
///
/// [`Error::Shape`] if the two are not of one length.
pub fn flips<T: PartialEq>(float: &[T], deployed: &[T]) -> Result<usize, Error> {
    same_length(float.len(), deployed.len())?;
    Ok(float.iter().zip(deployed).filter(|(a, b)| a != b).count())
}

/// Root mean square of (deployed logit - float logit) over the root mean square of the float logits.
///
/// `deployed` holds dequantised logits, in the unit of `float`. 0 if the two are equal, infinite if only the float
/// logits are all zero. It sees a wrong scale, which changes no sign and thus no accuracy.
///
/// # Errors
///
/// [`Error::Shape`] if the two are not of one length, [`Error::NotFinite`] for a logit that is not finite.
pub fn rms_ratio(float: &[f32], deployed: &[f32]) -> Result<f64, Error> {
    same_length(float.len(), deployed.len())?;
    let mut error = 0.0;
    let mut signal = 0.0;
    for (index, (&float, &deployed)) in float.iter().zip(deployed).enumerate() {
        if !(float.is_finite() && deployed.is_finite()) {
            return Err(Error::NotFinite { index });
        }
        error += (f64::from(deployed) - f64::from(float)).powi(2);
        signal += f64::from(float).powi(2);
    }
    Ok(if error == 0.0 { 0.0 } else { (error / signal).sqrt() })
}

/// Generalisation gap in points: train accuracy minus test accuracy, both fractions.
#[must_use]
pub fn generalisation_gap(train_accuracy: f64, test_accuracy: f64) -> f64 {
    100.0 * (train_accuracy - test_accuracy)
}

fn same_length(expected: usize, got: usize) -> Result<(), Error> {
    if expected == got { Ok(()) } else { Err(Error::Shape { what: "values", expected, got }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flips_count_differing_decisions() {
        assert_eq!(flips(&[true, false, true], &[true, true, false]), Ok(2));
        assert_eq!(flips(&[3_u8, 1, 2], &[3, 1, 2]), Ok(0));
        assert_eq!(flips(&[1, 2], &[1]), Err(Error::Shape { what: "values", expected: 2, got: 1 }));
    }

    #[test]
    fn rms_ratio_sees_a_wrong_scale_that_flips_nothing() {
        let float = [0.5_f32, -2.0, 1.25, 4.0];
        let scaled = float.map(|logit| logit * 1.25);
        assert_eq!(rms_ratio(&float, &scaled), Ok(0.25));
        assert_eq!(rms_ratio(&float, &float), Ok(0.0));
        // np.sqrt(((b - a) ** 2).mean() / (a ** 2).mean()), a = [1, -2, 3], b = [1.5, -2, 2.5]
        let ratio = rms_ratio(&[1.0, -2.0, 3.0], &[1.5, -2.0, 2.5]).unwrap();
        assert!((ratio - 0.188_982_236_504_614_15).abs() < 1e-15);
    }

    #[test]
    fn rms_ratio_at_the_edges() {
        assert_eq!(rms_ratio(&[0.0, 0.0], &[0.0, 0.0]), Ok(0.0));
        assert_eq!(rms_ratio(&[0.0, 0.0], &[0.0, 1.0]), Ok(f64::INFINITY));
        assert_eq!(rms_ratio(&[0.0, 1.0], &[0.0, f32::NAN]), Err(Error::NotFinite { index: 1 }));
        assert!(rms_ratio(&[0.0], &[]).is_err());
    }

    #[test]
    fn the_gap_is_train_minus_test_in_points() {
        assert!((generalisation_gap(0.995, 0.855) - 14.0).abs() < 1e-12);
    }
}
