//! The models that ship: trained, exported, run on every check, and a table that says how each was made.

use std::{fmt::Write, num::NonZeroUsize, path::PathBuf};

use clap::Args;

use crate::{
    Error, Result,
    board::Board,
    cli::{BoardArgs, CacheArgs, DataArgs, OutputArgs, threads},
    commands::Outcome,
    files,
    model_file::ModelFile,
    quantise::WeightBits,
    recipe::{Knobs, Recipe},
    results::{BoardRow, ModelRow, Results},
    run::{Protocol, Stand},
    study::{Plan, study},
    verdict::Rules,
};

/// The recipes that ship, each at seed 0. All but the last are the article's; the last is the one to use.
const SHIPPED: [&str; 7] = ["linear", "baseline", "smaller", "l1", "l2", "dropout", "early-stopping"];

/// Arguments of `models`.
#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// The data.
    #[command(flatten)]
    pub data: DataArgs,
    /// What is kept from one run to the next.
    #[command(flatten)]
    pub cache: CacheArgs,
    /// The board.
    #[command(flatten)]
    pub board: BoardArgs,
    /// Where to write the models and README.md; what is there under their names is replaced
    #[arg(long, value_name = "FOLDER", default_value = "models")]
    pub output: PathBuf,
    /// How many training runs at a time [default: the machine's cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// What to print.
    #[command(flatten)]
    pub print: OutputArgs,
}

/// Trains the models that ship, checks them as a study does, and writes them with their table.
///
/// # Errors
///
/// As a study; and a folder that cannot be written.
pub fn run(args: &ModelsArgs) -> Result<Outcome> {
    let firmware = args.board.firmware.as_deref();
    let board = Board::named(args.board.board.as_deref(), firmware)?;
    let plan = Plan {
        recipes: SHIPPED.into_iter().map(Recipe::named).collect::<Result<_>>()?,
        seeds: vec![0],
        protocols: vec![Protocol::Article],
        bits: vec![WeightBits::default()],
        board: board.as_ref().map(|board| (board, args.board.documents)),
        given: Knobs::default(),
        rules: Rules::default(),
        threads: threads(args.threads),
        resume: false,
        report: None,
    };
    let runs = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
    let results = study(&args.data, &args.cache.cache(), &plan, runs.path())?;
    if results.failed() {
        return Ok(Outcome::of(&results, &args.print));
    }
    files::create_folder(&args.output)?;
    let mut shipped = Vec::with_capacity(SHIPPED.len());
    for name in SHIPPED {
        let model = of_recipe(&results, name)?;
        let file = ModelFile::read(model.file.path.as_ref())?;
        file.write(&args.output.join(format!("{name}.edgefit")))?;
        shipped.push((model, file));
    }
    let files: Vec<(&str, &ModelFile)> = shipped.iter().map(|(model, file)| (model.recipe.as_str(), file)).collect();
    let rooms = rooms(&Board::all(firmware)?, &files)?;
    let models: Vec<&ModelRow> = shipped.iter().map(|(model, _)| *model).collect();
    let readme = args.output.join("README.md");
    files::write(&readme, page(&results, &models, &rooms, args).as_bytes())?;
    eprintln!("The models and {} are written", readme.display());
    Ok(Outcome::of(&results, &args.print))
}

/// The row of a recipe as it ships: the last epoch of the article protocol, or where it stopped.
fn of_recipe<'r>(results: &'r Results, name: &str) -> Result<&'r ModelRow> {
    let stops = Recipe::named(name)?.patience.is_some();
    let stand = if stops { Stand::Chosen } else { Stand::Last };
    let protocol = if stops { Protocol::HeldOut } else { Protocol::Article };
    let wanted =
        |model: &&ModelRow| model.recipe == name && model.protocol == protocol.name() && model.epochs == Some(stand);
    let found = results.models.iter().find(wanted);
    found.ok_or_else(|| Error::input(name, "the study has no such model", "this is a fault of edgefit: report it"))
}

/// A board, and which models it has room for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The board's name.
    pub board: String,
    /// Bytes that it has for a model.
    pub bytes: usize,
    /// Whether each model fits, in their order.
    pub fits: Vec<bool>,
}

/// Which of some models, by name, each of some boards has room for.
///
/// # Errors
///
/// Facts of a board that cannot be read.
pub fn rooms(boards: &[Board], models: &[(&str, &ModelFile)]) -> Result<Vec<Room>> {
    let of_board = |board: &Board| {
        let fits = models.iter().map(|(_, file)| {
            let model = file.model().expect("a file that was read has been loaded once");
            Ok(board.fit(&model)?.fits())
        });
        Ok(Room { board: board.name(), bytes: board.model_region_len(), fits: fits.collect::<Result<_>>()? })
    };
    boards.iter().map(of_board).collect()
}

impl Room {
    /// Which of the models of these names fit, in words: `all`, `none`, or which.
    #[must_use]
    pub fn words(&self, names: &[&str]) -> String {
        let named = |fits| -> Vec<&str> {
            names.iter().zip(&self.fits).filter(|(_, fit)| **fit == fits).map(|(name, _)| *name).collect()
        };
        match (named(true), named(false)) {
            (_, others) if others.is_empty() => "all".to_owned(),
            (fitting, _) if fitting.is_empty() => "none".to_owned(),
            (fitting, others) if others.len() < fitting.len() => format!("all but {}", others.join(", ")),
            (fitting, _) => fitting.join(", "),
        }
    }
}

