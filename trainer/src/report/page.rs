//! The page: one HTML file with everything in it.

use std::fmt::Write;

use super::{
    Study,
    curves::mean,
    deployment,
    figure::{Figure, Grid},
    limits, story,
    svg::escape,
    tables,
    words::{self, thousands},
};
use crate::{evidence::Verdict, results::ModelRow};

const STYLE: &str = include_str!("page.css");
/// How many of the flipped documents the page shows.
const FLIPS_SHOWN: usize = 12;

/// The page and its figures. `folder` is where the page finds the figures' files.
pub(super) fn page(study: &Study<'_>, folder: &str) -> (String, Vec<Figure>) {
    let mut figures = Vec::new();
    let mut body = String::new();
    body.push_str(&header(study));
    body.push_str(&answer(study));
    for protocol in study.protocols() {
        let story = story::figures(study, protocol);
        let _ = write!(body, "<section><h2 id=\"{protocol}\">{}</h2>", heading(protocol));
        let _ = write!(body, "<p>{}</p>", how(protocol));
        body.push_str(&tables::html(
            &tables::networks(study, protocol),
            &format!("Float networks, {protocol} protocol: mean ± deviation over seeds"),
        ));
        for figure in &story {
            body.push_str(&markup(figure, folder));
        }
        body.push_str(&claims(study, protocol));
        body.push_str("</section>");
        figures.extend(story);
    }
    let deployment = deployment::figures(study);
    body.push_str("<section><h2 id=\"deployment\">Does the gain survive deployment?</h2>");
    for figure in &deployment {
        body.push_str(&markup(figure, folder));
        if figure.id == "gains" {
            let caption =
                "Gain over the baseline in points [95 % interval], float, deployed, and the shift between them";
            body.push_str(&tables::html(&tables::gains(study), caption));
            body.push_str(&by_seed(study));
        }
    }
    for protocol in study.protocols() {
        body.push_str(&tables::html(&tables::deployed(study, protocol), &format!("Deployed, {protocol} protocol")));
    }
    body.push_str("</section>");
    figures.extend(deployment);
    body.push_str(&why(study));
    body.push_str(&list("limits", "What cannot be concluded", &limits::sentences(study)));
    body.push_str(&footer(study));
    let title = escape(&format!("edgefit: {}", study.results.dataset.name));
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    );
    (page, figures)
}

fn heading(protocol: &str) -> &'static str {
    if protocol == "article" {
        "How the networks learn: article protocol"
    } else {
        "How the networks learn: held-out protocol"
    }
}

fn how(protocol: &str) -> &'static str {
    if protocol == "article" {
        "As in the article: the test documents validate, every network trains for a fixed number of epochs, and the last five stand \
         for it. Thin lines are seeds, thick ones their mean."
    } else {
        "A fifth of the training documents is held out and chooses the epoch; the test documents are read once. Thin lines are seeds, \
         thick ones their mean."
    }
}

fn header(study: &Study<'_>) -> String {
    let data = &study.results.dataset;
    let synthetic = if data.synthetic {
        "<p class=\"warn\">Synthetic data: generated text, no claim about any real one.</p>"
    } else {
        ""
    };
    let mut links: Vec<(&str, &str)> = study
        .protocols()
        .iter()
        .map(|p| (*p, if *p == "article" { "Article protocol" } else { "Held-out protocol" }))
        .collect();
    links.extend([("deployment", "Deployment"), ("why", "Why"), ("limits", "Limits")]);
    let links = links.iter().map(|(id, name)| format!("<a href=\"#{id}\">{name}</a>")).collect::<Vec<_>>().concat();
    format!(
        "<header><p class=\"over\">edgefit study</p><h1>Does the accuracy that regularisation wins survive on the microcontroller?</h1>\
         <p class=\"lead\">{}: {} documents to fit, {} to test, {} recipes, {} seeds.</p>{synthetic}<nav>{links}</nav></header>",
        escape(&data.name),
        thousands(data.train_documents),
        thousands(data.test_documents),
        study.all_recipes().len(),
        study.seeds().len(),
    )
}

