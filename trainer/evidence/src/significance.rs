//! Exact `McNemar` test and Holm's adjustment.

use serde::Serialize;
use statrs::function::factorial::ln_binomial;

use super::Error;

/// The documents on which two runs disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Discordant {
    /// Documents that only the technique decided rightly.
    pub gained: usize,
    /// Documents that only the baseline decided rightly.
    pub lost: usize,
}

impl Discordant {
    /// Counts the disagreements of one technique file and one baseline file, correctness 0 or 1 a document.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] if the two are not of one length, [`Error::NotBinary`] for a value that is neither 0 nor 1
    /// (a mean over epochs is not a count).
    pub fn count(technique: &[f32], baseline: &[f32]) -> Result<Self, Error> {
        if technique.len() != baseline.len() {
            return Err(Error::Shape { what: "documents", expected: technique.len(), got: baseline.len() });
        }
        let mut counts = Self { gained: 0, lost: 0 };
        for (document, (&technique, &baseline)) in technique.iter().zip(baseline).enumerate() {
            match (is_right(technique, document)?, is_right(baseline, document)?) {
                (true, false) => counts.gained += 1,
                (false, true) => counts.lost += 1,
                _ => {}
            }
        }
        Ok(counts)
    }
}

#[expect(clippy::float_cmp, reason = "0 and 1 are exact, anything else is refused")]
fn is_right(value: f32, document: usize) -> Result<bool, Error> {
    if value == 1.0 {
        Ok(true)
    } else if value == 0.0 {
        Ok(false)
    } else {
        Err(Error::NotBinary { document, value })
    }
}

/// Exact two-sided p-value of `McNemar`'s test: `min(1, 2 P(X <= min(gained, lost)))`, X binomial with p = 1/2.
///
/// 1 if nothing is discordant. The documents are the population: a small p says that these two trained networks
/// differ, not that their recipes do.
///
/// Source: `McNemar` (1947), Psychometrika 12, 153-157; the exact conditional form as in Fagerland, Lydersen and Laake
/// (2013), BMC Med. Res. Methodol. 13:91.
#[must_use]
pub fn mcnemar(counts: Discordant) -> f64 {
    let total = counts.gained + counts.lost;
    let least = counts.gained.min(counts.lost);
    // The largest term in log space, because 0.5^n underflows from n = 1075; the others by their ratio to the one above.
    let mut term = (ln_binomial(total as u64, least as u64) - total as f64 * std::f64::consts::LN_2).exp();
    let mut tail = term;
    for k in (1..=least).rev() {
        term *= k as f64 / (total - k + 1) as f64;
        tail += term;
    }
    (2.0 * tail).min(1.0)
}

/// Holm's step-down adjustment: p-values to compare with the level wanted for the whole family.
///
/// The i-th smallest of m is multiplied by m - i + 1, made monotone, and capped at 1. A NaN counts as 1 and still
/// counts as a member of the family. Order is kept.
///
/// Source: Holm (1979), Scand. J. Statist. 6, 65-70.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let p_value = |index: usize| if p_values[index].is_nan() { 1.0 } else { p_values[index] };
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_value(a).total_cmp(&p_value(b)));

    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        let hypotheses_left = (p_values.len() - rank) as f64;
        largest = largest.max(hypotheses_left * p_value(index)).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64) -> bool {
        (got - expected).abs() <= 1e-9 * expected.abs().max(f64::MIN_POSITIVE)
    }

    #[test]
    fn mcnemar_agrees_with_published_examples() {
        // Bentur et al. (2009), airway hyper-responsiveness, in Fagerland et al. (2013): exact p = 0.070.
        let airways = mcnemar(Discordant { gained: 1, lost: 7 });
        assert_eq!(format!("{airways:.3}"), "0.070");
        // Agresti (1990), approval ratings of a prime minister, 86 and 150 of 1600: p = 4e-5.
        let approval = mcnemar(Discordant { gained: 150, lost: 86 });
        assert_eq!(format!("{approval:.0e}"), "4e-5");
    }

    #[test]
    fn mcnemar_agrees_with_statsmodels() {
        // from statsmodels.stats.contingency_tables import mcnemar
        // repr(mcnemar([[0, gained], [lost, 0]], exact=True).pvalue)
        for (gained, lost, expected) in [
            (6, 16, 0.052_478_790_283_203_125),
            (59, 121, 4.434_449_263_755_164_5e-6),
            (86, 150, 3.715_936_139_571_386_6e-5),
            (5, 5, 1.0),
            (0, 9, 0.003_906_25),
            (900, 1000, 0.023_108_845_108_901_193),
            (12_400, 12_600, 0.208_178_837_120_669_65),
            (12_000, 13_000, 2.631_745_508_336_315_7e-10),
            (100, 24_900, 0.0),
        ] {
            for counts in [Discordant { gained, lost }, Discordant { gained: lost, lost: gained }] {
                let p = mcnemar(counts);
                assert!(close(p, expected), "{counts:?}: {p} is not {expected}");
            }
        }
        assert!(close(mcnemar(Discordant { gained: 0, lost: 0 }), 1.0));
    }

    #[test]
    fn discordant_counts_are_of_single_files() {
        let counts = Discordant::count(&[1.0, 1.0, 0.0, 0.0, 1.0], &[1.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(counts, Ok(Discordant { gained: 2, lost: 1 }));
        assert_eq!(Discordant::count(&[1.0, 0.8], &[1.0, 0.0]), Err(Error::NotBinary { document: 1, value: 0.8 }));
        assert!(Discordant::count(&[1.0, f32::NAN], &[1.0, 0.0]).is_err());
        assert!(Discordant::count(&[1.0], &[1.0, 0.0]).is_err());
    }

    #[test]
    fn holm_agrees_with_a_published_example_and_statsmodels() {
        // Wikipedia, "Holm-Bonferroni method", example: adjusted 0.03, 0.06, 0.06, 0.02.
        // from statsmodels.stats.multitest import multipletests
        // multipletests(p, method="holm")[1]
        for (p_values, expected) in [
            (vec![0.01, 0.04, 0.03, 0.005], vec![0.03, 0.06, 0.06, 0.02]),
            (vec![0.2, 0.001, 0.013, 0.04, 0.013], vec![0.2, 0.005, 0.052, 0.08, 0.052]),
        ] {
            for (got, expected) in holm(&p_values).into_iter().zip(expected) {
                assert!(close(got, expected), "{got} is not {expected}");
            }
        }
    }

    #[test]
    fn holm_at_the_edges() {
        assert!(holm(&[]).is_empty());
        assert!(close(holm(&[0.04])[0], 0.04));
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        let with_nan = holm(&[f64::NAN, 0.01]);
        assert!(close(with_nan[0], 1.0) && close(with_nan[1], 0.02));
    }
}
