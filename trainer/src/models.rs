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
    recipe::Recipe,
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
    let board = args.board.board.as_ref().map(|name| Board::parse_in(name, firmware)).transpose()?;
    let plan = Plan {
        recipes: SHIPPED.into_iter().map(Recipe::named).collect::<Result<_>>()?,
        seeds: vec![0],
        protocols: vec![Protocol::Article],
        board: board.as_ref().map(|board| (board, args.board.documents)),
        suit_batch: false,
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
    let boards = Board::all(firmware)?;
    let mut rows = Vec::new();
    for name in SHIPPED {
        let model = shipped(&results, name)?;
        let file = ModelFile::read(model.file.path.as_ref())?;
        file.write(&args.output.join(format!("{name}.edgefit")))?;
        rows.push(row(model, &fitting(&boards, &file)?));
    }
    let readme = args.output.join("README.md");
    files::write(&readme, page(&results, &rows, &boards, args).as_bytes())?;
    eprintln!("The models and {} are written", readme.display());
    Ok(Outcome::of(&results, &args.print))
}

/// The row of a recipe as it ships: the last epoch of the article protocol, or where it stopped.
fn shipped<'r>(results: &'r Results, name: &str) -> Result<&'r ModelRow> {
    let stops = Recipe::named(name)?.patience.is_some();
    let stand = if stops { Stand::Chosen } else { Stand::Last };
    let protocol = if stops { Protocol::HeldOut } else { Protocol::Article };
    let wanted =
        |model: &&ModelRow| model.recipe == name && model.protocol == protocol.name() && model.epochs == Some(stand);
    let found = results.models.iter().find(wanted);
    found.ok_or_else(|| Error::input(name, "the study has no such model", "this is a fault of edgefit: report it"))
}

/// Which of the boards a model fits, in words: `all`, `all but …`, or their names.
///
/// # Errors
///
/// Facts of a board that cannot be read.
pub fn fitting(boards: &[Board], file: &ModelFile) -> Result<String> {
    let model = file.model().expect("a file that was read has been loaded once");
    let (mut fit, mut others) = (Vec::new(), Vec::new());
    for board in boards {
        if board.fit(&model)?.fits() {
            fit.push(board.name());
        } else {
            others.push(board.name());
        }
    }
    Ok(match (fit.len(), others.len()) {
        (_, 0) => "all".to_owned(),
        (0, _) => "none".to_owned(),
        (some, few) if few < some => format!("all but {}", others.join(", ")),
        _ => fit.join(", "),
    })
}

/// A line of the table.
fn row(model: &ModelRow, boards: &str) -> String {
    let float = model.float.as_ref().map_or(f64::NAN, |float| float.test_accuracy);
    let board = match &model.board {
        Some(BoardRow::Ran { documents, logit_mismatches: 0, test_accuracy, .. }) => {
            format!("{test_accuracy:.5} of {documents}, every logit equal")
        }
        Some(BoardRow::Ran { logit_mismatches, .. }) => format!("{logit_mismatches} logits differ"),
        Some(BoardRow::Refused { error, .. }) => error.clone(),
        None => "not run".to_owned(),
    };
    format!(
        "| `{}.edgefit` | {} | {} | {} | {float:.5} | {:.5} | {} | {board} | {} | {} |\n",
        model.recipe,
        model.seed,
        model.protocol,
        model.epoch,
        model.integer.test_accuracy,
        model.integer.flips.unwrap_or(0),
        model.file.bytes,
        boards,
    )
}

fn page(results: &Results, rows: &[String], boards: &[Board], args: &ModelsArgs) -> String {
    let data = &results.dataset;
    let source = std::path::Path::new(&args.data.data).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut command = format!("trainer models --data {source}");
    if let Some(board) = &args.board.board {
        let _ = write!(command, " --board {board} --documents {}", args.board.documents);
    }
    let names: Vec<String> = boards.iter().map(|board| format!("`{}`", board.name())).collect();
    let mut page = format!(
        "# Models that ship\n\n\
         Trained on the {} training documents of {} and tested on its {} test documents. This page and the\n\
         files are written by\n\n    {command}\n\n\
         **`early-stopping.edgefit` is the one to use**: a fifth of the training documents is held out and has chosen its epoch.\n\
         The others are the article's experiment, at the last of a fixed number of epochs, where most of them overfit.\n\n\
         | file | seed | protocol | epoch | float | integer | flips | board | bytes | boards that fit |\n\
         |---|--:|---|--:|--:|--:|--:|---|--:|---|\n",
        data.train_documents, data.name, data.test_documents,
    );
    page.extend(rows.iter().map(String::as_str));
    let _ = write!(
        page,
        "\nAccuracies are fractions of the test documents; a flip is a decision that differs between float and integer. The files\n\
         hold weights and the hashes of words, no text. Each states its own provenance:\n\n    \
         trainer verify models/*.edgefit --data {source}\n\n\
         checks it, and `trainer inspect FILE --board B` tells what a model takes of a board.\n\n\
         The boards: {}. Those named `qemu:…` are emulated.\n\n\
         SHA-256 of the data: `{}`. edgefit {}.\n",
        names.join(", "),
        data.sha256,
        edgefit::VERSION,
    );
    page
}
