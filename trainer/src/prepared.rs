//! A dataset as training needs it: a vocabulary, and its parts as row ids.
//!
//! To read, split and count the texts takes a second or two, so what comes of it is kept in the [cache](crate::cache).
//! The texts themselves are not: only a board wants them, and they are read from the source when it does.

mod schedule;
mod stored;

pub use schedule::Schedule;

use std::sync::{Arc, OnceLock};

use crate::{
    Error, Result,
    cache::{Cache, VARIABLE},
    data::{
        Corpus, Dataset, Inputs, ONE_IN, Source, Split, Standards, VocabularyTables, WordCounts, fingerprint, held_out,
        of_words,
    },
    run::{DatasetInfo, Protocol},
};

/// How many words the vocabulary has, unless another number is asked for: the most frequent ones of the fitting documents.
pub const VOCABULARY: usize = 10_000;

/// How many words of the data are asked for.
fn vocabulary_size(source: &Source) -> usize {
    source.reading.vocabulary.unwrap_or(VOCABULARY)
}

/// What the first layer takes, from the fitting documents.
fn inputs(dataset: &Dataset, source: &Source, fitting: &Split, notes: &mut Vec<String>) -> Result<Inputs> {
    let asked = vocabulary_size(source);
    if source.reading.tokeniser.is_some() && (dataset.features.is_some() || dataset.word_index.is_some()) {
        return Err(Error::usage(
            format!("--tokeniser makes no sense for `{}`, which has no texts to split", source.data),
            "leave it out",
        ));
    }
    if let Some(features) = &dataset.features {
        return Ok(Inputs::Numbers(Standards::of(fitting, features.len())));
    }
    if dataset.word_index.is_some() {
        return VocabularyTables::of(dataset, fitting, asked).map(Inputs::Words);
    }
    let counts = WordCounts::by(source.tokeniser(), fitting);
    if !dataset.synthetic {
        notes.extend(of_words(&counts, asked));
    }
    VocabularyTables::build(&counts, asked).map(Inputs::Words)
}

/// Refuses a dataset with an empty part: no net is fitted to no documents, and no accuracy is one of none.
fn check_parts(dataset: &Dataset, source: &Source, fitting: &Split, held_out: Option<&Split>) -> Result<()> {
    let refused = |problem: &str, next: &str| Err(Error::input(&source.data, problem, next));
    if dataset.test.is_empty() {
        return refused("it has no document to test on", "add some, or name a file of them with --test");
    }
    if dataset.train.is_empty() || fitting.is_empty() {
        return refused("it has no document to fit", "add some, at least a few dozen of each class");
    }
    if held_out.is_some_and(Split::is_empty) {
        let counts = dataset.train.class_counts(dataset.labels.len());
        let counts: Vec<String> =
            counts.iter().zip(&dataset.labels).map(|(count, label)| format!("{count} of `{label}`")).collect();
        let problem = format!("none of its documents can be held out: there are {} to fit", counts.join(", "));
        let next = format!(
            "give each class {ONE_IN} documents to fit or more, that are not all the same, since one in {ONE_IN} is held \
             out; or train with --protocol article and without early stopping, which hold out none"
        );
        return refused(&problem, &next);
    }
    Ok(())
}

/// A dataset as training under a protocol needs it: a vocabulary or the standards of the fitting documents, and each part as
/// row ids or numbers.
#[derive(Debug)]
pub struct Prepared {
    /// How the data is used.
    pub protocol: Protocol,
    /// What is known of it.
    pub info: DatasetInfo,
    /// What the first layer takes.
    pub inputs: Inputs,
    /// The fitting documents.
    pub train: Arc<Corpus>,
    /// The documents that are held out; none where the test documents validate.
    pub held_out: Option<Corpus>,
    /// The test documents.
    pub test: Corpus,
    /// The texts, once they have been read.
    dataset: OnceLock<Dataset>,
}

