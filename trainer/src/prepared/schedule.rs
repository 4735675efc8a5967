//! How long and in what steps a run is fitted where nobody says.

use crate::{
    data::{Dataset, Inputs, Source},
    recipe::{Knobs, Recipe},
};

/// How many documents a step takes in the recipes.
const BATCH: usize = 512;
/// How many epochs a run has in the recipes.
const EPOCHS: u32 = 20;
/// How many steps an epoch has then, about: as many as 512 of the 25,000 documents of the article make.
const STEPS: usize = 48;
/// Fewer documents than this in a step make its gradient a matter of luck.
const LEAST_BATCH: usize = 16;
/// A run over bags of words has as many steps as the article's.
const STEPS_OVER_WORDS: usize = STEPS * EPOCHS as usize;
/// A weight moves by about the learning rate a step. Over words, of which a document has many, little is enough; of a few
/// numbers each needs a weight of its own size, and a linear model of 4 numbers (irises) is still at 87% after 1,600 steps, at
/// 97% after 3,200.
const STEPS_OVER_NUMBERS: usize = 3_000;

/// How many documents a step takes, and how many epochs a run has.
///
/// The recipes' own numbers are those of the article. With few documents of one's own they would make so few steps that
/// nothing is learnt, so that smaller steps and more epochs take their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How many documents a step takes: a power of two.
    pub batch_size: usize,
    /// How many epochs a run has, at most.
    pub epochs: u32,
}

impl Schedule {
    const USUAL: Self = Self { batch_size: BATCH, epochs: EPOCHS };

    /// The schedule for so many fitting documents of a source.
    pub(super) fn of(source: &Source, inputs: &Inputs, documents: usize) -> Self {
        if !Dataset::is_own(source) {
            return Self::USUAL;
        }
        let least_steps = match inputs {
            Inputs::Words(_) => STEPS_OVER_WORDS,
            Inputs::Numbers(_) => STEPS_OVER_NUMBERS,
        };
        Self::for_steps(documents, least_steps)
    }

    fn for_steps(documents: usize, least_steps: usize) -> Self {
        let largest = 1 << (documents / STEPS).max(1).ilog2();
        let batch_size = largest.clamp(LEAST_BATCH, BATCH);
        let epochs = least_steps.div_ceil(documents.div_ceil(batch_size).max(1));
        Self { batch_size, epochs: (epochs as u32).max(EPOCHS) }
    }

    /// What is to be said of it, if it is not the usual one.
    pub(super) fn note(self) -> Option<String> {
        let Self { batch_size, epochs } = self;
        (self != Self::USUAL).then(|| {
            format!(
                "training takes {epochs} epochs in steps of {batch_size} documents, as there are few (--epochs, --batch-size)"
            )
        })
    }

    /// A recipe on this schedule, as far as `given` does not say otherwise.
    #[must_use]
    pub fn applied(self, recipe: &Recipe, given: &Knobs) -> Recipe {
        Recipe {
            batch_size: given.batch_size.unwrap_or(self.batch_size),
            epochs: given.epochs.unwrap_or(self.epochs),
            ..recipe.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipes_themselves_have_the_usual_one() {
        for name in crate::recipe::NAMES {
            let recipe = Recipe::named(name).unwrap();
            assert_eq!(Schedule::USUAL.applied(&recipe, &Knobs::default()), recipe, "{name}");
        }
        assert_eq!(Schedule::for_steps(25_000, STEPS_OVER_WORDS), Schedule::USUAL);
        assert_eq!(Schedule::USUAL.note(), None);
    }

    #[test]
    fn few_documents_make_smaller_steps_and_then_more_epochs() {
        for (documents, least_steps, batch_size, epochs) in [
            (1_000_000, STEPS_OVER_NUMBERS, 512, 20),
            (5_000, STEPS_OVER_WORDS, 64, 20),
            (1_437, STEPS_OVER_NUMBERS, 16, 34),
            (300, STEPS_OVER_WORDS, 16, 51),
            (119, STEPS_OVER_NUMBERS, 16, 375),
            (1, STEPS_OVER_WORDS, 16, 960),
        ] {
            let schedule = Schedule::for_steps(documents, least_steps);
            assert_eq!(schedule, Schedule { batch_size, epochs }, "{documents}");
            assert!(documents.div_ceil(batch_size) * epochs as usize >= least_steps);
        }
    }

    #[test]
    fn what_is_given_is_kept() {
        let schedule = Schedule { batch_size: 16, epochs: 51 };
        let recipe = Recipe::named("l2").unwrap();
        let given = Knobs { epochs: Some(3), ..Knobs::default() };
        let applied = schedule.applied(&recipe, &given);
        assert_eq!((applied.batch_size, applied.epochs, applied.l2), (16, 3, recipe.l2));
    }
}
