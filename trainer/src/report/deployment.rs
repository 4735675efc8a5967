//! The figures of deployment: gains with their intervals, flips, and what a model takes of a board.

use std::fmt::Write;

use super::{
    Study,
    chart::{Bars, Estimate, Intervals, Lines, Series},
    cost,
    curves::mean,
    figure::{Figure, Grid, Panel},
    words::{self, rounded, thousands},
};
use crate::{
    evidence::{Interval, Verdict},
    results::{FitRow, GainRow, ModelRow},
    why::MARGIN_EDGES,
};

/// The figures, as far as the study has what they need.
pub(super) fn figures(study: &Study<'_>) -> Vec<Figure> {
    let margins = study.deployments().into_iter().map(|deployment| margins(study, deployment));
    std::iter::once(gains(study)).chain(margins).chain([flash(study), cost::figure(study)]).flatten().collect()
}

fn deployments(gain: &GainRow) -> [(usize, &'static str, Option<&Interval>); 3] {
    let evidence = &gain.evidence;
    [
        (0, "float", Some(&evidence.float)),
        (1, "integer", Some(&evidence.integer)),
        (2, "board", evidence.board.as_ref()),
    ]
}

/// Gains over the baseline: float, integers, board.
fn gains(study: &Study<'_>) -> Option<Figure> {
    let gains = study.techniques();
    let first = *gains.first()?;
    let on_board = gains.iter().any(|gain| gain.evidence.board.is_some());
    let count = if on_board { 3 } else { 2 };
    let mut data = Grid::new(["protocol", "recipe", "deployment", "points", "low", "high", "verdict"]);
    let (mut charts, mut descriptions) = (Vec::new(), Vec::new());
    for protocol in study.protocols() {
        let of_protocol: Vec<&GainRow> = gains.iter().copied().filter(|gain| gain.protocol == protocol).collect();
        if of_protocol.is_empty() {
            continue;
        }
        let mut rows = Vec::new();
        let mut description = format!("Gains over the baseline in points, {protocol} protocol, with 95 % intervals. ");
        for gain in of_protocol {
            let name = study.named(&gain.evidence.recipe, &gain.deployment);
            let verdict = gain.evidence.verdict.to_string();
            let mut estimates = Vec::new();
            for (deployment, word, interval) in deployments(gain) {
                let Some(&Interval { points, low, high }) = interval else { continue };
                estimates.push(Estimate { deployment, points, low, high });
                let cells = [points, low, high].map(|value| value.to_string());
                let [points, low, high] = cells;
                data.row([protocol.to_owned(), name.clone(), word.to_owned(), points, low, high, verdict.clone()]);
            }
            let said: Vec<String> = deployments(gain)
                .iter()
                .filter_map(|(_, word, interval)| Some(format!("{word} {}", words::interval(interval.as_ref()?))))
                .collect();
            let _ = write!(description, "{name}: {}: {verdict}. ", said.join(", "));
            rows.push((name.clone(), estimates, verdict));
        }
        let names = ["float", "integer", "board"].into_iter().take(count).map(str::to_owned).collect();
        charts.push(Intervals {
            title: format!("{protocol} protocol"),
            x_label: "gain over baseline, points (95 % interval)".to_owned(),
            deployments: names,
            rows,
        });
        descriptions.push(description.trim_end().to_owned());
    }
    let panels = Intervals::draw(&charts)
        .into_iter()
        .zip(descriptions)
        .map(|(drawing, description)| Panel { drawing, description })
        .collect();
    let summary = super::tables::beside(study);
    let board = if on_board {
        "The board runs the file of one epoch on its documents, so its interval is its own. "
    } else {
        ""
    };
    let note = format!(
        "{board}Means over the last epochs (or at the chosen one) of {} seeds; the interval covers the luck of seeds and of documents.",
        first.evidence.seeds
    );
    Some(Figure { id: "gains".to_owned(), title: gains_title(study), note, panels, data, summary })
}

/// How many gains hold, and which.
pub(super) fn gains_title(study: &Study<'_>) -> String {
    let gains = study.techniques();
    let with = |verdict| -> Vec<String> {
        let of_verdict = gains.iter().filter(|gain| gain.evidence.verdict == verdict);
        let named = |gain: &&GainRow| {
            let name = study.named(&gain.evidence.recipe, &gain.deployment);
            let elsewhere = gains
                .iter()
                .any(|other| other.evidence.recipe == gain.evidence.recipe && other.protocol != gain.protocol);
            if elsewhere { format!("{name} ({})", gain.protocol) } else { name }
        };
        of_verdict.map(named).collect()
    };
    let holds = with(Verdict::Holds);
    let broken = [with(Verdict::Lost), with(Verdict::Reversed)].concat();
    let mut title = match holds.len() {
        0 => format!("No gain of {} is shown to hold on the integers", gains.len()),
        n => format!(
            "{n} of {} gains {} on the integers: {}",
            gains.len(),
            if n == 1 { "holds" } else { "hold" },
            words::list(&holds)
        ),
    };
    if !broken.is_empty() {
        let _ = write!(title, "; deployment takes that of {}", words::list(&broken));
    }
    title
}

/// The models of a recipe that have an explanation, one a seed.
fn explained<'r>(study: &'r Study<'_>, protocol: &str, deployment: &str) -> Vec<(&'r str, Vec<&'r ModelRow>)> {
    let of = |name: &'r str| {
        let rows: Vec<&ModelRow> =
            study.models(protocol, name, deployment).into_iter().filter(|model| model.why.is_some()).collect();
        (name, rows)
    };
    study.recipe_names(protocol).into_iter().map(of).filter(|(_, rows)| !rows.is_empty()).collect()
}

