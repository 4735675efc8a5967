//! A study: recipes and seeds, each trained, exported and evaluated; then the board; then the evidence.

use std::{num::NonZeroUsize, path::Path};

use crate::{
    Error, Result,
    board::Board,
    cache::Cache,
    cell::Cell,
    data::Source,
    evaluate::{Evaluated, evaluate_run},
    files::{self, FolderLock},
    parallel,
    prepared::Prepared,
    progress::LiveTable,
    quantise::WeightBits,
    recipe::{BASELINE, Knobs, Recipe},
    report,
    results::{BoardRow, ModelRow, Results},
    run::{Protocol, Stand},
    tidy,
    train::EpochRecord,
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
    /// The protocols. Recipes that stop early run under [`Protocol::HeldOut`] alone, and bring the baseline along.
    pub protocols: Vec<Protocol>,
    /// The deployments of each network, by the bits of its weights.
    pub bits: Vec<WeightBits>,
    /// The board, and how many documents to run there.
    pub board: Option<(&'b Board, verify::Documents)>,
    /// What was asked for: all else of how the recipes are fitted is as suits the data.
    pub given: Knobs,
    /// How verdicts are reached.
    pub rules: Rules,
    /// How many cells at a time.
    pub threads: NonZeroUsize,
    /// Whether to go on with what is in the output folder.
    pub resume: bool,
    /// Where to write the report, if anywhere.
    pub report: Option<&'b Path>,
}

/// One cell of a study, which of its epochs are evaluated, and in which deployments.
struct Task<'d> {
    cell: Cell,
    data: &'d Prepared,
    stands: Vec<Stand>,
    bits: Vec<WeightBits>,
}

impl Task<'_> {
    /// The name of its run folder.
    fn name(&self) -> String {
        let Cell { recipe, seed } = &self.cell;
        match self.data.protocol {
            Protocol::Article => format!("{}-{seed}", recipe.name),
            Protocol::HeldOut => format!("{}-{seed}-held-out", recipe.name),
        }
    }

    fn run(&self, output: &Path, resume: bool, heard: impl FnMut(&EpochRecord)) -> Result<Vec<Evaluated>> {
        let name = self.name();
        let run = self.cell.train(self.data, &output.join(&name), resume, heard)?;
        let evaluate = |(stand, bits): (Stand, WeightBits)| {
            let epoch = if stand == run.stand() { "" } else { "-last" };
            let deployment = if bits == WeightBits::default() { String::new() } else { format!("-i{}", bits.number()) };
            let file = output.join(format!("{name}{epoch}{deployment}.edgefit"));
            evaluate_run(&run, &self.data.inputs, &self.data.test, stand, bits, &file)
        };
        let deployments = self.bits.iter().flat_map(|&bits| self.stands.iter().map(move |&stand| (stand, bits)));
        deployments.map(evaluate).collect()
    }
}

impl Plan<'_> {
    /// Whether a recipe is trained under a protocol, and which of its epochs are then evaluated.
    fn stands(&self, recipe: &Recipe, protocol: Protocol) -> Vec<Stand> {
        let asked = self.protocols.contains(&protocol);
        let stops_early = recipe.patience.is_some();
        match protocol {
            Protocol::Article if asked && !stops_early => vec![Stand::Last],
            Protocol::Article => Vec::new(),
            Protocol::HeldOut => {
                let mut stands = Vec::new();
                if asked || stops_early {
                    stands.push(Stand::Chosen);
                }
                // Early stopping is compared with the baseline that went on to the end; and a net that no linear model stands
                // beside would look better than it is.
                let goes_on = recipe.name == BASELINE || (recipe.hidden.is_empty() && !asked);
                if goes_on && self.recipes.iter().any(|recipe| recipe.patience.is_some()) {
                    stands.push(Stand::Last);
                }
                stands
            }
        }
    }

    fn needs(&self, protocol: Protocol) -> bool {
        self.recipes.iter().any(|recipe| !self.stands(recipe, protocol).is_empty())
    }

    /// The rows of the live table: recipe and protocol, in the order of the tasks.
    fn names(tasks: &[Task<'_>]) -> Vec<[String; 2]> {
        let mut names: Vec<[String; 2]> =
            tasks.iter().map(|task| [task.cell.recipe.name.clone(), task.data.protocol.name().to_owned()]).collect();
        names.dedup();
        names
    }

    fn table(&self, tasks: &[Task<'_>]) -> LiveTable {
        let names: Vec<String> =
            Self::names(tasks).iter().map(|[recipe, protocol]| format!("{recipe}, {protocol}")).collect();
        let heads: Vec<String> = self.seeds.iter().map(|seed| format!("seed {seed}")).collect();
        LiveTable::new(&names, &heads)
    }

    /// The cell of a model in the live table.
    fn place(&self, tasks: &[Task<'_>], recipe: &str, protocol: &str, seed: u64) -> (usize, usize) {
        let row = Self::names(tasks).iter().position(|[name, of]| name == recipe && of == protocol);
        let column = self.seeds.iter().position(|&other| other == seed);
        (row.unwrap_or(usize::MAX), column.unwrap_or(usize::MAX))
    }

    fn tasks<'d>(&self, prepared: &'d [Prepared]) -> Vec<Task<'d>> {
        let mut tasks = Vec::new();
        for data in prepared {
            for recipe in &self.recipes {
                let stands = self.stands(recipe, data.protocol);
                if stands.is_empty() {
                    continue;
                }
                for &seed in &self.seeds {
                    let cell = Cell { recipe: data.schedule().applied(recipe, &self.given), seed };
                    tasks.push(Task { cell, data, stands: stands.clone(), bits: self.bits.clone() });
                }
            }
        }
        tasks
    }
}

