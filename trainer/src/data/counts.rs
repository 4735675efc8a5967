//! How often each word occurs.

use super::{Split, Tokeniser};
use edgefit::words::{Splitter, WordSink};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// The distinct words of a split, with how often each occurs.
#[derive(Debug, Clone, Default)]
pub struct WordCounts {
    counts: FxHashMap<Box<[u8]>, u64>,
    tokens: u64,
    tokeniser: Tokeniser,
}

/// A word and how often it occurs.
pub(super) type Counted<'a> = (&'a [u8], u64);

impl WordCounts {
    /// Counts the words of a split, as `edgefit` splits them by the default rule.
    #[must_use]
    pub fn of(split: &Split) -> Self {
        Self::by(Tokeniser::default(), split)
    }

    /// Counts the words of a split, as `edgefit` splits them by this rule.
    #[must_use]
    pub fn by(tokeniser: Tokeniser, split: &Split) -> Self {
        let mut counter = Counter { into: Self { tokeniser, ..Self::default() }, ..Counter::default() };
        let mut splitter = Splitter::by(tokeniser.version()).unwrap_or_default();
        for text in split.texts() {
            splitter.feed(text, &mut counter);
            splitter.finish(&mut counter);
        }
        counter.into
    }

    /// The rule by which they were split.
    #[must_use]
    pub fn tokeniser(&self) -> Tokeniser {
        self.tokeniser
    }

    /// How many distinct words there are.
    #[must_use]
    pub fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// How many words there are, repetitions counted.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.tokens
    }

    /// How many of these words have letters beyond ASCII.
    #[must_use]
    pub fn beyond_ascii(&self) -> u64 {
        self.counts.iter().filter(|(word, _)| !word.is_ascii()).map(|(_, count)| count).sum()
    }

    /// How often `word` occurs; it must be lower-cased already.
    #[must_use]
    pub fn count(&self, word: &[u8]) -> u64 {
        self.counts.get(word).copied().unwrap_or(0)
    }

    /// The `n` most frequent words with their counts, most frequent first, ties by bytes ascending; fewer if there are
    /// fewer.
    #[must_use]
    pub fn most_frequent(&self, n: usize) -> Vec<(&[u8], u64)> {
        self.ranked(n).0
    }

    /// The `n` most frequent words in order, and all others in no order.
    pub(super) fn ranked(&self, n: usize) -> (Vec<Counted<'_>>, Vec<Counted<'_>>) {
        let mut words: Vec<Counted<'_>> = self.counts.iter().map(|(word, count)| (&**word, *count)).collect();
        if n < words.len() {
            words.select_nth_unstable_by(n, by_rank);
        }
        let rest = words.split_off(n.min(words.len()));
        words.sort_unstable_by(by_rank);
        (words, rest)
    }
}

/// More frequent words first, ties by bytes ascending.
fn by_rank(a: &Counted<'_>, b: &Counted<'_>) -> Ordering {
    b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0))
}

/// Collects the current word and counts it; allocates only for a word that is new.
#[derive(Default)]
struct Counter {
    word: Vec<u8>,
    into: WordCounts,
}

impl WordSink for Counter {
    #[inline]
    fn byte(&mut self, byte: u8) {
        self.word.push(byte);
    }

    #[inline]
    fn end(&mut self) {
        self.into.tokens += 1;
        if let Some(count) = self.into.counts.get_mut(self.word.as_slice()) {
            *count += 1;
        } else {
            self.into.counts.insert(self.word.as_slice().into(), 1);
        }
        self.word.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{imdb, split, words};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn words_are_counted_and_ranked(
            texts in proptest::collection::vec("[a-dA-C' .\u{e9}]{0,60}", 0..8),
            n in 0usize..40,
        ) {
            let counts = WordCounts::of(&split(&texts));
            let mut naive = BTreeMap::new();
            for word in texts.iter().flat_map(|text| words(text.as_bytes())) {
                *naive.entry(word).or_insert(0u64) += 1;
            }
            prop_assert_eq!(counts.distinct(), naive.len());
            prop_assert_eq!(counts.tokens(), naive.values().sum::<u64>());
            prop_assert!(naive.iter().all(|(word, n)| counts.count(word) == *n));
            prop_assert_eq!(counts.count(b"zzz"), 0);
            // The sort is stable, and the map is in order of bytes.
            let mut ranked: Vec<(&[u8], u64)> = naive.iter().map(|(word, n)| (word.as_slice(), *n)).collect();
            ranked.sort_by_key(|(_, n)| u64::MAX - n);
            let (most, mut rest) = counts.ranked(n);
            prop_assert_eq!(&most, &ranked[..n.min(ranked.len())]);
            prop_assert_eq!(counts.most_frequent(n), most);
            rest.sort_by_key(|(word, n)| (u64::MAX - n, *word));
            prop_assert_eq!(&rest, &ranked[n.min(ranked.len())..]);
        }
    }

    #[test]
    fn the_imdb_reviews_have_the_words_of_keras() {
        let Some(imdb) = imdb("the_imdb_reviews_have_the_words_of_keras") else { return };
        let counts = WordCounts::of(&imdb.train);
        assert_eq!((counts.distinct(), counts.tokens()), (88_582, 5_942_841));
        assert_eq!(counts.most_frequent(3), [(&b"the"[..], 336_148), (b"and", 164_097), (b"a", 163_041)]);
    }
}
