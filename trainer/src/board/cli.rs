//! The verbs about boards: `boards` and `flash`.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use edgefit::{Model, link::Served};
use serde::Serialize;

use super::{Board, Given, Session, flash::Step};
use crate::{Result, commands::Outcome, integer::Buffers, model_file::ModelFile};

/// Arguments of `boards`.
#[derive(Debug, Args)]
pub struct BoardsArgs {
    /// The firmware folder, where it is not above the current folder
    #[arg(long, value_name = "FOLDER")]
    pub firmware: Option<PathBuf>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `flash`.
#[derive(Debug, Args)]
pub struct FlashArgs {
    /// The exported model file
    #[arg(value_name = "FILE")]
    pub model: PathBuf,
    /// The board, such as `qemu:microbit`; `trainer boards` lists them
    #[arg(long, value_name = "BOARD")]
    pub board: String,
    /// Leave the image on the board as it is and replace the model alone
    #[arg(long)]
    pub model_only: bool,
    /// Print the commands instead of running them
    #[arg(long)]
    pub dry_run: bool,
    /// Then have an emulated board classify this text; may be given many times
    #[arg(long, value_name = "TEXT")]
    pub text: Vec<String>,
    /// The firmware folder, where it is not above the current folder
    #[arg(long, value_name = "FOLDER")]
    pub firmware: Option<PathBuf>,
}

/// A board, as `boards --json` tells of it.
#[derive(Debug, Serialize)]
struct Listed<'b> {
    name: String,
    description: &'b str,
    cpu: &'b str,
    target: &'b str,
    transport: &'b str,
    emulated: bool,
    model_region: u32,
    ram: u32,
}

/// Lists the boards.
///
/// # Errors
///
/// Usage, if there is no firmware folder; input, if a `board.toml` in it is not sound.
pub fn boards(args: &BoardsArgs) -> Result<Outcome> {
    let boards = Board::all(args.firmware.as_deref())?;
    let listed: Vec<Listed<'_>> = boards.iter().map(listed).collect();
    if args.json {
        let object = serde_json::json!({ "schema": 1, "boards": listed });
        return Ok(done(format!("{object:#}\n")));
    }
    let mut text = format!("  {:<24}  {:<13}  {:<11}  {:>9}  {:>9}\n", "board", "core", "link", "model", "RAM");
    for board in &listed {
        let sizes = (board.model_region / 1_024, board.ram / 1_024);
        let Listed { name, cpu, transport, description, .. } = board;
        let _ = writeln!(text, "  {name:<24}  {cpu:<13}  {transport:<11}  {:>5} KiB  {:>5} KiB", sizes.0, sizes.1);
        let _ = writeln!(text, "      {description}");
    }
    Ok(done(text))
}

fn listed(board: &Board) -> Listed<'_> {
    let facts = &board.facts;
    Listed {
        name: board.name(),
        description: &facts.description,
        cpu: &facts.cpu,
        target: &facts.target,
        transport: facts.transport.name(),
        emulated: board.is_emulated(),
        model_region: facts.model.length,
        ram: facts.ram.length,
    }
}

/// Brings image and model to a board, or starts an emulated one with them and has it test itself.
///
/// # Errors
///
/// Board, if the model does not fit, the image does not build, or the board cannot be reached.
pub fn flash(args: &FlashArgs) -> Result<Outcome> {
    let board = Board::parse_in(&args.board, args.firmware.as_deref())?;
    let file = ModelFile::read(&args.model)?;
    let model = sound(&file, &args.model)?;
    board.must_fit(&model)?;
    if args.dry_run {
        return Ok(done(lines(&steps(&board, args)?)));
    }
    if board.is_emulated() {
        return emulated(&board, &file, &model, &args.text);
    }
    let image = if args.model_only { None } else { Some(board.image()?.elf.clone()) };
    board.run_steps(&board.flash_steps(image.as_deref(), &args.model)?)?;
    Ok(done(format!("{}: flashed {}\n", board.name(), args.model.display())))
}

/// Every command that `flash` would run.
fn steps(board: &Board, args: &FlashArgs) -> Result<Vec<Step>> {
    let image = board.image_path();
    let mut steps = if args.model_only { Vec::new() } else { vec![board.build_step()] };
    match board.emulate_step(&image, &args.model) {
        Some(step) => steps.push(step),
        None => steps.extend(board.flash_steps((!args.model_only).then_some(&image), &args.model)?),
    }
    Ok(steps)
}

fn lines(steps: &[Step]) -> String {
    steps.iter().map(|step| step.line() + "\n").collect()
}

/// Starts the board, compares its answers with the host's, and says what came of it.
fn emulated(board: &Board, file: &ModelFile, model: &Model<'_>, texts: &[String]) -> Result<Outcome> {
    let mut buffers = Buffers::of(model);
    let mut host = Served::new(model, buffers.view()).expect("the buffers are as large as the model needs");
    let mut session = Session::start(board, file.bytes())?;
    let info = session.info()?;
    let mut text = format!(
        "{}: firmware {} for {}, model {:08x} in {} of {} bytes\n",
        board.name(),
        info.firmware,
        info.target,
        model.crc(),
        model.file_len(),
        info.region
    );
    let mut failed = false;
    let mut compare = |what: &str, on_board: &[i32], on_host: &[i32]| {
        let equal = on_board == on_host;
        failed |= !equal;
        if equal { format!("{what}, equal to the host") } else { format!("{what}, the host says {on_host:?}") }
    };
    let on_host = host.self_test(model).expect("the model is the classifier's").values().to_vec();
    let on_board = session.self_test()?;
    let _ = writeln!(text, "{}", compare(&format!("self-test: logits {on_board:?}"), &on_board, &on_host));
    for given in texts {
        let document = Given::parse(given.as_bytes(), model, &format!("`{given}`"))?;
        let on_board = session.classify(document.view())?;
        host.reset();
        document.view().feed(&mut host).expect("the document is of the model's kind");
        let answer = host.finish().expect("it is whole");
        let (class, on_host) = (answer.class(), answer.values());
        let label = model.labels().nth(class).unwrap_or_default();
        let said = format!("{given:?}: {label} ({:.1} %), logits {on_board:?}", 100.0 * answer.probability(class));
        let _ = writeln!(text, "{}", compare(&said, &on_board, on_host));
    }
    session.finish()?;
    Ok(Outcome { text, failed })
}

fn sound<'f>(file: &'f ModelFile, path: &Path) -> Result<Model<'f>> {
    file.model().map_err(|error| Board::model_error(path, error))
}

fn done(text: String) -> Outcome {
    Outcome { text, failed: false }
}
