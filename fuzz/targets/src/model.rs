//! The loader, and inference on whatever loads.
//!
//! The input is a file and a text after it; the file ends where its length field says. Length and CRC are mended, so that
//! what lies behind them is reached.

use edgefit::{
    Classifier, Error, Model, NumericClassifier,
    format::{Header, Input, LayerHeader, PREFIX_LEN},
};

use crate::{
    buffer::{Buffer, Room, exercise, seal},
    pieces,
    reference::{Layer, Network, Unit, numeric::NumericNetwork},
    seeds,
};

/// Models of more rows are not run row by row, which takes as many inferences.
const FEW_ROWS: usize = 256;

/// See the module.
pub fn run(bytes: &[u8]) {
    let whole = Buffer::new(bytes);
    let as_it_is = Model::from_bytes(whole.bytes()).map(|model| model.crc());
    let as_region = Model::from_region(whole.bytes()).map(|model| model.crc());
    assert!(as_it_is.is_err() || as_it_is == as_region, "{as_it_is:?}, in a region {as_region:?}");

    let (file, text) = split(bytes);
    if file.len() < PREFIX_LEN {
        assert!(as_region.is_err());
        return;
    }
    let mut sealed = file.to_vec();
    seal(&mut sealed);
    let buffer = Buffer::new(&sealed);
    if let Ok(model) = Model::from_bytes(buffer.bytes()) {
        describe(&model, buffer.bytes());
        match decode(buffer.bytes()) {
            Decoded::Text(network) => classify_text(&model, &network, text),
            Decoded::Numbers(network) => classify_numbers(&model, &network, text),
        }
        if model.rows() <= FEW_ROWS {
            exercise(&model, &[text]);
        }
    }
}

/// What the fuzzer starts from.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    seeds::models().into_iter().map(|file| [&file, seeds::TEXT].concat()).collect()
}

/// The file, up to its stated length, and what comes after it.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    let stated = bytes.get(8..12).and_then(|length| length.try_into().ok()).map_or(0, u32::from_le_bytes);
    bytes.split_at((stated as usize).min(bytes.len()))
}

/// The header and the arena by the derived reader.
fn parts(file: &[u8]) -> (Header<'_>, &[u8]) {
    let (header, rest) = postcard::take_from_bytes(&file[PREFIX_LEN..]).expect("the loader has read it");
    let (_, rest) = postcard::take_from_bytes::<&[u8]>(rest).expect("the padding");
    (header, postcard::from_bytes(rest).expect("the arena"))
}

/// What a model says of itself is what its file says.
fn describe(model: &Model<'_>, file: &[u8]) {
    let (header, _) = parts(file);
    // As text, for which two NaN are the same.
    assert_eq!(format!("{:?}", model.header()), format!("{header:?}"));
    assert_eq!(model.labels().collect::<Vec<_>>(), header.labels.split('\0').collect::<Vec<_>>());
    assert_eq!(model.file_len(), file.len());
    assert_eq!(model.layers().len(), header.layers.len());
    for (layer, stated) in model.layers().zip(&header.layers) {
        assert_eq!((layer.units(), layer.inputs()), (stated.units as usize, stated.inputs as usize));
        assert_eq!((layer.bits(), layer.activation_max()), (stated.bits, i32::from(stated.activation_max)));
        assert_eq!((layer.biases().count(), layer.factors().count()), (layer.units(), layer.units()));
    }
}

/// A file as the reference has it.
pub(crate) enum Decoded {
    Text(Network),
    Numbers(NumericNetwork),
}

fn items<const N: usize>(arena: &[u8], offset: u32, count: usize) -> impl Iterator<Item = [u8; N]> {
    arena[offset as usize..].as_chunks().0.iter().take(count).copied()
}

/// Reads the tables of a file that has loaded, by FORMAT.md.
pub(crate) fn decode(file: &[u8]) -> Decoded {
    let (header, arena) = parts(file);
    let is_text = matches!(header.input, Input::Text { .. });
    let layers = header.layers.iter().enumerate().map(|(i, layer)| decode_layer(layer, arena, is_text && i == 0));
    let layers = layers.collect();
    match header.input {
        Input::Text { tokeniser, seed, words, unknown_row, displacements, fingerprints } => {
            let words = words as usize;
            let table = |offset, count| items(arena, offset, count).map(u16::from_le_bytes).collect();
            Decoded::Text(Network {
                tokeniser: tokeniser & !edgefit::words::FOREIGN,
                seed,
                displacements: table(displacements, words.div_ceil(4)),
                fingerprints: table(fingerprints, words),
                unknown_row,
                layers,
            })
        }
        Input::Numbers { features, means, scales } => {
            let table = |offset| items(arena, offset, features as usize).map(f32::from_le_bytes).collect();
            Decoded::Numbers(NumericNetwork { means: table(means), scales: table(scales), layers })
        }
    }
}

