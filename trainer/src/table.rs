//! Results as text, for people.

use std::fmt::Write;

use crate::{
    classes::ClassMetrics,
    evidence::Interval,
    findings::Finding,
    results::{BoardRow, GainRow, Results},
    run::Stand,
};

/// Rows of cells, printed with aligned columns: the first one to the left, the others to the right.
struct Table(Vec<Vec<String>>);

impl Table {
    fn new<const N: usize>(heads: [&str; N]) -> Self {
        Self(vec![heads.map(str::to_owned).to_vec()])
    }

    fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push(Vec::from(cells));
    }

    fn write(&self, out: &mut String) {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |column: usize| self.0.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in &self.0 {
            let mut line = String::new();
            for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let _ = if i == 0 { write!(line, "  {cell:<width$}") } else { write!(line, "  {cell:>width$}") };
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

/// Results as text: the data, a row a model, a row a technique, notes and failures.
#[must_use]
pub fn render(results: &Results) -> String {
    let mut out = String::new();
    let data = &results.dataset;
    let kind = if data.synthetic { ", SYNTHETIC" } else { "" };
    let _ = writeln!(
        out,
        "Data: {}{kind}, {} documents to fit, {} to test\n",
        data.name, data.train_documents, data.test_documents
    );
    models(results, &mut out);
    classes(results, &mut out);
    findings(&results.findings, &mut out);
    gains(results, &mut out);
    for note in &results.notes {
        let _ = writeln!(out, "\nNote: {note}.");
    }
    for failure in &results.failures {
        let _ = writeln!(out, "\nFAILED: {failure}");
    }
    out
}

fn models(results: &Results, out: &mut String) {
    out.push_str("Accuracy of the exported epoch, in %; flips are decisions that differ between float and integer\n\n");
    let mut table = Table::new([
        "recipe",
        "seed",
        "protocol",
        "epoch",
        "train",
        "test float",
        "integer",
        "flips",
        "board",
        "documents",
        "logits differ",
        "bytes",
    ]);
    for model in &results.models {
        let float = |value: fn(&crate::results::FloatRow) -> f64| {
            model.float.as_ref().map_or_else(dash, |float| percent(value(float)))
        };
        let (board, documents, differ) = board_cells(model.board.as_ref());
        table.row([
            results.named(&model.recipe, &model.deployment),
            model.seed.to_string(),
            model.protocol.clone(),
            model.epoch.to_string(),
            float(|float| float.train_accuracy),
            float(|float| float.test_accuracy),
            percent(model.integer.test_accuracy),
            model.integer.flips.map_or_else(dash, |flips| flips.to_string()),
            board,
            documents,
            differ,
            model.file.bytes.to_string(),
        ]);
    }
    table.write(out);
}

/// How right the exported files are class by class, where accuracy alone says too little: with more than two classes, or
/// with one class twice as large as another. One file has its confusion matrix too.
fn classes(results: &Results, out: &mut String) {
    if !shows_classes(results) {
        return;
    }
    out.push_str("\nBy class, of the exported integer files, in %\n\n");
    let mut table = Table::new(["recipe", "seed", "protocol", "balanced accuracy", "macro F1"]);
    for model in &results.models {
        let metrics = &model.integer.metrics;
        let (balanced, f1) = (percent(metrics.balanced_accuracy), percent(metrics.macro_f1));
        let name = results.named(&model.recipe, &model.deployment);
        table.row([name, model.seed.to_string(), model.protocol.clone(), balanced, f1]);
    }
    table.write(out);
    if let [model] = results.models.as_slice() {
        out.push('\n');
        matrix(&model.integer.metrics, out);
    }
}

/// Whether accuracy alone says too little.
pub(crate) fn shows_classes(results: &Results) -> bool {
    let Some(first) = results.models.first() else { return false };
    let sizes = || first.integer.metrics.classes.iter().map(|class| class.documents);
    sizes().count() > 2 || sizes().max() >= sizes().min().map(|least| 2 * least)
}

/// Precision and recall of each class, and what its documents are taken for.
pub(crate) fn matrix(metrics: &ClassMetrics, out: &mut String) {
    let heads = ["class (decided as ->)", "documents", "precision", "recall", "F1"].map(str::to_owned);
    let labels = metrics.classes.iter().map(|class| class.label.clone());
    let mut table = Table(vec![heads.into_iter().chain(labels).collect()]);
    let share = |share: Option<f64>| share.map_or_else(dash, percent);
    for (class, row) in metrics.classes.iter().zip(&metrics.confusion) {
        let shares = [class.precision, class.recall, class.f1].map(share);
        let cells = [class.label.clone(), class.documents.to_string()].into_iter().chain(shares);
        table.0.push(cells.chain(row.iter().map(usize::to_string)).collect());
    }
    table.write(out);
}

fn board_cells(board: Option<&BoardRow>) -> (String, String, String) {
    match board {
        None => (dash(), dash(), dash()),
        Some(BoardRow::Ran { documents, logit_mismatches, test_accuracy, .. }) => {
            (percent(*test_accuracy), documents.to_string(), logit_mismatches.to_string())
        }
        Some(BoardRow::Refused { error, .. }) => (error.clone(), dash(), dash()),
    }
}

fn findings(findings: &[Finding], out: &mut String) {
    if findings.is_empty() {
        return;
    }
    out.push_str("\nWhat the learning curves show, mean over the seeds [95% interval]\n\n");
    let mut table = Table::new(["claim", "protocol", "seeds", "found", ""]);
    for finding in findings {
        let ends = finding.low.zip(finding.high);
        let ends = ends.map_or_else(String::new, |(low, high)| format!(" [{low:.3}, {high:.3}]"));
        let shown = finding.shown.map_or("", |shown| if shown { "shown" } else { "not shown" });
        table.row([
            format!("{}: {}", finding.claim, finding.quantity),
            finding.protocol.clone(),
            finding.seeds.to_string(),
            format!("{:.3}{ends}", finding.mean),
            shown.to_owned(),
        ]);
    }
    table.write(out);
}

fn gains(results: &Results, out: &mut String) {
    if results.gains.is_empty() {
        return;
    }
    let seeds = results.gains.first().map_or(0, |gain| gain.evidence.seeds);
    let plural = if seeds == 1 { "" } else { "s" };
    let _ = writeln!(
        out,
        "\nGain over baseline, in points [95% interval]: mean of the last epochs over {seeds} seed{plural}, or of \
         the chosen one; the board runs the exported one\n"
    );
    let mut table = Table::new(["recipe", "protocol", "epochs", "float", "integer", "board", "shift", "verdict"]);
    for gain in &results.gains {
        let evidence = &gain.evidence;
        table.row([
            results.named(&evidence.recipe, &gain.deployment),
            gain.protocol.clone(),
            epochs(gain),
            evidence.float.to_string(),
            evidence.integer.to_string(),
            board_gain(results, gain),
            evidence.shift.to_string(),
            evidence.verdict.to_string(),
        ]);
    }
    table.write(out);
}

/// The gain on the board, or why there is none.
fn board_gain(results: &Results, gain: &GainRow) -> String {
    let ran = gain.evidence.board.as_ref().map(Interval::to_string);
    ran.or_else(|| results.refusal(gain).map(str::to_owned)).unwrap_or_else(dash)
}

/// Which epochs are compared, of technique and baseline.
fn epochs(gain: &GainRow) -> String {
    let word = |stand| match stand {
        Stand::Last => "last",
        Stand::Chosen => "chosen",
    };
    if gain.epochs == gain.baseline_epochs {
        return word(gain.epochs).to_owned();
    }
    format!("{} - {}", word(gain.epochs), word(gain.baseline_epochs))
}

fn percent(fraction: f64) -> String {
    format!("{:.2}", fraction * 100.0)
}

fn dash() -> String {
    "-".to_owned()
}
