//! The command line: what can be asked, and how the answer leaves the program.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::{
    Error, Result,
    board::cli::{BoardsArgs, FlashArgs},
    cache::Cache,
    data::Source,
    data_verbs::DataVerbArgs,
    evidence::{Resampling, Settings, Verdict},
    inspect::InspectArgs,
    models::ModelsArgs,
    parallel,
    predict::PredictArgs,
    quantise::WeightBits,
    recipe::Knobs,
    run::{EpochChoice, Protocol},
    shell::{CompletionsArgs, ManArgs},
    verdict::Rules,
    verify::Documents,
};

/// Trains small classifiers, quantises them to integers, runs them on a board, and shows with statistics whether
/// what regularisation won in training is still there after deployment.
#[derive(Debug, Parser)]
#[command(name = "trainer", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole path on the embedded synthetic corpus: train, quantise, run on an emulated board, verdict
    Demo(DemoArgs),
    /// Look into a dataset, download one, or write the synthetic one as files
    Data(DataVerbArgs),
    /// Train one recipe with one seed into a run folder
    Train(TrainArgs),
    /// Make a model file from a run
    Export(ExportArgs),
    /// Train, export and evaluate many recipes and seeds, run them on a board, and give a verdict
    Study(StudyArgs),
    /// Say how right a model file is on labelled documents, class by class
    Evaluate(EvaluateArgs),
    /// Run exported models on the host and on a board: every integer logit must be equal
    Verify(VerifyArgs),
    /// Say what a model file makes of texts or numbers, by the arithmetic of the board
    Predict(PredictArgs),
    /// List the boards
    Boards(BoardsArgs),
    /// Put a model on a board, with the image where that is needed, and ask it something
    Flash(FlashArgs),
    /// Show what is in a model file, layer by layer, and whether it fits a board
    Inspect(InspectArgs),
    /// Make the models that ship, and the table that says how each was made
    Models(ModelsArgs),
    /// Print the script that completes this command line in a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each verb
    Man(ManArgs),
}

/// The data.
pub type DataArgs = Source;

/// What is kept from one run to the next.
#[derive(Debug, Clone, Copy, Args)]
pub struct CacheArgs {
    /// Read and count the texts even if the cache has what comes of it, and keep nothing
    #[arg(long)]
    pub no_cache: bool,
}

impl CacheArgs {
    /// The cache to use.
    #[must_use]
    pub fn cache(self) -> Cache {
        if self.no_cache { Cache::off() } else { Cache::of_user() }
    }
}

/// The board.
#[derive(Debug, Args)]
pub struct BoardArgs {
    /// Run the exported models there too, such as `qemu:mps2-an386`
    #[arg(long, value_name = "BOARD")]
    pub board: Option<String>,
    /// How many test documents to run on the board, evenly spaced, or `all`
    #[arg(long, value_name = "N|all", default_value = "2000")]
    pub documents: Documents,
    /// The firmware folder, where it is not above the current folder
    #[arg(long, value_name = "FOLDER")]
    pub firmware: Option<PathBuf>,
}

/// How verdicts are reached.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// A shift of the gain by less than this many points does not matter
    #[arg(long, value_name = "POINTS", default_value_t = 0.25, allow_negative_numbers = true)]
    pub margin: f64,
    /// Fail unless every verdict is this word
    #[arg(long, value_name = "VERDICT", value_parser = ["holds"])]
    pub require: Option<String>,
    /// The seed of the bootstrap
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub bootstrap_seed: u64,
}

/// What to print.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where to write the runs and the exported models [default: runs/demo-N]
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Write a report for people: one HTML file, and its figures beside it as SVG, PNG and CSV
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// How many training runs at a time [default: the machine's cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// The firmware folder, where it is not above the current folder
    #[arg(long, value_name = "FOLDER")]
    pub firmware: Option<PathBuf>,
    /// What is kept from one run to the next.
    #[command(flatten)]
    pub cache: CacheArgs,
    /// What to print.
    #[command(flatten)]
    pub print: OutputArgs,
}

/// Arguments of `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// The data.
    #[command(flatten)]
    pub data: DataArgs,
    /// What is kept from one run to the next.
    #[command(flatten)]
    pub cache: CacheArgs,
    /// The recipe, such as baseline, smaller, l2, dropout or dropout-0.3 [default: baseline]
    #[arg(long, value_name = "NAME")]
    pub recipe: Option<String>,
    /// A recipe file, such as the recipe.toml of a run folder; flags override it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The seed of initialisation, order, dropout and data fraction [default: 0]
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// How the data is used [default: article]
    #[arg(long, value_name = "PROTOCOL")]
    pub protocol: Option<Protocol>,
    /// Knobs that override the recipe.
    #[command(flatten)]
    pub knobs: Knobs,
    /// Where to write the run [default: runs/RECIPE-N]
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Go on with the run in the output folder
    #[arg(long, requires = "output")]
    pub resume: bool,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The run folder
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Which epoch: `last`, `best` (lowest validation loss) or its number
    #[arg(long, value_name = "last|best|N", default_value = "last")]
    pub epoch: EpochChoice,
    /// Bits a weight of the first layer, and of other large ones
    #[arg(long, value_name = "4|8", value_enum, default_value = "8", hide_possible_values = true)]
    pub bits: WeightBits,
    /// Where to write the model file
    #[arg(long, value_name = "FILE")]
    pub output: PathBuf,
    /// The board that it has to fit; a model that does not is not written
    #[arg(long, value_name = "BOARD")]
    pub board: Option<String>,
    /// The firmware folder, where it is not above the current folder
    #[arg(long, value_name = "FOLDER", requires = "board")]
    pub firmware: Option<PathBuf>,
}

