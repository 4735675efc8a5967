//! Whether a model fits a board: flash and RAM by part against what the board has, before anything is built.

use std::fmt::Write;

use edgefit::{Model, Scratch, input_words, seen_words, vocabulary::buckets};
use serde::Serialize;

use super::{
    Board,
    facts::{Facts, Measured},
};
use crate::Result;

/// What a model takes of a board, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fit {
    /// The version of this object's schema.
    pub schema: u32,
    /// The board's name.
    pub board: String,
    /// The parts of flash and RAM.
    pub parts: Vec<Part>,
    /// Why it does not fit; empty if it does.
    pub obstacles: Vec<String>,
    /// What would make it fit.
    pub remedies: Vec<Remedy>,
    /// The board on which the image was measured, if that is another one.
    pub measured_on: Option<String>,
}

/// A part of a memory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `flash` or `RAM`.
    pub memory: &'static str,
    /// What it is.
    pub name: &'static str,
    /// How many bytes it takes.
    pub needed: u64,
    /// How many bytes there are for it and its neighbours in the same region.
    pub available: u64,
}

/// A change that makes a model smaller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// What to change.
    pub change: String,
    /// The bytes of the model file after it.
    pub bytes: u64,
    /// Whether that fits.
    pub fits: bool,
}

impl Fit {
    /// Whether the model fits.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.obstacles.is_empty()
    }

    /// The bytes that the parts of a memory take together.
    #[must_use]
    pub fn needed(&self, memory: &str) -> u64 {
        self.parts.iter().filter(|part| part.memory == memory).map(|part| part.needed).sum()
    }

    /// As a table for people.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("{}: {}\n\n", self.board, if self.fits() { "it fits" } else { "it does NOT fit" });
        let _ = writeln!(text, "  memory  part                  needed   available");
        for Part { memory, name, needed, available } in &self.parts {
            let _ = writeln!(text, "  {memory:<6}  {name:<18}  {needed:>8}  {available:>10}");
        }
        for memory in ["flash", "RAM"] {
            let _ = writeln!(text, "  {memory:<6}  {:<18}  {:>8}", "all", self.needed(memory));
        }
        if let Some(other) = &self.measured_on {
            let _ =
                writeln!(text, "\nThe image has not been measured on this board; its figures are those of {other}.");
        }
        for obstacle in &self.obstacles {
            let _ = writeln!(text, "\n{obstacle}");
        }
        if !self.remedies.is_empty() {
            text.push_str("\nWhat would make it smaller:\n");
        }
        for Remedy { change, bytes, fits } in &self.remedies {
            let _ = writeln!(text, "  {change}: {bytes} bytes{}", if *fits { ", fits" } else { ", still too large" });
        }
        text
    }
}

impl Board {
    /// Whether `model` fits this board.
    ///
    /// # Errors
    ///
    /// Input, if the facts of another board, on which the image was measured, cannot be read.
    pub fn fit(&self, model: &Model<'_>) -> Result<Fit> {
        let (measured, measured_on) = self.measured()?;
        let sizes = Sizes::of(model);
        let facts = &self.facts;
        let region = u64::from(facts.model.length);
        let part = |memory, name, needed, available| Part { memory, name, needed, available };
        let (image_room, ram) = (u64::from(facts.flash.length), u64::from(facts.ram.length));
        let scratch = scratch_bytes(facts);
        let parts = vec![
            part("flash", "code", measured.flash, image_room),
            part("flash", "vocabulary", sizes.vocabulary(), region),
            part("flash", "model, the rest", sizes.file - sizes.vocabulary(), region),
            part("RAM", "scratch", scratch, ram),
            part("RAM", "link, logs, other", measured.ram.saturating_sub(scratch), ram),
            part("RAM", "stack", measured.stack_bound(), ram),
        ];
        let mut obstacles = Vec::new();
        if sizes.file > region {
            obstacles.push(format!("The model has {} bytes, its region {region}.", sizes.file));
        }
        let (needed, room) = (sizes.state_words(), seen_words(facts.scratch.rows));
        if needed > room {
            obstacles.push(match sizes.features {
                Some(features) => format!("The model has {features} features, the image has room for {}.", 2 * room),
                None => format!("The model has {} rows, the image has room for {}.", sizes.rows, facts.scratch.rows),
            });
        }
        if model.widest() > facts.scratch.units {
            let (widest, units) = (model.widest(), facts.scratch.units);
            obstacles.push(format!("The widest layer has {widest} units, the image has room for {units}."));
        }
        let image = measured.ram + measured.stack_bound();
        if image > ram {
            obstacles.push(format!("The image takes {image} bytes of RAM, there are {ram}."));
        }
        let remedies = if obstacles.is_empty() { Vec::new() } else { sizes.remedies(facts) };
        Ok(Fit { schema: 1, board: self.name(), parts, obstacles, remedies, measured_on })
    }

