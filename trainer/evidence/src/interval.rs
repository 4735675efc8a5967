//! A confidence interval in percentage points.

use std::fmt;

use serde::Serialize;

use super::Error;

/// An estimate with the ends of its confidence interval, all in percentage points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The estimate.
    pub points: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The interval that reaches `half_width` points to either side of `points`.
    #[must_use]
    pub fn around(points: f64, half_width: f64) -> Self {
        Self { points, low: points - half_width, high: points + half_width }
    }

    /// Whether all of it lies above `bound`.
    #[must_use]
    pub fn is_above(&self, bound: f64) -> bool {
        self.low > bound
    }

    /// Whether all of it lies below `bound`.
    #[must_use]
    pub fn is_below(&self, bound: f64) -> bool {
        self.high < bound
    }

    /// Whether all of it lies within `-margin` and `margin`, both included.
    ///
    /// This is equivalence by two one-sided tests (Schuirmann, 1987, J. Pharmacokinet. Biopharm. 15, 657-680). The
    /// 90% interval would give a test at 5%; with the 95% interval used here each side is tested at 2.5%.
    #[must_use]
    pub fn is_within(&self, margin: f64) -> bool {
        self.low >= -margin && self.high <= margin
    }

    /// Whether its three numbers are finite and its ends in order.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.points.is_finite() && self.low.is_finite() && self.high.is_finite() && self.low <= self.high
    }
}

impl fmt::Display for Interval {
    /// `+0.63 [+0.11, +1.16]`, never `-0.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [points, low, high] = [self.points, self.low, self.high].map(|end| (end * 100.0).round() / 100.0 + 0.0);
        write!(f, "{points:+.2} [{low:+.2}, {high:+.2}]")
    }
}

/// Passes a confidence level on if it is one.
pub(super) fn checked_level(level: f64) -> Result<f64, Error> {
    if level > 0.0 && level < 1.0 { Ok(level) } else { Err(Error::Level(level)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_of_an_interval() {
        let interval = Interval::around(0.5, 0.25);
        assert!(interval.is_above(0.2) && !interval.is_above(0.25));
        assert!(interval.is_below(0.8) && !interval.is_below(0.75));
        assert!(interval.is_within(0.75) && !interval.is_within(0.7));
        assert!(Interval::around(0.0, 0.0).is_within(0.0));
    }

    #[test]
    fn an_interval_is_written_with_signs_and_without_a_negative_zero() {
        assert_eq!(Interval { points: 0.634, low: -0.004, high: 1.16 }.to_string(), "+0.63 [+0.00, +1.16]");
        assert_eq!(Interval::around(-0.5, 0.25).to_string(), "-0.50 [-0.75, -0.25]");
        assert_eq!(Interval::around(f64::NAN, 1.0).to_string(), "NaN [NaN, NaN]");
    }

    #[test]
    fn unsound_intervals_are_recognised() {
        assert!(Interval::around(1.0, 0.0).is_sound());
        assert!(!Interval::around(1.0, -1.0).is_sound());
        assert!(!Interval::around(f64::NAN, 1.0).is_sound());
        assert!(!Interval::around(0.0, f64::INFINITY).is_sound());
        assert!(!Interval { points: f64::NAN, low: 0.0, high: 1.0 }.is_sound());
    }

    #[test]
    fn levels_lie_strictly_between_0_and_1() {
        assert_eq!(checked_level(0.95), Ok(0.95));
        for level in [0.0, 1.0, -0.5, 95.0] {
            assert_eq!(checked_level(level), Err(Error::Level(level)));
        }
        assert!(checked_level(f64::NAN).is_err());
    }
}
