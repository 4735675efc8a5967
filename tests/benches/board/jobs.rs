//! The work: models, row ids and texts, as `firmware/bench` reads them.

use std::{error::Error, path::Path};

use edgefit::{Model, format::Provenance};
use edgefit_trainer::{
    board::Document,
    data::{Dataset, Inputs, Split, VocabularyTables, WordCounts},
    integer,
    model_file::ModelFile,
    network::{Dense, Network},
    quantise::{WeightBits, quantise},
};

/// The real reviews, where they are.
pub(crate) const ARCHIVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/aclImdb_v1.tar.gz");
const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/baseline.edgefit");

/// How many texts are classified.
const TEXTS: usize = 1_000;
/// How many reviews with a given number of distinct words are averaged at most.
const REVIEWS: usize = 32;
/// How often each of them is classified, so that a tick of the timer is little.
const REPETITIONS: u32 = 20;

/// A job of the image, and what its time counts for.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) case: &'static str,
    /// Repetitions or bytes: what the time is divided by.
    pub(crate) units: f64,
    /// What the host answers, where the board is to answer the same.
    pub(crate) logit: Option<i32>,
    bytes: Vec<u8>,
}

/// Models and jobs.
#[derive(Debug)]
pub(crate) struct Work {
    /// Where the documents come from.
    pub(crate) source: String,
    /// Whether they are those that the kept figures were measured with.
    pub(crate) is_real: bool,
    /// The model of the experiment, for its region.
    pub(crate) model: Vec<u8>,
    pub(crate) jobs: Vec<Job>,
    /// Models for the dense layers, and the jobs for them.
    pub(crate) dense_models: Vec<u8>,
    pub(crate) dense_jobs: Vec<Job>,
}

/// What the image calls its jobs.
const LOAD: u32 = 0;
const DISTINCT: u32 = 1;
const REPEATS: u32 = 2;
const TEXT: u32 = 3;

impl Job {
    fn new(case: &'static str, kind: u32, repetitions: u32, offset: usize, bytes: &[u8]) -> Self {
        let numbers = [kind, repetitions, offset as u32, bytes.len() as u32].map(u32::to_le_bytes).concat();
        Self { case, units: f64::from(repetitions), logit: None, bytes: [&numbers, bytes].concat() }
    }

    fn rows(case: &'static str, kind: u32, rows: &[u16]) -> Self {
        let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_le_bytes()).collect();
        Self::new(case, kind, REPETITIONS, 0, &bytes)
    }
}

/// The file that the image reads.
pub(crate) fn file(jobs: &[Job]) -> Vec<u8> {
    jobs.iter().flat_map(|job| job.bytes.iter().copied()).collect()
}

impl Work {
    pub(crate) fn prepare(archive: &Path) -> Result<Self, Box<dyn Error>> {
        let is_real = archive.exists();
        let (source, file, test) = if is_real {
            let test = Dataset::open(&archive.to_string_lossy())?.test;
            (archive.display().to_string(), ModelFile::read(Path::new(BASELINE))?, test)
        } else {
            let dataset = Dataset::open("synthetic:5000")?;
            let file = untrained(&VocabularyTables::of(&dataset, &dataset.train, 10_000)?, &[16, 16])?;
            (
                "the synthetic corpus and an untrained net, since the reviews are not there".to_owned(),
                file,
                dataset.test,
            )
        };
        let model = file.model()?;
        let mut jobs = vec![Job::new("load", LOAD, 2, 0, &[])];
        jobs.extend(reviews(&model, &test, 142, ["ids-142", "repeats-142"]));
        jobs.extend(reviews(&model, &test, 233, ["ids-233", "repeats-233"]));
        jobs.extend(texts(&model, &test));
        let (dense_models, dense_jobs) = dense()?;
        Ok(Self { source, is_real, model: file.bytes().to_vec(), jobs, dense_models, dense_jobs })
    }
}