/// The verdicts, first of all.
fn answer(study: &Study<'_>) -> String {
    let mut cards = String::new();
    for gain in study.techniques() {
        let evidence = &gain.evidence;
        let (class, mark) = match evidence.verdict {
            Verdict::Holds => ("good", "✓"),
            Verdict::Lost | Verdict::Reversed => ("bad", "✗"),
            Verdict::Worse | Verdict::NotShown | Verdict::Inconclusive => ("open", "–"),
        };
        let line = |name: &str, said: &str| format!("<dt>{name}</dt><dd>{}</dd>", escape(said));
        let board = tables::board_gain(study, gain).map_or_else(String::new, |board| line("board", &board));
        let holm = match evidence.verdict_holm {
            same if same == evidence.verdict => String::new(),
            other => format!("<p class=\"holm\">{other}, if all techniques count (Holm)</p>"),
        };
        let _ = write!(
            cards,
            "<li class=\"{class}\"><h3>{}<span> {}</span></h3><p class=\"verdict\"><span aria-hidden=\"true\">{mark}</span> {}</p>{holm}\
             <dl>{}{}{board}</dl></li>",
            escape(&study.named(&evidence.recipe, &gain.deployment)),
            escape(&gain.protocol),
            evidence.verdict,
            line("float", &words::interval(&evidence.float)),
            line("integer", &words::interval(&evidence.integer)),
        );
    }
    let lead = if study.techniques().is_empty() { String::new() } else { deployment::gains_title(study) + "." };
    let linear = linear(study).join(" ");
    let linear = if linear.is_empty() { linear } else { format!("<p>{}</p>", escape(&linear)) };
    let failures = list("failures", "Failed checks", &study.results.failures);
    let empty = "<p>The study has no technique beside a baseline, so there is no gain to judge.</p>";
    let cards = if cards.is_empty() { empty.to_owned() } else { format!("<ul class=\"cards\">{cards}</ul>") };
    format!(
        "<section><h2 id=\"answer\">The answer</h2><p class=\"lead-answer\">{}</p>{linear}<p>Gain over the baseline in points of accuracy, with its 95 % interval. \
         <em>holds</em>: it is there in float and in integers, and deployment shifts it by less than {} points.</p>{cards}{failures}</section>",
        escape(&lead),
        study.margin
    )
}

/// How the networks stand to the linear model, a sentence a protocol.
fn linear(study: &Study<'_>) -> Vec<String> {
    let of_protocol = |protocol: &'static str| {
        let accuracy = |name: &str| {
            let read = |model: &&ModelRow| model.integer.mean_last5_test_accuracy.map(|share| 100.0 * share);
            let accuracies: Option<Vec<f64>> = study.networks(protocol, name).iter().map(read).collect();
            accuracies.filter(|all| !all.is_empty()).map(|all| mean(&all))
        };
        let names = study.recipe_names(protocol);
        let (linear, networks): (Vec<&str>, Vec<&str>) =
            names.into_iter().filter(|name| study.fraction(name) >= 1.0).partition(|name| study.units(name) == 0);
        let (name, ours) = linear.into_iter().find_map(|name| Some((name, accuracy(name)?)))?;
        let others = networks.into_iter().filter_map(|name| Some((name, accuracy(name)?)));
        let (best, theirs) = others.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let next = if ours > theirs {
            format!(", more than every network; the next is {best} with {theirs:.2} %")
        } else {
            format!("; the best network, {best}, {theirs:.2} %")
        };
        Some(format!(
            "Under the {protocol} protocol {name}, which has no hidden layer, decides {ours:.2} % rightly on the integers{next}."
        ))
    };
    study.protocols().into_iter().filter_map(of_protocol).collect()
}