/// The margins of decisions, and where they flip.
fn margins(study: &Study<'_>, deployment: &str) -> Option<Figure> {
    let protocol = study.protocols().into_iter().next()?;
    let recipes: Vec<(&str, Vec<&ModelRow>)> =
        explained(study, protocol, deployment).into_iter().filter(|(name, _)| study.fraction(name) >= 1.0).collect();
    let mut data = Grid::new(["recipe", "seed", "margin_from", "documents_float", "documents_integer", "flips"]);
    let mut summary = Grid::new(["recipe", "median margin", "flips a seed", "widest margin that flips"]);
    let (mut shares, mut rates) = (Vec::new(), Vec::new());
    let (mut widest, mut most): (f64, f64) = (0.0, 0.0);
    let mut reached = 1;
    for (name, models) in &recipes {
        let whys: Vec<_> = models.iter().filter_map(|model| Some((model.seed, model.why.as_ref()?))).collect();
        let mut share = Vec::new();
        let mut rate = Vec::new();
        for (bin, edge) in MARGIN_EDGES.iter().enumerate() {
            let of = |counts: fn(&crate::why::Margins) -> &[usize; 12]| {
                whys.iter().map(|(_, why)| counts(&why.margins)[bin]).sum::<usize>() as f64
            };
            let all: usize = whys.iter().map(|(_, why)| why.margins.float.iter().sum::<usize>()).sum();
            let (documents, flips) = (of(|m| &m.float), of(|m| &m.flips));
            share.push((bin as f64, 100.0 * documents / all.max(1) as f64));
            if documents > 0.0 {
                rate.push((bin as f64, 100.0 * flips / documents));
            }
            for (seed, why) in &whys {
                let margins = &why.margins;
                let counts = [margins.float[bin], margins.integer[bin], margins.flips[bin]].map(|n| n.to_string());
                let [float, integer, flips] = counts;
                data.row([(*name).to_owned(), seed.to_string(), edge.to_string(), float, integer, flips]);
            }
        }
        let style = study.style(name);
        shares.push(Series { name: (*name).to_owned(), style, thin: Vec::new(), mean: share });
        reached = reached.max(rate.iter().rposition(|&(_, rate)| rate > 0.0).map_or(1, |bin| bin + 1));
        rates.push(Series { name: (*name).to_owned(), style, thin: Vec::new(), mean: rate });
        let flips: Vec<f64> = models.iter().map(|model| model.integer.flips.unwrap_or(0) as f64).collect();
        let of_recipe =
            whys.iter().filter_map(|(_, why)| why.flipped.first()).map(|flip| flip.float_margin).fold(0.0, f64::max);
        let documents = models.first().map_or(1, |model| model.integer.documents).max(1) as f64;
        widest = widest.max(of_recipe);
        most = flips.iter().map(|flips| 100.0 * flips / documents).fold(most, f64::max);
        let median = mean(&whys.iter().map(|(_, why)| why.margins.median).collect::<Vec<_>>());
        summary.row([
            (*name).to_owned(),
            format!("{median:.2}"),
            format!("{:.1}", mean(&flips)),
            format!("{of_recipe:.3}"),
        ]);
    }
    if recipes.is_empty() {
        return None;
    }
    for one in &mut rates {
        one.mean.truncate(reached + 1);
    }
    let ticks: Vec<(f64, String)> =
        MARGIN_EDGES.iter().enumerate().step_by(2).map(|(bin, edge)| (bin as f64, edge.to_string())).collect();
    let panel = |title: &str, series: Vec<Series>| {
        let said: Vec<String> = series
            .iter()
            .filter_map(|one| {
                let peak = one.mean.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
                Some(format!(
                    "{} is highest from a margin of {}, {:.2} %",
                    one.name, MARGIN_EDGES[peak.0 as usize], peak.1
                ))
            })
            .collect();
        let description = format!("Line chart of {} by decision margin. {}.", title.to_lowercase(), said.join("; "));
        let last = series.iter().map(|one| one.mean.len()).max().unwrap_or(0);
        let x_ticks = Some(ticks.iter().filter(|tick| (tick.0 as usize) < last).cloned().collect());
        let chart = Lines {
            title: title.to_owned(),
            x_label: "margin of the float decision from, logits".to_owned(),
            x_ticks,
            series,
        };
        Panel { drawing: chart.draw(), description }
    };
    Some(Figure {
        id: if deployment == study.deployments()[0] { "margins".to_owned() } else { format!("margins-{deployment}") },
        title: format!(
            "{} flip at most {most:.2} % of a model's decisions, none with a margin above {:.2} logits",
            study.named("Integers", deployment),
            (100.0 * widest).ceil() / 100.0
        ),
        note: format!(
            "All seeds together, {protocol} protocol. The margin is how far a float decision is from the other class; a model that \
             is surer of itself has fewer documents at the edge, right or wrong."
        ),
        panels: vec![panel("Documents, %", shares), panel("Of these, decisions that flip, %", rates)],
        data,
        summary,
    })
}

