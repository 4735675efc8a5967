//! Evaluation: a run or a bare model file on the test documents, in float and on the host's integers.

use std::path::Path;

use edgefit::Model;

use crate::{
    Error, Result,
    classes::{ClassMetrics, decisions},
    data::{Corpus, Dataset, Inputs, Source, Split},
    evidence::{self, CALIBRATION_BINS},
    export::{Exported, export, without_start},
    integer,
    model_file::ModelFile,
    network::{self, Score},
    quantise::WeightBits,
    results::{CostRow, FileRow, FloatRow, IntegerRow, ModelRow},
    run::{Checkpoint, DatasetInfo, Protocol, Run, Stand},
    signature::Signature,
    tidy::{self, TidyRow},
    train::EpochRecord,
    verify::Mismatch,
    why::{self, Why},
};

/// A model that has been evaluated.
#[derive(Debug)]
pub struct Evaluated {
    /// Its row of the results, the board's part not yet filled in.
    pub row: ModelRow,
    /// The file: the last epoch's, for a run.
    pub file: ModelFile,
    /// The learning curves of its run; empty for a bare file.
    pub history: Vec<EpochRecord>,
    /// Whether it is the best epoch of a run that was stopped there.
    pub stops_early: bool,
    /// The share of the fitting documents that it has learnt from.
    pub data_fraction: f64,
    /// Correctness a document, float and integer: the mean over the files of the epochs that stand
    /// for the run. None for a bare file.
    pub correctness: Option<[Vec<f32>; 2]>,
    /// The same of the exported file alone, 0 or 1 a document.
    pub exported_correctness: Option<[Vec<f32>; 2]>,
    /// What the file says of its accuracy on this very dataset. None where it says nothing, or for a run.
    pub stated_accuracy: Option<f32>,
    /// What is known of a file whose words are those of a foreign tokeniser.
    pub foreign: Option<Foreign>,
    /// Correctness of the documents that ran on the board, if it has run.
    pub board_correctness: Option<Vec<f32>>,
    /// The first document on which the board differs from the host.
    pub mismatch: Option<Mismatch>,
    /// The rows of `results.csv` but the board's; none for a bare file.
    pub rows: Vec<TidyRow>,
}

/// A model file whose words are those of a foreign tokeniser: raw text may come to it as other words than it has seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foreign {
    /// The accuracy that the file states on the words of that tokeniser. None where the documents here are these, and
    /// where it states none.
    pub stated_accuracy: Option<f32>,
}

