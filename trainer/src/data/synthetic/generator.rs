//! The ids of the embedded corpus, from a seed.
//!
//! All numbers are integers, so that every machine makes the same ones. *Q16* is a number times 65,536; `>>` rounds
//! down, also below zero; `/` rounds down.
//!
//! # Randomness
//!
//! `block(counter, i, part)` is one block of the stream cipher `ChaCha8` (8 rounds): 16 words of 32 bits. The key is
//! the seed (64 bits, little-endian) and zeros; state words 12 to 15 are `counter`, 0, `i`, `part`. A *normal* number
//! is the sum of the 12 16-bit halves of 6 words, less 393,210: Q16, mean 0, standard deviation 1.
//!
//! # The world: 15,000 pairs of words
//!
//! Words `2p` and `2p + 1` are a pair of opposites, one for the negative side and one for the positive. Pair `p` has
//! `v` = word `p % 16` of `block(p / 16, 0, 0)` and
//!
//! - a weight `2^24 / (p + 3)`: frequencies follow Zipf. `C[p]` is the sum of the weights up to and with `p`, `T` the
//!   sum of all.
//! - a strength in Q16: with `a = v & 0xffff`, `m = ((a * a >> 16) * a >> 16) * 34,734 >> 16`, so that few pairs are
//!   strong (0.53 at most) and many weak; then `m * min(p, 50) / 50`, so that the most frequent say little; 0 from pair
//!   3,000 on, so that rare words are there to be learnt by heart and nothing else. It is `-m` if the top bit of `v` is
//!   set, else `m`.
//!
//! # Document `i` of part 1 (train) or 2 (test)
//!
//! Its label is `i & 1`. With `h = block(0, i, part)`:
//!
//! - its length comes from a base-two logarithm in Q16, `x = 491,520 + (61,440 * normal(h[0..6]) >> 16)`: mean 7.5,
//!   standard deviation 0.94. It has `((65,536 + (x & 0xffff)) << (x >> 16)) >> 16` words (2^x, with straight lines
//!   between the powers), but at least 16 and at most 1,500.
//! - its tilt in Q16 is `t = ±65,536 + (24,576 * normal(h[6..12]) >> 16)`, + for a positive label: standard deviation
//!   0.375, so some documents are ambiguous. If `h[12] & 0xffff < 655`, `t` changes its sign: 1 % of labels are wrong.
//!
//! Word `k` takes `high` and `low`, words `2 * (k % 8)` and the next one of `block(1 + k / 8, i, part)`:
//!
//! - if `k > 0` and `low & 0xffff < 16,384`, it repeats word number `(high * k) >> 32` of this document: a quarter does;
//! - else it is of the first pair with `C[p] > (high * T) >> 32`. With `s = strength * t >> 16`, clamped to ±62,259, it
//!   is the positive one of the pair if `low >> 16 < 32,768 + (s >> 1)`, else the negative one.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

const PAIRS: usize = 15_000;
/// How many words there are.
pub(super) const WORDS: u16 = 2 * PAIRS as u16;
/// Pairs from this one on have no strength.
const STRONG_PAIRS: usize = 3_000;
/// One in Q16.
const ONE: i64 = 1 << 16;
/// The bounds of a document's length, in words.
const LENGTH: (i64, i64) = (16, 1_500);
/// The bound of a word's leaning: 0.95 in Q16.
const LEANING: i64 = 62_259;
/// The guide has an entry for every `2^GUIDE_SHIFT` of weight.
const GUIDE_SHIFT: u32 = 13;

/// A half of the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Train = 1,
    Test = 2,
}

/// The class of document `i` of either half.
pub(super) fn label(i: u32) -> u16 {
    (i & 1) as u16
}

/// The world of one seed.
pub(super) struct Generator {
    random: ChaCha8Rng,
    /// `C` of the definition.
    cumulative: Vec<u32>,
    /// The first pair with `C[p] > g << GUIDE_SHIFT`: where the search for a pair may start.
    guide: Vec<u16>,
    /// The strength of each pair in Q16; positive if its positive word belongs to positive documents.
    strengths: Vec<i32>,
}

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut random = ChaCha8Rng::from_seed(key);
        let strengths = (0..PAIRS).map(|p| strength(p, random.next_u32())).collect();
        let cumulative: Vec<u32> = (0..PAIRS as u32)
            .scan(0, |sum, p| {
                *sum += (1 << 24) / (p + 3);
                Some(*sum)
            })
            .collect();
        let total = cumulative[PAIRS - 1];
        let first_above = |weight: u32| cumulative.partition_point(|&c| c <= weight) as u16;
        let guide = (0..=total >> GUIDE_SHIFT).map(|g| first_above(g << GUIDE_SHIFT)).collect();
        Self { random, cumulative, guide, strengths }
    }

    /// Appends the word ids of a document.
    pub(super) fn document(&mut self, part: Part, i: u32, ids: &mut Vec<u16>) {
        self.random.set_stream(u64::from(part as u32) << 32 | u64::from(i));
        self.random.set_word_pos(0);
        let head: [u32; 16] = std::array::from_fn(|_| self.random.next_u32());
        let start = ids.len();
        let tilt = tilt(&head, label(i));
        // The blocks of the words follow the head without a gap: two words of the stream for each.
        for k in 0..length(&head) {
            let (high, low) = (u64::from(self.random.next_u32()), self.random.next_u32());
            let id = if k > 0 && low & 0xffff < 16_384 {
                ids[start + ((high * k) >> 32) as usize]
            } else {
                self.word(high, low, tilt)
            };
            ids.push(id);
        }
    }

    fn word(&self, high: u64, low: u32, tilt: i64) -> u16 {
        let pair = self.pair(((high * u64::from(self.cumulative[PAIRS - 1])) >> 32) as u32);
        let leaning = times(i64::from(self.strengths[pair]), tilt).clamp(-LEANING, LEANING);
        let positive = i64::from(low >> 16) < ONE / 2 + (leaning >> 1);
        2 * pair as u16 + u16::from(positive)
    }

    /// The first pair whose cumulative weight is above `weight`.
    fn pair(&self, weight: u32) -> usize {
        let start = usize::from(self.guide[(weight >> GUIDE_SHIFT) as usize]);
        start + self.cumulative[start..].iter().take_while(|c| **c <= weight).count()
    }
}

