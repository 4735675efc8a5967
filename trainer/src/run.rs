//! Run folders: everything that is known of one training run.
//!
//! | file | holds |
//! |---|---|
//! | `recipe.toml` | the resolved recipe |
//! | `run.json` | seed, protocol, dataset and its SHA-256, versions |
//! | `history.csv` | a row an epoch |
//! | `inputs.bin` | the vocabulary's tables, or the standards of numbers |
//! | `checkpoints/epoch-N.bin` | the network after epoch N and the largest activation of each hidden layer |
//! | `timing.json` | seconds and memory; the only file that differs between two runs of one recipe |
//! | `state.bin` | while the run is not complete: the optimiser and the history, to go on from |

mod info;
mod sound;

use std::path::{Path, PathBuf};

pub(crate) use info::hex;
pub use info::{Checkpoint, DatasetInfo, EpochChoice, Protocol, RunInfo, Stand};

use crate::{
    Error, Result, checkpoint,
    data::Inputs,
    files,
    recipe::{Knobs, Recipe},
    timing::Timing,
    train::{EpochRecord, Optimiser, Standing},
};

/// A run folder that has been read, or is being written.
#[derive(Debug, Clone)]
pub struct Run {
    /// Where it is.
    pub folder: PathBuf,
    /// The resolved recipe.
    pub recipe: Recipe,
    /// What `run.json` says.
    pub info: RunInfo,
    /// What is known of each epoch, first to last.
    pub history: Vec<EpochRecord>,
}

/// What an unfinished run goes on from, beside the checkpoint of its last epoch: what it is, its history, its optimiser.
type State = (RunInfo, Vec<EpochRecord>, Optimiser);

impl Run {
    /// Starts a run in `folder`, which must be empty or not there yet.
    ///
    /// # Errors
    ///
    /// A folder with something in it, or one that cannot be written.
    pub fn create(folder: &Path, recipe: &Recipe, info: RunInfo, inputs: &Inputs) -> Result<Self> {
        check_vacant(folder)?;
        files::create_folder(&folder.join("checkpoints"))?;
        files::write(&folder.join("recipe.toml"), recipe_toml(recipe, &info).as_bytes())?;
        checkpoint::write(&folder.join("inputs.bin"), inputs)?;
        Ok(Self { folder: folder.to_owned(), recipe: recipe.clone(), info, history: Vec::new() })
    }

    /// Goes on with the run in `folder`: complete, begun, or not begun at all.
    ///
    /// # Errors
    ///
    /// A folder that holds a run of another recipe, seed or dataset, or something that is no run.
    pub fn resume(folder: &Path, recipe: &Recipe, info: RunInfo, inputs: &Inputs) -> Result<(Self, Option<Standing>)> {
        for folder in [folder, &folder.join("checkpoints")] {
            files::remove_unfinished(folder)?;
        }
        let state_path = folder.join("state.bin");
        if folder.join("run.json").is_file() {
            let run = Self::open(folder)?;
            run.check_same(recipe, &info, inputs)?;
            files::remove(&state_path)?;
            return Ok((run, None));
        }
        if state_path.is_file() {
            let (info_on_disk, history, optimiser): State = checkpoint::read(&state_path)?;
            let run = Self { folder: folder.to_owned(), recipe: read_recipe(folder)?, info: info_on_disk, history };
            run.check_same(recipe, &info, inputs)?;
            let network = run.checkpoint(run.checked_last_epoch(&state_path)?, inputs)?.network;
            run.check_optimiser(&optimiser, &network, &state_path)?;
            let standing = Standing { epoch: run.last_epoch(), network, optimiser };
            return Ok((run, Some(standing)));
        }
        remove_beginning(folder, &recipe_toml(recipe, &info))?;
        Ok((Self::create(folder, recipe, info, inputs)?, None))
    }

    fn check_same(&self, recipe: &Recipe, info: &RunInfo, inputs: &Inputs) -> Result<()> {
        let (own, given) = (&self.info.dataset, &info.dataset);
        // The SHA-256 is that of the documents, and says nothing of how they are read or what their classes are called.
        let same_data = own.sha256 == given.sha256 && own.labels == given.labels && self.inputs()? == *inputs;
        if self.recipe == *recipe && self.info.seed == info.seed && self.info.protocol == info.protocol && same_data {
            return Ok(());
        }
        Err(Error::usage(
            format!(
                "{} holds a run of another recipe, seed, protocol or dataset, or of other classes or inputs of this one",
                self.folder.display()
            ),
            "resume it with the arguments that it was begun with, or name another folder",
        ))
    }

