//! The statistics against values of numpy and scipy, and what they show when a file is spoilt.

use super::*;
use crate::{
    data::{Dataset, Inputs, Split, VocabularyTables},
    model_file::ModelFile,
    network::Dense,
    quantise::{IntegerNetwork, WeightBits, quantise},
};
use edgefit::{arithmetic::requantise_factor, format::Provenance};

fn close(got: f64, expected: f64) -> bool {
    (got - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

#[test]
fn statistics_of_a_layer_agree_with_scipy() {
    // w = np.array([.5, -1, .25, 0, 3, -.125, .75, 0]); q = np.round(w/.03).clip(-100, 100)*.03
    // stats.kurtosis(w), 10*np.log10((w*w).sum()/((w-q)**2).sum()), (w*q).sum()/(w*w).sum()
    let float = [0.5_f32, -1.0, 0.25, 0.0, 3.0, -0.125, 0.75, 0.0];
    let integers: Vec<i32> = float.iter().map(|w| (f64::from(*w) / 0.03).round() as i32).collect();
    assert_eq!(integers, [17, -33, 8, 0, 100, -4, 25, 0]);
    let row = layer_row(1, 8, &float, &integers, &[0.03, 0.03]);
    assert!(close(row.kurtosis, 1.323_280_840_170_96), "{row:?}");
    assert!(close(row.largest_weight, 3.0) && close(row.zero_weights, 0.25) && close(row.zero_rows, 0.0));
    assert!(close(row.signal_to_noise_db.unwrap(), 10.0 * (10.890_625_f64 / 0.000_325).log10()), "{row:?}");
    assert!((row.scale - 1.0).abs() < 0.005);
    let exact = layer_row(1, 8, &[0.5, 0.0, 0.0, 0.0], &[1, 0, 0, 0], &[0.5, 1.0]);
    assert_eq!((exact.signal_to_noise_db, exact.scale, exact.zero_rows), (None, 1.0, 0.5));
    let dead = layer_row(1, 8, &[0.0, 0.0], &[0, 0], &[1.0]);
    assert_eq!((dead.signal_to_noise_db, dead.scale, dead.kurtosis, dead.zero_rows), (None, 1.0, 0.0, 1.0));
}

#[test]
fn decisions_of_one_and_of_several_logits() {
    assert_eq!(decide(&[0.0]), (0, 0.0));
    assert_eq!(decide(&[-2.5]), (0, 2.5));
    assert_eq!(decide(&[0.5]), (1, 0.5));
    assert_eq!(decide(&[1.0, 3.0, 2.5]), (1, 0.5));
    assert_eq!(decide(&[3.0, 3.0, -1.0]), (0, 0.0));
    assert!(close(confidence(&[0.0]), 0.5) && (confidence(&[-(3f32.ln())]) - 0.75).abs() < 1e-6);
    assert!(close(confidence(&[1.0, 1.0, 1.0, 1.0]), 0.25));
}

#[test]
fn histograms_hold_everything() {
    let counts = histogram([0.0, 0.009, 0.01, 0.06, 1.5, 19.9, 20.0, 1e9, f64::INFINITY].into_iter());
    assert_eq!(counts, [2, 1, 0, 1, 0, 0, 0, 1, 0, 0, 1, 3]);
    assert!(close(median(vec![5.0, 1.0, 3.0]), 3.0) && close(median(vec![]), 0.0));
}

fn network() -> Network {
    let wave = |i: usize| (i as f32 * 0.7).sin();
    let first = Dense { kernel: (0..64 * 4).map(wave).collect(), bias: vec![0.1, -0.2, 0.3, 0.0] };
    let second = Dense { kernel: (0..4 * 4).map(|i| wave(i + 9)).collect(), bias: vec![0.05; 4] };
    let last = Dense { kernel: vec![0.9, -0.8, 0.7, 1.1], bias: vec![-0.3] };
    Network { layers: vec![first, second, last] }
}

/// A file of 64 rows.
fn file(integer: &IntegerNetwork) -> ModelFile {
    let mut split = Split::default();
    split.push((0..64).map(|word| format!("w{word} ")).collect::<Vec<_>>().concat().as_bytes(), 1);
    let labels = vec!["neg".to_owned(), "pos".to_owned()];
    let dataset = Dataset {
        name: "words".to_owned(),
        synthetic: true,
        sha256: [7; 32],
        labels: labels.clone(),
        word_index: None,
        features: None,
        notes: Vec::new(),
        train: split.clone(),
        test: split,
    };
    let tables = VocabularyTables::of(&dataset, &dataset.train, 64).unwrap();
    let provenance = Provenance {
        recipe: "baseline",
        seed: 0,
        epoch: 1,
        protocol: "article",
        dataset: "words",
        dataset_sha256: dataset.sha256,
        float_accuracy: f32::NAN,
        integer_accuracy: f32::NAN,
        edgefit: edgefit::VERSION,
    };
    ModelFile::build(integer, &Inputs::Words(tables), &labels, provenance).unwrap()
}

/// The layers of the network's file, after `spoil` has changed its integers.
fn spoilt(spoil: impl Fn(&mut IntegerNetwork)) -> Why {
    let peaks = [3.0, 2.0];
    let network = network();
    let mut integer = quantise(&network, &peaks, None, WeightBits::Eight).unwrap();
    spoil(&mut integer);
    let file = file(&integer);
    let (float, deployed) = ([1.0_f32, -0.5, 0.01], [1.02_f32, -0.4, -0.02]);
    Why::of(&network, &peaks, &file.model().unwrap(), [&float, &deployed], &[1, 0, 1])
}

#[test]
fn a_sound_file_has_all_its_signal_and_no_blame() {
    let why = spoilt(|_| {});
    assert_eq!(why.layers.len(), 3);
    for layer in &why.layers {
        assert!((layer.scale - 1.0).abs() < 1e-3 && layer.signal_to_noise_db.unwrap() > 40.0, "{layer:?}");
    }
    assert_eq!(why.blame(), None);
    let [flip] = why.flipped.as_slice() else { panic!("{why:?}") };
    assert_eq!((flip.document, flip.label, flip.float_class, flip.integer_class), (2, 1, 1, 0));
    assert!((flip.float_margin - 0.01).abs() < 1e-6 && (flip.integer_margin - 0.02).abs() < 1e-6);
    assert_eq!(why.margins.flips.iter().sum::<usize>(), 1);
    assert_eq!(why.margins.float.iter().sum::<usize>(), 3);
}

#[test]
fn a_scale_that_is_off_by_a_twentieth_is_found_in_its_layer() {
    for layer in 0..3 {
        let why = spoilt(|integer| {
            for (multiplier, shift) in &mut integer.layers[layer].factors {
                let factor = f64::from(*multiplier) / 2f64.powi((*shift).into());
                (*multiplier, *shift) = requantise_factor(0.95 * factor).unwrap();
            }
        });
        let blame = why.blame().unwrap();
        let expected = format!("layer {} has a wrong scale: its weights come out 0.950 times the network's", layer + 1);
        assert_eq!(blame, expected);
        let sound = (0..3).filter(|&other| (why.layers[other].scale - 1.0).abs() < 1e-3).count();
        assert_eq!(sound, 2, "the scale of one layer is wrong, not those of the others: {why:?}");
    }
}

#[test]
fn weights_of_two_bits_are_too_coarse() {
    let why = spoilt(|integer| {
        for weight in &mut integer.layers[0].weights {
            *weight = weight.signum() * if weight.abs() > 63 { 127 } else { 0 };
        }
    });
    let blame = why.blame().unwrap();
    assert!(blame.starts_with("layer 1 is too coarse"), "{blame}");
}
