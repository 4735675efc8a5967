//! Models of numbers: every emulated core standardises, sums and decides as the host does, bit for bit.

use std::{fmt::Write, fs};

use edgefit::{Aligned, Model, format::Provenance};
use edgefit_tests::cargo_trainer;
use edgefit_trainer::{
    board::{Board, Document, Session},
    data::{Inputs, Standards},
    integer::logits_of_documents,
    model_file::ModelFile,
    quantise::{IntegerLayer, IntegerNetwork},
};
use serde_json::Value;
use tempfile::tempdir;

static IRIS: Aligned<[u8; include_bytes!("../../shared/golden/numeric.edgefit").len()]> =
    Aligned(*include_bytes!("../../shared/golden/numeric.edgefit"));

/// Numbers from a stream of 64 bits (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Any finite number of single precision, subnormal ones included.
    fn finite(&mut self) -> f32 {
        loop {
            let number = f32::from_bits(self.next() as u32);
            if number.is_finite() {
                return number;
            }
        }
    }
}

/// Vectors where a core with a rounding of its own would give itself away: inputs half-way between two steps and the
/// numbers next to them, the ends, zeros of both signs, subnormal numbers, and anything else.
fn vectors(model: &Model<'_>) -> Vec<Vec<f32>> {
    let standards = model.standards().expect("the model is one of numbers");
    let (means, scales) = (standards.means(), standards.scales());
    let mut vectors = Vec::new();
    for half in -256..=256i16 {
        for shift in [-1, 0, 1i32] {
            let near = |(mean, scale): (&f32, &f32)| {
                let number = mean + f32::from(half) / 2.0 / scale;
                f32::from_bits(number.to_bits().wrapping_add_signed(shift))
            };
            vectors.push(means.iter().zip(scales).map(near).collect());
        }
    }
    for number in [0.0, -0.0, f32::MAX, -f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1), -f32::from_bits(0x007f_ffff)] {
        vectors.push(vec![number; means.len()]);
    }
    let mut numbers = Numbers(7);
    vectors.extend((0..500).map(|_| means.iter().map(|_| numbers.finite()).collect()));
    vectors.retain(|vector: &Vec<f32>| vector.iter().all(|number| number.is_finite()));
    vectors
}

/// Ten classes of which some are equal in every weight, behind means and scales of all magnitudes, subnormal ones included.
fn ties_and_extremes() -> ModelFile {
    let mut numbers = Numbers(3);
    let features = 11;
    let means = (0..features).map(|i| [0.0, -0.0, 1e-39, -3e4, 1e30, 5.5][i % 6]).collect();
    let scales = (0..features).map(|i| [1.0, 1e38, 1e-40, 0.37, 1e-30, 12.25, f32::from_bits(1)][i % 7]).collect();
    let mut layer = |inputs: usize, units: usize, bits: u8, activation_max: u16| {
        let limit = (1i64 << (bits - 1)) - 1;
        let weights = (0..inputs * units).map(|_| (numbers.next() as i64 % (limit + 1)) as i16).collect();
        let biases = (0..units).map(|_| (numbers.next() % 4_000) as i32 - 2_000).collect();
        let factors = vec![(1 << 30, 31); units];
        IntegerLayer { inputs, bits, weights, biases, factors, activation_max, bound: 0 }
    };
    let (first, mut last) = (layer(features, 9, 8, 4_095), layer(9, 10, 12, 0));
    for class in [4, 7, 9] {
        last.weights.copy_within(2 * 9..3 * 9, class * 9);
        last.biases[class] = last.biases[2];
    }
    let network = IntegerNetwork { layers: vec![first, last], logit_scale: 1e-3 };
    let labels: Vec<String> = (0..10).map(|class| format!("class {class}")).collect();
    let provenance = Provenance {
        recipe: "ties",
        seed: 0,
        epoch: 1,
        protocol: "article",
        dataset: "by hand",
        dataset_sha256: [0; 32],
        float_accuracy: 0.0,
        integer_accuracy: 0.0,
        edgefit: edgefit::VERSION,
    };
    let standards = Standards { means, scales, step: 1.0 };
    ModelFile::build(&network, &Inputs::Numbers(standards), &labels, provenance).expect("the network is sound")
}

