//! Models and their answers a second time, written from FORMAT.md alone: plain loops over wide integers, words
//! without a stream, and the hash with a remainder for every wrap.

#![allow(dead_code, reason = "each test program uses its own part of this")]

pub(crate) mod generate;
pub(crate) mod numeric;

use std::collections::BTreeSet;

use edgefit::format::{self, Header, Input, LayerHeader, Provenance};

/// What a 32-bit value wraps at.
const WRAP: u64 = 1 << 32;

/// A model.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    /// 1 or 2.
    pub(crate) tokeniser: u16,
    pub(crate) seed: u32,
    pub(crate) displacements: Vec<u16>,
    pub(crate) fingerprints: Vec<u16>,
    pub(crate) unknown_row: bool,
    pub(crate) layers: Vec<Layer>,
}

/// A layer as its units.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    pub(crate) bits: u8,
    pub(crate) activation_max: u16,
    pub(crate) units: Vec<Unit>,
}

/// A unit: one weight an input, and what becomes of the sum.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) weights: Vec<i16>,
    pub(crate) bias: i32,
    pub(crate) multiplier: i32,
    pub(crate) shift: u8,
}

/// What a layer takes.
#[derive(Debug, Clone, Copy)]
enum Takes {
    Rows,
    Numbers,
    Activations(u16),
}

/// A text as tokeniser 2 has it, character by character; what is not UTF-8 stays.
pub(crate) fn folded(text: &[u8]) -> Vec<u8> {
    let fold = |c: char| match c as u32 {
        0x2019 => '\'',
        0xaa | 0xb5 | 0xba | 0x130 | 0x200c | 0x200d | 0x3005 | 0x3006 => c,
        0x80..=0xbf | 0xd7 | 0xf7 | 0x2000..=0x206f | 0x3000..=0x303f | 0xfeff => ' ',
        0x3c2 => '\u{3c3}',
        0xc0..=0x17f | 0x386..=0x3ab | 0x400..=0x52f => c.to_lowercase().next().expect("each has one"),
        _ => c,
    };
    let mut out = Vec::new();
    for chunk in text.utf8_chunks() {
        out.extend(chunk.valid().chars().map(fold).collect::<String>().bytes());
        out.extend(chunk.invalid());
    }
    out
}

/// The distinct words of a text.
pub(crate) fn words(text: &[u8]) -> BTreeSet<Vec<u8>> {
    text.split(|byte| !matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'\'' | 0x80..))
        .filter(|word| !word.is_empty())
        .map(|word| word.iter().map(|&byte| if byte.is_ascii_uppercase() { byte + 32 } else { byte }).collect())
        .collect()
}

/// The hash of a word.
fn hash(seed: u32, word: &[u8]) -> u64 {
    word.iter().fold(u64::from(seed), |hash, &byte| (hash ^ u64::from(byte)) * 0x9e37_79b1 % WRAP)
}

fn fingerprint(hash: u64) -> u16 {
    (hash / 65_536) as u16
}

impl Unit {
    fn requantised(&self, accumulator: i128) -> i128 {
        let divisor = 1i128 << self.shift;
        (accumulator * i128::from(self.multiplier) + divisor / 2).div_euclid(divisor)
    }

    /// Whether neither the accumulator nor what it is requantised to can leave an i32.
    fn fits(&self, bits: u8, takes: Takes) -> bool {
        let sum = |sign: i128| self.weights.iter().map(|&w| (sign * i128::from(w)).max(0)).sum::<i128>();
        let inputs = match takes {
            Takes::Rows => (1 << (bits - 1)) * self.weights.len() as i128,
            Takes::Numbers => 127 * (sum(1) + sum(-1)),
            Takes::Activations(max) => sum(1).max(sum(-1)) * i128::from(max),
        };
        let bound = i128::from(self.bias).abs() + inputs;
        let requantised = (bound * i128::from(self.multiplier)).div_euclid(1i128 << self.shift);
        bound < 1 << 31 && requantised < (1 << 31) - 1
    }
}

impl Network {
    fn slot(&self, hash: u64) -> usize {
        let fold = (hash ^ (hash / 65_536)) * 0x9e37_79b1 % WRAP;
        let bucket = (fold / 65_536) * self.displacements.len() as u64 / 65_536;
        let displacement = u64::from(self.displacements[bucket as usize]);
        let moved = (fold ^ displacement) * 0x9e37_79b1 % WRAP;
        ((moved / 65_536) * self.fingerprints.len() as u64 / 65_536) as usize
    }

    /// Gives the row of a word's slot to the word.
    pub(crate) fn learn(&mut self, word: &[u8]) {
        let hash = hash(self.seed, word);
        let slot = self.slot(hash);
        self.fingerprints[slot] = fingerprint(hash);
    }

    /// The row of a word, if it has one.
    pub(crate) fn row(&self, word: &[u8]) -> Option<usize> {
        let hash = hash(self.seed, word);
        let slot = self.slot(hash);
        let known = self.fingerprints[slot] == fingerprint(hash);
        if known { Some(slot) } else { self.unknown_row.then_some(self.fingerprints.len()) }
    }

