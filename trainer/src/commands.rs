//! What each verb does: from arguments to what is printed on stdout.

use std::path::{Path, PathBuf};

use crate::{
    Error, Result,
    board::{self, Board},
    cache::Cache,
    cell::Cell,
    cli::{
        BoardArgs, Cli, Command, DemoArgs, EvaluateArgs, ExportArgs, OutputArgs, StudyArgs, TrainArgs, VerifyArgs,
        threads,
    },
    data::{Corpus, Dataset, Source},
    data_verbs,
    evaluate::{Evaluated, Labelled, evaluate_file, evaluate_run, judge_by},
    export::export,
    inspect, interrupt,
    model_file::ModelFile,
    models, parallel, predict,
    prepared::Prepared,
    progress::{EpochProgress, Progress},
    quantise::WeightBits,
    recipe::{BASELINE, Knobs, Recipe},
    results::{BoardRow, ModelRow, Results},
    run::{DatasetInfo, Protocol, Run, Stand, check_vacant},
    shell,
    signature::Signature,
    study::{Plan, study},
    table,
    terminal::say,
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

    pub(crate) fn of(results: &Results, print: &OutputArgs) -> Self {
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
        Command::Evaluate(args) => run_evaluate(args),
        Command::Verify(args) => run_verify(args),
        Command::Predict(args) => predict::predict(args),
        Command::Boards(args) => board::cli::boards(args),
        Command::Flash(args) => board::cli::flash(args),
        Command::Inspect(args) => inspect::inspect(args),
        Command::Models(args) => {
            interrupt::watch();
            models::run(args)
        }
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
    Board::named(args.board.as_deref(), args.firmware.as_deref())
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
        bits: vec![WeightBits::default()],
        board: Some((&board, "2000".parse::<Documents>().expect("a number"))),
        given: Knobs::default(),
        rules: Rules::default(),
        threads: threads(args.threads),
        resume: false,
        report: args.report.as_deref(),
    };
    run_plan(&"synthetic".into(), &args.cache.cache(), &plan, &output, &args.print)
}

fn run_plan(source: &Source, cache: &Cache, plan: &Plan<'_>, output: &Path, print: &OutputArgs) -> Result<Outcome> {
    interrupt::watch();
    let results = study(source, cache, plan, output).map_err(|error| match error {
        Error::Interrupted { .. } => Error::Interrupted { folder: Some(output.to_owned()) },
        other => other,
    })?;
    eprintln!("The runs, the exported models, results.json and results.csv are in {}", output.display());
    if let Some(report) = plan.report {
        eprintln!("The report is {}", report.display());
    }
    Ok(Outcome::of(&results, print))
}

fn run_train(args: &TrainArgs) -> Result<Outcome> {
    let config = args.config.as_deref().map(Knobs::read).transpose()?.unwrap_or_default();
    let recipe = config.resolve(args.recipe.as_deref(), &args.knobs)?;
    let seed = args.seed.or(config.seed).unwrap_or(0);
    let by_default = if recipe.patience.is_some() { Protocol::HeldOut } else { Protocol::Article };
    let protocol = args.protocol.or(config.protocol).unwrap_or(by_default);
    let output = output_folder(args.output.as_deref(), args.resume, &recipe.name)?;
    let data = Prepared::open(&args.data, protocol, &args.cache.cache())?;
    data.info.say_notes();
    let given = Knobs {
        batch_size: args.knobs.batch_size.or(config.batch_size),
        epochs: args.knobs.epochs.or(config.epochs),
        ..Knobs::default()
    };
    let recipe = data.schedule().applied(&recipe, &given);
    interrupt::watch();
    let progress = EpochProgress::new(recipe.epochs);
    let run = Cell { recipe, seed }.train(&data, &output, args.resume, |record| progress.epoch(record))?;
    drop(progress);
    Ok(Outcome::passed(format!("{}\n", run.folder.display())))
}

fn run_export(args: &ExportArgs) -> Result<Outcome> {
    let board = Board::named(args.board.as_deref(), args.firmware.as_deref())?;
    let run = Run::open(&args.run)?;
    let epoch = run.epoch(args.epoch)?;
    let inputs = run.inputs()?;
    let signature = Signature::of_run(&run, &inputs);
    let is_own =
        |dataset: &Dataset| dataset.sha256 == run.info.dataset.sha256_bytes() && signature.check(dataset).is_ok();
    let test = match Dataset::open(run.info.dataset.source()) {
        Ok(dataset) if is_own(&dataset) => Some(inputs.corpus(&dataset.test)),
        _ => {
            let source = &run.info.dataset.source;
            say(format_args!(
                "{source} is not the dataset of this run any more: the file will not state its own accuracy"
            ));
            None
        }
    };
    let exported = export(&run, &inputs, epoch, &run.checkpoint(epoch, &inputs)?, args.bits, test.as_ref())?;
    let fit = board.map(|board| board.fit(&exported.file.model().expect("a built file has been loaded once")));
    let fit = fit.transpose()?;
    let table = fit.as_ref().map_or_else(String::new, |fit| format!("\n{}", fit.render()));
    if fit.is_some_and(|fit| !fit.fits()) {
        return Ok(Outcome { text: format!("{} is not written\n{table}", args.output.display()), failed: true });
    }
    exported.file.write(&args.output)?;
    if test.is_some() {
        eprintln!("{} activations on the test documents are clamped", exported.clamps);
    }
    let bytes = exported.file.bytes().len();
    Ok(Outcome::passed(format!("{}: epoch {epoch}, {bytes} bytes\n{table}", args.output.display())))
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
        bits: distinct(&args.bits),
        board: board.as_ref().map(|board| (board, args.board.documents)),
        given: args.knobs.clone(),
        rules,
        threads: threads(args.threads),
        resume: args.resume,
        report: args.report.as_deref(),
    };
    run_plan(&args.data, &args.cache.cache(), &plan, &output, &args.print)
}