/// Evaluates the epochs that stand for a run, deployed with so many bits a weight. The file of the last of them is written to `path`.
///
/// # Errors
///
/// A run with something missing or damaged, a network that cannot be quantised, a file that cannot be written.
pub fn evaluate_run(
    run: &Run,
    inputs: &Inputs,
    test: &Corpus,
    stand: Stand,
    bits: WeightBits,
    path: &Path,
) -> Result<Evaluated> {
    let epochs = run.epochs_of(stand);
    let mut sums = [vec![0f32; test.len()], vec![0f32; test.len()]];
    let mut last = None;
    let mut rows = tidy::of_history(run, (run.info.protocol == Protocol::Article).then_some(test.len()));
    for &epoch in &epochs {
        // A wide network takes as much memory as all documents.
        drop(last.take());
        let checkpoint = run.checkpoint(epoch, inputs)?;
        let float = checkpoint.network.logits(test);
        let exported = export(run, inputs, epoch, &checkpoint, bits, Some(test))?;
        add_right(&mut sums[0], &float, test.labels());
        add_right(&mut sums[1], &exported.logits, test.labels());
        let documents = test.len();
        rows.push(tidy::of_test(run, epoch, "float", documents, &network::score(&float, test.labels())));
        let real = real_logits(&exported.file, &exported.logits);
        rows.push(tidy::of_test(
            run,
            epoch,
            &deployment(&exported.file),
            documents,
            &network::score(&real, test.labels()),
        ));
        last = Some((float, real, exported, checkpoint));
    }
    let (float, real, Exported { file, logits, clamps }, checkpoint) = last.ok_or_else(|| no_epochs(run))?;
    file.write(path)?;
    let files = epochs.len() as f32;
    // Of whole numbers, so exact.
    let mean = |sums: &[f32]| sums.iter().map(|&sum| f64::from(sum)).sum::<f64>() / (epochs.len() * sums.len()) as f64;
    let [mean_float, mean_integer] = sums.each_ref().map(|sums| mean(sums));
    let correctness = sums.map(|sums| sums.iter().map(|sum| sum / files).collect());

    let mut exported_correctness = [vec![0f32; test.len()], vec![0f32; test.len()]];
    add_right(&mut exported_correctness[0], &float, test.labels());
    add_right(&mut exported_correctness[1], &logits, test.labels());

    let epoch = *epochs.last().ok_or_else(|| no_epochs(run))?;
    let mut row = ModelRow { epochs: Some(stand), ..file_row(&file, path, test) };
    row.integer.mean_last5_test_accuracy = Some(mean_integer);
    row.integer.clamps = Some(clamps);
    let float_score = network::score(&float, test.labels());
    row.float = Some(float_row(run, epoch, &float_score, mean_float, &float, test)?);
    compare(&mut row, &file, &checkpoint, inputs, [&float, &real], test);
    Ok(Evaluated {
        row,
        foreign: is_foreign(&file).then_some(Foreign { stated_accuracy: None }),
        file,
        history: run.history.clone(),
        stops_early: run.recipe.patience.is_some(),
        data_fraction: run.recipe.data_fraction,
        correctness: Some(correctness),
        exported_correctness: Some(exported_correctness),
        stated_accuracy: None,
        board_correctness: None,
        mismatch: None,
        rows,
    })
}

/// Adds to a bare file what the float network that it was made from says: its accuracy, flips, error and layers.
///
/// Nothing happens unless the run is that of the file: recipe, seed, protocol, dataset, epoch and the sizes of all layers, since
/// a knob makes another net of the same name.
///
/// # Errors
///
/// A run with something missing or damaged.
pub fn judge_by(evaluated: &mut Evaluated, run: &Run, test: &Split) -> Result<()> {
    let row = &mut evaluated.row;
    let model = evaluated.file.model().expect("a file that was read has been loaded once");
    let sha256 = model.header().provenance.dataset_sha256;
    let of_file = (row.recipe.as_str(), row.seed, row.protocol.as_str(), sha256);
    let info = &run.info;
    let of_run = (run.recipe.name.as_str(), info.seed, info.protocol.name(), info.dataset.sha256_bytes());
    if of_file != of_run || run.record(row.epoch).is_none() {
        return Ok(());
    }
    let inputs = run.inputs()?;
    let sizes = [inputs.rows()].into_iter().chain(run.recipe.hidden.iter().copied()).chain([info.dataset.outputs()]);
    if !sizes.eq([model.rows()].into_iter().chain(model.layers().map(|layer| layer.units()))) {
        return Ok(());
    }
    let checkpoint = run.checkpoint(row.epoch, &inputs)?;
    let corpus = inputs.corpus(test);
    let float = checkpoint.network.logits(&corpus);
    let logits = integer::logits_of_corpus(&model, &Corpus::of_model(test, &model));
    let score = network::score(&float, corpus.labels());
    row.float = Some(float_row(run, row.epoch, &score, score.accuracy, &float, &corpus)?);
    let real = real_logits(&evaluated.file, &logits);
    compare(row, &evaluated.file, &checkpoint, &inputs, [&float, &real], &corpus);
    Ok(())
}

/// What is known of the float network of an epoch.
fn float_row(run: &Run, epoch: u32, score: &Score, mean_last5: f64, logits: &[f32], test: &Corpus) -> Result<FloatRow> {
    let (record, best) = (run.record(epoch).ok_or_else(|| no_epochs(run))?, run.best());
    let last_five: Vec<f64> = run.history.iter().rev().take(5).map(|record| record.validation_accuracy).collect();
    Ok(FloatRow {
        train_accuracy: record.train_accuracy,
        test_accuracy: score.accuracy,
        test_loss: score.loss,
        generalisation_gap: evidence::generalisation_gap(record.train_accuracy, score.accuracy),
        metrics: ClassMetrics::of(&decisions(logits, test.len()), test.labels(), &run.info.dataset.labels),
        calibration_error: calibration(logits, test)?,
        mean_last5_test_accuracy: mean_last5,
        mean_last5_validation_accuracy: last_five.iter().sum::<f64>() / last_five.len() as f64,
        best_epoch: best.epoch,
        best_validation_loss: best.validation_loss(),
        best_validation_data_loss: best.validation_data_loss,
    })
}

