//! `trainer inspect`: what is in a model file, layer by layer, and whether it fits a board.

use std::{fmt::Write, path::PathBuf};

use clap::Args;
use edgefit::{
    INPUT_MAX, Layer, Model,
    arithmetic::{accumulator_bound, signed_accumulator_bound},
    format::Input,
    vocabulary::buckets,
};
use serde::Serialize;

use crate::{
    Result,
    board::{Board, Fit},
    commands::Outcome,
    model_file::ModelFile,
    run::hex,
};

/// How many numeric features are shown to people.
const SHOWN_FEATURES: usize = 8;

/// Arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// The exported model file
    #[arg(value_name = "FILE")]
    pub model: PathBuf,
    /// Say whether it fits this board, such as `qemu:microbit`
    #[arg(long, value_name = "BOARD")]
    pub board: Option<String>,
    /// The firmware folder, where it is not above the current folder
    #[arg(long, value_name = "FOLDER")]
    pub firmware: Option<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
}

/// What is in a model file.
#[derive(Debug, Serialize)]
struct Inspection {
    /// The version of this object's layout.
    schema: u32,
    file: String,
    bytes: usize,
    /// In hexadecimal.
    crc32: String,
    format: u16,
    labels: Vec<String>,
    input: InputInfo,
    layers: Vec<LayerInfo>,
    /// The value of one unit of the integer logits.
    logit_scale: f32,
    made: Made,
    /// What it takes of a board, where one was named.
    fit: Option<Fit>,
}

/// What the first layer takes.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum InputInfo {
    Text {
        tokeniser: u16,
        foreign: bool,
        words: u32,
        unknown_row: bool,
        bytes: usize,
    },
    Numbers {
        /// In the order of the columns.
        features: Vec<FeatureInfo>,
        bytes: usize,
    },
}

/// A numeric feature.
#[derive(Debug, Serialize)]
struct FeatureInfo {
    /// The raw number that is in the middle.
    mean: f32,
    /// How far from the mean raw numbers are told apart; beyond it they are cut off.
    range: f32,
}

/// What a layer takes.
#[derive(Clone, Copy)]
enum Takes {
    Rows,
    Numbers,
    Activations { max: i32 },
}

#[derive(Debug, Serialize)]
struct LayerInfo {
    inputs: usize,
    units: usize,
    /// Bits a weight.
    bits: u8,
    /// Of weights and of what becomes of the sums.
    bytes: usize,
    largest_weight: i32,
    zero_weights: usize,
    /// Inputs whose weights are all zero: of the first layer, words that say nothing.
    zero_inputs: usize,
    /// The largest activation that it hands on; 0 for logits.
    activation_max: i32,
    /// The largest sum that any input can give, of at most 2147483647.
    accumulator_bound: i64,
}

/// How it was made.
#[derive(Debug, Serialize)]
struct Made {
    recipe: String,
    seed: u64,
    epoch: u32,
    protocol: String,
    dataset: String,
    dataset_sha256: String,
    /// On the test documents; null where it was not measured.
    float_accuracy: Option<f32>,
    integer_accuracy: Option<f32>,
    edgefit: String,
}

/// Carries out `inspect`; a failed check if there is a board and the model does not fit.
///
/// # Errors
///
/// A file that is no sound model, and why; a board that is not there.
pub fn inspect(args: &InspectArgs) -> Result<Outcome> {
    let file = ModelFile::read(&args.model)?;
    let model = file.model().expect("a file that was read has been loaded once");
    let board = Board::named(args.board.as_deref(), args.firmware.as_deref())?;
    let fit = board.map(|board| board.fit(&model)).transpose()?;
    let failed = fit.as_ref().is_some_and(|fit| !fit.fits());
    let inspection = Inspection::of(&model, args.model.display().to_string(), fit);
    let text = if args.json { format!("{:#}\n", serde_json::json!(inspection)) } else { inspection.render() };
    Ok(Outcome { text, failed })
}

impl Inspection {
    fn of(model: &Model<'_>, file: String, fit: Option<Fit>) -> Self {
        let header = model.header();
        let provenance = &header.provenance;
        let measured = |accuracy: f32| Some(accuracy).filter(|accuracy| accuracy.is_finite());
        let mut takes = model.standards().map_or(Takes::Rows, |_| Takes::Numbers);
        let mut layers = Vec::new();
        for (layer, stated) in model.layers().zip(&header.layers) {
            layers.push(LayerInfo::of(&layer, stated.bits, takes));
            takes = Takes::Activations { max: layer.activation_max() };
        }
        Self {
            schema: 1,
            file,
            bytes: model.file_len(),
            crc32: format!("{:08x}", model.crc()),
            format: edgefit::format::VERSION,
            labels: model.labels().map(str::to_owned).collect(),
            input: InputInfo::of(model),
            layers,
            logit_scale: header.logit_scale,
            made: Made {
                recipe: provenance.recipe.to_owned(),
                seed: provenance.seed,
                epoch: provenance.epoch,
                protocol: provenance.protocol.to_owned(),
                dataset: provenance.dataset.to_owned(),
                dataset_sha256: hex(&provenance.dataset_sha256),
                float_accuracy: measured(provenance.float_accuracy),
                integer_accuracy: measured(provenance.integer_accuracy),
                edgefit: provenance.edgefit.to_owned(),
            },
            fit,
        }
    }