/// Arguments of `study`.
#[derive(Debug, Args)]
pub struct StudyArgs {
    /// The data.
    #[command(flatten)]
    pub data: DataArgs,
    /// What is kept from one run to the next.
    #[command(flatten)]
    pub cache: CacheArgs,
    /// Recipes and groups (all, more-data, dropout-curve, capacity), separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "baseline,smaller,l2,dropout")]
    pub recipes: Vec<String>,
    /// How the data is used; recipes that stop early are always held-out
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "article")]
    pub protocol: Vec<Protocol>,
    /// A number of seeds (N means 0 to N-1), or a list of seeds such as `3,5,8`
    #[arg(long, value_name = "N|LIST", default_value = "3")]
    pub seeds: Seeds,
    /// Knobs that override the recipe.
    #[command(flatten)]
    pub knobs: Knobs,
    /// The deployments of each network: bits a weight of the first layer, and of other large ones, such as `8,4`
    #[arg(
        long,
        value_name = "LIST",
        value_enum,
        value_delimiter = ',',
        default_value = "8",
        hide_possible_values = true
    )]
    pub bits: Vec<WeightBits>,
    /// The board.
    #[command(flatten)]
    pub board: BoardArgs,
    /// How verdicts are reached.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// Where to write the runs, the exported models and results.json [default: runs/study-N]
    #[arg(long, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// Go on with the study in the output folder: complete runs are kept, begun ones go on
    #[arg(long, requires = "output")]
    pub resume: bool,
    /// Write a report for people: one HTML file, and its figures beside it as SVG, PNG and CSV
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// How many training runs at a time [default: the machine's cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// What to print.
    #[command(flatten)]
    pub print: OutputArgs,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Exported model files, or run folders, whose float networks then take part
    #[arg(value_name = "FILE|RUN", required = true)]
    pub models: Vec<PathBuf>,
    /// The data.
    #[command(flatten)]
    pub data: DataArgs,
    /// The board.
    #[command(flatten)]
    pub board: BoardArgs,
    /// How verdicts are reached.
    #[command(flatten)]
    pub rules: RulesArgs,
    /// How many models at a time [default: the machine's cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// What to print.
    #[command(flatten)]
    pub print: OutputArgs,
}

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The exported model file
    #[arg(value_name = "FILE")]
    pub model: PathBuf,
    /// The data.
    #[command(flatten)]
    pub data: DataArgs,
    /// What to print.
    #[command(flatten)]
    pub print: OutputArgs,
}

/// The seeds of a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeds(pub Vec<u64>);

impl std::str::FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected a number of seeds from 1, or a list of different seeds such as `3,5,8`";
        let numbers: Result<Vec<u64>, _> =
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::parse).collect();
        let mut seeds = match numbers.as_deref() {
            Ok(&[count]) if !text.contains(',') && count <= 1_000 => (0..count).collect(),
            Ok(list) if text.contains(',') => list.to_vec(),
            _ => return Err(expected.to_owned()),
        };
        let given = seeds.len();
        seeds.sort_unstable();
        seeds.dedup();
        if seeds.is_empty() || seeds.len() < given { Err(expected.to_owned()) } else { Ok(Self(seeds)) }
    }
}

impl RulesArgs {
    /// The rules.
    ///
    /// # Errors
    ///
    /// A margin that makes no sense.
    pub fn rules(&self) -> Result<Rules> {
        if !(self.margin.is_finite() && self.margin >= 0.0) {
            return Err(Error::usage(format!("--margin {}", self.margin), "give a number of points, 0 or more"));
        }
        let resampling = Resampling { seed: self.bootstrap_seed, ..Resampling::default() };
        let settings = Settings { margin: self.margin, resampling, ..Settings::default() };
        Ok(Rules { settings, require: self.require.as_ref().map(|_| Verdict::Holds) })
    }
}

/// The number of threads that was asked for, or the machine's.
#[must_use]
pub fn threads(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.unwrap_or_else(parallel::available)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn seeds_are_a_number_or_a_list() {
        assert_eq!("3".parse(), Ok(Seeds(vec![0, 1, 2])));
        assert_eq!("3,".parse(), Ok(Seeds(vec![3])));
        assert_eq!("8, 3,5".parse(), Ok(Seeds(vec![3, 5, 8])));
        for bad in ["0", "", ",", "x", "1,1", "-1", "1.5"] {
            assert!(bad.parse::<Seeds>().is_err(), "{bad}");
        }
    }
}
