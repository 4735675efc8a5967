//! The figures of the article's story: how the networks learn, and how they overfit.

use std::fmt::Write;

use super::{
    Study,
    chart::Lines,
    curves::{Curve, Measure, mean},
    figure::{Figure, Grid, Panel},
};
use crate::{recipe::BASELINE, results::ModelRow};

/// A change of the loss by less than this share is taken for none.
const SAME: f64 = 0.05;

/// The figures of one protocol, as far as the study has their recipes.
pub(super) fn figures(study: &Study<'_>, protocol: &str) -> Vec<Figure> {
    let pairs = [
        ("smaller", "Capacity: a smaller network"),
        ("much-bigger", "Capacity: a much bigger network"),
        ("linear", "Capacity: no hidden layer"),
        ("l2", "Weight regularisation: L2"),
        ("dropout", "Dropout"),
        ("l1", "Weight regularisation: L1"),
        ("l1-l2", "Weight regularisation: L1 and L2"),
        ("early-stopping", "Early stopping"),
    ];
    let mut figures = Vec::new();
    for (recipe, _) in pairs {
        figures.extend(against_baseline(study, protocol, recipe));
        if recipe == "much-bigger" {
            figures.extend(training_loss(study, protocol));
        }
    }
    if !figures.iter().any(|figure| figure.id.ends_with("training-loss")) {
        figures.extend(training_loss(study, protocol));
    }
    // Recipes that the article does not know.
    let known = |name: &str| pairs.iter().any(|pair| pair.0 == name) || study.fraction(name) < 1.0;
    for recipe in study.recipe_names(protocol).iter().filter(|name| **name != BASELINE && !known(name)) {
        figures.extend(against_baseline(study, protocol, recipe));
    }
    figures.extend(super::more_data::figure(study, protocol));
    figures
}

/// The split that validates under a protocol.
pub(super) fn validation(protocol: &str) -> &'static str {
    if protocol == "article" { "test" } else { "validation" }
}

/// Loss and accuracy on the validation documents, a recipe beside the baseline.
fn against_baseline(study: &Study<'_>, protocol: &str, recipe: &str) -> Option<Figure> {
    let curve = |name: &str, measure| Curve::of(study.rows, protocol, name, validation(protocol), measure);
    let losses = [curve(BASELINE, Measure::Loss)?, curve(recipe, Measure::Loss)?];
    let accuracies = [curve(BASELINE, Measure::Accuracy)?, curve(recipe, Measure::Accuracy)?];
    let stops = study.recipe(recipe).and_then(|recipe| recipe.patience);
    let title = stopping(study, protocol, recipe).unwrap_or_else(|| overfitting(&losses));
    let note = match stops {
        Some(patience) => format!(
            "Each seed stops after {patience} epochs without a lower validation loss and goes back to its best one; the thick line \
             ends where the first seed has stopped. The curves are of the documents that are held out, the title's accuracies of \
             the test documents."
        ),
        None => agreement(&losses, &accuracies),
    };
    Some(Figure {
        id: format!("{protocol}-{recipe}"),
        title,
        note,
        panels: vec![
            panel(study, "Validation loss", Measure::Loss, &losses),
            panel(study, "Validation accuracy, %", Measure::Accuracy, &accuracies),
        ],
        data: long(&[("validation_loss", &losses), ("validation_accuracy_percent", &accuracies)]),
        summary: wide(&[("loss", &losses), ("accuracy, %", &accuracies)]),
    })
}

/// What two loss curves show, in a sentence: the baseline's first.
fn overfitting([baseline, other]: &[Curve; 2]) -> String {
    let ((last, ours), (epoch, theirs)) = (baseline.last(), other.last());
    let rises = |curve: &Curve| curve.last().1 > (1.0 + SAME) * curve.lowest().1;
    let name = &other.recipe;
    let at = if last == epoch {
        format!("validation loss {theirs:.3} against {ours:.3} after epoch {epoch}")
    } else {
        format!("validation loss {theirs:.3} after epoch {epoch}, where it stops, against {ours:.3} after epoch {last}")
    };
    if !rises(baseline) && !rises(other) {
        return format!("Neither {BASELINE} nor {name} overfits within {epoch} epochs: {at}, still near its lowest");
    }
    let (below, seeds) = other.ends_below(baseline);
    let word = match theirs / ours - 1.0 {
        change if change < -SAME => "less than",
        change if change > SAME => "more than",
        _ => "as much as",
    };
    let counted = match word {
        "less than" => format!(", lower in {below} of {seeds} seeds"),
        "more than" => format!(", higher in {} of {seeds} seeds", seeds - below),
        _ => String::new(),
    };
    let counted = if seeds > 1 { counted } else { String::new() };
    if rises(baseline) && !rises(other) && word == "less than" {
        return format!("{name} does not overfit within {epoch} epochs, {BASELINE} does: {at}{counted}");
    }
    format!("{name} overfits {word} {BASELINE}: {at}{counted}")
}

