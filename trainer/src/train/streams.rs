//! Named random streams from one seed.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

/// What the randomness is for. Streams of one seed are independent, so that a recipe without dropout sees the
/// same initial weights and batches as one with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// The initial weights.
    Initialisation = 1,
    /// The order of the documents, anew each epoch.
    Order = 2,
    /// The dropout masks.
    Dropout = 3,
    /// The documents of a data fraction.
    Subset = 4,
}

/// A random stream of a seed.
pub(super) struct Random(ChaCha8Rng);

impl Random {
    /// The part `part` (an epoch, a layer) of a stream.
    pub(super) fn new(seed: u64, stream: Stream, part: u32) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream((stream as u64) << 32 | u64::from(part));
        Self(rng)
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-24, so exact in f32.
    pub(super) fn unit(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 / (1u32 << 24) as f32
    }

    /// The numbers `0..n` in random order (Fisher and Yates).
    pub(super) fn permutation(&mut self, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        for last in (1..n).rev() {
            // Multiply-shift: its bias, n / 2^64, is far below what any test could see.
            let choice = (u128::from(self.0.next_u64()) * (last as u128 + 1)) >> 64;
            order.swap(last, choice as usize);
        }
        order
    }
}

/// A share of the documents with these labels, ascending: of each class the same share, rounded up, and each smaller share of
/// one seed within the larger ones.
#[must_use]
pub fn stratified_share(labels: &[u16], share: f64, seed: u64) -> Vec<u32> {
    let order = Random::new(seed, Stream::Subset, 0).permutation(labels.len());
    let classes = labels.iter().copied().max().map_or(0, |class| usize::from(class) + 1);
    let mut wanted = vec![0usize; classes];
    for &label in labels {
        wanted[usize::from(label)] += 1;
    }
    for count in &mut wanted {
        *count = (share * *count as f64).ceil() as usize;
    }
    let take = |document: &u32| {
        let left = &mut wanted[usize::from(labels[*document as usize])];
        let taken = *left > 0;
        *left -= usize::from(taken);
        taken
    };
    let mut share: Vec<u32> = order.into_iter().filter(take).collect();
    share.sort_unstable();
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_and_parts_differ_and_repeat() {
        let draw = |seed, stream, part| Random::new(seed, stream, part).0.next_u64();
        let base = draw(1, Stream::Order, 1);
        assert_eq!(base, draw(1, Stream::Order, 1));
        for other in [draw(2, Stream::Order, 1), draw(1, Stream::Dropout, 1), draw(1, Stream::Order, 2)] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn shares_are_nested_and_stratified() {
        let labels: Vec<u16> = (0..1_000).map(|i| u16::from(i % 4 == 0)).collect();
        let tenth = stratified_share(&labels, 0.1, 3);
        let half = stratified_share(&labels, 0.5, 3);
        assert_eq!(tenth.iter().filter(|&&document| labels[document as usize] == 1).count(), 25);
        assert_eq!((tenth.len(), half.len()), (100, 500));
        assert!(tenth.iter().all(|document| half.contains(document)));
        assert_eq!(stratified_share(&labels, 1.0, 3), (0..1_000).collect::<Vec<_>>());
        assert_ne!(tenth, stratified_share(&labels, 0.1, 4));
    }

    #[test]
    fn a_permutation_holds_every_number_once() {
        let mut order = Random::new(0, Stream::Order, 1).permutation(1_000);
        assert_ne!(order, (0..1_000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1_000).collect::<Vec<_>>());
    }
}
