//! A study: recipes and seeds, each trained, exported and evaluated; then the board; then the evidence.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use crate::{
    Error, Result,
    board::Board,
    evaluate::{Evaluated, evaluate_run},
    files, parallel,
    prepared::Prepared,
    progress::Progress,
    recipe::Recipe,
    results::Results,
    run::{ARTICLE, Run, RunInfo},
    train::{EpochRecord, Stop, fit},
    verdict::{self, Rules},
    verify,
};

/// What a study is to do.
#[derive(Debug)]
pub struct Plan<'b> {
    /// The recipes.
    pub recipes: Vec<Recipe>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The board, and how many documents to run there.
    pub board: Option<(&'b Board, verify::Documents)>,
    /// How verdicts are reached.
    pub rules: Rules,
    /// How many cells at a time.
    pub threads: NonZeroUsize,
}

/// Trains one recipe with one seed into a run folder. `epoch_done` hears of each epoch.
///
/// # Errors
///
/// A folder that is not empty or cannot be written.
pub fn train(
    data: &Prepared,
    recipe: &Recipe,
    seed: u64,
    folder: &Path,
    mut epoch_done: impl FnMut(&EpochRecord),
) -> Result<Run> {
    let started = std::time::Instant::now();
    let info = RunInfo {
        schema: 1,
        seed,
        protocol: ARTICLE.to_owned(),
        dataset: data.info.clone(),
        edgefit: edgefit::VERSION.to_owned(),
    };
    let mut run = Run::create(folder, recipe, info, &data.vocabulary)?;
    let rows = data.vocabulary.rows();
    fit(recipe, seed, rows, &data.train, &data.test, |record, checkpoint| -> Result<Stop> {
        if !(record.train_loss.is_finite() && record.validation_data_loss.is_finite()) {
            return Err(Error::usage(
                format!("{}, seed {seed}: the loss is not a number after epoch {}", recipe.name, record.epoch),
                "training has diverged; try a smaller --learning-rate",
            ));
        }
        epoch_done(&record);
        run.add_epoch(record, &checkpoint)?;
        Ok(Stop::Continue)
    })?;
    run.finish(started.elapsed().as_secs_f64())?;
    Ok(run)
}

/// Runs a study into the folder `output`.
///
/// # Errors
///
/// A folder that is not empty or cannot be written, or a board that does not answer.
pub fn study(data: &Prepared, plan: &Plan<'_>, output: &Path) -> Result<Results> {
    files::create_folder(output)?;
    let cells: Vec<(&Recipe, u64)> =
        plan.recipes.iter().flat_map(|recipe| plan.seeds.iter().map(move |&seed| (recipe, seed))).collect();
    let progress = Progress::new("train", cells.len());
    let mut evaluated = parallel::map(&cells, plan.threads, |&(recipe, seed)| -> Result<Evaluated> {
        let cell = format!("{}-{seed}", recipe.name);
        let run = train(data, recipe, seed, &output.join(&cell), |_| {})?;
        let file: PathBuf = output.join(format!("{cell}.edgefit"));
        let evaluated = evaluate_run(&run, &data.vocabulary, &data.test, &file)?;
        progress.step(&summary(&evaluated));
        Ok(evaluated)
    })?;
    drop(progress);
    if let Some((board, documents)) = plan.board {
        verify::on_board(&mut evaluated, board, documents, &data.dataset.test, plan.threads)?;
    }
    let results = verdict::results(data.info.clone(), &evaluated, &plan.rules)?;
    let json = serde_json::to_string_pretty(&results).expect("plain data");
    files::write(&output.join("results.json"), format!("{json}\n").as_bytes())?;
    Ok(results)
}

/// One line on a model that has been trained and evaluated.
fn summary(evaluated: &Evaluated) -> String {
    let row = &evaluated.row;
    let float = row.float.as_ref().map_or(f64::NAN, |float| float.test_accuracy);
    format!(
        "{}, seed {}: test accuracy float {float:.4}, integer {:.4}, {} flips in {} documents",
        row.recipe,
        row.seed,
        row.integer.test_accuracy,
        row.integer.flips.unwrap_or(0),
        row.integer.documents,
    )
}
