//! From evaluated models to results: the evidence on each technique, and what has failed.

use crate::{
    Error, Result,
    evaluate::Evaluated,
    evidence::{self, Correctness, Pair, Settings, Verdict},
    findings,
    recipe::BASELINE,
    results::{BoardRow, GainRow, Results, SCHEMA, SeedRow},
    run::{DatasetInfo, Stand},
    why::Why,
};

/// The most RMS error of the dequantised logits of a file with 8-bit weights, as a share of the RMS of the float ones. The nets of the recipes are
/// below 0.006 on IMDB; a scale that is off by 5% shows as 0.05, though it may change no decision at all.
pub const RMS_LIMIT: f64 = 0.02;

/// The most decisions of a file with 8-bit weights that may flip, as a share of the documents, for each class that a decision is
/// against.
///
/// Fewer bits round to wider steps: both limits grow with the step, which is 127/7 times as wide with 4 bits.
pub const FLIP_LIMIT: f64 = 0.005;

/// How verdicts are reached, and which of them fail.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Level, margin and resampling.
    pub settings: Settings,
    /// The only verdict that passes, if one is required; without it all but `lost` and `reversed` pass.
    pub require: Option<Verdict>,
}

/// The results of models that have been evaluated.
///
/// # Errors
///
/// A margin that makes no sense.
pub fn results(dataset: DatasetInfo, models: &[Evaluated], rules: &Rules) -> Result<Results> {
    let mut results = Results {
        schema: SCHEMA,
        dataset,
        models: models.iter().map(|model| model.row.clone()).collect(),
        findings: findings::findings(models),
        gains: Vec::new(),
        notes: findings::stuck(models),
        failures: models.iter().flat_map(model_failures).collect(),
    };
    if results.dataset.synthetic {
        results.notes.push(
            "the data is the embedded synthetic corpus: nothing here is a claim about IMDB or any other real text"
                .to_owned(),
        );
    }
    results.notes.extend(foreign_notes(models));
    gains(models, rules, &mut results)?;
    for gain in &results.gains {
        let verdict = gain.evidence.verdict;
        let failed = match rules.require {
            Some(required) => verdict != required,
            None => matches!(verdict, Verdict::Lost | Verdict::Reversed),
        };
        if failed {
            results.failures.push(format!("the gain of {} over {BASELINE}: {verdict}", gain.evidence.recipe));
        }
    }
    Ok(results)
}

/// What is to be known of models with the words of a foreign tokeniser, and how much raw text costs them.
fn foreign_notes(models: &[Evaluated]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut unmeasured = 0;
    for model in models {
        let Some(foreign) = model.foreign else { continue };
        let Some(stated) = foreign.stated_accuracy.map(f64::from) else {
            unmeasured += 1;
            continue;
        };
        let (row, found) = (&model.row, model.row.integer.test_accuracy);
        notes.push(format!(
            "{}, seed {}: its words are those of a foreign tokeniser (Keras's): accuracy {found:.5} on the texts here, \
             {stated:.5} stated on its own words, a skew of {:+.3} points",
            row.recipe,
            row.seed,
            points(found - stated),
        ));
    }
    if unmeasured > 0 {
        notes.push(format!(
            "{unmeasured} of {} models have the words of a foreign tokeniser (Keras's), and so may do otherwise on raw \
             text: `trainer verify FILE --data aclImdb_v1.tar.gz` measures by how much",
            models.len(),
        ));
    }
    notes
}

/// A difference of accuracies in points, to the third place, which a single document of 25,000 shows. Never -0.
fn points(difference: f64) -> f64 {
    (difference * 1e5).round() / 1e3 + 0.0
}

/// How many times as wide as with 8 bits a step of the first layer's weights is.
fn coarseness(model: &Evaluated) -> f64 {
    let file = model.file.model().expect("an evaluated file has been loaded once");
    let bits = file.header().layers.first().map_or(8, |layer| layer.bits.clamp(2, 8));
    127.0 / f64::from((1_i32 << (bits - 1)) - 1)
}

