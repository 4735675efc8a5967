//! Percentile bootstrap over seeds and documents.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::Serialize;
use statrs::distribution::{Binomial, Discrete};

use super::interval::checked_level;
use super::{Error, Gains, Interval};

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Resampling {
    /// Number of draws.
    pub draws: usize,
    /// Seed of the `ChaCha8` stream: same seed, same intervals.
    pub seed: u64,
}

impl Default for Resampling {
    /// 10,000 draws from seed 0.
    fn default() -> Self {
        Self { draws: 10_000, seed: 0 }
    }
}

/// Percentile intervals of the mean gain of several tables, in their order.
///
/// Each draw takes S of the S seeds and N of the N documents with replacement, independently of each other, and the same
/// ones for every table, so that differences between tables stay paired (crossed or pigeonhole bootstrap: `McCullagh`,
/// 2000, Bernoulli 6, 285-301; Owen, 2007, Ann. Appl. Stat. 1, 386-411; percentiles: Efron, 1979, Ann. Statist. 7,
/// 1-26). With one seed it is the paired bootstrap over documents.
///
/// With few seeds the intervals are too short: S seeds resampled have (S - 1)/S of the variance, and percentiles know
/// nothing of Student's t. They stand beside the crossed interval, not in its place.
///
/// The draws depend on which tables are given: one table more changes the others' intervals within simulation error.
/// Time grows with draws x documents with any gain x tables; beyond some eight seeds also with the number of seeds.
///
/// # Errors
///
/// [`Error::Level`], [`Error::NoDraws`], and [`Error::Shape`] unless all tables have the same seeds and documents.
pub fn bootstrap(gains: &[Gains], resampling: Resampling, level: f64) -> Result<Vec<Interval>, Error> {
    let tail = (1.0 - checked_level(level)?) / 2.0;
    if resampling.draws == 0 {
        return Err(Error::NoDraws);
    }
    let Some(first) = gains.first() else { return Ok(Vec::new()) };
    for table in gains {
        first.same_shape(table)?;
    }

    let intervals = draw_means(gains, resampling).into_iter().zip(gains).map(|(mut means, table)| {
        means.sort_by(f64::total_cmp);
        let sum: f64 = table.rows().flatten().map(|&gain| f64::from(gain)).sum();
        Interval {
            points: 100.0 * sum / (table.seeds() * table.documents()) as f64,
            low: 100.0 * quantile(&means, tail),
            high: 100.0 * quantile(&means, 1.0 - tail),
        }
    });
    Ok(intervals.collect())
}

/// The mean of every table in every draw.
fn draw_means(gains: &[Gains], resampling: Resampling) -> Vec<Vec<f64>> {
    let (seeds, documents) = (gains[0].seeds(), gains[0].documents());
    let active = ActiveDocuments::of(gains);
    let mut random = ChaCha8Rng::seed_from_u64(resampling.seed);

    // The mean depends on how often each seed is drawn, not on the order. S = 5 seeds have 126 such counts, so the
    // draws that share them share the sum over seeds too.
    let mut draws_by_counts = BTreeMap::<Vec<u32>, usize>::new();
    for _ in 0..resampling.draws {
        let mut counts = vec![0; seeds];
        for _ in 0..seeds {
            counts[below(seeds, &mut random)] += 1;
        }
        *draws_by_counts.entry(counts).or_default() += 1;
    }

    let active_drawn = BinomialTable::new(documents, active.count as f64 / documents as f64);
    let cells = (seeds * documents) as f64;
    let mut means = vec![Vec::with_capacity(resampling.draws); gains.len()];
    for (counts, draws) in draws_by_counts {
        let summed = active.sum_over_seeds(&counts);
        for _ in 0..draws {
            let mut sums = vec![0.0; gains.len()];
            for _ in 0..active_drawn.sample(&mut random) {
                let start = below(active.count, &mut random) * gains.len();
                for (sum, gain) in sums.iter_mut().zip(&summed[start..start + gains.len()]) {
                    *sum += gain;
                }
            }
            for (means, sum) in means.iter_mut().zip(sums) {
                means.push(sum / cells);
            }
        }
    }
    means
}

