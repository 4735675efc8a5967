//! Training against Keras's: the same recipes on the same reviews end where Keras's curves end, within the luck of the seeds.

use std::{num::NonZeroUsize, path::Path};

use edgefit_trainer::{Error, cache::Cache, cell::Cell, parallel, prepared::Prepared, recipe::Recipe, run::Protocol};

const ARCHIVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/aclImdb_v1.tar.gz");
const CURVES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/reference/keras-imdb-curves.json");

const SEEDS: u64 = 3;

/// A recipe here and there.
const RECIPES: [(&str, &str); 5] =
    [("baseline", "bigger"), ("smaller", "smaller"), ("l1-0.0001", "l1_1e-4"), ("l2", "l2"), ("dropout", "dropout")];

/// Mean and squared standard error.
fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0) / n)
}

#[test]
fn curves_end_where_those_of_keras_end() {
    let reference = match std::fs::read(CURVES) {
        Ok(bytes) if Path::new(ARCHIVE).exists() => serde_json::from_slice::<serde_json::Value>(&bytes).unwrap(),
        _ => {
            println!("skipped: curves_end_where_those_of_keras_end needs {ARCHIVE} and {CURVES}");
            return;
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let data = Prepared::open(ARCHIVE, Protocol::Article, &Cache::off()).unwrap();
    let cells: Vec<Cell> = RECIPES
        .iter()
        .flat_map(|(name, _)| (0..SEEDS).map(|seed| Cell { recipe: Recipe::named(name).unwrap(), seed }))
        .collect();
    let threads = NonZeroUsize::new(2).unwrap();
    let ends = parallel::map(&cells, threads, |cell| {
        let place = folder.path().join(format!("{}-{}", cell.recipe.name, cell.seed));
        let run = cell.train(&data, &place, false, |_| {})?;
        let late: Vec<f64> = run.history[15..20].iter().map(|record| record.validation_accuracy).collect();
        Ok::<_, Error>([run.best().validation_loss(), late.iter().sum::<f64>() / 5.0])
    })
    .unwrap();
    for ((ours, theirs), ends) in RECIPES.iter().zip(ends.chunks_exact(SEEDS as usize)) {
        let figures = [("best_val_loss", 0.01), ("val_acc_mean_16_20", 0.005)];
        for (i, (figure, limit)) in figures.into_iter().enumerate() {
            let (mean, variance) = mean_and_variance(&ends.iter().map(|end| end[i]).collect::<Vec<_>>());
            let there = &reference["summary"]["models"][theirs][figure];
            // One seed there has no deviation; its runs here have.
            let n = there["n"].as_f64().unwrap();
            let deviation = there["sd"].as_f64().unwrap_or((variance * SEEDS as f64).sqrt());
            let standard_error = (variance + deviation.powi(2) / n).sqrt();
            let difference = mean - there["mean"].as_f64().unwrap();
            assert!(
                difference.abs() <= limit + 2.0 * standard_error,
                "{ours}, {figure}: {mean:.4} here, {difference:+.4} from Keras; standard error {standard_error:.4}"
            );
        }
    }
}
