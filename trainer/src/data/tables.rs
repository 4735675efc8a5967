//! The vocabulary's tables: which words have a row, and under which seed.

use super::{WordCounts, counts::Counted, displace::Placement};
use crate::{Error, Result};
use edgefit::{vocabulary::Vocabulary, words::Hash};

/// The most words that a vocabulary can have: a row is a 16-bit number.
pub const MAX_WORDS: usize = 65_535;

/// How many seeds are tried before a stranger is put up with.
const SEEDS: u32 = 64;

/// The vocabulary's tables, owned, as they go into the model file.
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
    /// How many distinct training words outside the vocabulary pass a fingerprint, and so are taken for a word in it.
    pub strangers: usize,
}

impl VocabularyTables {
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
        if !(1..=MAX_WORDS).contains(&size) {
            return Err(Error::usage(
                format!("a vocabulary of {size} words"),
                format!("ask for 1 to {MAX_WORDS} words: each has a 16-bit row number"),
            ));
        }
        let (inside, outside) = counts.ranked(size);
        if inside.is_empty() {
            return Err(Error::input("the training texts", "they hold no word", "check that they are texts"));
        }
        let mut placement = Placement::new(inside.iter().map(|(word, _)| *word).collect());
        let (strangers, seed) = search(&mut placement, &outside).ok_or_else(|| {
            Error::input(
                format!("a vocabulary of {} words", inside.len()),
                format!("none of {SEEDS} seeds gives each word a row of its own"),
                "ask for a few words fewer",
            )
        })?;
        if placement.seed != seed {
            placement.place(seed);
        }
        let words = placement.words_of_rows();
        let Placement { displacements, fingerprints, .. } = placement;
        Ok(Self { seed, displacements, fingerprints, words, strangers })
    }

    /// The tables as the lookup sees them. There is no row for unknown words.
    #[must_use]
    pub fn view(&self) -> Vocabulary<'_> {
        Vocabulary::new(self.seed, &self.displacements, &self.fingerprints, None)
    }
}

/// The first seed that lets the fewest strangers pass, and how many these are.
fn search(placement: &mut Placement<'_>, outside: &[Counted<'_>]) -> Option<(usize, u32)> {
    let mut best = None;
    for seed in 0..SEEDS {
        if !placement.place(seed) {
            continue;
        }
        // As many as the best has so far are too many: no need to count on.
        let limit = best.map_or(usize::MAX, |(strangers, _)| strangers);
        let view = placement.view();
        let passes = |(word, _): &&Counted<'_>| view.row(Hash::of(seed, word)).is_some();
        let strangers = outside.iter().filter(passes).take(limit).count();
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
        assert_eq!(tables.displacements.len(), edgefit::vocabulary::buckets(words.len()));
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
            let of = |(word, _): &Counted<'_>| fingerprint(Hash::of(seed, word));
            outside.iter().filter(|word| of(word) == of(&inside[0])).count()
        };
        let best = (0..SEEDS).min_by_key(|seed| passing(*seed)).unwrap();
        assert_eq!((tables.seed, tables.strangers), (best, passing(best)));
        assert!(tables.strangers > 0);
    }
}
