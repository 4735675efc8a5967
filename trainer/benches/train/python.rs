//! Keras and PyTorch, in a throwaway environment.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

/// What trains the same nets.
const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/train/reference.py");
/// What is installed.
const PACKAGES: [&str; 4] = ["numpy", "keras", "tensorflow-cpu", "torch"];

/// A library to compare with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Library {
    Keras,
    Torch,
}

impl Library {
    pub(crate) const ALL: [Self; 2] = [Self::Keras, Self::Torch];

    /// Its name in the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Keras => "Keras (TensorFlow)",
            Self::Torch => "PyTorch EmbeddingBag",
        }
    }

    fn argument(self) -> &'static str {
        match self {
            Self::Keras => "keras",
            Self::Torch => "torch",
        }
    }
}

/// What `reference.py` says of a run.
#[derive(Debug, Deserialize)]
pub(crate) struct Figures {
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_memory_bytes: u64,
    pub(crate) mean_last5_test_accuracy: f64,
    pub(crate) best_validation_loss: f64,
}

/// A Python that has the libraries.
#[derive(Debug)]
pub(crate) struct Python(PathBuf);

impl Python {
    /// The one that is named, or a new environment in `folder`.
    pub(crate) fn set_up(named: Option<&str>, folder: &Path) -> Result<Self, String> {
        if let Some(program) = named {
            return Ok(Self(program.into()));
        }
        let environment = folder.join("python");
        eprintln!("setting up Python with {}; this takes minutes", PACKAGES.join(", "));
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        run(Command::new(&python).args(pip).args(PACKAGES))?;
        Ok(Self(python))
    }

    /// Trains a recipe on the documents in a folder.
    pub(crate) fn train(&self, library: Library, recipe: &str, corpus: &Path) -> Result<Figures, String> {
        let mut command = Command::new(&self.0);
        command.arg(REFERENCE).arg(corpus).args([library.argument(), recipe]);
        let stdout = run(&mut command)?;
        // Libraries may print lines of their own before it.
        let last = stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).map_err(|error| format!("{error} in `{last}`"))
    }
}

/// What a command prints; else why it failed.
fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program} does not start: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} failed: {}", stderr.trim().lines().last().unwrap_or_default()))
}
