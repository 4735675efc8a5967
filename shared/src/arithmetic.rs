//! Arithmetic: the one rounding rule and the proof that no accumulator overflows.

/// The smallest multiplier of [`requantise`]: 2^30.
pub const MULTIPLIER_MIN: i32 = 1 << 30;
/// The smallest shift of [`requantise`].
pub const SHIFT_MIN: u8 = 1;
/// The largest shift of [`requantise`].
pub const SHIFT_MAX: u8 = 62;
/// The largest activation: activations are i16 and, after a `ReLU`, not negative.
pub const ACTIVATION_MAX: i32 = i16::MAX as i32;

/// `accumulator * multiplier / 2^shift`, rounded to nearest, ties upwards.
///
/// This is the only rounding rule of the project. `multiplier` lies in 2^30..2^31 and `shift` in 1..=62 (the
/// loader checks both), so the product stays below 2^62 and the rounding term below 2^62: no overflow.
///
/// # Example
///
/// ```
/// use edgefit::arithmetic::requantise;
///
/// let half = (1 << 30, 31); // 2^30 / 2^31
/// assert_eq!(requantise(10, half.0, half.1), 5);
/// assert_eq!(requantise(5, half.0, half.1), 3);
/// assert_eq!(requantise(-5, half.0, half.1), -2);
/// ```
#[must_use]
#[inline]
pub const fn requantise(accumulator: i32, multiplier: i32, shift: u8) -> i64 {
    let rounding = 1i64 << (shift - 1);
    (accumulator as i64 * multiplier as i64 + rounding) >> shift
}

/// The factor of [`requantise`] nearest to `factor`, as (multiplier, shift).
///
/// `None` if it is out of reach: not positive, not finite, or at 2^30 and above. A factor below 2^-32 comes
/// out as the smallest one there is.
#[must_use]
pub fn requantise_factor(factor: f64) -> Option<(i32, u8)> {
    if factor <= 0.0 {
        return None;
    }
    let mut multiplier = factor;
    let mut shift = 0u8;
    while multiplier < f64::from(MULTIPLIER_MIN) && shift < SHIFT_MAX {
        multiplier *= 2.0;
        shift += 1;
    }
    // 2^31 - 1 at most: a factor just below a power of two may round up to it.
    let rounded = ((multiplier + 0.5) as i64).clamp(i64::from(MULTIPLIER_MIN), i64::from(i32::MAX));
    // What is too large, infinite or no number has not been shifted.
    (shift >= SHIFT_MIN).then_some((rounded as i32, shift))
}

/// A bound on the absolute value of an accumulator, in any order of addition.
///
/// `|bias| + max(sum of positive weights, sum of negative weights) * input_max`: each partial sum lies between
/// the bias with all negative terms and the bias with all positive terms.
#[must_use]
pub fn accumulator_bound(bias: i32, weights: impl Iterator<Item = i32>, input_max: i32) -> i64 {
    let (mut positive, mut negative) = (0i64, 0i64);
    for weight in weights {
        positive += i64::from(weight.max(0));
        negative -= i64::from(weight.min(0));
    }
    bound(bias, positive.max(negative), input_max)
}

/// As [`accumulator_bound`], for inputs of either sign: `|bias| + sum of |weights| * input_max`.
#[must_use]
pub fn signed_accumulator_bound(bias: i32, weights: impl Iterator<Item = i32>, input_max: i32) -> i64 {
    bound(bias, weights.map(|weight| i64::from(weight).abs()).sum(), input_max)
}

/// The bound that weights with this sum give.
#[inline]
pub(crate) fn bound(bias: i32, sum: i64, input_max: i32) -> i64 {
    i64::from(bias).abs() + sum * i64::from(input_max)
}

