//! Knobs: what flags and recipe files turn.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{BASELINE, ClassWeights, Knob, OptimizerKind, Recipe};
use crate::{Error, Result, run::Protocol};

/// Knobs to turn, from flags or from a file: what is given overrides the recipe.
///
/// As a file, this is `recipe.toml`: the one in a run folder, or one's own for `--config`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, clap::Args)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Knobs {
    /// In a file: the named recipe to start from, `baseline` if none
    #[arg(skip)]
    pub recipe: Option<String>,
    /// In a file: the name of the recipe, as in tables
    #[arg(skip)]
    pub name: Option<String>,
    /// In a file: the seed
    #[arg(skip)]
    pub seed: Option<u64>,
    /// In a file: the protocol
    #[arg(skip)]
    pub protocol: Option<Protocol>,
    /// The units of each hidden layer, such as 16,16; `none` for a linear model
    #[arg(long, value_name = "N,N…", value_parser = Units::from_str)]
    pub hidden: Option<Units>,
    /// Strength of the L1 penalty on the hidden kernels
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub l1: Option<f64>,
    /// Strength of the L2 penalty on the hidden kernels
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub l2: Option<f64>,
    /// Probability that a hidden unit is dropped: one for all layers, or one a layer
    #[arg(long, value_name = "RATE,…", value_delimiter = ',', allow_negative_numbers = true)]
    pub dropout: Option<Vec<f64>>,
    /// The optimiser
    #[arg(long, value_name = "NAME")]
    pub optimizer: Option<OptimizerKind>,
    /// The learning rate [default: 0.001, 0.01 for sgd]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub learning_rate: Option<f64>,
    /// How many epochs to train, at most
    #[arg(long, value_name = "N")]
    pub epochs: Option<u32>,
    /// How many documents a training step takes
    #[arg(long, value_name = "N")]
    pub batch_size: Option<usize>,
    /// Let all classes count the same in training, however many documents they have
    #[arg(long, value_name = "NAME")]
    pub class_weights: Option<ClassWeights>,
    /// The share of the fitting documents to use
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub data_fraction: Option<f64>,
    /// Stop after this many epochs without a lower held-out loss, and go back to the best one
    #[arg(long, value_name = "EPOCHS")]
    pub patience: Option<u32>,
}

/// The units of each hidden layer, as a flag has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Units(pub Vec<usize>);

impl FromStr for Units {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let units: Result<Vec<usize>, _> = text.split([',', '-']).map(|part| part.trim().parse()).collect();
        units.map(Self).map_err(|_| "expected numbers of units such as `16,16`, or `none`".to_owned())
    }
}

impl Knobs {
    /// Reads a recipe file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or one that is not a recipe; the message names the line.
    pub fn read(path: &std::path::Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        toml::from_str(&text).map_err(|error| {
            let next = "mend it; a run folder's recipe.toml shows every knob";
            Error::input(path.display(), error.to_string().trim_end(), next)
        })
    }

    /// The knobs of a recipe, all of them, as they go into a run folder.
    #[must_use]
    pub fn of(recipe: &Recipe, seed: u64, protocol: Protocol) -> Self {
        Self {
            recipe: None,
            name: Some(recipe.name.clone()),
            seed: Some(seed),
            protocol: Some(protocol),
            hidden: Some(Units(recipe.hidden.clone())),
            l1: Some(recipe.l1),
            l2: Some(recipe.l2),
            dropout: Some(recipe.dropout.clone()),
            optimizer: Some(recipe.optimizer),
            learning_rate: Some(recipe.learning_rate),
            epochs: Some(recipe.epochs),
            batch_size: Some(recipe.batch_size),
            class_weights: recipe.class_weights,
            data_fraction: Some(recipe.data_fraction),
            patience: recipe.patience,
        }
    }

    /// The recipe of these knobs: the named one to start from, with the others turned, and with those of `flags`.
    ///
    /// # Errors
    ///
    /// An unknown name, or a knob that makes no sense.
    pub fn resolve(&self, name: Option<&str>, flags: &Self) -> Result<Recipe> {
        let mut recipe = Recipe::named(name.or(self.recipe.as_deref()).unwrap_or(BASELINE))?;
        self.turn(&mut recipe, &[]);
        flags.turn(&mut recipe, &[]);
        recipe.name = self.name.clone().unwrap_or(recipe.name);
        recipe.checked()
    }

