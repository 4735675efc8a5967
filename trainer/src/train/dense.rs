//! The first layer over numbers: a dense product and its gradient, beside burn's autodiff as that over words is.

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    optimiser::{Optimiser, Penalty},
    sparse::Batch,
};
use crate::network::Dense;

/// The kernel of the first layer while it is fitted, row-major: `[features][units]`.
#[derive(Debug)]
pub(super) struct DenseKernel {
    kernel: Vec<f32>,
    units: usize,
}

impl DenseKernel {
    /// The kernel of a layer.
    pub(super) fn of(layer: &Dense) -> Self {
        Self { kernel: layer.kernel.clone(), units: layer.units() }
    }

    /// A copy of it.
    pub(super) fn values(&self) -> Vec<f32> {
        self.kernel.clone()
    }

    fn features(&self) -> usize {
        self.kernel.len() / self.units
    }

    /// `[documents, features]`.
    fn inputs(&self, batch: &Batch) -> Tensor<2> {
        let rows = batch.documents.iter().map(|&document| batch.corpus.numbers(document as usize));
        let values: Vec<f32> = rows.flatten().copied().collect();
        Tensor::from_data(TensorData::new(values, [batch.documents.len(), self.features()]), &Device::flex())
    }

    /// `[documents][units]`: the batch's numbers times the kernel.
    pub(super) fn sums(&self, batch: &Batch) -> Vec<f32> {
        let kernel = TensorData::new(self.kernel.clone(), [self.features(), self.units]);
        values(self.inputs(batch).matmul(Tensor::from_data(kernel, &Device::flex())))
    }

    /// Moves the kernel, parameter number 0 of the optimiser, by the gradient of the [sums](Self::sums).
    pub(super) fn step(&mut self, batch: &Batch, gradients: Vec<f32>, optimiser: &mut Optimiser, penalty: Penalty) {
        let gradients = TensorData::new(gradients, [batch.documents.len(), self.units]);
        let gradient = self.inputs(batch).transpose().matmul(Tensor::from_data(gradients, &Device::flex()));
        optimiser.update(0, penalty, &mut self.kernel, &values(gradient));
    }
}

fn values(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("a product of f32 tensors")
}
