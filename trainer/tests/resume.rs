//! Runs, studies and exports that are killed, interrupted, moved away or out of space: nothing is half-written, and what is
//! resumed ends in the same bits as what was left alone.
#![cfg(unix)]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use tempfile::{TempDir, tempdir};

const EPOCHS: usize = 5;

fn trainer(folder: &TempDir, output: &str, resume: bool) -> Command {
    trainer_for(EPOCHS, folder, output, resume)
}

fn trainer_for(epochs: usize, folder: &TempDir, output: &str, resume: bool) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.current_dir(folder.path()).env("EDGEFIT_CACHE", "off").stderr(Stdio::piped()).stdout(Stdio::null());
    command.args(["train", "--data", "synthetic:300", "--recipe", "dropout", "--batch-size", "64"]);
    command.args(["--epochs", &epochs.to_string(), "--output", output]);
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

/// The SHA-256 of all files in a folder and below it but timings.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, bytes)| (name.join(below), bytes)));
        } else if !path.ends_with("timing.json") {
            found.insert(name, format!("{:x?}", &Sha256::digest(fs::read(&path).unwrap())[..]));
        }
    }
    found
}

/// Starts a program and kills it after a share of the time that it takes when left alone, drawn from `0.0..1.0`.
fn kill_at(mut command: Command, share: f64, whole: Duration) {
    let started = Instant::now();
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    // The moment is what is tested: nothing is waited for.
    while started.elapsed() < whole.mul_f64(share) {
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
}

/// How long a program takes.
fn time(command: Command) -> Duration {
    let started = Instant::now();
    assert!(finish(command).success());
    started.elapsed()
}

/// `n` shares of a whole, spread evenly in an order without a pattern (the golden ratio's multiples).
fn shares(n: u32) -> impl Iterator<Item = f64> {
    (1..=n).map(|i| (f64::from(i) * 0.618_033_988_75).fract())
}

#[test]
fn a_run_killed_at_any_moment_and_resumed_ends_in_the_same_bits() {
    let folder = tempdir().unwrap();
    let whole_time = time(trainer(&folder, "whole", false));
    let whole = files(&folder.path().join("whole"));
    assert_eq!(whole.len(), 4 + EPOCHS, "recipe, run, history, inputs and the checkpoints: {:?}", whole.keys());

    for (attempt, share) in shares(50).enumerate() {
        let output = format!("killed-{attempt}");
        kill_at(trainer(&folder, &output, false), share, whole_time);
        let path = folder.path().join(&output);
        let complete = path.join("run.json").exists();
        assert!(finish(trainer(&folder, &output, true)).success(), "{output} at {share}, complete before: {complete}");
        assert_eq!(files(&path), whole, "{output} at {share}, complete before: {complete}");
    }
    // And after each epoch's line, while its files are written.
    for epochs in 0..=EPOCHS {
        let output = format!("killed-after-{epochs}");
        let mut child = start(trainer(&folder, &output, false), epochs);
        let _ = child.kill();
        child.wait().unwrap();
        assert!(finish(trainer(&folder, &output, true)).success(), "{output}");
        assert_eq!(files(&folder.path().join(&output)), whole, "{output}");
    }
}

#[test]
fn a_study_killed_at_any_moment_and_resumed_ends_in_the_same_bits() {
    let folder = tempdir().unwrap();
    // Its results name the folder, which is therefore called the same each time.
    let study = |place: &Path, resume: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        command.current_dir(place).env("EDGEFIT_CACHE", "off").stdout(Stdio::null());
        command.args(["study", "--data", "synthetic:300", "--recipes", "baseline,smaller", "--seeds", "2"]);
        command.args(["--batch-size", "64", "--epochs", "3", "--output", "study"]);
        command.args(resume.then_some("--resume"));
        command
    };
    let place = |name: &str| {
        let place = folder.path().join(name);
        fs::create_dir(&place).unwrap();
        place
    };
    let undisturbed = place("undisturbed");
    let whole_time = time(study(&undisturbed, false));
    let whole = files(&undisturbed);
    for (attempt, share) in shares(25).enumerate() {
        let place = place(&format!("killed-{attempt}"));
        kill_at(study(&place, false), share, whole_time);
        assert!(finish(study(&place, true)).success(), "{attempt} at {share}");
        assert_eq!(files(&place), whole, "{attempt} at {share}");
    }
}

#[test]
fn an_export_killed_at_any_moment_leaves_the_old_file_or_the_new_one() {
    let folder = tempdir().unwrap();
    assert!(finish(trainer(&folder, "run", false)).success());
    let export = |bits: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        command.current_dir(folder.path()).env("EDGEFIT_CACHE", "off").stdout(Stdio::null());
        command.args(["export", "run", "--output", "model.edgefit", "--bits", bits]);
        command
    };
    let model = folder.path().join("model.edgefit");
    let whole_time = time(export("4"));
    let new = fs::read(&model).unwrap();
    time(export("8"));
    let old = fs::read(&model).unwrap();
    assert_ne!(old, new);
    for share in shares(25) {
        kill_at(export("4"), share, whole_time);
        let found = fs::read(&model).unwrap();
        assert!(found == old || found == new, "half a model at {share}");
        assert!(finish(export("8")).success());
        assert_eq!(fs::read(&model).unwrap(), old);
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["model.edgefit", "run"], "what was being written at {share} is still there");
    }
}