    /// What the image was measured to take on this board, or else on the most similar one: the same target and
    /// transport, then the same target, then any.
    fn measured(&self) -> Result<(Measured, Option<String>)> {
        if let Some(measured) = &self.facts.image {
            return Ok((measured.clone(), None));
        }
        let boards = Self::all(Some(&self.firmware))?;
        let likeness = |other: &&Self| {
            let (this, other) = (&self.facts, &other.facts);
            u32::from(this.target == other.target) * 2 + u32::from(this.transport == other.transport)
        };
        let similar = boards.iter().filter(|board| board.facts.image.is_some()).max_by_key(likeness);
        let Some((other, measured)) = similar.and_then(|board| Some((board, board.facts.image.clone()?))) else {
            return Ok((Measured::default(), Some("no board".to_owned())));
        };
        // What scales with the facts of a board is known without measuring.
        let ram = measured.ram + scratch_bytes(&self.facts) - scratch_bytes(&other.facts).min(measured.ram);
        Ok((Measured { ram, ..measured }, Some(other.name())))
    }
}

/// The bytes of the scratch in the image for a board.
fn scratch_bytes(facts: &Facts) -> u64 {
    // Accumulators and logits of four bytes, activations of two; the rest does not depend on the model.
    (seen_words(facts.scratch.rows) * 4 + facts.scratch.units * 10 + size_of::<Scratch<0, 0>>()) as u64
}

/// The sizes of a model.
struct Sizes {
    file: u64,
    rows: usize,
    /// The units of each layer.
    units: Vec<usize>,
    /// Bits a weight of the first layer.
    bits: u64,
    words: usize,
    /// Where the model is one of numbers.
    features: Option<usize>,
}

impl Sizes {
    fn of(model: &Model<'_>) -> Self {
        Self {
            file: model.file_len() as u64,
            rows: model.rows(),
            units: model.layers().map(|layer| layer.units()).collect(),
            bits: model.layers().next().map_or(8, |layer| layer.bits().into()),
            words: model.vocabulary().map_or(0, edgefit::vocabulary::Vocabulary::words),
            features: model.standards().map(edgefit::Standards::features),
        }
    }

    /// Words of the scratch that hold the state of a document: a bit a row, or two inputs a word.
    fn state_words(&self) -> usize {
        self.features.map_or(seen_words(self.rows), input_words)
    }

    /// Displacements and fingerprints, two bytes each.
    fn vocabulary(&self) -> u64 {
        2 * (buckets(self.words) + self.words) as u64
    }

    fn first_units(&self) -> u64 {
        self.units.first().copied().unwrap_or(0) as u64
    }

    /// The bytes of the first layer's weights.
    fn table(rows: u64, units: u64, bits: u64) -> u64 {
        // A row begins at a byte of its own.
        rows * (units * bits).div_ceil(8)
    }

    /// The bytes after another number of bits in the first layer.
    fn with_bits(&self, bits: u64) -> u64 {
        let (rows, units) = (self.rows as u64, self.first_units());
        self.file - Self::table(rows, units, self.bits) + Self::table(rows, units, bits)
    }

    /// The bytes with so many rows: each takes its weights, a fingerprint, and its share of a displacement.
    fn with_rows(&self, rows: usize) -> u64 {
        let gone = self.rows.saturating_sub(rows) as u64;
        self.file.saturating_sub(Self::table(gone, self.first_units(), self.bits) + gone * 2 + gone / 2)
    }

    /// The bytes with the hidden layers `divisor` times narrower.
    fn narrower(&self, divisor: usize) -> u64 {
        self.file.saturating_sub(self.weights(1)) + self.weights(divisor)
    }

    /// The bytes of all weights and records with the hidden layers `divisor` times narrower.
    fn weights(&self, divisor: usize) -> u64 {
        let hidden = self.units.len() - 1;
        let mut inputs = self.rows as u64;
        let mut bytes = 0;
        for (i, &units) in self.units.iter().enumerate() {
            let units = if i < hidden { (units / divisor).max(1) } else { units } as u64;
            // Large layers have a byte a weight, small ones two.
            let wide = match i {
                0 => self.bits,
                _ if inputs * units > 4_096 => 8,
                _ => 16,
            };
            bytes += inputs * (units * wide).div_ceil(8) + 12 * units;
            inputs = units;
        }
        bytes
    }

