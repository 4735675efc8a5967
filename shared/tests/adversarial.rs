//! The overflow proof against weights that are made to break it: every bound at its end, the most rows, the most units, biases
//! that leave no room, and the documents that drive a sum furthest.
//!
//! Run with overflow checks: a hole in the proof would show as one, and a wrong lane as another logit than the reference's.

mod buffer;
mod reference;

use std::collections::BTreeSet;

use buffer::{Buffer, Room, cases};
use edgefit::{Classifier, Error, Model, NumericClassifier};
use proptest::prelude::*;
use reference::{Layer, Network, Unit, numeric::NumericNetwork};

/// Where a sum, with its bias, ends: as far as an accumulator goes.
const END: i64 = (1 << 31) - 1;

/// A unit that an accumulator has just room for: the bias takes what is left beside `inputs`, the most that its inputs can
/// add; its factor is the largest whose result still fits.
fn filled(weights: Vec<i16>, inputs: i64, sign: i32, multiplier: i32) -> Unit {
    let room = i32::try_from(END - inputs).expect("the inputs alone fit");
    // 2^31 * multiplier / 2^shift must stay below 2^31 - 1.
    Unit { weights, bias: sign * room, multiplier, shift: 32 }
}

/// The logits for some rows, or why the model does not load.
fn answers(network: &Network, documents: &[Vec<u16>]) -> Result<Vec<Vec<i32>>, Error> {
    let buffer = Buffer::new(&network.file());
    let model = Model::from_bytes(buffer.bytes())?;
    let mut room = Room::new(&model);
    let mut classifier = Classifier::new(&model, room.view())?;
    let mut answer = |rows: &Vec<u16>| {
        classifier.rows(rows)?;
        let looked_up = classifier.finish().values().to_vec();
        // Added without a look, more of them come together.
        classifier.distinct_rows(rows)?;
        assert_eq!(classifier.finish().values(), looked_up);
        Ok(looked_up)
    };
    documents.iter().map(&mut answer).collect()
}

fn expected(network: &Network, documents: &[Vec<u16>]) -> Vec<Vec<i32>> {
    let rows = |rows: &Vec<u16>| rows.iter().map(|&row| usize::from(row)).collect::<BTreeSet<_>>();
    documents.iter().map(|document| network.logits(&rows(document))).collect()
}

fn network(rows: usize, layers: Vec<Layer>) -> Network {
    let (displacements, fingerprints) = (vec![0; rows.div_ceil(4)], vec![0; rows]);
    Network { tokeniser: 1, seed: 0, displacements, fingerprints, unknown_row: false, layers }
}

/// One more in the bias of a unit, and the model must be refused.
fn with_one_more(mut network: Network, layer: usize, unit: usize) -> Network {
    let bias = &mut network.layers[layer].units[unit].bias;
    *bias += bias.signum();
    network
}

/// Which of the extremes the weights of a unit take.
fn weight(kind: u8, at: usize, limit: i16, least: i16) -> i16 {
    if is_up(kind, at) { limit } else { least }
}

fn is_up(kind: u8, at: usize) -> bool {
    match kind {
        0 => true,
        1 => false,
        2 => at.is_multiple_of(2),
        // A run of one side that is longer than any lane holds, then one of the other.
        _ => at % 1_024 < 512,
    }
}

/// The documents that drive the sums of units of each kind furthest: all rows, none, and those on either side.
fn documents(rows: usize) -> Vec<Vec<u16>> {
    let those = |is_in: &dyn Fn(usize) -> bool| (0..rows).filter(|&row| is_in(row)).map(|row| row as u16).collect();
    let mut all = vec![those(&|_| true), those(&|_| false)];
    for kind in [2, 3] {
        all.push(those(&|row| is_up(kind, row)));
        all.push(those(&|row| !is_up(kind, row)));
    }
    all
}

/// More than the proof allows for: a sum wraps, and the next document is as ever.
#[test]
fn rows_given_twice_as_distinct_ones_break_nothing() {
    for (bits, limit) in [(8u8, 127i16), (4, 7)] {
        for (count, sign) in [(1usize, 1), (4, -1), (8, 1), (16, -1)] {
            let unit = || filled(vec![limit * sign as i16; 40], 40 << (bits - 1), sign, i32::MAX);
            let network =
                network(40, vec![Layer { bits, activation_max: 0, units: (0..count).map(|_| unit()).collect() }]);
            let buffer = Buffer::new(&network.file());
            let model = Model::from_bytes(buffer.bytes()).unwrap();
            let mut room = Room::new(&model);
            let mut classifier = Classifier::new(&model, room.view()).unwrap();
            let rows: Vec<u16> = (0..40).collect();
            for _ in 0..3 {
                classifier.distinct_rows(&rows).unwrap();
            }
            classifier.finish();
            classifier.distinct_rows(&rows).unwrap();
            assert_eq!([classifier.finish().values().to_vec()], expected(&network, &[rows])[..]);
        }
    }
}

