//! Vocabulary: from a word's hash to its row, by a minimal perfect hash with a 16-bit fingerprint a row.
//!
//! Hash-and-displace (Belazzougui, Botelho, Dietzfelbinger, "Hash, displace, and compress", 2009): the hash
//! chooses a bucket, the bucket's displacement and the hash choose the slot, and the slot number **is** the row
//! number. A word outside the vocabulary lands in some slot too; it passes that slot's fingerprint once in
//! 65,536. The three functions below are the definition that the builder in the trainer searches against.
//!
//! All of it is 32-bit arithmetic without a division and with one constant, so that a Cortex-M0 pays little.

use crate::words::{MULTIPLIER, Splitter, TOKENISER};

/// The average number of words a bucket: fewer make the search faster, more make the table smaller.
pub const WORDS_PER_BUCKET: usize = 4;

/// How many buckets a vocabulary of `rows` words has.
#[must_use]
pub const fn buckets(rows: usize) -> usize {
    rows.div_ceil(WORDS_PER_BUCKET)
}

/// `x * n / 2^16` for a 16-bit `x`: a number below `n`.
#[inline]
const fn scale_16(x: u32, n: usize) -> usize {
    ((x * n as u32) >> 16) as usize
}

/// All bits of a hash in the upper ones: the good upper half laid over the lower one, then spread.
#[inline]
const fn fold(hash: u32) -> u32 {
    (hash ^ (hash >> 16)).wrapping_mul(MULTIPLIER)
}

/// The bucket of a hash among `buckets` (at most 65,535).
#[must_use]
#[inline]
pub const fn bucket(hash: u32, buckets: usize) -> usize {
    scale_16(fold(hash) >> 16, buckets)
}

/// The slot of a hash among `rows` (at most 65,535) under its bucket's displacement.
///
/// The displacement changes the lower half before the multiplication: words that share a bucket move apart, and over all
/// displacements the slots of a word are spread evenly, so that a lone word reaches a lone free slot.
#[must_use]
#[inline]
pub const fn slot(hash: u32, displacement: u16, rows: usize) -> usize {
    scale_16((fold(hash) ^ displacement as u32).wrapping_mul(MULTIPLIER) >> 16, rows)
}

/// The 16-bit fingerprint of a hash: its good half. With the fold of the two halves it tells the whole hash.
#[must_use]
#[inline]
pub const fn fingerprint(hash: u32) -> u16 {
    (hash >> 16) as u16
}

/// Stands for no row: it takes more than the 16 bits of one.
const NO_ROW: u32 = u32::MAX;

/// The vocabulary of a model, read in place from its file.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<'a> {
    seed: u32,
    displacements: &'a [u16],
    fingerprints: &'a [u16],
    /// [`NO_ROW`] for none: as a word, so that a vocabulary is moved word by word.
    unknown_row: u32,
    tokeniser: u32,
}

impl<'a> Vocabulary<'a> {
    /// A vocabulary from its tables.
    ///
    /// `seed` starts every word's [`Hash`](crate::words::Hash); `displacements` has one entry a bucket;
    /// `fingerprints` has one entry a row; `unknown_row`, if any, is the row of every other word.
    #[must_use]
    pub const fn new(seed: u32, displacements: &'a [u16], fingerprints: &'a [u16], unknown_row: Option<u16>) -> Self {
        let unknown_row = if let Some(row) = unknown_row { row as u32 } else { NO_ROW };
        Self { seed, displacements, fingerprints, unknown_row, tokeniser: TOKENISER as u32 }
    }

    /// The same for the words of another [tokeniser](crate::words): its version, [foreign](crate::words::FOREIGN) or not.
    #[must_use]
    pub const fn with_tokeniser(self, tokeniser: u16) -> Self {
        Self { tokeniser: tokeniser as u32, ..self }
    }

    /// The version of the tokeniser of its words, with [`FOREIGN`](crate::words::FOREIGN) set where they are another's.
    #[must_use]
    pub const fn tokeniser(&self) -> u16 {
        self.tokeniser as u16
    }

    /// A splitter of text into words as they are here.
    #[must_use]
    pub fn splitter(&self) -> Splitter {
        Splitter::by(self.tokeniser()).unwrap_or_default()
    }

    /// The seed of the words' hashes.
    #[must_use]
    pub const fn seed(&self) -> u32 {
        self.seed
    }

    /// How many words it holds; the row for unknown words is not one of them.
    #[must_use]
    pub const fn words(&self) -> usize {
        self.fingerprints.len()
    }

    /// The displacements, the fingerprints, and the row of unknown words, which takes more than 16 bits if there is none.
    #[cfg(any(scan = "thumb1", scan = "thumb2"))]
    pub(crate) const fn tables(&self) -> (&'a [u16], &'a [u16], u32) {
        (self.displacements, self.fingerprints, self.unknown_row)
    }

    /// How many rows the words have, that of unknown words included.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.words() + (self.unknown_row != NO_ROW) as usize
    }

    /// The row of the word with this hash: its own, that of unknown words, or none.
    #[must_use]
    #[inline]
    pub fn row(&self, hash: u32) -> Option<u16> {
        self.known_row(hash).or(self.unknown_row())
    }

    /// The row of every other word, if there is one.
    #[must_use]
    pub const fn unknown_row(&self) -> Option<u16> {
        if self.unknown_row == NO_ROW { None } else { Some(self.unknown_row as u16) }
    }

    /// The row of the word with this hash if it passes the slot's fingerprint.
    #[inline]
    fn known_row(&self, hash: u32) -> Option<u16> {
        let displacement = *self.displacements.get(bucket(hash, self.displacements.len()))?;
        let row = slot(hash, displacement, self.fingerprints.len());
        (*self.fingerprints.get(row)? == fingerprint(hash)).then_some(row as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn slots_and_buckets_stay_in_range(hash: u32, displacement: u16, rows in 1usize..=65_535) {
            prop_assert!(bucket(hash, buckets(rows)) < buckets(rows));
            prop_assert!(slot(hash, displacement, rows) < rows);
        }

        #[test]
        fn an_empty_vocabulary_knows_no_word(hash: u32) {
            prop_assert_eq!(Vocabulary::new(0, &[], &[], None).row(hash), None);
            prop_assert_eq!(Vocabulary::new(0, &[], &[], Some(3)).row(hash), Some(3));
        }
    }

    #[test]
    fn slots_are_spread_evenly_over_the_rows() {
        // Chi-squared with 999 degrees of freedom: 1,200 is 4.5 standard deviations above the mean.
        let mut counts = [0u32; 1_000];
        for i in 0..100_000u32 {
            counts[slot(crate::words::Hash::of(0, &i.to_le_bytes()), 17, 1_000)] += 1;
        }
        let chi_squared: f64 = counts.iter().map(|&n| (f64::from(n) - 100.0).powi(2) / 100.0).sum();
        assert!(chi_squared < 1_200.0, "{chi_squared}");
    }
}
