//! A dataset as training needs it: a vocabulary, and its parts as row ids.

use std::sync::Arc;

use crate::{
    Result,
    data::{Corpus, Dataset, VocabularyTables, WordCounts, held_out},
    run::{DatasetInfo, Protocol},
};

/// How many words the vocabulary has: the most frequent ones of the fitting documents.
pub const VOCABULARY: usize = 10_000;

/// A dataset as training under a protocol needs it: a vocabulary of the fitting documents, and each part as row ids.
#[derive(Debug)]
pub struct Prepared {
    /// How the data is used.
    pub protocol: Protocol,
    /// What is known of the dataset.
    pub info: DatasetInfo,
    /// The vocabulary.
    pub vocabulary: VocabularyTables,
    /// The fitting documents.
    pub train: Arc<Corpus>,
    /// The documents that are held out; none where the test documents validate.
    pub held_out: Option<Corpus>,
    /// The test documents.
    pub test: Corpus,
}

impl Prepared {
    /// Prepares a dataset that was opened from `source`.
    ///
    /// # Errors
    ///
    /// Fitting documents without a word.
    pub fn new(dataset: &Dataset, source: &str, protocol: Protocol) -> Result<Self> {
        let split = match protocol {
            Protocol::Article => None,
            Protocol::HeldOut => Some(held_out(&dataset.train)),
        };
        let fit = split.as_ref().map_or(&dataset.train, |(fit, _)| fit);
        let vocabulary = VocabularyTables::build(&WordCounts::of(fit), VOCABULARY)?;
        let view = vocabulary.view();
        Ok(Self {
            protocol,
            info: DatasetInfo { train_documents: fit.len(), ..DatasetInfo::of(dataset, source) },
            train: Arc::new(Corpus::new(fit, &view)),
            held_out: split.as_ref().map(|(_, held_out)| Corpus::new(held_out, &view)),
            test: Corpus::new(&dataset.test, &view),
            vocabulary,
        })
    }

    /// The documents that each epoch is validated on.
    #[must_use]
    pub fn validation(&self) -> &Corpus {
        self.held_out.as_ref().unwrap_or(&self.test)
    }
}