/// What early stopping does, in a sentence: when it ends, what it keeps, against the baseline that went on.
fn stopping(study: &Study<'_>, protocol: &str, recipe: &str) -> Option<String> {
    study.recipe(recipe)?.patience?;
    let kept = study.networks(protocol, recipe);
    let (went_on, last_epoch) = study.last_epochs(protocol, BASELINE)?;
    let accuracy = |models: &[&ModelRow]| {
        let all: Vec<f64> = models.iter().filter_map(|m| m.float.as_ref()).map(|f| 100.0 * f.test_accuracy).collect();
        (!all.is_empty()).then(|| mean(&all))
    };
    let (stopped, last) = (accuracy(&kept)?, accuracy(&went_on)?);
    let (low, high) = (kept.iter().map(|m| m.epoch).min()?, kept.iter().map(|m| m.epoch).max()?);
    let epochs = if low == high { format!("epoch {low}") } else { format!("epochs {low} to {high}") };
    Some(format!(
        "Early stopping keeps {epochs} of {last_epoch}: test accuracy {stopped:.2} % against {last:.2} % of the {BASELINE} \
         that went on"
    ))
}

/// Where each loss turns up, and whether accuracy says the same as loss.
fn agreement(losses: &[Curve; 2], accuracies: &[Curve; 2]) -> String {
    let mut note = String::new();
    for (loss, accuracy) in losses.iter().zip(accuracies) {
        let ((best, lowest), (last, end)) = (loss.lowest(), loss.last());
        let mean = accuracy.last_five();
        let _ = write!(
            note,
            "{}: lowest loss {lowest:.3} at epoch {best}, {end:.3} at epoch {last}; accuracy {mean:.2} % over the last epochs. ",
            loss.recipe
        );
    }
    let [ours, theirs] = losses.each_ref().map(|curve| curve.last().1);
    let [our_accuracy, their_accuracy] = accuracies.each_ref().map(Curve::last_five);
    let better_loss = theirs < (1.0 - SAME) * ours;
    let worse_loss = theirs > (1.0 + SAME) * ours;
    let name = &losses[1].recipe;
    if worse_loss && their_accuracy > our_accuracy {
        let _ = write!(note, "Loss and accuracy disagree: {name} is worse in loss and better in accuracy.");
    } else if better_loss && their_accuracy < our_accuracy {
        let _ = write!(note, "Loss and accuracy disagree: {name} is better in loss and worse in accuracy.");
    }
    note.trim_end().to_owned()
}

/// Loss and accuracy on the training documents, by capacity.
fn training_loss(study: &Study<'_>, protocol: &str) -> Option<Figure> {
    let names: Vec<&str> = study.recipe_names(protocol).into_iter().filter(|name| study.is_capacity(name)).collect();
    let curves = |measure| -> Vec<Curve> {
        names.iter().filter_map(|name| Curve::of(study.rows, protocol, name, "train", measure)).collect()
    };
    let (losses, accuracies) = (curves(Measure::Loss), curves(Measure::Accuracy));
    if losses.len() < 2 {
        return None;
    }
    let mut by_size: Vec<&Curve> = losses.iter().collect();
    by_size.sort_by_key(|curve| study.units(&curve.recipe));
    let falls = by_size.windows(2).all(|pair| pair[1].last().1 < pair[0].last().1);
    let list: Vec<String> = by_size.iter().map(|curve| format!("{:.4} {}", curve.last().1, curve.recipe)).collect();
    let what = if falls {
        "The larger the network, the lower its training loss"
    } else {
        "Training loss does not follow the size of the network"
    };
    Some(Figure {
        id: format!("{protocol}-training-loss"),
        title: format!("{what}: {} after epoch {}", list.join(", "), by_size[0].last().0),
        note: "Measured after each epoch on all training documents, without dropout and without the penalty."
            .to_owned(),
        panels: vec![
            panel(study, "Training loss", Measure::Loss, &losses),
            panel(study, "Training accuracy, %", Measure::Accuracy, &accuracies),
        ],
        data: long(&[("training_loss", &losses), ("training_accuracy_percent", &accuracies)]),
        summary: wide(&[("loss", &losses), ("accuracy, %", &accuracies)]),
    })
}

