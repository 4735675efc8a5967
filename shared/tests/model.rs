//! What a model, its layers and its vocabulary tell of themselves.

mod buffer;
mod common;
mod reference;

use buffer::{Buffer, cases, seal};
use edgefit::{
    Error, Model,
    format::{Input, PREFIX_LEN, crc32},
    vocabulary::Vocabulary,
    words::{FOLDING, FOREIGN, Splitter, TOKENISER, WordSink},
};
use proptest::prelude::*;

fn with_model<T>(file: &[u8], test: impl FnOnce(&Model<'_>) -> T) -> T {
    test(&Model::from_bytes(Buffer::new(file).bytes()).unwrap())
}

#[test]
fn a_model_of_text_tells_its_sizes_and_its_checksum() {
    let file = common::tiny_model();
    with_model(&file, |model| {
        assert_eq!(model.file_len(), file.len());
        assert_eq!(model.crc(), crc32(&file[PREFIX_LEN..]));
        assert_eq!((model.rows(), model.outputs(), model.widest()), (32, 1, 4));
        assert_eq!(model.labels().collect::<Vec<_>>(), ["negative", "positive"]);
        assert_eq!(model.logit_scale().to_bits(), 0.001f32.to_bits());
        assert!(model.standards().is_none() && !model.is_foreign());
        let vocabulary = model.vocabulary().unwrap();
        assert_eq!((vocabulary.words(), vocabulary.rows(), vocabulary.unknown_row()), (31, 32, Some(31)));
        let Input::Text { tokeniser, seed, words, .. } = model.header().input else { panic!("a model of text") };
        assert_eq!((tokeniser, seed, words), (vocabulary.tokeniser(), vocabulary.seed(), 31));
        assert_eq!(tokeniser, TOKENISER);
    });
}

#[test]
fn a_model_of_numbers_tells_its_sizes_and_standards() {
    with_model(&common::numeric_model(), |model| {
        assert_eq!((model.rows(), model.outputs(), model.widest()), (4, 3, 3));
        assert!(model.vocabulary().is_none() && !model.is_foreign());
        let standards = model.standards().unwrap();
        assert_eq!(standards.features(), 4);
        assert_eq!(
            (standards.means(), standards.scales()),
            (&[5.75, 3.0, 3.75, 1.2][..], &[48.5, 81.25, 36.0, 83.0][..])
        );
    });
}

/// `bits`, `inputs`, `units`, `activation_max`, and the weights of each unit.
type Shape = (u8, usize, usize, i32, Vec<Vec<i32>>);

#[test]
fn layers_tell_the_weights_that_were_written() {
    let layers = |file: Vec<u8>| -> Vec<Shape> {
        with_model(&file, |model| {
            let layers = model.layers().map(|layer| {
                let weights = |unit| (0..layer.inputs()).map(|input| layer.weight(input, unit)).collect();
                assert_eq!((layer.weight(layer.inputs(), 0), layer.weight(0, layer.units())), (0, 0), "there are none");
                assert_eq!(layer.biases().count(), layer.units());
                assert_eq!(layer.factors().count(), layer.units());
                let weights = (0..layer.units()).map(weights).collect();
                (layer.bits(), layer.inputs(), layer.units(), layer.activation_max(), weights)
            });
            layers.collect()
        })
    };
    let [first, second] = &layers(common::tiny_model())[..] else { panic!("two layers") };
    assert_eq!((first.0, first.1, first.2, first.3), (8, 32, 4, 4_095));
    // The last row is that of unknown words.
    assert_eq!(first.4.iter().map(|unit| unit[31]).collect::<Vec<_>>(), [1, 2, 3, -1]);
    assert_eq!(*second, (12, 4, 1, 0, vec![vec![900, -1_000, 37, -20]]));

    let [first, second] = &layers(common::numeric_model())[..] else { panic!("two layers") };
    let weights = vec![vec![-20, 45, -127, -110], vec![30, -60, 90, 20], vec![5, 10, 80, 127]];
    assert_eq!(*first, (8, 4, 3, 4_095, weights));
    let weights = vec![vec![2_047, -300, -900], vec![-800, 700, -450], vec![-1_500, 60, 1_900]];
    assert_eq!(*second, (12, 3, 3, 0, weights));
    with_model(&common::numeric_model(), |model| {
        let layer = model.layers().next().unwrap();
        assert_eq!(layer.biases().collect::<Vec<_>>(), [-2_000, 2_500, -3_000]);
        assert_eq!(layer.stored_weights().len(), 12);
        let factors: Vec<f64> = layer.factors().map(|(by, shift)| f64::from(by) / f64::from(shift).exp2()).collect();
        assert!(factors.iter().all(|factor| (factor - 0.15).abs() < 1e-6), "{factors:?}");
    });
}

proptest! {
    #![proptest_config(cases(64))]

    /// Of all widths, and units and inputs of odd number, whose last byte has room for one that is not there.
    #[test]
    fn a_weight_is_as_it_was_written_and_0_where_there_is_none(network in reference::generate::sound_network()) {
        with_model(&network.file(), |model| {
            assert_eq!(model.layers().len(), network.layers.len());
            for (layer, written) in model.layers().zip(&network.layers) {
                for (unit, written) in written.units.iter().enumerate() {
                    let weights = (0..layer.inputs()).map(|input| layer.weight(input, unit));
                    assert!(weights.eq(written.weights.iter().map(|&weight| weight.into())), "unit {unit}");
                    assert_eq!(layer.weight(layer.inputs(), unit), 0);
                }
                assert!((0..layer.inputs()).all(|input| layer.weight(input, layer.units()) == 0));
                assert_eq!((layer.weight(usize::MAX, 0), layer.weight(0, usize::MAX)), (0, 0));
            }
        });
    }
}

/// The words that a splitter finds, each with a space after it.
#[derive(Default)]
struct Found(Vec<u8>);

impl WordSink for Found {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn end(&mut self) {
        self.0.push(b' ');
    }
}

fn split(mut splitter: Splitter, text: &str) -> String {
    let mut found = Found::default();
    splitter.feed(text.as_bytes(), &mut found);
    splitter.finish(&mut found);
    String::from_utf8(found.0).unwrap()
}

#[test]
fn a_splitter_follows_the_rule_of_its_version() {
    let text = "Ein \u{c4}rger\u{2014}\u{ab}Film\u{bb}, \u{41a}\u{438}\u{43d}\u{43e}";
    let ascii = split(Splitter::by(TOKENISER).unwrap(), text);
    let folded = split(Splitter::by(FOLDING).unwrap(), text);
    assert_eq!(ascii, split(Splitter::new(), text));
    assert_eq!(folded, "ein \u{e4}rger film \u{43a}\u{438}\u{43d}\u{43e} ");
    assert_ne!(ascii, folded);
    // Words of another tokeniser are split as near as can be.
    assert_eq!(split(Splitter::by(FOLDING | FOREIGN).unwrap(), text), folded);
    assert!(Splitter::by(FOLDING + 1).is_none());
    assert!(Splitter::by(0).is_none());
    let vocabulary = Vocabulary::new(7, &[], &[], None).with_tokeniser(FOLDING);
    assert_eq!(vocabulary.tokeniser(), FOLDING);
    assert_eq!(split(vocabulary.splitter(), text), folded);
    assert_eq!(split(Vocabulary::new(7, &[], &[], None).splitter(), text), ascii);
}

#[test]
fn an_error_is_shown_as_its_message() {
    let mut file = common::tiny_model();
    file[PREFIX_LEN + 1] ^= 1;
    let error = Model::from_bytes(Buffer::new(&file).bytes()).unwrap_err();
    assert_eq!(error, Error::BadCrc);
    assert_eq!(error.to_string(), "the CRC-32 does not match (the file was damaged)");
    seal(&mut file);
    assert_ne!(Model::from_bytes(Buffer::new(&file).bytes()).map(|_| ()), Err(error));
}