impl Prepared {
    /// Opens a dataset and makes its vocabulary from the fitting documents; both are taken from the cache if they are
    /// there.
    ///
    /// The cache knows an archive by the SHA-256 of all its bytes, and a folder by that of all its texts, so a folder
    /// is read each time. A cache that cannot be written is no error: a line on stderr says so.
    ///
    /// # Errors
    ///
    /// A source that cannot be read, or that holds nothing to learn from, to hold out or to test on.
    pub fn open(source: impl Into<Source>, protocol: Protocol, cache: &Cache) -> Result<Self> {
        let source = &source.into();
        let look = || cache.folder().and_then(|_| fingerprint(source));
        let mut print = look();
        if let Some(found) = print.and_then(|print| stored::find(cache, print, protocol, source)) {
            return Ok(found);
        }
        let dataset = Dataset::open(source)?;
        if print.is_none() {
            if let Some(found) = stored::find(cache, dataset.sha256, protocol, source) {
                // Whether texts are generated is not told by them alone.
                let info = DatasetInfo { synthetic: dataset.synthetic, ..found.info.clone() };
                return Ok(Self { info, ..found.with(dataset) });
            }
        } else if print != Some(dataset.sha256) && print != look() {
            // The file has changed between two looks at it.
            print = None;
        }
        let prepared = Self::make(dataset, source, protocol)?;
        let print = print.unwrap_or_else(|| prepared.info.sha256_bytes());
        if let Err(error) = stored::keep(cache, print, &prepared) {
            eprintln!(
                "note: {error}\n  the next run reads the texts again; {VARIABLE} moves the cache or turns it off"
            );
        }
        Ok(prepared)
    }

    /// Reads and counts the words of a dataset.
    fn make(dataset: Dataset, source: &Source, protocol: Protocol) -> Result<Self> {
        let split = match protocol {
            Protocol::Article => None,
            Protocol::HeldOut => Some(held_out(&dataset.train)),
        };
        let fitting = split.as_ref().map_or(&dataset.train, |(fitting, _)| fitting);
        check_parts(&dataset, source, fitting, split.as_ref().map(|(_, held_out)| held_out))?;
        let mut notes = dataset.notes.clone();
        let inputs = inputs(&dataset, source, fitting, &mut notes)?;
        notes.extend(Schedule::of(source, &inputs, fitting.len()).note());
        // Each half on a thread of its own; neither depends on the other.
        let (train, test) = std::thread::scope(|scope| {
            let train = scope.spawn(|| inputs.corpus(fitting));
            let test = inputs.corpus(&dataset.test);
            (train.join().expect("a corpus of fewer than 2^32 rows"), test)
        });
        let info = DatasetInfo { train_documents: fitting.len(), notes, ..DatasetInfo::of(&dataset, source) };
        let held_out = split.as_ref().map(|(_, held_out)| inputs.corpus(held_out));
        let train = Arc::new(train);
        let prepared = Self { protocol, info, inputs, train, held_out, test, dataset: OnceLock::new() };
        Ok(prepared.with(dataset))
    }

    /// The documents that each epoch is validated on.
    #[must_use]
    pub fn validation(&self) -> &Corpus {
        self.held_out.as_ref().unwrap_or(&self.test)
    }

    /// How a run on these documents is fitted where nobody says.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        Schedule::of(&self.info.source(), &self.inputs, self.train.len())
    }

    fn with(self, dataset: Dataset) -> Self {
        Self { dataset: OnceLock::from(dataset), ..self }
    }

    /// The texts. They are read from the source now, if the rest came from the cache.
    ///
    /// # Errors
    ///
    /// A source that cannot be read any more, or that has changed since.
    pub fn dataset(&self) -> Result<&Dataset> {
        if let Some(dataset) = self.dataset.get() {
            return Ok(dataset);
        }
        let dataset = Dataset::open(self.info.source())?;
        if dataset.sha256 != self.info.sha256_bytes() {
            return Err(Error::input(&self.info.source, "it has changed since this program began", "run it again"));
        }
        Ok(self.dataset.get_or_init(|| dataset))
    }
}

#[cfg(test)]
mod tests;
