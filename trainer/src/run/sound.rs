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
        let outputs = match self.info.dataset.labels.len() {
            0..=2 => 1,
            classes => classes,
        };
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
