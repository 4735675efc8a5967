//! Words: the one tokeniser of the project, as a byte stream in constant memory.
//!
//! A word is a maximal run of ASCII letters, digits, apostrophes and bytes of 0x80 and above (so UTF-8 passes
//! through whole). ASCII letters are lower-cased; every other byte separates. There is no Unicode case folding.
//! On the IMDB reviews this rule gives the words of Keras's `imdb.npz`.
//!
//! That is [`TOKENISER`]. For text in other tongues there is [`FOLDING`], which lower-cases Latin, Greek and Cyrillic letters
//! and takes punctuation beyond ASCII for what it is, before the same rule splits.
//!
//! A word is known by its 32-bit [`Hash`](struct@Hash); the text itself is never stored.

use core::slice;

use crate::fold::Fold;

/// The version of the rule above. A model file names the version that its vocabulary was made with.
pub const TOKENISER: u16 = 1;

/// The version that folds what is beyond ASCII first; FORMAT.md says how.
pub const FOLDING: u16 = 2;

/// Stands beside that version in a model file whose vocabulary and training data were split by a foreign tokeniser.
///
/// Its words are looked up like all others, but raw text may be split into other words than the model was trained on,
/// so its accuracy on raw text is to be measured there.
pub const FOREIGN: u16 = 1 << 7;

/// What [`lower`] says of a byte that separates.
pub(crate) const SEPARATOR: u8 = 0;

/// For each byte: itself, lower-cased, if it belongs to a word; [`SEPARATOR`] if it separates.
pub(crate) static WORD_BYTE: [u8; 256] = word_bytes();

const fn word_bytes() -> [u8; 256] {
    let mut table = [SEPARATOR; 256];
    let mut byte = 1;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() || b == b'\'' || b >= 0x80 {
            table[byte] = b.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
}

#[inline]
pub(crate) fn lower(byte: u8) -> u8 {
    WORD_BYTE[usize::from(byte)]
}

/// Takes the words that a [`Splitter`] finds, a byte at a time.
pub trait WordSink {
    /// The next byte of the current word, lower-cased.
    fn byte(&mut self, byte: u8);
    /// The current word ends here. At least one byte came before.
    fn end(&mut self);
}

/// Passes over separators and takes the first byte of a word, or says that the bytes end before it.
#[inline]
pub(crate) fn start(bytes: &mut slice::Iter<'_, u8>, sink: &mut impl WordSink) -> bool {
    for &byte in bytes {
        let byte = lower(byte);
        if byte != SEPARATOR {
            sink.byte(byte);
            return true;
        }
    }
    false
}

/// Takes the rest of a word and the separator after it, or says that the bytes end before that.
#[inline]
pub(crate) fn rest(bytes: &mut slice::Iter<'_, u8>, sink: &mut impl WordSink) -> bool {
    // Eight bytes at a time, so that only one in eight is preceded by a look for the end of the text.
    while let Some((chunk, tail)) = bytes.as_slice().split_first_chunk::<8>() {
        for (i, &byte) in chunk.iter().enumerate() {
            let byte = lower(byte);
            if byte == SEPARATOR {
                *bytes = bytes.as_slice().get(i + 1..).unwrap_or_default().iter();
                return true;
            }
            sink.byte(byte);
        }
        *bytes = tail.iter();
    }
    for &byte in bytes {
        let byte = lower(byte);
        if byte == SEPARATOR {
            return true;
        }
        sink.byte(byte);
    }
    false
}

/// Splits the next bytes of a text; `in_word` says where they start and end.
#[inline]
fn split(in_word: &mut bool, bytes: &[u8], sink: &mut impl WordSink) {
    let mut bytes = bytes.iter();
    // Where the stream stands is where the code stands: in a word, or between two.
    if !*in_word && !start(&mut bytes, sink) {
        return;
    }
    while rest(&mut bytes, sink) {
        sink.end();
        if !start(&mut bytes, sink) {
            *in_word = false;
            return;
        }
    }
    *in_word = true;
}

/// Splits a byte stream into words, in chunks of any size.
///
/// # Example
///
/// ```
/// use edgefit::words::{Splitter, WordSink};
///
/// #[derive(Default)]
/// struct Print(Vec<String>, String);
/// impl WordSink for Print {
///     fn byte(&mut self, byte: u8) { self.1.push(byte as char) }
///     fn end(&mut self) { self.0.push(std::mem::take(&mut self.1)) }
/// }
///
/// let (mut splitter, mut print) = (Splitter::new(), Print::default());
/// splitter.feed(b"Don't st", &mut print);
/// splitter.feed(b"op!<br />", &mut print);
/// splitter.finish(&mut print);
/// assert_eq!(print.0, ["don't", "stop", "br"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Splitter {
    in_word: bool,
    /// Where the rule is [`FOLDING`].
    fold: Option<Fold>,
}

impl Splitter {
    /// A splitter by the rule [`TOKENISER`], at the start of a text.
    #[must_use]
    pub const fn new() -> Self {
        Self { in_word: false, fold: None }
    }

