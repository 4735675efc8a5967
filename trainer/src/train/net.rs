//! The network while it is being fitted: tensors of burn's autodiff, and the step that moves them.

use burn::tensor::{Device, Gradients, Tensor, TensorData, activation::relu};

use super::{
    dense::DenseKernel,
    optimiser::{Optimiser, Penalty},
    sparse::{Batch, SparseKernel},
    streams::{Random, Stream},
};
use crate::{
    data::Corpus,
    network::{Dense, Network},
    recipe::Recipe,
};

/// What the first layer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Bags of words.
    Words,
    /// Numbers.
    Numbers,
}

impl Takes {
    /// What the documents of a corpus are.
    pub(super) fn of(corpus: &Corpus) -> Self {
        if corpus.features().is_some() { Self::Numbers } else { Self::Words }
    }
}

/// A feed-forward network.
#[derive(Debug)]
pub(super) struct Net {
    first: First,
    /// Those of the other layers, `[inputs, units]` each.
    kernels: Vec<Tensor<2>>,
    /// Those of all layers.
    biases: Vec<Tensor<1>>,
    device: Device,
}

/// The kernel of the first layer, by what it takes.
#[derive(Debug)]
enum First {
    Words(SparseKernel),
    Numbers(DenseKernel),
}

/// What a step needs of the forward pass of its batch.
#[derive(Debug)]
pub(super) struct Forward {
    /// `[documents, outputs]`.
    pub(super) logits: Tensor<2>,
    /// `[documents, units]`: what the kernel of the first layer gave, where autodiff begins.
    pub(super) sums: Tensor<2>,
}

impl Net {
    /// Glorot uniform kernels (limit `sqrt(6 / (inputs + units))`) and zero biases, as Keras's `Dense`.
    pub(super) fn new(recipe: &Recipe, rows: usize, outputs: usize, takes: Takes, seed: u64) -> Self {
        let widths: Vec<usize> = [rows].into_iter().chain(recipe.hidden.iter().copied()).chain([outputs]).collect();
        let layer = |(i, shape): (usize, &[usize])| {
            let [inputs, units] = [shape[0], shape[1]];
            let limit = (6.0 / (inputs + units) as f64).sqrt() as f32;
            let mut random = Random::new(seed, Stream::Initialisation, i as u32);
            let kernel = (0..inputs * units).map(|_| limit * (2.0 * random.unit() - 1.0)).collect();
            Dense { kernel, bias: vec![0.0; units] }
        };
        Self::of(&Network { layers: widths.windows(2).enumerate().map(layer).collect() }, takes)
    }

    /// The network to be fitted further.
    pub(super) fn of(network: &Network, takes: Takes) -> Self {
        let device = Device::flex().autodiff();
        let (first, others) = network.layers.split_first().expect("a network has a layer");
        let kernel = |layer: &Dense| {
            let values = TensorData::new(layer.kernel.clone(), [layer.inputs(), layer.units()]);
            Tensor::from_data(values, &device).require_grad()
        };
        let bias = |layer: &Dense| {
            Tensor::from_data(TensorData::new(layer.bias.clone(), [layer.units()]), &device).require_grad()
        };
        Self {
            first: match takes {
                Takes::Words => First::Words(SparseKernel::of(first)),
                Takes::Numbers => First::Numbers(DenseKernel::of(first)),
            },
            kernels: others.iter().map(kernel).collect(),
            biases: network.layers.iter().map(bias).collect(),
            device,
        }
    }

    /// Where its tensors are.
    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// An optimiser for its parameters.
    pub(super) fn optimiser(&self, recipe: &Recipe) -> Optimiser {
        Optimiser::new(recipe.optimizer, recipe.learning_rate as f32, 2 * self.biases.len())
    }

    /// The logits of the documents of the batch. `mask` scales the activations of each hidden layer: dropout, if any.
    pub(super) fn forward(
        &self,
        batch: &Batch,
        mut mask: impl FnMut(usize, [usize; 2]) -> Option<Tensor<2>>,
    ) -> Forward {
        let (bias, biases) = self.biases.split_first().expect("a network has a layer");
        let [units] = bias.dims();
        let sums = match &self.first {
            First::Words(kernel) => kernel.sums(batch),
            First::Numbers(kernel) => kernel.sums(batch),
        };
        let sums = TensorData::new(sums, [batch.documents.len(), units]);
        let sums = Tensor::<2>::from_data(sums, &self.device).require_grad();
        let mut values = sums.clone() + bias.clone().unsqueeze();
        for (i, (kernel, bias)) in self.kernels.iter().zip(biases).enumerate() {
            let mut activations = relu(values);
            if let Some(mask) = mask(i, activations.dims()) {
                activations = activations * mask;
            }
            values = activations.matmul(kernel.clone()) + bias.clone().unsqueeze();
        }
        Forward { logits: values, sums }
    }

    /// Moves every parameter by the gradient of its batch's `loss`. The penalties are on the kernels of the hidden layers
    /// alone.
    pub(super) fn step(
        &mut self,
        optimiser: &mut Optimiser,
        recipe: &Recipe,
        batch: &Batch,
        sums: &Tensor<2>,
        gradients: &mut Gradients,
    ) {
        optimiser.begin_step();
        let last = self.kernels.len();
        let on_hidden = Penalty { l1: recipe.l1 as f32, l2: recipe.l2 as f32 };
        let penalty = |layer| if layer < last { on_hidden } else { Penalty::default() };
        if let Some(gradient) = sums.grad_remove(gradients) {
            let gradient = values(gradient.into_data());
            match &mut self.first {
                First::Words(kernel) => kernel.step(batch, &gradient, optimiser, penalty(0)),
                First::Numbers(kernel) => kernel.step(batch, gradient, optimiser, penalty(0)),
            }
        }
        for (kernel, layer) in self.kernels.iter_mut().zip(1..) {
            move_by(kernel, gradients, |weights, gradient| {
                optimiser.update(2 * layer, penalty(layer), weights, gradient);
            });
        }
        for (layer, bias) in self.biases.iter_mut().enumerate() {
            move_by(bias, gradients, |weights, gradient| {
                optimiser.update(2 * layer + 1, Penalty::default(), weights, gradient);
            });
        }
    }

    /// A copy of the weights.
    pub(super) fn network(&self) -> Network {
        let others = self.kernels.iter().map(|kernel| values(kernel.to_data()));
        let first = match &self.first {
            First::Words(kernel) => kernel.values(),
            First::Numbers(kernel) => kernel.values(),
        };
        let kernels = std::iter::once(first).chain(others);
        let layer = |(kernel, bias): (Vec<f32>, &Tensor<1>)| Dense { kernel, bias: values(bias.to_data()) };
        Network { layers: kernels.zip(&self.biases).map(layer).collect() }
    }
}

fn values(data: TensorData) -> Vec<f32> {
    data.try_into_vec().expect("weights and gradients are f32")
}

/// Updates a parameter by its gradient, in place: nobody else holds it, so nothing is copied.
fn move_by<const D: usize>(
    parameter: &mut Tensor<D>,
    gradients: &mut Gradients,
    update: impl FnOnce(&mut [f32], &[f32]),
) {
    let Some(gradient) = parameter.grad_remove(gradients) else { return };
    let (shape, device) = (parameter.dims(), parameter.device());
    let empty = Tensor::empty([0; D], &device);
    let mut weights = values(std::mem::replace(parameter, empty).into_data());
    update(&mut weights, &values(gradient.into_data()));
    *parameter = Tensor::from_data(TensorData::new(weights, shape), &device).require_grad();
}
