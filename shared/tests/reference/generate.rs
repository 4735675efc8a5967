//! Small models of all shapes, and texts for them.

use proptest::{collection::vec, prelude::*};

use super::{Layer, Network, Unit, numeric::NumericNetwork};

/// Words that some models know.
pub(crate) const WORDS: [&str; 14] = [
    "a",
    "film",
    "don't",
    "10",
    "caf\u{e9}",
    "wonderful",
    "awful",
    "of",
    "'",
    "it's",
    "\u{4e2d}\u{6587}",
    "the",
    "\u{e9}t\u{e9}",
    "l'\u{436}",
];

/// The most rows, features or units: few where each step is interpreted, for which drawing them takes longer than using them.
const MOST: usize = if cfg!(miri) { 9 } else { 40 };

/// Weights of `bits` bits, the extremes as often as all others in a while.
fn weight(bits: u8) -> impl Strategy<Value = i16> {
    let limit = ((1i32 << (bits - 1)) - 1) as i16;
    prop_oneof![6 => -limit..=limit, 1 => Just(limit), 1 => Just(-limit), 1 => Just(0)]
}

fn unit(inputs: usize, bits: u8) -> impl Strategy<Value = Unit> {
    let bias = prop_oneof![6 => -2_000i32..=2_000, 2 => -10_000_000i32..=10_000_000, 1 => any::<i32>()];
    let multiplier = prop_oneof![4 => (1i32 << 30)..=i32::MAX, 1 => Just(1 << 30), 1 => Just(i32::MAX)];
    // Most factors lie about 1, where activations are neither all 0 nor all clamped.
    let shift = prop_oneof![12 => 27u8..=36, 1 => 1u8..=62];
    (vec(weight(bits), inputs), bias, multiplier, shift).prop_map(|(weights, bias, multiplier, shift)| Unit {
        weights,
        bias,
        multiplier,
        shift,
    })
}

fn layer(inputs: usize, units: usize, bits: u8, activation_max: u16) -> impl Strategy<Value = Layer> {
    vec(unit(inputs, bits), units).prop_map(move |units| Layer { bits, activation_max, units })
}

/// Layers for `inputs` inputs: up to three hidden ones after the first, and one to five outputs. `rows`: the inputs are rows of
/// a vocabulary, for which the first layer has 4 or 8 bits.
fn layers(inputs: usize, rows: bool) -> impl Strategy<Value = Vec<Layer>> {
    let bits = prop_oneof![Just(4u8), Just(8), Just(9), Just(12), Just(16)];
    let max = prop_oneof![4 => Just(4_095u16), 1 => Just(i16::MAX as u16), 1 => 1u16..=300];
    let units = prop_oneof![3 => 1usize..=6, 1 => Just(8), 1 => Just(16), 1 => 7usize..=MOST];
    (vec((units, bits, max), 1..=4), 1usize..=5).prop_flat_map(move |(shapes, outputs)| {
        let last = shapes.len() - 1;
        let mut inputs = inputs;
        let mut layers = Vec::new();
        for (i, (units, bits, max)) in shapes.into_iter().enumerate() {
            let (units, max) = if i == last { (outputs, 0) } else { (units, max) };
            layers.push(layer(inputs, units, if rows && i == 0 { bits.min(8) } else { bits }, max));
            inputs = units;
        }
        layers
    })
}

/// Any small network; in some an accumulator could overflow.
pub(crate) fn network() -> impl Strategy<Value = Network> {
    (1usize..=MOST, any::<bool>(), 1u16..=2).prop_flat_map(|(words, unknown_row, tokeniser)| {
        let vocabulary = (any::<u32>(), vec(any::<u16>(), words.div_ceil(4)), vec(any::<u16>(), words));
        let known = vec(any::<bool>(), WORDS.len());
        (vocabulary, known, layers(words + usize::from(unknown_row), true)).prop_map(
            move |((seed, displacements, fingerprints), known, layers)| {
                let mut network = Network { tokeniser, seed, displacements, fingerprints, unknown_row, layers };
                WORDS
                    .iter()
                    .zip(known)
                    .filter(|(_, known)| *known)
                    .for_each(|(word, _)| network.learn(word.as_bytes()));
                network
            },
        )
    })
}

/// A small network that a loader accepts.
pub(crate) fn sound_network() -> impl Strategy<Value = Network> {
    network().prop_filter("an accumulator could overflow", Network::fits)
}

/// Any small network of numbers; in some an accumulator could overflow.
pub(crate) fn numeric_network() -> impl Strategy<Value = NumericNetwork> {
    (1usize..=MOST).prop_flat_map(|features| {
        let mean = prop_oneof![8 => -1e3f32..1e3, 1 => any::<f32>().prop_filter("finite", |mean| mean.is_finite())];
        let scale = prop_oneof![8 => 0.01f32..1e3, 1 => (1u32..0x7f80_0000).prop_map(f32::from_bits)];
        (vec(mean, features), vec(scale, features), layers(features, false))
            .prop_map(|(means, scales, layers)| NumericNetwork { means, scales, layers })
    })
}

/// A small network of numbers that a loader accepts, and some vectors for it.
pub(crate) fn sound_numeric_network() -> impl Strategy<Value = (NumericNetwork, Vec<Vec<f32>>)> {
    numeric_network().prop_filter("an accumulator could overflow", NumericNetwork::fits).prop_flat_map(|network| {
        let features = network.means.len();
        // About the mean, from one end of the inputs to the other and somewhat beyond; and anything finite.
        let about = -140f32..140.0;
        let any = any::<f32>().prop_filter("finite", |raw| raw.is_finite());
        let means = network.means.clone();
        let scales = network.scales.clone();
        let number = prop_oneof![6 => about.prop_map(Ok), 1 => any.prop_map(Err)];
        let vector = vec(number, features).prop_map(move |numbers| {
            let standards = means.iter().zip(&scales);
            let raw = |(number, (mean, scale)): (Result<f32, f32>, (&f32, &f32))| match number {
                Ok(steps) => Some(mean + steps / scale).filter(|raw| raw.is_finite()).unwrap_or(0.0),
                Err(raw) => raw,
            };
            numbers.into_iter().zip(standards).map(raw).collect::<Vec<f32>>()
        });
        (Just(network), vec(vector, 1..4))
    })
}

/// A text of known words, strangers, mark-up and noise.
pub(crate) fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => (proptest::sample::select(&WORDS[..]), any::<bool>()).prop_map(|(word, upper)| {
            let word = if upper { word.to_ascii_uppercase() } else { word.to_owned() };
            format!("{word} ").into_bytes()
        }),
        2 => "[a-z'0-9]{1,8}[ .,-]".prop_map(String::into_bytes),
        1 => Just(b"<br />".to_vec()),
        1 => "[\u{c9}\u{ab}\u{2019}\u{416}tlL]{1,6} ".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..6),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}
