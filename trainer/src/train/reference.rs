//! Tests of the whole of training against the same thing written plainly in f64, without burn and without blocks.

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use super::{
    EpochRecord, Job, Stop, fit,
    net::{Net, Takes},
    optimiser::{Optimiser, Penalty},
    sparse::{Batch, SparseKernel},
    streams::{Random, Stream},
};
use crate::{
    data::{Corpus, Dataset, VocabularyTables, WordCounts},
    network::{Dense, Network, cross_entropy},
    recipe::{OptimizerKind, Recipe},
    run::Checkpoint,
};

/// A fully connected layer in f64, with what `RMSprop` remembers of it.
struct Layer {
    kernel: Vec<Vec<f64>>,
    bias: Vec<f64>,
    kernel_squares: Vec<Vec<f64>>,
    bias_squares: Vec<f64>,
}

struct Reference(Vec<Layer>);

impl Reference {
    fn new(network: &Network) -> Self {
        let layer = |dense: &Dense| {
            let row = |i| dense.row(i).iter().map(|&w| f64::from(w)).collect();
            Layer {
                kernel: (0..dense.inputs()).map(row).collect(),
                bias: dense.bias.iter().map(|&b| f64::from(b)).collect(),
                kernel_squares: vec![vec![0.0; dense.units()]; dense.inputs()],
                bias_squares: vec![0.0; dense.units()],
            }
        };
        Self(network.layers.iter().map(layer).collect())
    }

    /// What each layer is given, and last the logit.
    fn forward(&self, rows: &[u16]) -> Vec<Vec<f64>> {
        let mut inputs = vec![0.0; self.0[0].kernel.len()];
        for &row in rows {
            inputs[usize::from(row)] = 1.0;
        }
        let mut values = vec![inputs];
        for (i, layer) in self.0.iter().enumerate() {
            let inputs = &values[i];
            let last = i + 1 == self.0.len();
            let sum =
                |j: usize| layer.bias[j] + inputs.iter().zip(&layer.kernel).map(|(x, row)| x * row[j]).sum::<f64>();
            let outputs = (0..layer.bias.len()).map(sum).map(|z| if last { z } else { z.max(0.0) }).collect();
            values.push(outputs);
        }
        values
    }

    /// The mean gradient of the data loss over a batch, a kernel and a bias a layer.
    fn gradients(&self, corpus: &Corpus, documents: &[u32]) -> Vec<(Vec<Vec<f64>>, Vec<f64>)> {
        let zero = |layer: &Layer| (vec![vec![0.0; layer.bias.len()]; layer.kernel.len()], vec![0.0; layer.bias.len()]);
        let mut sums: Vec<_> = self.0.iter().map(zero).collect();
        for &document in documents {
            let values = self.forward(corpus.rows(document as usize));
            let logit = values[self.0.len()][0];
            let residual = 1.0 / (1.0 + (-logit).exp()) - f64::from(corpus.label(document as usize));
            let mut delta = vec![residual / documents.len() as f64];
            for (i, layer) in self.0.iter().enumerate().rev() {
                for (input, &x) in values[i].iter().enumerate() {
                    delta.iter().enumerate().for_each(|(j, d)| sums[i].0[input][j] += x * d);
                }
                delta.iter().enumerate().for_each(|(j, d)| sums[i].1[j] += d);
                let back = |(input, row): (usize, &Vec<f64>)| {
                    let sum: f64 = row.iter().zip(&delta).map(|(w, d)| w * d).sum();
                    if values[i][input] > 0.0 { sum } else { 0.0 }
                };
                delta = layer.kernel.iter().enumerate().map(back).collect();
            }
        }
        sums
    }

