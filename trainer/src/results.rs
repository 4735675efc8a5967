//! The results of a study or a verification, as `--json` prints them. Field names are a contract.

use serde::Serialize;

use crate::{
    board::DocumentCost,
    classes::ClassMetrics,
    evidence,
    findings::Finding,
    run::{DatasetInfo, Stand},
    why::Why,
};

/// The version of this layout.
pub const SCHEMA: u32 = 1;

/// One object: everything that a study or a verification found.
#[derive(Debug, Clone, Serialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The data.
    pub dataset: DatasetInfo,
    /// A row a model.
    pub models: Vec<ModelRow>,
    /// What the learning curves show.
    pub findings: Vec<Finding>,
    /// A row a technique: its gain over the baseline.
    pub gains: Vec<GainRow>,
    /// What cannot be concluded, and other things to know.
    pub notes: Vec<String>,
    /// What the checks found, in words; empty if all passed. The exit code is 1 if there is any.
    pub failures: Vec<String>,
}

/// One model: a recipe and a seed. Accuracies are fractions.
#[derive(Debug, Clone, Serialize)]
pub struct ModelRow {
    /// The recipe.
    pub recipe: String,
    /// The seed.
    pub seed: u64,
    /// The protocol.
    pub protocol: String,
    /// How it is deployed: `i8`, by the bits of the first layer's weights. A study may have several deployments of one network.
    pub deployment: String,
    /// Which epochs stand for the run: `last` (the last five) or `chosen`; null for a bare file.
    pub epochs: Option<Stand>,
    /// The epoch of the exported file.
    pub epoch: u32,
    /// The float network of that epoch; null for a bare file.
    pub float: Option<FloatRow>,
    /// The exported file on the host, over all test documents.
    pub integer: IntegerRow,
    /// The exported file on the board; null without a board.
    pub board: Option<BoardRow>,
    /// What the exported file takes of the board; null without a board.
    pub fit: Option<FitRow>,
    /// What a document costs.
    pub cost: CostRow,
    /// Why it fares on integers as it does; null for a bare file.
    pub why: Option<Why>,
    /// The exported file.
    pub file: FileRow,
}

/// The float network of the exported epoch.
#[derive(Debug, Clone, Serialize)]
pub struct FloatRow {
    /// Accuracy on the training documents, without dropout.
    pub train_accuracy: f64,
    /// Accuracy on the test documents.
    pub test_accuracy: f64,
    /// Data loss on the test documents.
    pub test_loss: f64,
    /// How right it is class by class.
    pub metrics: ClassMetrics,
    /// Train minus test accuracy: the generalisation gap, in points.
    pub generalisation_gap: f64,
    /// Expected calibration error on the test documents, 15 bins, a fraction.
    pub calibration_error: f64,
    /// Mean test accuracy of the epochs that stand for the run.
    pub mean_last5_test_accuracy: f64,
    /// Mean validation accuracy of the last five epochs.
    pub mean_last5_validation_accuracy: f64,
    /// The epoch with the lowest validation loss.
    pub best_epoch: u32,
    /// The lowest validation loss, penalty included.
    pub best_validation_loss: f64,
    /// The data loss of that epoch, without the penalty.
    pub best_validation_data_loss: f64,
}

/// An exported file on the host.
#[derive(Debug, Clone, Serialize)]
pub struct IntegerRow {
    /// Accuracy on the test documents.
    pub test_accuracy: f64,
    /// Loss on the test documents, from dequantised logits.
    pub test_loss: f64,
    /// How right it is class by class.
    pub metrics: ClassMetrics,
    /// Expected calibration error on the test documents, from dequantised logits, 15 bins, a fraction.
    pub calibration_error: f64,
    /// Mean test accuracy of the files of the epochs that stand for the run; null for a bare file.
    pub mean_last5_test_accuracy: Option<f64>,
    /// Decisions that differ from the float network's; null for a bare file.
    pub flips: Option<usize>,
    /// RMS of (dequantised integer logit - float logit) over the RMS of the float logits; null for a bare file.
    pub rms_ratio: Option<f64>,
    /// Hidden activations on the test documents that are clamped to the largest integer; null for a bare file.
    pub clamps: Option<usize>,
    /// Documents.
    pub documents: usize,
}

