//! The network while it is being fitted: tensors of burn's autodiff, and the step that moves them.

use burn::{
    backend::Flex,
    tensor::{Device, Gradients, Tensor, TensorData, activation::relu},
};

use super::{
    optimiser::{Optimiser, Penalty},
    sparse::{Batch, bag_of_words},
    streams::{Random, Stream},
};
use crate::{
    blocks::{from_blocks, to_blocks},
    network::{Dense, Network},
    recipe::Recipe,
};

/// A feed-forward network whose first layer takes bags of words.
#[derive(Debug)]
pub(super) struct Net {
    /// `[inputs, units]` each; the first one lies in [blocks](crate::blocks).
    kernels: Vec<Tensor<2>>,
    biases: Vec<Tensor<1>>,
    device: Device,
}

impl Net {
    /// Glorot uniform kernels (limit `sqrt(6 / (inputs + units))`) and zero biases, as Keras's `Dense`.
    pub(super) fn new(recipe: &Recipe, rows: usize, seed: u64) -> Self {
        let widths: Vec<usize> = [rows].into_iter().chain(recipe.hidden.iter().copied()).chain([1]).collect();
        let layer = |(i, shape): (usize, &[usize])| {
            let [inputs, units] = [shape[0], shape[1]];
            let limit = (6.0 / (inputs + units) as f64).sqrt() as f32;
            let mut random = Random::new(seed, Stream::Initialisation, i as u32);
            let kernel = (0..inputs * units).map(|_| limit * (2.0 * random.unit() - 1.0)).collect();
            Dense { kernel, bias: vec![0.0; units] }
        };
        Self::of(&Network { layers: widths.windows(2).enumerate().map(layer).collect() })
    }

    /// The network to be fitted further.
    pub(super) fn of(network: &Network) -> Self {
        let device = Device::flex().autodiff();
        let kernel = |(i, layer): (usize, &Dense)| {
            let values = if i == 0 { to_blocks(&layer.kernel, layer.units()) } else { layer.kernel.clone() };
            Tensor::from_data(TensorData::new(values, [layer.inputs(), layer.units()]), &device).require_grad()
        };
        let bias = |layer: &Dense| {
            Tensor::from_data(TensorData::new(layer.bias.clone(), [layer.units()]), &device).require_grad()
        };
        Self {
            kernels: network.layers.iter().enumerate().map(kernel).collect(),
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
        Optimiser::new(recipe.optimizer, recipe.learning_rate as f32, 2 * self.kernels.len())
    }

    /// One logit a document of the batch. `mask` scales the activations of each hidden layer: dropout, if any.
    pub(super) fn forward(
        &self,
        batch: &Batch,
        mut mask: impl FnMut(usize, [usize; 2]) -> Option<Tensor<2>>,
    ) -> Tensor<2> {
        let mut layers = self.kernels.iter().zip(&self.biases);
        let (kernel, bias) = layers.next().expect("a network has a layer");
        let mut values = bag_of_words(batch, kernel.clone()) + bias.clone().unsqueeze();
        for (i, (kernel, bias)) in layers.enumerate() {
            let mut activations = relu(values);
            if let Some(mask) = mask(i, activations.dims()) {
                activations = activations * mask;
            }
            values = activations.matmul(kernel.clone()) + bias.clone().unsqueeze();
        }
        values
    }

    /// Moves every parameter by its gradient. The penalties are on the kernels of the hidden layers alone.
    pub(super) fn step(&mut self, optimiser: &mut Optimiser, recipe: &Recipe, gradients: &mut Gradients) {
        optimiser.begin_step();
        let layers = self.kernels.len();
        let on_hidden = Penalty { l1: recipe.l1 as f32, l2: recipe.l2 as f32 };
        let kernels = std::mem::take(&mut self.kernels).into_iter().enumerate();
        let kernels = kernels.map(|(i, kernel)| {
            let penalty = if i + 1 < layers { on_hidden } else { Penalty::default() };
            moved(kernel, gradients, |weights, gradient| optimiser.update(2 * i, penalty, weights, gradient))
        });
        self.kernels = kernels.collect();
        let biases = std::mem::take(&mut self.biases).into_iter().enumerate();
        let biases = biases.map(|(i, bias)| {
            moved(bias, gradients, |weights, gradient| {
                optimiser.update(2 * i + 1, Penalty::default(), weights, gradient);
            })
        });
        self.biases = biases.collect();
    }

    /// A copy of the weights.
    pub(super) fn network(&self) -> Network {
        let layers = self.kernels.iter().zip(&self.biases).enumerate().map(|(i, (kernel, bias))| {
            let [_, units] = kernel.dims();
            let kernel = values(kernel.to_data());
            let kernel = if i == 0 { from_blocks(&kernel, units) } else { kernel };
            Dense { kernel, bias: values(bias.to_data()) }
        });
        Network { layers: layers.collect() }
    }
}

fn values(data: TensorData) -> Vec<f32> {
    data.try_into_vec().expect("weights are f32")
}

/// A parameter after `update` of its weights by its gradient, in place.
fn moved<const D: usize>(
    parameter: Tensor<D>,
    gradients: &mut Gradients,
    update: impl FnOnce(&mut [f32], &[f32]),
) -> Tensor<D> {
    let Some(gradient) = parameter.grad_remove(gradients) else { return parameter };
    let flex = |tensor: Tensor<D>| {
        tensor.try_into_primitive::<Flex>().expect("training runs on flex, outside autodiff").to_contiguous()
    };
    let (mut weights, gradient) = (flex(parameter.inner()), flex(gradient));
    // `storage_mut` copies only what somebody else still holds: here, nothing.
    update(weights.storage_mut(), gradient.storage());
    Tensor::from_inner(Tensor::from_primitive::<Flex>(weights)).require_grad()
}
