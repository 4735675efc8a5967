//! Words: the one tokeniser of the project, as a byte stream in constant memory.
//!
//! A word is a maximal run of ASCII letters, digits, apostrophes and bytes of 0x80 and above (so UTF-8 passes
//! through whole). ASCII letters are lower-cased; every other byte separates. There is no Unicode case folding.
//! On the IMDB reviews this rule gives the words of Keras's `imdb.npz`.
//!
//! A word is known by its 32-bit [`Hash`](struct@Hash); the text itself is never stored.

/// The version of the rule above. A model file names the version that its vocabulary was made with.
pub const TOKENISER: u16 = 1;

/// Stands beside that version in a model file whose vocabulary and training data were split by a foreign tokeniser.
///
/// Its words are looked up like all others, but raw text may be split into other words than the model was trained on,
/// so its accuracy on raw text is to be measured there.
pub const FOREIGN: u16 = 1 << 7;

/// For each byte: itself, lower-cased, if it belongs to a word; 0 if it separates.
static WORD_BYTE: [u8; 256] = word_bytes();

const fn word_bytes() -> [u8; 256] {
    let mut table = [0; 256];
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

/// Takes the words that a [`Splitter`] finds, a byte at a time.
pub trait WordSink {
    /// The next byte of the current word, lower-cased.
    fn byte(&mut self, byte: u8);
    /// The current word ends here. At least one byte came before.
    fn end(&mut self);
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
}

impl Splitter {
    /// A splitter at the start of a text.
    #[must_use]
    pub const fn new() -> Self {
        Self { in_word: false }
    }

    /// Reads the next bytes of the text.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut impl WordSink) {
        let mut in_word = self.in_word;
        for &byte in bytes {
            let lower = WORD_BYTE[usize::from(byte)];
            if lower != 0 {
                sink.byte(lower);
                in_word = true;
            } else if in_word {
                sink.end();
                in_word = false;
            }
        }
        self.in_word = in_word;
    }

    /// Ends the text, and with it a word that reaches to the last byte. Ready for the next text.
    pub fn finish(&mut self, sink: &mut impl WordSink) {
        if self.in_word {
            sink.end();
            self.in_word = false;
        }
    }
}

/// A 32-bit hash of a word, byte by byte: FNV-1a from a seeded basis, then a finaliser.
///
/// FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv, 32 bits) costs one xor and one multiplication a byte. Its low
/// bits are weak, so the value is mixed once a word before anything is derived from it.
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

impl Hash {
    /// The offset basis of 32-bit FNV-1a.
    const BASIS: u32 = 0x811c_9dc5;
    /// The 32-bit FNV prime.
    const PRIME: u32 = 0x0100_0193;
    /// An odd multiplier of a well-tested finaliser (lowbias32, C. Wellons, "hash-prospector").
    const MIX: u32 = 0x7feb_352d;

    /// The hash of the empty word under `seed`.
    #[must_use]
    pub const fn new(seed: u32) -> Self {
        Self(Self::BASIS ^ seed)
    }

    /// Appends one lower-cased byte.
    #[inline]
    pub const fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ byte as u32).wrapping_mul(Self::PRIME);
    }

    /// The mixed value of the bytes so far.
    #[must_use]
    #[inline]
    pub const fn value(self) -> u32 {
        let mut h = self.0;
        h ^= h >> 16;
        h = h.wrapping_mul(Self::MIX);
        h ^ (h >> 15)
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