#[test]
fn every_emulated_board_answers_vectors_as_the_host_does() {
    for file in [ModelFile::from_bytes(&IRIS.0), ties_and_extremes()] {
        let model = file.model().unwrap();
        let vectors = vectors(&model);
        let documents: Vec<Document<'_>> = vectors.iter().map(|vector| Document::Numbers(vector)).collect();
        let on_host = logits_of_documents(&model, &documents);
        let mut boards = 0;
        for board in Board::all(None).unwrap().iter().filter(|board| board.is_emulated()) {
            let mut session = Session::start(board, file.bytes()).unwrap_or_else(|error| panic!("{error}"));
            let check = |i: usize, logits: Vec<i32>| {
                assert_eq!(
                    logits,
                    on_host[i * model.outputs()..][..model.outputs()],
                    "{}: {:?}",
                    board.name(),
                    vectors[i]
                );
            };
            session.classify_all(&documents, check).unwrap();
            let by_number: Vec<f32> = (0..model.rows()).map(|feature| feature as f32).collect();
            let expected = logits_of_documents(&model, &[Document::Numbers(&by_number)]);
            assert_eq!(session.self_test().unwrap(), expected, "{}", board.name());
            session.finish().unwrap();
            boards += 1;
        }
        assert!(boards >= 6, "{boards} emulated boards");
    }
}

#[test]
fn what_is_no_vector_of_the_model_is_refused_and_the_board_goes_on() {
    let board = Board::parse("qemu:mps2-an386").unwrap();
    let mut session = Session::start(&board, &IRIS.0).unwrap();
    let whole = Document::Numbers(&[6.3, 3.3, 6.0, 2.5]);
    for (document, reason) in [
        (Document::Text(b"film"), "takes numbers"),
        (Document::Numbers(&[1.0; 3]), "more or fewer numbers"),
        (Document::Numbers(&[1.0; 5]), "more or fewer numbers"),
        (Document::Numbers(&[]), "more or fewer numbers"),
        (Document::Numbers(&[1.0, 2.0, f32::NAN, 4.0]), "NaN or infinite"),
        (Document::Numbers(&[f32::INFINITY; 4]), "NaN or infinite"),
    ] {
        let message = session.classify(document).unwrap_err().to_string();
        assert!(message.contains(reason), "{document:?}: {message}");
        assert_eq!(session.classify(whole).unwrap(), [-5_764, 185, 10_221], "after {document:?}");
    }
    session.finish().unwrap();
}

/// A table of ten classes: each has a centre of its own in eight columns of very different units.
fn table(rows: usize) -> String {
    let mut numbers = Numbers(1);
    let mut unit = move || (numbers.next() % 10_000) as f64 / 10_000.0;
    let mut text = (0..8).map(|column| format!("sensor {column},")).collect::<String>() + "state\n";
    for row in 0..rows {
        let class = row % 10;
        for column in 0..8 {
            let centre = f64::from((class * (column + 3) * 7 % 11) as u32);
            let spread = (0..4).map(|_| unit()).sum::<f64>() - 2.0;
            let _ = write!(text, "{},", (centre + 2.0 * spread) * 10f64.powi(column as i32 - 4) + 100.0);
        }
        let _ = writeln!(text, "state {class}");
    }
    text
}

#[test]
fn a_table_of_ten_classes_goes_from_the_file_to_a_verified_board() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("sensors.csv"), table(1_500)).unwrap();
    let mut trainer = cargo_trainer();
    trainer.current_dir(folder.path()).env("EDGEFIT_CACHE", "off");
    trainer.args(["study", "--data", "sensors.csv", "--recipes", "baseline,l2", "--seeds", "2", "--hidden", "32"]);
    trainer.args(["--epochs", "30", "--batch-size", "32", "--json", "--output", "study"]);
    let output = trainer.args(["--board", "qemu:microbit", "--documents", "all"]).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object on stdout");
    for model in json["models"].as_array().unwrap() {
        assert!(model["integer"]["test_accuracy"].as_f64().unwrap() > 0.9, "{model}");
        assert!(model["integer"]["rms_ratio"].as_f64().unwrap() < 0.05, "{model}");
        assert_eq!(model["board"]["documents"], 300);
        assert_eq!(model["board"]["logit_mismatches"], 0);
    }
    // The file alone, by itself and on another core.
    let mut trainer = cargo_trainer();
    trainer.current_dir(folder.path()).env("EDGEFIT_CACHE", "off").args([
        "verify",
        "study/baseline-0.edgefit",
        "--json",
    ]);
    let output =
        trainer.args(["--data", "sensors.csv", "--board", "qemu:sifive_e", "--documents", "50"]).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).expect("one JSON object on stdout");
    assert_eq!((output.status.code(), &json["models"][0]["board"]["logit_mismatches"]), (Some(0), &Value::from(0)));
}
