//! The inner loops of a bag-of-words layer: sums of rows of its kernel, and their transpose.
//!
//! The kernel lies in blocks of columns, one block after the other, each row-major: all rows of a block of 32 columns of
//! 10,000 rows are 1.3 MB, which stay in a core's cache while every document of a batch passes, however wide the layer
//! is. A layer of 4, 16 or 32 units is one block, so its kernel lies there as usual.
//!
//! Words are numbered by frequency and a document's rows ascend, so all documents' rows below [`FREQUENT`] come first: half
//! of all rows, from a part of the block that stays in the cache next to the core.
//!
//! The loops run with the widest vectors that the machine has. Each sum is still taken in the order of the rows, with a
//! rounding after every operation, so the result has the same bits on every machine.

#![allow(clippy::inline_always, reason = "vector instructions are chosen by the caller, into which this must go")]

use std::ops::Range;

use pulp::Arch;

use crate::aligned::AlignedFloats;

/// The rows of the most frequent words: in a block of 32 columns, 32 KB.
const FREQUENT: u16 = 256;

/// How many sums of a block are visited at once: 16 KB, which stay in the cache next to the core.
const VISITED: usize = 4_096;

/// The columns of a layer in blocks of 32, then 16, 4 and 1: (first column, width).
fn blocks(units: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut column = 0;
    std::iter::from_fn(move || {
        let width = [32, 16, 4, 1].into_iter().find(|width| column + width <= units)?;
        column += width;
        Some((column - width, width))
    })
}

/// A row-major kernel (`[rows][units]`) in blocks.
pub(crate) fn to_blocks(kernel: &[f32], units: usize) -> AlignedFloats {
    let mut blocked = AlignedFloats::zeros(kernel.len());
    let rows = kernel.len() / units;
    for (column, width) in blocks(units) {
        let block = &mut blocked[column * rows..][..width * rows];
        for (row, part) in kernel.chunks_exact(units).zip(block.chunks_exact_mut(width)) {
            part.copy_from_slice(&row[column..column + width]);
        }
    }
    blocked
}

/// The inverse of [`to_blocks`].
pub(crate) fn from_blocks(blocked: &[f32], units: usize) -> Vec<f32> {
    let mut kernel = vec![0f32; blocked.len()];
    let rows = blocked.len() / units;
    for (column, width) in blocks(units) {
        let block = &blocked[column * rows..][..width * rows];
        for (row, part) in kernel.chunks_exact_mut(units).zip(block.chunks_exact(width)) {
            row[column..column + width].copy_from_slice(part);
        }
    }
    kernel
}

/// The rows of each document below [`FREQUENT`], and the others.
fn by_frequency<'d>(documents: impl Iterator<Item = &'d [u16]>) -> [Vec<&'d [u16]>; 2] {
    let (frequent, others) = documents.map(|rows| rows.split_at(rows.partition_point(|&row| row < FREQUENT))).unzip();
    [frequent, others]
}

/// Reads one number of each line of the cache, in a row: that is how the memory is fastest, and what follows reads here and
/// there.
fn bring_near(block: &[f32]) {
    let lines = block.iter().step_by(16);
    std::hint::black_box(lines.fold(0, |all, weight| all | weight.to_bits()));
}

/// Adds to each line of `sums` (`[documents][units]`) the rows of the kernel, in blocks, that its document has.
///
/// # Panics
///
/// If a document has a row that the kernel does not have.
pub(crate) fn gather<'d>(sums: &mut [f32], blocked: &[f32], units: usize, documents: impl Iterator<Item = &'d [u16]>) {
    let rows = blocked.len() / units;
    let arch = Arch::new();
    let documents = by_frequency(documents);
    for (column, width) in blocks(units) {
        let block = &blocked[column * rows..][..width * rows];
        bring_near(block);
        for documents in &documents {
            let documents = documents.iter().copied();
            match width {
                32 => arch.dispatch(|| gather_block::<32>(sums, block, units, column, documents)),
                16 => arch.dispatch(|| gather_block::<16>(sums, block, units, column, documents)),
                4 => arch.dispatch(|| gather_block::<4>(sums, block, units, column, documents)),
                _ => arch.dispatch(|| gather_block::<1>(sums, block, units, column, documents)),
            }
        }
    }
}

/// The transpose of [`gather`]: for each block of the kernel of `rows` rows, the sum of the lines of `gradients`
/// (`[documents][units]`) of the documents that have a row. `visit` is given the sums, part by part, and where each part lies;
/// `buffer` is where they are made, and holds nothing but zeros before and after.
///
/// # Panics
///
/// If a document has a row that the kernel does not have.
pub(crate) fn scatter<'d>(
    buffer: &mut AlignedFloats,
    rows: usize,
    gradients: &[f32],
    units: usize,
    documents: impl Iterator<Item = &'d [u16]>,
    mut visit: impl FnMut(Range<usize>, &[f32]),
) {
    let arch = Arch::new();
    let documents = by_frequency(documents);
    let widest = blocks(units).map(|(_, width)| width).max().unwrap_or(0);
    if buffer.len() != rows * widest {
        *buffer = AlignedFloats::zeros(rows * widest);
    }
    for (column, width) in blocks(units) {
        let block = &mut buffer[..rows * width];
        for documents in &documents {
            let documents = documents.iter().copied();
            match width {
                32 => arch.dispatch(|| scatter_block::<32>(block, gradients, units, column, documents)),
                16 => arch.dispatch(|| scatter_block::<16>(block, gradients, units, column, documents)),
                4 => arch.dispatch(|| scatter_block::<4>(block, gradients, units, column, documents)),
                _ => arch.dispatch(|| scatter_block::<1>(block, gradients, units, column, documents)),
            }
        }
        for (start, part) in (column * rows..).step_by(VISITED).zip(block.chunks_mut(VISITED)) {
            visit(start..start + part.len(), part);
            // For the next block; now, since later it would have to come into the cache once more.
            part.fill(0.0);
        }
    }
}

