//! The scan for cores that guess where a branch goes and pay for a wrong guess: those of hosts. Where words end is
//! anyone's guess, so there is no branch on it.

use super::Stand;
use crate::{
    vocabulary::Vocabulary,
    words::{Hash, SEPARATOR, lower},
};

/// How many bytes are split before the words in them are looked up.
const BLOCK: usize = 64;
/// At most so many words end in them, the first of which may have begun before.
const WORDS: usize = BLOCK / 2;

/// See the scan in plain Rust.
pub(crate) fn scan(stand: &mut Stand, text: &[u8], vocabulary: &Vocabulary<'_>, found: &mut [u16]) -> (usize, usize) {
    let room = found.len();
    let (mut rest, mut places) = (text, found.iter_mut());
    while places.len() > 0 && !rest.is_empty() {
        // From the separator that ends one word to that which ends the next are two bytes at least.
        let len = rest.len().min(BLOCK).min(2 * places.len());
        let (block, tail) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        rest = tail;
        let mut hashes = [0; WORDS];
        let count = split(stand, block, vocabulary.seed(), &mut hashes);
        for row in hashes.iter().take(count).filter_map(|&hash| vocabulary.row(hash)) {
            if let Some(place) = places.next() {
                *place = row;
            }
        }
    }
    (text.len() - rest.len(), room - places.len())
}

/// Writes the hashes of the words that end in a block, and returns how many there are.
#[inline]
fn split(stand: &mut Stand, block: &[u8], seed: u32, hashes: &mut [u32; WORDS]) -> usize {
    let start = Hash::new(seed);
    let mut hash = if stand.in_word != 0 { stand.hash } else { start };
    let mut in_word = stand.in_word != 0;
    let mut count = 0;
    for &byte in block {
        let byte = lower(byte);
        // Written at every byte, and kept where a word ends.
        if let Some(place) = hashes.get_mut(count) {
            *place = hash.value();
        }
        let is_word = byte != SEPARATOR;
        count += usize::from(in_word) & usize::from(!is_word);
        hash.byte(byte);
        hash = core::hint::select_unpredictable(is_word, hash, start);
        in_word = is_word;
    }
    *stand = Stand { hash, in_word: in_word.into() };
    count
}
