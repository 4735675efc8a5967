//! Recipes: what a network is and how it is fitted, as data.

use std::str::FromStr;

use edgefit::format::{MAX_LAYERS, MAX_UNITS};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, suggest::nearest};

/// The most bytes of a recipe's name.
const LONGEST_NAME: usize = 64;

mod knobs;

pub use knobs::{Knobs, Units};

/// How to make and fit a network. Named ones follow the article, see [`Recipe::named`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Recipe {
    /// Its name, as in tables and files.
    pub name: String,
    /// The units of each hidden layer; none makes a linear model.
    pub hidden: Vec<usize>,
    /// Strength of the L1 penalty: `l1 * sum(|w|)` over the kernels of the hidden layers.
    pub l1: f64,
    /// Strength of the L2 penalty: `l2 * sum(w^2)` over the kernels of the hidden layers (not halved, as in Keras).
    pub l2: f64,
    /// For each hidden layer, the probability that a unit is dropped in a training step.
    pub dropout: Vec<f64>,
    /// The optimiser.
    pub optimizer: OptimizerKind,
    /// The learning rate of the optimiser.
    pub learning_rate: f64,
    /// How many epochs, at most.
    pub epochs: u32,
    /// How many documents a step.
    pub batch_size: usize,
    /// What an error on each class counts; none: the same for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
    /// The share of the fitting documents that is used: nested and stratified.
    pub data_fraction: f64,
    /// Early stopping: end after this many epochs without a lower held-out loss, and go back to the best one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u32>,
}

/// What an error on each class counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ClassWeights {
    /// All classes together the same, however many documents they have.
    Balanced,
}

/// The optimisers, each as in Keras.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerKind {
    /// `RMSprop`, rho 0.9, epsilon 1e-7 inside the root.
    Rmsprop,
    /// Adam, beta 0.9 and 0.999, epsilon 1e-7.
    Adam,
    /// Plain stochastic gradient descent, no momentum.
    Sgd,
}

impl OptimizerKind {
    /// Keras's default learning rate.
    #[must_use]
    pub fn default_learning_rate(self) -> f64 {
        match self {
            Self::Rmsprop | Self::Adam => 1e-3,
            Self::Sgd => 1e-2,
        }
    }
}

/// No run has more epochs, and none waits for longer for a lower loss.
const MOST_EPOCHS: u32 = 10_000;

/// The recipe that the others are compared with.
pub const BASELINE: &str = "baseline";

/// The strength of the L1 penalty. Of 1e-5, 3e-5, 1e-4, 3e-4 and 1e-3 the one with the highest mean held-out accuracy of epochs
/// 16 to 20 over seeds 100 to 102 on IMDB: `trainer study --protocol held-out --seeds 100,101,102 --recipes
/// l1-0.00001,l1-0.00003,l1-0.0001,l1-0.0003,l1-0.001`.
pub const L1: f64 = 1e-4;
/// The strength of the L2 penalty, the article's.
pub const L2: f64 = 1e-3;

/// The recipes of the group `all`, in the order of tables.
pub const NAMES: [&str; 12] = [
    BASELINE,
    "linear",
    "smaller",
    "much-bigger",
    "l1",
    "l2",
    "l1-l2",
    "dropout",
    "early-stopping",
    "more-data-0.1",
    "more-data-0.25",
    "more-data-0.5",
];

/// The names that stand for several recipes.
pub const GROUPS: [(&str, &[&str]); 4] = [
    ("all", &NAMES),
    ("more-data", &[BASELINE, "more-data-0.1", "more-data-0.25", "more-data-0.5"]),
    ("dropout-curve", &[BASELINE, "dropout-0.2", "dropout-0.3", "dropout-0.4", "dropout-0.5"]),
    (
        "capacity",
        &[
            "capacity-1",
            "capacity-2",
            "capacity-4",
            "capacity-8",
            "capacity-16",
            "capacity-32",
            "capacity-64",
            "capacity-128",
        ],
    ),
];

/// A knob of a recipe, by the name of its flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knob {
    Hidden,
    L1,
    L2,
    Dropout,
    DataFraction,
    Patience,
}

impl Recipe {
    /// The recipe of this name.
    ///
    /// `baseline` (16-16, the article's overfit net), `linear`, `smaller` (4-4), `much-bigger` (512-512), `l1`, `l2`,
    /// `l1-l2`, `dropout` (0.5 after each hidden layer), `early-stopping`, and with a number `l1-X`, `l2-X`, `dropout-X`,
    /// `more-data-X` (X of the fitting documents) and `capacity-N` (N-N).
    ///
    /// # Errors
    ///
    /// An unknown name; the message suggests the nearest one.
    pub fn named(name: &str) -> Result<Self> {
        Ok(Self::defined(name)?.0)
    }