    /// Turns the knobs of a recipe, but not those that define it.
    pub(super) fn turn(&self, recipe: &mut Recipe, defining: &[Knob]) {
        let free = |knob| !defining.contains(&knob);
        if let Some(Units(hidden)) = self.hidden.as_ref().filter(|_| free(Knob::Hidden)) {
            recipe.hidden.clone_from(hidden);
            // A rate of all layers stays one of all layers.
            let rate = recipe.dropout.first().copied().unwrap_or(0.0);
            recipe.dropout = vec![rate; hidden.len()];
        }
        if let Some(rates) = self.dropout.as_ref().filter(|_| free(Knob::Dropout)) {
            recipe.dropout = match rates.as_slice() {
                [rate] => vec![*rate; recipe.hidden.len()],
                _ => rates.clone(),
            };
        }
        recipe.l1 = self.l1.filter(|_| free(Knob::L1)).unwrap_or(recipe.l1);
        recipe.l2 = self.l2.filter(|_| free(Knob::L2)).unwrap_or(recipe.l2);
        if let Some(optimizer) = self.optimizer {
            recipe.optimizer = optimizer;
            recipe.learning_rate = optimizer.default_learning_rate();
        }
        recipe.learning_rate = self.learning_rate.unwrap_or(recipe.learning_rate);
        recipe.epochs = self.epochs.unwrap_or(recipe.epochs);
        recipe.batch_size = self.batch_size.unwrap_or(recipe.batch_size);
        recipe.class_weights = self.class_weights.or(recipe.class_weights);
        recipe.data_fraction = self.data_fraction.filter(|_| free(Knob::DataFraction)).unwrap_or(recipe.data_fraction);
        recipe.patience = self.patience.filter(|_| free(Knob::Patience)).or(recipe.patience);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::NAMES;

    #[test]
    fn a_resolved_recipe_can_be_fed_back() {
        for name in NAMES {
            let recipe = Recipe::named(name).unwrap();
            let text = toml::to_string(&Knobs::of(&recipe, 7, Protocol::Article)).unwrap();
            let knobs: Knobs = toml::from_str(&text).unwrap();
            assert_eq!(knobs.seed, Some(7));
            assert_eq!(knobs.resolve(None, &Knobs::default()).unwrap(), recipe, "{text}");
        }
    }

    #[test]
    fn knobs_out_of_range_are_refused_by_their_flag() {
        let refused = |knobs: Knobs, flag: &str| {
            let message = knobs.resolve(None, &Knobs::default()).unwrap_err().to_string();
            assert!(message.starts_with(flag), "{message}");
        };
        refused(Knobs { hidden: Some(Units(vec![0])), ..Knobs::default() }, "--hidden");
        refused(Knobs { hidden: Some(Units(vec![4; 8])), ..Knobs::default() }, "--hidden");
        refused(Knobs { hidden: Some(Units(vec![1_025])), ..Knobs::default() }, "--hidden");
        refused(Knobs { l1: Some(-1.0), ..Knobs::default() }, "--l1");
        refused(Knobs { l2: Some(f64::NAN), ..Knobs::default() }, "--l2");
        refused(Knobs { dropout: Some(vec![1.0]), ..Knobs::default() }, "--dropout");
        refused(Knobs { dropout: Some(vec![0.1, 0.2, 0.3]), ..Knobs::default() }, "--dropout");
        refused(Knobs { learning_rate: Some(0.0), ..Knobs::default() }, "--learning-rate");
        refused(Knobs { epochs: Some(0), ..Knobs::default() }, "--epochs");
        refused(Knobs { batch_size: Some(0), ..Knobs::default() }, "--batch-size");
        refused(Knobs { data_fraction: Some(1.1), ..Knobs::default() }, "--data-fraction");
        refused(Knobs { patience: Some(0), ..Knobs::default() }, "--patience");
        refused(Knobs { patience: Some(10_001), ..Knobs::default() }, "--patience");
        let message = toml::from_str::<Knobs>("hiden = [3]").unwrap_err().to_string();
        assert!(message.contains("hiden"), "{message}");
    }
}
