//! The loader against malice: files with a right length and CRC, and one thing in them wrong, which is named.

mod buffer;
mod common;
mod parts;

use buffer::{Buffer, seal};
use edgefit::{
    Error, Model,
    format::{Header, Input, LayerHeader, PREFIX_LEN},
};
use parts::{Parts, load, load_bytes, tiny};

type Change = fn(&mut Header<'_>);
type Fault = fn(&mut Parts);

/// The layer that a case is about.
fn first<'h>(header: &'h mut Header<'_>) -> &'h mut LayerHeader {
    &mut header.layers[0]
}

fn last<'h>(header: &'h mut Header<'_>) -> &'h mut LayerHeader {
    &mut header.layers[1]
}

fn words(header: &mut Header<'_>, number: u32) {
    let Input::Text { words, .. } = &mut header.input else { panic!("the model is one of text") };
    *words = number;
}

fn tokeniser(header: &mut Header<'_>, version: u16) {
    let Input::Text { tokeniser, .. } = &mut header.input else { panic!("the model is one of text") };
    *tokeniser = version;
}

/// What is wrong in a header, and what is said of it.
const WRONG_HEADERS: &[(&str, Error, Change)] = &[
    ("no labels", Error::BadLabels, |h| h.labels = ""),
    ("one label", Error::BadLabels, |h| h.labels = "negative"),
    ("three labels", Error::BadLabels, |h| h.labels = "a\0b\0c"),
    ("logits of no value", Error::BadShape, |h| h.logit_scale = 0.0),
    ("logits of value -0", Error::BadShape, |h| h.logit_scale = -0.0),
    ("logits turned round", Error::BadShape, |h| h.logit_scale = -0.001),
    ("logits that are not numbers", Error::BadShape, |h| h.logit_scale = f32::NAN),
    ("infinite logits", Error::BadShape, |h| h.logit_scale = f32::INFINITY),
    ("tokeniser 0", Error::UnknownTokeniser, |h| tokeniser(h, 0)),
    ("tokeniser 3", Error::UnknownTokeniser, |h| tokeniser(h, 3)),
    ("tokeniser 65,535", Error::UnknownTokeniser, |h| tokeniser(h, u16::MAX)),
    ("foreign tokeniser 0", Error::UnknownTokeniser, |h| tokeniser(h, 0x80)),
    ("foreign tokeniser 3", Error::UnknownTokeniser, |h| tokeniser(h, 0x83)),
    ("no words", Error::BadShape, |h| words(h, 0)),
    ("words without rows", Error::LayersDoNotFit, |h| words(h, 30)),
    ("words past the table", Error::BadOffset, |h| words(h, 65_534)),
    ("65,535 words and one row more", Error::BadShape, |h| words(h, 65_535)),
    ("2^32 - 1 words", Error::BadShape, |h| words(h, u32::MAX)),
    ("a row for unknown words that is not said", Error::LayersDoNotFit, |h| {
        if let Input::Text { unknown_row, .. } = &mut h.input {
            *unknown_row = false;
        }
    }),
    ("no layers", Error::BadShape, |h| h.layers.clear()),
    ("no last layer", Error::BadShape, |h| h.layers.truncate(1)),
    ("layers the wrong way round", Error::BadShape, |h| h.layers.reverse()),
    ("no rows", Error::BadShape, |h| first(h).inputs = 0),
    ("fewer rows than words", Error::LayersDoNotFit, |h| first(h).inputs = 31),
    ("more rows than words", Error::LayersDoNotFit, |h| first(h).inputs = 33),
    ("65,536 rows", Error::BadShape, |h| first(h).inputs = 65_536),
    ("2^32 - 1 rows", Error::BadShape, |h| first(h).inputs = u32::MAX),
    ("no units", Error::BadShape, |h| first(h).units = 0),
    ("fewer units than the next layer has inputs", Error::LayersDoNotFit, |h| first(h).units = 3),
    ("1,025 units", Error::BadShape, |h| first(h).units = 1_025),
    ("2^32 - 1 units", Error::BadShape, |h| first(h).units = u32::MAX),
    ("no inputs", Error::BadShape, |h| last(h).inputs = 0),
    ("fewer inputs than units before", Error::LayersDoNotFit, |h| last(h).inputs = 3),
    ("no outputs", Error::BadShape, |h| last(h).units = 0),
    ("2^32 - 1 of everything", Error::BadShape, |h| (last(h).inputs, last(h).units) = (u32::MAX, u32::MAX)),
    ("the largest table there can be", Error::BadOffset, |h| (last(h).inputs, last(h).units) = (65_535, 1_024)),
    ("weights of no bits", Error::BadShape, |h| last(h).bits = 0),
    ("weights of 7 bits", Error::BadShape, |h| last(h).bits = 7),
    ("weights of 17 bits", Error::BadShape, |h| last(h).bits = 17),
    ("weights of 255 bits", Error::BadShape, |h| last(h).bits = 255),
    ("weights of 10 bits that use 11", Error::BadWeights, |h| last(h).bits = 10),
    ("a first layer of 9 bits", Error::BadShape, |h| (first(h).bits, first(h).weights) = (9, 0)),
    ("a hidden layer without activations", Error::BadShape, |h| first(h).activation_max = 0),
    ("activations of 16 bits", Error::BadShape, |h| first(h).activation_max = 32_768),
    ("activations of 65,535", Error::BadShape, |h| first(h).activation_max = u16::MAX),
    ("activations instead of logits", Error::BadShape, |h| last(h).activation_max = 1),
    ("logits of 16 bits", Error::BadShape, |h| last(h).activation_max = u16::MAX),
];

#[test]
fn what_is_wrong_in_a_header_is_named() {
    assert_eq!(load(&tiny()), Ok(()));
    for (name, error, change) in WRONG_HEADERS {
        let mut parts = tiny();
        change(&mut parts.header);
        assert_eq!(load(&parts), Err(*error), "{name}");
    }
}

/// A fault for each check of the header, in the order of `FORMAT.md`.
const IN_ORDER: &[(Error, Fault)] = &[
    (Error::UnknownTokeniser, |p| tokeniser(&mut p.header, 0)),
    (Error::BadShape, |p| words(&mut p.header, 0)),
    (Error::BadOffset, |p| *p.tables()[0].offset = u32::MAX),
    (Error::BadShape, |p| first(&mut p.header).units = 0),
    (Error::BadOffset, |p| first(&mut p.header).weights += 1),
    (Error::BadShape, |p| first(&mut p.header).bits = 5),
    (Error::BadOffset, |p| first(&mut p.header).records = u32::MAX),
    (Error::LayersDoNotFit, |p| first(&mut p.header).inputs = 31),
    (Error::BadShape, |p| first(&mut p.header).activation_max = 0),
    (Error::BadWeights, |p| put_record(p, 0, 0, 1, 0)),
    (Error::Overflow, |p| put_record(p, 0, 0, 0, i32::MAX)),
    (Error::BadShape, |p| last(&mut p.header).units = 0),
    (Error::BadOffset, |p| last(&mut p.header).weights += 1),
    (Error::BadWeights, |p| put_record(p, 1, 0, 1, 0)),
    (Error::BadWeights, |p| last(&mut p.header).bits = 9),
    (Error::Overflow, |p| put_record(p, 1, 0, 0, i32::MAX)),
    (Error::BadShape, |p| p.header.logit_scale = 0.0),
    (Error::BadLabels, |p| p.header.labels = ""),
];

#[test]
fn of_two_faults_the_one_that_is_checked_first_is_named() {
    for (at, (error, earlier)) in IN_ORDER.iter().enumerate() {
        // Where each step is interpreted, each with the next one alone.
        let others = if cfg!(miri) { 1 } else { IN_ORDER.len() };
        for (_, later) in IN_ORDER.iter().skip(at + 1).take(others) {
            let mut parts = tiny();
            later(&mut parts);
            earlier(&mut parts);
            assert_eq!(load(&parts), Err(*error), "{at}");
        }
    }
}

#[test]
fn every_table_must_lie_within_the_arena_and_aligned() {
    let tables = tiny().tables().len();
    for table in 0..tables {
        let load_at = |offset: u32| {
            let mut parts = tiny();
            *parts.tables()[table].offset = offset;
            (load(&parts), parts.tables()[table].name.clone())
        };
        let mut parts = tiny();
        let end = parts.arena.len() as u32;
        let (len, align) = (parts.tables()[table].len, parts.tables()[table].align);
        let one_late = (end - len + 1).next_multiple_of(align);
        for offset in [one_late, end, end + align, 1 << 31, u32::MAX - 15, u32::MAX - len + 1, u32::MAX] {
            let (loaded, name) = load_at(offset);
            assert_eq!(loaded, Err(Error::BadOffset), "{name} at {offset}");
        }
        for odd in 1..align {
            let (loaded, name) = load_at(*parts.tables()[table].offset + odd);
            assert_eq!(loaded, Err(Error::BadOffset), "{name}, {odd} bytes later");
        }
        let (loaded, name) = load_at((end - len) / align * align);
        assert_ne!(loaded, Err(Error::BadOffset), "{name} at the end");
    }
}

#[test]
fn an_arena_that_ends_early_is_refused() {
    for len in 0..tiny().arena.len() {
        let mut parts = tiny();
        parts.arena.truncate(len);
        assert_eq!(load(&parts), Err(Error::BadOffset), "{len} bytes");
    }
}

/// Writes an item of a table.
fn put<const N: usize>(parts: &mut Parts, table: &str, item: usize, value: [u8; N]) {
    let offset = parts.tables().iter().find(|t| t.name == table).map(|t| *t.offset).expect("the table exists");
    parts.arena[offset as usize + item * N..][..N].copy_from_slice(&value);
}

/// Writes a value in the record of a unit: 0 is its bias, 1 its multiplier, 2 its shift.
fn put_record(parts: &mut Parts, layer: usize, unit: usize, field: usize, value: i32) {
    put(parts, &format!("records {layer}"), 3 * unit + field, value.to_le_bytes());
}

/// The tiny model with another value in a table.
fn with_table<const N: usize>(table: &str, item: usize, value: [u8; N]) -> Parts {
    let mut parts = tiny();
    put(&mut parts, table, item, value);
    parts
}

/// The tiny model with another value in the record of a unit.
fn with_record(layer: usize, unit: usize, field: usize, value: i32) -> Parts {
    let mut parts = tiny();
    put_record(&mut parts, layer, unit, field, value);
    parts
}

#[test]
fn factors_out_of_range_are_refused() {
    for layer in [0, 1] {
        for multiplier in [(1 << 30) - 1, 1, 0, -1, -(1 << 30), i32::MIN] {
            let loaded = load(&with_record(layer, 0, 1, multiplier));
            assert_eq!(loaded, Err(Error::BadWeights), "layer {layer}: multiplier {multiplier}");
        }
        for multiplier in [1 << 30, i32::MAX] {
            assert_eq!(load(&with_record(layer, 0, 1, multiplier)), Ok(()), "layer {layer}: multiplier {multiplier}");
        }
        for shift in [0, 63, 64, 128, 255, 256 + 30, (1 << 16) + 30, -1, i32::MIN, i32::MAX] {
            let loaded = load(&with_record(layer, 0, 2, shift));
            assert_eq!(loaded, Err(Error::BadWeights), "layer {layer}: shift {shift}");
        }
        assert_eq!(load(&with_record(layer, 0, 2, 62)), Ok(()), "layer {layer}");
        assert_eq!(load(&with_record(layer, 0, 2, 1)), Err(Error::Overflow), "layer {layer}");
    }
    assert_eq!(load(&with_record(0, 3, 1, 0)), Err(Error::BadWeights), "every unit's");
    assert_eq!(load(&with_record(0, 3, 2, 0)), Err(Error::BadWeights), "every unit's");
}

#[test]
fn weights_beyond_their_bits_are_refused() {
    for bits in 9..=16u8 {
        let limit = ((1i32 << (bits - 1)) - 1) as i16;
        for weight in [limit, -limit, limit.wrapping_add(1), -limit - 1] {
            let mut parts = with_table("weights 1", 3, weight.to_le_bytes());
            for item in 0..3 {
                let at = parts.header.layers[1].weights as usize + 2 * item;
                parts.arena[at..at + 2].fill(0);
            }
            last(&mut parts.header).bits = bits;
            let expected = if i32::from(weight).abs() <= i32::from(limit) { Ok(()) } else { Err(Error::BadWeights) };
            assert_eq!(load(&parts), expected, "{weight} in {bits} bits");
        }
    }
    for (weight, expected) in [(127, Ok(())), (-127, Ok(())), (i8::MIN, Err(Error::BadWeights))] {
        let mut parts = with_table("weights 1", 3, weight.to_le_bytes());
        last(&mut parts.header).bits = 8;
        assert_eq!(load(&parts), expected, "{weight} in 8 bits");
    }
}

#[test]
fn an_accumulator_that_could_overflow_by_one_is_refused() {
    // The negative weights of the last layer outweigh: (1,000 + 20) x 4,095 beside the bias.
    let room = i32::MAX - 1_020 * 4_095;
    // In the first layer each of 32 rows counts 128.
    let first_room = i32::MAX - 32 * 128;
    for (layer, room) in [(1, room), (0, first_room)] {
        for (bias, expected) in [
            (room, Ok(())),
            (-room, Ok(())),
            (room + 1, Err(Error::Overflow)),
            (-room - 1, Err(Error::Overflow)),
            (i32::MAX, Err(Error::Overflow)),
            (i32::MIN, Err(Error::Overflow)),
        ] {
            let mut parts = with_record(layer, 0, 0, bias);
            // Requantised by less than 1, so that only the accumulator is in question.
            let record = parts.header.layers[layer].records as usize;
            parts.arena[record + 8] = 40;
            assert_eq!(load(&parts), expected, "layer {layer}: {bias}");
        }
    }
}

#[test]
fn logits_that_could_overflow_by_one_are_refused() {
    // With a factor of 2^30 / 2^30 the largest logit is the accumulator's bound; 2^31 - 2 leaves room to round up.
    let room = i32::MAX - 1 - 1_020 * 4_095;
    for (bias, expected) in [(room, Ok(())), (room + 1, Err(Error::Overflow))] {
        let mut parts = with_record(1, 0, 0, bias);
        let record = parts.header.layers[1].records as usize;
        parts.arena[record + 4..][..4].copy_from_slice(&(1i32 << 30).to_le_bytes());
        parts.arena[record + 8] = 30;
        assert_eq!(load(&parts), expected, "{bias}");
    }
}

#[test]
fn sixty_four_classes_are_the_most() {
    const NAMES: &str = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
                         \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    for (classes, labels, expected) in [
        (2, 2, Ok(())),
        (2, 3, Err(Error::BadLabels)),
        (3, 2, Err(Error::BadLabels)),
        (64, 64, Ok(())),
        (64, 65, Err(Error::BadLabels)),
        (65, 65, Err(Error::BadShape)),
    ] {
        let mut parts = tiny();
        parts.header.labels = &NAMES[..labels - 1];
        let mut append = |item: &[u8]| {
            parts.arena.resize(parts.arena.len().next_multiple_of(4), 0);
            let offset = parts.arena.len() as u32;
            (0..classes).for_each(|_| parts.arena.extend(item));
            offset
        };
        parts.header.layers[1] = LayerHeader {
            units: classes,
            weights: append(&[1, 0, 255, 255, 7, 0, 0, 0]),
            records: append(&[9, 0, 0, 0, 0, 0, 0, 0x40, 32, 0, 0, 0]),
            ..parts.header.layers[1].clone()
        };
        assert_eq!(load(&parts), expected, "{classes} classes, {labels} labels");
    }
}

#[test]
fn a_ninth_layer_cannot_be_decoded() {
    let parts = tiny();
    assert_eq!(parts.bytes_with_layers(&parts.header.layers), parts.bytes());
    let nine = vec![parts.header.layers[1].clone(); 9];
    assert_eq!(load_bytes(&parts.bytes_with_layers(&nine[..8])), Err(Error::BadShape));
    assert_eq!(load_bytes(&parts.bytes_with_layers(&nine)), Err(Error::BadHeader));
}

#[test]
fn what_postcard_cannot_decode_is_a_bad_header() {
    let padding = padding_at(&common::tiny_model());
    let arena = padding + 1 + usize::from(common::tiny_model()[padding]);
    // Places as in the worked example of FORMAT.md.
    for (name, at, byte, error) in [
        ("a reserved byte in use", 0x06, 1, Error::BadHeader),
        ("labels past the end", 0x10, 0x7f, Error::BadHeader),
        ("labels that are not UTF-8", 0x11, 0xff, Error::BadHeader),
        ("an input that there is not", 0x26, 2, Error::BadHeader),
        ("a truth that is neither", 0x2a, 2, Error::BadHeader),
        ("2^14 layers", 0x2d, 0xff, Error::BadHeader),
        ("padding that is not zero", padding + 1, 1, Error::BadHeader),
        ("padding past the end", padding, 0x7f, Error::BadHeader),
        ("an arena that begins early", padding, 0, Error::BadHeader),
        ("an arena that ends early", arena, 0x93, Error::BadHeader),
        ("an arena past the end", arena, 0x95, Error::BadHeader),
    ] {
        let mut file = common::tiny_model();
        assert_ne!(file[at], byte, "{name}");
        file[at] = byte;
        seal(&mut file);
        assert_eq!(load_bytes(&file), Err(error), "{name}");
    }
}

/// Where the length of the padding is, right after the header.
fn padding_at(file: &[u8]) -> usize {
    let (_, rest) = postcard::take_from_bytes::<Header<'_>>(&file[PREFIX_LEN..]).expect("a sound file");
    file.len() - rest.len()
}

/// The tiny model with another padding.
fn with_padding(padding: u8) -> Vec<u8> {
    let mut file = common::tiny_model();
    let at = padding_at(&file);
    let end = at + 1 + usize::from(file[at]);
    file.splice(at..end, [padding].into_iter().chain(vec![0; padding.into()]));
    seal(&mut file);
    file
}

#[test]
fn padding_has_one_length() {
    let file = common::tiny_model();
    let right = file[padding_at(&file)];
    for padding in 0..40u8 {
        let expected = match padding {
            _ if padding == right => Ok(()),
            0..16 => Err(Error::Misaligned),
            _ => Err(Error::BadHeader),
        };
        assert_eq!(load_bytes(&with_padding(padding)), expected, "{padding} bytes");
    }
}

#[test]
fn padding_for_another_start_does_not_make_a_start_right() {
    let file = common::tiny_model();
    let right = usize::from(file[padding_at(&file)]);
    for offset in 1..16 {
        let file = with_padding(((right + 16 - offset) % 16) as u8);
        let moved = Buffer::new(&[vec![0; offset], file].concat());
        // Now the arena lies at a multiple of 16 in memory, and the file does not.
        assert_eq!(Model::from_bytes(&moved.bytes()[offset..]).err(), Some(Error::Misaligned), "offset {offset}");
    }
}
