//! What the verbs need on a machine that has cargo alone.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::Failure;

/// The targets of the boards, that of the default board first.
const TARGETS: [&str; 5] = [
    "thumbv7em-none-eabihf",
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv8m.main-none-eabihf",
    "riscv32imac-unknown-none-elf",
];

/// An emulator: its program, and for each way to install it a program that shows that the way applies, and the shell line.
struct Emulator {
    program: &'static str,
    ways: [(&'static str, &'static str); 5],
}

/// The emulators of the boards, that of the default board first.
const EMULATORS: [Emulator; 2] = [
    Emulator {
        program: "qemu-system-arm",
        ways: [
            ("apt-get", "apt-get update && apt-get install -y --no-install-recommends qemu-system-arm"),
            ("dnf", "dnf install -y qemu-system-arm-core"),
            ("pacman", "pacman -S --noconfirm qemu-system-arm"),
            ("apk", "apk add qemu-system-arm"),
            ("brew", "brew install qemu"),
        ],
    },
    Emulator {
        program: "qemu-system-riscv32",
        ways: [
            ("apt-get", "apt-get update && apt-get install -y --no-install-recommends qemu-system-misc"),
            ("dnf", "dnf install -y qemu-system-riscv-core"),
            ("pacman", "pacman -S --noconfirm qemu-system-riscv"),
            ("apk", "apk add qemu-system-riscv32"),
            ("brew", "brew install qemu"),
        ],
    },
];

/// Which boards to be ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boards {
    /// The default board.
    Default,
    /// All of them.
    All,
}

/// Installs the Rust targets and the emulators where they are missing.
pub(crate) fn run(boards: Boards) -> Result<(), Failure> {
    let count = |all| if boards == Boards::All { all } else { 1 };
    TARGETS.iter().take(count(TARGETS.len())).try_for_each(|target| rust_target(target))?;
    EMULATORS.iter().take(count(EMULATORS.len())).try_for_each(emulator)
}

/// Whether a command runs and succeeds, without a word.
fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn rust_target(target: &str) -> Result<(), Failure> {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
    let folder = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    if folder.is_some_and(|path| Path::new(String::from_utf8_lossy(&path).trim()).is_dir()) {
        return Ok(());
    }
    eprintln!("setup: rustup target add {target}");
    let installed = Command::new("rustup").args(["target", "add", target]).status();
    if installed.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(Failure::missing(format!(
        "the Rust target {target} is missing\n  install Rust by rustup and run: rustup target add {target}"
    )))
}

fn emulator(emulator: &Emulator) -> Result<(), Failure> {
    let Emulator { program: qemu, ways } = emulator;
    if succeeds(qemu, &["--version"]) {
        return Ok(());
    }
    let Some((program, line)) = ways.iter().find(|(program, _)| succeeds(program, &["--version"])) else {
        return Err(Failure::missing(format!(
            "{qemu} is missing\n  install QEMU's system emulator of that name, then run again"
        )));
    };
    // Homebrew refuses to run as root; the others need it.
    let prefix = match *program {
        "brew" => "",
        _ if is_root() => "",
        _ if succeeds("sudo", &["-n", "true"]) => "sudo ",
        _ => return Err(Failure::missing(format!("{qemu} is missing\n  run: sudo sh -c '{line}'"))),
    };
    let shell = format!("{prefix}sh -c '{line}'");
    eprintln!("setup: {shell}");
    // The package manager's chatter belongs to progress, not to the verb's output.
    let done = Command::new("sh").args(["-c", &format!("{shell} 1>&2")]).stdin(Stdio::null()).status();
    if done.is_ok_and(|status| status.success()) && succeeds(qemu, &["--version"]) {
        return Ok(());
    }
    Err(Failure::missing(format!("{qemu} could not be installed\n  run: sudo sh -c '{line}'")))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