/// `N` columns of each line that starts at `column`.
#[inline(always)]
fn part<const N: usize>(line: &[f32], column: usize) -> [f32; N] {
    *line[column..].first_chunk().expect("a block of columns lies within the line")
}

/// Two documents at a time: a sum waits for the one before it, and another document's sums fill the wait.
#[inline(always)]
fn gather_block<'d, const N: usize>(
    sums: &mut [f32],
    block: &[f32],
    units: usize,
    column: usize,
    mut documents: impl Iterator<Item = &'d [u16]>,
) {
    let (block, _) = block.as_chunks::<N>();
    // Whole arrays by value, here and below: with references in the loop, the compiler gives up on vectors.
    let add = |registers: &mut [f32; N], row: u16| {
        for (sum, weight) in registers.iter_mut().zip(block[usize::from(row)]) {
            *sum += weight;
        }
    };
    for pair in sums.chunks_mut(2 * units) {
        let (a, b) = pair.split_at_mut(units);
        let [rows_a, rows_b] = [documents.next(), documents.next()].map(Option::unwrap_or_default);
        let mut registers_a: [f32; N] = part(a, column);
        let mut registers_b: [f32; N] = if b.is_empty() { [0.0; N] } else { part(b, column) };
        let both = rows_a.len().min(rows_b.len());
        for (&row_a, &row_b) in rows_a.iter().zip(rows_b) {
            add(&mut registers_a, row_a);
            add(&mut registers_b, row_b);
        }
        rows_a[both..].iter().for_each(|&row| add(&mut registers_a, row));
        rows_b[both..].iter().for_each(|&row| add(&mut registers_b, row));
        a[column..column + N].copy_from_slice(&registers_a);
        if !b.is_empty() {
            b[column..column + N].copy_from_slice(&registers_b);
        }
    }
}

#[inline(always)]
fn scatter_block<'d, const N: usize>(
    block: &mut [f32],
    gradients: &[f32],
    units: usize,
    column: usize,
    documents: impl Iterator<Item = &'d [u16]>,
) {
    let (block, _) = block.as_chunks_mut::<N>();
    for (gradient, rows) in gradients.chunks_exact(units).zip(documents) {
        let terms: [f32; N] = part(gradient, column);
        for &row in rows {
            let mut sums = block[usize::from(row)];
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum += term;
            }
            block[usize::from(row)] = sums;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROWS: usize = 2 * FREQUENT as usize;

    fn documents() -> impl Strategy<Value = Vec<Vec<u16>>> {
        let rows = proptest::collection::btree_set(0..ROWS as u16, 0..20);
        proptest::collection::vec(rows.prop_map(Vec::from_iter), 1..6)
    }

    proptest! {
        #[test]
        fn blocks_give_the_same_bits_as_one_column_after_the_other(
            units in 1usize..70,
            documents in documents(),
        ) {
            let kernel: Vec<f32> = (0..ROWS * units).map(|i| (i as f32 * 0.37).sin()).collect();
            let blocked = to_blocks(&kernel, units);
            prop_assert_eq!(from_blocks(&blocked, units), kernel.clone());
            let mut sums = vec![0.5; units * documents.len()];
            gather(&mut sums, &blocked, units, documents.iter().map(Vec::as_slice));
            for (sums, rows) in sums.chunks_exact(units).zip(&documents) {
                for (j, sum) in sums.iter().enumerate() {
                    let mut expected = 0.5f32;
                    for &row in rows {
                        expected += kernel[usize::from(row) * units + j];
                    }
                    prop_assert_eq!(sum.to_bits(), expected.to_bits());
                }
            }
        }

        #[test]
        fn scattering_is_the_transpose(
            units in 1usize..70,
            documents in documents(),
        ) {
            let gradients: Vec<f32> = (0..units * documents.len()).map(|i| i as f32 + 0.5).collect();
            let mut blocked = vec![0f32; ROWS * units];
            let documents_of = documents.iter().map(Vec::as_slice);
            let mut buffer = AlignedFloats::zeros(5);
            scatter(&mut buffer, ROWS, &gradients, units, documents_of, |place, block| {
                blocked[place].copy_from_slice(block);
            });
            prop_assert!(buffer.iter().all(|sum| *sum == 0.0));
            let mut expected = vec![0f32; ROWS * units];
            for (gradient, rows) in gradients.chunks_exact(units).zip(&documents) {
                for &row in rows {
                    for (sum, term) in expected[usize::from(row) * units..].iter_mut().zip(gradient) {
                        *sum += term;
                    }
                }
            }
            prop_assert_eq!(from_blocks(&blocked, units), expected);
        }
    }
}
