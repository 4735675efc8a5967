//! The tables of the report.

use std::fmt::Write;

use super::{
    Study,
    curves::{deviation, mean},
    figure::Grid,
    svg::escape,
    words::{self, thousands},
};
use crate::{
    results::{BoardRow, FloatRow, GainRow, ModelRow},
    run::Stand,
};

/// A grid as a table; on a narrow page each row becomes a list of its cells with their heads.
pub(super) fn html(grid: &Grid, caption: &str) -> String {
    // A column of words reads from the left, one of numbers is compared from the right.
    let of_words = |cell: &str| !cell.starts_with(|first: char| first.is_ascii_digit() || "+-<–".contains(first));
    let are_words: Vec<bool> =
        (0..grid.heads.len()).map(|column| grid.rows.iter().all(|row| of_words(&row[column]))).collect();
    let text = |index: usize| if index > 0 && are_words[index] { " class=\"text\"" } else { "" };
    let mut heads = String::new();
    for (index, head) in grid.heads.iter().enumerate() {
        let _ = write!(heads, "<th scope=\"col\"{}>{}</th>", text(index), escape(head));
    }
    let mut rows = String::new();
    for row in &grid.rows {
        rows.push_str("<tr>");
        for (index, (cell, head)) in row.iter().zip(&grid.heads).enumerate() {
            let (cell, head) = (escape(cell), escape(head));
            let _ = match index {
                0 => write!(rows, "<th scope=\"row\">{cell}</th>"),
                _ => write!(rows, "<td{} data-head=\"{head}\">{cell}</td>", text(index)),
            };
        }
        rows.push_str("</tr>");
    }
    let caption = if caption.is_empty() { String::new() } else { format!("<caption>{}</caption>", escape(caption)) };
    format!("<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>")
}

/// Mean and deviation over seeds.
fn over_seeds(values: &[f64], decimals: usize) -> String {
    match values {
        [] => "–".to_owned(),
        [value] => format!("{value:.decimals$}"),
        _ => format!("{:.decimals$}\u{a0}±\u{a0}{:.decimals$}", mean(values), deviation(values)),
    }
}

fn floats(models: &[&ModelRow], read: impl Fn(&FloatRow) -> f64) -> Vec<f64> {
    models.iter().filter_map(|model| model.float.as_ref()).map(read).collect()
}

/// `8` or `4 to 6`.
fn epochs(values: impl Iterator<Item = u32>) -> String {
    let (low, high) = values.fold((u32::MAX, 0), |(low, high), epoch| (low.min(epoch), high.max(epoch)));
    if low >= high { high.to_string() } else { format!("{low} to {high}") }
}

/// What the float networks of a protocol learnt, a row a recipe.
pub(super) fn networks(study: &Study<'_>, protocol: &str) -> Grid {
    let mut grid = Grid::new([
        "recipe",
        "epoch",
        "train accuracy, %",
        "test accuracy, %",
        "mean of the last epochs, %",
        "gap, points",
        "test loss",
        "lowest validation loss",
        "at epoch",
        "calibration error, %",
    ]);
    let first = study.deployments().into_iter().next().unwrap_or_default();
    for (name, models) in study.by_recipe(protocol, first) {
        grid.row([
            name,
            epochs(models.iter().map(|model| model.epoch)),
            over_seeds(&floats(&models, |float| 100.0 * float.train_accuracy), 2),
            over_seeds(&floats(&models, |float| 100.0 * float.test_accuracy), 2),
            over_seeds(&floats(&models, |float| 100.0 * float.mean_last5_test_accuracy), 2),
            over_seeds(&floats(&models, |float| float.generalisation_gap), 2),
            over_seeds(&floats(&models, |float| float.test_loss), 3),
            over_seeds(&floats(&models, |float| float.best_validation_data_loss), 3),
            epochs(models.iter().filter_map(|model| model.float.as_ref()).map(|float| float.best_epoch)),
            over_seeds(&floats(&models, |float| 100.0 * float.calibration_error), 2),
        ]);
    }
    grid
}