/// A line of the table of models; `boards` says how many boards it fits.
fn row(model: &ModelRow, boards: &str) -> String {
    let percent = |accuracy: f64| format!("{:.3}", 100.0 * accuracy);
    let (board, cost) = match &model.board {
        Some(BoardRow::Ran { test_accuracy, cost, .. }) => (percent(*test_accuracy), *cost),
        Some(BoardRow::Refused { error, .. }) => (error.clone(), None),
        None => ("not run".to_owned(), None),
    };
    let cost = cost.map_or_else(|| "–".to_owned(), |cost| format!("{:.0}", cost.total()));
    format!(
        "| `{}.edgefit` | {} | {} | {} | {} | {} | {board} | {} | {} | {cost} | {boards} |\n",
        model.recipe,
        model.seed,
        model.protocol,
        model.epoch,
        model.float.as_ref().map_or_else(|| "–".to_owned(), |float| percent(float.test_accuracy)),
        percent(model.integer.test_accuracy),
        model.integer.flips.unwrap_or(0),
        model.file.bytes,
    )
}

/// What has run on a board, in two sentences. A logit that differs would have ended the command before.
fn ran(models: &[&ModelRow]) -> String {
    let of_board = |model: &&ModelRow| match &model.board {
        Some(BoardRow::Ran { name, documents, cost, .. }) => Some((name.clone(), *documents, *cost)),
        _ => None,
    };
    let Some((name, documents, cost)) = models.iter().find_map(of_board) else {
        return "No board has run them.".to_owned();
    };
    let cost = cost.map_or_else(String::new, |cost| {
        format!(
            "\n`cost` is {} a document there, from raw text, mean over {} of them.",
            cost.unit.name(),
            cost.documents
        )
    });
    format!(
        "The board is\n`{name}`; it has run {documents} of the test documents from raw text, and every integer logit equals \
         the host's.{cost}"
    )
}

/// How the linear model stands to the one to use, where it does better.
fn linear(models: &[&ModelRow]) -> String {
    let named = |name: &str| models.iter().find(|model| model.recipe == name);
    let (Some(linear), Some(chosen)) = (named("linear"), named("early-stopping")) else { return String::new() };
    let [ours, theirs] = [linear, chosen].map(|model| 100.0 * model.integer.test_accuracy);
    if ours <= theirs {
        return String::new();
    }
    format!(
        "On these documents `linear.edgefit`, which has no hidden layer, does better still: {ours:.3} % against {theirs:.3} %,\n\
         in {} bytes.\n",
        linear.file.bytes
    )
}

fn page(results: &Results, models: &[&ModelRow], rooms: &[Room], args: &ModelsArgs) -> String {
    let data = &results.dataset;
    let source = std::path::Path::new(&args.data.data).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut command = format!("trainer models --data {source}");
    if let Some(board) = &args.board.board {
        let _ = write!(command, " --board {board} --documents {}", args.board.documents);
    }
    let mut page = format!(
        "# Models that ship\n\n\
         Trained on the {} training documents of {} and tested on its {} test documents. This page and the\n\
         files are written by\n\n    {command}\n\n\
         **`early-stopping.edgefit` is the one to use**: a fifth of the training documents is held out and has chosen its epoch.\n\
         The others are the article's experiment, at the last of a fixed number of epochs, where most of them overfit.\n\
         {}\n\
         | file | seed | protocol | epoch | float, % | integer, % | board, % | flips | bytes | cost | boards |\n\
         |---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        data.train_documents,
        data.name,
        data.test_documents,
        linear(models),
    );
    for (index, model) in models.iter().enumerate() {
        let fitting = rooms.iter().filter(|room| room.fits[index]).count();
        page.push_str(&row(model, &format!("{fitting} of {}", rooms.len())));
    }
    let _ = write!(
        page,
        "\nAccuracies are of the test documents; a flip is a decision that differs between float and integer. {}\n\
         `boards` counts those of the table below that a file fits.\n\n\
         | board | room for a model, bytes | models that fit |\n|---|--:|---|\n",
        ran(models),
    );
    let names: Vec<&str> = models.iter().map(|model| model.recipe.as_str()).collect();
    for room in rooms {
        let _ = writeln!(page, "| `{}` | {} | {} |", room.board, room.bytes, room.words(&names));
    }
    let _ = write!(
        page,
        "\nBoards named `qemu:…` are emulated. `trainer inspect FILE --board B` tells what a file takes of a board, part by part.\n\n\
         The files hold weights and the hashes of words, no text. Each states its own provenance;\n\n    \
         trainer verify models/*.edgefit --data {source}\n\n\
         checks it. SHA-256 of the data: `{}`. edgefit {}.\n",
        data.sha256,
        edgefit::VERSION,
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_said_in_the_fewest_words() {
        let words = |fits: [bool; 3]| {
            Room { board: String::new(), bytes: 0, fits: fits.to_vec() }.words(&["linear", "l2", "dropout"])
        };
        assert_eq!(words([true; 3]), "all");
        assert_eq!(words([false; 3]), "none");
        assert_eq!(words([true, false, true]), "all but l2");
        assert_eq!(words([true, false, false]), "linear");
    }
}