    /// Adds an epoch: its checkpoint, and the state to go on from.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn add_epoch(&mut self, record: EpochRecord, checkpoint: &Checkpoint, optimiser: &Optimiser) -> Result<()> {
        checkpoint::write(&self.checkpoint_path(record.epoch), checkpoint)?;
        self.history.push(record);
        checkpoint::write(&self.folder.join("state.bin"), &(&self.info, &self.history, optimiser))
    }

    /// Whether no epoch is left to train: all are done, or early stopping has had its patience.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let Some(EpochRecord { epoch, .. }) = self.history.last() else { return false };
        let stopped = |patience| *epoch >= self.chosen().epoch.saturating_add(patience);
        *epoch >= self.recipe.epochs || self.recipe.patience.is_some_and(stopped)
    }

    /// Whether the run is complete.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.folder.join("run.json").is_file()
    }

    /// Writes the history, the timing and last `run.json`, which marks the run as complete.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn finish(&self, timing: &Timing) -> Result<()> {
        files::write(&self.folder.join("history.csv"), &history_csv(&self.history))?;
        let timing = serde_json::to_string_pretty(timing).expect("plain data");
        files::write(&self.folder.join("timing.json"), format!("{timing}\n").as_bytes())?;
        let info = serde_json::to_string_pretty(&self.info).expect("plain data");
        files::write(&self.folder.join("run.json"), format!("{info}\n").as_bytes())?;
        files::remove(&self.folder.join("state.bin"))
    }

    /// Reads a complete run.
    ///
    /// # Errors
    ///
    /// A folder that is not there, is no run, or is not complete.
    pub fn open(folder: &Path) -> Result<Self> {
        let text = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).map_err(Error::io("read", path))
        };
        let bad = |name: &str, problem: String| {
            Error::input(folder.join(name).display(), problem, "train the run again, or name another folder")
        };
        if folder.is_dir() && !folder.join("run.json").is_file() {
            let next = "name the folder that `trainer train --output RUN` wrote";
            return Err(Error::input(folder.display(), "this is not a complete run: run.json is missing", next));
        }
        let info: RunInfo = serde_json::from_str(&text("run.json")?).map_err(|e| bad("run.json", e.to_string()))?;
        let recipe = read_recipe(folder)?;
        let history: Result<Vec<EpochRecord>, csv::Error> =
            csv::Reader::from_reader(text("history.csv")?.as_bytes()).deserialize().collect();
        let history = history.map_err(|e| bad("history.csv", e.to_string()))?;
        let run = Self { folder: folder.to_owned(), recipe, info, history };
        run.checked_last_epoch(&folder.join("history.csv"))?;
        Ok(run)
    }

    /// The number of the epoch that `choice` means.
    ///
    /// # Errors
    ///
    /// A number that the run does not have.
    pub fn epoch(&self, choice: EpochChoice) -> Result<u32> {
        let last = self.last_epoch();
        match choice {
            EpochChoice::Last => Ok(last),
            EpochChoice::Best => Ok(self.best().epoch),
            EpochChoice::Number(number) if number <= last => Ok(number),
            EpochChoice::Number(number) => Err(Error::usage(
                format!("{} has no epoch {number}", self.folder.display()),
                format!("its epochs are 1 to {last}; `--epoch last` and `--epoch best` work too"),
            )),
        }
    }

    /// The record of the epoch with the lowest validation loss, penalty included; the first one on ties.
    ///
    /// # Panics
    ///
    /// If the run has no epoch, which neither [`Run::open`] nor training lets happen.
    #[must_use]
    pub fn best(&self) -> EpochRecord {
        self.lowest(EpochRecord::validation_loss)
    }

    /// The record of the epoch that the held-out documents choose: the lowest data loss; the first one on ties.
    ///
    /// # Panics
    ///
    /// As [`Run::best`].
    #[must_use]
    pub fn chosen(&self) -> EpochRecord {
        self.lowest(|record| record.validation_data_loss)
    }

    fn lowest(&self, loss: impl Fn(&EpochRecord) -> f64) -> EpochRecord {
        *self.history.iter().min_by(|a, b| loss(a).total_cmp(&loss(b))).expect("a run has an epoch")
    }

    /// The record of an epoch.
    #[must_use]
    pub fn record(&self, epoch: u32) -> Option<&EpochRecord> {
        self.history.iter().find(|record| record.epoch == epoch)
    }

    /// The epochs that stand for the run: the last five, or all if there are fewer; or the chosen one.
    #[must_use]
    pub fn epochs_of(&self, stand: Stand) -> Vec<u32> {
        match stand {
            Stand::Last => {
                let from = self.history.len().saturating_sub(5);
                self.history[from..].iter().map(|record| record.epoch).collect()
            }
            Stand::Chosen => vec![self.chosen().epoch],
        }
    }

    /// Which epochs stand for the run by its protocol. Early stopping goes back to its best epoch under any.
    #[must_use]
    pub fn stand(&self) -> Stand {
        match (self.info.protocol, self.recipe.patience) {
            (Protocol::Article, None) => Stand::Last,
            _ => Stand::Chosen,
        }
    }

    fn last_epoch(&self) -> u32 {
        self.history.last().map_or(0, |record| record.epoch)
    }

    /// The checkpoint of an epoch, of a network over these inputs.
    ///
    /// # Errors
    ///
    /// A file that is missing, damaged, or that of another network.
    pub fn checkpoint(&self, epoch: u32, inputs: &Inputs) -> Result<Checkpoint> {
        let path = self.checkpoint_path(epoch);
        let checkpoint = checkpoint::read(&path)?;
        self.check_checkpoint(&checkpoint, inputs, &path)?;
        Ok(checkpoint)
    }

    /// What its first layer takes.
    ///
    /// # Errors
    ///
    /// A file that is missing or damaged, or tables that do not fit each other.
    pub fn inputs(&self) -> Result<Inputs> {
        let path = self.folder.join("inputs.bin");
        let inputs: Inputs = checkpoint::read(&path)?;
        if inputs.are_sound() { Ok(inputs) } else { Err(sound::refused(&path, "its tables do not fit each other")) }
    }

    fn checkpoint_path(&self, epoch: u32) -> PathBuf {
        self.folder.join("checkpoints").join(format!("epoch-{epoch}.bin"))
    }
}