    fn step(&mut self, recipe: &Recipe, gradients: &[(Vec<Vec<f64>>, Vec<f64>)]) {
        let update = |w: &mut f64, v: &mut f64, g: f64| {
            *v = 0.9 * *v + 0.1 * g * g;
            *w -= recipe.learning_rate * g / (*v + 1e-7).sqrt();
        };
        let last = self.0.len() - 1;
        for (i, (layer, (kernel, bias))) in self.0.iter_mut().zip(gradients).enumerate() {
            let penalised = f64::from(u8::from(i < last));
            let (l1, l2) = (recipe.l1 * penalised, recipe.l2 * penalised);
            for ((row, squares), gradient) in layer.kernel.iter_mut().zip(&mut layer.kernel_squares).zip(kernel) {
                for ((w, v), &g) in row.iter_mut().zip(squares).zip(gradient) {
                    let penalty = if *w == 0.0 { 0.0 } else { l1 * w.signum() } + 2.0 * l2 * *w;
                    update(w, v, g + penalty);
                }
            }
            for ((b, v), &g) in layer.bias.iter_mut().zip(&mut layer.bias_squares).zip(bias) {
                update(b, v, g);
            }
        }
    }
}

fn corpus() -> (Arc<Corpus>, usize) {
    let dataset = Dataset::open("synthetic:300").unwrap();
    let vocabulary = VocabularyTables::build(&WordCounts::of(&dataset.train), 500).unwrap();
    (Arc::new(Corpus::new(&dataset.train, &vocabulary.view())), vocabulary.words.len())
}

fn recipe() -> Recipe {
    Recipe { hidden: vec![6, 5], l1: 1e-4, l2: 1e-3, batch_size: 64, epochs: 1, ..Recipe::named("baseline").unwrap() }
}

fn after_one_epoch(recipe: &Recipe, corpus: &Arc<Corpus>, rows: usize) -> (EpochRecord, Checkpoint) {
    let mut last = None;
    let job = Job { recipe, seed: 3, rows, outputs: 1, train: corpus, validation: corpus };
    fit(&job, None, |record, checkpoint, _| -> Result<Stop, ()> {
        last = Some((record, checkpoint));
        Ok(Stop::Continue)
    })
    .unwrap();
    last.unwrap()
}

#[test]
fn one_epoch_agrees_with_the_same_epoch_in_f64() {
    let (corpus, rows) = corpus();
    let recipe = recipe();
    let initial = Net::new(&recipe, rows, 1, Takes::Words, 3).network();
    let mut reference = Reference::new(&initial);
    for documents in Random::new(3, Stream::Order, 1).permutation(corpus.len()).chunks(recipe.batch_size) {
        let gradients = reference.gradients(&corpus, documents);
        reference.step(&recipe, &gradients);
    }
    let (record, Checkpoint { network, .. }) = after_one_epoch(&recipe, &corpus, rows);
    let mut moved = 0f64;
    for ((dense, before), layer) in network.layers.iter().zip(&initial.layers).zip(&reference.0) {
        for (i, row) in layer.kernel.iter().enumerate() {
            for ((&w, &start), expected) in dense.row(i).iter().zip(before.row(i)).zip(row) {
                assert!((f64::from(w) - expected).abs() < 2e-5, "{w} instead of {expected}");
                moved = moved.max((f64::from(w) - f64::from(start)).abs());
            }
        }
    }
    assert!(moved > 5e-3, "the comparison means nothing if nothing moved: {moved}");
    let losses = (0..corpus.len()).map(|document| {
        let logit = reference.forward(corpus.rows(document))[3][0];
        cross_entropy(logit, corpus.label(document))
    });
    let loss = losses.sum::<f64>() / corpus.len() as f64;
    assert!((record.train_loss - loss).abs() < 1e-5, "{} instead of {loss}", record.train_loss);
    let sum =
        |f: fn(f64) -> f64| reference.0[..2].iter().flat_map(|l| l.kernel.iter().flatten()).map(|&w| f(w)).sum::<f64>();
    let penalty = 1e-4 * sum(f64::abs) + 1e-3 * sum(|w| w * w);
    assert!((record.penalty - penalty).abs() < 1e-4, "{} instead of {penalty}", record.penalty);
}

