//! Tidy results: one observation a row, as `results.csv` has them.

use std::collections::HashSet;

use serde::Serialize;

use crate::{
    evaluate::Evaluated,
    network::Score,
    results::{BoardRow, ModelRow},
    run::{Protocol, Run},
};

/// How one network of one epoch did on one split in one deployment. Field names are the columns of `results.csv`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TidyRow {
    /// The protocol. Rows of two protocols are never to be mixed.
    pub protocol: String,
    /// The recipe.
    pub recipe: String,
    /// The seed.
    pub seed: u64,
    /// The epoch, from 1.
    pub epoch: u32,
    /// `train`, `validation` (the documents that are held out) or `test`. Under the article protocol the test documents
    /// validate, so there is no `validation`.
    pub split: &'static str,
    /// `float`, `i8` or `i4` (the bits of the first layer's weights; the file on the host), `board` or `board-i4`.
    pub deployment: String,
    /// How many documents; empty for `train`.
    pub documents: Option<usize>,
    /// The share of right decisions.
    pub accuracy: f64,
    /// The mean cross-entropy without the penalty; empty for `board`.
    pub loss: Option<f64>,
    /// The L1 and L2 penalties of the weights; empty for files.
    pub penalty: Option<f64>,
}

/// The float rows that a run's history has: train and validation of every epoch.
#[must_use]
pub fn of_history(run: &Run, validation_documents: Option<usize>) -> Vec<TidyRow> {
    let validation = match run.info.protocol {
        Protocol::Article => "test",
        Protocol::HeldOut => "validation",
    };
    let rows = run.history.iter().flat_map(|record| {
        let row = |split, documents, accuracy, loss| TidyRow {
            protocol: run.info.protocol.name().to_owned(),
            recipe: run.recipe.name.clone(),
            seed: run.info.seed,
            epoch: record.epoch,
            split,
            deployment: "float".to_owned(),
            documents,
            accuracy,
            loss: Some(loss),
            penalty: Some(record.penalty),
        };
        [
            row("train", None, record.train_accuracy, record.train_loss),
            row(validation, validation_documents, record.validation_accuracy, record.validation_data_loss),
        ]
    });
    rows.collect()
}

/// A row on the test documents of one epoch of a run.
#[must_use]
pub fn of_test(run: &Run, epoch: u32, deployment: &str, documents: usize, score: &Score) -> TidyRow {
    TidyRow {
        protocol: run.info.protocol.name().to_owned(),
        recipe: run.recipe.name.clone(),
        seed: run.info.seed,
        epoch,
        split: "test",
        deployment: deployment.to_owned(),
        documents: Some(documents),
        accuracy: score.accuracy,
        loss: Some(score.loss),
        penalty: (deployment == "float").then(|| run.record(epoch).map(|record| record.penalty)).flatten(),
    }
}

fn of_board(model: &ModelRow) -> Option<TidyRow> {
    let Some(BoardRow::Ran { documents, test_accuracy, .. }) = &model.board else { return None };
    Some(TidyRow {
        protocol: model.protocol.clone(),
        recipe: model.recipe.clone(),
        seed: model.seed,
        epoch: model.epoch,
        split: "test",
        deployment: match model.deployment.as_str() {
            "i8" => "board".to_owned(),
            other => format!("board-{other}"),
        },
        documents: Some(*documents),
        accuracy: *test_accuracy,
        loss: None,
        penalty: None,
    })
}

/// All rows of models that have been evaluated, each once, in the order of the models.
#[must_use]
pub fn rows(models: &[Evaluated]) -> Vec<TidyRow> {
    let mut seen = HashSet::new();
    let all = models.iter().flat_map(|model| model.rows.iter().cloned().chain(of_board(&model.row)));
    let key = |row: &TidyRow| {
        (row.protocol.clone(), row.recipe.clone(), row.seed, row.epoch, row.split, row.deployment.clone())
    };
    all.filter(|row| seen.insert(key(row))).collect()
}

/// The rows as CSV.
#[must_use]
pub fn csv(rows: &[TidyRow]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("plain data into memory");
    }
    writer.into_inner().expect("a buffer in memory flushes")
}