/// The largest file of each recipe, and the room on the board.
fn flash(study: &Study<'_>) -> Option<Figure> {
    let mut rows: Vec<(String, f64, String, bool)> = Vec::new();
    let mut data = Grid::new(["recipe", "file_bytes", "flash_bytes_with_image", "ram_bytes", "fits"]);
    let mut summary = Grid::new(["recipe", "file, bytes", "flash with the image, bytes", "RAM, bytes", "on the board"]);
    let (mut board, mut rams) = (None, Vec::new());
    for (name, models) in study.whole_models() {
        let Some(model) = models.into_iter().max_by_key(|model| model.file.bytes) else { continue };
        let kilobytes = model.file.bytes as f64 / 1_000.0;
        let fits = model.fit.as_ref().is_none_or(|fit| fit.fits);
        board = model.fit.as_ref().map(|fit| fit.name.clone()).or(board);
        let word = if fits { "fits" } else { "does not fit" };
        let size = format!("{} kB", rounded(kilobytes));
        let text = if fits { size } else { format!("{size}: does not fit") };
        rows.push((name.clone(), kilobytes, text, !fits));
        let of_fit = |part: fn(&FitRow) -> u64| model.fit.as_ref().map(|fit| part(fit) as usize);
        let (flash, ram) = (of_fit(|fit| fit.flash), of_fit(|fit| fit.ram));
        rams.extend(ram);
        let word = if model.fit.is_some() { word } else { "–" };
        let row = |number: fn(usize) -> String| {
            let cell = |value: Option<usize>| value.map_or_else(|| "–".to_owned(), number);
            [name.clone(), number(model.file.bytes), cell(flash), cell(ram), word.to_owned()]
        };
        data.row(row(|number| number.to_string()));
        summary.row(row(thousands));
    }
    let fitting = || rows.iter().filter(|row| !row.3).map(|row| row.1);
    let (least, most) = super::scale::range(fitting())?;
    let refused: Vec<&str> = rows.iter().filter(|row| row.3).map(|row| row.0.as_str()).collect();
    let title = match (&board, refused.as_slice()) {
        (None, _) => format!("The models take {least:.0} to {most:.0} kB of flash"),
        (Some(board), []) => format!("The models take {least:.0} to {most:.0} kB of flash, and all fit {board}"),
        (Some(board), refused) => {
            let verb = if refused.len() == 1 { "does" } else { "do" };
            format!("{least:.0} to {most:.0} kB of flash fit {board}; {} {verb} not fit", refused.join(", "))
        }
    };
    let said: Vec<String> = rows.iter().map(|row| format!("{}: {}", row.0, row.2)).collect();
    let chart = Bars { title: "Model file, kB".to_owned(), rows, limit: None };
    Some(Figure {
        id: "flash".to_owned(),
        title,
        note: format!(
            "The largest file among the seeds. Rows of the vocabulary take most of it: a byte a word and unit of the first layer.{}",
            ram_note(&rams)
        ),
        panels: vec![Panel {
            drawing: chart.draw(),
            description: format!("Bar chart of model file sizes. {}.", said.join("; ")),
        }],
        data,
        summary,
    })
}

/// How much RAM the models take, in a sentence; empty without a board.
fn ram_note(rams: &[usize]) -> String {
    let (Some(least), Some(most)) = (rams.iter().min(), rams.iter().max()) else { return String::new() };
    if least == most {
        return format!(
            " RAM: {} bytes, stack included, the same for every model that the image can run.",
            thousands(*most)
        );
    }
    format!(" RAM: {} to {} bytes, stack included.", thousands(*least), thousands(*most))
}
