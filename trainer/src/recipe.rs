//! Recipes: what a network is and how it is fitted, as data.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How to make and fit a network. Named ones follow the article, see [`Recipe::named`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Its name, as in tables and files.
    pub name: String,
    /// The units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Strength of the L1 penalty: `l1 * sum(|w|)` over the kernels of the hidden layers.
    pub l1: f32,
    /// Strength of the L2 penalty: `l2 * sum(w^2)` over the kernels of the hidden layers (not halved, as in Keras).
    pub l2: f32,
    /// The probability that a hidden unit is dropped in a training step.
    pub dropout: f32,
    /// The learning rate of `RMSprop`.
    pub learning_rate: f32,
    /// How many epochs.
    pub epochs: u32,
    /// How many documents a step.
    pub batch_size: usize,
}

/// The recipe that the others are compared with.
pub const BASELINE: &str = "baseline";

/// The names that [`Recipe::named`] knows, in the order of tables.
pub const NAMES: [&str; 4] = [BASELINE, "smaller", "l2", "dropout"];

impl Recipe {
    /// The recipe of this name: `baseline` (16-16, the article's overfit net), `smaller` (4-4), `l2` (0.001) and
    /// `dropout` (0.5 after each hidden layer).
    ///
    /// # Errors
    ///
    /// An unknown name; the message suggests the nearest one.
    pub fn named(name: &str) -> Result<Self> {
        let baseline = Self {
            name: name.to_owned(),
            hidden: vec![16, 16],
            l1: 0.0,
            l2: 0.0,
            dropout: 0.0,
            learning_rate: 1e-3,
            epochs: 20,
            batch_size: 512,
        };
        match name {
            BASELINE => Ok(baseline),
            "smaller" => Ok(Self { hidden: vec![4, 4], ..baseline }),
            "l2" => Ok(Self { l2: 1e-3, ..baseline }),
            "dropout" => Ok(Self { dropout: 0.5, ..baseline }),
            _ => Err(Error::usage(
                format!("there is no recipe `{name}`"),
                format!("{}the recipes are: {}", suggestion(name, &NAMES), NAMES.join(", ")),
            )),
        }
    }
}

/// `did you mean ...? ` for the known name nearest to `name`, or nothing if none is near.
#[must_use]
pub fn suggestion(name: &str, known: &[&str]) -> String {
    let near = known.iter().map(|&other| (strsim::damerau_levenshtein(name, other), other)).min();
    match near {
        Some((distance, other)) if distance <= other.len().div_ceil(2) => format!("did you mean `{other}`? "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_name_is_a_recipe() {
        for name in NAMES {
            assert_eq!(Recipe::named(name).unwrap().name, name);
        }
    }

    #[test]
    fn a_misspelt_name_gets_a_suggestion() {
        let message = Recipe::named("dorpout").unwrap_err().to_string();
        assert!(message.contains("did you mean `dropout`?"), "{message}");
        let message = Recipe::named("xyz").unwrap_err().to_string();
        assert!(!message.contains("did you mean") && message.contains("smaller"), "{message}");
    }
}
