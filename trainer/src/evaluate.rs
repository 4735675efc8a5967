//! Evaluation: a run or a bare model file on the test documents, in float and on the host's integers.

use std::path::Path;

use crate::{
    Error, Result,
    data::{Corpus, VocabularyTables},
    evidence,
    export::{Exported, export},
    integer,
    model_file::ModelFile,
    network,
    results::{FileRow, FloatRow, IntegerRow, ModelRow},
    run::{Run, Stand},
    train::EpochRecord,
    verify::Mismatch,
};

/// A model that has been evaluated.
#[derive(Debug)]
pub struct Evaluated {
    /// Its row of the results, the board's part not yet filled in.
    pub row: ModelRow,
    /// The file: the last epoch's, for a run.
    pub file: ModelFile,
    /// The learning curves of its run; empty for a bare file.
    pub history: Vec<EpochRecord>,
    /// Whether it is the best epoch of a run that was stopped there.
    pub stops_early: bool,
    /// Correctness a document, float and integer: the mean over the files of the epochs that stand
    /// for the run. None for a bare file.
    pub correctness: Option<[Vec<f32>; 2]>,
    /// What the file says of its accuracy on this very dataset. None where it says nothing, or for a run.
    pub stated_accuracy: Option<f32>,
    /// What is known of a file whose words are those of a foreign tokeniser.
    pub foreign: Option<Foreign>,
    /// Correctness of the documents that ran on the board, if it has run.
    pub board_correctness: Option<Vec<f32>>,
    /// The first document on which the board differs from the host.
    pub mismatch: Option<Mismatch>,
}

/// A model file whose words are those of a foreign tokeniser: raw text may come to it as other words than it has seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foreign {
    /// The accuracy that the file states on the words of that tokeniser. None where the documents here are these, and
    /// where it states none.
    pub stated_accuracy: Option<f32>,
}

/// Evaluates the epochs that stand for a run. The file of the last of them is written to `path`.
///
/// # Errors
///
/// A run with something missing or damaged, a network that cannot be quantised, a file that cannot be written.
pub fn evaluate_run(
    run: &Run,
    vocabulary: &VocabularyTables,
    test: &Corpus,
    stand: Stand,
    path: &Path,
) -> Result<Evaluated> {
    let epochs = run.epochs_of(stand);
    let mut sums = [vec![0f32; test.len()], vec![0f32; test.len()]];
    let mut last = None;
    for &epoch in &epochs {
        let checkpoint = run.checkpoint(epoch)?;
        let float = checkpoint.network.logits(test);
        let exported = export(run, vocabulary, epoch, &checkpoint, Some(test))?;
        add_right(&mut sums[0], &float, test.labels());
        add_right(&mut sums[1], &exported.logits, test.labels());
        last = Some((float, exported));
    }
    let (float, Exported { file, logits, clamps }) = last.ok_or_else(|| no_epochs(run))?;
    file.write(path)?;
    let files = epochs.len() as f32;
    // Of whole numbers, so exact.
    let mean = |sums: &[f32]| sums.iter().map(|&sum| f64::from(sum)).sum::<f64>() / (epochs.len() * sums.len()) as f64;
    let [mean_float, mean_integer] = sums.each_ref().map(|sums| mean(sums));
    let correctness = sums.map(|sums| sums.iter().map(|sum| sum / files).collect());

    let real = real_logits(&file, &logits);
    let (score, integer_score) = (network::score(&float, test.labels()), network::score(&real, test.labels()));
    let decisions = |logits: &[f32]| logits.iter().map(|&logit| logit > 0.0).collect::<Vec<_>>();
    let alike = "float and integer logits are of the same documents";
    let epoch = *epochs.last().ok_or_else(|| no_epochs(run))?;
    let (record, best) = (run.record(epoch).ok_or_else(|| no_epochs(run))?, run.best());
    let last_five: Vec<f64> = run.history.iter().rev().take(5).map(|record| record.validation_accuracy).collect();
    let row = ModelRow {
        recipe: run.recipe.name.clone(),
        seed: run.info.seed,
        protocol: run.info.protocol.name().to_owned(),
        epochs: Some(stand),
        epoch,
        float: Some(FloatRow {
            train_accuracy: record.train_accuracy,
            test_accuracy: score.accuracy,
            test_loss: score.loss,
            generalisation_gap: evidence::generalisation_gap(record.train_accuracy, score.accuracy),
            mean_last5_test_accuracy: mean_float,
            mean_last5_validation_accuracy: last_five.iter().sum::<f64>() / last_five.len() as f64,
            best_epoch: best.epoch,
            best_validation_loss: best.validation_loss(),
            best_validation_data_loss: best.validation_data_loss,
        }),
        integer: IntegerRow {
            test_accuracy: network::accuracy(&logits, test.labels()),
            test_loss: integer_score.loss,
            mean_last5_test_accuracy: Some(mean_integer),
            flips: Some(evidence::flips(&decisions(&float), &decisions(&real)).expect(alike)),
            rms_ratio: Some(evidence::rms_ratio(&float, &real).expect(alike)),
            clamps: Some(clamps),
            documents: test.len(),
        },
        board: None,
        file: FileRow { path: path.display().to_string(), bytes: file.bytes().len() },
    };
    Ok(Evaluated {
        row,
        foreign: is_foreign(&file).then_some(Foreign { stated_accuracy: None }),
        file,
        history: run.history.clone(),
        stops_early: run.recipe.patience.is_some(),
        correctness: Some(correctness),
        stated_accuracy: None,
        board_correctness: None,
        mismatch: None,
    })
}

