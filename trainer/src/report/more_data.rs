//! The learning curve: what more training data brings.

use std::fmt::Write;

use super::{
    Study,
    chart::{Lines, Series},
    curves::{Curve, Measure, mean},
    figure::{Figure, Grid, Panel},
    story::validation,
};
use crate::recipe::BASELINE;

/// What is read off a curve of one seed.
type Reading = fn(&[f64]) -> f64;

fn last_five(values: &[f64]) -> f64 {
    mean(&values[values.len().saturating_sub(5)..])
}

fn lowest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn highest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Accuracy and loss by the share of the training data, at the end and at the best epoch.
pub(super) fn figure(study: &Study<'_>, protocol: &str) -> Option<Figure> {
    let mut recipes: Vec<(f64, &str)> = study
        .recipe_names(protocol)
        .into_iter()
        .map(|name| (study.fraction(name), name))
        .filter(|&(fraction, name)| fraction < 1.0 || name == BASELINE)
        .collect();
    recipes.sort_by(|a, b| a.0.total_cmp(&b.0));
    if recipes.len() < 2 {
        return None;
    }
    let curves = |measure| -> Vec<(f64, Curve)> {
        let of = |&(fraction, name): &(f64, &str)| {
            Some((fraction, Curve::of(study.rows, protocol, name, validation(protocol), measure)?))
        };
        recipes.iter().filter_map(of).collect()
    };
    let (accuracies, losses) = (curves(Measure::Accuracy), curves(Measure::Loss));
    let at_end = readings(&accuracies, "last epochs", 2, last_five);
    let at_best = readings(&accuracies, "best epoch", 3, highest);
    let loss_end = readings(&losses, "last epochs", 2, last_five);
    let loss_best = readings(&losses, "best epoch", 3, lowest);

    let mut data = Grid::new(["measure", "at", "share_of_training_data", "value", "seed"]);
    let named = [
        ("validation_accuracy_percent", &at_end),
        ("validation_accuracy_percent", &at_best),
        ("validation_loss", &loss_end),
        ("validation_loss", &loss_best),
    ];
    let mut summary = Grid::new([
        "share of the data",
        "accuracy at the best epoch, %",
        "accuracy, last epochs, %",
        "lowest loss",
        "loss, last epochs",
    ]);
    for (measure, (series, by_seed)) in named {
        for (share, seed, value) in by_seed {
            let cells =
                [measure.to_owned(), series.name.clone(), share.to_string(), value.to_string(), seed.to_string()];
            data.row(cells);
        }
    }
    for (index, &(share, _)) in at_end.0.mean.iter().enumerate() {
        let cell = |readings: &Readings, decimals: usize| format!("{:.decimals$}", readings.0.mean[index].1);
        summary.row([
            format!("{:.0} %", 100.0 * share),
            cell(&at_best, 2),
            cell(&at_end, 2),
            cell(&loss_best, 4),
            cell(&loss_end, 4),
        ]);
    }
    let title = format!(
        "With {} of the training data, {} at the best epoch; {} over the last epochs",
        shares(&at_end.0),
        moved(&at_best.0),
        moved(&at_end.0)
    );
    Some(Figure {
        id: format!("{protocol}-more-data"),
        title,
        note: "Every share trains for as many epochs, so less data also means fewer steps; the best epoch is the one of each \
               seed's own curve, which flatters it where the test documents choose it."
            .to_owned(),
        panels: vec![
            panel("Validation accuracy, %", vec![at_end.0, at_best.0], 2),
            panel("Validation loss", vec![loss_end.0, loss_best.0], 3),
        ],
        data,
        summary,
    })
}

/// A line to plot, and every reading: share, seed, value.
type Readings = (Series, Vec<(f64, u64, f64)>);

fn readings(curves: &[(f64, Curve)], name: &str, style: usize, read: Reading) -> Readings {
    let mut by_seed = Vec::new();
    let mut line = Vec::new();
    for (share, curve) in curves {
        let values: Vec<(u64, f64)> = curve
            .seeds
            .iter()
            .map(|(&seed, epochs)| (seed, read(&epochs.values().copied().collect::<Vec<_>>())))
            .collect();
        line.push((*share, mean(&values.iter().map(|&(_, value)| value).collect::<Vec<_>>())));
        by_seed.extend(values.into_iter().map(|(seed, value)| (*share, seed, value)));
    }
    let mut seeds: Vec<u64> = by_seed.iter().map(|&(_, seed, _)| seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let of_seed = |&seed: &u64| by_seed.iter().filter(|row| row.1 == seed).map(|row| (row.0, row.2)).collect();
    let thin = if seeds.len() > 1 { seeds.iter().map(of_seed).collect() } else { Vec::new() };
    (Series { name: name.to_owned(), style, thin, mean: line }, by_seed)
}

fn ends(series: &Series) -> Option<((f64, f64), (f64, f64))> {
    Some((*series.mean.first()?, *series.mean.last()?))
}

/// `10 to 100 %`.
fn shares(series: &Series) -> String {
    ends(series).map_or_else(String::new, |(from, to)| format!("{:.0} to {:.0} %", 100.0 * from.0, 100.0 * to.0))
}

/// How an accuracy moves from the least data to the most, in words.
fn moved(series: &Series) -> String {
    let Some(((_, from), (_, to))) = ends(series) else { return String::new() };
    let word = match to - from {
        change if change > 0.25 => "accuracy rises",
        change if change < -0.25 => "accuracy falls",
        _ => "accuracy hardly moves",
    };
    format!("{word} from {from:.2} to {to:.2} %")
}

fn panel(title: &str, series: Vec<Series>, decimals: usize) -> Panel {
    let mut description = format!("Line chart of {} by the share of the training data. ", title.to_lowercase());
    for one in &series {
        let points: Vec<String> =
            one.mean.iter().map(|(share, value)| format!("{value:.decimals$} with {:.0} %", 100.0 * share)).collect();
        let _ = write!(description, "{}: {}. ", one.name, points.join(", "));
    }
    let x_ticks: Vec<(f64, String)> = series
        .first()
        .map(|one| one.mean.iter().map(|&(x, _)| (x, format!("{:.0}", 100.0 * x))).collect())
        .unwrap_or_default();
    let chart = Lines {
        title: title.to_owned(),
        x_label: "share of the training data, %".to_owned(),
        x_ticks: Some(x_ticks),
        series,
    };
    Panel { drawing: chart.draw(), description: description.trim_end().to_owned() }
}
