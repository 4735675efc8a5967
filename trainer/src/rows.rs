//! The one inner loop of float networks: a weighted sum of rows of a kernel.

/// `sums[j] += sum over the terms of factor * kernel[row][j]`, each `j` in the order of the terms.
///
/// `kernel` is row-major with rows as long as `sums`. Columns go in blocks that fit the registers, so the terms are
/// iterated once a block; the result does not depend on the blocks.
///
/// # Panics
///
/// If a term names a row that the kernel does not have.
pub(crate) fn add_rows(sums: &mut [f32], kernel: &[f32], terms: &(impl Iterator<Item = (usize, f32)> + Clone)) {
    let units = sums.len();
    let (wide, rest) = sums.as_chunks_mut::<16>();
    let (narrow, single) = rest.as_chunks_mut::<4>();
    let mut column = 0;
    for block in wide {
        add_block(block, kernel, units, column, terms.clone());
        column += 16;
    }
    for block in narrow {
        add_block(block, kernel, units, column, terms.clone());
        column += 4;
    }
    for sum in single.as_chunks_mut::<1>().0 {
        add_block(sum, kernel, units, column, terms.clone());
        column += 1;
    }
}

#[inline]
fn add_block<const N: usize>(
    sums: &mut [f32; N],
    kernel: &[f32],
    units: usize,
    column: usize,
    terms: impl Iterator<Item = (usize, f32)>,
) {
    let mut registers = *sums;
    for (row, factor) in terms {
        let (weights, _) = kernel[row * units + column..].split_first_chunk::<N>().expect("a row of the kernel");
        for (sum, weight) in registers.iter_mut().zip(*weights) {
            *sum += weight * factor;
        }
    }
    *sums = registers;
}

/// `kernel[row][j] += terms[j]` for each row: the transpose of [`add_rows`].
///
/// # Panics
///
/// If a row is not one of the kernel's.
pub(crate) fn scatter(kernel: &mut [f32], terms: &[f32], rows: &[u16]) {
    let units = terms.len();
    let mut column = 0;
    let (wide, rest) = terms.as_chunks::<16>();
    let (narrow, single) = rest.as_chunks::<4>();
    for block in wide {
        scatter_block(kernel, block, units, column, rows);
        column += 16;
    }
    for block in narrow {
        scatter_block(kernel, block, units, column, rows);
        column += 4;
    }
    for block in single.as_chunks::<1>().0 {
        scatter_block(kernel, block, units, column, rows);
        column += 1;
    }
}

#[inline]
fn scatter_block<const N: usize>(kernel: &mut [f32], terms: &[f32; N], units: usize, column: usize, rows: &[u16]) {
    // Whole arrays by value, here and above: with references in the loop, the compiler gives up on vectors.
    let terms = *terms;
    for &row in rows {
        let place = &mut kernel[usize::from(row) * units + column..];
        let (place, _) = place.split_first_chunk_mut::<N>().expect("a row of the kernel");
        let mut sums = *place;
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum += term;
        }
        *place = sums;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn blocks_give_the_same_bits_as_one_column_after_the_other(
            units in 1usize..40,
            terms in proptest::collection::vec((0usize..9, -2f32..2.0), 0..20),
        ) {
            let kernel: Vec<f32> = (0..9 * units).map(|i| (i as f32 * 0.37).sin()).collect();
            let mut sums = vec![0.5; units];
            add_rows(&mut sums, &kernel, &terms.iter().copied());
            for (j, sum) in sums.iter().enumerate() {
                let mut expected = 0.5f32;
                for (row, factor) in &terms {
                    expected += kernel[row * units + j] * factor;
                }
                prop_assert_eq!(sum.to_bits(), expected.to_bits());
            }
        }

        #[test]
        fn scattering_is_the_transpose(units in 1usize..40, rows in proptest::collection::vec(0u16..9, 0..20)) {
            let terms: Vec<f32> = (0..units).map(|i| i as f32 + 0.5).collect();
            let mut kernel = vec![0f32; 9 * units];
            scatter(&mut kernel, &terms, &rows);
            for row in 0..9u16 {
                let times = rows.iter().filter(|&&r| r == row).count() as f32;
                for (j, term) in terms.iter().enumerate() {
                    prop_assert!((kernel[usize::from(row) * units + j] - times * term).abs() < 1e-3);
                }
            }
        }
    }
}