/// Fills in how far a file's decisions and logits are from the float network's, and why.
fn compare(
    row: &mut ModelRow,
    file: &ModelFile,
    checkpoint: &Checkpoint,
    inputs: &Inputs,
    logits: [&[f32]; 2],
    test: &Corpus,
) {
    let alike = "float and integer logits are of the same documents";
    let model = file.model().expect("a built file has been loaded once");
    let [float, real] = logits;
    let [decided, decided_there] = [float, real].map(|logits| decisions(logits, test.len()));
    row.integer.flips = Some(evidence::flips(&decided, &decided_there).expect(alike));
    row.integer.rms_ratio = Some(evidence::rms_ratio(float, real).expect(alike));
    let network = without_start(&checkpoint.network, inputs.start_row());
    row.why = Some(Why::of(&network, &checkpoint.peaks, &model, logits, test.labels()));
}

/// The expected calibration error of the documents' logits.
fn calibration(logits: &[f32], test: &Corpus) -> Result<f64> {
    let outputs = logits.len() / test.len().max(1);
    let logits = || logits.chunks_exact(outputs.max(1));
    let confidences: Vec<f64> = logits().map(why::confidence).collect();
    let right: Vec<bool> =
        logits().zip(test.labels()).map(|(logits, &label)| why::decide(logits).0 == usize::from(label)).collect();
    evidence::expected_calibration_error(&confidences, &right, CALIBRATION_BINS)
        .map_err(|error| Error::usage(format!("logits: {error}"), "train with a smaller --learning-rate"))
}

/// The name of a file's deployment, by how many bits a weight of its first layer has.
fn deployment(file: &ModelFile) -> String {
    let model = file.model().expect("a built file has been loaded once");
    format!("i{}", model.header().layers.first().map_or(8, |layer| layer.bits))
}

/// What a document costs on any board, by the model's own arithmetic.
fn cost(file: &ModelFile, test: &Corpus) -> CostRow {
    let model = file.model().expect("a built file has been loaded once");
    let units = model.layers().next().expect("a model has a layer").units();
    let words = if test.features().is_some() {
        0.0
    } else {
        let rows: usize = (0..test.len()).map(|document| test.rows_of_file(document).len()).sum();
        rows as f64 / test.len().max(1) as f64
    };
    // The first layer over text adds.
    let dense = model.layers().skip(usize::from(test.features().is_none()));
    CostRow {
        words,
        additions: words * units as f64,
        multiplications: dense.map(|layer| layer.inputs() * layer.units()).sum(),
    }
}

/// Evaluates a bare model file: what it says of itself, and how it does on the host's integers.
///
/// `dataset_sha256` is that of the test documents' dataset: only there must the accuracy be the stated one.
#[must_use]
pub fn evaluate_file(file: ModelFile, path: &Path, test: &Corpus, dataset_sha256: [u8; 32]) -> Evaluated {
    let row = file_row(&file, path, test);
    let [stated_accuracy, elsewhere] = stated_accuracy(&file, dataset_sha256);
    let foreign = is_foreign(&file).then_some(Foreign { stated_accuracy: elsewhere });
    Evaluated {
        row,
        file,
        history: Vec::new(),
        stops_early: false,
        data_fraction: 1.0,
        correctness: None,
        exported_correctness: None,
        stated_accuracy,
        foreign,
        board_correctness: None,
        mismatch: None,
        rows: Vec::new(),
    }
}