proptest! {
    #![proptest_config(cases(24))]

    /// Rows of the first layer, up to as many as there can be; the stored minimum, which no exporter writes, among the weights.
    #[test]
    fn no_rows_overflow_a_first_layer(
        is_narrow: bool,
        rows in prop_oneof![Just(65_535usize), Just(65_536 / 2), 1usize..2_000, Just(255), Just(256), Just(257)],
        // Kernels take four, eight or sixteen units together, and others one by one.
        count in prop_oneof![Just(4usize), Just(8), Just(16), 1usize..10],
        kinds in proptest::collection::vec((0u8..4, prop_oneof![Just(1), Just(-1)], (1i32 << 30)..=i32::MAX), 16),
    ) {
        let kinds = &kinds[..count];
        let (bits, limit, least) = if is_narrow { (4, 7, -8) } else { (8, 127, -128) };
        let rows = if cfg!(miri) { rows.min(300) } else { rows };
        let units = kinds.iter().map(|&(kind, sign, multiplier)| {
            let weights = (0..rows).map(|row| weight(kind, row, limit, least)).collect();
            filled(weights, (rows as i64) << (bits - 1), sign, multiplier)
        });
        let network = network(rows, vec![Layer { bits, activation_max: 0, units: units.collect() }]);
        let documents = documents(rows);
        prop_assert!(network.fits());
        prop_assert_eq!(answers(&network, &documents), Ok(expected(&network, &documents)));
        prop_assert_eq!(answers(&with_one_more(network, 0, kinds.len() - 1), &documents), Err(Error::Overflow));
    }

    /// A hidden layer that hands on as much as it may, for any set of its units, to units with weights of any width at their
    /// ends.
    #[test]
    fn no_activations_overflow_a_layer_after_it(
        hidden in prop_oneof![Just(1usize), Just(16), Just(17), 1usize..100, Just(256)],
        bits in prop_oneof![Just(4u8), Just(8), 9u8..=16],
        max in prop_oneof![Just(i16::MAX as u16), Just(4_095), 1u16..=i16::MAX as u16],
        kinds in proptest::collection::vec((0u8..4, prop_oneof![Just(1), Just(-1)], (1i32 << 30)..=i32::MAX), 1..6),
    ) {
        let hidden = if cfg!(miri) { hidden.min(20) } else { hidden };
        // Row number n drives unit n alone, and that to its end.
        let driven = |unit| Unit {
            weights: (0..hidden).map(|row| if row == unit { 127 } else { 0 }).collect(),
            bias: 0,
            multiplier: 1 << 30,
            shift: 21,
        };
        let first = Layer { bits: 8, activation_max: max, units: (0..hidden).map(driven).collect() };
        let limit = ((1i32 << (bits - 1)) - 1) as i16;
        // As many of the weights as there is room for; the others are 0.
        let most = (END / (i64::from(limit) * i64::from(max))) as usize;
        let units = kinds.iter().map(|&(kind, sign, multiplier)| {
            let weights: Vec<i16> =
                (0..hidden).map(|at| if at < most { weight(kind, at, limit, -limit) } else { 0 }).collect();
            let sum = |sign: i64| weights.iter().map(|&w| (sign * i64::from(w)).max(0)).sum::<i64>();
            let inputs = sum(1).max(sum(-1)) * i64::from(max);
            filled(weights, inputs, sign, multiplier)
        });
        let last = Layer { bits, activation_max: 0, units: units.collect() };
        let network = network(hidden, vec![first, last]);
        let documents = documents(hidden);
        prop_assert!(network.fits());
        prop_assert_eq!(answers(&network, &documents), Ok(expected(&network, &documents)));
        prop_assert_eq!(answers(&with_one_more(network, 1, kinds.len() - 1), &documents), Err(Error::Overflow));
    }

    /// Numbers at either end of the inputs, of the sign of their weight or against it.
    #[test]
    fn no_numbers_overflow_a_first_layer(
        features in prop_oneof![Just(1usize), 1usize..600, Just(4_096)],
        bits in prop_oneof![Just(4u8), Just(8), 9u8..=16],
        kinds in proptest::collection::vec((0u8..4, prop_oneof![Just(1), Just(-1)], (1i32 << 30)..=i32::MAX), 1..6),
    ) {
        let features = if cfg!(miri) { features.min(40) } else { features };
        let limit = ((1i32 << (bits - 1)) - 1) as i16;
        let most = (END / (i64::from(limit) * 127)) as usize;
        let units = kinds.iter().map(|&(kind, sign, multiplier)| {
            let weights: Vec<i16> =
                (0..features).map(|at| if at < most { weight(kind, at, limit, -limit) } else { 0 }).collect();
            let inputs = weights.iter().map(|&w| i64::from(w).abs()).sum::<i64>() * 127;
            filled(weights, inputs, sign, multiplier)
        });
        let layer = Layer { bits, activation_max: 0, units: units.collect() };
        let network =
            NumericNetwork { means: vec![0.0; features], scales: vec![1.0; features], layers: vec![layer] };
        prop_assert!(network.fits());
        let buffer = Buffer::new(&network.file());
        let model = Model::from_bytes(buffer.bytes()).expect("it fits");
        let mut room = Room::new(&model);
        let mut classifier = NumericClassifier::new(&model, room.view()).expect("the room is made for the model");
        for unit in &network.layers[0].units {
            for sign in [1, -1] {
                let vector: Vec<f32> = unit.weights.iter().map(|&w| f32::from(sign * w.signum()) * 200.0).collect();
                let found = classifier.classify(&vector).expect("a whole vector").values().to_vec();
                prop_assert_eq!(found, network.logits(&vector));
            }
        }
        let mut over = network;
        let bias = &mut over.layers[0].units[0].bias;
        *bias += bias.signum();
        prop_assert_eq!(Model::from_bytes(Buffer::new(&over.file()).bytes()).err(), Some(Error::Overflow));
    }
}
