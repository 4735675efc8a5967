//! The training loop.

use std::sync::Arc;

use burn::tensor::{
    Device, Tensor, TensorData,
    activation::{log_sigmoid, log_softmax},
};
use serde::{Deserialize, Serialize};

use super::{
    net::{Forward, Net, Takes},
    optimiser::Optimiser,
    sparse::Batch,
    streams::{Random, Stream},
};
use crate::{
    data::Corpus,
    network::{self, Network},
    recipe::{ClassWeights, Recipe},
    run::Checkpoint,
};

/// What is known of the network after an epoch. Losses are data losses: the penalty is apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// The mean loss of the epoch's steps, with dropout, each before its update (Keras's running loss without
    /// the penalty).
    pub running_loss: f64,
    /// The loss on the training documents after the epoch, without dropout.
    pub train_loss: f64,
    /// The accuracy on the training documents after the epoch, without dropout.
    pub train_accuracy: f64,
    /// The data loss on the validation documents after the epoch.
    pub validation_data_loss: f64,
    /// The accuracy on the validation documents after the epoch.
    pub validation_accuracy: f64,
    /// The L1 and L2 penalties of the weights after the epoch.
    pub penalty: f64,
}

impl EpochRecord {
    /// Keras's `val_loss`: the data loss and the penalty.
    #[must_use]
    pub fn validation_loss(&self) -> f64 {
        self.validation_data_loss + self.penalty
    }
}

/// What there is to fit, and to what. The result depends on these alone.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The recipe.
    pub recipe: &'a Recipe,
    /// The seed of initialisation, order and dropout.
    pub seed: u64,
    /// The number of rows of the first layer's kernel: words, or features.
    pub rows: usize,
    /// How many logits the network gives: one for two classes, else one a class.
    pub outputs: usize,
    /// The fitting documents.
    pub train: &'a Arc<Corpus>,
    /// The validation documents.
    pub validation: &'a Corpus,
}

/// Where a fit stands after an epoch: enough to go on as if it had never stopped.
#[derive(Debug)]
pub struct Standing {
    /// The last epoch that was completed.
    pub epoch: u32,
    /// The network after it.
    pub network: Network,
    /// The optimiser after it.
    pub optimiser: Optimiser,
}

/// Whether to go on after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Go on with the next epoch.
    Continue,
    /// Stop here.
    Here,
}

/// Fits a network, and hands each epoch's record, checkpoint and optimiser to `epoch_done`.
///
/// `standing` is where to go on from; none starts anew. Each epoch draws from streams of its own, so the result is the
/// same, bit for bit.
///
/// # Errors
///
/// Only what `epoch_done` returns.
pub fn fit<E>(
    job: &Job<'_>,
    standing: Option<Standing>,
    mut epoch_done: impl FnMut(EpochRecord, Checkpoint, &Optimiser) -> Result<Stop, E>,
) -> Result<(), E> {
    let Job { recipe, seed, rows, outputs, train, validation } = *job;
    let takes = Takes::of(train);
    let (done, mut net, mut optimiser) = if let Some(Standing { epoch, network, optimiser }) = standing {
        (epoch, Net::of(&network, takes), optimiser)
    } else {
        let net = Net::new(recipe, rows, outputs, takes, seed);
        let optimiser = net.optimiser(recipe);
        (0, net, optimiser)
    };
    for epoch in done + 1..=recipe.epochs {
        let running_loss = fit_epoch(job, epoch, &mut net, &mut optimiser);
        let network = net.network();
        let evaluator = network.evaluator();
        let (train_logits, peaks) = evaluator.logits_and_peaks(train);
        let on_train = network::score(&train_logits, train.labels());
        let on_validation = network::score(&evaluator.logits(validation), validation.labels());
        let record = EpochRecord {
            epoch,
            running_loss,
            train_loss: on_train.loss,
            train_accuracy: on_train.accuracy,
            validation_data_loss: on_validation.loss,
            validation_accuracy: on_validation.accuracy,
            penalty: penalty(recipe, &network),
        };
        if epoch_done(record, Checkpoint { network, peaks }, &optimiser)? == Stop::Here {
            break;
        }
    }
    Ok(())
}

