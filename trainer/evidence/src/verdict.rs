//! One word on whether a gain survives deployment.

use std::fmt;

use serde::Serialize;

use super::Interval;

/// What three intervals say about a technique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Verdict {
    /// The gain is there in float and deployed, and deployment shifts it by no more than the margin.
    #[serde(rename = "holds")]
    Holds,
    /// The gain is there in float, and deployment takes all or a relevant part of it.
    #[serde(rename = "lost")]
    Lost,
    /// The gain is there in float, and deployed the technique is worse than the baseline.
    #[serde(rename = "reversed")]
    Reversed,
    /// Float shows neither gain nor loss, or there is one seed.
    #[serde(rename = "not shown")]
    NotShown,
    /// The technique is worse than the baseline in float already.
    #[serde(rename = "worse")]
    Worse,
    /// The intervals are too wide to say, or deployment raises the gain by more than the margin.
    #[serde(rename = "inconclusive")]
    Inconclusive,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::Lost => "lost",
            Self::Reversed => "reversed",
            Self::NotShown => "not shown",
            Self::Worse => "worse",
            Self::Inconclusive => "inconclusive",
        })
    }
}

/// Judges a technique by its gain in float, its gain deployed, and the shift (deployed gain - float gain).
///
/// `margin` is the shift, in points, that does not matter. The first rule that applies decides:
///
/// 1. fewer than two seeds: [`NotShown`](Verdict::NotShown), whatever the numbers are;
/// 2. a number that is not finite, ends out of order, or a negative margin: [`Inconclusive`](Verdict::Inconclusive);
/// 3. float wholly below 0: [`Worse`](Verdict::Worse);
/// 4. float contains 0 (an end at 0 counts): [`NotShown`](Verdict::NotShown);
///
/// and where float is wholly above 0:
///
/// 5. deployed wholly below 0: [`Reversed`](Verdict::Reversed), also where rule 6 would apply;
/// 6. shift wholly below `-margin`, or shift wholly below 0 and deployed not wholly above 0: [`Lost`](Verdict::Lost);
/// 7. deployed wholly above 0 and shift within `-margin..=margin`: [`Holds`](Verdict::Holds);
/// 8. else [`Inconclusive`](Verdict::Inconclusive).
#[must_use]
pub fn judge(float: Interval, deployed: Interval, shift: Interval, margin: f64, seeds: usize) -> Verdict {
    if seeds < 2 {
        return Verdict::NotShown;
    }
    let is_sound = [float, deployed, shift].iter().all(Interval::is_sound) && margin.is_finite() && margin >= 0.0;
    if !is_sound {
        return Verdict::Inconclusive;
    }
    if float.is_below(0.0) {
        Verdict::Worse
    } else if !float.is_above(0.0) {
        Verdict::NotShown
    } else if deployed.is_below(0.0) {
        Verdict::Reversed
    } else if shift.is_below(-margin) || (shift.is_below(0.0) && !deployed.is_above(0.0)) {
        Verdict::Lost
    } else if deployed.is_above(0.0) && shift.is_within(margin) {
        Verdict::Holds
    } else {
        Verdict::Inconclusive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARGIN: f64 = 0.25;

    fn interval(low: f64, high: f64) -> Interval {
        Interval { points: f64::midpoint(low, high), low, high }
    }

    fn word(float: (f64, f64), deployed: (f64, f64), shift: (f64, f64)) -> String {
        let [float, deployed, shift] = [float, deployed, shift].map(|(low, high)| interval(low, high));
        judge(float, deployed, shift, MARGIN, 5).to_string()
    }

    #[test]
    fn every_word_has_its_case() {
        assert_eq!(word((0.5, 1.5), (0.4, 1.4), (-0.2, 0.1)), "holds");
        // Most of a large gain is left, but more than the margin is gone.
        assert_eq!(word((2.0, 3.0), (1.0, 2.0), (-1.3, -0.7)), "lost");
        // The loss may be within the margin, but what is left may be nothing.
        assert_eq!(word((0.1, 0.5), (-0.1, 0.3), (-0.3, -0.1)), "lost");
        assert_eq!(word((0.5, 1.5), (-1.5, -0.5), (-2.5, -1.5)), "reversed");
        assert_eq!(word((-0.5, 1.5), (0.4, 1.4), (-0.1, 0.1)), "not shown");
        assert_eq!(word((-1.5, -0.5), (0.4, 1.4), (1.0, 2.0)), "worse");
        assert_eq!(word((0.5, 1.5), (0.4, 1.4), (-0.4, 0.1)), "inconclusive");
        assert_eq!(word((0.1, 1.5), (-0.1, 1.4), (-0.2, 0.1)), "inconclusive");
        // The gain grows by more than the margin: welcome, but not what was validated.
        assert_eq!(word((0.5, 1.5), (1.5, 2.5), (0.8, 1.2)), "inconclusive");
    }

    #[test]
    fn ends_at_the_bounds() {
        assert_eq!(word((0.0, 1.5), (0.4, 1.4), (-0.1, 0.1)), "not shown");
        assert_eq!(word((-1.5, 0.0), (0.4, 1.4), (-0.1, 0.1)), "not shown");
        assert_eq!(word((0.5, 1.5), (0.4, 1.4), (-MARGIN, MARGIN)), "holds");
        assert_eq!(word((0.5, 1.5), (0.0, 1.4), (-0.1, 0.1)), "inconclusive");
        assert_eq!(word((2.0, 3.0), (1.0, 2.0), (-1.0, -MARGIN)), "inconclusive");
        assert_eq!(word((0.5, 1.5), (-1.5, 0.0), (-2.5, 0.0)), "inconclusive");
        let unchanged = judge(interval(0.5, 1.5), interval(0.5, 1.5), interval(0.0, 0.0), 0.0, 5);
        assert_eq!(unchanged, Verdict::Holds);
    }

    #[test]
    fn one_seed_shows_nothing() {
        let gain = interval(1.0, 2.0);
        for (seeds, expected) in [(0, Verdict::NotShown), (1, Verdict::NotShown), (2, Verdict::Holds)] {
            assert_eq!(judge(gain, gain, interval(-0.1, 0.1), MARGIN, seeds), expected);
        }
        assert_eq!(judge(interval(-2.0, -1.0), gain, gain, MARGIN, 1), Verdict::NotShown);
    }

    #[test]
    fn what_is_not_finite_never_holds() {
        let sound = [interval(0.5, 1.5), interval(0.4, 1.4), interval(-0.2, 0.1)];
        for which in 0..3 {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let good = sound[which];
                for spoilt in
                    [Interval { points: bad, ..good }, Interval { low: bad, ..good }, Interval { high: bad, ..good }]
                {
                    let mut intervals = sound;
                    intervals[which] = spoilt;
                    let [float, deployed, shift] = intervals;
                    assert_eq!(judge(float, deployed, shift, MARGIN, 5), Verdict::Inconclusive);
                }
            }
        }
        for margin in [f64::NAN, f64::INFINITY, -0.25] {
            assert_eq!(judge(sound[0], sound[1], sound[2], margin, 5), Verdict::Inconclusive);
        }
    }

    /// All intervals with ends on a grid that has points on, between and beyond the bounds.
    #[test]
    fn rules_agree_with_their_definitions_everywhere() {
        let grid = [-0.5, -MARGIN, -0.1, 0.0, 0.1, MARGIN, 0.5];
        let ends = || grid.iter().flat_map(|&low| grid.iter().filter(move |&&h| h >= low).map(move |&h| (low, h)));
        for float in ends() {
            for deployed in ends() {
                for shift in ends() {
                    let word = word(float, deployed, shift);
                    let float_contains_0 = float.0 <= 0.0 && float.1 >= 0.0;
                    let holds = float.0 > 0.0 && deployed.0 > 0.0 && shift.0 >= -MARGIN && shift.1 <= MARGIN;
                    let lost = float.0 > 0.0
                        && deployed.1 >= 0.0
                        && (shift.1 < -MARGIN || (shift.1 < 0.0 && deployed.0 <= 0.0));
                    let reversed = float.0 > 0.0 && deployed.1 < 0.0;
                    let case = format!("{float:?} {deployed:?} {shift:?}: {word}");
                    assert_eq!(word == "not shown", float_contains_0, "{case}");
                    assert_eq!(word == "worse", float.1 < 0.0, "{case}");
                    assert_eq!(word == "holds", holds, "{case}");
                    assert_eq!(word == "lost", lost, "{case}");
                    assert_eq!(word == "reversed", reversed, "{case}");
                }
            }
        }
    }
}
