//! Whether what was read of a run folder holds together. A right checksum says that a file is as it was written, and not
//! that it belongs to this run.

use std::path::Path;

use super::{Checkpoint, Run};
use crate::{Error, Result, data::Inputs, network::Network, train::Optimiser};

/// The error for a file that can be read, and yet is none of this run's.
pub(super) fn refused(path: &Path, problem: &str) -> Error {
    Error::input(path.display(), problem, "train the run again, or name another folder")
}

impl Run {
    /// The number of the last epoch of the history that was read from `path`, which must have them all, from 1 on.
    pub(super) fn checked_last_epoch(&self, path: &Path) -> Result<u32> {
        let in_order = self.history.iter().zip(1..).all(|(record, number)| record.epoch == number);
        match self.history.last() {
            None => Err(refused(path, "it has no epoch")),
            Some(last) if in_order && last.epoch <= self.recipe.epochs => Ok(last.epoch),
            Some(_) => Err(refused(path, &format!("its epochs are not 1, 2, … up to {} at most", self.recipe.epochs))),
        }
    }

    /// The network must be that of the recipe, over these inputs, with a logit for the classes.
    pub(super) fn check_checkpoint(&self, checkpoint: &Checkpoint, inputs: &Inputs, path: &Path) -> Result<()> {
        let outputs = self.info.dataset.outputs();
        let hidden = self.recipe.hidden.iter().copied();
        let widths: Vec<usize> = [inputs.rows()].into_iter().chain(hidden).chain([outputs]).collect();
        let layers = &checkpoint.network.layers;
        let fits = layers.len() == widths.len() - 1
            && layers
                .iter()
                .zip(widths.windows(2))
                .all(|(layer, width)| layer.bias.len() == width[1] && layer.kernel.len() == width[0] * width[1]);
        if fits && checkpoint.peaks.len() == self.recipe.hidden.len() {
            return Ok(());
        }
        let shape: Vec<String> = widths.iter().map(ToString::to_string).collect();
        Err(refused(path, &format!("it holds another network than that of the recipe, which is {}", shape.join("-"))))
    }

    /// The optimiser must be that of the recipe, and know of as many parameters as the network has.
    pub(super) fn check_optimiser(&self, optimiser: &Optimiser, network: &Network, path: &Path) -> Result<()> {
        if optimiser.is_of(self.recipe.optimizer, 2 * network.layers.len()) {
            return Ok(());
        }
        Err(refused(path, "it holds another optimiser than that of the recipe"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::{Dataset, Split, VocabularyTables, WordCounts},
        network::Dense,
        recipe::Recipe,
        run::{DatasetInfo, Protocol, RunInfo},
        train::EpochRecord,
    };

    fn record(epoch: u32) -> EpochRecord {
        EpochRecord {
            epoch,
            running_loss: 0.5,
            train_loss: 0.5,
            train_accuracy: 0.5,
            validation_data_loss: 0.5,
            validation_accuracy: 0.5,
            penalty: 0.0,
        }
    }

    /// A run of 5 words, 3 hidden units and 2 classes.
    fn run() -> (Run, Inputs, Checkpoint) {
        let dataset = Dataset::open("synthetic:4").unwrap();
        let info = RunInfo {
            schema: 1,
            seed: 0,
            protocol: Protocol::Article,
            dataset: DatasetInfo::of(&dataset, "synthetic:4"),
            edgefit: edgefit::VERSION.to_owned(),
        };
        let recipe = Recipe { hidden: vec![3], dropout: vec![0.0], ..Recipe::named("baseline").unwrap() };
        let run = Run { folder: "run".into(), recipe, info, history: vec![record(1), record(2)] };
        let mut split = Split::default();
        split.push(b"five words that are different", 0);
        let inputs = Inputs::Words(VocabularyTables::build(&WordCounts::of(&split), 5).unwrap());
        let first = Dense { kernel: vec![0.1; 15], bias: vec![0.0; 3] };
        let layers = vec![first, Dense { kernel: vec![0.2; 3], bias: vec![0.0] }];
        (run, inputs, Checkpoint { network: Network { layers }, peaks: vec![1.0] })
    }

    #[test]
    fn a_checkpoint_of_another_network_is_refused() {
        let (run, inputs, checkpoint) = run();
        let check = |checkpoint: &Checkpoint| run.check_checkpoint(checkpoint, &inputs, Path::new("epoch-1.bin"));
        check(&checkpoint).unwrap();
        let changes: [fn(&mut Checkpoint); 8] = [
            |checkpoint| checkpoint.network.layers.clear(),
            |checkpoint| checkpoint.network.layers.truncate(1),
            |checkpoint| checkpoint.network.layers[0].bias.clear(),
            |checkpoint| checkpoint.network.layers[0].bias.push(0.0),
            |checkpoint| checkpoint.network.layers[0].kernel.truncate(14),
            |checkpoint| checkpoint.network.layers[1].kernel.clear(),
            |checkpoint| checkpoint.peaks.clear(),
            |checkpoint| checkpoint.peaks.push(1.0),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut other = checkpoint.clone();
            change(&mut other);
            let message = check(&other).expect_err("another network").to_string();
            assert!(message.starts_with("epoch-1.bin: ") && message.contains("5-3-1"), "change {number}: {message}");
        }
    }

    #[test]
    fn a_history_with_gaps_or_more_epochs_than_the_recipe_is_refused() {
        let (mut run, ..) = run();
        let path = Path::new("history.csv");
        assert_eq!(run.checked_last_epoch(path).unwrap(), 2);
        for epochs in [&[][..], &[0], &[2], &[1, 3], &[2, 1], &[1, 1], &[1, u32::MAX]] {
            run.history = epochs.iter().map(|&epoch| record(epoch)).collect();
            assert!(run.checked_last_epoch(path).unwrap_err().to_string().contains("epoch"), "{epochs:?}");
        }
        run.history = (1..=21).map(record).collect();
        assert!(run.checked_last_epoch(path).unwrap_err().to_string().contains("up to 20"));
    }

    #[test]
    fn patience_lasts_from_the_best_epoch_however_large_it_is() {
        let (mut run, ..) = run();
        for (patience, is_over) in [(1, true), (2, false), (u32::MAX - 1, false), (u32::MAX, false)] {
            run.recipe.patience = Some(patience);
            assert_eq!(run.is_over(), is_over, "epoch 2, the best is 1, patience {patience}");
        }
    }

    #[test]
    fn tables_that_do_not_fit_each_other_are_none() {
        let (_, inputs, _) = run();
        assert!(inputs.are_sound());
        let changes: [fn(&mut VocabularyTables); 6] = [
            |tables| tables.words.truncate(4),
            |tables| tables.words.swap(0, 1),
            |tables| tables.fingerprints.truncate(4),
            |tables| tables.displacements.clear(),
            |tables| tables.seed ^= 1,
            |tables| tables.fingerprints[2] ^= 1,
        ];
        for (number, change) in changes.iter().enumerate() {
            let Inputs::Words(mut tables) = inputs.clone() else { panic!("the inputs are words") };
            change(&mut tables);
            assert!(!Inputs::Words(tables).are_sound(), "change {number}");
        }
    }
}
