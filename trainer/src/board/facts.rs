//! The facts of a board, as its `board.toml` states them.

use std::{fs, path::Path};

use serde::Deserialize;

use crate::{Error, Result};

/// What the host needs of a `board.toml`; the rest is for the image.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) description: String,
    /// The target triple of the image.
    pub(super) target: String,
    /// The core.
    pub(super) cpu: String,
    pub(super) transport: Transport,
    pub(super) flash: Region,
    /// Where the model goes.
    pub(super) model: Region,
    pub(super) ram: Region,
    pub(super) scratch: Scratch,
    /// How QEMU emulates it, if it does.
    pub(super) qemu: Option<Qemu>,
    /// What probe-rs knows it as, if it is a real board.
    pub(super) probe: Option<Probe>,
    /// What the image was measured to take, by which a model is known to fit before anything is built.
    pub(super) image: Option<Measured>,
}

/// Bytes of the image, without the model.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Measured {
    /// Code and constants.
    pub(super) flash: u64,
    /// Statics, the scratch among them.
    pub(super) ram: u64,
    /// The deepest stack.
    pub(super) stack: u64,
}

impl Measured {
    /// How much stack there must be: the deepest that was measured, and a quarter of it more. The link calls its clock and
    /// its facts through pointers, so that no analysis of the calls bounds it, and a measurement only sees the frames that came.
    pub(super) const fn stack_bound(&self) -> u64 {
        self.stack + self.stack.div_ceil(4)
    }
}

/// How the link travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Transport {
    /// Files of the host.
    Semihosting,
    /// Ring buffers in RAM, by a debug probe.
    Rtt,
    /// A serial port.
    Uart,
}

impl Transport {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Semihosting => "semihosting",
            Self::Rtt => "rtt",
            Self::Uart => "uart",
        }
    }
}

/// A range of addresses.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Region {
    pub(super) origin: u32,
    pub(super) length: u32,
}

/// The largest model that the image has room for in RAM.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Scratch {
    pub(super) rows: usize,
    pub(super) units: usize,
}

/// How QEMU emulates the board.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Qemu {
    pub(super) program: String,
    pub(super) machine: String,
    /// The largest file that it loads, if not any: the model then goes in pieces.
    pub(super) largest_file: Option<usize>,
    /// Ticks of the image's clock in an emulated second; without it, instructions are not counted.
    pub(super) timer_hz: Option<u32>,
}

/// How a debug probe finds the board.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Probe {
    /// The name of the chip in probe-rs.
    pub(super) chip: String,
}

impl Facts {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        toml::from_str(&text).map_err(|error| {
            Error::input(path.display(), error.message(), "compare it with firmware/boards/mps2-an386/board.toml")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_board_toml_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.toml");
        fs::write(&path, "name = \"x\"\n").unwrap();
        let message = Facts::read(&path).unwrap_err().to_string();
        assert!(message.contains("board.toml") && message.contains("missing field"), "{message}");
    }
}