/// A line chart of curves, with what it says in words.
pub(super) fn panel(study: &Study<'_>, title: &str, measure: Measure, curves: &[Curve]) -> Panel {
    let series = curves.iter().map(|curve| curve.series(study.style(&curve.recipe))).collect();
    let chart = Lines { title: title.to_owned(), x_label: "epoch".to_owned(), x_ticks: None, series };
    let mut description =
        format!("Line chart of {} by epoch, one thin line a seed and their mean. ", title.to_lowercase());
    for curve in curves {
        let (first, last) = (curve.mean().first().copied().unwrap_or((0, f64::NAN)), curve.last());
        let decimals = if measure == Measure::Loss { 3 } else { 2 };
        let _ = write!(
            description,
            "{}: {:.decimals$} after epoch {}, {:.decimals$} after epoch {}. ",
            curve.recipe, first.1, first.0, last.1, last.0
        );
    }
    Panel { drawing: chart.draw(), description: description.trim_end().to_owned() }
}

/// All points: a row a measure, recipe, seed and epoch.
fn long(measures: &[(&str, &[Curve])]) -> Grid {
    let mut grid = Grid::new(["measure", "recipe", "seed", "epoch", "value"]);
    for (measure, curves) in measures {
        for curve in *curves {
            for (seed, values) in &curve.seeds {
                for (epoch, value) in values {
                    let recipe = curve.recipe.clone();
                    grid.row([(*measure).to_owned(), recipe, seed.to_string(), epoch.to_string(), value.to_string()]);
                }
            }
        }
    }
    grid
}

/// The means: a row an epoch.
fn wide(measures: &[(&str, &[Curve])]) -> Grid {
    let mut grid = Grid { heads: vec!["epoch".to_owned()], rows: Vec::new() };
    let means: Vec<Vec<(u32, f64)>> = measures.iter().flat_map(|(_, curves)| curves.iter().map(Curve::mean)).collect();
    for (measure, curves) in measures {
        grid.heads.extend(curves.iter().map(|curve| format!("{} {measure}", curve.recipe)));
    }
    let last = means.iter().filter_map(|mean| mean.last()).map(|&(epoch, _)| epoch).max().unwrap_or(0);
    for epoch in 1..=last {
        let cells = means.iter().map(|mean| {
            mean.iter().find(|(e, _)| *e == epoch).map_or_else(|| "–".to_owned(), |(_, value)| format!("{value:.4}"))
        });
        grid.rows.push(std::iter::once(epoch.to_string()).chain(cells).collect());
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn curve(recipe: &str, seeds: &[[f64; 3]]) -> Curve {
        let line = |values: &[f64; 3]| (1..=3).zip(values.iter().copied()).collect::<BTreeMap<u32, f64>>();
        Curve { recipe: recipe.to_owned(), seeds: (0..).zip(seeds.iter().map(line)).collect() }
    }

    #[test]
    fn titles_say_what_the_data_shows() {
        let rising = curve("baseline", &[[0.4, 0.3, 0.6], [0.4, 0.3, 0.7]]);
        let flat = curve("l2", &[[0.4, 0.3, 0.3], [0.4, 0.3, 0.75]]);
        let title = overfitting(&[rising.clone(), flat.clone()]);
        assert_eq!(
            title,
            "l2 overfits less than baseline: validation loss 0.525 against 0.650 after epoch 3, lower in 1 of 2 seeds"
        );
        let title = overfitting(&[flat, curve("x", &[[0.4, 0.3, 0.9], [0.4, 0.3, 0.9]])]);
        assert!(
            title.starts_with("x overfits more than baseline") && title.ends_with("higher in 2 of 2 seeds"),
            "{title}"
        );
        let title = overfitting(&[rising.clone(), curve("x", &[[0.4, 0.3, 0.65]])]);
        assert!(title.starts_with("x overfits as much as baseline"), "{title}");
        let title = overfitting(&[rising.clone(), curve("linear", &[[0.6, 0.3, 0.28], [0.5, 0.3, 0.27]])]);
        assert!(
            title.starts_with("linear does not overfit within 3 epochs, baseline does: validation loss 0.275"),
            "{title}"
        );
        let falling = curve("baseline", &[[0.4, 0.3, 0.2]]);
        assert!(
            overfitting(&[falling.clone(), falling])
                .starts_with("Neither baseline nor baseline overfits within 3 epochs")
        );
    }

    #[test]
    fn loss_and_accuracy_that_disagree_are_said_to() {
        let losses = [curve("baseline", &[[0.4, 0.3, 0.6]]), curve("big", &[[0.4, 0.3, 0.8]])];
        let accuracies = [curve("baseline", &[[85.0; 3]]), curve("big", &[[87.0; 3]])];
        let note = agreement(&losses, &accuracies);
        assert!(note.ends_with("Loss and accuracy disagree: big is worse in loss and better in accuracy."), "{note}");
        let note = agreement(&losses, &[accuracies[1].clone(), accuracies[0].clone()]);
        assert!(!note.contains("disagree"), "{note}");
    }
}
