//! Keras's word index: from a word to its rank.

use crate::{Error, Result};
use edgefit::words::{Splitter, WordSink};
use rustc_hash::FxHashMap;
use std::path::Path;

/// No word index is longer than this, in bytes. Keras's for IMDB has 1.6 million.
pub(super) const LONGEST: u64 = 64 << 20;
/// Stands in a word for what the tokeniser would not leave as it is: U+FFFD, whose bytes it does.
const REPLACEMENT: char = '\u{fffd}';

/// Reads the words of an index, the most frequent first, from the bytes of its file.
///
/// Each comes as one word of `edgefit`, equal to no other: bytes at which `edgefit` would split, and capitals, are
/// replaced. Such a word has its place in the vocabulary, and no raw text ever reaches it.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<Box<[u8]>>> {
    let refuse = |problem: String| {
        let next = "name the folder's imdb_word_index.json as Keras distributes it: {\"the\": 1, \"and\": 2, …}";
        Err(Error::input(path.display(), problem, next))
    };
    let ranks: FxHashMap<String, u32> = match serde_json::from_slice(bytes) {
        Ok(ranks) => ranks,
        Err(error) => return refuse(error.to_string()),
    };
    let mut words: Vec<Option<Box<[u8]>>> = vec![None; ranks.len()];
    for (word, rank) in &ranks {
        let place = (*rank as usize).checked_sub(1).and_then(|place| words.get_mut(place));
        match place {
            Some(place @ None) if !word.is_empty() => *place = Some(spelled(word)),
            Some(_) if word.is_empty() => return refuse(format!("rank {rank} has an empty word")),
            Some(_) => return refuse(format!("two words have rank {rank}")),
            None => {
                let last = ranks.len();
                return refuse(format!("the word `{}` has rank {rank}, not 1 to {last}", word.escape_debug()));
            }
        }
    }
    // As many ranks as words, all different, all in range: none is missing.
    let words: Vec<Box<[u8]>> = words.into_iter().flatten().collect();
    let mut sorted: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return refuse(format!("two words cannot be told apart: `{}`", String::from_utf8_lossy(pair[0])));
    }
    Ok(words)
}

/// A word as one that `edgefit` leaves as it is.
fn spelled(word: &str) -> Box<[u8]> {
    let kept = |c: char| !c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit() || c == '\'';
    let spelled: String = word.chars().map(|c| if kept(c) { c } else { REPLACEMENT }).collect();
    debug_assert!(is_one_word(spelled.as_bytes()), "{spelled}");
    spelled.into_bytes().into()
}

/// Whether `edgefit` finds one word in a text, and that is the text as it stands.
pub(super) fn is_one_word(text: &[u8]) -> bool {
    #[derive(Default)]
    struct Words(Vec<u8>, usize);
    impl WordSink for Words {
        fn byte(&mut self, byte: u8) {
            self.0.push(byte);
        }
        fn end(&mut self) {
            self.1 += 1;
        }
    }
    let (mut splitter, mut words) = (Splitter::new(), Words::default());
    splitter.feed(text, &mut words);
    splitter.finish(&mut words);
    words.0 == text && words.1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(json: &str) -> Result<Vec<String>> {
        let words = parse(Path::new("words.json"), json.as_bytes())?;
        Ok(words.into_iter().map(|word| String::from_utf8(word.into()).unwrap()).collect())
    }

    proptest! {
        #[test]
        fn every_word_becomes_one_word(word in "\\PC{1,20}|[\\x00-\\x7f]{1,20}") {
            prop_assert!(is_one_word(&spelled(&word)), "{:?}", word);
            prop_assert_eq!(&*spelled(&word) == word.as_bytes(), is_one_word(word.as_bytes()));
        }
    }

    #[test]
    fn words_come_by_rank_and_strange_ones_are_kept_apart() {
        let json = "{\"film\": 3, \"\\u0010own\": 2, \"the\": 1, \"own\": 4, \"l'\\u00e9t\\u00e9\": 5}";
        assert_eq!(words(json).unwrap(), ["the", "\u{fffd}own", "film", "own", "l'\u{e9}t\u{e9}"]);
        assert_eq!(words("{}").unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_no_word_index_is_refused_with_its_reason() {
        for (json, reason) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("[1, 2]", "invalid type: sequence"),
            ("{\"a\": 1, \"b\": 2", "EOF while parsing"),
            ("{\"a\": 1.5}", "expected u32 at line 1 column 9"),
            ("{\"a\": -1}", "expected u32"),
            ("{\"a\": 0}", "the word `a` has rank 0, not 1 to 1"),
            ("{\"a\": 1, \"b\": 3}", "the word `b` has rank 3, not 1 to 2"),
            ("{\"a\": 2, \"b\": 2}", "two words have rank 2"),
            ("{\"\": 1}", "rank 1 has an empty word"),
            ("{\"a b\": 1, \"a.b\": 2}", "two words cannot be told apart: `a\u{fffd}b`"),
        ] {
            let message = words(json).unwrap_err().to_string();
            assert!(message.starts_with("words.json: ") && message.contains(reason), "{json}: {message}");
            assert!(message.contains("imdb_word_index.json"), "{message}");
        }
    }
}