    fn render(&self) -> String {
        let mut out = format!("{}: {} bytes, CRC-32 {}, format {}\n", self.file, self.bytes, self.crc32, self.format);
        let mut line = |name: &str, value: String| {
            let _ = writeln!(out, "  {name:<9}{value}");
        };
        line("classes", format!("{}: {}", self.labels.len(), self.labels.join(", ")));
        line("input", self.input.render());
        let Made { recipe, seed, epoch, protocol, dataset, dataset_sha256, edgefit, .. } = &self.made;
        line("made", format!("{recipe}, seed {seed}, epoch {epoch}, {protocol} protocol, by edgefit {edgefit}"));
        line("data", format!("{dataset}, SHA-256 {dataset_sha256}"));
        let percent = |share: f32| format!("{:.2}%", 100.0 * share);
        let accuracy = |share: Option<f32>| share.map_or_else(|| "not measured".to_owned(), percent);
        let (float, integer) = (accuracy(self.made.float_accuracy), accuracy(self.made.integer_accuracy));
        line("accuracy", format!("on its test documents: float {float}, integer {integer}"));
        line("logits", format!("one unit is {:e}", self.logit_scale));
        out.push_str(
            "\n  layer  inputs  units  bits    bytes  largest weight  zeros  zero inputs  activations  sums use\n",
        );
        for (i, layer) in self.layers.iter().enumerate() {
            let zeros = 100.0 * layer.zero_weights as f64 / (layer.inputs * layer.units) as f64;
            let handed =
                if layer.activation_max == 0 { "logits".to_owned() } else { format!("0..{}", layer.activation_max) };
            // One more for the sign.
            let bits = 65 - layer.accumulator_bound.leading_zeros();
            let LayerInfo { inputs, units, bits: wide, bytes, largest_weight, zero_inputs, .. } = layer;
            let _ = writeln!(
                out,
                "  {:>5}  {inputs:>6}  {units:>5}  {wide:>4}  {bytes:>7}  {largest_weight:>14}  {zeros:>4.1}%  \
                 {zero_inputs:>11}  {handed:>11}  {bits:>2} of 32 bits",
                i + 1
            );
        }
        if let Some(fit) = &self.fit {
            let _ = write!(out, "\n{}", fit.render());
        }
        out
    }
}

/// A number with four digits, for people.
fn short(number: f32) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    let digits = 3 - (number.abs().log10().floor().clamp(-3.0, 3.0) as i32);
    if (1e-3..1e6).contains(&number.abs()) {
        format!("{number:.*}", digits.max(0) as usize)
    } else {
        format!("{number:.3e}")
    }
}

impl InputInfo {
    fn of(model: &Model<'_>) -> Self {
        match (&model.header().input, model.standards()) {
            (&Input::Text { tokeniser, words, unknown_row, .. }, _) => {
                let foreign = model.is_foreign();
                let tokeniser = tokeniser & !edgefit::words::FOREIGN;
                let bytes = 2 * (buckets(words as usize) + words as usize);
                Self::Text { tokeniser, foreign, words, unknown_row, bytes }
            }
            (Input::Numbers { .. }, standards) => {
                let (means, scales) = standards.map_or((&[][..], &[][..]), |s| (s.means(), s.scales()));
                let feature = |(&mean, scale): (&f32, &f32)| FeatureInfo { mean, range: INPUT_MAX as f32 / scale };
                let features: Vec<FeatureInfo> = means.iter().zip(scales).map(feature).collect();
                Self::Numbers { bytes: features.len() * 2 * size_of::<f32>(), features }
            }
        }
    }

    fn render(&self) -> String {
        let (tokeniser, foreign, words, unknown_row, bytes) = match self {
            Self::Text { tokeniser, foreign, words, unknown_row, bytes } => {
                (tokeniser, foreign, words, unknown_row, bytes)
            }
            Self::Numbers { features, bytes } => {
                let shown = features.iter().take(SHOWN_FEATURES);
                let shown: Vec<String> = shown.map(|f| format!("{} ± {}", short(f.mean), short(f.range))).collect();
                let more = if features.len() > SHOWN_FEATURES { ", …" } else { "" };
                return format!("{} numbers ({}{more}), {bytes} bytes", features.len(), shown.join(", "));
            }
        };
        let whose = if *foreign { ", of a foreign tokeniser" } else { "" };
        let unknown = if *unknown_row { ", a row for all others" } else { "" };
        format!("text: {words} words{whose}{unknown}, tokeniser {tokeniser}, {bytes} bytes")
    }
}

impl LayerInfo {
    fn of(layer: &Layer<'_>, bits: u8, takes: Takes) -> Self {
        let (inputs, units) = (layer.inputs(), layer.units());
        let weights = || (0..inputs).flat_map(|input| (0..units).map(move |unit| layer.weight(input, unit)));
        let bound = |(unit, bias): (usize, i32)| {
            let column = (0..inputs).map(|input| layer.weight(input, unit));
            match takes {
                Takes::Rows => i64::from(bias).abs() + ((inputs as i64) << (bits - 1)),
                Takes::Numbers => signed_accumulator_bound(bias, column, INPUT_MAX),
                Takes::Activations { max } => accumulator_bound(bias, column, max),
            }
        };
        Self {
            inputs,
            units,
            bits,
            bytes: layer.stored_weights().len() + units * 12,
            largest_weight: weights().map(i32::abs).max().unwrap_or(0),
            zero_weights: weights().filter(|w| *w == 0).count(),
            zero_inputs: (0..inputs).filter(|&input| (0..units).all(|unit| layer.weight(input, unit) == 0)).count(),
            activation_max: layer.activation_max(),
            accumulator_bound: layer.biases().enumerate().map(bound).max().unwrap_or(0),
        }
    }
}
