//! The network as a burn module, while it is being fitted.

use burn::{
    module::{Module, Param, ParamGroup},
    nn::Linear,
    optim::ModuleOptimizer,
    tensor::{Device, Tensor, TensorData, activation::relu},
};

use super::{
    rmsprop::KerasRmsProp,
    sparse::{Batch, bag_of_words},
    streams::{Random, Stream},
};
use crate::{
    network::{Dense, Network},
    recipe::Recipe,
};

/// A feed-forward network whose first layer takes bags of words.
#[derive(Module, Debug)]
pub(super) struct Net {
    layers: Vec<Linear>,
}

impl Net {
    /// Glorot uniform kernels (limit `sqrt(6 / (inputs + units))`) and zero biases, as Keras's `Dense`.
    pub(super) fn new(recipe: &Recipe, rows: usize, seed: u64, device: &Device) -> Self {
        let widths: Vec<usize> = [rows].into_iter().chain(recipe.hidden.iter().copied()).chain([1]).collect();
        let layer = |(i, shape): (usize, &[usize])| {
            let [inputs, units] = [shape[0], shape[1]];
            let limit = (6.0 / (inputs + units) as f64).sqrt() as f32;
            let mut random = Random::new(seed, Stream::Initialisation, i as u32);
            let kernel: Vec<f32> = (0..inputs * units).map(|_| limit * (2.0 * random.unit() - 1.0)).collect();
            linear(kernel, vec![0.0; units], device)
        };
        Self { layers: widths.windows(2).enumerate().map(layer).collect() }
    }

    /// One logit a document of the batch. `mask` scales the activations of each hidden layer: dropout, if any.
    pub(super) fn forward(&self, batch: &Batch, mut mask: impl FnMut([usize; 2]) -> Option<Tensor<2>>) -> Tensor<2> {
        let (first, rest) = self.layers.split_first().expect("a network has a layer");
        let bias = first.bias.as_ref().expect("every layer has a bias");
        let mut values = bag_of_words(batch, first.weight.val()) + bias.val().unsqueeze();
        for layer in rest {
            let mut activations = relu(values);
            if let Some(mask) = mask(activations.dims()) {
                activations = activations * mask;
            }
            values = layer.forward(activations);
        }
        values
    }

    /// The optimiser of a recipe: penalties on the kernels of the hidden layers, none on biases and the last layer.
    pub(super) fn optimiser(&self, recipe: &Recipe) -> ModuleOptimizer {
        let hidden = (0..self.layers.len() - 1).map(|i| format!("layers.{i}.weight")).collect();
        ModuleOptimizer::from(KerasRmsProp { l1: 0.0, l2: 0.0 }).with_group(
            ParamGroup::from_paths(hidden),
            KerasRmsProp { l1: recipe.l1, l2: recipe.l2 },
            None,
        )
    }

    /// A copy of the weights.
    pub(super) fn network(&self) -> Network {
        let values = |data: TensorData| data.try_into_vec::<f32>().expect("weights are f32");
        let layers = self.layers.iter().map(|layer| Dense {
            kernel: values(layer.weight.val().into_data()),
            bias: values(layer.bias.as_ref().expect("every layer has a bias").val().into_data()),
        });
        Network { layers: layers.collect() }
    }
}

fn linear(kernel: Vec<f32>, bias: Vec<f32>, device: &Device) -> Linear {
    let units = bias.len();
    let inputs = kernel.len() / units;
    Linear {
        weight: Param::from_tensor(Tensor::from_data(TensorData::new(kernel, [inputs, units]), device)),
        bias: Some(Param::from_tensor(Tensor::from_data(TensorData::new(bias, [units]), device))),
    }
}
