//! What each verb does: from arguments to what is printed on stdout.

use std::path::{Path, PathBuf};

use crate::{
    Error, Result,
    board::{self, Board},
    cache::Cache,
    cell::Cell,
    cli::{BoardArgs, Cli, Command, DemoArgs, ExportArgs, OutputArgs, StudyArgs, TrainArgs, VerifyArgs, threads},
    data::{Corpus, Dataset},
    data_verbs,
    evaluate::{Evaluated, evaluate_file, evaluate_run},
    export::export,
    interrupt,
    model_file::ModelFile,
    parallel,
    prepared::Prepared,
    progress::EpochProgress,
    recipe::{BASELINE, Knobs, Recipe},
    results::Results,
    run::{DatasetInfo, Protocol, Run, Stand, check_vacant},
    shell,
    study::{Plan, study},
    table,
    verdict::{self, Rules},
    verify::{self, Documents},
};

/// What a command leaves: what to print on stdout, and whether a check has failed.
#[derive(Debug)]
pub struct Outcome {
    /// For stdout.
    pub text: String,
    /// The program exits with 1.
    pub failed: bool,
}

impl Outcome {
    fn passed(text: String) -> Self {
        Self { text, failed: false }
    }

    fn of(results: &Results, print: &OutputArgs) -> Self {
        let text = if print.json {
            serde_json::to_string_pretty(results).expect("plain data") + "\n"
        } else {
            table::render(results)
        };
        Self { text, failed: results.failed() }
    }
}

/// Carries out a command.
///
/// # Errors
///
/// Bad usage or input.
pub fn run(cli: &Cli) -> Result<Outcome> {
    match &cli.command {
        Command::Demo(args) => run_demo(args),
        Command::Data(args) => data_verbs::run(args).map(Outcome::passed),
        Command::Train(args) => run_train(args),
        Command::Export(args) => run_export(args),
        Command::Study(args) => run_study(args),
        Command::Verify(args) => run_verify(args),
        Command::Boards(args) => board::cli::boards(args),
        Command::Flash(args) => board::cli::flash(args),
        Command::Inspect(args) => board::cli::inspect(args),
        Command::Completions(args) => Ok(Outcome::passed(shell::completions(args))),
        Command::Man(args) => shell::man(args).map(Outcome::passed),
    }
}

/// `output`, or the first of `runs/NAME-0`, `runs/NAME-1`, ... that is not there yet. It must be empty unless resumed.
fn output_folder(output: Option<&Path>, resume: bool, name: &str) -> Result<PathBuf> {
    if let Some(output) = output {
        if !resume {
            check_vacant(output)?;
        }
        return Ok(output.to_owned());
    }
    let mut names = (0u32..=u32::MAX).map(|n| Path::new("runs").join(format!("{name}-{n}")));
    names
        .find(|folder| !folder.exists())
        .ok_or_else(|| Error::usage("every folder name in runs/ is taken", "name one with --output"))
}

fn open_board(args: &BoardArgs) -> Result<Option<Board>> {
    args.board.as_ref().map(|name| Board::parse_in(name, args.firmware.as_deref())).transpose()
}

fn run_demo(args: &DemoArgs) -> Result<Outcome> {
    let output = output_folder(args.output.as_deref(), false, "demo")?;
    let board = Board::parse_in("qemu:mps2-an386", args.firmware.as_deref())?;
    eprintln!("The data is the embedded synthetic corpus: 25,000 + 25,000 generated documents, no real text.");
    let recipes = ["baseline", "smaller", "l2", "dropout"];
    let plan = Plan {
        recipes: recipes.into_iter().map(Recipe::named).collect::<Result<_>>()?,
        seeds: vec![0, 1, 2],
        protocols: vec![Protocol::Article],
        board: Some((&board, "2000".parse::<Documents>().expect("a number"))),
        rules: Rules::default(),
        threads: threads(args.threads),
        resume: false,
    };
    run_plan("synthetic", &args.cache.cache(), &plan, &output, &args.print)
}

fn run_plan(source: &str, cache: &Cache, plan: &Plan<'_>, output: &Path, print: &OutputArgs) -> Result<Outcome> {
    interrupt::watch();
    let results = study(source, cache, plan, output).map_err(|error| match error {
        Error::Interrupted { .. } => Error::Interrupted { folder: Some(output.to_owned()) },
        other => other,
    })?;
    eprintln!("The runs, the exported models and results.json are in {}", output.display());
    Ok(Outcome::of(&results, print))
}

fn run_train(args: &TrainArgs) -> Result<Outcome> {
    let config = args.config.as_deref().map(Knobs::read).transpose()?.unwrap_or_default();
    let recipe = config.resolve(args.recipe.as_deref(), &args.knobs)?;
    let seed = args.seed.or(config.seed).unwrap_or(0);
    let by_default = if recipe.patience.is_some() { Protocol::HeldOut } else { Protocol::Article };
    let protocol = args.protocol.or(config.protocol).unwrap_or(by_default);
    let output = output_folder(args.output.as_deref(), args.resume, &recipe.name)?;
    let data = Prepared::open(&args.data.data, protocol, &args.cache.cache())?;
    interrupt::watch();
    let progress = EpochProgress::new(recipe.epochs);
    let run = Cell { recipe, seed }.train(&data, &output, args.resume, |record| progress.epoch(record))?;
    drop(progress);
    Ok(Outcome::passed(format!("{}\n", run.folder.display())))
}

