//! What a study does not allow to conclude, in sentences from its own data.

use super::{
    Study,
    curves::{Curve, Measure},
    story::validation,
};
use crate::{evidence::Verdict, results::BoardRow};

/// The sentences, most important first.
pub(super) fn sentences(study: &Study<'_>) -> Vec<String> {
    let mut said: Vec<String> = study.results.notes.iter().map(|note| sentence(note)).collect();
    said.extend(verdicts(study));
    said.extend(several(study));
    said.extend(single_seeds(study));
    said.extend(best_epochs(study));
    said.extend(board(study));
    if study.protocols().contains(&"article") {
        said.push(
            "Under the article protocol the test documents validate: every best epoch there is chosen with a look at the answers. \
             Figures of the two protocols are not to be compared."
                .to_owned(),
        );
    }
    if !study.all_recipes().contains(&"linear") {
        said.push(
            "The study has no linear model, so it does not tell whether a hidden layer brings anything: add `linear` to --recipes."
                .to_owned(),
        );
    }
    said.push("A gain here is one on this dataset and at these epochs; it says nothing of other data.".to_owned());
    said
}

fn sentence(note: &str) -> String {
    let mut characters = note.chars();
    let first = characters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

/// What each verdict that is no yes leaves open.
fn verdicts(study: &Study<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let not_shown: Vec<String> = study
        .techniques()
        .into_iter()
        .filter(|gain| gain.evidence.verdict == Verdict::NotShown)
        .map(|gain| format!("{} ({})", gain.evidence.recipe, gain.protocol))
        .collect();
    if !not_shown.is_empty() {
        let names = not_shown.join(", ");
        said.push(format!(
            "{names}: the float gain may be chance, so nothing can be said of what deployment does to it. Not shown is not lost, and \
             does not mean that there is none."
        ));
    }
    for gain in study.techniques().into_iter().filter(|gain| gain.evidence.verdict == Verdict::Inconclusive) {
        let needed = gain.evidence.needed.map(|needed| match (needed.seeds, needed.documents) {
            (None, None) => "no number of seeds or documents within reach would settle it".to_owned(),
            (Some(seeds), None) => format!("about {seeds} seeds would settle it"),
            (None, Some(documents)) => format!("about {documents} documents would settle it"),
            (Some(seeds), Some(documents)) => format!("about {seeds} seeds or {documents} documents would settle it"),
        });
        let needed = needed.map_or_else(String::new, |needed| format!(": {needed}"));
        let (name, protocol) = (&gain.evidence.recipe, &gain.protocol);
        said.push(format!("{name} ({protocol}): the intervals are too wide for a verdict{needed}."));
    }
    said
}

/// Verdicts that change once the number of techniques counts.
fn several(study: &Study<'_>) -> Option<String> {
    let changed: Vec<&str> = study
        .results
        .gains
        .iter()
        .filter(|gain| gain.evidence.verdict != gain.evidence.verdict_holm)
        .map(|gain| gain.evidence.recipe.as_str())
        .collect();
    (!changed.is_empty()).then(|| {
        format!(
            "{} techniques are judged at once; if all of them count, by Holm's method, the verdict of {} is another, see the numbers of \
             its figure.",
            study.results.gains.len(),
            changed.join(", ")
        )
    })
}

/// Techniques that single seeds would call better and worse, each with a small p.
fn single_seeds(study: &Study<'_>) -> Vec<String> {
    let techniques = study.techniques().into_iter().filter_map(|gain| {
        let clear = |sign: f64| {
            gain.by_seed.iter().filter(|row| row.integer.p < 0.05 && sign * row.integer.gain.points > 0.0).count()
        };
        let (better, worse) = (clear(1.0), clear(-1.0));
        (better > 0 && worse > 0).then(|| {
            format!(
                "{} ({}): of {} seeds by themselves, {better} would call it better than the baseline and {worse} worse, each with \
                 p below 0.05: one seed proves nothing.",
                gain.evidence.recipe,
                gain.protocol,
                gain.by_seed.len()
            )
        })
    });
    techniques.collect()
}

/// How near all recipes are to each other at their own best epochs.
fn best_epochs(study: &Study<'_>) -> Option<String> {
    let protocol = study.protocols().into_iter().next()?;
    let names: Vec<&str> =
        study.recipe_names(protocol).into_iter().filter(|name| study.fraction(name) >= 1.0).collect();
    let best: Vec<(f64, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let of = |measure| Curve::of(study.rows, protocol, name, validation(protocol), measure);
            let (epoch, _) = of(Measure::Loss)?.lowest();
            let accuracy = of(Measure::Accuracy)?.mean().into_iter().find(|(e, _)| *e == epoch)?.1;
            Some((accuracy, name))
        })
        .collect();
    let low = best.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let high = best.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.len() > 1).then(|| {
        format!(
            "At the epoch of each one's lowest validation loss all {} recipes lie within {:.2} points of each other ({} {:.2} %, {} \
             {:.2} %): a gain at a late, fixed epoch is one over a network that should have stopped.",
            best.len(),
            high.0 - low.0,
            low.1,
            low.0,
            high.1,
            high.0
        )
    })
}

/// What has run on the board and what has not.
fn board(study: &Study<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let ran = study.results.models.iter().find_map(|model| match &model.board {
        Some(BoardRow::Ran { name, documents, .. }) => Some((name, *documents, model.integer.documents)),
        _ => None,
    });
    match ran {
        Some((name, documents, all)) => {
            if documents < all {
                said.push(format!(
                    "{name} has run {documents} of {all} test documents, evenly spaced; the verdicts rest on the host's integers over \
                     all of them, and carry to the board because every logit there equals the host's on what was run."
                ));
            }
            if name.starts_with("qemu:") {
                said.push(format!(
                    "{name} is emulated: its answers are those of the instruction set, its speed and its power are not a real board's."
                ));
            }
        }
        None => said.push("No board has run: what is called deployed are the integers on the host.".to_owned()),
    }
    let mut refused: Vec<&str> = study
        .results
        .models
        .iter()
        .filter(|model| matches!(model.board, Some(BoardRow::Refused { .. })))
        .map(|model| model.recipe.as_str())
        .collect();
    refused.dedup();
    if !refused.is_empty() {
        said.push(format!("{} has not run on the board: it does not fit.", refused.join(", ")));
    }
    said
}
