//! The sparse first layer: a bag of words times a kernel, as an operation of burn's autodiff.
//!
//! Forward, each document sums the kernel's rows of its words (a gather); backward, each document adds its gradient
//! to those rows (a scatter). Both run in the order of the batch on one thread, so the sums are the same every time.

use std::sync::Arc;

use burn::{
    backend::{
        Autodiff, Flex,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::NoCheckpointing},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        tensor::FloatTensor,
    },
    tensor::{Tensor, TensorData},
};

use crate::{
    blocks::{gather, scatter},
    data::Corpus,
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
    fn rows(&self) -> impl Iterator<Item = &[u16]> + Clone {
        self.documents.iter().map(|&document| self.corpus.rows(document as usize))
    }

    /// `[documents, units]`: for each document the sum of its rows of a kernel in blocks.
    fn gather(&self, kernel: &[f32], units: usize) -> Vec<f32> {
        let mut sums = vec![0f32; self.documents.len() * units];
        gather(&mut sums, kernel, units, &self.rows());
        sums
    }

    /// `[rows, units]`, in blocks: for each row the sum of the gradients (`[documents, units]`) of the documents that
    /// have it.
    fn scatter(&self, gradients: &[f32], rows: usize, units: usize) -> Vec<f32> {
        let mut kernel = vec![0f32; rows * units];
        scatter(&mut kernel, gradients, units, &self.rows());
        kernel
    }
}

/// What the backward pass needs: the batch and the shape of the kernel.
#[derive(Debug, Clone)]
struct State {
    batch: Batch,
    rows: usize,
    units: usize,
}

#[derive(Debug)]
struct Gather;

impl Backward<Flex, 1> for Gather {
    type State = State;

    fn backward(self, ops: Ops<State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let State { batch, rows, units } = ops.state;
        let [parent] = ops.parents;
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        if let Some(parent) = parent {
            let kernel = batch.scatter(gradient.storage(), rows, units);
            grads.register::<Flex>(parent.id, tensor(kernel, [rows, units]));
        }
    }
}

fn tensor(values: Vec<f32>, shape: [usize; 2]) -> FloatTensor<Flex> {
    FloatTensor::<Flex>::from_data(TensorData::new(values, shape))
}

/// `[documents, units]`: the batch's bags of words times `kernel` (`[rows, units]`, in [blocks](crate::blocks)),
/// differentiable in the kernel.
///
/// # Panics
///
/// If the kernel is not on an autodiff flex device, or has fewer rows than the corpus names.
pub(super) fn bag_of_words(batch: &Batch, kernel: Tensor<2>) -> Tensor<2> {
    let [rows, units] = kernel.dims();
    let kernel = kernel.try_into_primitive::<Autodiff<Flex>>().expect("training runs on autodiff flex");
    let (kernel, node) = kernel.into_parts();
    let sums = batch.gather(kernel.to_contiguous().storage(), units);
    let sums = tensor(sums, [batch.documents.len(), units]);
    let sums = match Gather.prepare::<NoCheckpointing>([node]).compute_bound().stateful() {
        OpsKind::Tracked(ops) => ops.finish(State { batch: batch.clone(), rows, units }, sums),
        OpsKind::UnTracked(ops) => ops.finish(sums),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(sums)
}
