//! From the bytes of a text to the rows of its words: split, hash, look up, in one go.
//!
//! `portable` is plain Rust for small cores, `branchless` for large ones. On Arm's microcontrollers the same is written in
//! assembly, which keeps all of it in registers. `build.rs` chooses; what they find is equal.

#[cfg(any(scan = "thumb1", scan = "thumb2"))]
mod assembly;
#[cfg(any(scan = "branchless", test))]
mod branchless;
#[cfg(any(scan = "portable", test))]
mod portable;

#[cfg(any(scan = "thumb1", scan = "thumb2"))]
use assembly as best;
#[cfg(scan = "branchless")]
use branchless as best;
#[cfg(scan = "portable")]
use portable as best;

pub(crate) use best::scan;

use crate::words::Hash;

/// Where the stream stands between two pieces of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stand {
    /// The hash of the word that is open, if one is.
    hash: Hash,
    /// 1 if a word is open, else 0: a word, so that a classifier is moved word by word.
    in_word: u32,
}

impl Stand {
    /// Before a text, or after it.
    pub(crate) const START: Self = Self { hash: Hash::new(0), in_word: 0 };

    /// Whether a word is open, which the next separator ends.
    pub(crate) const fn is_in_word(self) -> bool {
        self.in_word != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        vocabulary::{self, Vocabulary},
        words::{Splitter, WordSink},
    };
    use proptest::{collection::vec, prelude::*};
    use std::{string::String, vec::Vec};

    /// The rows of a text's words by the splitter and one look-up a word.
    struct Rows<'v> {
        vocabulary: &'v Vocabulary<'v>,
        word: Vec<u8>,
        found: Vec<u16>,
    }

    impl WordSink for Rows<'_> {
        fn byte(&mut self, byte: u8) {
            self.word.push(byte);
        }
        fn end(&mut self) {
            self.found.extend(self.vocabulary.row(Hash::of(self.vocabulary.seed(), &self.word)));
            self.word.clear();
        }
    }

    fn split(text: &[u8], vocabulary: &Vocabulary<'_>) -> Vec<u16> {
        let mut rows = Rows { vocabulary, word: Vec::new(), found: Vec::new() };
        let mut splitter = Splitter::new();
        splitter.feed(text, &mut rows);
        splitter.finish(&mut rows);
        rows.found
    }

    type Scan = fn(&mut Stand, &[u8], &Vocabulary<'_>, &mut [u16]) -> (usize, usize);

    const SCANS: [Scan; 2] = [portable::scan, scan];

    fn scanned(scan: Scan, text: &[u8], cuts: &[usize], room: usize, vocabulary: &Vocabulary<'_>) -> Vec<u16> {
        let (mut stand, mut rows, mut found) = (Stand::START, Vec::new(), std::vec![0; room]);
        let mut rest = text;
        for cut in cuts.iter().copied().chain([usize::MAX]) {
            let (mut piece, tail) = rest.split_at(cut.min(rest.len()));
            rest = tail;
            loop {
                let (read, count) = scan(&mut stand, piece, vocabulary, &mut found);
                rows.extend(&found[..count]);
                piece = &piece[read..];
                if count < room {
                    break;
                }
            }
            assert!(piece.is_empty());
        }
        if stand.is_in_word() {
            let (read, count) = scan(&mut stand, b" ", vocabulary, &mut found);
            assert_eq!(read, 1);
            rows.extend(&found[..count]);
        }
        assert!(!stand.is_in_word());
        rows
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_rows_of_the_words(
            text in prop_oneof![vec(any::<u8>(), 0..200), "[a-cA-C' <.\\u{e9}]{0,120}".prop_map(String::into_bytes)],
            cuts in vec(0usize..40, 0..8),
            room in 1usize..70,
            (seed, unknown_row) in (any::<u32>(), prop_oneof![Just(None), Just(Some(60))]),
            displacements in vec(any::<u16>(), 15),
            known: bool,
        ) {
            let mut fingerprints = [0; 60];
            if known {
                // Every word of the text gets its slot, the last one where two meet.
                for word in words(&text) {
                    let hash = Hash::of(seed, &word);
                    let displacement = displacements[vocabulary::bucket(hash, displacements.len())];
                    let slot = vocabulary::slot(hash, displacement, fingerprints.len());
                    fingerprints[slot] = vocabulary::fingerprint(hash);
                }
            }
            let vocabulary = Vocabulary::new(seed, &displacements, &fingerprints, unknown_row);
            for scan in SCANS {
                prop_assert_eq!(scanned(scan, &text, &cuts, room, &vocabulary), split(&text, &vocabulary));
            }
        }
    }

    fn words(text: &[u8]) -> Vec<Vec<u8>> {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'\'' || *byte >= 0x80;
        let words = text.split(|byte| !is_word(byte)).filter(|word| !word.is_empty());
        words.map(<[u8]>::to_ascii_lowercase).collect()
    }

    #[test]
    fn a_text_ends_the_word_that_it_ends_in() {
        let vocabulary = Vocabulary::new(1, &[0], &[0], Some(1));
        for (text, rows) in [(&b""[..], 0), (b" ", 0), (b"a", 1), (b"a ", 1), (b" a", 1), (b"a b", 2)] {
            for scan in SCANS {
                assert_eq!(scanned(scan, text, &[], 4, &vocabulary), std::vec![1; rows], "{text:?}");
            }
        }
    }
}
