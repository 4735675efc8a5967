//! What the learning curves show: the article's claims, each as a figure with its interval over the seeds.
//!
//! A claim is about a quantity of each seed's curves, or about the difference between a recipe's and the baseline's of the same
//! seed. Its interval is Student's over the seeds, so it covers the luck of initialisation and order, not that of the documents.

use serde::Serialize;

use crate::{
    evaluate::Evaluated,
    evidence::mean_interval,
    recipe::{BASELINE, parameter},
    run::Protocol,
    train::EpochRecord,
};

/// The level of the intervals.
const LEVEL: f64 = 0.95;
/// How far above the median of its recipe the best validation loss of a stuck seed is: the seeds of one recipe are within 0.02
/// of each other on IMDB, a net with a dead layer is above by 0.1 and more.
const STUCK: f64 = 0.05;
/// How many epochs the late ones are.
const LATE: usize = 5;

/// A claim about learning curves, and what this study found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The claim, in words.
    pub claim: String,
    /// What was measured.
    pub quantity: String,
    /// Which protocol's curves.
    pub protocol: String,
    /// The mean over the seeds.
    pub mean: f64,
    /// The lower end of its 95% interval; null with one seed.
    pub low: Option<f64>,
    /// The upper end of its 95% interval; null with one seed.
    pub high: Option<f64>,
    /// How many seeds.
    pub seeds: usize,
    /// Whether all of the interval is on the claim's side; null where there is nothing to claim.
    pub shown: Option<bool>,
}

/// The learning curves of a recipe and seed.
#[derive(Debug, Clone, Copy)]
struct Curves<'a> {
    recipe: &'a str,
    seed: u64,
    epochs: &'a [EpochRecord],
}

impl Curves<'_> {
    fn best(&self) -> Option<&EpochRecord> {
        self.epochs.iter().min_by(|a, b| a.validation_loss().total_cmp(&b.validation_loss()))
    }

    fn best_epoch(&self) -> Option<f64> {
        self.best().map(|record| f64::from(record.epoch))
    }

    fn accuracy_of_best(&self) -> Option<f64> {
        self.best().map(|record| record.validation_accuracy)
    }

    /// The mean validation data loss of the last epochs.
    fn late_loss(&self) -> Option<f64> {
        let late = &self.epochs[self.epochs.len().checked_sub(LATE)?..];
        Some(late.iter().map(|record| record.validation_data_loss).sum::<f64>() / late.len() as f64)
    }

    fn last(&self) -> Option<&EpochRecord> {
        self.epochs.last()
    }

    /// What a loss does from the first epoch to the second.
    fn at_first(&self, loss: fn(&EpochRecord) -> f64) -> Option<f64> {
        let [first, second, ..] = self.epochs else { return None };
        Some(loss(second) - loss(first))
    }
}

/// On which side of a limit a claim says that a quantity lies.
#[derive(Debug, Clone, Copy)]
enum Side {
    Any,
    Below(f64),
    Above(f64),
}

/// The curves of a study under one protocol.
struct Study<'a> {
    protocol: Protocol,
    curves: Vec<Curves<'a>>,
    findings: Vec<Finding>,
}

