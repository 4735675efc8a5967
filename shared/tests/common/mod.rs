//! A tiny text model, made with the format's own writer, for tests that need one that answers.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::sync::LazyLock;

use edgefit::{
    Aligned,
    arithmetic::requantise_factor,
    format::{self, Header, Input, LayerHeader, Provenance},
    vocabulary::{bucket, buckets, fingerprint, slot},
    words::{Hash, TOKENISER},
};

/// The words that speak for the positive class, and the weight of each.
const POSITIVE: [(&str, i8); 8] = [
    ("wonderful", 120),
    ("excellent", 110),
    ("great", 80),
    ("beautiful", 75),
    ("moving", 60),
    ("funny", 50),
    ("good", 40),
    ("well", 30),
];
/// The words that speak against it.
const NEGATIVE: [(&str, i8); 8] = [
    ("awful", 125),
    ("terrible", 115),
    ("waste", 100),
    ("boring", 90),
    ("worst", 120),
    ("bad", 60),
    ("poor", 55),
    ("plot", 10),
];
/// Words that hardly say anything.
const NEUTRAL: [&str; 15] =
    ["a", "the", "truly", "film", "movie", "it's", "was", "not", "and", "of", "is", "this", "actor", "caf\u{e9}", "10"];
/// The units of the first layer.
const UNITS: usize = 4;
/// The words of the vocabulary.
const WORDS: usize = POSITIVE.len() + NEGATIVE.len() + NEUTRAL.len();
/// Room for the file.
const ROOM: usize = 1_024;

/// The bytes of a model with 31 words and a row for unknown ones, 4 hidden units and one logit.
pub(crate) fn tiny_model() -> Vec<u8> {
    // Made once: to find the seed takes an interpreter half a minute.
    static MADE: LazyLock<Vec<u8>> = LazyLock::new(make_tiny_model);
    MADE.clone()
}

fn make_tiny_model() -> Vec<u8> {
    let (seed, displacements, rows) = perfect_hash();
    let mut arena = Arena::default();
    let input = Input::Text {
        tokeniser: TOKENISER,
        seed,
        words: WORDS as u32,
        unknown_row: true,
        displacements: arena.put(&displacements, |value| value.to_le_bytes()),
        fingerprints: arena.put(&rows, |(hash, _)| fingerprint(*hash).to_le_bytes()),
    };
    let unknown = [1, 2, 3, -1];
    let table: Vec<i8> = rows.iter().flat_map(|(_, row)| *row).chain(unknown).collect();
    let rows = arena.put(&table, |&weight| [(i16::from(weight) + 128) as u8]);
    let first = layer(&mut arena, (8, rows), table.len() as u32 / 4, 4_095, &[3, -2, 10, 40], 9.5);
    let weights = arena.put(&[900i16, -1_000, 37, -20], |weight| weight.to_le_bytes());
    let second = layer(&mut arena, (12, weights), 4, 0, &[1_234], 0.004);
    write("tiny", "negative\0positive", input, [first, second], &arena)
}

/// The bytes of a model with 4 numeric features, 3 hidden units and 3 classes: the lengths and widths of irises.
pub(crate) fn numeric_model() -> Vec<u8> {
    let mut arena = Arena::default();
    let input = Input::Numbers {
        features: 4,
        means: arena.put(&[5.75f32, 3.0, 3.75, 1.2], |mean| mean.to_le_bytes()),
        scales: arena.put(&[48.5f32, 81.25, 36.0, 83.0], |scale| scale.to_le_bytes()),
    };
    let weights = [-20i8, 45, -127, -110, 30, -60, 90, 20, 5, 10, 80, 127];
    let weights = arena.put(&weights, |weight| weight.to_le_bytes());
    let first = layer(&mut arena, (8, weights), 4, 4_095, &[-2_000, 2_500, -3_000], 0.15);
    let weights = [2_047i16, -300, -900, -800, 700, -450, -1_500, 60, 1_900];
    let weights = arena.put(&weights, |weight| weight.to_le_bytes());
    let second = layer(&mut arena, (12, weights), 3, 0, &[-400, 90_000, -7], 0.002);
    write("numeric", "setosa\0versicolor\0virginica", input, [first, second], &arena)
}

