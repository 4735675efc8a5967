//! Learning curves of a study, from its tidy rows.

use std::collections::BTreeMap;

use super::chart::Series;
use crate::tidy::TidyRow;

/// What is read off an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// The data loss.
    Loss,
    /// The accuracy, per cent.
    Accuracy,
}

impl Measure {
    fn of(self, row: &TidyRow) -> Option<f64> {
        match self {
            Self::Loss => row.loss,
            Self::Accuracy => Some(100.0 * row.accuracy),
        }
    }
}

/// One measure of one recipe over its epochs, a line a seed.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    pub(super) recipe: String,
    pub(super) seeds: BTreeMap<u64, BTreeMap<u32, f64>>,
}

impl Curve {
    /// The float network's curve on a split. None where the study has no such rows.
    pub(super) fn of(rows: &[TidyRow], protocol: &str, recipe: &str, split: &str, measure: Measure) -> Option<Self> {
        let mut seeds: BTreeMap<u64, BTreeMap<u32, f64>> = BTreeMap::new();
        let of_curve = |row: &&TidyRow| {
            row.protocol == protocol && row.recipe == recipe && row.split == split && row.deployment == "float"
        };
        for row in rows.iter().filter(of_curve) {
            if let Some(value) = measure.of(row) {
                seeds.entry(row.seed).or_default().insert(row.epoch, value);
            }
        }
        (!seeds.is_empty()).then(|| Self { recipe: recipe.to_owned(), seeds })
    }

    /// The mean over seeds of the epochs that all of them have.
    pub(super) fn mean(&self) -> Vec<(u32, f64)> {
        let epochs = self.seeds.values().next().into_iter().flat_map(BTreeMap::keys).copied();
        let of_epoch = |epoch| {
            let values: Option<Vec<f64>> = self.seeds.values().map(|seed| seed.get(&epoch).copied()).collect();
            values.map(|values| (epoch, mean(&values)))
        };
        epochs.filter_map(of_epoch).collect()
    }

    /// The last epoch that all seeds have, with the mean there.
    pub(super) fn last(&self) -> (u32, f64) {
        self.mean().last().copied().unwrap_or((0, f64::NAN))
    }

    /// The epoch at which the mean is lowest.
    pub(super) fn lowest(&self) -> (u32, f64) {
        self.mean().into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, f64::NAN))
    }

    /// The mean over the last five epochs of all seeds.
    pub(super) fn last_five(&self) -> f64 {
        let mean_curve = self.mean();
        let from = mean_curve.len().saturating_sub(5);
        mean(&mean_curve[from..].iter().map(|&(_, value)| value).collect::<Vec<_>>())
    }

    /// In how many of the seeds that both have this one ends lower.
    pub(super) fn ends_below(&self, other: &Self) -> (usize, usize) {
        let last = |seed: &BTreeMap<u32, f64>| seed.last_key_value().map(|(_, value)| *value);
        let pairs = self.seeds.iter().filter_map(|(seed, mine)| Some((last(mine)?, last(other.seeds.get(seed)?)?)));
        pairs.fold((0, 0), |(below, all), (mine, theirs)| (below + usize::from(mine < theirs), all + 1))
    }

    /// As lines to plot.
    pub(super) fn series(&self, style: usize) -> Series {
        let points =
            |pairs: Vec<(u32, f64)>| pairs.into_iter().map(|(epoch, value)| (f64::from(epoch), value)).collect();
        let thin = if self.seeds.len() > 1 {
            self.seeds.values().map(|seed| points(seed.iter().map(|(&e, &v)| (e, v)).collect())).collect()
        } else {
            Vec::new()
        };
        Series { name: self.recipe.clone(), style, thin, mean: points(self.mean()) }
    }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The sample standard deviation; 0 of one value.
pub(super) fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_of_the_epochs_that_all_seeds_have() {
        let row = |seed, epoch, loss| TidyRow {
            protocol: "article".to_owned(),
            recipe: "l2".to_owned(),
            seed,
            epoch,
            split: "test",
            deployment: "float".to_owned(),
            documents: None,
            accuracy: 0.5,
            loss: Some(loss),
            penalty: None,
        };
        let rows = [row(0, 1, 0.5), row(0, 2, 0.2), row(0, 3, 0.4), row(1, 1, 0.3), row(1, 2, 0.4)];
        let curve = Curve::of(&rows, "article", "l2", "test", Measure::Loss).unwrap();
        assert_eq!(curve.mean().len(), 2);
        assert!((curve.lowest().1 - 0.3).abs() < 1e-12 && curve.lowest().0 == 2 && curve.last().0 == 2);
        assert!((curve.last_five() - 0.35).abs() < 1e-12);
        let lower = Curve::of(&[row(0, 3, 0.3), row(1, 2, 0.9)], "article", "l2", "test", Measure::Loss).unwrap();
        assert_eq!(lower.ends_below(&curve), (1, 2));
        assert!(Curve::of(&rows, "held-out", "l2", "test", Measure::Loss).is_none());
        assert!((deviation(&[1.0, 3.0]) - 2f64.sqrt()).abs() < 1e-12);
    }
}