/// The documents with a gain other than 0 in any table; the rest, most of them, add nothing to any sum.
struct ActiveDocuments {
    count: usize,
    tables: usize,
    /// Active documents x seeds x tables.
    values: Vec<f32>,
}

impl ActiveDocuments {
    fn of(gains: &[Gains]) -> Self {
        let mut is_active = vec![false; gains[0].documents()];
        for row in gains.iter().flat_map(Gains::rows) {
            for (is_active, &gain) in is_active.iter_mut().zip(row) {
                *is_active |= gain != 0.0;
            }
        }
        let tables: Vec<Vec<&[f32]>> = gains.iter().map(|table| table.rows().collect()).collect();
        let mut values = Vec::new();
        let mut count = 0;
        for document in (0..is_active.len()).filter(|&document| is_active[document]) {
            count += 1;
            for seed in 0..gains[0].seeds() {
                values.extend(tables.iter().map(|rows| rows[seed][document]));
            }
        }
        Self { count, tables: gains.len(), values }
    }

    /// Active documents x tables: the sum over seeds, each as often as it was drawn.
    fn sum_over_seeds(&self, counts: &[u32]) -> Vec<f64> {
        let mut sums = vec![0.0; self.count * self.tables];
        for (document, sums) in
            self.values.chunks_exact(counts.len() * self.tables).zip(sums.chunks_exact_mut(self.tables))
        {
            for (row, &count) in document.chunks_exact(self.tables).zip(counts) {
                for (sum, &gain) in sums.iter_mut().zip(row) {
                    *sum += f64::from(count) * f64::from(gain);
                }
            }
        }
        sums
    }
}

/// A binomial distribution made for many samples: one uniform number and one binary search each.
struct BinomialTable {
    cumulative: Vec<f64>,
}

impl BinomialTable {
    fn new(trials: usize, probability: f64) -> Self {
        let binomial = Binomial::new(probability, trials as u64).expect("a share lies within 0 and 1");
        let mut total = 0.0;
        let cumulative = (0..=trials as u64).map(|successes| {
            total += binomial.pmf(successes);
            total
        });
        Self { cumulative: cumulative.collect() }
    }