/// What deployment makes of them.
pub(super) fn deployed(study: &Study<'_>, protocol: &str) -> Grid {
    let mut grid = Grid::new([
        "recipe",
        "float, %",
        "integer, %",
        "board, %",
        "documents there",
        "logits differ",
        "flips",
        "logit error, %",
        "calibration error, %",
        "file, bytes",
    ]);
    for (name, models) in study.by_recipe_and_deployment(protocol) {
        let flips: Vec<f64> = models.iter().filter_map(|m| m.integer.flips).map(|n| n as f64).collect();
        let error: Vec<f64> = models.iter().filter_map(|m| m.integer.rms_ratio).map(|r| 100.0 * r).collect();
        let (board, documents, differ) = board_cells(&models);
        grid.row([
            name,
            over_seeds(&floats(&models, |float| 100.0 * float.test_accuracy), 2),
            over_seeds(&models.iter().map(|m| 100.0 * m.integer.test_accuracy).collect::<Vec<_>>(), 2),
            board,
            documents,
            differ,
            over_seeds(&flips, 1),
            over_seeds(&error, 2),
            over_seeds(&models.iter().map(|m| 100.0 * m.integer.calibration_error).collect::<Vec<_>>(), 2),
            thousands(models.iter().map(|m| m.file.bytes).max().unwrap_or(0)),
        ]);
    }
    grid
}

fn board_cells(models: &[&ModelRow]) -> (String, String, String) {
    let mut accuracies = Vec::new();
    let mut most = 0;
    let mut differ = 0;
    for board in models.iter().filter_map(|model| model.board.as_ref()) {
        match board {
            BoardRow::Ran { documents, logit_mismatches, test_accuracy, .. } => {
                accuracies.push(100.0 * test_accuracy);
                most = most.max(*documents);
                differ += logit_mismatches;
            }
            BoardRow::Refused { error, .. } => return (error.clone(), "–".to_owned(), "–".to_owned()),
        }
    }
    if accuracies.is_empty() {
        return ("–".to_owned(), "–".to_owned(), "–".to_owned());
    }
    (over_seeds(&accuracies, 2), thousands(most), thousands(differ))
}

/// The gains with their intervals and verdicts.
pub(super) fn gains(study: &Study<'_>) -> Grid {
    let mut grid = Grid::new(["recipe", "protocol", "epochs", "float", "integer", "board", "shift", "verdict"]);
    for gain in study.techniques() {
        let evidence = &gain.evidence;
        let word = |stand| if stand == Stand::Last { "last" } else { "chosen" };
        let epochs = if gain.epochs == gain.baseline_epochs {
            word(gain.epochs).to_owned()
        } else {
            format!("{}, baseline {}", word(gain.epochs), word(gain.baseline_epochs))
        };
        grid.row([
            study.named(&evidence.recipe, &gain.deployment),
            gain.protocol.clone(),
            epochs,
            words::interval(&evidence.float),
            words::interval(&evidence.integer),
            board_gain(study, gain).unwrap_or_else(|| "–".to_owned()),
            words::interval(&evidence.shift),
            evidence.verdict.to_string(),
        ]);
    }
    grid
}

/// The gain on the board, or why there is none.
pub(super) fn board_gain(study: &Study<'_>, gain: &GainRow) -> Option<String> {
    let ran = gain.evidence.board.as_ref().map(words::interval);
    ran.or_else(|| study.results.refusal(gain).map(str::to_owned))
}

/// What stands beside the verdicts: tests, their adjustment for several techniques, and the bootstrap.
pub(super) fn beside(study: &Study<'_>) -> Grid {
    let mut grid = Grid::new([
        "recipe",
        "p: float gain is 0",
        "by Holm",
        "verdict by Holm",
        "p: shift beyond the margin",
        "float, bootstrap",
        "integer, bootstrap",
        "shift, bootstrap",
    ]);
    for gain in study.techniques() {
        let evidence = &gain.evidence;
        grid.row([
            study.named(&evidence.recipe, &gain.deployment),
            p_value(evidence.p),
            p_value(evidence.p_holm),
            evidence.verdict_holm.to_string(),
            p_value(evidence.equivalence.p),
            words::interval(&evidence.bootstrap.float),
            words::interval(&evidence.bootstrap.integer),
            words::interval(&evidence.bootstrap.shift),
        ]);
    }
    grid
}