    /// The recipe of this name and the knobs that define it.
    fn defined(name: &str) -> Result<(Self, &'static [Knob])> {
        let base = Self {
            name: name.to_owned(),
            hidden: vec![16, 16],
            l1: 0.0,
            l2: 0.0,
            dropout: vec![0.0, 0.0],
            optimizer: OptimizerKind::Rmsprop,
            learning_rate: OptimizerKind::Rmsprop.default_learning_rate(),
            epochs: 20,
            batch_size: 512,
            class_weights: None,
            data_fraction: 1.0,
            patience: None,
        };
        let hidden = |units: &[usize]| Self { hidden: units.to_vec(), dropout: vec![0.0; units.len()], ..base.clone() };
        Ok(match name {
            BASELINE => (base, &[]),
            "linear" => (hidden(&[]), &[Knob::Hidden]),
            "smaller" => (hidden(&[4, 4]), &[Knob::Hidden]),
            "much-bigger" => (hidden(&[512, 512]), &[Knob::Hidden]),
            "l1" => (Self { l1: L1, ..base }, &[Knob::L1]),
            "l2" => (Self { l2: L2, ..base }, &[Knob::L2]),
            "l1-l2" => (Self { l1: L1, l2: L2, ..base }, &[Knob::L1, Knob::L2]),
            "dropout" => (Self { dropout: vec![0.5; 2], ..base }, &[Knob::Dropout]),
            "early-stopping" => (Self { patience: Some(2), ..base }, &[Knob::Patience]),
            _ => match parameter(name) {
                Some(("l1", l1)) => (Self { l1, ..base }, &[Knob::L1]),
                Some(("l2", l2)) => (Self { l2, ..base }, &[Knob::L2]),
                Some(("dropout", rate)) => (Self { dropout: vec![rate; 2], ..base }, &[Knob::Dropout]),
                Some(("more-data", data_fraction)) => (Self { data_fraction, ..base }, &[Knob::DataFraction]),
                Some(("capacity", n)) if n.fract() == 0.0 => (hidden(&[n as usize; 2]), &[Knob::Hidden]),
                _ => return Err(unknown(name)),
            },
        })
    }

    /// The recipes that a list of names and groups stands for, each with `knobs` turned; each name once.
    ///
    /// A knob overrides every recipe but those that it defines: `--hidden 32` leaves `smaller` at 4-4.
    ///
    /// # Errors
    ///
    /// An unknown name, or a knob that makes no sense.
    pub fn list(names: &[String], knobs: &Knobs) -> Result<Vec<Self>> {
        let mut recipes: Vec<Self> = Vec::new();
        let members = |name: &String| match GROUPS.iter().find(|(group, _)| group == name) {
            Some((_, members)) => members.iter().map(|&member| member.to_owned()).collect(),
            None => vec![name.clone()],
        };
        for name in names.iter().flat_map(members) {
            if recipes.iter().any(|recipe| recipe.name == name) {
                continue;
            }
            let (mut recipe, defining) = Self::defined(&name)?;
            knobs.turn(&mut recipe, defining);
            recipes.push(recipe.checked()?);
        }
        Ok(recipes)
    }

    /// Checks that the recipe can be trained and its network exported.
    ///
    /// # Errors
    ///
    /// The first knob that is out of range.
    pub fn checked(self) -> Result<Self> {
        let bad = |flag: &str, problem: String, next: &str| Err(Error::usage(format!("{flag}: {problem}"), next));
        // It becomes the name of a folder, and a part of the model file's header.
        let is_odd = |c: char| c.is_control() || matches!(c, '/' | '\\');
        if self.name.is_empty()
            || self.name.len() > LONGEST_NAME
            || self.name.starts_with('.')
            || self.name.contains(is_odd)
        {
            let next =
                format!("a name has 1 to {LONGEST_NAME} bytes, no `/`, `\\` or control character, and no `.` in front");
            return bad("name", format!("{:?}", self.name), &next);
        }
        if self.hidden.len() >= MAX_LAYERS || self.hidden.iter().any(|units| !(1..=MAX_UNITS).contains(units)) {
            let next = format!("a model file carries up to {} hidden layers of 1 to {MAX_UNITS} units", MAX_LAYERS - 1);
            return bad("--hidden", format!("{:?}", self.hidden), &next);
        }
        for (flag, strength) in [("--l1", self.l1), ("--l2", self.l2)] {
            if !(strength.is_finite() && strength >= 0.0) {
                return bad(flag, strength.to_string(), "a penalty is a number from 0, such as 0.001");
            }
        }
        if self.dropout.len() != self.hidden.len() {
            let problem = format!("{} rates for {} hidden layers", self.dropout.len(), self.hidden.len());
            return bad("--dropout", problem, "give one rate for all hidden layers, or one a layer");
        }
        if self.dropout.iter().any(|rate| !(0.0..1.0).contains(rate)) {
            return bad("--dropout", format!("{:?}", self.dropout), "a rate is a number from 0, and below 1");
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return bad("--learning-rate", self.learning_rate.to_string(), "give a number above 0, such as 0.001");
        }
        for (flag, epochs) in [("--epochs", Some(self.epochs)), ("--patience", self.patience)] {
            if let Some(epochs) = epochs.filter(|epochs| !(1..=MOST_EPOCHS).contains(epochs)) {
                return bad(flag, epochs.to_string(), &format!("ask for 1 to {MOST_EPOCHS} epochs"));
            }
        }
        if self.batch_size == 0 {
            return bad("--batch-size", "0".to_owned(), "a step takes 1 document or more");
        }
        if !(self.data_fraction > 0.0 && self.data_fraction <= 1.0) {
            return bad("--data-fraction", self.data_fraction.to_string(), "give a share above 0 and up to 1");
        }
        Ok(self)
    }
}

