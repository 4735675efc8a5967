//! The mean gain over seeds and documents, which are crossed: every seed meets every document.

use serde::Serialize;

use super::interval::checked_level;
use super::student::{satterthwaite, t_quantile, two_sided_p};
use super::{Error, Gains, Interval};

/// The most seeds [`Crossed::needed`] thinks of.
const MOST_SEEDS: usize = 1_000;
/// The most documents [`Crossed::needed`] thinks of.
const MOST_DOCUMENTS: usize = 10_000_000;

/// The mean of a table of gains with its uncertainty over new seeds *and* new documents.
///
/// With `s_seed^2` the sample variance of the S seed means and `s_doc^2` that of the N document means, the variance of
/// the mean is taken as `s_seed^2 / S + s_doc^2 / N`, and Student's t has the degrees of freedom that match the variance
/// of this sum of two mean squares (Satterthwaite, 1946, Biometrics Bulletin 2, 110-114):
///
/// ```text
/// (a + b)^2 / (a^2 / (S - 1) + b^2 / (N - 1)),   a = s_seed^2 / S,   b = s_doc^2 / N
/// ```
///
/// The residual (what a seed does to a document beyond both means) is part of both terms, so the interval errs on the
/// wide side, by `residual / (S N)` in variance. With one seed only the documents' term is left: the interval is the
/// paired t interval of this one pair of networks and says nothing of other seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Crossed {
    /// Mean gain, points.
    pub points: f64,
    /// Standard error of the mean gain, points.
    pub standard_error: f64,
    /// Satterthwaite's degrees of freedom; N - 1 with one seed.
    pub degrees_of_freedom: f64,
    /// Number of seeds S.
    pub seeds: usize,
    /// Number of documents N.
    pub documents: usize,
    /// Where the variance comes from.
    pub components: Components,
}

/// Variance components of one gain, in points squared: of a single seed, a single document, a single decision.
///
/// Estimated by equating mean squares with their expectations, negative estimates set to 0 (Searle, Casella and
/// `McCulloch`, 1992, Variance Components, section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Components {
    /// Variance between seeds; 0 with one seed, where it cannot be seen.
    pub seed: f64,
    /// Variance between documents; with one seed it includes the residual.
    pub document: f64,
    /// Variance of seed-by-document interaction and noise; 0 with one seed.
    pub residual: f64,
}

/// How many seeds or documents in all would make an interval narrow enough, the other number staying as it is.
///
/// An estimate from the variance components seen, good to order of magnitude with few seeds. `None`: not with 1,000
/// seeds, or not with 10,000,000 documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Needed {
    /// Seeds needed with the present documents.
    pub seeds: Option<usize>,
    /// Documents needed with the present seeds.
    pub documents: Option<usize>,
}

/// The two terms of the variance of the mean, points squared.
#[derive(Clone, Copy)]
struct Terms {
    seed: f64,
    document: f64,
    seeds: usize,
    documents: usize,
}

impl Crossed {
    /// Estimates the mean gain and its variance.
    #[must_use]
    pub fn of(gains: &Gains) -> Self {
        let (seeds, documents) = (gains.seeds(), gains.documents());
        let seed_means: Vec<f64> = gains.rows().map(|row| mean(row.iter().map(|&gain| f64::from(gain)))).collect();
        let mut document_means = vec![0.0; documents];
        for row in gains.rows() {
            for (sum, &gain) in document_means.iter_mut().zip(row) {
                *sum += f64::from(gain) / seeds as f64;
            }
        }
        let grand_mean = mean(seed_means.iter().copied());

        let of_seeds = 1e4 * mean_square(seed_means.iter().map(|mean| mean - grand_mean), seeds - 1);
        let of_documents = 1e4 * mean_square(document_means.iter().map(|mean| mean - grand_mean), documents - 1);
        let residuals = gains.rows().zip(&seed_means).flat_map(|(row, seed_mean)| {
            let cells = row.iter().zip(&document_means);
            cells.map(move |(&gain, document_mean)| f64::from(gain) - seed_mean - document_mean + grand_mean)
        });
        let residual = 1e4 * mean_square(residuals, (seeds - 1) * (documents - 1));

        let terms =
            Terms { seed: of_seeds / seeds as f64, document: of_documents / documents as f64, seeds, documents };
        Self {
            points: 100.0 * grand_mean,
            standard_error: terms.standard_error(),
            degrees_of_freedom: terms.degrees_of_freedom(),
            seeds,
            documents,
            components: Components {
                seed: (of_seeds - residual / documents as f64).max(0.0),
                document: (of_documents - residual / seeds as f64).max(0.0),
                residual,
            },
        }
    }