/// What the curves of a protocol show of the article's claims.
fn claims(study: &Study<'_>, protocol: &str) -> String {
    let grid = tables::claims(study, protocol);
    if grid.rows.is_empty() {
        return String::new();
    }
    let caption = format!(
        "The article's claims, {protocol} protocol: mean over the seeds [95 % interval]; shown where all of the interval bears it out"
    );
    tables::html(&grid, &caption)
}

/// What each seed would have said alone.
fn by_seed(study: &Study<'_>) -> String {
    let grid = tables::by_seed(study);
    if grid.rows.is_empty() {
        return String::new();
    }
    format!(
        "<details><summary>What each seed by itself would have said</summary>{}</details>",
        tables::html(
            &grid,
            "The exported epoch of one seed against the baseline's: gain in points [95 % interval, bootstrap over documents] and \
             exact McNemar test"
        )
    )
}

fn markup(figure: &Figure, folder: &str) -> String {
    let note =
        if figure.note.is_empty() { String::new() } else { format!("<p class=\"note\">{}</p>", escape(&figure.note)) };
    let link =
        |extension: &str, name: &str| format!("<a href=\"{}/{}.{extension}\">{name}</a>", escape(folder), figure.id);
    format!(
        "<figure id=\"{}\"><figcaption>{}</figcaption><div class=\"panels\">{}</div>{note}<details><summary>The numbers</summary>{}\
         </details><p class=\"files\">{} {} {}</p></figure>",
        figure.id,
        escape(&figure.title),
        figure.inline(),
        tables::html(&figure.summary, ""),
        link("svg", "SVG"),
        link("png", "PNG"),
        link("csv", "CSV"),
    )
}

fn why(study: &Study<'_>) -> String {
    let mut section = "<section><h2 id=\"why\">Why it survives, or does not</h2><p>Weights become integers with one scale a unit, set by \
                       the largest weight: far outliers (kurtosis) cost all others precision, which the signal-to-noise ratio sums up. \
                       A row of zeros is a word that the network has unlearnt.</p>"
        .to_owned();
    for protocol in study.protocols() {
        let grid = tables::layers(study, protocol);
        if !grid.rows.is_empty() {
            section
                .push_str(&tables::html(&grid, &format!("Layers, {protocol} protocol: mean ± deviation over seeds")));
        }
    }
    let flipped: Grid = tables::flipped(study, FLIPS_SHOWN);
    if flipped.rows.is_empty() {
        section.push_str("<p>No decision flips.</p>");
    } else {
        section.push_str(&tables::html(&flipped, "The decisions that flip by the widest margin, in logits"));
    }
    section + "</section>"
}

fn list(id: &str, title: &str, sentences: &[String]) -> String {
    if sentences.is_empty() {
        return String::new();
    }
    let items = sentences.iter().map(|sentence| format!("<li>{}</li>", escape(sentence))).collect::<Vec<_>>().concat();
    format!("<section class=\"{id}\"><h2 id=\"{id}\">{title}</h2><ul>{items}</ul></section>")
}

fn footer(study: &Study<'_>) -> String {
    let data = &study.results.dataset;
    let seeds: Vec<String> = study.seeds().iter().map(u64::to_string).collect();
    format!(
        "<footer><dl><dt>Data</dt><dd>{}, SHA-256 <code>{}</code></dd><dt>Recipes</dt><dd>{}</dd><dt>Seeds</dt><dd>{}</dd>\
         <dt>edgefit</dt><dd>{}</dd></dl><p>Every number here comes from <code>results.json</code> and <code>results.csv</code> of this \
         study. Intervals: crossed random effects of seeds and documents, Satterthwaite's degrees of freedom.</p></footer>",
        escape(&data.name),
        escape(&data.sha256),
        escape(&study.all_recipes().join(", ")),
        seeds.join(", "),
        edgefit::VERSION,
    )
}
