//! A buffer of floats that starts at a multiple of a cache line, so that no row of a block of columns lies in one line more
//! than it must.

use std::ops::{Deref, DerefMut};

use bytemuck::{Pod, Zeroable};

/// Two cache lines: the row of a [block](crate::blocks) of 32 columns.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(128))]
struct Line([f32; Line::FLOATS]);

impl Line {
    const FLOATS: usize = 32;
}

/// Floats from a multiple of 128 bytes on; as a slice, by dereferencing.
#[derive(Debug, Default)]
pub(crate) struct AlignedFloats {
    lines: Vec<Line>,
    len: usize,
}

impl AlignedFloats {
    /// Zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        Self { lines: vec![Line::zeroed(); len.div_ceil(Line::FLOATS)], len }
    }
}

impl Deref for AlignedFloats {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &bytemuck::cast_slice(&self.lines)[..self.len]
    }
}

impl DerefMut for AlignedFloats {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_as_long_as_asked_and_aligned() {
        for len in [0, 1, 31, 32, 33, 1_000] {
            let mut floats = AlignedFloats::zeros(len);
            assert_eq!(&*floats, vec![0.0; len]);
            assert_eq!(floats.as_ptr().align_offset(128), 0);
            floats.fill(1.0);
            assert_eq!(&*floats, vec![1.0; len]);
        }
    }
}
