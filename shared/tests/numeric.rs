//! Models of numbers against the reference, and what holds for every vector.

mod buffer;
mod reference;

use buffer::{Buffer, Room, cases};
use edgefit::{Classifier, Error, Model, NumericClassifier, Scratch, classify_numbers, input_words, seen_words};
use proptest::prelude::*;
use reference::{
    generate::{numeric_network, sound_numeric_network},
    numeric::NumericNetwork,
};

/// The numeric model of `common`, from its file.
const IRIS: &[u8] = include_bytes!("../golden/numeric.edgefit");
const TINY: &[u8] = include_bytes!("../golden/tiny.edgefit");
const VECTOR: [f32; 4] = [5.1, 3.5, 1.4, 0.2];

/// Runs `answer` with a classifier of `network` in a scratch that is full of remains.
fn with_classifier<T>(network: &NumericNetwork, answer: impl FnOnce(&mut NumericClassifier<'_, '_>) -> T) -> T {
    let buffer = Buffer::new(&network.file());
    let model = Model::from_bytes(buffer.bytes()).expect("the network is sound");
    let mut room = Room::new(&model);
    answer(&mut NumericClassifier::new(&model, room.view()).expect("the room is made for the model"))
}

fn with_iris<T>(answer: impl FnOnce(&mut NumericClassifier<'_, '_>) -> T) -> T {
    let file = Buffer::new(IRIS);
    let model = Model::from_bytes(file.bytes()).unwrap();
    let mut scratch = Scratch::<{ input_words(4) }, 3>::new();
    answer(&mut NumericClassifier::new(&model, &mut scratch).unwrap())
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_network_loads_iff_no_accumulator_can_overflow(network in numeric_network()) {
        let buffer = Buffer::new(&network.file());
        let loaded = Model::from_bytes(buffer.bytes()).map(|_| ());
        prop_assert_eq!(loaded, if network.fits() { Ok(()) } else { Err(Error::Overflow) });
    }

    #[test]
    fn vectors_have_the_logits_of_the_reference((network, vectors) in sound_numeric_network()) {
        let answers = with_classifier(&network, |classifier| {
            let answer = |vector: &Vec<f32>| classifier.classify(vector).map(|logits| logits.values().to_vec());
            vectors.iter().map(answer).collect::<Result<Vec<_>, _>>()
        });
        prop_assert_eq!(answers, Ok(vectors.iter().map(|vector| network.logits(vector)).collect()));
    }

    #[test]
    fn a_vector_may_come_in_any_chunks((network, vectors) in sound_numeric_network(), cut: prop::sample::Index) {
        let (whole, parts) = with_classifier(&network, |classifier| {
            let whole = classifier.classify(&vectors[0]).map(|logits| logits.values().to_vec());
            let (head, tail) = vectors[0].split_at(cut.index(vectors[0].len() + 1));
            let given = classifier.numbers(head).and_then(|()| classifier.numbers(tail));
            (whole, given.and_then(|()| classifier.finish().map(|logits| logits.values().to_vec())))
        });
        prop_assert_eq!(whole, parts);
    }
}

#[test]
fn raw_values_of_a_converter_are_the_numbers_that_they_stand_for() {
    with_iris(|classifier| {
        for vector in [[5, 3, 1, 0], [7, 3, 6, 2], [i16::MIN, i16::MAX, -1, 0]] {
            let as_float = classifier.classify(&vector.map(f32::from)).unwrap().values().to_vec();
            assert_eq!(classifier.classify(&vector).unwrap().values(), as_float);
        }
    });
}

#[test]
fn no_number_at_all_is_refused_and_leaves_the_vector_as_it_was() {
    with_iris(|classifier| {
        let expected = classifier.classify(&VECTOR).unwrap().values().to_vec();
        for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            classifier.numbers(&VECTOR[..2]).unwrap();
            assert_eq!(classifier.numbers(&[VECTOR[2], bad]), Err(Error::NotFinite), "{bad}");
            classifier.numbers(&VECTOR[2..]).unwrap();
            assert_eq!(classifier.finish().unwrap().values(), expected);
            assert_eq!(classifier.classify(&[bad; 4]).err(), Some(Error::NotFinite));
        }
    });
}

