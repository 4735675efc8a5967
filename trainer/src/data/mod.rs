//! Data: from an archive, a folder or a seed to the row ids of each document.
//!
//! [`Dataset::open`] reads labelled texts; [`WordCounts`] ranks the words of the fitting part; [`VocabularyTables`]
//! gives each of the most frequent ones a row; [`Corpus`] holds every document as the rows that occur in it. Words
//! are split, hashed and looked up by `edgefit`, the crate that does the same on the board.
//!
//! # Example
//!
//! ```
//! use edgefit_trainer::data::{Corpus, Dataset, VocabularyTables, WordCounts};
//!
//! # fn main() -> edgefit_trainer::Result<()> {
//! let dataset = Dataset::open("synthetic:100")?;
//! let tables = VocabularyTables::build(&WordCounts::of(&dataset.train), 1_000)?;
//! let corpus = Corpus::new(&dataset.test, &tables.view());
//! assert_eq!(corpus.len(), 100);
//! assert!(corpus.rows(0).is_sorted());
//! # Ok(())
//! # }
//! ```

mod archive;
mod corpus;
mod counts;
mod dataset;
mod displace;
mod fingerprint;
mod folder;
mod held_out;
mod inputs;
mod keras;
pub(crate) mod layout;
mod own;
mod reviews;
mod row_set;
mod source;
mod split;
mod synthetic;
mod tables;
#[cfg(test)]
pub(crate) mod testing;

pub use corpus::Corpus;
pub use counts::WordCounts;
pub use dataset::Dataset;
pub(crate) use fingerprint::fingerprint;
pub use held_out::{ONE_IN, held_out};
pub use inputs::{Inputs, Standards};
pub(crate) use own::of_words;
pub use source::{Delimiter, Encoding, Impute, Reading, Source, Tokeniser, YesNo};
pub use split::Split;
pub use tables::{MAX_WORDS, VocabularyTables};