#[test]
fn a_folder_in_which_another_process_writes_is_left_to_it() {
    let folder = tempdir().unwrap();
    let long = |resume| trainer_for(10_000, &folder, "run", resume);
    let mut first = start(long(false), 1);
    let second = long(true).output().unwrap();
    let stderr = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("another process is writing in run") && stderr.contains("--output"), "{stderr}");
    assert_eq!(first.try_wait().unwrap(), None, "the first goes on");
    first.kill().unwrap();
    first.wait().unwrap();
    // The lock is gone with its holder.
    let third = start(long(true), 1);
    signal(&third, "-INT");
    assert_eq!(third.wait_with_output().unwrap().status.code(), Some(130));
}

#[test]
fn a_run_whose_folder_is_moved_meanwhile_says_so_and_goes_on_there() {
    let folder = tempdir().unwrap();
    assert!(finish(trainer(&folder, "whole", false)).success());
    let mut child = start(trainer(&folder, "run", false), 1);
    fs::rename(folder.path().join("run"), folder.path().join("moved")).unwrap();
    let mut stderr = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut stderr).unwrap();
    let status = child.wait().unwrap();
    // The run may have been over before.
    if !status.success() {
        assert_eq!(status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("cannot write run/") && stderr.contains("check the path"), "{stderr}");
        assert!(!folder.path().join("run").exists());
    }
    assert!(finish(trainer(&folder, "moved", true)).success());
    assert_eq!(files(&folder.path().join("moved")), files(&folder.path().join("whole")));
}

/// A file system of some kilobytes, taken away with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: PathBuf, options: &str) -> Option<Self> {
        fs::create_dir(&path).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "edgefit-test"]).arg(&path).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success()).then_some(Self(path))
    }

    fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        assert!(mount.args(["-o", &format!("remount,{options}")]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_and_one_that_cannot_be_written_cost_nothing_but_time() {
    let folder = tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path().join("disk"), "size=1024k") else {
        writeln!(std::io::stdout(), "skipped: a full disk, which only who may mount one can have").unwrap();
        return;
    };
    assert!(finish(trainer(&folder, "whole", false)).success());
    let whole = files(&folder.path().join("whole"));

    let output = trainer(&folder, "disk/run", false).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("cannot write disk/run/") && stderr.contains("free some space"), "{stderr}");
    // What is there is whole.
    for (path, hash) in files(&disk.0.join("run")) {
        let in_whole = whole.get(&path).is_none_or(|expected| *expected == hash);
        assert!(in_whole, "{} differs from that of a whole run", path.display());
    }
    disk.remount("size=64m,ro");
    let output = trainer(&folder, "disk/run", true).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("disk/run") && stderr.contains("a file system that can be written"), "{stderr}");
    disk.remount("rw");
    assert!(finish(trainer(&folder, "disk/run", true)).success());
    assert_eq!(files(&disk.0.join("run")), whole);
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

#[test]
fn what_is_no_beginning_of_this_run_stays_where_it_is() {
    let whole = tempdir().unwrap();
    assert!(finish(trainer(&whole, "run", false)).success());
    let recipe = fs::read(whole.path().join("run/recipe.toml")).unwrap();
    let beginnings: [&[(&str, &[u8])]; 4] = [
        &[("recipe.toml", b"hidden = [16, 16]\n"), ("inputs.bin", b"mine")],
        &[("recipe.toml", &recipe), ("notes.txt", b"mine")],
        &[("recipe.toml", &recipe), ("checkpoints/epoch-1.bin", b"mine"), ("checkpoints/epoch-2.bin", b"mine")],
        &[("inputs.bin", b"mine"), ("checkpoints/epoch-1.bin", b"mine")],
    ];
    for beginning in beginnings {
        let folder = tempdir().unwrap();
        let run = folder.path().join("run");
        fs::create_dir_all(run.join("checkpoints")).unwrap();
        for (name, bytes) in beginning {
            fs::write(run.join(name), bytes).unwrap();
        }
        let before = files(&run);
        let output = trainer(&folder, "run", true).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{beginning:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("run is not empty"), "{beginning:?}");
        assert_eq!(files(&run), before);
    }
    // What a run leaves that is killed in its first epoch is its own.
    let folder = tempdir().unwrap();
    let run = folder.path().join("run");
    fs::create_dir_all(run.join("checkpoints")).unwrap();
    for name in ["recipe.toml", "inputs.bin", "checkpoints/epoch-1.bin"] {
        fs::copy(whole.path().join("run").join(name), run.join(name)).unwrap();
    }
    assert!(finish(trainer(&folder, "run", true)).success());
    assert_eq!(files(&run), files(&whole.path().join("run")));
}