/// Each once, in order.
fn distinct(bits: &[WeightBits]) -> Vec<WeightBits> {
    let mut found = Vec::new();
    for bits in bits {
        if !found.contains(bits) {
            found.push(*bits);
        }
    }
    found
}

fn run_verify(args: &VerifyArgs) -> Result<Outcome> {
    let rules = args.rules.rules()?;
    let board = open_board(&args.board)?;
    let subjects: Vec<Subject> = args.models.iter().map(|path| Subject::open(path)).collect::<Result<_>>()?;
    let dataset = Dataset::open(&args.data)?;
    let info = DatasetInfo::of(&dataset, &args.data);
    info.say_notes();
    let exports = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
    let stops_early = subjects.iter().any(Subject::stops_early);
    let models = parallel::map(&subjects, threads(args.threads), |subject| {
        subject.evaluate(&dataset, exports.path(), stops_early)
    })?;
    let mut models: Vec<Evaluated> = models.into_iter().flatten().collect();
    // A file beside its run is judged by the float network that it was made from.
    for model in models.iter_mut().filter(|model| model.row.float.is_none()) {
        for run in subjects.iter().filter_map(Subject::run) {
            judge_by(model, run, &dataset.test)?;
        }
    }
    if let Some(board) = &board {
        let progress = Progress::new("board", models.len());
        let done = |_: &ModelRow, _: &BoardRow, line: &str| progress.step(line);
        verify::on_board(&mut models, board, args.board.documents, &dataset.test, threads(args.threads), done)?;
    }
    let results = verdict::results(info, &models, &rules)?;
    Ok(Outcome::of(&results, &args.print))
}

fn run_evaluate(args: &EvaluateArgs) -> Result<Outcome> {
    let file = ModelFile::read(&args.model)?;
    let model = file.model().expect("a file that was read has been loaded once");
    let labelled = Labelled::open(&args.data, &args.model, &model)?;
    labelled.info.say_notes();
    let test = Corpus::of_model(&labelled.documents, &model);
    let evaluated = evaluate_file(file.clone(), &args.model, &test, labelled.sha256);
    let results = verdict::results(labelled.info, &[evaluated], &Rules::default())?;
    let mut outcome = Outcome::of(&results, &args.print);
    if !args.print.json && !table::shows_classes(&results) {
        outcome.text.push('\n');
        table::matrix(&results.models[0].integer.metrics, &mut outcome.text);
    }
    Ok(outcome)
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

    fn run(&self) -> Option<&Run> {
        match self {
            Self::Run(run) => Some(run),
            Self::File(..) => None,
        }
    }

    fn stops_early(&self) -> bool {
        self.run().is_some_and(|run| run.recipe.patience.is_some())
    }

    /// Evaluates it; `stopped` says that there is a run among the subjects that was stopped early, which is compared with
    /// the baseline that went on.
    fn evaluate(&self, dataset: &Dataset, exports: &Path, stopped: bool) -> Result<Vec<Evaluated>> {
        match self {
            Self::Run(run) => {
                let inputs = run.inputs()?;
                Signature::of_run(run, &inputs).check(dataset)?;
                let test = inputs.corpus(&dataset.test);
                let goes_on = stopped && run.recipe.name == BASELINE && run.stand() != Stand::Last;
                let stands = [run.stand()].into_iter().chain(goes_on.then_some(Stand::Last));
                let evaluate = |stand| {
                    let folder = tempfile::tempdir_in(exports).map_err(Error::io("create", exports))?;
                    let file = folder.path().join("model.edgefit");
                    let mut evaluated = evaluate_run(run, &inputs, &test, stand, WeightBits::default(), &file)?;
                    // The file is in memory and its folder goes away: the run is what the user knows.
                    evaluated.row.file.path = run.folder.display().to_string();
                    Ok(evaluated)
                };
                stands.map(evaluate).collect()
            }
            Self::File(path, file) => {
                let model = file.model().expect("a file that was read has been loaded once");
                Signature::of_model(path, &model).check(dataset)?;
                let test = Corpus::of_model(&dataset.test, &model);
                Ok(vec![evaluate_file(file.clone(), path, &test, dataset.sha256)])
            }
        }
    }
}