impl<'a> Study<'a> {
    fn of<'s>(&'s self, recipe: &'s str) -> impl Iterator<Item = Curves<'a>> + 's {
        self.curves.iter().copied().filter(move |curves| curves.recipe == recipe)
    }

    /// Adds a finding, if there is a value.
    fn find(&mut self, claim: &str, quantity: &str, side: Side, values: &[f64]) {
        if values.is_empty() {
            return;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let interval = mean_interval(values, LEVEL);
        let shown = match side {
            Side::Any => None,
            Side::Below(limit) => Some(interval.is_some_and(|[_, high]| high < limit)),
            Side::Above(limit) => Some(interval.is_some_and(|[low, _]| low > limit)),
        };
        self.findings.push(Finding {
            claim: claim.to_owned(),
            quantity: quantity.to_owned(),
            protocol: self.protocol.name().to_owned(),
            mean,
            low: interval.map(|[low, _]| low),
            high: interval.map(|[_, high]| high),
            seeds: values.len(),
            shown,
        });
    }

    /// A quantity of a recipe's curves, a value a seed.
    fn each(&self, recipe: &str, quantity: impl Fn(&Curves<'a>) -> Option<f64>) -> Vec<f64> {
        self.of(recipe).filter_map(|curves| quantity(&curves)).collect()
    }

    /// A quantity of a recipe's curves less that of another's of the same seed.
    fn paired(&self, recipe: &str, other: &str, quantity: impl Fn(&Curves<'a>) -> Option<f64>) -> Vec<f64> {
        let of_seed = |seed| self.of(other).find(|curves| curves.seed == seed);
        let difference = |curves: Curves<'a>| Some(quantity(&curves)? - quantity(&of_seed(curves.seed)?)?);
        self.of(recipe).filter_map(difference).collect()
    }

    fn baseline(&mut self) {
        let training = self.each(BASELINE, |curves| curves.at_first(|record| record.train_loss));
        let validation = self.each(BASELINE, |curves| curves.at_first(EpochRecord::validation_loss));
        let together = "at first training and validation loss fall together";
        self.find(together, "training loss, epoch 2 less epoch 1", Side::Below(0.0), &training);
        self.find(together, "validation loss, epoch 2 less epoch 1", Side::Below(0.0), &validation);
        let rise = self
            .each(BASELINE, |curves| Some(curves.last()?.validation_data_loss - curves.best()?.validation_data_loss));
        let gap = self.each(BASELINE, |curves| {
            curves.last().map(|record| 100.0 * (record.train_accuracy - record.validation_accuracy))
        });
        self.find("then the baseline overfits", "validation loss, last epoch less best", Side::Above(0.0), &rise);
        self.find("then the baseline overfits", "generalisation gap of the last epoch, points", Side::Above(0.0), &gap);
    }

    fn sizes(&mut self) {
        let later = self.paired("smaller", BASELINE, Curves::best_epoch);
        self.find("a smaller net overfits later", "best epoch, less the baseline's", Side::Above(0.0), &later);
        let slower = self.paired("smaller", BASELINE, Curves::late_loss);
        self.find(
            "a smaller net overfits less",
            "late validation loss, less the baseline's",
            Side::Below(0.0),
            &slower,
        );
        let best = self.each("much-bigger", Curves::best_epoch);
        let loss = self.each("much-bigger", |curves| curves.last().map(|record| record.train_loss));
        let late = self.paired("much-bigger", BASELINE, Curves::late_loss);
        let claim = "a much bigger net overfits at once";
        self.find(claim, "best epoch (claim: below 4)", Side::Below(4.0), &best);
        self.find(claim, "training loss of the last epoch (claim: below 0.001)", Side::Below(1e-3), &loss);
        self.find(claim, "late validation loss, less the baseline's", Side::Above(0.0), &late);
    }

    fn techniques(&mut self) {
        let names = ["l1", "l2", "l1-l2", "dropout"];
        for name in names {
            let late = self.paired(name, BASELINE, Curves::late_loss);
            let claim = format!("{name} lowers the late validation loss");
            self.find(&claim, "late validation data loss, less the baseline's", Side::Below(0.0), &late);
        }
        // What regularisation does not do.
        for name in names.into_iter().chain(["smaller"]) {
            let best: Vec<f64> =
                self.paired(name, BASELINE, Curves::accuracy_of_best).iter().map(|value| 100.0 * value).collect();
            let claim = format!("{name} raises the accuracy of the best epoch");
            self.find(&claim, "accuracy at the best epoch, less the baseline's, points", Side::Above(0.0), &best);
        }
    }

    /// Each share of the documents against the next smaller one; the baseline has all of them.
    fn more_data(&mut self) {
        let share = |name: &str| match parameter(name) {
            Some(("more-data", share)) => Some(share),
            _ => (name == BASELINE).then_some(1.0),
        };
        let mut shares: Vec<(f64, &str)> =
            self.curves.iter().filter_map(|curves| Some((share(curves.recipe)?, curves.recipe))).collect();
        shares.sort_by(|a, b| a.0.total_cmp(&b.0));
        shares.dedup();
        if shares.len() < 2 {
            return;
        }
        for &(share, name) in &shares {
            let best: Vec<f64> = self.each(name, Curves::accuracy_of_best).iter().map(|value| 100.0 * value).collect();
            let claim = format!("with {}% of the documents", 100.0 * share);
            self.find(&claim, "accuracy at the best epoch, %", Side::Any, &best);
        }
        for pair in shares.windows(2) {
            let [(less, smaller), (more, larger)] = [pair[0], pair[1]];
            let rise: Vec<f64> =
                self.paired(larger, smaller, Curves::accuracy_of_best).iter().map(|value| 100.0 * value).collect();
            let claim =
                format!("more data raises the accuracy of the best epoch: {}% to {}%", 100.0 * less, 100.0 * more);
            self.find(&claim, "accuracy at the best epoch, rise in points", Side::Above(0.0), &rise);
        }
    }
}

/// The seeds that are stuck: whose best validation loss is far above the median of their recipe's. They stay in.
#[must_use]
pub fn stuck(models: &[Evaluated]) -> Vec<String> {
    let best = |model: &Evaluated| model.row.float.as_ref().map(|float| float.best_validation_data_loss);
    let mut notes = Vec::new();
    for model in models {
        let row = &model.row;
        let alike = |other: &&Evaluated| {
            (&other.row.recipe, &other.row.protocol, other.row.epochs) == (&row.recipe, &row.protocol, row.epochs)
        };
        let mut losses: Vec<f64> = models.iter().filter(alike).filter_map(best).collect();
        losses.sort_by(f64::total_cmp);
        let (Some(loss), Some(&median)) = (best(model), losses.get(losses.len() / 2)) else { continue };
        if losses.len() >= 3 && loss > median + STUCK {
            notes.push(format!(
                "{}, seed {} ({} protocol) is stuck: its best validation loss is {loss:.4}, the median of its recipe \
                 {median:.4}; it counts like every other seed",
                row.recipe, row.seed, row.protocol
            ));
        }
    }
    notes
}

/// What the learning curves of these models show, a protocol after the other.
#[must_use]
pub fn findings(models: &[Evaluated]) -> Vec<Finding> {
    let mut all = Vec::new();
    for protocol in [Protocol::Article, Protocol::HeldOut] {
        let mut curves: Vec<Curves<'_>> = Vec::new();
        for model in models.iter().filter(|model| model.row.protocol == protocol.name() && !model.history.is_empty()) {
            let (recipe, seed) = (model.row.recipe.as_str(), model.row.seed);
            // One run may be there twice, by its last epochs and by the chosen one.
            if !curves.iter().any(|curves| (curves.recipe, curves.seed) == (recipe, seed)) {
                curves.push(Curves { recipe, seed, epochs: &model.history });
            }
        }
        let mut study = Study { protocol, curves, findings: Vec::new() };
        study.baseline();
        study.sizes();
        study.techniques();
        study.more_data();
        all.extend(study.findings);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: u32, train: f64, validation: f64, accuracy: f64) -> EpochRecord {
        EpochRecord {
            epoch,
            running_loss: train,
            train_loss: train,
            train_accuracy: 1.0 - train,
            validation_data_loss: validation,
            validation_accuracy: accuracy,
            penalty: 0.0,
        }
    }

    /// Curves that fall to `best` and then rise by 0.05 an epoch; `seed` moves them a little.
    fn curves(best: u32, floor: f64, seed: u64) -> Vec<EpochRecord> {
        let record = |number: u32| {
            let away = (f64::from(number) - f64::from(best)).abs();
            let jitter = 0.001 * seed as f64;
            epoch(number, 0.5 / f64::from(number), floor + 0.05 * away + jitter, 0.89 - floor / 10.0 - jitter)
        };
        (1..=10).map(record).collect()
    }

    fn study(recipes: &[(&'static str, &[Vec<EpochRecord>])]) -> Vec<Finding> {
        let mut curves = Vec::new();
        for (recipe, seeds) in recipes {
            for (seed, epochs) in seeds.iter().enumerate() {
                curves.push(Curves { recipe, seed: seed as u64, epochs });
            }
        }
        let mut study = Study { protocol: Protocol::Article, curves, findings: Vec::new() };
        study.baseline();
        study.sizes();
        study.techniques();
        study.more_data();
        study.findings
    }

    fn seeds(best: u32, floor: f64) -> Vec<Vec<EpochRecord>> {
        (0..3).map(|seed| curves(best, floor, seed)).collect()
    }

    #[test]
    fn claims_are_shown_where_every_seed_bears_them_out() {
        let findings = study(&[
            (BASELINE, &seeds(3, 0.28)),
            ("smaller", &seeds(6, 0.28)),
            ("l2", &seeds(3, 0.40)),
            ("more-data-0.5", &seeds(4, 0.35)),
        ]);
        let shown = |claim: &str| {
            let found: Vec<_> = findings.iter().filter(|finding| finding.claim.contains(claim)).collect();
            assert!(!found.is_empty(), "{claim}");
            found.iter().all(|finding| finding.shown == Some(true))
        };
        assert!(shown("fall together") && shown("then the baseline overfits"));
        assert!(shown("overfits later") && shown("50% to 100%"));
        assert!(!shown("l2 lowers the late validation loss") && !shown("l2 raises the accuracy"));
        let later = findings.iter().find(|finding| finding.claim.contains("overfits later")).unwrap();
        assert_eq!((later.mean, later.low, later.high), (3.0, Some(3.0), Some(3.0)));
    }

    #[test]
    fn one_seed_shows_nothing() {
        let findings = study(&[(BASELINE, &seeds(3, 0.28)[..1]), ("smaller", &seeds(6, 0.28)[..1])]);
        assert!(findings.iter().all(|finding| finding.shown != Some(true) && finding.low.is_none()), "{findings:?}");
    }

    #[test]
    fn seeds_are_paired_by_number_not_by_place() {
        let [zero, one] = [curves(3, 0.28, 0), curves(5, 0.28, 1)];
        let pair = [
            Curves { recipe: BASELINE, seed: 0, epochs: &zero },
            Curves { recipe: BASELINE, seed: 1, epochs: &one },
            Curves { recipe: "smaller", seed: 1, epochs: &one },
            Curves { recipe: "smaller", seed: 0, epochs: &zero },
        ];
        let study = Study { protocol: Protocol::Article, curves: pair.to_vec(), findings: Vec::new() };
        assert_eq!(study.paired("smaller", BASELINE, Curves::best_epoch), [0.0, 0.0]);
    }
}
