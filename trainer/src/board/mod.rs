//! Boards: which there are, and a session with one of them.
//!
//! A board is a folder of facts in `firmware/boards/`. A [`Session`] builds the one image for it, starts it with a
//! model in its flash, speaks the [link](edgefit::link) with it and collects its logs.

pub mod cli;
mod connection;
mod cost;
mod document;
mod facts;
mod fit;
mod flash;
mod image;
mod logs;
mod parting;
#[cfg(feature = "probe")]
mod probe;
mod qemu;
#[cfg(any(test, feature = "probe"))]
mod rtt;
mod session;
mod size;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

pub use connection::{BoardInfo, Timing};
pub use cost::{DocumentCost, Unit, document_cost};
pub use document::{Document, Documents, Given};
pub use fit::{Fit, Part, Remedy};
pub use logs::LogLine;
pub use parting::{Parting, Stage, parting};
pub use session::Session;
pub use size::Size;

use crate::{Error, Result, suggest::nearest};
use facts::Facts;
use image::Image;

/// What the name of an emulated board starts with.
const QEMU: &str = "qemu:";

/// A board that models can run on.
#[derive(Debug)]
pub struct Board {
    facts: Facts,
    firmware: PathBuf,
    image: OnceLock<Image>,
}

impl Board {
    /// The board of this name, such as `qemu:mps2-an386` or `mps2-an386`.
    ///
    /// The firmware folder is the one named by the variable `EDGEFIT_FIRMWARE`, else the nearest one above the
    /// current folder or above this program.
    ///
    /// # Errors
    ///
    /// Usage, if there is no such board (the nearest name is suggested) or no firmware folder.
    pub fn parse(name: &str) -> Result<Self> {
        Self::parse_in(name, None)
    }

    /// Like [`Board::parse`], with the firmware folder that the user has named.
    ///
    /// # Errors
    ///
    /// As [`Board::parse`].
    pub fn parse_in(name: &str, firmware: Option<&Path>) -> Result<Self> {
        let boards = Self::all(firmware)?;
        let names: Vec<String> = boards.iter().map(Self::name).collect();
        let wanted = |board: &Self| name == board.name() || name == board.facts.name;
        boards.into_iter().find(wanted).ok_or_else(|| unknown(name, &names))
    }

    /// The board that the user has named, if any, as [`Board::parse_in`] finds it.
    ///
    /// # Errors
    ///
    /// As [`Board::parse`].
    pub fn named(name: Option<&str>, firmware: Option<&Path>) -> Result<Option<Self>> {
        name.map(|name| Self::parse_in(name, firmware)).transpose()
    }

    /// All boards there are, by name.
    ///
    /// # Errors
    ///
    /// Usage, if there is no firmware folder; input, if a `board.toml` in it is not sound.
    pub fn all(firmware: Option<&Path>) -> Result<Vec<Self>> {
        let firmware = image::firmware_folder(firmware)?;
        let folder = firmware.join("boards");
        let mut boards = Vec::new();
        for entry in fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
            let path = entry.map_err(Error::io("read", &folder))?.path().join("board.toml");
            if path.is_file() {
                let facts = Facts::read(&path)?;
                boards.push(Self { facts, firmware: firmware.clone(), image: OnceLock::new() });
            }
        }
        boards.sort_by(|a, b| a.facts.name.cmp(&b.facts.name));
        Ok(boards)
    }

    /// Its name for people and reports; that of an emulated board says so: `qemu:mps2-an386`.
    #[must_use]
    pub fn name(&self) -> String {
        let prefix = if self.is_emulated() { QEMU } else { "" };
        format!("{prefix}{}", self.facts.name)
    }

    /// Whether QEMU stands in for it.
    #[must_use]
    pub const fn is_emulated(&self) -> bool {
        self.facts.qemu.is_some()
    }

    /// Its core, as the compiler names it: `cortex-m4`.
    #[must_use]
    pub fn core(&self) -> &str {
        &self.facts.cpu
    }

    /// What it is, in a few words.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.facts.description
    }

    /// The longest model file that fits, in bytes.
    #[must_use]
    pub fn model_region_len(&self) -> usize {
        self.facts.model.length as usize
    }

    /// The image, built by the first caller.
    fn image(&self) -> Result<&Image> {
        if let Some(image) = self.image.get() {
            return Ok(image);
        }
        let image = Image::build(&self.firmware, &self.facts).map_err(|failure| failure.into_error(self))?;
        Ok(self.image.get_or_init(|| image))
    }

    /// Builds the image for this board and tells what it takes of it.
    ///
    /// # Errors
    ///
    /// Board, if the image does not build.
    pub fn built_size(&self) -> Result<Size> {
        Ok(self.image()?.size)
    }

    /// What an image takes of this board, from the bytes of its ELF.
    ///
    /// # Errors
    ///
    /// Board, if the bytes are no ELF.
    pub fn size_of(&self, elf: &[u8]) -> Result<Size> {
        Size::of_elf(elf, &self.facts).map_err(|problem| self.error(problem, "build the image again"))
    }

    /// The error for a board that only a debug probe reaches.
    fn not_here(&self) -> Error {
        let next =
            "build the trainer with the feature for debug probes: cargo build --release --locked --features probe";
        self.error("it is a real board, and this trainer speaks to emulated ones alone", next)
    }

    /// An [`Error::Board`] of this board.
    fn error(&self, problem: impl std::fmt::Display, next: impl std::fmt::Display) -> Error {
        Error::board(self.name(), problem, next)
    }
}

fn unknown(name: &str, names: &[String]) -> Error {
    let bare = |name: &str| name.rsplit(':').next().unwrap_or_default().to_owned();
    let bare_names: Vec<String> = names.iter().map(|name| bare(name)).collect();
    let near = nearest(&bare(name), bare_names.iter().map(String::as_str));
    let next = match near.and_then(|near| names.iter().find(|name| bare(name) == near)) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("known boards: {}", names.join(", ")),
    };
    Error::usage(format!("there is no board `{name}`"), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_is_found_under_its_full_and_its_short_name() {
        for name in ["qemu:mps2-an386", "mps2-an386"] {
            let board = Board::parse(name).unwrap();
            assert_eq!(board.name(), "qemu:mps2-an386");
            assert_eq!(board.model_region_len(), 3 << 20);
        }
    }

    #[test]
    fn an_unknown_board_gets_the_nearest_name_or_the_list() {
        for name in ["qemu:mps2-an396", "qmu:mps2-an386", "mps2an386"] {
            let message = Board::parse(name).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains("did you mean qemu:mps2-an386?"), "{message}");
        }
        let message = Board::parse("toaster").unwrap_err().to_string();
        assert!(message.contains("known boards: qemu:lm3s6965evb, "), "{message}");
    }

    #[test]
    fn a_folder_without_the_firmware_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = Board::parse_in("mps2-an386", Some(folder.path())).unwrap_err();
        assert!(matches!(error, Error::Usage { .. }) && error.to_string().contains("edgefit-firmware"), "{error}");
    }
}
