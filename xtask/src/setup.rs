//! What the verbs need on a machine that has cargo alone.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::Failure;

/// The target of the default board.
const TARGET: &str = "thumbv7em-none-eabihf";
/// The emulator.
const QEMU: &str = "qemu-system-arm";

/// Installs the Rust target and the emulator where they are missing.
pub(crate) fn run() -> Result<(), Failure> {
    rust_target()?;
    qemu()
}

/// Whether a command runs and succeeds, without a word.
fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn rust_target() -> Result<(), Failure> {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let folder = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    if folder.is_some_and(|path| Path::new(String::from_utf8_lossy(&path).trim()).is_dir()) {
        return Ok(());
    }
    eprintln!("setup: rustup target add {TARGET}");
    let installed = Command::new("rustup").args(["target", "add", TARGET]).status();
    if installed.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(Failure::missing(format!(
        "the Rust target {TARGET} is missing\n  install Rust by rustup and run: rustup target add {TARGET}"
    )))
}

/// A way to install QEMU: a program that shows that it applies, and the shell line.
const WAYS: [(&str, &str); 5] = [
    ("apt-get", "apt-get update && apt-get install -y --no-install-recommends qemu-system-arm"),
    ("dnf", "dnf install -y qemu-system-arm-core"),
    ("pacman", "pacman -S --noconfirm qemu-system-arm"),
    ("apk", "apk add qemu-system-arm"),
    ("brew", "brew install qemu"),
];

fn qemu() -> Result<(), Failure> {
    if succeeds(QEMU, &["--version"]) {
        return Ok(());
    }
    let Some((program, line)) = WAYS.iter().find(|(program, _)| succeeds(program, &["--version"])) else {
        return Err(Failure::missing(format!(
            "{QEMU} is missing\n  install QEMU's Arm system emulator, then run again"
        )));
    };
    // Homebrew refuses to run as root; the others need it.
    let prefix = match *program {
        "brew" => "",
        _ if is_root() => "",
        _ if succeeds("sudo", &["-n", "true"]) => "sudo ",
        _ => return Err(Failure::missing(format!("{QEMU} is missing\n  run: sudo sh -c '{line}'"))),
    };
    let shell = format!("{prefix}sh -c '{line}'");
    eprintln!("setup: {shell}");
    // The package manager's chatter belongs to progress, not to the verb's output.
    let done = Command::new("sh").args(["-c", &format!("{shell} 1>&2")]).stdin(Stdio::null()).status();
    if done.is_ok_and(|status| status.success()) && succeeds(QEMU, &["--version"]) {
        return Ok(());
    }
    Err(Failure::missing(format!("{QEMU} could not be installed\n  run: sudo sh -c '{line}'")))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