    /// The interval that covers the mean gain with probability `level`, such as 0.95.
    ///
    /// # Errors
    ///
    /// [`Error::Level`] unless `level` lies strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Result<Interval, Error> {
        let quantile = t_quantile(checked_level(level)?, self.degrees_of_freedom);
        Ok(Interval::around(self.points, quantile * self.standard_error))
    }

    /// Two-sided p-value of "the mean gain is 0". Without any variance it is 1 for a gain of 0 and 0 for any other.
    #[must_use]
    pub fn p_value(&self) -> f64 {
        if self.points == 0.0 {
            return 1.0;
        }
        two_sided_p(self.points / self.standard_error, self.degrees_of_freedom)
    }

    /// How many seeds or documents would bring half the interval's width down to `half_width` points.
    ///
    /// Never fewer than there are. Documents are given to within 1%. Satterthwaite's approximation makes the width fall
    /// unevenly when one of the two variances fades, so the answer is the first number that suffices.
    ///
    /// # Errors
    ///
    /// [`Error::Level`] unless `level` lies strictly between 0 and 1.
    pub fn needed(&self, half_width: f64, level: f64) -> Result<Needed, Error> {
        let level = checked_level(level)?;
        let suffices = |seeds, documents| self.half_width_at(seeds, documents, level) <= half_width;
        let more_documents = |&documents: &usize| Some(documents + documents.div_ceil(100));
        Ok(Needed {
            seeds: (self.seeds..=MOST_SEEDS).find(|&seeds| suffices(seeds, self.documents)),
            documents: std::iter::successors(Some(self.documents), more_documents)
                .take_while(|&documents| documents <= MOST_DOCUMENTS)
                .find(|&documents| suffices(self.seeds, documents)),
        })
    }

    /// Half the interval's width to expect with so many seeds and documents.
    fn half_width_at(&self, seeds: usize, documents: usize, level: f64) -> f64 {
        let Components { seed, document, residual } = self.components;
        let shared = residual / (seeds as f64 * documents as f64);
        let terms = Terms {
            seed: seed / seeds as f64 + shared,
            document: document / documents as f64 + shared,
            seeds,
            documents,
        };
        t_quantile(level, terms.degrees_of_freedom()) * terms.standard_error()
    }
}

impl Terms {
    fn standard_error(self) -> f64 {
        (self.seed + self.document).sqrt()
    }

    fn degrees_of_freedom(self) -> f64 {
        let by_documents = self.documents as f64 - 1.0;
        if self.seed == 0.0 {
            // Also where nothing varies at all: any number gives the same interval of no width.
            return by_documents;
        }
        satterthwaite(&[(self.seed, self.seeds as f64 - 1.0), (self.document, by_documents)])
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

/// Sum of squares over its degrees of freedom; 0 where there are none.
fn mean_square(deviations: impl Iterator<Item = f64>, degrees_of_freedom: usize) -> f64 {
    if degrees_of_freedom == 0 {
        return 0.0;
    }
    deviations.map(|deviation| deviation * deviation).sum::<f64>() / degrees_of_freedom as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(got: f64, expected: f64) {
        assert!((got - expected).abs() <= 1e-9 * expected.abs(), "{got} is not {expected}");
    }

    /// ```python
    /// g = np.array([[((7*s + 3*d + s*d) % 11)//2 - 2 if d % 3 else 0 for d in range(60)] for s in range(4)]) / 5
    /// ```
    fn example() -> Vec<Vec<f32>> {
        let cell = |seed: i16, document: i16| match document % 3 {
            0 => 0.0,
            _ => f32::from(((7 * seed + 3 * document + seed * document) % 11) / 2 - 2) / 5.0,
        };
        (0..4).map(|seed| (0..60).map(|document| cell(seed, document)).collect()).collect()
    }

    fn crossed(rows: &[Vec<f32>]) -> Crossed {
        Crossed::of(&Gains::new(rows).unwrap())
    }

    #[test]
    fn crossed_interval_agrees_with_scipy() {
        // S, N = g.shape; a = g.mean(1).var(ddof=1)/S; b = g.mean(0).var(ddof=1)/N; m = g.mean()
        // se = np.sqrt(a+b); df = (a+b)**2/(a*a/(S-1) + b*b/(N-1)); h = stats.t.ppf((1+level)/2, df)*se
        // 100*m, 100*se, df, 100*(m-h), 100*(m+h), 2*stats.t.sf(abs(m/se), df)
        let crossed = crossed(&example());
        // The table holds f32: its fifths are right to 1e-8.
        let assert_near = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-6, "{got} is not {expected}");
        assert_near(crossed.points, 3.0);
        assert_near(crossed.standard_error, 2.072_145_098_861_193);
        assert!((crossed.degrees_of_freedom - 61.876_893_457_379_41).abs() < 1e-4);
        let interval = crossed.interval(0.95).unwrap();
        assert_near(interval.low, -1.142_322_967_961_728);
        assert_near(interval.high, 7.142_322_967_961_729);
        let interval = crossed.interval(0.99).unwrap();
        assert_near(interval.low, -2.507_027_717_822_225);
        assert_near(interval.high, 8.507_027_717_822_227);
        assert_near(crossed.p_value(), 0.152_728_014_127_352);
        // r = g - g.mean(1, keepdims=True) - g.mean(0) + g.mean(); (r**2).sum()/(3*59)
        assert!((crossed.components.residual - 601.581_920_903_954_7).abs() < 1e-3);
    }

    #[test]
    fn components_agree_with_the_expected_mean_squares() {
        // r as above; g.mean(1).var(ddof=1)*1e4 - r/N, g.mean(0).var(ddof=1)*1e4 - r/S
        let near = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-3, "{got} is not {expected}");
        let components = crossed(&example()).components;
        near(components.document, 97.231_638_418_079);
        assert_close(components.seed, 0.0);
        // The same with g[s, d] + s/4 + (d % 2)/2: effects of seeds and documents leave the residual.
        let mut rows = example();
        for (seed, row) in (0i8..).zip(&mut rows) {
            for (document, gain) in row.iter_mut().enumerate() {
                *gain += f32::from(seed) / 4.0 + f32::from(document as u8 % 2) / 2.0;
            }
        }
        let components = crossed(&rows).components;
        near(components.seed, 1_065.640_301_318_268);
        near(components.document, 758.248_587_570_622);
        near(components.residual, 601.581_920_903_954);
    }