/// Runs a study of the dataset `source` into the folder `output`.
///
/// # Errors
///
/// A source that cannot be read, a folder that is not empty or cannot be written, or a board that does not answer.
pub fn study(source: &Source, cache: &Cache, plan: &Plan<'_>, output: &Path) -> Result<Results> {
    let protocols = [Protocol::Article, Protocol::HeldOut].into_iter().filter(|&protocol| plan.needs(protocol));
    let prepared: Vec<Prepared> =
        protocols.map(|protocol| Prepared::open(source, protocol, cache)).collect::<Result<_>>()?;
    let first = prepared.first().ok_or_else(|| Error::usage("no recipe to train", "name one with --recipes"))?;
    first.info.say_notes();
    let _lock = FolderLock::take(output)?;
    if plan.resume {
        files::remove_unfinished(output)?;
    }
    let tasks = plan.tasks(&prepared);
    let table = plan.table(&tasks);
    table.begin("train", tasks.len());
    let evaluated = parallel::map(&tasks, plan.threads, |task| -> Result<Vec<Evaluated>> {
        let place = plan.place(&tasks, &task.cell.recipe.name, task.data.protocol.name(), task.cell.seed);
        let epochs = task.cell.recipe.epochs;
        let evaluated =
            task.run(output, plan.resume, |record| table.set(place, format!("{}/{epochs}", record.epoch)))?;
        if let Some(first) = evaluated.first() {
            table.set(place, format!("{:.2}", 100.0 * first.row.integer.test_accuracy));
        }
        table.step(&evaluated.first().map_or_else(|| task.name(), summary));
        Ok(evaluated)
    })?;
    let mut evaluated: Vec<Evaluated> = evaluated.into_iter().flatten().collect();
    if let Some((board, documents)) = plan.board {
        table.begin("board", evaluated.len());
        let done = |model: &ModelRow, row: &BoardRow, line: &str| {
            let mark = match row {
                BoardRow::Ran { logit_mismatches: 0, .. } => "=",
                BoardRow::Ran { .. } => "≠",
                BoardRow::Refused { .. } => "!",
            };
            table.append(plan.place(&tasks, &model.recipe, &model.protocol, model.seed), mark);
            table.step(line);
        };
        verify::on_board(&mut evaluated, board, documents, &first.dataset()?.test, plan.threads, done)?;
    }
    drop(table);
    let results = verdict::results(first.info.clone(), &evaluated, &plan.rules)?;
    let json = serde_json::to_string_pretty(&results).expect("plain data");
    files::write(&output.join("results.json"), format!("{json}\n").as_bytes())?;
    let rows = tidy::rows(&evaluated);
    files::write(&output.join("results.csv"), &tidy::csv(&rows))?;
    if let Some(path) = plan.report {
        let margin = plan.rules.settings.margin;
        report::write(&report::Study { results: &results, rows: &rows, recipes: &plan.recipes, margin }, path)?;
    }
    Ok(results)
}

/// One line on a model that has been trained and evaluated.
fn summary(evaluated: &Evaluated) -> String {
    let row = &evaluated.row;
    let float = row.float.as_ref().map_or(f64::NAN, |float| float.test_accuracy);
    format!(
        "{}, seed {}, {}: test accuracy float {float:.4}, integer {:.4}, {} flips in {} documents",
        row.recipe,
        row.seed,
        row.protocol,
        row.integer.test_accuracy,
        row.integer.flips.unwrap_or(0),
        row.integer.documents,
    )
}
