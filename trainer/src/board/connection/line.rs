//! Lines for tests that lose, double, cut and damage frames.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// A line that does something bad to one frame in `one_in`, or to none if that is 0.
pub(in crate::board) struct Line {
    random: ChaCha8Rng,
    one_in: u32,
    pub(in crate::board) faults: u32,
}

impl Line {
    pub(in crate::board) fn new(seed: u64, one_in: u32) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), one_in, faults: 0 }
    }

    /// What arrives of a frame, its zero byte included.
    pub(in crate::board) fn carry(&mut self, frame: &[u8]) -> Vec<u8> {
        if self.one_in == 0 || !self.random.next_u32().is_multiple_of(self.one_in) {
            return frame.to_vec();
        }
        self.faults += 1;
        let at = self.random.next_u32() as usize % frame.len();
        match self.random.next_u32() % 5 {
            0 => vec![],
            1 => frame.repeat(2),
            2 => frame[..at].to_vec(),
            3 => frame[at..].to_vec(),
            _ => {
                let mut frame = frame.to_vec();
                // May make a zero byte, or unmake the one at the end.
                frame[at] ^= 1 << (self.random.next_u32() % 8);
                frame
            }
        }
    }
}
