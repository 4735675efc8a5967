//! What a pickle holds.

use std::ops::Range;

/// Lists of numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Lists {
    pub(super) numbers: Vec<u32>,
    pub(super) spans: Vec<Range<usize>>,
}

impl Lists {
    /// How many lists there are.
    pub(in super::super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The lists, in order.
    pub(in super::super) fn iter(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.spans.iter().map(|span| &self.numbers[span.clone()])
    }
}
