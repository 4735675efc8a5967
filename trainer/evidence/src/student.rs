//! Student's t distribution with any number of degrees of freedom from 1 up, whole or not.

use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};

/// The ends of Student's interval of this level around the mean of some values; none of fewer than two.
///
/// Source: Student (1908), Biometrika 6, 1-25.
#[must_use]
pub fn mean_interval(values: &[f64], level: f64) -> Option<[f64; 2]> {
    let n = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half_width = t_quantile(level, n - 1.0) * (variance / n).sqrt();
    Some([mean - half_width, mean + half_width])
}

/// The degrees of freedom of a sum of independent variances, each with its own: `(sum v)^2 / sum (v^2 / df)`.
///
/// Source: Satterthwaite (1946), Biometrics Bulletin 2, 110-114.
pub(super) fn satterthwaite(terms: &[(f64, f64)]) -> f64 {
    let total: f64 = terms.iter().map(|(variance, _)| variance).sum();
    total.powi(2)
        / terms.iter().map(|(variance, degrees_of_freedom)| variance.powi(2) / degrees_of_freedom).sum::<f64>()
}

/// The t that a two-sided interval of this level reaches.
///
/// By Newton's method from the normal quantile: the distribution function is concave above 0, so every step stays at or
/// below the root. (`StudentsT::inverse_cdf` is off by 7% at 1e7 degrees of freedom, and does not return at 1e9.)
pub(super) fn t_quantile(level: f64, degrees_of_freedom: f64) -> f64 {
    let student = student(degrees_of_freedom);
    let tail = (1.0 - level) / 2.0;
    let mut t = -Normal::standard().inverse_cdf(tail);
    // One degree of freedom at level 0.999999 takes 24 steps, the usual interval six.
    for _ in 0..100 {
        let step = (student.sf(t) - tail) / student.pdf(t);
        t += step;
        if step <= 1e-12 * t {
            break;
        }
    }
    t
}

/// Probability of a t at least as far from 0.
pub(super) fn two_sided_p(t: f64, degrees_of_freedom: f64) -> f64 {
    2.0 * upper_tail(t.abs(), degrees_of_freedom)
}

/// Probability of a t at least as large.
pub(super) fn upper_tail(t: f64, degrees_of_freedom: f64) -> f64 {
    student(degrees_of_freedom).sf(t)
}

fn student(degrees_of_freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, degrees_of_freedom).expect("degrees of freedom are at least 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_tails_agree_with_scipy() {
        let assert_close = |got: f64, expected: f64| {
            assert!((got - expected).abs() <= 1e-9 * expected.abs(), "{got} is not {expected}");
        };
        // stats.t.ppf(p, df)
        for (p, df, expected) in [
            (0.975, 1.0, 12.706_204_736_174_694),
            (0.9975, 2.2, 11.758_063_718_925_428),
            (0.975, 4.0, 2.776_445_105_197_793_4),
            (0.975, 5.73, 2.475_134_400_202_800_4),
            (0.975, 300.5, 1.967_889_749_156_139_3),
            (0.975, 24_999.0, 1.960_058_883_701_573_8),
            (0.995, 24_999.0, 2.576_025_987_457_163_6),
            (0.975, 1e6, 1.959_966_356_814_107),
            (0.75, 1e6, 0.674_489_995_531_087),
        ] {
            assert_close(t_quantile(2.0 * p - 1.0, df), expected);
        }
        // 2*stats.t.sf(t, df)
        for (t, df, expected) in [
            (2.5, 4.3, 0.062_448_074_636_211_33),
            (0.001, 10.0, 0.999_221_783_374_741),
            (12.0, 300.5, 2.279_631_298_080_501_3e-27),
            (3.0, 24_999.0, 0.002_702_455_975_407_312),
            (0.5, 24_999.0, 0.617_079_478_417_365_1),
        ] {
            assert_close(two_sided_p(t, df), expected);
        }
    }

    #[test]
    fn degrees_of_freedom_agree_with_the_worked_example_of_the_gum() {
        // Guide to the expression of uncertainty in measurement (JCGM 100:2008), H.1.6, an end gauge: components of 25, 9.7,
        // 2.9 and 16.6 nm with 18, 25.6, 50 and 2 degrees of freedom have 16.7 of them together; with the next lower
        // integer the 99 % interval reaches t = 2.92.
        let components = [(25.0_f64, 18.0), (9.7, 25.6), (2.9, 50.0), (16.6, 2.0)].map(|(u, df)| (u.powi(2), df));
        let together = satterthwaite(&components);
        assert!((together - 16.7).abs() < 0.1, "{together}");
        assert_eq!(format!("{:.2}", t_quantile(0.99, together.floor())), "2.92");
    }

    #[test]
    fn the_interval_of_a_mean_agrees_with_scipy() {
        // stats.t.interval(0.95, 4, loc=np.mean(x), scale=stats.sem(x)) for x = [1, 2, 4, 4, 9]
        let [low, high] = mean_interval(&[1.0, 2.0, 4.0, 4.0, 9.0], 0.95).unwrap();
        assert!(
            (low - 0.172_934_531_245_135_6).abs() < 1e-9 && (high - 7.827_065_468_754_864).abs() < 1e-9,
            "{low} {high}"
        );
        // stats.t.ppf(.975, 1), as the standard error is 1
        let [low, high] = mean_interval(&[1.0, 3.0], 0.95).unwrap();
        assert!((low - (2.0 - 12.706_204_736_432)).abs() < 1e-9 && (high - (2.0 + 12.706_204_736_432)).abs() < 1e-9);
        assert_eq!(mean_interval(&[1.0], 0.95), None);
    }

    #[test]
    fn quantiles_are_found_at_any_level() {
        for df in [1.0, 1.5, 4.0, 1e3, 1e7, 1e9] {
            for level in [0.001, 0.5, 0.95, 0.999_999, 1.0 - f64::EPSILON] {
                let t = t_quantile(level, df);
                assert!(t > 0.0 && t.is_finite(), "{level} {df}: {t}");
            }
        }
    }
}
