//! Run folders: everything that is known of one training run.
//!
//! | file | holds |
//! |---|---|
//! | `recipe.toml` | the resolved recipe |
//! | `run.json` | seed, protocol, dataset and its SHA-256, versions |
//! | `history.csv` | a row an epoch |
//! | `vocabulary.bin` | the vocabulary's tables |
//! | `checkpoints/epoch-N.bin` | the network after epoch N and the largest activation of each hidden layer |
//! | `timing.json` | seconds; the only file that differs between two runs of one recipe |

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result, checkpoint,
    data::{Dataset, VocabularyTables},
    files,
    network::Network,
    recipe::Recipe,
    train::EpochRecord,
};

/// What `run.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The version of this file's layout.
    pub schema: u32,
    /// The seed.
    pub seed: u64,
    /// How the data was used: `article` (validation on the test set, a fixed number of epochs).
    pub protocol: String,
    /// The data.
    pub dataset: DatasetInfo,
    /// The version of edgefit.
    pub edgefit: String,
}

/// What is known of a dataset, apart from its documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetInfo {
    /// Its name.
    pub name: String,
    /// What `--data` was given.
    pub source: String,
    /// The SHA-256, in hexadecimal.
    pub sha256: String,
    /// Whether it is the embedded synthetic corpus.
    pub synthetic: bool,
    /// The names of the classes.
    pub labels: Vec<String>,
    /// How many documents there are to fit.
    pub train_documents: usize,
    /// How many documents there are to test on.
    pub test_documents: usize,
}

impl DatasetInfo {
    /// The description of a dataset that was opened from `source`.
    #[must_use]
    pub fn of(dataset: &Dataset, source: &str) -> Self {
        Self {
            name: dataset.name.clone(),
            source: source.to_owned(),
            sha256: hex(&dataset.sha256),
            synthetic: dataset.synthetic,
            labels: dataset.labels.clone(),
            train_documents: dataset.train.len(),
            test_documents: dataset.test.len(),
        }
    }

    /// The bytes of the SHA-256; zeros where the text is not one.
    #[must_use]
    pub fn sha256_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(self.sha256.as_bytes().chunks_exact(2)) {
            let digits = std::str::from_utf8(digits).unwrap_or_default();
            *byte = u8::from_str_radix(digits, 16).unwrap_or_default();
        }
        bytes
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// The protocol of the article: validation on the test set, a fixed number of epochs.
pub const ARTICLE: &str = "article";

/// The network after an epoch, with what quantisation needs to know of the fitting documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The weights.
    pub network: Network,
    /// The largest activation of each hidden layer over the fitting documents.
    pub peaks: Vec<f32>,
}

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

/// Which epoch to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochChoice {
    /// The last one.
    Last,
    /// The one with the lowest validation loss.
    Best,
    /// This one, counted from 1.
    Number(u32),
}

impl std::str::FromStr for EpochChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "last" => Ok(Self::Last),
            "best" => Ok(Self::Best),
            _ => match text.parse() {
                Ok(number) if number > 0 => Ok(Self::Number(number)),
                _ => Err("expected `last`, `best` or the number of an epoch, from 1".to_owned()),
            },
        }
    }
}

impl Run {
    /// Starts a run in `folder`, which must be empty or not there yet.
    ///
    /// # Errors
    ///
    /// A folder with something in it, or one that cannot be written.
    pub fn create(folder: &Path, recipe: &Recipe, info: RunInfo, vocabulary: &VocabularyTables) -> Result<Self> {
        check_vacant(folder)?;
        files::create_folder(&folder.join("checkpoints"))?;
        let recipe_text = toml::to_string(recipe).expect("a recipe is plain data");
        files::write(&folder.join("recipe.toml"), recipe_text.as_bytes())?;
        checkpoint::write(&folder.join("vocabulary.bin"), vocabulary)?;
        Ok(Self { folder: folder.to_owned(), recipe: recipe.clone(), info, history: Vec::new() })
    }

    /// Adds an epoch: its checkpoint, and its row of the history once [`Run::finish`] is called.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn add_epoch(&mut self, record: EpochRecord, checkpoint: &Checkpoint) -> Result<()> {
        checkpoint::write(&self.checkpoint_path(record.epoch), checkpoint)?;
        self.history.push(record);
        Ok(())
    }

    /// Writes the history, the timing and last `run.json`, which marks the run as complete.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn finish(&self, cpu_seconds: f64) -> Result<()> {
        files::write(&self.folder.join("history.csv"), &history_csv(&self.history))?;
        let timing = serde_json::json!({ "cpu_seconds": cpu_seconds });
        files::write(&self.folder.join("timing.json"), format!("{timing:#}\n").as_bytes())?;
        let info = serde_json::to_string_pretty(&self.info).expect("plain data");
        files::write(&self.folder.join("run.json"), format!("{info}\n").as_bytes())
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
        let recipe: Recipe = toml::from_str(&text("recipe.toml")?).map_err(|e| bad("recipe.toml", e.to_string()))?;
        let history: Result<Vec<EpochRecord>, csv::Error> =
            csv::Reader::from_reader(text("history.csv")?.as_bytes()).deserialize().collect();
        let history = history.map_err(|e| bad("history.csv", e.to_string()))?;
        if history.is_empty() {
            return Err(bad("history.csv", "it has no epoch".to_owned()));
        }
        Ok(Self { folder: folder.to_owned(), recipe, info, history })
    }

    /// The number of the epoch that `choice` means.
    ///
    /// # Errors
    ///
    /// A number that the run does not have.
    pub fn epoch(&self, choice: EpochChoice) -> Result<u32> {
        let last = self.history.last().map_or(0, |record| record.epoch);
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
        let better = |a: &&EpochRecord, b: &&EpochRecord| a.validation_loss().total_cmp(&b.validation_loss());
        *self.history.iter().min_by(better).expect("a run has an epoch")
    }

    /// The record of an epoch.
    #[must_use]
    pub fn record(&self, epoch: u32) -> Option<&EpochRecord> {
        self.history.iter().find(|record| record.epoch == epoch)
    }

    /// The epochs that stand for the run: the last five, or all if there are fewer.
    #[must_use]
    pub fn last_epochs(&self) -> Vec<u32> {
        let from = self.history.len().saturating_sub(5);
        self.history[from..].iter().map(|record| record.epoch).collect()
    }

    /// The checkpoint of an epoch.
    ///
    /// # Errors
    ///
    /// A file that is missing or damaged.
    pub fn checkpoint(&self, epoch: u32) -> Result<Checkpoint> {
        checkpoint::read(&self.checkpoint_path(epoch))
    }

    /// The vocabulary.
    ///
    /// # Errors
    ///
    /// A file that is missing or damaged.
    pub fn vocabulary(&self) -> Result<VocabularyTables> {
        checkpoint::read(&self.folder.join("vocabulary.bin"))
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

fn history_csv(history: &[EpochRecord]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in history {
        writer.serialize(record).expect("plain data into memory");
    }
    writer.into_inner().expect("a buffer in memory flushes")
}