fn run_export(args: &ExportArgs) -> Result<Outcome> {
    let run = Run::open(&args.run)?;
    let epoch = run.epoch(args.epoch)?;
    let vocabulary = run.vocabulary()?;
    let test = match Dataset::open(&run.info.dataset.source) {
        Ok(dataset) if dataset.sha256 == run.info.dataset.sha256_bytes() => Some(vocabulary.corpus(&dataset.test)),
        _ => {
            let source = &run.info.dataset.source;
            eprintln!("{source} is not the dataset of this run any more: the file will not state its own accuracy");
            None
        }
    };
    let exported = export(&run, &vocabulary, epoch, &run.checkpoint(epoch)?, test.as_ref())?;
    exported.file.write(&args.output)?;
    if test.is_some() {
        eprintln!("{} activations on the test documents are clamped", exported.clamps);
    }
    let bytes = exported.file.bytes().len();
    Ok(Outcome::passed(format!("{}: epoch {epoch}, {bytes} bytes\n", args.output.display())))
}

fn run_study(args: &StudyArgs) -> Result<Outcome> {
    let recipes = Recipe::list(&args.recipes, &args.knobs)?;
    let rules = args.rules.rules()?;
    let board = open_board(&args.board)?;
    let output = output_folder(args.output.as_deref(), args.resume, "study")?;
    let plan = Plan {
        recipes,
        seeds: args.seeds.0.clone(),
        protocols: args.protocol.clone(),
        board: board.as_ref().map(|board| (board, args.board.documents)),
        rules,
        threads: threads(args.threads),
        resume: args.resume,
    };
    run_plan(&args.data.data, &args.cache.cache(), &plan, &output, &args.print)
}

fn run_verify(args: &VerifyArgs) -> Result<Outcome> {
    let rules = args.rules.rules()?;
    let board = open_board(&args.board)?;
    let subjects: Vec<Subject> = args.models.iter().map(|path| Subject::open(path)).collect::<Result<_>>()?;
    let dataset = Dataset::open(&args.data.data)?;
    let info = DatasetInfo::of(&dataset, &args.data.data);
    let exports = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
    let stops_early = subjects.iter().any(Subject::stops_early);
    let models = parallel::map(&subjects, threads(args.threads), |subject| {
        subject.evaluate(&dataset, exports.path(), stops_early)
    })?;
    let mut models: Vec<Evaluated> = models.into_iter().flatten().collect();
    if let Some(board) = &board {
        verify::on_board(&mut models, board, args.board.documents, &dataset.test, threads(args.threads))?;
    }
    let results = verdict::results(info, &models, &rules)?;
    Ok(Outcome::of(&results, &args.print))
}

/// What `verify` is given: a run folder or a model file.
enum Subject {
    Run(Box<Run>),
    File(PathBuf, ModelFile),
}

impl Subject {
    fn open(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Ok(Self::Run(Box::new(Run::open(path)?)));
        }
        Ok(Self::File(path.to_owned(), ModelFile::read(path)?))
    }

    fn stops_early(&self) -> bool {
        matches!(self, Self::Run(run) if run.recipe.patience.is_some())
    }

    /// Evaluates it; `stopped` says that there is a run among the subjects that was stopped early, which is compared with
    /// the baseline that went on.
    fn evaluate(&self, dataset: &Dataset, exports: &Path, stopped: bool) -> Result<Vec<Evaluated>> {
        match self {
            Self::Run(run) => {
                let vocabulary = run.vocabulary()?;
                let test = vocabulary.corpus(&dataset.test);
                let goes_on = stopped && run.recipe.name == BASELINE && run.stand() != Stand::Last;
                let stands = [run.stand()].into_iter().chain(goes_on.then_some(Stand::Last));
                let evaluate = |stand| {
                    let folder = tempfile::tempdir_in(exports).map_err(Error::io("create", exports))?;
                    let file = folder.path().join("model.edgefit");
                    let mut evaluated = evaluate_run(run, &vocabulary, &test, stand, &file)?;
                    // The file is in memory and its folder goes away: the run is what the user knows.
                    evaluated.row.file.path = run.folder.display().to_string();
                    Ok(evaluated)
                };
                stands.map(evaluate).collect()
            }
            Self::File(path, file) => {
                let model = file.model().expect("a file that was read has been loaded once");
                let test = Corpus::new(&dataset.test, model.vocabulary());
                Ok(vec![evaluate_file(file.clone(), path, &test, dataset.sha256)])
            }
        }
    }
}
