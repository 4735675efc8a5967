//! The verbs, as sequences of commands.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Failure, tally};

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the workspace").to_owned()
}

/// `cargo` in a folder of the workspace, without what this run of cargo has set for its own package.
pub(crate) fn cargo(folder: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root().join(folder)).env_remove("CARGO_PKG_NAME");
    command
}

/// Says and runs a step; anything but success ends the verb.
pub(crate) fn step(folder: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), Failure> {
    let name = describe(folder, arguments);
    eprintln!("\n==> {name}");
    let status = cargo(folder, arguments).envs(environment.iter().copied()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::check(format!("failed: {name}"))),
        Err(error) => Err(Failure::missing(format!("cargo does not start: {error}"))),
    }
}

/// Whether a command runs and succeeds, without a word.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// What a command prints.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Result<String, Failure> {
    let line = || format!("{program} {}", arguments.join(" "));
    match Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => Err(Failure::missing(format!("{}: {}", line(), String::from_utf8_lossy(&output.stderr)))),
        Err(error) => Err(Failure::missing(format!("{}: {error}", line()))),
    }
}

fn describe(folder: &str, arguments: &[&str]) -> String {
    let place = if folder == "." { String::new() } else { format!(" (in {folder})") };
    format!("cargo {}{place}", arguments.join(" "))
}

/// Builds the trainer and runs its demo, in the folder where the user is; the demo's exit code is this verb's.
pub(crate) fn demo(arguments: &[String]) -> Result<(), Failure> {
    step(".", &["build", "--release", "--locked", "--package", "edgefit-trainer"], &[])?;
    eprintln!("\n==> trainer demo");
    // By cargo, which knows where it has put the program.
    let manifest = root().join("Cargo.toml");
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--locked", "--package", "edgefit-trainer", "--manifest-path"]);
    command.arg(manifest).args(["--", "demo"]).args(arguments);
    match command.status().map(|status| status.code()) {
        Ok(Some(0)) => Ok(()),
        Ok(Some(2)) => Err(Failure::missing("the demo could not run, see above")),
        Ok(_) => Err(Failure::check("the demo's checks failed, see above")),
        Err(error) => Err(Failure::missing(format!("cargo does not start: {error}"))),
    }
}

/// Where a bench measures.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Bench {
    /// On emulated cores, in instructions and bytes
    Board,
    /// Classifying on this machine, in bytes a CPU-second
    Host,
    /// Training on this machine, in CPU-seconds and bytes, beside Keras and PyTorch
    Train,
}

/// Runs a bench; it is built in the release profile, so that burn is built once.
pub(crate) fn bench(place: Bench, arguments: &[String]) -> Result<(), Failure> {
    let (package, name) = match place {
        Bench::Board => ("edgefit-tests", "board"),
        Bench::Host => ("edgefit-tests", "host"),
        Bench::Train => ("edgefit-trainer", "train"),
    };
    let mut all = vec!["bench", "--quiet", "--profile", "release", "--locked", "--package", package, "--bench", name];
    all.push("--");
    all.extend(arguments.iter().map(String::as_str));
    step(".", &all, &[])
}

/// What is built for boards: the generic image, the images of the bench, the proof that nothing panics, and the examples of
/// firmware of one's own.
const FIRMWARE: [&str; 5] =
    ["firmware", "firmware/bench", "firmware/no-panic", "firmware/own/bare", "firmware/own/embassy-uart"];
/// Boards of the default target whose transport is another than the default board's.
const TRANSPORTS: [&str; 2] = ["mps2-an386-uart", "nrf52840-dk"];

/// Every check and every test. The runtime crate is tested twice, and fuzzed for a moment: with overflow checks in the dev
/// profile, which takes a moment since it knows nothing of burn, and with everything else in the release profile, so that
/// burn is built once.
pub(crate) fn test() -> Result<(), Failure> {
    let warnings = ["--", "--deny", "warnings"];
    let with_warnings = |arguments: &[&'static str]| [arguments, &warnings].concat();
    step(".", &["fmt", "--all", "--check"], &[])?;
    for folder in FIRMWARE.iter().chain(&["fuzz"]) {
        step(folder, &["fmt", "--check"], &[])?;
    }
    step(".", &with_warnings(&["clippy", "--release", "--locked", "--workspace", "--all-targets"]), &[])?;
    for folder in FIRMWARE {
        step(folder, &with_warnings(&["clippy", "--release", "--locked"]), &[])?;
    }
    for board in TRANSPORTS {
        step("firmware", &with_warnings(&["clippy", "--release", "--locked"]), &[("BOARD", board)])?;
    }
    // It runs on a real board alone, so no test builds it.
    step("firmware/own/embassy-uart", &["build", "--release", "--locked"], &[])?;
    let doc = ["doc", "--release", "--locked", "--workspace", "--no-deps", "--document-private-items"];
    step(".", &doc, &[("RUSTDOCFLAGS", "--deny warnings")])?;
    // The tests start the program as a user would.
    step(".", &["build", "--release", "--locked", "--package", "edgefit-trainer"], &[])?;

    let mut tally = tally::Tally::default();
    for arguments in [
        &["test", "--locked", "--package", "edgefit", "--no-fail-fast"][..],
        &["test", "--locked", "--package", "edgefit-fuzz-targets", "--no-default-features", "--no-fail-fast"],
        &["test", "--release", "--locked", "--workspace", "--no-fail-fast"],
    ] {
        eprintln!("\n==> {}", describe(".", arguments));
        tally.run(cargo(".", arguments))?;
    }
    tally.finish()
}

/// Training on the second backend, which the other tests do without, since burn is built anew for it.
pub(crate) fn test_ndarray() -> Result<(), Failure> {
    let arguments =
        ["test", "--release", "--locked", "--package", "edgefit-trainer", "--features", "ndarray", "--lib", "ndarray"];
    eprintln!("\n==> {}", describe(".", &arguments));
    let mut tally = tally::Tally::default();
    tally.run(cargo(".", &arguments))?;
    tally.finish()
}
