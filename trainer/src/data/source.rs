//! What the user names as data, and how it is to be read.

use std::str::FromStr;

use edgefit::words;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What `--data` names, and how to read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, clap::Args)]
pub struct Source {
    /// A CSV, TSV or JSON Lines file (also .gz), a folder with a folder a class, `aclImdb_v1.tar.gz` or the folder it
    /// unpacks to, Keras's `imdb.npz`, or `synthetic[:N]`, the embedded corpus of N + N documents
    #[arg(long, value_name = "DATA")]
    pub data: String,
    /// How to read it.
    #[command(flatten)]
    pub reading: Reading,
}

/// How to read a file of one's own. What is not said is guessed where it is obvious.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, clap::Args)]
#[serde(default)]
#[command(next_help_heading = "Your own data")]
pub struct Reading {
    /// The documents to test on; without it, a share of --data is split off
    #[arg(long, value_name = "FILE")]
    pub test: Option<String>,
    /// The columns of the text, by name or by number from 1; several, separated by commas, are joined
    #[arg(long, value_name = "NAME|N,…", value_delimiter = ',')]
    pub text_column: Vec<String>,
    /// The column of the label, by name or by number from 1
    #[arg(long, value_name = "NAME|N")]
    pub label_column: Option<String>,
    /// Columns of numbers that are no features, such as a row number, by name or by number from 1
    #[arg(long, value_name = "NAME|N,…", value_delimiter = ',')]
    pub ignore_column: Vec<String>,
    /// Whether the first row of a table names the columns [default: guessed]
    #[arg(long, value_name = "yes|no")]
    pub header: Option<YesNo>,
    /// What separates the fields of a table: `comma`, `tab`, `semicolon`, `pipe` [default: guessed]
    #[arg(long, value_name = "NAME")]
    pub delimiter: Option<Delimiter>,
    /// Whether fields may stand in double quotes [default: guessed]
    #[arg(long, value_name = "yes|no")]
    pub quotes: Option<YesNo>,
    /// What bytes that are not UTF-8 stand for [default: utf-8, which refuses them]
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<Encoding>,
    /// Leave out rows that cannot be read, and say which
    #[arg(long)]
    pub skip_bad_rows: bool,
    /// What to put where a number is missing [default: the row is refused]
    #[arg(long, value_name = "NAME")]
    pub impute: Option<Impute>,
    /// The share of the documents to split off for the test, without --test [default: 0.2]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub test_share: Option<f64>,
    /// The seed of that split [default: 0]
    #[arg(long, value_name = "SEED")]
    pub split_seed: Option<u64>,
    /// How many words the vocabulary has: the most frequent ones of the documents to fit [default: 10000]
    #[arg(long, value_name = "N")]
    pub vocabulary: Option<usize>,
    /// How text is split into words [default: 1]
    #[arg(long, value_name = "1|2")]
    pub tokeniser: Option<Tokeniser>,
}

/// How text is split into words; it is written in the model file, and the board does the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Tokeniser {
    /// Runs of letters, digits, apostrophes and all that is not ASCII; ASCII is lower-cased
    #[default]
    #[value(name = "1")]
    Ascii,
    /// For text that is not English: Latin, Greek and Cyrillic letters are lower-cased too, and punctuation beyond ASCII
    /// separates
    #[value(name = "2")]
    Folding,
}

impl Tokeniser {
    /// Its version, as in a model file.
    #[must_use]
    pub const fn version(self) -> u16 {
        match self {
            Self::Ascii => words::TOKENISER,
            Self::Folding => words::FOLDING,
        }
    }
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum YesNo {
    /// Yes.
    Yes,
    /// No.
    No,
}

/// What separates the fields of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Delimiter {
    /// `,`
    Comma,
    /// A tab.
    Tab,
    /// `;`
    Semicolon,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// All, in the order in which they are tried.
    pub(super) const ALL: [Self; 4] = [Self::Comma, Self::Tab, Self::Semicolon, Self::Pipe];

    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Tab => b'\t',
            Self::Semicolon => b';',
            Self::Pipe => b'|',
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Tab => "tab",
            Self::Semicolon => "semicolon",
            Self::Pipe => "pipe",
        }
    }
}

/// What bytes that are not UTF-8 stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Nothing: the row is refused.
    #[value(name = "utf-8")]
    Utf8,
    /// Characters of Windows-1252, of which Latin-1 is a part; a field that is UTF-8 is still read as such.
    #[value(name = "windows-1252")]
    Windows1252,
}

/// What stands where a number is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Impute {
    /// The mean of the column over the fitting rows.
    Mean,
}

/// The share of the documents that is split off for the test, unless another is asked for.
const TEST_SHARE: f64 = 0.2;

impl Reading {
    /// The share of the documents to split off for the test.
    pub(super) fn share(&self) -> f64 {
        self.test_share.unwrap_or(TEST_SHARE)
    }

    /// The first flag that only makes sense for a file of one's own, if one is set.
    pub(super) fn flag(&self) -> Option<&'static str> {
        let flags = [
            (self.test.is_some(), "--test"),
            (!self.text_column.is_empty(), "--text-column"),
            (self.label_column.is_some(), "--label-column"),
            (!self.ignore_column.is_empty(), "--ignore-column"),
            (self.header.is_some(), "--header"),
            (self.delimiter.is_some(), "--delimiter"),
            (self.quotes.is_some(), "--quotes"),
            (self.encoding.is_some(), "--encoding"),
            (self.skip_bad_rows, "--skip-bad-rows"),
            (self.impute.is_some(), "--impute"),
            (self.test_share.is_some(), "--test-share"),
            (self.split_seed.is_some(), "--split-seed"),
        ];
        flags.into_iter().find_map(|(set, flag)| set.then_some(flag))
    }
}

impl Source {
    /// How its texts are split.
    #[must_use]
    pub fn tokeniser(&self) -> Tokeniser {
        self.reading.tokeniser.unwrap_or_default()
    }

    /// Refuses flags that only make sense for a file of one's own.
    pub(super) fn refuse_reading(&self) -> Result<()> {
        let Some(flag) = self.reading.flag() else { return Ok(()) };
        let problem = format!("{flag} makes no sense for `{}`, which is read as it is", self.data);
        Err(Error::usage(problem, "leave the flag out, or name a table, JSON Lines or a folder of your own"))
    }
}

fn share(text: &str) -> std::result::Result<f64, String> {
    f64::from_str(text)
        .ok()
        .filter(|share| *share > 0.0 && *share < 1.0)
        .ok_or_else(|| "expected a share above 0 and below 1, such as 0.2".to_owned())
}

impl<T: AsRef<str> + ?Sized> From<&T> for Source {
    fn from(data: &T) -> Self {
        Self { data: data.as_ref().to_owned(), reading: Reading::default() }
    }
}

impl From<&Self> for Source {
    fn from(source: &Self) -> Self {
        source.clone()
    }
}
