//! The search for a minimal perfect hash: hash-and-displace under one seed.

use super::row_set::RowSet;
use edgefit::{
    vocabulary::{Vocabulary, bucket, buckets, fingerprint, slot},
    words::Hash,
};
use std::cmp::Reverse;

/// Words, and the rows that they get under a seed. Buffers are kept from seed to seed.
pub(super) struct Placement<'a> {
    words: Vec<&'a [u8]>,
    /// The hash of each word.
    hashes: Vec<u32>,
    /// The words' places in `words`, bucket after bucket.
    members: Vec<u16>,
    /// Where each bucket starts in `members`, and where the last one ends.
    starts: Vec<usize>,
    /// The buckets, the largest first: it is the hardest to place.
    order: Vec<usize>,
    taken: RowSet,
    /// The seed that was tried last. What follows is of use only if it placed all words.
    pub(super) seed: u32,
    /// The displacement of each bucket.
    pub(super) displacements: Vec<u16>,
    /// The fingerprint of each row.
    pub(super) fingerprints: Vec<u16>,
}

impl<'a> Placement<'a> {
    /// For at most 65,535 words.
    pub(super) fn new(words: Vec<&'a [u8]>) -> Self {
        let buckets = buckets(words.len());
        Self {
            hashes: vec![0; words.len()],
            members: vec![0; words.len()],
            starts: vec![0; buckets + 1],
            order: (0..buckets).collect(),
            taken: RowSet::new(),
            seed: 0,
            displacements: vec![0; buckets],
            fingerprints: vec![0; words.len()],
            words,
        }
    }

    /// Gives each word a row of its own under `seed`, or says that there is no way to.
    pub(super) fn place(&mut self, seed: u32) -> bool {
        self.seed = seed;
        for (hash, word) in self.hashes.iter_mut().zip(&self.words) {
            *hash = Hash::of(seed, word);
        }
        self.fill_buckets();
        // Two equal hashes share every slot; to know that takes far less than to try all displacements.
        (0..self.displacements.len()).all(|b| self.hashes_differ(b)) && self.displace()
    }

    /// The vocabulary as the seed tried last makes it.
    pub(super) fn view(&self) -> Vocabulary<'_> {
        Vocabulary::new(self.seed, &self.displacements, &self.fingerprints, None)
    }

    /// The word of each row.
    pub(super) fn words_of_rows(&self) -> Vec<Box<[u8]>> {
        let mut words = vec![Box::default(); self.words.len()];
        for (word, &hash) in self.words.iter().zip(&self.hashes) {
            let displacement = self.displacements[bucket(hash, self.displacements.len())];
            words[slot(hash, displacement, self.words.len())] = Box::from(*word);
        }
        words
    }

    /// Sorts the words by bucket (a counting sort), then the buckets by size, ties by number.
    fn fill_buckets(&mut self) {
        let count = self.displacements.len();
        self.starts.fill(0);
        for &hash in &self.hashes {
            self.starts[bucket(hash, count)] += 1;
        }
        let mut end = 0;
        for start in &mut self.starts {
            end += *start;
            *start = end;
        }
        // Each start is now its bucket's end, and moves down to the start as members come in.
        for (i, &hash) in self.hashes.iter().enumerate() {
            let start = &mut self.starts[bucket(hash, count)];
            *start -= 1;
            self.members[*start] = i as u16;
        }
        let starts = &self.starts;
        self.order.sort_unstable_by_key(|&b| (Reverse(starts[b + 1] - starts[b]), b));
    }

    fn bucket_hashes(&self, b: usize) -> impl Iterator<Item = u32> + Clone {
        self.members[self.starts[b]..self.starts[b + 1]].iter().map(|&i| self.hashes[usize::from(i)])
    }

    fn hashes_differ(&self, b: usize) -> bool {
        let mut rest = self.bucket_hashes(b);
        while let Some(hash) = rest.next() {
            if rest.clone().any(|other| other == hash) {
                return false;
            }
        }
        true
    }

    /// Finds each bucket's smallest displacement that moves all its words to free slots.
    fn displace(&mut self) -> bool {
        self.taken.clear();
        let (mut hashes, mut slots) = (Vec::new(), Vec::new());
        for i in 0..self.order.len() {
            let b = self.order[i];
            hashes.clear();
            hashes.extend(self.bucket_hashes(b));
            let rows = self.words.len();
            let taken = &mut self.taken;
            let Some(d) = (0..=u16::MAX).find(|&d| take_slots(&hashes, d, rows, taken, &mut slots)) else {
                return false;
            };
            self.displacements[b] = d;
            for (&hash, &row) in hashes.iter().zip(&slots) {
                self.fingerprints[usize::from(row)] = fingerprint(hash);
            }
        }
        true
    }
}

/// Takes the slots of all hashes under a displacement, or none of them.
fn take_slots(hashes: &[u32], displacement: u16, rows: usize, taken: &mut RowSet, slots: &mut Vec<u16>) -> bool {
    slots.clear();
    for &hash in hashes {
        let slot = slot(hash, displacement, rows) as u16;
        if taken.contains(slot) {
            for &slot in slots.iter() {
                taken.remove(slot);
            }
            return false;
        }
        taken.insert(slot);
        slots.push(slot);
    }
    true
}
