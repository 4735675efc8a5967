//! A set of row numbers.

/// A set of numbers below 65,536, a bit each: 8 KiB, which stays in the first-level cache.
#[derive(Debug, Clone)]
pub(super) struct RowSet {
    bits: Box<[u64; 1_024]>,
    /// No word of `bits` at or above this one is set.
    used: usize,
}

impl RowSet {
    pub(super) fn new() -> Self {
        Self { bits: Box::new([0; 1_024]), used: 0 }
    }

    #[inline]
    pub(super) fn contains(&self, row: u16) -> bool {
        self.bits[usize::from(row >> 6)] >> (row & 63) & 1 == 1
    }

    #[inline]
    pub(super) fn insert(&mut self, row: u16) {
        let word = usize::from(row >> 6);
        self.bits[word] |= 1 << (row & 63);
        self.used = self.used.max(word + 1);
    }

    #[inline]
    pub(super) fn remove(&mut self, row: u16) {
        self.bits[usize::from(row >> 6)] &= !(1 << (row & 63));
    }

    pub(super) fn clear(&mut self) {
        self.bits[..self.used].fill(0);
        self.used = 0;
    }

    /// Empties the set into `rows`, in ascending order.
    pub(super) fn drain_into(&mut self, rows: &mut Vec<u16>) {
        for (i, word) in self.bits[..self.used].iter_mut().enumerate() {
            while *word != 0 {
                rows.push((i * 64) as u16 + word.trailing_zeros() as u16);
                *word &= *word - 1;
            }
        }
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn it_is_a_sorted_set_and_empty_after_draining(
            inserted in proptest::collection::vec(any::<u16>(), 0..300),
            removed in proptest::collection::vec(any::<u16>(), 0..100),
        ) {
            let (mut set, mut naive) = (RowSet::new(), BTreeSet::new());
            for &row in &inserted {
                set.insert(row);
                naive.insert(row);
            }
            for &row in removed.iter().chain(inserted.iter().take(3)) {
                set.remove(row);
                naive.remove(&row);
            }
            for row in inserted.iter().chain(&removed) {
                prop_assert_eq!(set.contains(*row), naive.contains(row));
            }
            let mut rows = Vec::new();
            set.clone().drain_into(&mut rows);
            prop_assert_eq!(&rows, &naive.into_iter().collect::<Vec<_>>());
            rows.clear();
            set.clear();
            set.drain_into(&mut rows);
            prop_assert!(rows.is_empty());
        }
    }
}
