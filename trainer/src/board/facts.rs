//! The facts of a board, as its `board.toml` states them.

use std::{fs, path::Path};

use serde::Deserialize;

use crate::{Error, Result};

/// What the host needs of a `board.toml`; the rest is for the image.
#[derive(Debug, Deserialize)]
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) description: String,
    /// The target triple of the image.
    pub(super) target: String,
    /// Where the model goes.
    pub(super) model: Region,
    pub(super) qemu: Qemu,
}

/// A range of addresses.
#[derive(Debug, Deserialize)]
pub(super) struct Region {
    pub(super) origin: u32,
    pub(super) length: u32,
}

/// How QEMU emulates the board.
#[derive(Debug, Deserialize)]
pub(super) struct Qemu {
    pub(super) program: String,
    pub(super) machine: String,
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