fn decode_layer(header: &LayerHeader, arena: &[u8], word_major: bool) -> Layer {
    let (inputs, units, bits) = (header.inputs as usize, header.units as usize, header.bits);
    // How many weights lie side by side before the next row, or unit, starts at a byte of its own.
    let side = if word_major { units } else { inputs };
    let weights = &arena[header.weights as usize..];
    let weight = |major: usize, minor: usize| match bits {
        4 => i16::from(weights[major * side.div_ceil(2) + minor / 2] / [1, 16][minor % 2] % 16) - 8,
        8 if word_major => i16::from(weights[major * side + minor]) - 128,
        8 => i16::from(weights[major * side + minor] as i8),
        _ => i16::from_le_bytes([weights[2 * (major * side + minor)], weights[2 * (major * side + minor) + 1]]),
    };
    let records = items::<12>(arena, header.records, units).enumerate();
    let units = records.map(|(unit, record)| {
        let field = |i: usize| i32::from_le_bytes([0, 1, 2, 3].map(|byte| record[4 * i + byte]));
        Unit {
            weights: (0..inputs)
                .map(|input| if word_major { weight(input, unit) } else { weight(unit, input) })
                .collect(),
            bias: field(0),
            multiplier: field(1),
            shift: field(2) as u8,
        }
    });
    Layer { bits, activation_max: header.activation_max, units: units.collect() }
}

/// Whatever loads fits by the reference's proof, and answers as the reference does, for any chunks and for its rows.
fn classify_text(model: &Model<'_>, network: &Network, text: &[u8]) {
    assert!(network.fits(), "the loader takes what could overflow");
    let mut room = Room::new(model);
    let mut classifier = Classifier::new(model, room.view()).expect("the room is made for the model");
    let rows = network.rows_of(text);
    let expected = network.logits(&rows);
    pieces(text).for_each(|piece| classifier.text(piece));
    assert_eq!(classifier.finish().values(), expected);

    let ids: Vec<u16> = rows.iter().map(|&row| row as u16).collect();
    classifier.rows(&ids).expect("they exist");
    assert_eq!(classifier.finish().values(), expected);
    classifier.distinct_rows(&ids).expect("they exist");
    assert_eq!(classifier.finish().values(), expected);

    // No model has so many rows.
    assert_eq!(classifier.row(u16::MAX), Err(Error::RowOutOfRange));
    // What was read is forgotten.
    classifier.text(text);
    assert_eq!(classifier.classify(text).values(), expected);

    // Bytes as ids: those before the first that does not exist count.
    let any: Vec<u16> = text.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let exists = |id: &&u16| usize::from(**id) < network.rows();
    let sound = any.iter().take_while(exists).map(|&id| usize::from(id)).collect();
    let all_exist = any.iter().all(|id| exists(&id));
    let added = classifier.rows(&any);
    assert_eq!(added, if all_exist { Ok(()) } else { Err(Error::RowOutOfRange) });
    assert_eq!(classifier.finish().values(), network.logits(&sound));
}

/// The same for numbers.
fn classify_numbers(model: &Model<'_>, network: &NumericNetwork, bytes: &[u8]) {
    assert!(network.fits(), "the loader takes what could overflow");
    let mut room = Room::new(model);
    let mut classifier = NumericClassifier::new(model, room.view()).expect("the room is made for the model");
    let features = network.means.len();
    let numbers = bytes.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number));
    let vector: Vec<f32> = numbers.chain(std::iter::repeat(1.0)).take(features).collect();
    if vector.iter().all(|number| number.is_finite()) {
        let expected = network.logits(&vector);
        assert_eq!(classifier.classify(&vector).expect("a whole vector").values(), expected);
        let (head, tail) = vector.split_at(usize::from(bytes.first().copied().unwrap_or(0)) % (features + 1));
        classifier.numbers(head).and_then(|()| classifier.numbers(tail)).expect("a vector in two parts");
        assert_eq!(classifier.finish().expect("a whole vector").values(), expected);
    } else {
        assert_eq!(classifier.classify(&vector).err(), Some(Error::NotFinite));
    }
    assert_eq!(classifier.classify(&vec![0i16; features + 1]).err(), Some(Error::WrongFeatures));
    assert_eq!(classifier.classify(&vec![0i16; features - 1]).err(), Some(Error::WrongFeatures));
}
