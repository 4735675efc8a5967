//! The training loop.

use std::sync::Arc;

use burn::{
    optim::GradientsParams,
    tensor::{Device, Tensor, TensorData, activation::log_sigmoid},
};
use serde::{Deserialize, Serialize};

use super::{
    module::Net,
    sparse::Batch,
    streams::{Random, Stream},
};
use crate::{
    data::Corpus,
    network::{self, Network},
    recipe::Recipe,
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

/// Whether to go on after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Go on with the next epoch.
    Continue,
    /// Stop here.
    Here,
}

/// Fits a network to `train`, and hands each epoch's record and checkpoint to `epoch_done`.
///
/// `rows` is the number of rows of the vocabulary. The result depends on the recipe, the seed and the corpora alone.
///
/// # Errors
///
/// Only what `epoch_done` returns.
pub fn fit<E>(
    recipe: &Recipe,
    seed: u64,
    rows: usize,
    train: &Arc<Corpus>,
    validation: &Corpus,
    mut epoch_done: impl FnMut(EpochRecord, Checkpoint) -> Result<Stop, E>,
) -> Result<(), E> {
    let device = Device::flex().autodiff();
    let mut net = Net::new(recipe, rows, seed, &device);
    let mut optimiser = net.optimiser(recipe);
    for epoch in 1..=recipe.epochs {
        let order = Random::new(seed, Stream::Order, epoch).permutation(train.len());
        let mut dropout = Random::new(seed, Stream::Dropout, epoch);
        let mut running_loss = 0.0;
        for documents in order.chunks(recipe.batch_size) {
            let batch = Batch { corpus: train.clone(), documents: documents.into() };
            let logits = net.forward(&batch, |shape| mask(recipe.dropout, shape, &mut dropout, &device));
            let loss = loss(logits, &batch, &device);
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            net = optimiser.step(f64::from(recipe.learning_rate), net, gradients);
            running_loss += f64::from(loss.into_scalar::<f32>()) * documents.len() as f64;
        }
        let network = net.network();
        let (train_logits, peaks) = network.logits_and_peaks(train);
        let on_train = network::score(&train_logits, train.labels());
        let on_validation = network::score(&network.logits(validation), validation.labels());
        let record = EpochRecord {
            epoch,
            running_loss: running_loss / train.len() as f64,
            train_loss: on_train.loss,
            train_accuracy: on_train.accuracy,
            validation_data_loss: on_validation.loss,
            validation_accuracy: on_validation.accuracy,
            penalty: penalty(recipe, &network),
        };
        if epoch_done(record, Checkpoint { network, peaks })? == Stop::Here {
            break;
        }
    }
    Ok(())
}

/// The mean binary cross-entropy from logits: `-log_sigmoid(z)` for label 1, `-log_sigmoid(-z)` for label 0.
fn loss(logits: Tensor<2>, batch: &Batch, device: &Device) -> Tensor<1> {
    let signs: Vec<f32> =
        batch.documents.iter().map(|&d| f32::from(batch.corpus.label(d as usize)) * 2.0 - 1.0).collect();
    let shape = [signs.len(), 1];
    let signs = Tensor::<2>::from_data(TensorData::new(signs, shape), device);
    log_sigmoid(logits * signs).mean().neg()
}

/// Inverted dropout: 0 with probability `rate`, else `1 / (1 - rate)`.
fn mask(rate: f32, [documents, units]: [usize; 2], random: &mut Random, device: &Device) -> Option<Tensor<2>> {
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
    let l1 = if recipe.l1 > 0.0 { f64::from(recipe.l1) * sum(f64::abs) } else { 0.0 };
    let l2 = if recipe.l2 > 0.0 { f64::from(recipe.l2) * sum(|w| w * w) } else { 0.0 };
    l1 + l2
}
