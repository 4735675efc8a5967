//! The documents as row ids, by the path that the board takes.

mod stored;

use super::{Split, Standards, row_set::RowSet};
use edgefit::{
    Model,
    vocabulary::Vocabulary,
    words::{Hash, WordSink},
};

/// The documents of a split as row ids: of each document the rows that occur in it, once each, ascending.
///
/// This is a compressed sparse row (CSR) matrix of documents by vocabulary rows whose every stored value is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Corpus {
    /// Where the rows of each document start, and where the last one's end: one entry more than documents.
    offsets: Vec<u32>,
    rows: Vec<u16>,
    labels: Vec<u16>,
    /// Whether the last row of each document is the start row, which no model file has.
    start: bool,
    /// Where documents are numbers and no words. Then they have no rows.
    numbers: Option<Numbers>,
}

/// Documents that are numbers.
#[derive(Debug, Clone, PartialEq)]
struct Numbers {
    features: usize,
    /// As the user gave them, the missing ones filled in: what a model file takes.
    raw: Vec<f32>,
    /// As the first layer of a network takes them; none where they are for a model file alone.
    inputs: Vec<f32>,
}

impl Corpus {
    /// Looks up the words of every document of a split, in the vocabulary of a model file.
    ///
    /// For documents to train on, see [`VocabularyTables::corpus`](super::VocabularyTables::corpus).
    ///
    /// # Panics
    ///
    /// If the documents hold more than 2^32 - 1 rows together, which takes over 8 GB of text.
    #[must_use]
    pub fn new(split: &Split, vocabulary: &Vocabulary<'_>) -> Self {
        Self::with_start(split, vocabulary, None)
    }

    /// The documents of a split as a model file takes them, be they texts or numbers. That they are what it takes is checked
    /// before, see [`Signature`](crate::signature::Signature).
    ///
    /// # Panics
    ///
    /// As [`Corpus::new`]; if the model takes numbers, and a document is not as many.
    #[must_use]
    pub fn of_model(split: &Split, model: &Model<'_>) -> Self {
        match (model.vocabulary(), model.standards()) {
            (Some(vocabulary), _) => Self::new(split, vocabulary),
            (None, Some(standards)) => Self::raw(split, standards.means()),
            (None, None) => unreachable!("a model is one of text or of numbers"),
        }
    }

    /// Like [`Corpus::new`], with the row `start`, which must come after all others, in every document.
    pub(super) fn with_start(split: &Split, vocabulary: &Vocabulary<'_>, start: Option<u16>) -> Self {
        let mut offsets = Vec::with_capacity(split.len() + 1);
        offsets.push(0);
        let mut rows = Vec::new();
        let mut lookup = Lookup { vocabulary, hash: Hash::new(vocabulary.seed()), seen: RowSet::new() };
        let mut splitter = vocabulary.splitter();
        for text in split.texts() {
            splitter.feed(text, &mut lookup);
            splitter.finish(&mut lookup);
            lookup.seen.drain_into(&mut rows);
            rows.extend(start);
            offsets.push(u32::try_from(rows.len()).expect("fewer than 2^32 rows in all documents"));
        }
        rows.shrink_to_fit();
        Self { offsets, rows, labels: split.labels().to_vec(), start: start.is_some(), numbers: None }
    }

    /// The numbers of every document of a split, raw and as inputs.
    pub(super) fn of_numbers(split: &Split, standards: &Standards) -> Self {
        let mut corpus = Self::raw(split, &standards.means);
        if let Some(Numbers { features, raw, inputs }) = &mut corpus.numbers {
            inputs.extend(raw.chunks_exact(*features).flat_map(|document| standards.inputs(document)));
        }
        corpus
    }

    /// The raw numbers of every document of a split, the missing ones filled in with the mean.
    ///
    /// # Panics
    ///
    /// If a document is not as many numbers as there are means.
    fn raw(split: &Split, means: &[f32]) -> Self {
        let length = size_of_val(means);
        assert!(split.texts().all(|document| document.len() == length), "each document is a number a feature");
        let filled = |(value, mean): (f32, &f32)| if value.is_nan() { *mean } else { value };
        let raw = (0..split.len()).flat_map(|document| split.numbers(document).zip(means).map(filled)).collect();
        let numbers = Some(Numbers { features: means.len(), raw, inputs: Vec::new() });
        let labels = split.labels().to_vec();
        Self { offsets: vec![0; split.len() + 1], rows: Vec::new(), labels, start: false, numbers }
    }

    /// Some of the documents, in the order given.
    ///
    /// # Panics
    ///
    /// If one is not below [`len`](Self::len).
    #[must_use]
    pub fn subset(&self, documents: &[u32]) -> Self {
        let labels = Vec::with_capacity(documents.len());
        let numbers = self.numbers.as_ref().map(|numbers| numbers.subset(documents));
        let mut subset = Self { offsets: vec![0], rows: Vec::new(), labels, start: self.start, numbers };
        for &document in documents {
            subset.rows.extend_from_slice(self.rows(document as usize));
            // Parts of what fits in 32 bits do too.
            subset.offsets.push(subset.rows.len() as u32);
            subset.labels.push(self.label(document as usize));
        }
        subset
    }

    /// How many documents it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether it has no document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The rows of document `i`, each once, ascending.
    ///
    /// # Panics
    ///
    /// If `i` is not below [`len`](Self::len).
    #[must_use]
    #[inline]
    pub fn rows(&self, i: usize) -> &[u16] {
        &self.rows[self.offsets[i] as usize..self.offsets[i + 1] as usize]
    }

