//! The loader against malice in models of numbers.

mod buffer;
mod common;
mod parts;

use edgefit::{
    Error,
    format::{Header, Input},
};
use parts::{Parts, load, numeric};

type Change = fn(&mut Header<'_>);

fn features(header: &mut Header<'_>, number: u32) {
    let Input::Numbers { features, .. } = &mut header.input else { panic!("the model is one of numbers") };
    *features = number;
}

/// What is wrong in a header, and what is said of it.
const WRONG_HEADERS: &[(&str, Error, Change)] = &[
    ("no features", Error::BadShape, |h| features(h, 0)),
    ("fewer features than inputs", Error::LayersDoNotFit, |h| features(h, 3)),
    ("65,536 features", Error::BadShape, |h| features(h, 65_536)),
    ("2^32 - 1 features", Error::BadShape, |h| features(h, u32::MAX)),
    ("features past the table", Error::BadOffset, |h| features(h, 60_000)),
    ("fewer inputs than features", Error::LayersDoNotFit, |h| h.layers[0].inputs = 3),
    ("more inputs than features", Error::LayersDoNotFit, |h| h.layers[0].inputs = 5),
    ("weights of 10 bits that use 11", Error::BadWeights, |h| h.layers[1].bits = 10),
    ("two labels for three classes", Error::BadLabels, |h| h.labels = "setosa\0virginica"),
    ("weights of 17 bits", Error::BadShape, |h| h.layers[0].bits = 17),
];

#[test]
fn what_is_wrong_in_a_header_is_named() {
    assert_eq!(load(&numeric()), Ok(()));
    for (name, error, change) in WRONG_HEADERS {
        let mut parts = numeric();
        change(&mut parts.header);
        assert_eq!(load(&parts), Err(*error), "{name}");
    }
}

/// The numeric model with another value in a table.
fn with_table<const N: usize>(table: &str, item: usize, value: [u8; N]) -> Parts {
    let mut parts = numeric();
    let offset = parts.tables().iter().find(|t| t.name == table).map(|t| *t.offset).expect("the table exists");
    parts.arena[offset as usize + item * N..][..N].copy_from_slice(&value);
    parts
}

#[test]
fn standards_that_give_no_number_are_refused() {
    for feature in 0..4 {
        for mean in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let loaded = load(&with_table("means", feature, mean.to_le_bytes()));
            assert_eq!(loaded, Err(Error::BadStandards), "mean {mean} of feature {feature}");
        }
        for scale in [0.0, -0.0, -1.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let loaded = load(&with_table("scales", feature, scale.to_le_bytes()));
            assert_eq!(loaded, Err(Error::BadStandards), "scale {scale} of feature {feature}");
        }
        for value in [f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)] {
            assert_eq!(load(&with_table("means", feature, value.to_le_bytes())), Ok(()), "mean {value}");
            assert_eq!(load(&with_table("scales", feature, value.to_le_bytes())), Ok(()), "scale {value}");
        }
    }
}

#[test]
fn every_table_must_lie_within_the_arena_and_aligned() {
    for table in 0..numeric().tables().len() {
        let (mut parts, mut offsets) = (numeric(), Vec::new());
        let end = parts.arena.len() as u32;
        let (len, align) = (parts.tables()[table].len, parts.tables()[table].align);
        offsets.extend([(end - len + 1).next_multiple_of(align), end, 1 << 31, u32::MAX - len + 1, u32::MAX]);
        offsets.extend((1..align).map(|odd| *parts.tables()[table].offset + odd));
        for offset in offsets {
            let mut parts = numeric();
            *parts.tables()[table].offset = offset;
            assert_eq!(load(&parts), Err(Error::BadOffset), "{} at {offset}", parts.tables()[table].name);
        }
    }
}

#[test]
fn the_first_layer_counts_both_signs_of_its_inputs() {
    // Unit 0: (20 + 45 + 127 + 110) x 127 beside the bias. Counted as inputs of one sign it would be less.
    let room = i32::MAX - 302 * 127;
    for (bias, expected) in
        [(room, Ok(())), (-room, Ok(())), (room + 1, Err(Error::Overflow)), (-room - 1, Err(Error::Overflow))]
    {
        let mut parts = with_table("records 0", 0, bias.to_le_bytes());
        // Requantised by less than 1, so that only the accumulator is in question.
        let record = parts.header.layers[0].records as usize;
        parts.arena[record + 8] = 40;
        assert_eq!(load(&parts), expected, "{bias}");
    }
    assert_eq!(load(&with_table("weights 0", 1, [0x80])), Err(Error::BadWeights), "-128");
}

#[test]
fn the_first_layer_may_be_wide() {
    let mut parts = numeric();
    let at = parts.header.layers[0].weights as usize;
    let weights: Vec<u8> =
        parts.arena[at..at + 12].iter().flat_map(|&w| (i16::from(w as i8) * 16).to_le_bytes()).collect();
    parts.header.layers[0].weights = parts.arena.len().next_multiple_of(4) as u32;
    parts.arena.resize(parts.arena.len().next_multiple_of(4), 0);
    parts.arena.extend(weights);
    parts.header.layers[0].bits = 12;
    assert_eq!(load(&parts), Ok(()));
}
