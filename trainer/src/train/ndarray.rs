//! The same recipe on burn-ndarray, with the first layer as a dense product of tensors: another backend, another road to the
//! gradients. Nothing but the start, the order of the documents and the optimiser's rule is shared.

#![allow(deprecated, reason = "burn-ndarray is deprecated, yet it is the second backend there is")]

use std::sync::Arc;

use burn::tensor::{
    Device, Tensor, TensorData,
    activation::{log_sigmoid, relu},
};

use super::{
    Job, Stop, fit,
    net::{Net, Takes},
    optimiser::{Optimiser, Penalty},
    streams::{Random, Stream},
};
use crate::{
    data::{Corpus, Dataset, VocabularyTables, WordCounts},
    network::{Dense, Network, Score, score},
    recipe::Recipe,
};

const EPOCHS: u32 = 3;

/// `[documents, rows]`: 1 where a document has a word.
fn multi_hot(corpus: &Corpus, documents: &[u32], rows: usize, device: &Device) -> Tensor<2> {
    let mut values = vec![0f32; documents.len() * rows];
    for (line, &document) in values.chunks_exact_mut(rows).zip(documents) {
        corpus.rows(document as usize).iter().for_each(|&row| line[usize::from(row)] = 1.0);
    }
    Tensor::from_data(TensorData::new(values, [documents.len(), rows]), device)
}

/// Kernels and biases, first layer to last.
fn parameters(network: &Network, device: &Device) -> Vec<(Tensor<2>, Tensor<2>)> {
    let tensor = |values: &[f32], shape: [usize; 2]| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), device).require_grad()
    };
    let layer = |layer: &Dense| {
        (tensor(&layer.kernel, [layer.inputs(), layer.units()]), tensor(&layer.bias, [1, layer.units()]))
    };
    network.layers.iter().map(layer).collect()
}

fn forward(parameters: &[(Tensor<2>, Tensor<2>)], inputs: Tensor<2>) -> Tensor<2> {
    let mut values = inputs;
    for (i, (kernel, bias)) in parameters.iter().enumerate() {
        values = if i == 0 { values } else { relu(values) };
        values = values.matmul(kernel.clone()) + bias.clone();
    }
    values
}

/// The scores on the training documents after each epoch.
fn scores_on_ndarray(recipe: &Recipe, corpus: &Corpus, rows: usize, seed: u64) -> Vec<Score> {
    let device = Device::ndarray().autodiff();
    let mut network = Net::new(recipe, rows, 1, Takes::Words, seed).network();
    let mut optimiser = Optimiser::new(recipe.optimizer, recipe.learning_rate as f32, 2 * network.layers.len());
    let hidden = Penalty { l1: recipe.l1 as f32, l2: recipe.l2 as f32 };
    let everything: Vec<u32> = (0..corpus.len() as u32).collect();
    let mut scores = Vec::new();
    for epoch in 1..=EPOCHS {
        for documents in Random::new(seed, Stream::Order, epoch).permutation(corpus.len()).chunks(recipe.batch_size) {
            let tensors = parameters(&network, &device);
            let signs: Vec<f32> = documents.iter().map(|&d| f32::from(corpus.label(d as usize)) * 2.0 - 1.0).collect();
            let signs = Tensor::<2>::from_data(TensorData::new(signs, [documents.len(), 1]), &device);
            let logits = forward(&tensors, multi_hot(corpus, documents, rows, &device));
            let gradients = log_sigmoid(logits * signs).mean().neg().backward();
            optimiser.begin_step();
            let last = tensors.len() - 1;
            for (i, (layer, (kernel, bias))) in network.layers.iter_mut().zip(&tensors).enumerate() {
                let gradient =
                    |tensor: &Tensor<2>| tensor.grad(&gradients).unwrap().into_data().try_into_vec::<f32>().unwrap();
                let penalty = if i < last { hidden } else { Penalty::default() };
                optimiser.update(2 * i, penalty, &mut layer.kernel, &gradient(kernel));
                optimiser.update(2 * i + 1, Penalty::default(), &mut layer.bias, &gradient(bias));
            }
        }
        let logits = forward(&parameters(&network, &device), multi_hot(corpus, &everything, rows, &device));
        scores.push(score(&logits.into_data().try_into_vec::<f32>().unwrap(), corpus.labels()));
    }
    scores
}

#[test]
fn the_first_epochs_on_ndarray_have_the_same_losses() {
    let dataset = Dataset::open("synthetic:2000").unwrap();
    let vocabulary = VocabularyTables::build(&WordCounts::of(&dataset.train), 1_000).unwrap();
    let corpus = Arc::new(Corpus::new(&dataset.train, &vocabulary.view()));
    let rows = vocabulary.words.len();
    // Not L1: its gradient jumps at 0, so weights that rounding puts on either side of it part by more than rounding.
    for (name, seed) in [("baseline", 0), ("smaller", 1), ("l2", 2), ("linear", 3)] {
        let recipe = Recipe { epochs: EPOCHS, batch_size: 128, ..Recipe::named(name).unwrap() };
        let mut losses = Vec::new();
        let job = Job { recipe: &recipe, seed, rows, outputs: 1, train: &corpus, validation: &corpus };
        fit(&job, None, |record, _, _| -> Result<Stop, ()> {
            losses.push(record.train_loss);
            Ok(Stop::Continue)
        })
        .unwrap();
        let there = scores_on_ndarray(&recipe, &corpus, rows, seed);
        assert_eq!(there.len(), losses.len());
        assert!(losses[2] < losses[0] - 0.01, "{name}: the comparison means nothing if nothing is learnt: {losses:?}");
        for (epoch, (ours, there)) in losses.iter().zip(&there).enumerate() {
            assert!((ours - there.loss).abs() < 1e-4, "{name}, epoch {}: {ours} here, {} there", epoch + 1, there.loss);
        }
    }
}
