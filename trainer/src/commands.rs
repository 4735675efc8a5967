//! What each verb does: from arguments to what is printed on stdout.

use std::path::{Path, PathBuf};

use crate::{
    Error, Result,
    board::Board,
    cli::{BoardArgs, Cli, Command, DemoArgs, ExportArgs, OutputArgs, StudyArgs, TrainArgs, VerifyArgs, threads},
    data::{Corpus, Dataset},
    evaluate::{Evaluated, evaluate_file, evaluate_run},
    export::export,
    model_file::ModelFile,
    prepared::Prepared,
    recipe::{NAMES, Recipe},
    results::Results,
    run::{DatasetInfo, Run, check_vacant},
    study::{Plan, study, train},
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
        Command::Train(args) => run_train(args),
        Command::Export(args) => run_export(args),
        Command::Study(args) => run_study(args),
        Command::Verify(args) => run_verify(args),
    }
}

/// `output`, or the first of `runs/NAME-0`, `runs/NAME-1`, ... that is not there yet. It must be empty.
fn vacant(output: Option<&Path>, name: &str) -> Result<PathBuf> {
    if let Some(output) = output {
        check_vacant(output)?;
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
    let output = vacant(args.output.as_deref(), "demo")?;
    let board = Board::parse_in("qemu:mps2-an386", args.firmware.as_deref())?;
    eprintln!("The data is the embedded synthetic corpus: 25,000 + 25,000 generated documents, no real text.");
    let data = Prepared::open("synthetic")?;
    let plan = Plan {
        recipes: NAMES.iter().map(|name| Recipe::named(name)).collect::<Result<_>>()?,
        seeds: vec![0, 1, 2],
        board: Some((&board, "2000".parse::<Documents>().expect("a number"))),
        rules: Rules::default(),
        threads: threads(args.threads),
    };
    let results = study(&data, &plan, &output)?;
    eprintln!("The runs, the exported models and results.json are in {}", output.display());
    Ok(Outcome::of(&results, &args.print))
}

fn run_train(args: &TrainArgs) -> Result<Outcome> {
    let mut recipe = Recipe::named(&args.recipe)?;
    args.overrides.apply(&mut recipe)?;
    let output = vacant(args.output.as_deref(), &recipe.name)?;
    let data = Prepared::open(&args.data.data)?;
    let run = train(&data, &recipe, args.seed, &output, |record| {
        eprintln!(
            "epoch {:>3}/{}: loss {:.4}, accuracy {:.4}, validation loss {:.4}, accuracy {:.4}",
            record.epoch,
            recipe.epochs,
            record.train_loss,
            record.train_accuracy,
            record.validation_loss(),
            record.validation_accuracy,
        );
    })?;
    Ok(Outcome::passed(format!("{}\n", run.folder.display())))
}

fn run_export(args: &ExportArgs) -> Result<Outcome> {
    let run = Run::open(&args.run)?;
    let epoch = run.epoch(args.epoch)?;
    let vocabulary = run.vocabulary()?;
    let test = match Dataset::open(&run.info.dataset.source) {
        Ok(dataset) if dataset.sha256 == run.info.dataset.sha256_bytes() => {
            Some(vocabulary.corpus(&dataset.test))
        }
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
    let mut recipes: Vec<Recipe> = args.recipes.iter().map(|name| Recipe::named(name)).collect::<Result<_>>()?;
    for recipe in &mut recipes {
        args.overrides.apply(recipe)?;
    }
    let rules = args.rules.rules()?;
    let board = open_board(&args.board)?;
    let output = vacant(args.output.as_deref(), "study")?;
    let data = Prepared::open(&args.data.data)?;
    let plan = Plan {
        recipes,
        seeds: args.seeds.0.clone(),
        board: board.as_ref().map(|board| (board, args.board.documents)),
        rules,
        threads: threads(args.threads),
    };
    let results = study(&data, &plan, &output)?;
    eprintln!("The runs, the exported models and results.json are in {}", output.display());
    Ok(Outcome::of(&results, &args.print))
}

fn run_verify(args: &VerifyArgs) -> Result<Outcome> {
    let rules = args.rules.rules()?;
    let board = open_board(&args.board)?;
    let subjects: Vec<Subject> = args.models.iter().map(|path| Subject::open(path)).collect::<Result<_>>()?;
    let dataset = Dataset::open(&args.data.data)?;
    let info = DatasetInfo::of(&dataset, &args.data.data);
    let exports = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
    let mut models =
        crate::parallel::map(&subjects, threads(args.threads), |subject| subject.evaluate(&dataset, exports.path()))?;
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

    fn evaluate(&self, dataset: &Dataset, exports: &Path) -> Result<Evaluated> {
        match self {
            Self::Run(run) => {
                let vocabulary = run.vocabulary()?;
                let test = vocabulary.corpus(&dataset.test);
                let folder = tempfile::tempdir_in(exports).map_err(Error::io("create", exports))?;
                let mut evaluated = evaluate_run(run, &vocabulary, &test, &folder.path().join("model.edgefit"))?;
                // The file is in memory and its folder goes away: the run is what the user knows.
                evaluated.row.file.path = run.folder.display().to_string();
                Ok(evaluated)
            }
            Self::File(path, file) => {
                let file = file.clone();
                let model = file.model().expect("a file that was read has been loaded once");
                let test = Corpus::new(&dataset.test, model.vocabulary());
                drop(model);
                Ok(evaluate_file(file, path, &test, dataset.sha256))
            }
        }
    }
}