    /// A splitter by the rule of this version, [`FOREIGN`] or not; `None` if there is no such rule.
    #[must_use]
    pub fn by(tokeniser: u16) -> Option<Self> {
        match tokeniser & !FOREIGN {
            TOKENISER => Some(Self::new()),
            FOLDING => Some(Self { fold: Some(Fold::default()), ..Self::new() }),
            _ => None,
        }
    }

    /// Reads the next bytes of the text.
    #[inline]
    pub fn feed(&mut self, bytes: &[u8], sink: &mut impl WordSink) {
        let in_word = &mut self.in_word;
        match &mut self.fold {
            None => split(in_word, bytes, sink),
            Some(fold) => fold.feed(bytes, |bytes| split(in_word, bytes, sink)),
        }
    }

    /// Ends the text, and with it a word that reaches to the last byte. Ready for the next text.
    pub fn finish(&mut self, sink: &mut impl WordSink) {
        if let Some(fold) = &mut self.fold {
            fold.finish(|bytes| split(&mut self.in_word, bytes, sink));
        }
        if self.in_word {
            sink.end();
            self.in_word = false;
        }
    }
}

/// A 32-bit hash of a word, byte by byte: one exclusive or and one multiplication each.
///
/// It is FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv) with [`MULTIPLIER`] for the FNV prime and a seed for the offset
/// basis. The upper bits are good, the lower ones are not, so [`vocabulary`](crate::vocabulary) folds one half onto the
/// other before it derives anything from them, and needs no finaliser but that.
///
/// # Example
///
/// ```
/// use edgefit::words::Hash;
///
/// let mut hash = Hash::new(7);
/// for byte in *b"film" {
///     hash.byte(byte);
/// }
/// assert_eq!(hash.value(), Hash::of(7, b"film"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Hash(u32);

/// The multiplier of all hashing: the prime next to 2^32 divided by the golden ratio (Knuth, TAOCP vol. 3, 6.4).
///
/// Its multiples modulo 2^32 are spread as evenly as can be, which keeps words apart that differ in a letter or two, and
/// lets a displacement reach every slot.
pub const MULTIPLIER: u32 = 0x9e37_79b1;

impl Hash {
    /// The hash of the empty word under `seed`.
    #[must_use]
    #[inline]
    pub const fn new(seed: u32) -> Self {
        Self(seed)
    }

    /// Appends one lower-cased byte.
    #[inline]
    pub const fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ byte as u32).wrapping_mul(MULTIPLIER);
    }

    /// The hash of the bytes so far.
    #[must_use]
    #[inline]
    pub const fn value(self) -> u32 {
        self.0
    }

    /// The hash of a whole word, which must be lower-cased already.
    #[must_use]
    pub const fn of(seed: u32, word: &[u8]) -> u32 {
        let mut hash = Self::new(seed);
        let mut rest = word;
        while let [byte, tail @ ..] = rest {
            hash.byte(*byte);
            rest = tail;
        }
        hash.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::{string::String, vec::Vec};

    #[derive(Default)]
    struct Words {
        done: Vec<Vec<u8>>,
        open: Vec<u8>,
    }

    impl WordSink for Words {
        fn byte(&mut self, byte: u8) {
            self.open.push(byte);
        }
        fn end(&mut self) {
            self.done.push(core::mem::take(&mut self.open));
        }
    }

    /// The rule in the words of the documentation, without the stream.
    fn naive(text: &[u8]) -> Vec<Vec<u8>> {
        text.split(|b| !(b.is_ascii_alphanumeric() || *b == b'\'' || *b >= 0x80))
            .filter(|word| !word.is_empty())
            .map(<[u8]>::to_ascii_lowercase)
            .collect()
    }

    fn streamed(text: &[u8], cuts: &[usize]) -> Vec<Vec<u8>> {
        let (mut splitter, mut words) = (Splitter::new(), Words::default());
        let mut rest = text;
        for cut in cuts {
            let (head, tail) = rest.split_at(cut % (rest.len() + 1));
            splitter.feed(head, &mut words);
            rest = tail;
        }
        splitter.feed(rest, &mut words);
        splitter.finish(&mut words);
        words.done
    }

    #[test]
    fn every_byte_is_classed_by_the_rule() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || byte == b'\'' || byte >= 0x80;
            assert_eq!(WORD_BYTE[usize::from(byte)] != 0, expected, "byte {byte:#04x}");
        }
    }

    #[test]
    fn a_splitter_is_ready_for_the_next_text() {
        let (mut splitter, mut words) = (Splitter::new(), Words::default());
        splitter.feed(b"one", &mut words);
        splitter.finish(&mut words);
        splitter.feed(b"two", &mut words);
        splitter.finish(&mut words);
        splitter.finish(&mut words);
        assert_eq!(words.done, [b"one", b"two"]);
    }

    proptest! {
        #[test]
        fn any_chunks_give_the_same_words(
            text in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                "[a-cA-C' <.\\u{e9}]{0,80}".prop_map(String::into_bytes),
            ],
            cuts in proptest::collection::vec(any::<usize>(), 0..8),
        ) {
            prop_assert_eq!(streamed(&text, &cuts), naive(&text));
        }
    }
}