#[test]
fn a_step_of_the_sparse_layer_agrees_with_the_dense_product_and_its_gradient() {
    let (corpus, rows) = corpus();
    let device = Device::flex().autodiff();
    let documents: Arc<[u32]> = (0..40).rev().collect();
    let batch = Batch { corpus: corpus.clone(), documents: documents.clone() };
    let mut dense = vec![0f32; documents.len() * rows];
    for (line, &document) in documents.iter().enumerate() {
        corpus.rows(document as usize).iter().for_each(|&row| dense[line * rows + usize::from(row)] = 1.0);
    }
    let dense = Tensor::<2>::from_data(TensorData::new(dense, [documents.len(), rows]), &device);
    let layer = Dense { kernel: (0..rows * 7).map(|i| (i as f32 * 0.31).sin()).collect(), bias: vec![0.0; 7] };
    let values = |tensor: Tensor<2>| tensor.into_data().try_into_vec::<f32>().unwrap();
    // A loss whose gradient differs from place to place.
    let loss = |product: Tensor<2>| (product.clone() * product.sin()).sum();

    let kernel = Tensor::<2>::from_data(TensorData::new(layer.kernel.clone(), [rows, 7]), &device).require_grad();
    let product = dense.matmul(kernel.clone());
    let gradient = values(kernel.grad(&loss(product.clone()).backward()).unwrap());

    let mut sparse = SparseKernel::of(&layer);
    let sums = sparse.sums(&batch);
    let product = values(product);
    let leaf = Tensor::<2>::from_data(TensorData::new(sums.clone(), [documents.len(), 7]), &device).require_grad();
    let upstream = values(leaf.grad(&loss(leaf.clone()).backward()).unwrap());
    let mut optimiser = Optimiser::new(OptimizerKind::Sgd, 1.0, 2);
    sparse.step(&batch, &upstream, &mut optimiser, Penalty::default());
    let moved: Vec<f32> = layer.kernel.iter().zip(sparse.values()).map(|(before, after)| before - after).collect();

    for (got, expected) in [(&sums, &product), (&moved, &gradient)] {
        for (&got, &expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() <= 1e-3 * expected.abs().max(1.0), "{got} instead of {expected}");
        }
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    let (corpus, rows) = corpus();
    let recipe = recipe();
    let reference = Reference::new(&Net::new(&recipe, rows, 1, Takes::Words, 5).network());
    let documents: Vec<u32> = (0..50).collect();
    let gradients = reference.gradients(&corpus, &documents);
    let loss = |reference: &Reference| {
        let of = |&d: &u32| cross_entropy(reference.forward(corpus.rows(d as usize))[3][0], corpus.label(d as usize));
        documents.iter().map(of).sum::<f64>() / documents.len() as f64
    };
    let mut reference = reference;
    let common = usize::from(corpus.rows(0)[0]);
    for (layer, input, unit) in [(0, common, 0), (0, common, 4), (1, 2, 3), (1, 5, 0), (2, 1, 0), (2, 4, 0)] {
        let h = 1e-6;
        let mut at = |offset: f64| {
            reference.0[layer].kernel[input][unit] += offset;
            let value = loss(&reference);
            reference.0[layer].kernel[input][unit] -= offset;
            value
        };
        let slope = (at(h) - at(-h)) / (2.0 * h);
        let gradient = gradients[layer].0[input][unit];
        assert!((slope - gradient).abs() < 1e-6, "layer {layer} [{input}][{unit}]: {gradient} instead of {slope}");
    }
}

#[test]
fn recipes_of_one_seed_start_alike_and_dropout_changes_the_result() {
    let (corpus, rows) = corpus();
    let plain = recipe();
    let dropout = Recipe { dropout: vec![0.5; 2], ..plain.clone() };
    let initial = |recipe: &Recipe| Net::new(recipe, rows, 1, Takes::Words, 3).network();
    assert_eq!(initial(&plain), initial(&dropout));
    let weights = |recipe: &Recipe| after_one_epoch(recipe, &corpus, rows).1.network;
    assert_eq!(weights(&plain), weights(&plain));
    assert_ne!(weights(&plain), weights(&dropout));
}
