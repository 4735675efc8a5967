//! The vocabulary's tables: which words have a row, and under which seed.

use super::{Corpus, Dataset, Split, Tokeniser, WordCounts, displace::Placement};
use crate::{Error, Result};
use edgefit::{
    vocabulary::{self, Vocabulary},
    words::Hash,
};

/// The most words that a vocabulary can have: a row is a 16-bit number.
pub const MAX_WORDS: usize = 65_535;

/// How many seeds are tried before a stranger is put up with.
const SEEDS: u32 = 64;

/// Keras's numbers that stand for no word: padding, the start of a document, an unknown word, and one never used.
const RESERVED: usize = 4;

/// The vocabulary's tables, owned, as they go into the model file.
///
/// In training the rows are those of the words, and in a [foreign](Self::foreign) vocabulary two more.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VocabularyTables {
    /// The seed of every word's hash.
    pub seed: u32,
    /// The displacement of each bucket.
    pub displacements: Vec<u16>,
    /// The fingerprint of each row.
    pub fingerprints: Vec<u16>,
    /// The word of each row.
    pub words: Vec<Box<[u8]>>,
    /// How many known words outside the vocabulary pass a fingerprint, and so are taken for a word in it. Known are
    /// the words of the training texts, or those of the word index of a foreign vocabulary.
    pub strangers: usize,
    /// Whether the words are those of a foreign tokeniser: Keras's. Then there are two rows more, as with Keras: one
    /// that every word outside the vocabulary sets, and a last one that every document sets.
    pub foreign: bool,
    /// The rule by which texts are split.
    pub tokeniser: Tokeniser,
}

impl VocabularyTables {
    /// Makes the vocabulary of a dataset: the words that it gives, or the most frequent ones of the `fitting` documents.
    ///
    /// `size` is as in [`build`](Self::build); for words that are given it is Keras's `num_words`, which counts four
    /// numbers that are no words: the vocabulary is the first `size - 4` words.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build); [`Error::Usage`] if `size` leaves no room for a word.
    pub fn of(dataset: &Dataset, fitting: &Split, size: usize) -> Result<Self> {
        let Some(words) = &dataset.word_index else { return Self::build(&WordCounts::of(fitting), size) };
        check_size(size)?;
        let Some(count @ 1..) = size.checked_sub(RESERVED) else {
            return Err(Error::usage(
                format!("a vocabulary of {size} words of Keras's"),
                format!("ask for more than {RESERVED}: Keras counts so many numbers that are no words"),
            ));
        };
        let (inside, outside) = words.split_at(count.min(words.len()));
        Self::place(
            inside.iter().map(AsRef::as_ref).collect(),
            outside.iter().map(AsRef::as_ref),
            true,
            Tokeniser::default(),
        )
    }

    /// Makes a vocabulary of the `size` most frequent words, ties by bytes ascending; fewer if there are fewer.
    ///
    /// Seeds are tried from 0 until every word has a row of its own and no other word of `counts` passes; after 64,
    /// the one that lets the fewest pass is taken, and `strangers` says how many those are.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if `size` is not within 1 and [`MAX_WORDS`]; [`Error::Input`] if there is no word at all, or no
    /// seed gives every word a row.
    pub fn build(counts: &WordCounts, size: usize) -> Result<Self> {
        check_size(size)?;
        let (inside, outside) = counts.ranked(size);
        let inside = inside.into_iter().map(|(word, _)| word).collect();
        Self::place(inside, outside.iter().map(|(word, _)| *word), false, counts.tokeniser())
    }

    /// Gives each word `inside` a row, and tells those `outside` from them.
    #[allow(clippy::needless_pass_by_value, reason = "an iterator is used up")]
    fn place<'a>(
        inside: Vec<&'a [u8]>,
        outside: impl Iterator<Item = &'a [u8]> + Clone,
        foreign: bool,
        tokeniser: Tokeniser,
    ) -> Result<Self> {
        if inside.is_empty() {
            return Err(Error::input("the training texts", "they hold no word", "check that they are texts"));
        }
        let size = inside.len();
        let mut placement = Placement::new(inside);
        let (strangers, seed) = search(&mut placement, &outside).ok_or_else(|| {
            Error::input(
                format!("a vocabulary of {size} words"),
                format!("none of {SEEDS} seeds gives each word a row of its own"),
                "ask for a few words fewer",
            )
        })?;
        if placement.seed != seed {
            placement.place(seed);
        }
        let words = placement.words_of_rows();
        let Placement { displacements, fingerprints, .. } = placement;
        Ok(Self { seed, displacements, fingerprints, words, strangers, foreign, tokeniser })
    }

    /// Whether every word has the row of its place: tables that were read may be anybody's.
    pub(crate) fn is_sound(&self) -> bool {
        let most = if self.foreign { MAX_WORDS - 2 } else { MAX_WORDS };
        let count = self.words.len();
        (1..=most).contains(&count)
            && self.displacements.len() == vocabulary::buckets(count)
            && self.fingerprints.len() == count
            && self
                .words
                .iter()
                .enumerate()
                .all(|(place, word)| self.view().row(Hash::of(self.seed, word)).map(usize::from) == Some(place))
    }

    /// How many rows a network has in training.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.words.len() + 2 * usize::from(self.foreign)
    }

    /// The row that every word outside the vocabulary sets, if there is one: the last in the model file.
    #[must_use]
    pub fn unknown_row(&self) -> Option<u16> {
        self.foreign.then_some(self.words.len() as u16)
    }

    /// The row that every document sets, if there is one: the last in training. The model file has it in its bias.
    #[must_use]
    pub fn start_row(&self) -> Option<u16> {
        self.unknown_row().map(|row| row + 1)
    }

    /// The tables as the lookup sees them, on the host and on the board.
    #[must_use]
    pub fn view(&self) -> Vocabulary<'_> {
        Vocabulary::new(self.seed, &self.displacements, &self.fingerprints, self.unknown_row())
            .with_tokeniser(self.tokeniser.version())
    }

    /// The documents of a split, as training sees them.
    ///
    /// # Panics
    ///
    /// As [`Corpus::new`].
    #[must_use]
    pub fn corpus(&self, split: &Split) -> Corpus {
        Corpus::with_start(split, &self.view(), self.start_row())
    }
}

