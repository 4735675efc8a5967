//! One training run: a recipe, a seed and a protocol, into a run folder.

use std::{path::Path, sync::Arc};

use crate::{
    Error, Result,
    data::Corpus,
    files::FolderLock,
    interrupt,
    prepared::Prepared,
    recipe::Recipe,
    run::{Run, RunInfo},
    timing::Stopwatch,
    train::{EpochRecord, Job, Stop, fit, stratified_share},
};

/// A loss above this has exploded: an untrained net is at 0.7.
const EXPLODED: f64 = 1e3;

/// What to train.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The recipe.
    pub recipe: Recipe,
    /// The seed.
    pub seed: u64,
}

impl Cell {
    /// Trains into `folder`, or with `resume` goes on with what is there. `epoch_done` hears of each epoch.
    ///
    /// # Errors
    ///
    /// A folder that is not empty or cannot be written, a run that has diverged, and [`Error::Interrupted`], with the run
    /// ready to be resumed.
    pub fn train(
        &self,
        data: &Prepared,
        folder: &Path,
        resume: bool,
        mut epoch_done: impl FnMut(&EpochRecord),
    ) -> Result<Run> {
        let Self { recipe, seed } = self;
        let info = RunInfo {
            schema: 1,
            seed: *seed,
            protocol: data.protocol,
            dataset: data.info.clone(),
            edgefit: edgefit::VERSION.to_owned(),
        };
        let _lock = FolderLock::take(folder)?;
        let (mut run, standing) = if resume {
            Run::resume(folder, recipe, info, &data.inputs)?
        } else {
            (Run::create(folder, recipe, info, &data.inputs)?, None)
        };
        if run.is_complete() {
            return Ok(run);
        }
        let stopwatch = Stopwatch::start();
        let train = self.share(data);
        let rows = data.inputs.rows();
        let outputs = data.info.outputs();
        let job = Job { recipe, seed: *seed, rows, outputs, train: &train, validation: data.validation() };
        if !run.is_over() {
            fit(&job, standing, |record, checkpoint, optimiser| -> Result<Stop> {
                self.check(&record)?;
                epoch_done(&record);
                run.add_epoch(record, &checkpoint, optimiser)?;
                if run.is_over() {
                    return Ok(Stop::Here);
                }
                if interrupt::requested() {
                    return Err(Error::Interrupted { folder: Some(folder.to_owned()) });
                }
                Ok(Stop::Continue)
            })?;
        }
        run.finish(&stopwatch.timing())?;
        Ok(run)
    }

    /// The documents to fit.
    fn share(&self, data: &Prepared) -> Arc<Corpus> {
        if self.recipe.data_fraction >= 1.0 {
            return data.train.clone();
        }
        let documents = stratified_share(data.train.labels(), self.recipe.data_fraction, self.seed);
        Arc::new(data.train.subset(&documents))
    }

    /// Stops a run whose loss is not a number any more, or has exploded.
    fn check(&self, record: &EpochRecord) -> Result<()> {
        let sound = |loss: f64| loss.is_finite() && loss < EXPLODED;
        if sound(record.running_loss) && sound(record.train_loss) && sound(record.validation_data_loss) {
            return Ok(());
        }
        let EpochRecord { epoch, running_loss, train_loss, .. } = record;
        Err(Error::usage(
            format!(
                "{}, seed {}: training has diverged in epoch {epoch}: its loss was {running_loss:.4}, and {train_loss:.4} after it",
                self.recipe.name, self.seed
            ),
            format!("try a --learning-rate below {}", self.recipe.learning_rate),
        ))
    }
}