fn write(recipe: &str, labels: &str, input: Input, layers: [LayerHeader; 2], arena: &Arena) -> Vec<u8> {
    let provenance = Provenance {
        recipe,
        seed: 7,
        epoch: 1,
        protocol: "article",
        dataset: "by hand",
        dataset_sha256: [0; 32],
        float_accuracy: 1.0,
        integer_accuracy: 1.0,
        edgefit: "0.1.0",
    };
    let header = Header { labels, logit_scale: 0.001, input, layers: layers.into_iter().collect(), provenance };
    let mut file = vec![0; ROOM];
    let len = format::write(&header, &arena.bytes, &mut file).expect("the file fits");
    file.truncate(len);
    file
}

/// The same bytes, filled up with zeros, where `Model::from_region` can read them.
pub(crate) fn aligned_tiny_model() -> Box<Aligned<[u8; ROOM]>> {
    let mut region = Box::new(Aligned([0; ROOM]));
    let file = tiny_model();
    region.0[..file.len()].copy_from_slice(&file);
    region
}

/// The arena as it grows: each table starts at a multiple of four.
#[derive(Default)]
struct Arena {
    bytes: Vec<u8>,
}

impl Arena {
    fn put<T, const N: usize>(&mut self, values: &[T], bytes: impl Fn(&T) -> [u8; N]) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let offset = self.bytes.len() as u32;
        self.bytes.extend(values.iter().flat_map(bytes));
        offset
    }
}

/// Writes the records of a layer whose units share one requantisation factor.
fn layer(
    arena: &mut Arena,
    (bits, weights): (u8, u32),
    inputs: u32,
    activation_max: u16,
    biases: &[i32],
    factor: f64,
) -> LayerHeader {
    let (multiplier, shift) = requantise_factor(factor).expect("the factor is within reach");
    let records: Vec<i32> = biases.iter().flat_map(|&bias| [bias, multiplier, shift.into()]).collect();
    let records = arena.put(&records, |value| value.to_le_bytes());
    LayerHeader { inputs, units: biases.len() as u32, bits, activation_max, weights, records }
}

type Row = (u32, [i8; UNITS]);

/// Each word's row of weights, in the order of the lists.
fn weighted_words() -> Vec<(&'static str, [i8; UNITS])> {
    let positive = POSITIVE.iter().map(|&(word, weight)| (word, [weight, -weight / 2, 5, -3]));
    let negative = NEGATIVE.iter().map(|&(word, weight)| (word, [-weight / 2, weight, 5, 3]));
    let neutral = NEUTRAL.iter().enumerate().map(|(i, &word)| (word, [i as i8 - 7, 4 - i as i8, 2, 0]));
    positive.chain(negative).chain(neutral).collect()
}

/// The first seed under which every word finds a slot of its own, with the displacements and the rows by slot.
fn perfect_hash() -> (u32, Vec<u16>, Vec<Row>) {
    (0..).find_map(|seed| place(seed).map(|(displacements, rows)| (seed, displacements, rows))).expect("31 words fit")
}

fn place(seed: u32) -> Option<(Vec<u16>, Vec<Row>)> {
    let mut waiting = vec![Vec::new(); buckets(WORDS)];
    for (word, row) in weighted_words() {
        let hash = Hash::of(seed, word.as_bytes());
        waiting[bucket(hash, buckets(WORDS))].push((hash, row));
    }
    let mut order: Vec<usize> = (0..waiting.len()).collect();
    order.sort_by_key(|&bucket| std::cmp::Reverse(waiting[bucket].len()));

    let (mut displacements, mut rows) = (vec![0; waiting.len()], vec![None; WORDS]);
    for bucket in order {
        let (displacement, slots) = (0..=u16::MAX).find_map(|displacement| {
            let slots: Vec<usize> = waiting[bucket].iter().map(|&(hash, _)| slot(hash, displacement, WORDS)).collect();
            let free = slots.iter().enumerate().all(|(i, slot)| rows[*slot].is_none() && !slots[..i].contains(slot));
            free.then_some((displacement, slots))
        })?;
        displacements[bucket] = displacement;
        for (slot, row) in slots.into_iter().zip(&waiting[bucket]) {
            rows[slot] = Some(*row);
        }
    }
    rows.into_iter().collect::<Option<Vec<_>>>().map(|rows| (displacements, rows))
}