    fn remedies(&self, facts: &Facts) -> Vec<Remedy> {
        let room = u64::from(facts.model.length);
        let (rows_fit, widest) =
            (self.state_words() <= seen_words(facts.scratch.rows), self.units.iter().copied().max().unwrap_or(0));
        let units_fit = widest <= facts.scratch.units;
        let remedy = |change: String, bytes: u64, suits: bool| Remedy { change, bytes, fits: suits && bytes <= room };
        let mut remedies = Vec::new();
        if self.bits > 4 {
            remedies.push(remedy("fewer bits: export --bits 4".to_owned(), self.with_bits(4), rows_fit && units_fit));
        }
        let a_row = self.first_units() * self.bits / 8 + 2;
        let rows =
            (self.rows.saturating_sub(self.file.saturating_sub(room).div_ceil(a_row) as usize)).min(facts.scratch.rows);
        if rows > 0 && self.features.is_none() {
            remedies.push(remedy(format!("fewer rows: {rows} of {}", self.rows), self.with_rows(rows), units_fit));
        }
        let divisors = std::iter::successors(Some(2), |divisor| Some(divisor * 2)).take_while(|&d| d <= widest);
        let enough = |&divisor: &usize| self.narrower(divisor) <= room && widest / divisor <= facts.scratch.units;
        if let Some(divisor) = divisors.into_iter().find(enough) {
            let hidden: Vec<_> =
                self.units.iter().take(self.units.len() - 1).map(|u| (u / divisor).max(1).to_string()).collect();
            let change = format!("smaller hidden layers: --hidden {}", hidden.join(","));
            remedies.push(remedy(change, self.narrower(divisor), rows_fit));
        }
        remedies
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_file::ModelFile;

    fn shipped(name: &str) -> ModelFile {
        ModelFile::read(&std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../models")).join(name)).unwrap()
    }

    /// The net 10000-512-512-1 with 8 bits a weight.
    fn much_bigger() -> Sizes {
        let mut sizes =
            Sizes { file: 0, rows: 10_000, units: vec![512, 512, 1], bits: 8, words: 10_000, features: None };
        sizes.file = sizes.weights(1) + sizes.vocabulary() + 400;
        sizes
    }

    #[test]
    fn a_shipped_model_fits_every_emulated_board_and_its_parts_add_up() {
        let file = shipped("baseline.edgefit");
        let model = file.model().unwrap();
        for board in Board::all(None).unwrap() {
            let fit = board.fit(&model).unwrap();
            assert!(fit.fits(), "{}", fit.render());
            let code = fit.parts.iter().find(|part| part.name == "code").unwrap().needed;
            assert_eq!(fit.needed("flash") - code, model.file_len() as u64);
            assert!(code > 10_000 && fit.measured_on.is_none(), "{}", fit.render());
            let stack = fit.parts.iter().find(|part| part.name == "stack").unwrap().needed;
            let measured = board.facts.image.as_ref().unwrap().stack;
            assert!(4 * stack >= 5 * measured, "a quarter more than {measured}: {stack}");
            assert!(fit.render().contains("it fits") && fit.remedies.is_empty());
        }
    }

    #[test]
    fn narrower_layers_are_estimated_to_within_a_hundredth_of_the_real_file() {
        let (baseline, smaller) = (shipped("baseline.edgefit"), shipped("smaller.edgefit"));
        let estimate = Sizes::of(&baseline.model().unwrap()).narrower(4) as f64;
        let real = smaller.bytes().len() as f64;
        assert!((estimate / real - 1.0).abs() < 0.01, "{estimate} for {real}");
    }

    #[test]
    fn what_would_make_a_model_fit_is_named_and_fits() {
        let board = Board::parse("mps2-an386").unwrap();
        let (sizes, room) = (much_bigger(), u64::from(board.facts.model.length));
        assert!(sizes.file > room);
        let remedies = sizes.remedies(&board.facts);
        assert_eq!(remedies.len(), 3);
        assert!(remedies.iter().all(|remedy| remedy.bytes < sizes.file));
        let fits = |word: &str| remedies.iter().find(|remedy| remedy.change.contains(word)).unwrap().fits;
        assert!(fits("bits") && fits("rows") && fits("hidden"), "{remedies:?}");
        // Half of it still has more bytes than the flash of the smallest board.
        let board = Board::parse("microbit").unwrap();
        let remedies = sizes.remedies(&board.facts);
        assert!(!remedies[0].fits && remedies.iter().any(|remedy| remedy.change.contains("--hidden 16,16")));
    }
}
