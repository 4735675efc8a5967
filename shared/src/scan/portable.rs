//! The scan in plain Rust.

use super::Stand;
use crate::{
    vocabulary::Vocabulary,
    words::{Hash, WordSink, rest, start},
};

/// Reads on in a text until it ends or `found` is full, and writes the row of each word that ends and has one.
///
/// Returns how many bytes of the text have been read, and how many rows found.
pub(crate) fn scan(stand: &mut Stand, text: &[u8], vocabulary: &Vocabulary<'_>, found: &mut [u16]) -> (usize, usize) {
    let room = found.len();
    let mut bytes = text.iter();
    let mut places = found.iter_mut();
    let start_of_word = Hash::new(vocabulary.seed());
    let mut word = Word { hash: if stand.in_word != 0 { stand.hash } else { start_of_word }, start: start_of_word };
    // Where the stream stands is where the code stands: in a word, or between two.
    let mut in_word = stand.in_word != 0;
    while places.len() > 0 {
        if !in_word && !start(&mut bytes, &mut word) {
            break;
        }
        in_word = true;
        if !rest(&mut bytes, &mut word) {
            break;
        }
        in_word = false;
        if let Some(row) = vocabulary.row(word.hash.value())
            && let Some(place) = places.next()
        {
            *place = row;
        }
        word.end();
    }
    *stand = Stand { hash: word.hash, in_word: in_word.into() };
    (text.len() - bytes.len(), room - places.len())
}

/// The open word.
struct Word {
    hash: Hash,
    start: Hash,
}

impl WordSink for Word {
    #[inline]
    fn byte(&mut self, byte: u8) {
        self.hash.byte(byte);
    }

    #[inline]
    fn end(&mut self) {
        self.hash = self.start;
    }
}
