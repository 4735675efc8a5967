//! The texts and labels of one half of a dataset.

use sha2::{Digest, Sha256};
use std::{fmt, ops::Range, sync::Arc};

/// One half of a dataset: the documents' texts and labels.
///
/// All texts lie in one buffer, so that 25,000 reviews cost two allocations and not 25,000; the parts of a split share it.
/// A document of numbers is a text too: its features as `f32`, little-endian.
#[derive(Clone, Default)]
pub struct Split {
    texts: Arc<Vec<u8>>,
    spans: Vec<Range<usize>>,
    labels: Vec<u16>,
}

impl Split {
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

    /// The text of document `i`, as it was read: any bytes.
    ///
    /// # Panics
    ///
    /// If `i` is not below [`len`](Self::len).
    #[must_use]
    pub fn text(&self, i: usize) -> &[u8] {
        &self.texts[self.spans[i].clone()]
    }

    /// The features of document `i`, where documents are numbers. NaN stands for one that is missing.
    ///
    /// # Panics
    ///
    /// If `i` is not below [`len`](Self::len).
    pub fn numbers(&self, i: usize) -> impl Iterator<Item = f32> {
        self.text(i).as_chunks().0.iter().map(|value| f32::from_le_bytes(*value))
    }

    /// The class of document `i`: its place in [`Dataset::labels`](super::Dataset::labels).
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

    /// The texts, in order.
    #[must_use]
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.spans.iter().map(|span| &self.texts[span.clone()])
    }

    /// Appends a document.
    pub fn push(&mut self, text: &[u8], label: u16) {
        let texts = Arc::make_mut(&mut self.texts);
        let start = texts.len();
        texts.extend_from_slice(text);
        self.spans.push(start..texts.len());
        self.labels.push(label);
    }

    /// Makes document `order[i]` the `i`-th; only the spans move, not the texts.
    pub(super) fn reorder(&mut self, order: &[usize]) {
        self.spans = order.iter().map(|&i| self.spans[i].clone()).collect();
        self.labels = order.iter().map(|&i| self.labels[i]).collect();
        Arc::make_mut(&mut self.texts).shrink_to_fit();
    }

    /// Some of the documents, in the order given, in the same buffer.
    ///
    /// # Panics
    ///
    /// If one is not below [`len`](Self::len).
    #[must_use]
    pub(super) fn part(&self, documents: &[usize]) -> Self {
        Self {
            texts: self.texts.clone(),
            spans: documents.iter().map(|&i| self.spans[i].clone()).collect(),
            labels: documents.iter().map(|&i| self.labels[i]).collect(),
        }
    }

    /// Gives label `places[i]` to every document of label `i`.
    pub(super) fn relabel(&mut self, places: &[u16]) {
        for label in &mut self.labels {
            *label = places[usize::from(*label)];
        }
    }

    /// How many documents each of `classes` classes has.
    #[must_use]
    pub fn class_counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        for &label in &self.labels {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// Adds the number of documents (u64) and for each its label (u16), its length in bytes (u64) and its text to a
    /// hash, all little-endian.
    pub(super) fn hash_into(&self, sha256: &mut Sha256) {
        sha256.update((self.len() as u64).to_le_bytes());
        for (text, label) in self.texts().zip(&self.labels) {
            sha256.update(label.to_le_bytes());
            sha256.update((text.len() as u64).to_le_bytes());
            sha256.update(text);
        }
    }
}

/// Equal documents in equal order; in which order they were read does not count.
impl PartialEq for Split {
    fn eq(&self, other: &Self) -> bool {
        self.labels == other.labels && self.texts().eq(other.texts())
    }
}

impl Eq for Split {}

/// The sizes alone: the texts would fill a book.
impl fmt::Debug for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Split")
            .field("documents", &self.len())
            .field("bytes", &self.texts.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_back_in_the_order_asked_for() {
        let mut split = Split::default();
        assert!(split.is_empty());
        for (text, label) in [("first", 1), ("", 0), ("third", 2)] {
            split.push(text.as_bytes(), label);
        }
        let before = split.clone();
        split.reorder(&[2, 0, 1]);
        assert_ne!(split, before);
        assert_eq!(split.texts().collect::<Vec<_>>(), [b"third".as_slice(), b"first", b""]);
        assert_eq!((split.len(), split.labels(), split.label(0), split.text(1)), (3, &[2, 1, 0][..], 2, &b"first"[..]));
    }

    #[test]
    fn the_hash_sees_where_one_text_ends_and_which_label_it_has() {
        let hash = |documents: &[(&str, u16)]| {
            let (mut split, mut sha256) = (Split::default(), Sha256::new());
            for (text, label) in documents {
                split.push(text.as_bytes(), *label);
            }
            split.hash_into(&mut sha256);
            sha256.finalize()
        };
        assert_ne!(hash(&[("ab", 0), ("c", 0)]), hash(&[("a", 0), ("bc", 0)]));
        assert_ne!(hash(&[("ab", 0), ("c", 0)]), hash(&[("ab", 0), ("c", 1)]));
    }
}