    #[test]
    fn one_seed_gives_the_paired_t_interval_over_documents() {
        // stats.ttest_1samp(g[0], 0), .confidence_interval()
        let one = crossed(&example()[..1]);
        let interval = one.interval(0.95).unwrap();
        assert_close(one.degrees_of_freedom, 59.0);
        assert!((interval.low - -4.773_192_637_925_307).abs() < 1e-6);
        assert!((interval.high - 8.773_192_637_925_307).abs() < 1e-6);
        assert!((one.p_value() - 0.556_872_779_712_079_3).abs() < 1e-6);
    }

    #[test]
    fn gain_changes_sign_with_the_order_of_comparison() {
        let negated: Vec<Vec<f32>> = example().iter().map(|row| row.iter().map(|gain| -gain).collect()).collect();
        let (forth, back) = (crossed(&example()), crossed(&negated));
        assert_close(back.points, -forth.points);
        assert_close(back.standard_error, forth.standard_error);
        assert_close(back.p_value(), forth.p_value());
        let (forth, back) = (forth.interval(0.95).unwrap(), back.interval(0.95).unwrap());
        assert_close(back.low, -forth.high);
    }

    #[test]
    fn order_of_documents_and_seeds_does_not_matter() {
        let mut shuffled = example();
        shuffled.reverse();
        for row in &mut shuffled {
            // 17 and 60 are coprime: a permutation.
            *row = (0..60).map(|document| row[(17 * document + 5) % 60]).collect();
        }
        let (ordered, shuffled) = (crossed(&example()), crossed(&shuffled));
        assert_close(shuffled.points, ordered.points);
        assert_close(shuffled.standard_error, ordered.standard_error);
        assert_close(shuffled.degrees_of_freedom, ordered.degrees_of_freedom);
    }

    #[test]
    fn no_variance_gives_an_interval_of_no_width() {
        let constant = crossed(&[vec![0.5; 4], vec![0.5; 4]]);
        assert_eq!(constant.interval(0.95), Ok(Interval { points: 50.0, low: 50.0, high: 50.0 }));
        assert_close(constant.p_value(), 0.0);
        assert_close(crossed(&[vec![0.0; 4]]).p_value(), 1.0);
    }

    #[test]
    fn levels_are_checked() {
        let crossed = crossed(&example());
        assert_eq!(crossed.interval(95.0), Err(Error::Level(95.0)));
        assert_eq!(crossed.needed(0.1, 0.0), Err(Error::Level(0.0)));
    }

    #[test]
    fn what_is_needed_suffices_and_less_does_not() {
        let crossed = Crossed {
            seeds: 5,
            documents: 2_000,
            components: Components { seed: 0.2, document: 200.0, residual: 150.0 },
            ..crossed(&example())
        };
        // def half(S, N): a = .2/S + 150/S/N; b = 200/N + 150/S/N; df = (a+b)**2/(a*a/(S-1) + b*b/(N-1))
        //                 return stats.t.ppf(.975, df)*np.sqrt(a+b)
        // next(S for S in range(5, 1000) if half(S, 2000) <= .75): 9
        // next(N for N in range(2000, 200000, 10) if half(5, N) <= .75): 2770
        let needed = crossed.needed(0.75, 0.95).unwrap();
        assert_eq!(needed.seeds, Some(9));
        assert!((2_760..2_800).contains(&needed.documents.unwrap()));
        // The documents alone leave 0.62 points, the seeds alone 0.56.
        let beyond = crossed.needed(0.5, 0.95).unwrap();
        assert_eq!(beyond, Needed { seeds: None, documents: None });
        let enough = crossed.needed(5.0, 0.95).unwrap();
        assert_eq!(enough, Needed { seeds: Some(5), documents: Some(2_000) });
    }
}
