//! Bytes where a model wants them, and what there is to do with a model that has loaded.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use edgefit::{Classifier, Model, NumericClassifier, ScratchView, Standards, format, input_words, seen_words};
use proptest::test_runner::Config;

/// How often a property is tried: once where each step is interpreted.
pub(crate) fn cases(cases: u32) -> Config {
    Config::with_cases(if cfg!(miri) { 1 } else { cases })
}

/// A copy of some bytes at a multiple of 16.
pub(crate) struct Buffer {
    blocks: Vec<u128>,
    len: usize,
}

impl Buffer {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut blocks = vec![0u128; bytes.len().div_ceil(size_of::<u128>())];
        bytemuck::cast_slice_mut(&mut blocks)[..bytes.len()].copy_from_slice(bytes);
        Self { blocks, len: bytes.len() }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.blocks)[..self.len]
    }
}

/// Writes the right length and CRC-32 into the prefix of a file.
pub(crate) fn seal(file: &mut [u8]) {
    let len = (file.len() as u32).to_le_bytes();
    let crc = format::crc32(&file[format::PREFIX_LEN..]).to_le_bytes();
    file[8..12].copy_from_slice(&len);
    file[12..16].copy_from_slice(&crc);
}

/// Just as much memory as a model needs, full of what another program may have left there.
pub(crate) struct Room {
    pub(crate) seen: Vec<u32>,
    pub(crate) accumulators: Vec<i32>,
    pub(crate) logits: Vec<i32>,
    pub(crate) activations: Vec<i16>,
    pub(crate) waiting: Vec<u16>,
}

impl Room {
    pub(crate) fn new(model: &Model<'_>) -> Self {
        let widest = model.widest();
        Self {
            seen: vec![
                0x5555_5555;
                seen_words(model.rows()).max(model.standards().map_or(0, |s| input_words(s.features())))
            ],
            accumulators: vec![i32::MAX; widest],
            logits: vec![i32::MIN; model.outputs()],
            activations: vec![-1; widest],
            waiting: vec![u16::MAX; 5],
        }
    }

    pub(crate) fn view(&mut self) -> ScratchView<'_> {
        ScratchView {
            seen: &mut self.seen,
            accumulators: &mut self.accumulators,
            logits: &mut self.logits,
            activations: &mut self.activations,
            waiting: &mut self.waiting,
        }
    }
}

/// Classifies vectors whose inputs lie at one end or the other.
fn exercise_numeric(model: &Model<'_>, standards: &Standards<'_>) {
    let mut room = Room::new(model);
    let mut classifier = NumericClassifier::new(model, room.view()).expect("the room is made for the model");
    for ends in [[f32::MAX, f32::MAX], [-f32::MAX, -f32::MAX], [f32::MAX, -f32::MAX], [0.0, 1.0]] {
        let vector: Vec<f32> = ends.into_iter().cycle().take(standards.features()).collect();
        check(model, classifier.classify(&vector).expect("a whole vector of finite numbers"));
    }
    classifier.classify(standards.means()).expect("means are finite");
}

/// Classifies `texts`, each row alone, and all rows together; or vectors. With overflow checks on, a wrong proof shows here.
pub(crate) fn exercise(model: &Model<'_>, texts: &[&[u8]]) {
    if let Some(standards) = model.standards() {
        return exercise_numeric(model, standards);
    }
    let mut room = Room::new(model);
    let mut classifier = Classifier::new(model, room.view()).expect("the room is made for the model");
    let rows = 0..u16::try_from(model.rows()).expect("the format allows 65,535 rows");
    for text in texts {
        classifier.text(text);
        check(model, classifier.finish());
    }
    for row in rows.clone() {
        classifier.row(row).expect("the row exists");
        check(model, classifier.finish());
    }
    for row in rows {
        classifier.row(row).expect("the row exists");
    }
    check(model, classifier.finish());
    assert_eq!(model.labels().count(), model.outputs().max(2));
}

fn check(model: &Model<'_>, logits: edgefit::Logits<'_>) {
    assert_eq!(logits.values().len(), model.outputs());
    assert!(logits.class() < model.outputs().max(2));
    assert!((0..model.outputs().max(2)).all(|class| (0.0..=1.0).contains(&logits.probability(class))));
}