#[test]
fn more_or_fewer_numbers_than_features_are_refused() {
    with_iris(|classifier| {
        let expected = classifier.classify(&VECTOR).unwrap().values().to_vec();
        assert_eq!(classifier.classify(&VECTOR[..3]).err(), Some(Error::WrongFeatures));
        assert_eq!(classifier.classify(&[0f32; 5]).err(), Some(Error::WrongFeatures));
        assert_eq!(classifier.classify::<f32>(&[]).err(), Some(Error::WrongFeatures));
        classifier.numbers(&VECTOR).unwrap();
        assert_eq!(classifier.numbers(&[1f32]), Err(Error::WrongFeatures));
        assert_eq!(classifier.finish().unwrap().values(), expected, "the one too many is not there");
        classifier.numbers(&VECTOR[..3]).unwrap();
        assert_eq!(classifier.finish().err(), Some(Error::WrongFeatures));
        assert_eq!(classifier.logits().values(), expected, "the last answer stays");
        assert_eq!(classifier.classify(&VECTOR).unwrap().values(), expected, "what was there has been forgotten");
        classifier.numbers(&VECTOR[..3]).unwrap();
        classifier.reset();
        classifier.numbers(&VECTOR).unwrap();
        assert_eq!(classifier.finish().unwrap().values(), expected);
    });
}

#[test]
fn each_model_has_its_classifier() {
    let (text, numbers) = (Buffer::new(TINY), Buffer::new(IRIS));
    let (text, numbers) = (Model::from_bytes(text.bytes()).unwrap(), Model::from_bytes(numbers.bytes()).unwrap());
    let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
    assert_eq!(NumericClassifier::new(&text, &mut scratch).err(), Some(Error::NoFeatures));
    assert_eq!(Classifier::new(&numbers, &mut scratch).err(), Some(Error::NoVocabulary));
    assert!(numbers.vocabulary().is_none() && text.standards().is_none() && !numbers.is_foreign());
    assert_eq!((numbers.rows(), numbers.outputs()), (4, 3));
}

#[test]
fn a_scratch_too_small_is_refused() {
    let file = Buffer::new(IRIS);
    let model = Model::from_bytes(file.bytes()).unwrap();
    assert!(NumericClassifier::new(&model, &mut Scratch::<2, 3>::new()).is_ok());
    let features = NumericClassifier::new(&model, &mut Scratch::<1, 3>::new()).err();
    let units = NumericClassifier::new(&model, &mut Scratch::<2, 2>::new()).err();
    assert_eq!((features, units), (Some(Error::ScratchTooSmall), Some(Error::ScratchTooSmall)));
}

#[test]
fn equal_logits_are_the_lowest_class_of_them() {
    // Two classes with the same weights, and one that is always behind.
    let mut network = NumericNetwork { means: vec![0.0; 2], scales: vec![1.0; 2], layers: Vec::new() };
    let unit =
        |weights: [i16; 2], bias| reference::Unit { weights: weights.to_vec(), bias, multiplier: 1 << 30, shift: 30 };
    let units = vec![unit([0, 0], -10_000), unit([3, -2], 5), unit([3, -2], 5)];
    network.layers.push(reference::Layer { bits: 8, activation_max: 0, units });
    with_classifier(&network, |classifier| {
        for vector in [[0.0f32, 0.0], [90.0, -90.0], [-90.0, 90.0]] {
            let logits = classifier.classify(&vector).unwrap();
            assert_eq!((logits.values()[1], logits.class()), (logits.values()[2], 1), "{vector:?}");
        }
    });
}

#[test]
fn one_call_classifies_like_many() {
    let file = Buffer::new(IRIS);
    let model = Model::from_bytes(file.bytes()).unwrap();
    let mut scratch = Scratch::<{ input_words(4) }, 3>::new();
    let class = with_iris(|classifier| classifier.classify(&VECTOR).unwrap().class());
    assert_eq!(classify_numbers(&model, &VECTOR, &mut scratch), Ok(class));
    assert_eq!(classify_numbers(&model, &VECTOR[..3], &mut scratch), Err(Error::WrongFeatures));
    assert_eq!(classify_numbers(&model, &[f32::NAN; 4], &mut scratch), Err(Error::NotFinite));
}
