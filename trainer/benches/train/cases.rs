//! The cases, each run in a process of its own.

use std::{error::Error, fs, num::NonZeroUsize, path::Path, process::Command};

use clap::ValueEnum;
use edgefit_trainer::{
    cache::Cache,
    cell::Cell,
    data::Corpus,
    prepared::Prepared,
    recipe::Recipe,
    run::Protocol,
    timing::{Stopwatch, Timing},
};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    /// Reading, splitting and counting the archive, and keeping what comes of it
    CorpusCold,
    /// The same from the cache
    CorpusWarm,
    /// 16-16 for 20 epochs, with its run folder
    Baseline,
    /// 512-512 for 20 epochs, with its run folder
    MuchBigger,
}

/// The median of a case's runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) cpu_seconds: f64,
    pub(crate) seconds: f64,
    pub(crate) peak_memory_bytes: u64,
}

impl Measured {
    /// The last columns of its line.
    pub(crate) fn rest(&self) -> String {
        format!("{:.2} | {:.0}", self.seconds, self.peak_memory_bytes as f64 / 1e6)
    }
}

impl Case {
    /// Its name in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::CorpusCold => "archive to corpus, cold",
            Self::CorpusWarm => "archive to corpus, warm",
            Self::Baseline => "baseline, 20 epochs",
            Self::MuchBigger => "much-bigger, 20 epochs",
        }
    }

    /// The recipe that it trains, if it trains one.
    pub(crate) fn recipe(self) -> Option<&'static str> {
        match self {
            Self::CorpusCold | Self::CorpusWarm => None,
            Self::Baseline => Some("baseline"),
            Self::MuchBigger => Some("much-bigger"),
        }
    }

    /// Runs it here, with the corpus cached in a folder.
    pub(crate) fn run(self, data: &str, cache: &str) -> Result<Timing, Box<dyn Error>> {
        let stopwatch = Stopwatch::of_program();
        let prepared = Prepared::open(data, Protocol::Article, &Cache::at(cache))?;
        let Some(recipe) = self.recipe() else { return Ok(stopwatch.timing()) };
        let folder = tempfile::tempdir()?;
        let stopwatch = Stopwatch::of_program();
        let cell = Cell { recipe: Recipe::named(recipe)?, seed: 0 };
        cell.train(&prepared, &folder.path().join("run"), false, |_| {})?;
        Ok(stopwatch.timing())
    }

    /// Runs it some times, each in a process of its own; the median of each figure.
    pub(crate) fn measure(self, data: &str, folder: &Path, runs: NonZeroUsize) -> Result<Measured, Box<dyn Error>> {
        let cache = cache_in(folder);
        let mut timings = Vec::new();
        for _ in 0..runs.get() {
            if self == Self::CorpusCold && cache.exists() {
                fs::remove_dir_all(&cache)?;
            } else if self != Self::CorpusCold && !cache.exists() {
                Prepared::open(data, Protocol::Article, &Cache::at(&cache))?;
            }
            timings.push(self.elsewhere(data, &cache)?);
        }
        let cpu = timings.iter().map(|timing| timing.cpu_seconds.ok_or("this system does not tell CPU time"));
        let memory = timings.iter().map(|timing| timing.peak_memory_bytes.ok_or("this system does not tell memory"));
        Ok(Measured {
            cpu_seconds: median(cpu.collect::<Result<_, _>>()?),
            seconds: median(timings.iter().map(|timing| timing.seconds).collect()),
            peak_memory_bytes: memory.collect::<Result<Vec<_>, _>>()?.into_iter().max().unwrap_or(0),
        })
    }

    fn elsewhere(self, data: &str, cache: &Path) -> Result<Timing, Box<dyn Error>> {
        let name = self.to_possible_value().ok_or("a case without a name")?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--data", data, "--cases", name.get_name(), "--cache"]).arg(cache);
        let output = command.output()?;
        if !output.status.success() {
            return Err(format!("{}: {}", self.title(), String::from_utf8_lossy(&output.stderr).trim()).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

fn cache_in(folder: &Path) -> std::path::PathBuf {
    folder.join("cache")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// Writes the documents as row ids for `reference.py`, which says how they lie.
pub(crate) fn write_corpus(data: &str, folder: &Path, corpus: &Path) -> Result<(), Box<dyn Error>> {
    let prepared = Prepared::open(data, Protocol::Article, &Cache::at(cache_in(folder)))?;
    fs::create_dir_all(corpus)?;
    let write = |half: &str, documents: &Corpus| -> std::io::Result<()> {
        let (mut rows, mut offsets) = (Vec::new(), 0u32.to_le_bytes().to_vec());
        for document in 0..documents.len() {
            rows.extend(documents.rows(document).iter().flat_map(|row| row.to_le_bytes()));
            offsets.extend((rows.len() as u32 / 2).to_le_bytes());
        }
        let labels: Vec<u8> = documents.labels().iter().flat_map(|label| label.to_le_bytes()).collect();
        for (column, bytes) in [("rows", rows), ("offsets", offsets), ("labels", labels)] {
            fs::write(corpus.join(format!("{half}.{column}")), bytes)?;
        }
        Ok(())
    };
    write("train", &prepared.train)?;
    Ok(write("test", &prepared.test)?)
}
