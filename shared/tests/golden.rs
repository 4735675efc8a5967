//! The golden model: its bytes and its answers stay as they are, whatever changes in the code.
//!
//! `EDGEFIT_BLESS=1 cargo test -p edgefit --test golden` writes the file anew after an intended change.

mod common;

use std::path::Path;

use edgefit::{Classifier, Model, Scratch, seen_words};

/// Texts and their logits, which an independent program computed from the weights in `common`.
const ANSWERS: [(&str, i32); 6] = [
    ("", 93),
    ("A truly WONDERFUL film", 3_668),
    ("awful, awful plot. It's a waste", -8_959),
    ("the movie was not bad and not good<br />", -1_097),
    ("nobody has ever heard of any of these words", 202),
    ("Caf\u{e9} 10 actor: excellent, beautiful, moving, funny & well", 11_877),
];

fn golden_path() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/golden/tiny.edgefit"))
}

#[test]
fn the_writer_still_writes_the_golden_file() {
    let written = common::tiny_model();
    if std::env::var_os("EDGEFIT_BLESS").is_some() {
        std::fs::write(golden_path(), &written).expect("the golden folder can be written");
    }
    let golden = std::fs::read(golden_path()).expect("golden/tiny.edgefit is part of the crate");
    assert!(written == golden, "the bytes of a model file have changed: that needs a new format version");
}

#[test]
fn the_golden_file_still_answers_the_same() {
    let region = common::aligned_tiny_model();
    let model = Model::from_region(&region.0).unwrap();
    let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
    let mut classifier = Classifier::new(&model, &mut scratch).unwrap();
    let answers = ANSWERS.map(|(text, _)| {
        classifier.text(text.as_bytes());
        (text, classifier.finish().values()[0])
    });
    assert_eq!(answers, ANSWERS);
}

#[test]
fn every_word_of_the_golden_file_has_its_own_row() {
    let region = common::aligned_tiny_model();
    let model = Model::from_region(&region.0).unwrap();
    assert_eq!((model.rows(), model.outputs(), model.widest()), (32, 1, 4));
    assert_eq!(model.labels().collect::<Vec<_>>(), ["negative", "positive"]);
    let vocabulary = model.vocabulary();
    assert_eq!(vocabulary.row(edgefit::words::Hash::of(vocabulary.seed(), b"unheard-of")), Some(31));
}
