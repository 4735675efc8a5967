//! Bringing image and model to a real board, by the program of probe-rs.

use std::{
    io::ErrorKind,
    path::Path,
    process::{Command, Stdio},
};

use super::{
    Board,
    facts::{Probe, Transport},
};
use crate::{Error, Result};

/// The program that speaks to debug probes.
const PROGRAM: &str = "probe-rs";

/// A command to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    program: String,
    arguments: Vec<String>,
}

impl Step {
    pub(super) fn new(program: &str, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { program: program.to_owned(), arguments: arguments.into_iter().map(Into::into).collect() }
    }

    /// As one would type it.
    pub(super) fn line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words.map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }

    fn run(&self, board: &Board) -> Result<()> {
        let status = Command::new(&self.program).args(&self.arguments).stdin(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(board.error(
                format!("`{}` ended with {status}", self.line()),
                "check that the board is connected and powered: `probe-rs list` shows the debug probes",
            )),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(board.error(
                format!("{PROGRAM}, which speaks to debug probes, is not installed"),
                "run: cargo install probe-rs-tools --locked   (its site tells of ready-made programs)",
            )),
            Err(error) => Err(board.error(format!("{PROGRAM} does not start: {error}"), "check its installation")),
        }
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

impl Board {
    /// The chip of a real board whose image needs no host.
    fn chip(&self) -> Result<&str> {
        let Some(Probe { chip }) = &self.facts.probe else {
            let next = format!("its board.toml in {} needs a [probe] with the chip's name", self.firmware.display());
            return Err(self.error("it has no debug probe", next));
        };
        if self.facts.transport == Transport::Semihosting {
            let next = "set the transport in its board.toml to rtt";
            return Err(self.error("an image with semihosting stops a real board without a debugger", next));
        }
        Ok(chip)
    }

    /// What brings the image, unless only the model is new, and the model to the board.
    pub(super) fn flash_steps(&self, image: Option<&Path>, model: &Path) -> Result<Vec<Step>> {
        let chip = self.chip()?;
        let path = |path: &Path| path.display().to_string();
        let mut steps = Vec::new();
        if let Some(image) = image {
            steps.push(Step::new(PROGRAM, ["download", "--chip", chip, &path(image)]));
        }
        let address = format!("{:#010x}", self.facts.model.origin);
        let format = ["--binary-format", "bin", "--base-address", &address];
        steps.push(Step::new(
            PROGRAM,
            ["download", "--chip", chip].iter().chain(&format).map(|&word| word.to_owned()).chain([path(model)]),
        ));
        steps.push(Step::new(PROGRAM, ["reset", "--chip", chip]));
        Ok(steps)
    }

    /// Runs them one after the other.
    pub(super) fn run_steps(&self, steps: &[Step]) -> Result<()> {
        for step in steps {
            eprintln!("{}", step.line());
            step.run(self)?;
        }
        Ok(())
    }

    /// What builds the image.
    pub(super) fn build_step(&self) -> Step {
        let folder = self.firmware.display().to_string();
        let name = format!("BOARD={}", self.facts.name);
        Step::new(
            "env",
            ["-C", &folder, &name, "cargo", "build", "--release", "--locked", "--target", &self.facts.target]
                .map(str::to_owned),
        )
    }

    /// What runs the image with the model under QEMU.
    pub(super) fn emulate_step(&self, image: &Path, model: &Path) -> Option<Step> {
        let qemu = self.facts.qemu.as_ref()?;
        let mut arguments = super::qemu::arguments(&self.facts, qemu, &[(&model.display().to_string(), 0)]);
        arguments.push(image.display().to_string());
        Some(Step::new(&qemu.program, arguments))
    }

    /// Where the image will be once it is built.
    pub(super) fn image_path(&self) -> std::path::PathBuf {
        self.firmware.join("target/boards").join(format!("{}.elf", self.facts.name))
    }

    /// Refuses a model that does not fit, with what would make it fit.
    pub(super) fn must_fit(&self, model: &edgefit::Model<'_>) -> Result<()> {
        let fit = self.fit(model)?;
        if fit.fits() {
            Ok(())
        } else {
            Err(self.error(format!("the model does not fit\n{}", fit.render()), "see above"))
        }
    }

    /// A model file's path as an error about it names it.
    pub(super) fn model_error(path: &Path, error: edgefit::Error) -> Error {
        Error::input(path.display(), error, "export it anew, with this edgefit")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_board_is_flashed_by_probe_rs() {
        let board = Board::parse("nrf52840-dk").unwrap();
        let steps = board.flash_steps(Some(Path::new("image.elf")), Path::new("my model.edgefit")).unwrap();
        let lines: Vec<String> = steps.iter().map(Step::line).collect();
        assert_eq!(
            lines,
            [
                "probe-rs download --chip nRF52840_xxAA image.elf",
                "probe-rs download --chip nRF52840_xxAA --binary-format bin --base-address 0x00020000 'my model.edgefit'",
                "probe-rs reset --chip nRF52840_xxAA",
            ]
        );
        let model_alone = board.flash_steps(None, Path::new("m")).unwrap();
        assert_eq!(model_alone.len(), 2);
    }

    #[test]
    fn an_image_with_semihosting_is_refused_on_a_real_board() {
        let mut board = Board::parse("nrf52840-dk").unwrap();
        board.facts.transport = Transport::Semihosting;
        let message = board.flash_steps(None, Path::new("m")).unwrap_err().to_string();
        assert!(message.contains("semihosting stops a real board"), "{message}");
        let board = Board::parse("mps2-an386").unwrap();
        assert!(board.flash_steps(None, Path::new("m")).unwrap_err().to_string().contains("no debug probe"));
    }

    #[test]
    fn a_program_that_is_missing_or_fails_is_explained() {
        let board = Board::parse("nrf52840-dk").unwrap();
        let message = Step::new("no-such-program", [""; 0]).run(&board).unwrap_err().to_string();
        assert!(message.contains("cargo install probe-rs-tools"), "{message}");
        let message = Step::new("false", [""; 0]).run(&board).unwrap_err().to_string();
        assert!(message.contains("`false` ended with exit status: 1"), "{message}");
    }
}