    /// The rows of document `i` that a model file has: all but the start row, which is in the file's bias.
    ///
    /// # Panics
    ///
    /// If `i` is not below [`len`](Self::len).
    #[must_use]
    pub fn rows_of_file(&self, i: usize) -> &[u16] {
        let rows = self.rows(i);
        &rows[..rows.len() - usize::from(self.start)]
    }

    /// How many features the documents have, where they are numbers.
    #[must_use]
    pub fn features(&self) -> Option<usize> {
        self.numbers.as_ref().map(|numbers| numbers.features)
    }

    /// The numbers of document `i` as the first layer of a network takes them; none where documents are words.
    ///
    /// # Panics
    ///
    /// If `i` is not below [`len`](Self::len).
    #[must_use]
    pub fn numbers(&self, i: usize) -> &[f32] {
        self.numbers.as_ref().map_or(&[], |numbers| numbers.of(&numbers.inputs, i))
    }

    /// The numbers of document `i` as a model file takes them: as they came, the missing ones filled in.
    ///
    /// # Panics
    ///
    /// If `i` is not below [`len`](Self::len).
    #[must_use]
    pub fn raw_numbers(&self, i: usize) -> &[f32] {
        self.numbers.as_ref().map_or(&[], |numbers| numbers.of(&numbers.raw, i))
    }

    /// The class of document `i`.
    ///
    /// # Panics
    ///
    /// If `i` is not below [`len`](Self::len).
    #[must_use]
    pub fn label(&self, i: usize) -> u16 {
        self.labels[i]
    }

    /// The class of every document.
    #[must_use]
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// The number of stored entries: the distinct rows of each document, summed over the documents.
    #[must_use]
    pub fn nnz(&self) -> usize {
        self.rows.len()
    }
}

impl Numbers {
    fn of<'a>(&self, values: &'a [f32], i: usize) -> &'a [f32] {
        &values[i * self.features..(i + 1) * self.features]
    }

    fn subset(&self, documents: &[u32]) -> Self {
        let part = |values: &[f32]| documents.iter().flat_map(|&i| self.of(values, i as usize)).copied().collect();
        let inputs = if self.inputs.is_empty() { Vec::new() } else { part(&self.inputs) };
        Self { features: self.features, raw: part(&self.raw), inputs }
    }
}

/// Hashes the current word, and at its end marks its row.
struct Lookup<'a> {
    vocabulary: &'a Vocabulary<'a>,
    hash: Hash,
    seen: RowSet,
}

impl WordSink for Lookup<'_> {
    #[inline]
    fn byte(&mut self, byte: u8) {
        self.hash.byte(byte);
    }

    #[inline]
    fn end(&mut self) {
        if let Some(row) = self.vocabulary.row(self.hash.value()) {
            self.seen.insert(row);
        }
        self.hash = Hash::new(self.vocabulary.seed());
    }
}

#[cfg(test)]
mod tests {
    use super::super::{VocabularyTables, WordCounts, testing};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_document_is_the_set_of_its_rows(
            texts in proptest::collection::vec("[a-dA-C' .\u{e9}]{0,60}", 1..8),
            size in 1usize..40,
            unknown_row in proptest::option::of(any::<u16>()),
        ) {
            let split = testing::split(&texts);
            let Ok(tables) = VocabularyTables::build(&WordCounts::of(&split), size) else { return Ok(()) };
            let vocabulary =
                Vocabulary::new(tables.seed, &tables.displacements, &tables.fingerprints, unknown_row);
            let corpus = Corpus::new(&split, &vocabulary);
            prop_assert_eq!(corpus.len(), texts.len());
            prop_assert!(!corpus.is_empty());
            let mut entries = 0;
            for (i, text) in texts.iter().enumerate() {
                let row = |word: Vec<u8>| {
                    tables.words.iter().position(|w| **w == *word).map(|row| row as u16).or(unknown_row)
                };
                let rows: BTreeSet<u16> = testing::words(text.as_bytes()).filter_map(row).collect();
                prop_assert_eq!(corpus.rows(i), rows.into_iter().collect::<Vec<_>>());
                entries += corpus.rows(i).len();
            }
            prop_assert_eq!(corpus.nnz(), entries);
        }
    }

    #[test]
    fn labels_go_with_their_documents() {
        let mut split = Split::default();
        split.push(b"good", 1);
        split.push(b"bad", 0);
        let corpus = Corpus::new(&split, &Vocabulary::new(0, &[], &[], None));
        assert_eq!((corpus.labels(), corpus.label(0), corpus.nnz()), (&[1, 0][..], 1, 0));
        assert_eq!(corpus.rows(0), [0u16; 0]);
        assert!(Corpus::new(&Split::default(), &Vocabulary::new(0, &[], &[], None)).is_empty());
    }

    #[test]
    fn imdb_reviews_have_129_distinct_words_of_the_vocabulary() {
        let Some(imdb) = testing::imdb("imdb_reviews_have_129_distinct_words_of_the_vocabulary") else { return };
        let tables = VocabularyTables::build(&WordCounts::of(&imdb.train), 10_000).unwrap();
        assert_eq!((tables.words.len(), tables.strangers), (10_000, 0));
        let corpus = Corpus::new(&imdb.train, &tables.view());
        // Without strangers this is a property of the reviews alone, not of the hash.
        assert_eq!(corpus.nnz(), 3_243_186);
    }
}