/// One pass over the fitting documents in a fresh order; the mean loss of its steps.
fn fit_epoch(job: &Job<'_>, epoch: u32, net: &mut Net, optimiser: &mut Optimiser) -> f64 {
    let Job { recipe, seed, outputs, train, .. } = *job;
    let weights = class_weights(recipe, outputs, train);
    let device = net.device().clone();
    let order = Random::new(seed, Stream::Order, epoch).permutation(train.len());
    let mut dropout = Random::new(seed, Stream::Dropout, epoch);
    let mut running_loss = 0.0;
    for documents in order.chunks(recipe.batch_size) {
        let batch = Batch { corpus: train.clone(), documents: documents.into() };
        let Forward { logits, sums } =
            net.forward(&batch, |layer, shape| mask(recipe.dropout[layer], shape, &mut dropout, &device));
        let loss = loss(logits, &batch, weights.as_deref(), &device);
        let mut gradients = loss.backward();
        net.step(optimiser, recipe, &batch, &sums, &mut gradients);
        running_loss += f64::from(loss.into_scalar::<f32>()) * documents.len() as f64;
    }
    running_loss / train.len() as f64
}

/// What an error on each class counts, if not 1: `documents / (classes * documents of the class)`, as scikit-learn's
/// `class_weight="balanced"`.
fn class_weights(recipe: &Recipe, outputs: usize, train: &Corpus) -> Option<Vec<f32>> {
    let ClassWeights::Balanced = recipe.class_weights?;
    let mut counts = vec![0usize; outputs.max(2)];
    train.labels().iter().for_each(|&label| counts[usize::from(label)] += 1);
    let weight = |&count: &usize| train.len() as f32 / (counts.len() * count.max(1)) as f32;
    Some(counts.iter().map(weight).collect())
}

/// The mean cross-entropy from logits, each document weighted by its class: of one logit `-log_sigmoid(z)` for label 1 and
/// `-log_sigmoid(-z)` for label 0, else `-log_softmax(z)[label]`.
fn loss(logits: Tensor<2>, batch: &Batch, weights: Option<&[f32]>, device: &Device) -> Tensor<1> {
    let [documents, outputs] = logits.dims();
    let labels = || batch.documents.iter().map(|&document| batch.corpus.label(document as usize));
    let weight = |label: u16| weights.map_or(1.0, |weights| weights[usize::from(label)]);
    let tensor = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [documents, outputs]), device);
    if outputs == 1 {
        let signs = labels().map(|label| f32::from(label) * 2.0 - 1.0).collect();
        let likelihood = log_sigmoid(logits * tensor(signs));
        return match weights {
            None => likelihood.mean().neg(),
            Some(_) => (likelihood * tensor(labels().map(weight).collect())).mean().neg(),
        };
    }
    let mut chosen = vec![0f32; documents * outputs];
    for (line, label) in chosen.chunks_exact_mut(outputs).zip(labels()) {
        line[usize::from(label)] = weight(label);
    }
    (log_softmax(logits, 1) * tensor(chosen)).sum().div_scalar(documents as f32).neg()
}

/// Inverted dropout: 0 with probability `rate`, else `1 / (1 - rate)`.
fn mask(rate: f64, [documents, units]: [usize; 2], random: &mut Random, device: &Device) -> Option<Tensor<2>> {
    let rate = rate as f32;
    (rate > 0.0).then(|| {
        let kept = 1.0 / (1.0 - rate);
        let values: Vec<f32> = (0..documents * units).map(|_| if random.unit() < rate { 0.0 } else { kept }).collect();
        Tensor::from_data(TensorData::new(values, [documents, units]), device)
    })
}

/// The penalties of a network under a recipe, over the kernels of the hidden layers.
fn penalty(recipe: &Recipe, network: &Network) -> f64 {
    let hidden = &network.layers[..network.layers.len() - 1];
    let sum = |term: fn(f64) -> f64| hidden.iter().flat_map(|l| &l.kernel).map(|&w| term(f64::from(w))).sum::<f64>();
    let l1 = if recipe.l1 > 0.0 { recipe.l1 * sum(f64::abs) } else { 0.0 };
    let l2 = if recipe.l2 > 0.0 { recipe.l2 * sum(|w| w * w) } else { 0.0 };
    l1 + l2
}