/// Whether an accumulator with this bound, and its requantised value, stay within an i32.
#[must_use]
pub fn fits(bound: i64, multiplier: i32, shift: u8) -> bool {
    // One more than the requantised bound covers the rounding.
    bound <= i64::from(i32::MAX) && ((bound * i64::from(multiplier)) >> shift) < i64::from(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Round half up with i128 and floor division, written without shifts.
    fn reference(accumulator: i32, multiplier: i32, shift: u8) -> i128 {
        let (n, d) = (i128::from(accumulator) * i128::from(multiplier), 1i128 << shift);
        (2 * n + d).div_euclid(2 * d)
    }

    /// Each power of two, and one less and more, of both signs.
    fn boundaries() -> impl Iterator<Item = i32> {
        let powers = (0..=31).map(|bit| 1i64 << bit).flat_map(|power| [power - 1, power, power + 1]);
        powers.flat_map(|value| [value, -value]).filter_map(|value| i32::try_from(value).ok())
    }

    /// The accumulators about those of which half a unit is left over: `(n + 1/2) * 2^shift / multiplier`.
    fn about_ties(multiplier: i32, shift: u8) -> impl Iterator<Item = i32> {
        let tie = move |n: i128| ((2 * n + 1) << shift).div_euclid(2 * i128::from(multiplier));
        let near = boundaries().map(i128::from).map(tie).flat_map(|tie| [tie - 1, tie, tie + 1]);
        near.filter_map(|value| i32::try_from(value).ok())
    }

    #[test]
    #[cfg_attr(miri, ignore = "millions of products take an interpreter hours")]
    fn every_shift_and_boundary_rounds_as_the_i128_reference() {
        let middle = boundaries().filter_map(|value| MULTIPLIER_MIN.checked_add(value));
        let multipliers = middle.chain(boundaries()).filter(|&value| value >= MULTIPLIER_MIN).chain([0x5555_5555]);
        let multipliers: std::vec::Vec<i32> = multipliers.collect();
        for shift in SHIFT_MIN..=SHIFT_MAX {
            for &multiplier in &multipliers {
                for accumulator in boundaries().chain(about_ties(multiplier, shift)) {
                    let got = i128::from(requantise(accumulator, multiplier, shift));
                    assert_eq!(got, reference(accumulator, multiplier, shift), "{accumulator} {multiplier} {shift}");
                }
            }
        }
    }

    #[test]
    fn what_fits_is_an_i32_after_it_too_and_what_is_one_larger_may_not_be() {
        for shift in SHIFT_MIN..=SHIFT_MAX {
            for multiplier in [MULTIPLIER_MIN, MULTIPLIER_MIN + 1, 0x5555_5555, i32::MAX - 1, i32::MAX] {
                // The largest bound that fits, by halving.
                let (mut fitting, mut too_large) = (-1i64, 1i64 << 31);
                while too_large - fitting > 1 {
                    let middle = fitting.midpoint(too_large);
                    if fits(middle, multiplier, shift) { fitting = middle } else { too_large = middle }
                }
                for accumulator in [fitting, -fitting].into_iter().filter_map(|value| i32::try_from(value).ok()) {
                    let value = reference(accumulator, multiplier, shift);
                    assert!(i32::try_from(value).is_ok(), "{accumulator} {multiplier} {shift}: {value}");
                    assert_eq!(i128::from(requantise(accumulator, multiplier, shift)), value);
                }
                // The rule gives away no more than the unit that it keeps for the rounding.
                let next = i128::from(fitting + 2) * i128::from(multiplier) + (1 << shift);
                assert!(
                    fitting == i64::from(i32::MAX) || next >> shift >= i128::from(i32::MAX),
                    "{multiplier} {shift}"
                );
            }
        }
    }

    #[test]
    fn the_identity_factor_is_exact() {
        let (multiplier, shift) = requantise_factor(1.0).unwrap();
        for accumulator in [i32::MIN, -7, 0, 1, i32::MAX] {
            assert_eq!(requantise(accumulator, multiplier, shift), i64::from(accumulator));
        }
    }

    #[test]
    fn factors_out_of_reach_are_refused() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::from(MULTIPLIER_MIN)] {
            assert_eq!(requantise_factor(factor), None);
        }
    }

    #[test]
    fn a_factor_below_the_smallest_is_the_smallest() {
        for factor in [2f64.powi(-33), 1e-40, f64::MIN_POSITIVE] {
            assert_eq!(requantise_factor(factor), Some((MULTIPLIER_MIN, SHIFT_MAX)));
        }
    }

    #[test]
    fn bounds_are_reached_by_the_worst_inputs_and_no_more() {
        let weights = [3, -5, 0, 40, -1];
        // The inputs that make the most of the positive weights, or of the negative ones, or of all.
        assert_eq!(accumulator_bound(-7, weights.into_iter(), 100), 7 + 43 * 100);
        assert_eq!(accumulator_bound(7, weights.map(|weight| -weight).into_iter(), 100), 7 + 43 * 100);
        assert_eq!(signed_accumulator_bound(-7, weights.into_iter(), 100), 7 + 49 * 100);
        assert_eq!(signed_accumulator_bound(0, [].into_iter(), 100), 0);
        let widest = signed_accumulator_bound(i32::MIN, [i32::MIN; 2].into_iter(), i32::MAX);
        assert_eq!(widest, (1 << 31) + (1 << 32) * i64::from(i32::MAX));
    }

    proptest! {
        #[test]
        fn requantise_rounds_as_the_reference(
            accumulator: i32,
            multiplier in MULTIPLIER_MIN..=i32::MAX,
            shift in SHIFT_MIN..=SHIFT_MAX,
        ) {
            let got = i128::from(requantise(accumulator, multiplier, shift));
            prop_assert_eq!(got, reference(accumulator, multiplier, shift));
        }

        #[test]
        fn factors_are_within_half_a_unit(exponent in -30i32..29, mantissa in 1.0f64..2.0) {
            let factor = mantissa * 2f64.powi(exponent);
            let (multiplier, shift) = requantise_factor(factor).unwrap();
            let got = f64::from(multiplier) / 2f64.powi(i32::from(shift));
            prop_assert!((got / factor - 1.0).abs() <= 2f64.powi(-31) * 1.000_001, "{} {}", got, factor);
        }

        #[test]
        fn no_order_of_addition_passes_the_bound(
            bias in -1_000_000i32..1_000_000,
            terms in proptest::collection::vec((-2_047i32..=2_047, 0i32..=4_095), 0..64),
        ) {
            let bound = accumulator_bound(bias, terms.iter().map(|t| t.0), 4_095);
            let mut sorted: std::vec::Vec<i64> =
                terms.iter().map(|&(w, h)| i64::from(w) * i64::from(h)).collect();
            for _ in 0..2 {
                sorted.sort_unstable();
                sorted.reverse();
                let mut sum = i64::from(bias);
                for term in &sorted {
                    sum += term;
                    prop_assert!(sum.abs() <= bound);
                }
                for term in &mut sorted {
                    *term = -*term;
                }
            }
        }
    }
}