/// The product of two numbers in Q16.
fn times(a: i64, b: i64) -> i64 {
    (a * b) >> 16
}

fn strength(p: usize, v: u32) -> i32 {
    if p >= STRONG_PAIRS {
        return 0;
    }
    let a = i64::from(v & 0xffff);
    let m = times(times(times(a, a), a), 34_734);
    let m = (m * p.min(50) as i64 / 50) as i32;
    if v >> 31 == 1 { -m } else { m }
}

/// A normally distributed number in Q16.
fn normal(words: &[u32]) -> i64 {
    words.iter().map(|w| i64::from(w & 0xffff) + i64::from(w >> 16)).sum::<i64>() - 393_210
}

fn length(head: &[u32; 16]) -> u64 {
    let x = 491_520 + times(61_440, normal(&head[..6]));
    (((ONE + (x & 0xffff)) << (x >> 16)) >> 16).clamp(LENGTH.0, LENGTH.1) as u64
}

fn tilt(head: &[u32; 16], label: u16) -> i64 {
    let side = if label == 1 { ONE } else { -ONE };
    let tilt = side + times(24_576, normal(&head[6..12]));
    if head[12] & 0xffff < 655 { -tilt } else { tilt }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};
    use std::fmt::Write;

    fn ids(part: Part, i: u32) -> Vec<u16> {
        let mut ids = Vec::new();
        Generator::new(0).document(part, i, &mut ids);
        ids
    }

    /// SHA-256 over the ids (u16, little-endian) of the first documents, and how many ids these are.
    fn sha256(part: Part, documents: u32) -> (String, usize) {
        let (mut generator, mut ids) = (Generator::new(0), Vec::new());
        (0..documents).for_each(|i| generator.document(part, i, &mut ids));
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        let hex = Sha256::digest(&bytes).iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string can be written to");
            hex
        });
        (hex, ids.len())
    }

    #[test]
    fn the_random_numbers_are_those_of_chacha8() {
        assert_eq!(ChaCha8Rng::from_seed([0; 32]).next_u32(), 0x2fef_003e);
    }

    #[test]
    fn the_world_is_as_defined() {
        let world = Generator::new(0);
        assert_eq!(world.cumulative[PAIRS - 1], 145_840_159);
        assert_eq!(world.strengths.iter().map(|&b| i64::from(b)).sum::<i64>(), -1_484_182);
    }

    #[test]
    fn the_guide_finds_the_first_pair_above_a_weight() {
        let world = Generator::new(0);
        let edges = world.cumulative.iter().flat_map(|&c| [c - 1, c]).take(2 * PAIRS - 1);
        for weight in edges.chain((0..145_840_159).step_by(9_973)) {
            assert_eq!(world.pair(weight), world.cumulative.iter().position(|&c| c > weight).unwrap());
        }
    }

    #[test]
    fn the_first_documents_are_as_pinned() {
        let first = ids(Part::Train, 0);
        assert_eq!(first.len(), 140);
        assert_eq!(first[..12], [41, 5_679, 21_143, 24, 1_827, 124, 137, 21_143, 41, 48, 41, 41]);
        let second = ids(Part::Train, 1);
        assert_eq!(second.len(), 192);
        assert_eq!(second[..12], [0, 588, 112, 27, 48, 215, 317, 3_129, 19, 1, 215, 3_129]);
    }

    #[test]
    fn all_ids_are_as_pinned() {
        for (part, documents, tokens, expected) in [
            (Part::Train, 300, Some(65_808), "875bb26a5a186eb0f3b94574bc1ff8d6eeecc9eb1da6be9b0a703000e44ec763"),
            (Part::Train, 25_000, None, "2957d0331a39661e88701b5a2fcf6aa133f87e8100ee3a66f5830729be46ab3c"),
            (Part::Test, 25_000, None, "dfb9ad070fc19645eb941bbe18d4a8de7e962fe2056bef301a02c3d99c1bdb40"),
        ] {
            let (hex, length) = sha256(part, documents);
            assert_eq!(hex, expected, "{part:?} {documents}");
            assert!(tokens.is_none_or(|tokens| tokens == length));
        }
    }
}