fn check_size(size: usize) -> Result<()> {
    if (1..=MAX_WORDS).contains(&size) {
        return Ok(());
    }
    Err(Error::usage(
        format!("a vocabulary of {size} words"),
        format!("ask for 1 to {MAX_WORDS} words: each has a 16-bit row number"),
    ))
}

/// The first seed that lets the fewest strangers pass, and how many these are.
fn search<'a>(
    placement: &mut Placement<'_>,
    outside: &(impl Iterator<Item = &'a [u8]> + Clone),
) -> Option<(usize, u32)> {
    let mut best = None;
    for seed in 0..SEEDS {
        if !placement.place(seed) {
            continue;
        }
        // As many as the best has so far are too many: no need to count on.
        let limit = best.map_or(usize::MAX, |(strangers, _)| strangers);
        let view = placement.view();
        let passes = |word: &&[u8]| view.row(Hash::of(seed, word)).is_some();
        let strangers = outside.clone().filter(passes).take(limit).count();
        if strangers < limit {
            best = Some((strangers, seed));
        }
        if strangers == 0 {
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::testing::split;
    use super::*;
    use edgefit::vocabulary::fingerprint;
    use proptest::prelude::*;
    use std::fmt::Write;

    /// Each row's word finds its row, and the words that have none pass as often as is said.
    fn check(tables: &VocabularyTables, counts: &WordCounts, size: usize) {
        let (mut inside, outside) = counts.ranked(size);
        inside.sort_unstable();
        let mut words: Vec<&[u8]> = tables.words.iter().map(|word| &**word).collect();
        let row = |word| tables.view().row(Hash::of(tables.seed, word)).map(usize::from);
        for (i, word) in words.iter().enumerate() {
            assert_eq!(row(word), Some(i));
        }
        words.sort_unstable();
        assert!(words.iter().eq(inside.iter().map(|(word, _)| word)));
        assert_eq!(outside.iter().filter(|(word, _)| row(word).is_some()).count(), tables.strangers);
        assert_eq!(tables.fingerprints.len(), words.len());
        assert_eq!(tables.displacements.len(), vocabulary::buckets(words.len()));
    }

    fn numbers(n: usize) -> WordCounts {
        let mut text = String::new();
        (0..n).for_each(|i| write!(text, "{i} ").expect("a string can be written to"));
        WordCounts::of(&split([text]))
    }

    proptest! {
        #[test]
        fn any_words_get_rows(text in "[a-f ]{1,2000}", size in 1usize..300) {
            let counts = WordCounts::of(&split([text]));
            prop_assume!(counts.distinct() > 0);
            let tables = VocabularyTables::build(&counts, size).unwrap();
            check(&tables, &counts, size);
            prop_assert_eq!(tables.strangers, 0);
        }
    }

    #[test]
    fn sizes_from_1_to_65_535_work_and_others_are_refused() {
        let counts = numbers(70_000);
        for size in [1, 2, 5, 255, 10_000, MAX_WORDS] {
            let tables = VocabularyTables::build(&counts, size).unwrap();
            check(&tables, &counts, size);
            assert_eq!(tables.strangers, 0);
        }
        for size in [0, MAX_WORDS + 1] {
            assert!(matches!(VocabularyTables::build(&counts, size), Err(Error::Usage { .. })));
        }
    }

    #[test]
    fn fewer_words_than_asked_for_make_a_smaller_vocabulary() {
        let counts = numbers(7);
        assert_eq!(VocabularyTables::build(&counts, 1_000).unwrap().words.len(), 7);
    }

    #[test]
    fn texts_without_a_word_are_refused() {
        let counts = WordCounts::of(&split(["", " . "]));
        let error = VocabularyTables::build(&counts, 10).unwrap_err();
        assert!(error.to_string().contains("no word"), "{error}");
    }

    #[test]
    fn where_no_seed_keeps_all_strangers_out_the_best_is_taken() {
        let counts = numbers(400_000);
        let tables = VocabularyTables::build(&counts, 1).unwrap();
        check(&tables, &counts, 1);
        // With one word there is one row, so a stranger passes if its fingerprint is that of the word.
        let (inside, outside) = counts.ranked(1);
        let passing = |seed| {
            let of = |(word, _): &(&[u8], u64)| fingerprint(Hash::of(seed, word));
            outside.iter().filter(|word| of(word) == of(&inside[0])).count()
        };
        let best = (0..SEEDS).min_by_key(|seed| passing(*seed)).unwrap();
        assert_eq!((tables.seed, tables.strangers), (best, passing(best)));
        assert!(tables.strangers > 0);
    }
}