/// What is wrong with one model.
fn model_failures(model: &Evaluated) -> Vec<String> {
    let row = &model.row;
    let deployment = if row.deployment == "i8" { String::new() } else { format!(", {}", row.deployment) };
    let cell = format!("{}, seed {}{deployment}", row.recipe, row.seed);
    let coarseness = coarseness(model);
    let mut failures = Vec::new();
    if let Some(BoardRow::Ran { name, logit_mismatches, documents, .. }) = &row.board
        && *logit_mismatches > 0
    {
        let first = model.mismatch.as_ref().map_or_else(String::new, |first| {
            let parting = first.parting.as_ref().map_or_else(String::new, |parting| {
                format!("; they part at {}: host {:?}, board {:?}", parting.stage, parting.host, parting.board)
            });
            let (document, host, board) = (first.document, &first.host, &first.board);
            format!("; the first is test document {document}: host {host:?}, board {board:?}{parting}")
        });
        failures.push(format!(
            "{cell}: {name} differs from the host on {logit_mismatches} of {documents} documents{first}"
        ));
    }
    if let Some(stated) = model.stated_accuracy
        && (stated - row.integer.test_accuracy as f32).abs() > f32::EPSILON
    {
        let found = row.integer.test_accuracy;
        failures.push(format!("{cell}: the file states an accuracy of {stated:.5} on this dataset, found {found:.5}"));
    }
    let blame = row.why.as_ref().and_then(Why::blame).map_or_else(String::new, |blame| format!("; {blame}"));
    let most = RMS_LIMIT * coarseness;
    if let Some(ratio) = row.integer.rms_ratio.filter(|ratio| ratio.is_nan() || *ratio > most) {
        let limit = format!("above the limit of {most:.3}{blame}");
        failures.push(format!("{cell}: the logits' RMS error is {ratio:.4} of their RMS, {limit}"));
    }
    // A decision among k classes is one against k - 1 others, each of which may be close.
    let limit = FLIP_LIMIT * coarseness * (row.integer.metrics.classes.len().max(2) - 1) as f64;
    if let Some(flips) = row.integer.flips.filter(|flips| *flips as f64 > limit * row.integer.documents as f64) {
        let (documents, limit) = (row.integer.documents, format!("above the limit of {limit:.3} of them{blame}"));
        failures.push(format!("{cell}: {flips} of {documents} decisions flip, {limit}"));
    }
    failures
}

/// The techniques that are compared with one baseline: of one protocol, one deployment, by one choice of epochs. Recipes with
/// less data are a family of their own: they are no techniques, so they do not count where several techniques do.
struct Comparison<'m> {
    protocol: &'m str,
    deployment: &'m str,
    epochs: Stand,
    baseline_epochs: Stand,
    less_data: bool,
    baseline: Vec<&'m Evaluated>,
    techniques: Vec<&'m Evaluated>,
}

/// The comparisons that the models allow. A run that was stopped early is compared with the baseline that went on.
fn comparisons(models: &[Evaluated]) -> Vec<Comparison<'_>> {
    let mut comparisons: Vec<Comparison<'_>> = Vec::new();
    for model in models.iter().filter(|model| model.correctness.is_some() && model.row.recipe != BASELINE) {
        let Some(epochs) = model.row.epochs else { continue };
        let (protocol, deployment) = (model.row.protocol.as_str(), model.row.deployment.as_str());
        let baseline_epochs = if model.stops_early { Stand::Last } else { epochs };
        let less_data = model.data_fraction < 1.0;
        let key = (protocol, deployment, epochs, baseline_epochs, less_data);
        let same =
            |c: &&mut Comparison<'_>| (c.protocol, c.deployment, c.epochs, c.baseline_epochs, c.less_data) == key;
        if let Some(comparison) = comparisons.iter_mut().find(same) {
            comparison.techniques.push(model);
            continue;
        }
        let is_baseline = |m: &&Evaluated| {
            let row = &m.row;
            (row.recipe.as_str(), row.protocol.as_str(), row.deployment.as_str()) == (BASELINE, protocol, deployment)
                && row.epochs == Some(baseline_epochs)
        };
        let baseline = models.iter().filter(is_baseline).collect();
        let techniques = vec![model];
        comparisons.push(Comparison { protocol, deployment, epochs, baseline_epochs, less_data, baseline, techniques });
    }
    comparisons
}

