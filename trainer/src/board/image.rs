//! The firmware image: finding its sources and building it.

use std::{
    env,
    fs::{self, File},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use super::{Board, facts::Facts, logs::LogTable, size::Size};
use crate::{Error, Result};

/// The name of the package that is the firmware.
const PACKAGE: &str = "edgefit-firmware";
/// The variable that names the firmware folder.
const VARIABLE: &str = "EDGEFIT_FIRMWARE";
/// What would build another image, set for the host by somebody who did not think of a board.
const HOST_VARIABLES: [&str; 4] =
    ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET"];

/// An image that has been built.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) elf: PathBuf,
    /// What it takes of the board.
    pub(super) size: Size,
    /// How to read its logs.
    pub(super) logs: Arc<LogTable>,
}

/// Why there is no image: the problem and the next step.
pub(super) struct BuildFailure {
    problem: String,
    next: String,
}

impl BuildFailure {
    fn new(problem: impl Into<String>, next: impl Into<String>) -> Self {
        Self { problem: problem.into(), next: next.into() }
    }

    pub(super) fn into_error(self, board: &Board) -> Error {
        board.error(self.problem, self.next)
    }
}

impl Image {
    /// Builds the image for a board, or finds that it is built.
    pub(super) fn build(firmware: &Path, board: &Facts) -> Result<Self, BuildFailure> {
        let elf = build_alone(firmware, board)?;
        let unreadable = |problem: String| {
            BuildFailure::new(format!("{}: {problem}", elf.display()), "delete firmware/target and run again")
        };
        let bytes = fs::read(&elf).map_err(|error| unreadable(error.to_string()))?;
        let logs = LogTable::of_elf(&bytes).map_err(unreadable)?;
        let size = Size::of_elf(&bytes, board).map_err(unreadable)?;
        Ok(Self { elf, size, logs: Arc::new(logs) })
    }
}

/// Builds while nobody else does: the images of all boards with one target come out under one name. Returns a copy
/// that keeps its own.
fn build_alone(firmware: &Path, board: &Facts) -> Result<PathBuf, BuildFailure> {
    let folder = firmware.join("target/boards");
    let kept = folder.join(format!("{}.elf", board.name));
    let unusable = |error: io::Error| {
        BuildFailure::new(
            format!("{}: {error}", folder.display()),
            "check who may write there, and the room on the disk",
        )
    };
    fs::create_dir_all(&folder).map_err(unusable)?;
    let lock = File::create(folder.join("lock")).map_err(unusable)?;
    lock.lock().map_err(unusable)?;
    let built = cargo_build(firmware, board)?;
    let copy = tempfile::NamedTempFile::new_in(&folder).map_err(unusable)?;
    fs::copy(built, copy.path()).map_err(unusable)?;
    copy.persist(&kept).map_err(|error| unusable(error.error))?;
    Ok(kept)
}

fn cargo_build(firmware: &Path, board: &Facts) -> Result<PathBuf, BuildFailure> {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--release",
        "--locked",
        "--message-format=json-render-diagnostics",
        "--target",
        &board.target,
    ]);
    cargo.current_dir(firmware).env("BOARD", &board.name).stdin(Stdio::null());
    for variable in HOST_VARIABLES {
        cargo.env_remove(variable);
    }
    let output = cargo.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => BuildFailure::new(
            "cargo is not installed, it builds the firmware",
            "install Rust by rustup, then run again",
        ),
        _ => BuildFailure::new(format!("cargo does not start: {error}"), "check the installation of Rust"),
    })?;
    if !output.status.success() {
        return Err(explain(&String::from_utf8_lossy(&output.stderr), firmware, board));
    }
    executable(&output.stdout).ok_or_else(|| {
        BuildFailure::new(
            format!("cargo has built no program in {}", firmware.display()),
            format!("check that its package is {PACKAGE}"),
        )
    })
}

/// The program that cargo names in its messages, one JSON object a line.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    messages.split(|&byte| byte == b'\n').find_map(|line| {
        let message: serde_json::Value = serde_json::from_slice(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    })
}

fn explain(stderr: &str, firmware: &Path, board: &Facts) -> BuildFailure {
    if stderr.contains("can't find crate for `core`") || stderr.contains("target may not be installed") {
        let problem = format!("Rust has no target {} here", board.target);
        return BuildFailure::new(problem, format!("run: rustup target add {}", board.target));
    }
    let problem = format!("the firmware in {} does not build:\n{}", firmware.display(), stderr.trim_end());
    BuildFailure::new(problem, "mend what cargo complains of, then run again")
}

/// The folder of the firmware: the one named, else that of `EDGEFIT_FIRMWARE`, else the nearest one above the
/// current folder or above this program.
pub(super) fn firmware_folder(named: Option<&Path>) -> Result<PathBuf> {
    let named = named.map(Path::to_owned).or_else(|| env::var_os(VARIABLE).map(PathBuf::from));
    if let Some(folder) = named {
        let folder = folder.canonicalize().map_err(Error::io("read", &folder))?;
        return if is_firmware(&folder) {
            Ok(folder)
        } else {
            let problem = format!("{} is not the firmware folder", folder.display());
            Err(Error::usage(problem, format!("name the folder whose Cargo.toml is that of {PACKAGE}")))
        };
    }
    let starts = [env::current_dir(), env::current_exe()];
    let mut above = starts.iter().flatten().flat_map(|start| start.ancestors());
    let found = above.find_map(|folder| Some(folder.join("firmware")).filter(|folder| is_firmware(folder)));
    found.ok_or_else(|| {
        let next = format!("run inside the repository, or name the folder by --firmware DIR or {VARIABLE}");
        Error::usage("the firmware folder is not above the current folder", next)
    })
}

fn is_firmware(folder: &Path) -> bool {
    let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { return false };
    let Ok(manifest) = manifest.parse::<toml::Table>() else { return false };
    manifest.get("package").and_then(|package| package.get("name")?.as_str()) == Some(PACKAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_read_from_cargos_messages() {
        let messages = b"{\"reason\":\"compiler-artifact\",\"executable\":null}\nnot json\n\
            {\"reason\":\"compiler-artifact\",\"executable\":\"/x/edgefit-firmware\"}\n{\"reason\":\"build-finished\"}\n";
        assert_eq!(executable(messages), Some(PathBuf::from("/x/edgefit-firmware")));
        assert_eq!(executable(b"{\"reason\":\"build-finished\"}\n"), None);
    }

    #[test]
    fn a_missing_target_is_explained_by_the_line_that_installs_it() {
        let board = facts();
        let stderr = "error[E0463]: can't find crate for `core`\n  = note: the target may not be installed";
        let failure = explain(stderr, Path::new("firmware"), &board);
        assert_eq!(failure.next, "run: rustup target add thumbv7em-none-eabihf");
        let failure = explain("error: expected `;`", Path::new("firmware"), &board);
        assert!(failure.problem.contains("expected `;`"), "{}", failure.problem);
    }

    fn facts() -> Facts {
        let folder = firmware_folder(None).unwrap();
        Facts::read(&folder.join("boards/mps2-an386/board.toml")).unwrap()
    }
}
