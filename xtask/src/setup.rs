//! What the verbs need on a machine that has cargo alone.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::{Failure, steps::succeeds};

/// The targets of the boards, that of the default board first.
const TARGETS: [&str; 5] = [
    "thumbv7em-none-eabihf",
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv8m.main-none-eabihf",
    "riscv32imac-unknown-none-elf",
];

/// A program of the system: the names that it goes by, and for each way to install it a program that shows that the way
/// applies, and the shell line.
struct Tool {
    programs: &'static [&'static str],
    ways: [(&'static str, &'static str); 5],
}

/// The emulators of the boards, that of the default board first.
const EMULATORS: [Tool; 2] = [
    Tool {
        programs: &["qemu-system-arm"],
        ways: [
            ("apt-get", "apt-get update && apt-get install -y --no-install-recommends qemu-system-arm"),
            ("dnf", "dnf install -y qemu-system-arm-core"),
            ("pacman", "pacman -S --noconfirm qemu-system-arm"),
            ("apk", "apk add qemu-system-arm"),
            ("brew", "brew install qemu"),
        ],
    },
    Tool {
        programs: &["qemu-system-riscv32"],
        ways: [
            ("apt-get", "apt-get update && apt-get install -y --no-install-recommends qemu-system-misc"),
            ("dnf", "dnf install -y qemu-system-riscv-core"),
            ("pacman", "pacman -S --noconfirm qemu-system-riscv"),
            ("apk", "apk add qemu-system-riscv32"),
            ("brew", "brew install qemu"),
        ],
    },
];

/// The browser that the report of a study is opened in by its test.
const BROWSER: Tool = Tool {
    programs: &["chromium", "chromium-browser", "google-chrome"],
    ways: [
        ("apt-get", "apt-get update && apt-get install -y --no-install-recommends chromium"),
        ("dnf", "dnf install -y chromium"),
        ("pacman", "pacman -S --noconfirm chromium"),
        ("apk", "apk add chromium"),
        ("brew", "brew install --cask chromium"),
    ],
};

/// What to be ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing but cargo.
    Nothing,
    /// The default board.
    DefaultBoard,
    /// All boards.
    AllBoards,
    /// All boards, and a browser for the reports.
    Tests,
}

/// Installs the Rust targets, the emulators and the browser where they are missing. Without a browser one test is skipped by
/// name, so that one that cannot be installed is said and is no failure.
pub(crate) fn run(needs: Needs) -> Result<(), Failure> {
    let count = |all| match needs {
        Needs::Nothing => 0,
        Needs::DefaultBoard => 1,
        Needs::AllBoards | Needs::Tests => all,
    };
    TARGETS.iter().take(count(TARGETS.len())).try_for_each(|target| rust_target(target))?;
    EMULATORS.iter().take(count(EMULATORS.len())).try_for_each(install)?;
    if needs == Needs::Tests
        && let Err(missing) = install(&BROWSER)
    {
        eprintln!("setup: {missing}\n  the report's test in a browser will be skipped");
    }
    Ok(())
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

fn install(tool: &Tool) -> Result<(), Failure> {
    let is_there = || tool.programs.iter().any(|program| succeeds(program, &["--version"]));
    if is_there() {
        return Ok(());
    }
    let name = tool.programs[0];
    let Some((program, line)) = tool.ways.iter().find(|(program, _)| succeeds(program, &["--version"])) else {
        return Err(Failure::missing(format!("{name} is missing\n  install the program of that name, then run again")));
    };
    // Homebrew refuses to run as root; the others need it.
    let prefix = match *program {
        "brew" => "",
        _ if is_root() => "",
        _ if succeeds("sudo", &["-n", "true"]) => "sudo ",
        _ => return Err(Failure::missing(format!("{name} is missing\n  run: sudo sh -c '{line}'"))),
    };
    let shell = format!("{prefix}sh -c '{line}'");
    eprintln!("setup: {shell}");
    // The package manager's chatter belongs to progress, not to the verb's output.
    let done = Command::new("sh").args(["-c", &format!("{shell} 1>&2")]).stdin(Stdio::null()).status();
    if done.is_ok_and(|status| status.success()) && is_there() {
        return Ok(());
    }
    Err(Failure::missing(format!("{name} could not be installed\n  run: sudo sh -c '{line}'")))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