    fn sample(&self, random: &mut ChaCha8Rng) -> usize {
        // Uniform on 0 (out) to the total (in), which rounding leaves near 1.
        let total = self.cumulative[self.cumulative.len() - 1];
        let uniform = ((random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64 * total;
        self.cumulative.partition_point(|&cumulative| cumulative < uniform)
    }
}

/// A number below `bound`, each as likely as the others to within `bound / 2^64`.
fn below(bound: usize, random: &mut ChaCha8Rng) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

/// Quantile of sorted values, linear between neighbours (type 7 of Hyndman and Fan, 1996, Am. Stat. 50, 361-365).
fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let position = probability * (sorted.len() - 1) as f64;
    let below = sorted[position.floor() as usize];
    let above = sorted[position.ceil() as usize];
    below + (above - below) * position.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the crossed interval, in fifths: 4 seeds x 60 documents, a third of them without any gain.
    fn example() -> Vec<Vec<f32>> {
        let cell = |seed: i16, document: i16| match document % 3 {
            0 => 0.0,
            _ => f32::from(((7 * seed + 3 * document + seed * document) % 11) / 2 - 2) / 5.0,
        };
        (0..4).map(|seed| (0..60).map(|document| cell(seed, document)).collect()).collect()
    }

    fn percentile(rows: &[Vec<f32>], draws: usize) -> Interval {
        bootstrap(&[Gains::new(rows).unwrap()], Resampling { draws, seed: 1 }, 0.95).unwrap()[0]
    }

    #[test]
    fn percentiles_agree_with_plain_resampling() {
        // g as in the example; rng = np.random.default_rng(0)
        // m = [g[rng.integers(4, size=4)][:, rng.integers(60, size=60)].mean() for _ in range(400_000)]
        // 100*np.percentile(m, [2.5, 97.5]); one seed: the same with g[:1] and rng.integers(1, size=1)
        let crossed = percentile(&example(), 100_000);
        assert!((crossed.points - 3.0).abs() < 1e-6);
        assert!((crossed.low - -1.917).abs() < 0.1, "{crossed:?}");
        assert!((crossed.high - 7.750).abs() < 0.1, "{crossed:?}");
        let one_seed = percentile(&example()[..1], 100_000);
        assert!((one_seed.low - -4.667).abs() < 0.1, "{one_seed:?}");
        assert!((one_seed.high - 8.667).abs() < 0.1, "{one_seed:?}");
    }

    #[test]
    fn number_of_active_documents_varies_too() {
        // 200 of 1,000 documents gain 1, so that only their number varies: stats.binom.ppf([.025, .975], 1000, .2)
        let row: Vec<f32> = (0..1_000).map(|document| f32::from(u8::from(document % 5 == 0))).collect();
        let interval = percentile(&[row], 100_000);
        assert!((interval.low - 17.6).abs() < 0.101 && (interval.high - 22.5).abs() < 0.101, "{interval:?}");
    }

    #[test]
    fn same_seed_gives_the_same_intervals() {
        assert_eq!(percentile(&example(), 1_000), percentile(&example(), 1_000));
        let table = [Gains::new(&example()).unwrap()];
        let other = bootstrap(&table, Resampling { draws: 1_000, seed: 2 }, 0.95).unwrap()[0];
        assert_ne!(percentile(&example(), 1_000), other);
    }

    /// A table and its negative cancel in every draw only if they share its seeds and documents.
    #[test]
    fn all_tables_share_their_draws() {
        let gains = Gains::new(&example()).unwrap();
        let negated: Vec<Vec<f32>> = example().iter().map(|row| row.iter().map(|gain| -gain).collect()).collect();
        let means = draw_means(&[gains, Gains::new(&negated).unwrap()], Resampling { draws: 200, seed: 1 });
        for (forth, back) in means[0].iter().zip(&means[1]) {
            assert!((forth + back).abs() < 1e-12);
        }
        assert!(means[0].iter().any(|mean| mean.abs() > 0.01));
    }

    #[test]
    fn without_gains_the_interval_has_no_width() {
        assert_eq!(percentile(&[vec![0.0; 5], vec![0.0; 5]], 50), Interval { points: 0.0, low: 0.0, high: 0.0 });
        assert_eq!(percentile(&[vec![1.0; 5], vec![1.0; 5]], 50), Interval { points: 100.0, low: 100.0, high: 100.0 });
    }

    #[test]
    fn inputs_are_checked() {
        let gains = Gains::new(&example()).unwrap();
        let smaller = Gains::new(&example()[1..]).unwrap();
        let resampling = Resampling::default();
        assert_eq!(bootstrap(&[], resampling, 0.95), Ok(Vec::new()));
        assert_eq!(bootstrap(&[], resampling, 1.5), Err(Error::Level(1.5)));
        assert_eq!(bootstrap(&[], Resampling { draws: 0, seed: 0 }, 0.95), Err(Error::NoDraws));
        assert_eq!(
            bootstrap(&[gains, smaller], resampling, 0.95),
            Err(Error::Shape { what: "seeds", expected: 4, got: 3 })
        );
    }

    #[test]
    fn quantiles_agree_with_numpy() {
        // np.percentile([1, 2, 4, 8], [0, 2.5, 50, 97.5, 100])
        let quantiles = [0.0, 0.025, 0.5, 0.975, 1.0].map(|p| quantile(&[1.0, 2.0, 4.0, 8.0], p));
        for (got, expected) in quantiles.into_iter().zip([1.0, 1.075, 3.0, 7.7, 8.0]) {
            assert!((got - expected).abs() < 1e-12, "{got} is not {expected}");
        }
        assert!((quantile(&[5.0], 0.3) - 5.0).abs() < 1e-12);
    }

    #[test]
    fn active_documents_are_drawn_as_often_as_among_all() {
        // Mean and standard deviation of 10,000 samples of a binomial, 25,000 trials at 1 in 10: 2500, 47.4.
        let table = BinomialTable::new(25_000, 0.1);
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let samples: Vec<f64> = (0..10_000).map(|_| table.sample(&mut random) as f64).collect();
        let mean = samples.iter().sum::<f64>() / 1e4;
        let deviation = (samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / 1e4).sqrt();
        assert!((mean - 2_500.0).abs() < 2.0, "{mean}");
        assert!((deviation - 47.43).abs() < 1.5, "{deviation}");
    }
}
