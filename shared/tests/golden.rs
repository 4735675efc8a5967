//! The golden model: its bytes and its answers stay as they are, whatever changes in the code.
//!
//! `EDGEFIT_BLESS=1 cargo test -p edgefit --test golden` writes the file anew after an intended change.

mod common;

use std::path::{Path, PathBuf};

use edgefit::{Aligned, Classifier, Model, NumericClassifier, Scratch, input_words, seen_words};

/// Texts and their logits, which an independent program computed from the weights in `common`.
const ANSWERS: [(&str, i32); 6] = [
    ("", 93),
    ("A truly WONDERFUL film", 3_668),
    ("awful, awful plot. It's a waste", -8_959),
    ("the movie was not bad and not good<br />", -1_097),
    ("nobody has ever heard of any of these words", 202),
    ("Caf\u{e9} 10 actor: excellent, beautiful, moving, funny & well", 11_877),
];

/// Vectors and their logits, from the same program.
const NUMERIC_ANSWERS: [([f32; 4], [i32; 3]); 5] = [
    ([5.1, 3.5, 1.4, 0.2], [12_535, -4_719, -9_186]),
    ([5.9, 3.0, 4.2, 1.5], [-823, 956, 935]),
    ([6.3, 3.3, 6.0, 2.5], [-5_764, 185, 10_221]),
    ([-1e30, 1e30, -1e30, 1e30], [4_192, -2_326, -1_730]),
    ([5.75, 3.0, 3.75, 1.2], [-226, 705, 45]),
];

fn golden_path(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/golden")).join(name)
}

#[test]
fn the_writer_still_writes_the_golden_files() {
    for (name, written) in [("tiny.edgefit", common::tiny_model()), ("numeric.edgefit", common::numeric_model())] {
        if std::env::var_os("EDGEFIT_BLESS").is_some() {
            std::fs::write(golden_path(name), &written).expect("the golden folder can be written");
        }
        let golden = std::fs::read(golden_path(name)).expect("the golden files are part of the crate");
        assert!(written == golden, "the bytes of {name} have changed: that needs a new format version");
    }
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
    let vocabulary = model.vocabulary().unwrap();
    assert_eq!(vocabulary.row(edgefit::words::Hash::of(vocabulary.seed(), b"unheard-of")), Some(31));
}

#[test]
fn the_golden_numeric_file_still_answers_the_same() {
    static FILE: Aligned<[u8; include_bytes!("../golden/numeric.edgefit").len()]> =
        Aligned(*include_bytes!("../golden/numeric.edgefit"));
    let model = Model::from_bytes(&FILE.0).unwrap();
    let mut scratch = Scratch::<{ input_words(4) }, 3>::new();
    let mut classifier = NumericClassifier::new(&model, &mut scratch).unwrap();
    let answers = NUMERIC_ANSWERS.map(|(vector, _)| {
        let logits = classifier.classify(&vector).unwrap();
        (vector, [logits.values()[0], logits.values()[1], logits.values()[2]])
    });
    assert_eq!(answers, NUMERIC_ANSWERS);
}