/// An exported file on the board.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum BoardRow {
    /// It ran.
    Ran {
        /// The board.
        name: String,
        /// Documents, from raw text.
        documents: usize,
        /// Documents with an integer logit that is not the host's.
        logit_mismatches: usize,
        /// Accuracy on these documents.
        test_accuracy: f64,
        /// What a document costs there, counted on some of them.
        cost: Option<DocumentCost>,
    },
    /// It cannot run there.
    Refused {
        /// The board.
        name: String,
        /// Why, in a word.
        error: String,
        /// Why, in sentences.
        obstacles: Vec<String>,
        /// Bytes that the model takes.
        needed: usize,
        /// Bytes that the board has for it.
        available: usize,
    },
}

/// What a model takes of a board, in bytes, image included.
#[derive(Debug, Clone, Serialize)]
pub struct FitRow {
    /// The board.
    pub name: String,
    /// Whether it fits.
    pub fits: bool,
    /// Bytes of flash.
    pub flash: u64,
    /// Bytes of RAM.
    pub ram: u64,
}

/// What a document costs by the model's own arithmetic, on any board; the words are those of the test documents.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CostRow {
    /// Distinct words of the vocabulary in a document, mean.
    pub words: f64,
    /// Additions in the first layer: one a word and unit, mean.
    pub additions: f64,
    /// Multiplications in the layers after it.
    pub multiplications: usize,
}

/// An exported file.
#[derive(Debug, Clone, Serialize)]
pub struct FileRow {
    /// Where it is.
    pub path: String,
    /// Its length.
    pub bytes: usize,
}

/// The gain of a technique over the baseline, under one protocol.
#[derive(Debug, Clone, Serialize)]
pub struct GainRow {
    /// The protocol.
    pub protocol: String,
    /// The deployment, of technique and baseline alike.
    pub deployment: String,
    /// Which epochs of the technique are compared.
    pub epochs: Stand,
    /// With which epochs of the baseline.
    pub baseline_epochs: Stand,
    /// The evidence.
    #[serde(flatten)]
    pub evidence: evidence::Gain,
    /// Each seed by itself, by its exported files. No part of the verdict.
    pub by_seed: Vec<SeedRow>,
}

/// What the files of one seed, technique and baseline, show on the test documents.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct SeedRow {
    /// The seed.
    pub seed: u64,
    /// The float networks.
    pub float: evidence::Pair,
    /// The exported files.
    pub integer: evidence::Pair,
}

impl Results {
    /// The deployments of its models, in their order.
    #[must_use]
    pub fn deployments(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for model in &self.models {
            if !all.contains(&model.deployment.as_str()) {
                all.push(&model.deployment);
            }
        }
        all
    }

    /// A recipe's name, with its deployment where there are several.
    #[must_use]
    pub fn named(&self, recipe: &str, deployment: &str) -> String {
        if self.deployments().len() > 1 { format!("{recipe}, {deployment}") } else { recipe.to_owned() }
    }

    /// Why the technique of a gain has not run on the board, if it does not fit there.
    #[must_use]
    pub fn refusal(&self, gain: &GainRow) -> Option<&str> {
        let of = |model: &&ModelRow| {
            (&model.recipe, &model.protocol, &model.deployment)
                == (&gain.evidence.recipe, &gain.protocol, &gain.deployment)
        };
        self.models.iter().filter(of).find_map(|model| match &model.board {
            Some(BoardRow::Refused { error, .. }) => Some(error.as_str()),
            _ => None,
        })
    }

    /// Whether a check has failed.
    #[must_use]
    pub fn failed(&self) -> bool {
        !self.failures.is_empty()
    }
}
