//! One network against another on the same documents: what a single seed shows, and no more.

use serde::Serialize;

use super::{Discordant, Error, Gains, Interval, Resampling, bootstrap, mcnemar};

/// What the test documents say of one technique's file against one baseline's, of the same seed.
///
/// The documents are all of the luck that it covers: a small p says that these two networks differ, not that the recipes
/// do. Another seed may say the opposite, with as small a p; that is why a verdict needs several.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The documents on which the two disagree.
    pub discordant: Discordant,
    /// Exact two-sided p-value of `McNemar`'s test, see [`mcnemar`].
    pub p: f64,
    /// The gain in points, with its interval by the paired bootstrap over documents, see [`bootstrap()`].
    pub gain: Interval,
}

impl Pair {
    /// Compares several pairs of files, technique and baseline each, correctness 0 or 1 a document. All share the draws of
    /// the bootstrap.
    ///
    /// # Errors
    ///
    /// As [`Discordant::count`] and [`bootstrap()`].
    pub fn of<const N: usize>(pairs: [[&[f32]; 2]; N], resampling: Resampling, level: f64) -> Result<[Self; N], Error> {
        let mut tables = Vec::with_capacity(N);
        let mut counts = [Discordant { gained: 0, lost: 0 }; N];
        for ([technique, baseline], counts) in pairs.into_iter().zip(&mut counts) {
            *counts = Discordant::count(technique, baseline)?;
            let row: Vec<f32> =
                technique.iter().zip(baseline).map(|(technique, baseline)| technique - baseline).collect();
            tables.push(Gains::new(&[row])?);
        }
        let gains = bootstrap(&tables, resampling, level)?;
        let of = |index: usize| {
            let discordant = counts[index];
            Self { discordant, p: mcnemar(discordant), gain: gains[index] }
        };
        Ok(std::array::from_fn(of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESAMPLING: Resampling = Resampling { draws: 20_000, seed: 1 };

    /// 1,000 documents: the technique alone is right on 60 of them, the baseline alone on 30.
    fn files() -> [Vec<f32>; 2] {
        let right = |wrong: std::ops::Range<usize>| {
            (0..1_000).map(|document| f32::from(u8::from(!wrong.contains(&document)))).collect()
        };
        [right(60..90), right(0..60)]
    }

    #[test]
    fn a_pair_agrees_with_statsmodels_and_scipy() {
        let [technique, baseline] = files();
        let pair = [&technique[..], &baseline[..]];
        let [forth, back] = Pair::of([pair, [pair[1], pair[0]]], RESAMPLING, 0.95).unwrap();
        assert_eq!(forth.discordant, Discordant { gained: 60, lost: 30 });
        // mcnemar([[0, 60], [30, 0]], exact=True).pvalue
        assert!((forth.p - 0.002_060_265_680_963_074_5).abs() < 1e-9, "{}", forth.p);
        assert!((back.p - forth.p).abs() < 1e-15);
        // d = np.array([1]*60 + [-1]*30 + [0]*910)
        // stats.bootstrap((d,), np.mean, n_resamples=400_000, batch=1000, method="percentile").confidence_interval
        assert!((forth.gain.points - 3.0).abs() < 1e-6);
        assert!((forth.gain.low - 1.2).abs() < 0.101 && (forth.gain.high - 4.9).abs() < 0.101, "{:?}", forth.gain);
        // The draws are shared, so the other way round is the mirror image.
        assert!((back.gain.low + forth.gain.high).abs() < 1e-9);
    }

    #[test]
    fn only_single_files_of_the_same_documents_are_compared() {
        let [technique, baseline] = files();
        let shorter = Pair::of([[&technique[..], &baseline[1..]]], RESAMPLING, 0.95);
        assert_eq!(shorter, Err(Error::Shape { what: "documents", expected: 1_000, got: 999 }));
        let of_five = Pair::of([[&[0.8, 1.0][..], &[1.0, 0.0][..]]], RESAMPLING, 0.95);
        assert_eq!(of_five, Err(Error::NotBinary { document: 0, value: 0.8 }));
    }
}
