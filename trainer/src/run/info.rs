//! What a run is, apart from its weights.

use serde::{Deserialize, Serialize};

use crate::{
    data::{Dataset, Reading, Source},
    network::Network,
    terminal::say,
};

/// What `run.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    /// The version of this file's layout.
    pub schema: u32,
    /// The seed.
    pub seed: u64,
    /// How the data was used.
    pub protocol: Protocol,
    /// The data.
    pub dataset: DatasetInfo,
    /// The version of edgefit.
    pub edgefit: String,
}

/// What is known of a dataset, apart from its documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetInfo {
    /// Its name.
    pub name: String,
    /// What `--data` was given.
    pub source: String,
    /// How it was read.
    #[serde(default)]
    pub reading: Reading,
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
    /// What is to be known of it, see [`Dataset::notes`].
    #[serde(default)]
    pub notes: Vec<String>,
}

impl DatasetInfo {
    /// The description of a dataset that was opened from `source`.
    #[must_use]
    pub fn of(dataset: &Dataset, source: impl Into<Source>) -> Self {
        let Source { data, reading } = source.into();
        Self {
            name: dataset.name.clone(),
            source: data,
            reading,
            sha256: hex(&dataset.sha256),
            synthetic: dataset.synthetic,
            labels: dataset.labels.clone(),
            train_documents: dataset.train.len(),
            test_documents: dataset.test.len(),
            notes: dataset.notes.clone(),
        }
    }

    /// How many logits a network gives for its classes: one for two classes, else one a class.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self.labels.len() {
            0..=2 => 1,
            classes => classes,
        }
    }

    /// Says on stderr what is to be known of it.
    pub fn say_notes(&self) {
        for note in &self.notes {
            say(format_args!("note: {note}"));
        }
    }

    /// What to open it by again.
    #[must_use]
    pub fn source(&self) -> Source {
        Source { data: self.source.clone(), reading: self.reading.clone() }
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

/// The bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// How the data is used. Figures of two protocols are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// As in the article: validation on the test set, a fixed number of epochs; the last five stand for the run.
    Article,
    /// A fifth of the training documents is held out and chooses the epoch; the test set is read once, at the end.
    HeldOut,
}

impl Protocol {
    /// Its name in tables and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::HeldOut => "held-out",
        }
    }
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The network after an epoch, with what quantisation needs to know of the fitting documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The weights.
    pub network: Network,
    /// The largest activation of each hidden layer over the fitting documents.
    pub peaks: Vec<f32>,
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

/// Which epochs stand for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stand {
    /// The last five, each with its own file; the last one is exported.
    Last,
    /// The one with the lowest held-out data loss.
    Chosen,
}