/// Makes sure that a folder can be made or is empty, so that nothing in it is lost.
///
/// # Errors
///
/// A folder with something in it, or a file in its place.
pub fn check_vacant(folder: &Path) -> Result<()> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(Error::usage(
                format!("{} is not empty", folder.display()),
                "name a new folder with --output, or remove this one first",
            )),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("use the folder", folder)(error)),
    }
}

/// Removes what is left of a run that was killed before its first epoch was complete: it comes again. A folder that holds
/// anything else is left as it is, for [`check_vacant`] to refuse.
fn remove_beginning(folder: &Path, recipe: &str) -> Result<()> {
    let (recipe_path, checkpoints) = (folder.join("recipe.toml"), folder.join("checkpoints"));
    let has_only = |folder: &Path, names: &[&str]| {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.flatten().all(|entry| names.iter().any(|name| entry.file_name() == *name))
    };
    let is_ours = has_only(folder, &["recipe.toml", "inputs.bin", "checkpoints"])
        && has_only(&checkpoints, &["epoch-1.bin"])
        && std::fs::read(&recipe_path).is_ok_and(|there| there == recipe.as_bytes());
    if is_ours {
        // The recipe last: it says whose the others are.
        for path in [checkpoints.join("epoch-1.bin"), folder.join("inputs.bin"), recipe_path] {
            files::remove(&path)?;
        }
    }
    // Made before the recipe is written.
    files::remove_empty_folder(&checkpoints);
    Ok(())
}

fn recipe_toml(recipe: &Recipe, info: &RunInfo) -> String {
    toml::to_string(&Knobs::of(recipe, info.seed, info.protocol)).expect("a recipe is plain data")
}

fn read_recipe(folder: &Path) -> Result<Recipe> {
    Knobs::read(&folder.join("recipe.toml"))?.resolve(None, &Knobs::default())
}

fn history_csv(history: &[EpochRecord]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in history {
        writer.serialize(record).expect("plain data into memory");
    }
    writer.into_inner().expect("a buffer in memory flushes")
}