    /// The rows that a text sets.
    pub(crate) fn rows_of(&self, text: &[u8]) -> BTreeSet<usize> {
        let folded = if self.tokeniser == 2 { folded(text) } else { text.to_vec() };
        words(&folded).iter().filter_map(|word| self.row(word)).collect()
    }

    /// How many rows the first layer has.
    pub(crate) fn rows(&self) -> usize {
        self.fingerprints.len() + usize::from(self.unknown_row)
    }

    /// Whether no accumulator can overflow, by the rule of FORMAT.md.
    pub(crate) fn fits(&self) -> bool {
        all_fit(&self.layers, Takes::Rows)
    }

    /// The logits of a document with these rows.
    pub(crate) fn logits(&self, rows: &BTreeSet<usize>) -> Vec<i32> {
        logits(&self.layers, (0..self.rows()).map(|row| i128::from(rows.contains(&row))).collect())
    }

    /// The model file.
    pub(crate) fn file(&self) -> Vec<u8> {
        let mut arena = Arena::default();
        let input = Input::Text {
            tokeniser: self.tokeniser,
            seed: self.seed,
            words: self.fingerprints.len() as u32,
            unknown_row: self.unknown_row,
            displacements: arena.put(self.displacements.iter().map(|d| d.to_le_bytes())),
            fingerprints: arena.put(self.fingerprints.iter().map(|f| f.to_le_bytes())),
        };
        file(input, &self.layers, true, arena)
    }
}

/// Whether no accumulator can overflow, by the rule of FORMAT.md.
fn all_fit(layers: &[Layer], first: Takes) -> bool {
    let takes = |i: usize| i.checked_sub(1).map_or(first, |before| Takes::Activations(layers[before].activation_max));
    layers.iter().enumerate().all(|(i, layer)| layer.units.iter().all(|unit| unit.fits(layer.bits, takes(i))))
}

/// The logits for the inputs of the first layer.
fn logits(layers: &[Layer], mut inputs: Vec<i128>) -> Vec<i32> {
    for layer in layers {
        let outputs = layer.units.iter().map(|unit| {
            let terms = unit.weights.iter().zip(&inputs).map(|(&weight, input)| i128::from(weight) * input);
            let value = unit.requantised(i128::from(unit.bias) + terms.sum::<i128>());
            if layer.activation_max == 0 { value } else { value.clamp(0, layer.activation_max.into()) }
        });
        inputs = outputs.collect();
    }
    inputs.into_iter().map(|logit| i32::try_from(logit).expect("the logit fits an i32")).collect()
}

/// A model file; the weights of the first layer are stored input after input if it is `word_major`.
fn file(input: Input, layers: &[Layer], word_major: bool, mut arena: Arena) -> Vec<u8> {
    let headers =
        layers.iter().enumerate().map(|(i, layer)| header_of(layer, word_major && i == 0, &mut arena)).collect();
    let outputs = layers.last().map_or(0, |layer| layer.units.len());
    let labels = vec!["class"; outputs.max(2)].join("\0");
    let provenance = Provenance {
        recipe: "",
        seed: 0,
        epoch: 0,
        protocol: "",
        dataset: "",
        dataset_sha256: [0; 32],
        float_accuracy: 0.0,
        integer_accuracy: 0.0,
        edgefit: "",
    };
    let header = Header { labels: &labels, logit_scale: 0.01, input, layers: headers, provenance };
    let mut file = vec![0; arena.0.len() + 1_024];
    let len = format::write(&header, &arena.0, &mut file).expect("there is room");
    file.truncate(len);
    file
}

fn header_of(layer: &Layer, word_major: bool, arena: &mut Arena) -> LayerHeader {
    let Layer { bits, activation_max, units } = layer;
    let inputs = units[0].weights.len();
    // Rows in a word-major layer, units in the others.
    let vectors: Vec<Vec<i16>> = if word_major {
        (0..inputs).map(|row| units.iter().map(|unit| unit.weights[row]).collect()).collect()
    } else {
        units.iter().map(|unit| unit.weights.clone()).collect()
    };
    let weights: Vec<u8> = vectors.iter().flat_map(|vector| stored(vector, *bits, word_major)).collect();
    let record = |unit: &Unit| [unit.bias, unit.multiplier, unit.shift.into()];
    LayerHeader {
        inputs: inputs as u32,
        units: units.len() as u32,
        bits: *bits,
        activation_max: *activation_max,
        weights: arena.put(weights.into_iter().map(|byte| [byte])),
        records: arena.put(units.iter().flat_map(record).map(i32::to_le_bytes)),
    }
}

/// A row or a unit as it lies in the file.
fn stored(weights: &[i16], bits: u8, word_major: bool) -> Vec<u8> {
    match bits {
        4 => weights.chunks(2).map(|pair| pair.iter().rev().fold(0, |byte, &w| byte * 16 + (w + 8) as u8)).collect(),
        8 => weights.iter().map(|&w| if word_major { (w + 128) as u8 } else { w as u8 }).collect(),
        _ => weights.iter().flat_map(|w| w.to_le_bytes()).collect(),
    }
}

#[derive(Default)]
struct Arena(Vec<u8>);

impl Arena {
    fn put<const N: usize>(&mut self, items: impl Iterator<Item = [u8; N]>) -> u32 {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        let offset = self.0.len() as u32;
        self.0.extend(items.flatten());
        offset
    }
}