/// Labelled documents to evaluate a model file on.
#[derive(Debug)]
pub struct Labelled {
    /// What is known of them.
    pub info: DatasetInfo,
    /// The documents, labelled by the model's classes.
    pub documents: Split,
    /// That of the dataset whose test documents these are; of all documents, where they are all.
    pub sha256: [u8; 32],
}

impl Labelled {
    /// Opens documents for the model of the file at `path`: all there are in a file or folder of one's own, else those of the
    /// test half. Of the data that the model was made from, it is the test half too.
    ///
    /// # Errors
    ///
    /// As [`Dataset::open`]; a label that is none of the model's; documents that are not what it takes.
    pub fn open(source: &Source, path: &Path, model: &Model<'_>) -> Result<Self> {
        let labels: Vec<&str> = model.labels().collect();
        let own_data = |dataset: &Dataset| dataset.sha256 == model.header().provenance.dataset_sha256;
        let given = source.reading.test.is_some();
        let whole = match Dataset::open(source) {
            Ok(dataset) if given || own_data(&dataset) || !Dataset::is_own(source) => Ok(dataset),
            Err(error) if !Dataset::is_own(source) || given => Err(error),
            _ => Dataset::labelled(source, &labels),
        }?;
        let mut info = DatasetInfo::of(&whole, source);
        if Dataset::is_own(source) && !given && own_data(&whole) {
            info.notes
                .push("the model was made from this data: it is evaluated on the test documents alone".to_owned());
        }
        Signature::of_model(path, model).check(&whole)?;
        Ok(Self { info, sha256: whole.sha256, documents: whole.test })
    }
}

/// The accuracy that a file states, if any: on this dataset, or on another one.
fn stated_accuracy(file: &ModelFile, dataset_sha256: [u8; 32]) -> [Option<f32>; 2] {
    let model = file.model().expect("a file that was read has been loaded once");
    let provenance = &model.header().provenance;
    let stated = Some(provenance.integer_accuracy).filter(|accuracy| accuracy.is_finite());
    if provenance.dataset_sha256 == dataset_sha256 { [stated, None] } else { [None, stated] }
}

fn is_foreign(file: &ModelFile) -> bool {
    file.model().expect("a built file has been loaded once").is_foreign()
}

fn file_row(file: &ModelFile, path: &Path, test: &Corpus) -> ModelRow {
    let model = file.model().expect("a file that was read has been loaded once");
    let provenance = &model.header().provenance;
    let logits = integer::logits_of_corpus(&model, test);
    let labels: Vec<String> = model.labels().map(str::to_owned).collect();
    let real = real_logits(file, &logits);
    ModelRow {
        recipe: provenance.recipe.to_owned(),
        seed: provenance.seed,
        protocol: provenance.protocol.to_owned(),
        deployment: deployment(file),
        epochs: None,
        epoch: provenance.epoch,
        float: None,
        integer: IntegerRow {
            test_accuracy: network::accuracy(&logits, test.labels()),
            test_loss: network::score(&real, test.labels()).loss,
            metrics: ClassMetrics::of(&decisions(&logits, test.len()), test.labels(), &labels),
            calibration_error: calibration(&real, test).unwrap_or(f64::NAN),
            mean_last5_test_accuracy: None,
            flips: None,
            rms_ratio: None,
            clamps: None,
            documents: test.len(),
        },
        board: None,
        cost: cost(file, test),
        fit: None,
        why: None,
        file: FileRow { path: path.display().to_string(), bytes: file.bytes().len() },
    }
}

/// Integer logits as real numbers.
fn real_logits(file: &ModelFile, logits: &[i32]) -> Vec<f32> {
    let scale = file.model().expect("a built file has been loaded once").header().logit_scale;
    logits.iter().map(|&logit| logit as f32 * scale).collect()
}

/// Adds 1 for each document that is decided right.
fn add_right<L: PartialOrd + Default>(sums: &mut [f32], logits: &[L], labels: &[u16]) {
    for ((sum, decision), &label) in sums.iter_mut().zip(decisions(logits, labels.len())).zip(labels) {
        *sum += f32::from(decision == label);
    }
}

fn no_epochs(run: &Run) -> Error {
    Error::input(run.folder.display(), "the run has no epoch", "train it again")
}
