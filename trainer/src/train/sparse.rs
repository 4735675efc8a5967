//! The sparse first layer: bags of words times a kernel, beside burn's autodiff.
//!
//! Forward, each document sums the kernel's rows of its words (a gather), and autodiff starts from these sums. Backward,
//! the gradient of the sums is all that is kept: each block of the kernel's gradient is scattered, used by the optimiser
//! and forgotten while it is in the cache, so the whole of it, as large as the kernel, never is in memory. Both run in the
//! order of the batch on one thread, so the sums are the same every time.

use std::sync::Arc;

use super::optimiser::{Optimiser, Penalty};
use crate::{
    aligned::AlignedFloats,
    blocks::{from_blocks, gather, scatter, to_blocks},
    data::Corpus,
    network::Dense,
};

/// Some documents of a corpus, by number.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    /// The corpus.
    pub(super) corpus: Arc<Corpus>,
    /// The documents, in the order of the batch.
    pub(super) documents: Arc<[u32]>,
}

impl Batch {
    fn rows(&self) -> impl Iterator<Item = &[u16]> {
        self.documents.iter().map(|&document| self.corpus.rows(document as usize))
    }
}

/// The kernel of the first layer while it is fitted.
#[derive(Debug)]
pub(super) struct SparseKernel {
    /// In [blocks](crate::blocks).
    blocked: AlignedFloats,
    units: usize,
    /// Room for the gradient of one block.
    gradient: AlignedFloats,
}

impl SparseKernel {
    /// The kernel of a layer.
    pub(super) fn of(layer: &Dense) -> Self {
        Self {
            blocked: to_blocks(&layer.kernel, layer.units()),
            units: layer.units(),
            gradient: AlignedFloats::default(),
        }
    }

    /// A copy, row-major: `[rows][units]`.
    pub(super) fn values(&self) -> Vec<f32> {
        from_blocks(&self.blocked, self.units)
    }

    /// `[documents][units]`: the batch's bags of words times the kernel.
    ///
    /// # Panics
    ///
    /// If the kernel has fewer rows than the corpus names.
    pub(super) fn sums(&self, batch: &Batch) -> Vec<f32> {
        let mut sums = vec![0f32; batch.documents.len() * self.units];
        gather(&mut sums, &self.blocked, self.units, batch.rows());
        sums
    }

    /// Moves the kernel, parameter number 0 of the optimiser, by the gradient of the [sums](Self::sums).
    pub(super) fn step(&mut self, batch: &Batch, gradients: &[f32], optimiser: &mut Optimiser, penalty: Penalty) {
        let Self { blocked, units, gradient } = self;
        let rows = blocked.len() / *units;
        scatter(gradient, rows, gradients, *units, batch.rows(), |block, gradient| {
            optimiser.update_part(0, penalty, blocked, block, gradient);
        });
    }
}
