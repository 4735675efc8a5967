//! A run that is interrupted or killed, at any moment, and resumed ends in the same bits as one left alone.
#![cfg(unix)]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use tempfile::{TempDir, tempdir};

const EPOCHS: usize = 5;

fn trainer(folder: &TempDir, output: &str, resume: bool) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.current_dir(folder.path()).env("EDGEFIT_CACHE", "off").stderr(Stdio::piped()).stdout(Stdio::null());
    command.args(["train", "--data", "synthetic:300", "--recipe", "dropout", "--batch-size", "64"]);
    command.args(["--epochs", &EPOCHS.to_string(), "--output", output]);
    if resume {
        command.arg("--resume");
    }
    command
}

/// Starts a run and waits until it has told of `epochs` epochs, whose files it then writes.
fn start(mut command: Command, epochs: usize) -> Child {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    for _ in 0..epochs {
        lines.next();
    }
    child
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

fn finish(mut command: Command) -> ExitStatus {
    command.stderr(Stdio::null()).status().unwrap()
}

/// All files of a run but its timing.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for place in [folder.to_owned(), folder.join("checkpoints")] {
        for entry in fs::read_dir(&place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && !path.ends_with("timing.json") {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_run_killed_at_any_moment_and_resumed_ends_in_the_same_bits() {
    let folder = tempdir().unwrap();
    assert!(finish(trainer(&folder, "whole", false)).success());
    let whole = files(&folder.path().join("whole"));
    assert_eq!(whole.len(), 4 + EPOCHS, "recipe, run, history, vocabulary and the checkpoints: {:?}", whole.keys());

    // After each epoch's line, while its files are written, and a little later each time.
    for (attempt, epochs) in (0..=EPOCHS).cycle().take(24).enumerate() {
        let output = format!("killed-{attempt}");
        let mut child = start(trainer(&folder, &output, false), epochs);
        for i in 0..attempt * 40_000 {
            std::hint::black_box(i);
        }
        let _ = child.kill();
        child.wait().unwrap();
        let path = folder.path().join(&output);
        let complete = path.join("run.json").exists();
        assert!(finish(trainer(&folder, &output, true)).success(), "{output}, complete before: {complete}");
        assert_eq!(files(&path), whole, "{output}, complete before: {complete}");
    }
}

#[test]
fn ctrl_c_ends_with_the_epoch_and_says_how_to_go_on() {
    let folder = tempdir().unwrap();
    assert!(finish(trainer(&folder, "whole", false)).success());
    let mut child = start(trainer(&folder, "run", false), 1);
    signal(&child, "-INT");
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    let status = child.wait().unwrap();
    // The run may have been over before the signal came.
    if !status.success() {
        assert_eq!(status.code(), Some(130), "{stderr}");
        assert!(stderr.contains("--resume"), "{stderr}");
        assert!(finish(trainer(&folder, "run", true)).success());
    }
    assert_eq!(files(&folder.path().join("run")), files(&folder.path().join("whole")));
}

#[test]
fn another_run_is_not_resumed() {
    let folder = tempdir().unwrap();
    assert!(finish(trainer(&folder, "run", false)).success());
    let before = files(&folder.path().join("run"));
    let mut other = trainer(&folder, "run", true);
    let output = other.args(["--seed", "9"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another recipe, seed"));
    assert_eq!(files(&folder.path().join("run")), before);

    let mut foreign = trainer(&folder, ".", true);
    assert_eq!(foreign.output().unwrap().status.code(), Some(2), "a folder with something else in it");
}