/// Evaluates a bare model file: what it says of itself, and how it does on the host's integers.
///
/// `dataset_sha256` is that of the test documents' dataset: only there must the accuracy be the stated one.
#[must_use]
pub fn evaluate_file(file: ModelFile, path: &Path, test: &Corpus, dataset_sha256: [u8; 32]) -> Evaluated {
    let row = file_row(&file, path, test);
    let [stated_accuracy, elsewhere] = stated_accuracy(&file, dataset_sha256);
    let foreign = is_foreign(&file).then_some(Foreign { stated_accuracy: elsewhere });
    Evaluated {
        row,
        file,
        history: Vec::new(),
        stops_early: false,
        correctness: None,
        stated_accuracy,
        foreign,
        board_correctness: None,
        mismatch: None,
    }
}

/// The accuracy that a file states, if any: on this dataset, or on another one.
fn stated_accuracy(file: &ModelFile, dataset_sha256: [u8; 32]) -> [Option<f32>; 2] {
    let model = file.model().expect("a file that was read has been loaded once");
    let provenance = &model.header().provenance;
    let stated = Some(provenance.integer_accuracy).filter(|accuracy| accuracy.is_finite());
    if provenance.dataset_sha256 == dataset_sha256 { [stated, None] } else { [None, stated] }
}

fn is_foreign(file: &ModelFile) -> bool {
    file.model().expect("a built file has been loaded once").is_foreign()
}

fn file_row(file: &ModelFile, path: &Path, test: &Corpus) -> ModelRow {
    let model = file.model().expect("a file that was read has been loaded once");
    let provenance = &model.header().provenance;
    let logits = integer::logits_of_rows(&model, test);
    ModelRow {
        recipe: provenance.recipe.to_owned(),
        seed: provenance.seed,
        protocol: provenance.protocol.to_owned(),
        epochs: None,
        epoch: provenance.epoch,
        float: None,
        integer: IntegerRow {
            test_accuracy: network::accuracy(&logits, test.labels()),
            test_loss: network::score(&real_logits(file, &logits), test.labels()).loss,
            mean_last5_test_accuracy: None,
            flips: None,
            rms_ratio: None,
            clamps: None,
            documents: test.len(),
        },
        board: None,
        file: FileRow { path: path.display().to_string(), bytes: file.bytes().len() },
    }
}

/// Integer logits as real numbers.
fn real_logits(file: &ModelFile, logits: &[i32]) -> Vec<f32> {
    let scale = file.model().expect("a built file has been loaded once").header().logit_scale;
    logits.iter().map(|&logit| logit as f32 * scale).collect()
}

/// Adds 1 for each document whose logit is on the side of its label.
fn add_right<L: PartialOrd + Default>(sums: &mut [f32], logits: &[L], labels: &[u16]) {
    for ((sum, logit), &label) in sums.iter_mut().zip(logits).zip(labels) {
        *sum += f32::from((*logit > L::default()) == (label == 1));
    }
}

fn no_epochs(run: &Run) -> Error {
    Error::input(run.folder.display(), "the run has no epoch", "train it again")
}
