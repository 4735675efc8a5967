//! Equivalence by two one-sided tests (TOST).

use serde::Serialize;

use super::student::upper_tail;
use super::{Crossed, Error};

/// Whether a mean lies within a margin of 0: the two one-sided t-tests and their verdict in one p-value.
///
/// Source: Schuirmann (1987), J. Pharmacokinet. Biopharm. 15, 657-680. The larger of the two p-values is the test's; at
/// level alpha it rejects "outside the margin" exactly where the `1 - 2 alpha` interval lies within the margin, so the
/// 95% interval of a verdict tests each side at 2.5%.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Equivalence {
    /// The margin, points.
    pub margin: f64,
    /// One-sided p-value of "the mean is at or below -margin".
    pub p_above_lower: f64,
    /// One-sided p-value of "the mean is at or above margin".
    pub p_below_upper: f64,
    /// The larger of the two.
    pub p: f64,
}

impl Crossed {
    /// Tests whether the mean lies within `-margin..=margin` points.
    ///
    /// # Errors
    ///
    /// [`Error::Margin`] unless the margin is finite and not negative.
    pub fn equivalence(&self, margin: f64) -> Result<Equivalence, Error> {
        if !(margin.is_finite() && margin >= 0.0) {
            return Err(Error::Margin(margin));
        }
        Ok(tost(self.points, self.standard_error, self.degrees_of_freedom, margin))
    }
}

/// The two tests of an estimate with its standard error and degrees of freedom. Without any variance the p-values are 0
/// or 1, as the estimate lies within or beyond (at the margin counts as within, as it does for intervals).
fn tost(points: f64, standard_error: f64, degrees_of_freedom: f64, margin: f64) -> Equivalence {
    let tail = |distance: f64| match standard_error {
        0.0 => f64::from(u8::from(distance < 0.0)),
        _ => upper_tail(distance / standard_error, degrees_of_freedom),
    };
    let (p_above_lower, p_below_upper) = (tail(points + margin), tail(margin - points));
    Equivalence { margin, p_above_lower, p_below_upper, p: p_above_lower.max(p_below_upper) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Gains;

    fn assert_close(got: f64, expected: f64) {
        assert!((got - expected).abs() <= 1e-9 * expected.abs(), "{got} is not {expected}");
    }

    #[test]
    fn tost_agrees_with_the_worked_example_of_its_r_package() {
        // R package TOSTER (Lakens, 2017, Soc. Psychol. Personal. Sci. 8, 355-362), the example of TOSTtwo: a replication
        // with means 5.25 and 5.22, deviations 0.95 and 0.83, 95 and 89 participants, bounds d = -0.48 and 0.48, equal
        // variances: t(182) = 3.48 and -3.03.
        // sp = np.sqrt((94*.95**2 + 88*.83**2)/182); se = sp*np.sqrt(1/95 + 1/89)
        // stats.t.sf((.03 + .48*sp)/se, 182), stats.t.cdf((.03 - .48*sp)/se, 182)
        let pooled = ((94.0 * 0.95_f64.powi(2) + 88.0 * 0.83_f64.powi(2)) / 182.0).sqrt();
        let error = pooled * (1.0 / 95.0_f64 + 1.0 / 89.0).sqrt();
        let margin = 0.48 * pooled;
        assert_eq!(format!("{:.2}", (0.03 + margin) / error), "3.48");
        assert_eq!(format!("{:.2}", (0.03 - margin) / error), "-3.03");
        let test = tost(0.03, error, 182.0, margin);
        assert_close(test.p_above_lower, 0.000_312_376_442_781_439_5);
        assert_close(test.p_below_upper, 0.001_417_168_058_978_768_8);
        assert_close(test.p, test.p_below_upper);
    }

    #[test]
    fn tost_agrees_with_statsmodels() {
        // from statsmodels.stats.weightstats import DescrStatsW
        // DescrStatsW(np.array([.1, -.2, .3, .05, 0, -.1, .2, .15])).ttost_mean(-.25, .25)
        let test = tost(0.062_499_999_999_999_99, 0.057_282_196_186_947_99, 7.0, 0.25);
        assert_close(test.p_above_lower, 0.000_475_232_713_656_741_8);
        assert_close(test.p_below_upper, 0.006_806_409_361_023_328);
        // One seed is the one-sample test over documents: the same values as gains.
        let gains = Gains::new(&[[0.001_f32, -0.002, 0.003, 0.0005, 0.0, -0.001, 0.002, 0.0015]]).unwrap();
        let one = Crossed::of(&gains).equivalence(0.25).unwrap();
        assert!((one.p - 0.006_806_409_361_023_328).abs() < 1e-6, "{one:?}");
    }

    #[test]
    fn the_test_rejects_where_the_interval_lies_within_the_margin() {
        let rows: Vec<Vec<f32>> = (0..3_i16)
            .map(|seed| (0..40).map(|document| f32::from((seed * 5 + document * 3) % 7 - 3) / 50.0).collect())
            .collect();
        let crossed = Crossed::of(&Gains::new(&rows).unwrap());
        let interval = crossed.interval(0.95).unwrap();
        let mut within = 0;
        for hundredths in 0..300 {
            let margin = f64::from(hundredths) / 100.0;
            let test = crossed.equivalence(margin).unwrap();
            assert_eq!(test.p <= 0.025, interval.is_within(margin), "margin {margin}: {test:?}, {interval:?}");
            within += usize::from(interval.is_within(margin));
        }
        assert!((1..300).contains(&within), "both outcomes occur");
    }

    #[test]
    fn edges() {
        assert_close(tost(0.1, 0.0, 9.0, 0.25).p, 0.0);
        assert_close(tost(-0.3, 0.0, 9.0, 0.25).p, 1.0);
        // At the margin is within it.
        assert_close(tost(0.25, 0.0, 9.0, 0.25).p, 0.0);
        assert_close(tost(-0.25, 0.0, 9.0, 0.25).p, 0.0);
        let crossed = Crossed::of(&Gains::new(&[[0.0_f32, 0.1]]).unwrap());
        assert_eq!(crossed.equivalence(-0.1), Err(Error::Margin(-0.1)));
    }
}