/// The rows of a text's words, in order, repeats included.
fn rows(model: &Model<'_>, text: &[u8]) -> Vec<u16> {
    let Some(vocabulary) = model.vocabulary() else { return Vec::new() };
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'\'' || *byte >= 0x80;
    let words = text.split(|byte| !is_word(byte)).filter(|word| !word.is_empty());
    let hash = |word: &[u8]| edgefit::words::Hash::of(vocabulary.seed(), &word.to_ascii_lowercase());
    words.filter_map(|word| vocabulary.row(hash(word))).collect()
}

fn distinct(rows: &[u16]) -> Vec<u16> {
    let mut found = Vec::new();
    for row in rows {
        if !found.contains(row) {
            found.push(*row);
        }
    }
    found
}

/// The reviews with so many distinct words, as distinct ids and in text order.
fn reviews(model: &Model<'_>, test: &Split, words: usize, [ids, repeats]: [&'static str; 2]) -> Vec<Job> {
    let all = (0..test.len()).map(|i| (i, rows(model, test.text(i))));
    let chosen = all.filter(|(_, rows)| distinct(rows).len() == words).take(REVIEWS);
    chosen
        .flat_map(|(i, rows)| {
            let logit = integer::logits_of_documents(model, &[Document::Text(test.text(i))]).first().copied();
            let jobs = [Job::rows(ids, DISTINCT, &distinct(&rows)), Job::rows(repeats, REPEATS, &rows)];
            jobs.map(|job| Job { logit, ..job })
        })
        .collect()
}

/// Texts from all over the test half, which is ordered by class.
fn texts(model: &Model<'_>, test: &Split) -> Vec<Job> {
    let chosen: Vec<usize> = (0..test.len()).step_by((test.len() / TEXTS).max(1)).take(TEXTS).collect();
    let documents: Vec<Document<'_>> = chosen.iter().map(|&i| Document::Text(test.text(i))).collect();
    let logits = integer::logits_of_documents(model, &documents);
    let job = |(&i, logit): (&usize, i32)| {
        let text = test.text(i);
        Job { units: text.len() as f64, logit: Some(logit), ..Job::new("text-per-byte", TEXT, 1, 0, text) }
    };
    chosen.iter().zip(logits).map(job).collect()
}

/// Two models that differ by one layer of 512 by 512, one after the other, and a job for each.
fn dense() -> Result<(Vec<u8>, Vec<Job>), Box<dyn Error>> {
    let mut split = Split::default();
    let words: Vec<String> = (0..32).map(|i| format!("word{i}")).collect();
    split.push(words.join(" ").as_bytes(), 0);
    let tables = VocabularyTables::build(&WordCounts::of(&split), words.len())?;
    let (short, long) = (untrained(&tables, &[512])?, untrained(&tables, &[512, 512])?);
    let mut models = short.bytes().to_vec();
    models.resize(models.len().next_multiple_of(16), 0);
    let job = |case, offset| Job::new(case, REPEATS, 4, offset, &[]);
    let jobs = vec![job("short", 0), job("long", models.len())];
    models.extend_from_slice(long.bytes());
    Ok((models, jobs))
}

/// A net with these hidden layers and weights that nobody has trained: what it answers is of no use, what it costs is
/// the same.
fn untrained(tables: &VocabularyTables, hidden: &[usize]) -> Result<ModelFile, Box<dyn Error>> {
    let mut inputs = tables.words.len();
    let mut layers = Vec::new();
    for &units in hidden.iter().chain(&[1]) {
        let kernel = (0..inputs * units).map(|i| ((i as f32 * 0.37).sin() + 0.1) * 0.05).collect();
        layers.push(Dense { kernel, bias: vec![0.01; units] });
        inputs = units;
    }
    let network = quantise(&Network { layers }, &vec![4.0; hidden.len()], None, WeightBits::Eight)?;
    let provenance = Provenance {
        recipe: "untrained",
        seed: 0,
        epoch: 1,
        protocol: "article",
        dataset: "none",
        dataset_sha256: [0; 32],
        float_accuracy: 0.5,
        integer_accuracy: 0.5,
        edgefit: edgefit::VERSION,
    };
    Ok(ModelFile::build(
        &network,
        &Inputs::Words(tables.clone()),
        &["negative", "positive"].map(str::to_owned),
        provenance,
    )?)
}