/// Weighs every technique against its baseline.
fn gains(models: &[Evaluated], rules: &Rules, results: &mut Results) -> Result<()> {
    for comparison in comparisons(models) {
        let Comparison { protocol, deployment, epochs, baseline_epochs, baseline, techniques, .. } = comparison;
        let names = distinct(techniques.iter().map(|model| model.row.recipe.as_str()));
        let named = |name: &str| techniques.iter().copied().filter(|m| m.row.recipe == name).collect::<Vec<_>>();
        let rows: Vec<Vec<&Evaluated>> = names.iter().map(|name| named(name)).collect();
        let seeds = common_seeds(&baseline, &rows);
        if seeds.is_empty() {
            let what = if baseline.is_empty() { "no `baseline` to compare with" } else { "no seed in common" };
            results.notes.push(format!("no gain of {} ({protocol} protocol): {what}", names.join(", ")));
            continue;
        }
        let tables: Vec<evidence::Recipe> =
            names.iter().zip(&rows).map(|(name, rows)| table(name, &seeds, rows)).collect::<Result<_>>()?;
        let weighed = evidence::gains(&table(BASELINE, &seeds, &baseline)?, &tables, &rules.settings)
            .map_err(|error| Error::usage(error, "check --margin"))?;
        for (evidence, models) in weighed.into_iter().zip(&rows) {
            let by_seed = by_seed(&seeds, models, &baseline, &rules.settings)?;
            let [protocol, deployment] = [protocol, deployment].map(str::to_owned);
            results.gains.push(GainRow { protocol, deployment, epochs, baseline_epochs, evidence, by_seed });
        }
        results.notes.extend(seed_note(seeds.len()));
    }
    results.notes.dedup();
    Ok(())
}

/// Each seed by itself: the exported files of a technique against the baseline's.
fn by_seed(
    seeds: &[u64],
    technique: &[&Evaluated],
    baseline: &[&Evaluated],
    settings: &Settings,
) -> Result<Vec<SeedRow>> {
    fn of<'m>(models: &[&'m Evaluated], seed: u64) -> Option<&'m [Vec<f32>; 2]> {
        models.iter().find(|model| model.row.seed == seed)?.exported_correctness.as_ref()
    }
    let mut rows = Vec::with_capacity(seeds.len());
    for &seed in seeds {
        let (Some(ours), Some(theirs)) = (of(technique, seed), of(baseline, seed)) else { continue };
        let pairs = [0, 1].map(|deployment| [&ours[deployment][..], &theirs[deployment][..]]);
        let [float, integer] = Pair::of(pairs, settings.resampling, settings.level)
            .map_err(|error| Error::usage(error, "compare runs on the same dataset only"))?;
        rows.push(SeedRow { seed, float, integer });
    }
    Ok(rows)
}

/// What so few seeds allow to say.
fn seed_note(seeds: usize) -> Option<String> {
    match seeds {
        1 => Some("one seed: the intervals cover the documents alone, so no gain is shown".to_owned()),
        2..=4 => Some(format!("{seeds} seeds: the intervals are approximate; five or more are better")),
        _ => None,
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// The seeds that the baseline and every technique have, ascending.
fn common_seeds(baseline: &[&Evaluated], techniques: &[Vec<&Evaluated>]) -> Vec<u64> {
    let has = |rows: &[&Evaluated], seed: u64| rows.iter().any(|m| m.row.seed == seed);
    let mut seeds: Vec<u64> = baseline.iter().map(|model| model.row.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    seeds.retain(|&seed| techniques.iter().all(|rows| has(rows, seed)));
    seeds
}

/// The correctness of a recipe, a row a seed.
fn table(name: &str, seeds: &[u64], models: &[&Evaluated]) -> Result<evidence::Recipe> {
    let rows: Vec<&Evaluated> =
        seeds.iter().filter_map(|&seed| models.iter().find(|m| m.row.seed == seed).copied()).collect();
    let of = |rows: Vec<&[f32]>| {
        Correctness::new(&rows).map_err(|error| Error::usage(error, "compare runs on the same dataset only"))
    };
    let host = |i: usize| of(rows.iter().filter_map(|m| m.correctness.as_ref().map(|c| c[i].as_slice())).collect());
    let board: Option<Vec<&[f32]>> = rows.iter().map(|m| m.board_correctness.as_deref()).collect();
    Ok(evidence::Recipe {
        name: name.to_owned(),
        float: host(0)?,
        integer: host(1)?,
        board: board.map(of).transpose()?,
    })
}