/// The parts of a name such as `dropout-0.3` or `l1-1e-5`: at the first dash before a digit.
#[must_use]
pub fn parameter(name: &str) -> Option<(&str, f64)> {
    let before_digit = |at: &usize| name[at + 1..].starts_with(|c: char| c.is_ascii_digit());
    let at = name.match_indices('-').map(|(at, _)| at).find(before_digit)?;
    Some((&name[..at], f64::from_str(&name[at + 1..]).ok()?))
}

fn unknown(name: &str) -> Error {
    let groups = GROUPS.map(|(group, _)| group);
    let near = nearest(name, NAMES.into_iter().chain(groups));
    Error::usage(
        format!("there is no recipe `{name}`"),
        format!(
            "{}the recipes are: {}; with a number: l1-X, l2-X, dropout-X, more-data-X, capacity-N; groups: {}",
            near.map_or_else(String::new, |near| format!("did you mean `{near}`? ")),
            NAMES.join(", "),
            groups.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_name_is_a_recipe() {
        for name in NAMES.iter().chain(GROUPS.iter().flat_map(|(_, members)| members.iter())) {
            assert_eq!(Recipe::named(name).unwrap().checked().unwrap().name, *name);
        }
        assert_eq!(Recipe::named("dropout-0.3").unwrap().dropout, [0.3, 0.3]);
        assert_eq!(Recipe::named("capacity-8").unwrap().hidden, [8, 8]);
        for name in ["l1-0.00001", "l1-1e-5"] {
            assert!((Recipe::named(name).unwrap().l1 - 1e-5).abs() < 1e-12, "{name}");
        }
    }

    #[test]
    fn a_misspelt_name_gets_a_suggestion() {
        let message = Recipe::named("dorpout").unwrap_err().to_string();
        assert!(message.contains("did you mean `dropout`?"), "{message}");
        let message = Recipe::named("xyz").unwrap_err().to_string();
        assert!(!message.contains("did you mean") && message.contains("smaller"), "{message}");
        for name in ["dropout-", "capacity-1.5", "-1", "more-data-x", "l3-0.1"] {
            assert!(Recipe::named(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_knob_overrides_every_recipe_but_those_that_it_defines() {
        let knobs = Knobs { hidden: Some(Units(vec![32])), l2: Some(0.5), epochs: Some(3), ..Knobs::default() };
        let names = ["baseline", "smaller", "l2", "dropout", "baseline"].map(str::to_owned);
        let recipes = Recipe::list(&names, &knobs).unwrap();
        let [baseline, smaller, l2, dropout] = recipes.as_slice() else { panic!("{recipes:?}") };
        assert_eq!((baseline.hidden.as_slice(), baseline.l2, baseline.epochs), (&[32][..], 0.5, 3));
        assert_eq!((smaller.hidden.as_slice(), smaller.l2), (&[4, 4][..], 0.5));
        assert_eq!((l2.hidden.as_slice(), l2.l2), (&[32][..], L2));
        assert_eq!((dropout.hidden.as_slice(), dropout.dropout.as_slice()), (&[32][..], &[0.5][..]));
    }

    #[test]
    fn a_name_stays_within_its_folder() {
        let named = |name: &str| Recipe { name: name.to_owned(), ..Recipe::named("baseline").unwrap() }.checked();
        for name in ["a", "l2 and dropout-0.3", "caf\u{e9}", &"x".repeat(LONGEST_NAME)] {
            assert!(named(name).is_ok(), "{name}");
        }
        for name in ["", "..", "../up", "/tmp/x", "a\\b", ".hidden", "a\x1b[2J", &"x".repeat(LONGEST_NAME + 1)] {
            let message = named(name).unwrap_err().to_string();
            assert!(message.contains("1 to 64 bytes") && !message.contains('\x1b'), "{message}");
        }
    }
}