/// What the learning curves show of each claim.
pub(super) fn claims(study: &Study<'_>, protocol: &str) -> Grid {
    let mut grid = Grid::new(["claim", "measured", "found", "shown"]);
    for finding in study.results.findings.iter().filter(|finding| finding.protocol == protocol) {
        let decimals = if finding.mean.abs() < 0.01 { 5 } else { 3 };
        let ends = finding.low.zip(finding.high);
        let ends = ends.map_or_else(String::new, |(low, high)| format!(" [{low:.decimals$},\u{a0}{high:.decimals$}]"));
        grid.row([
            finding.claim.clone(),
            finding.quantity.clone(),
            format!("{:.decimals$}{ends}", finding.mean),
            finding.shown.map_or("–", |shown| if shown { "yes" } else { "no" }).to_owned(),
        ]);
    }
    grid
}

/// Each seed by itself: gain and `McNemar`'s test, float and integer.
pub(super) fn by_seed(study: &Study<'_>) -> Grid {
    let mut grid = Grid::new([
        "recipe",
        "protocol",
        "seed",
        "float",
        "p: float",
        "integer",
        "p: integer",
        "only it right",
        "only baseline right",
    ]);
    for gain in study.techniques() {
        for row in &gain.by_seed {
            grid.row([
                study.named(&gain.evidence.recipe, &gain.deployment),
                gain.protocol.clone(),
                row.seed.to_string(),
                words::interval(&row.float.gain),
                p_value(row.float.p),
                words::interval(&row.integer.gain),
                p_value(row.integer.p),
                thousands(row.integer.discordant.gained),
                thousands(row.integer.discordant.lost),
            ]);
        }
    }
    grid
}

fn p_value(p: f64) -> String {
    if p < 0.0005 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}

/// Why: the layers of each recipe.
pub(super) fn layers(study: &Study<'_>, protocol: &str) -> Grid {
    let mut grid = Grid::new([
        "recipe",
        "layer",
        "shape",
        "bits",
        "largest weight",
        "kurtosis",
        "zero weights, %",
        "zero rows, %",
        "signal to noise, dB",
    ]);
    for (name, models) in study.by_recipe_and_deployment(protocol) {
        let whys: Vec<_> = models.iter().filter_map(|model| model.why.as_ref()).collect();
        for index in 0..whys.first().map_or(0, |why| why.layers.len()) {
            let rows: Vec<_> = whys.iter().filter_map(|why| why.layers.get(index)).collect();
            let Some(first) = rows.first() else { continue };
            let column = |read: fn(&crate::why::LayerRow) -> f64| rows.iter().map(|row| read(row)).collect::<Vec<_>>();
            let noise: Vec<f64> = rows.iter().filter_map(|row| row.signal_to_noise_db).collect();
            grid.row([
                name.clone(),
                first.layer.to_string(),
                format!("{} × {}", thousands(first.inputs), first.units),
                first.bits.to_string(),
                over_seeds(&column(|row| row.largest_weight), 2),
                over_seeds(&column(|row| row.kurtosis), 1),
                over_seeds(&column(|row| 100.0 * row.zero_weights), 1),
                over_seeds(&column(|row| 100.0 * row.zero_rows), 1),
                over_seeds(&noise, 1),
            ]);
        }
    }
    grid
}

/// The documents that flip by the widest margin.
pub(super) fn flipped(study: &Study<'_>, most: usize) -> Grid {
    let labels = &study.results.dataset.labels;
    let label = |class: usize| labels.get(class).cloned().unwrap_or_else(|| class.to_string());
    let mut all: Vec<_> = study
        .results
        .models
        .iter()
        .filter_map(|model| Some((model, model.why.as_ref()?)))
        .flat_map(|(model, why)| why.flipped.iter().map(move |flip| (model, flip)))
        .collect();
    all.sort_by(|a, b| b.1.float_margin.total_cmp(&a.1.float_margin));
    let mut grid =
        Grid::new(["model", "test document", "label", "float says", "margin", "integers say", "margin there"]);
    for (model, flip) in all.into_iter().take(most) {
        grid.row([
            format!("{}, seed {}, {}", study.named(&model.recipe, &model.deployment), model.seed, model.protocol),
            thousands(flip.document),
            label(flip.label.into()),
            label(flip.float_class),
            format!("{:.4}", flip.float_margin),
            label(flip.integer_class),
            format!("{:.4}", flip.integer_margin),
        ]);
    }
    grid
}
