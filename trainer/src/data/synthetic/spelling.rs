//! How the words of the embedded corpus are spelled.

use super::generator::WORDS;

const CONSONANTS: &[u8; 16] = b"bdfgklmnprstvzhj";
const VOWELS: &[u8; 5] = b"aeiou";
const SYLLABLES: u16 = (CONSONANTS.len() * VOWELS.len()) as u16;

/// The spelling of every word, by id.
///
/// There are 80 syllables, a consonant of `bdfgklmnprstvzhj` followed by a vowel of `aeiou`, numbered with the vowel
/// running fastest (`ba` 0, `be` 1, ..., `ju` 79). A word is its id + 1 written in bijective base 80 with the digits 1
/// to 80, digit `d` being syllable `d - 1`, the most significant first. So ids 0 to 79 have two letters, the next
/// 6,400 four, and the others six; no two words are alike, and none is split by the tokeniser.
pub(super) struct Spelling(Vec<Box<[u8]>>);

impl Spelling {
    pub(super) fn new() -> Self {
        Self((0..WORDS).map(spell).collect())
    }

    /// Appends the words, with one space between each two.
    pub(super) fn write(&self, ids: &[u16], text: &mut Vec<u8>) {
        for (i, &id) in ids.iter().enumerate() {
            if i > 0 {
                text.push(b' ');
            }
            text.extend_from_slice(&self.0[usize::from(id)]);
        }
    }
}

fn spell(id: u16) -> Box<[u8]> {
    let mut letters = Vec::new();
    let mut rest = id + 1;
    while rest > 0 {
        rest -= 1;
        let syllable = usize::from(rest % SYLLABLES);
        letters.push(VOWELS[syllable % VOWELS.len()]);
        letters.push(CONSONANTS[syllable / VOWELS.len()]);
        rest /= SYLLABLES;
    }
    letters.reverse();
    letters.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn words_are_spelled_as_defined() {
        for (id, word) in
            [(0, "ba"), (4, "bu"), (5, "da"), (79, "ju"), (80, "baba"), (6_479, "juju"), (6_480, "bababa")]
        {
            assert_eq!(&*spell(id), word.as_bytes());
        }
        let words = Spelling::new().0;
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), usize::from(WORDS));
    }
}
