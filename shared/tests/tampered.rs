//! Files that were tampered with at random and sealed again, with a right length and CRC.
//!
//! A file is either refused or classifies without a panic. These tests run with overflow checks on, so that a hole in
//! the loader's proof would show as one.

mod buffer;
mod common;
mod parts;

use buffer::{Buffer, cases, exercise, seal};
use edgefit::Model;
use parts::{load_bytes, numeric, tiny};
use proptest::prelude::*;

/// How many of the files that differ from this one by one bit still load.
fn loaded_after_one_flip(mut file: Vec<u8>) -> usize {
    let mut loaded = 0;
    for bit in 16 * 8..file.len() * 8 {
        file[bit / 8] ^= 1 << (bit % 8);
        seal(&mut file);
        loaded += usize::from(load_bytes(&file).is_ok());
        file[bit / 8] ^= 1 << (bit % 8);
    }
    loaded
}

#[test]
#[cfg_attr(miri, ignore = "thousands of models take an interpreter an hour")]
fn every_flipped_bit_under_a_right_crc_is_refused_or_harmless() {
    let loaded = loaded_after_one_flip(common::tiny_model());
    assert!(loaded > 1_000, "weights may take other values: {loaded}");
    let loaded = loaded_after_one_flip(common::numeric_model());
    assert!(loaded > 300, "means, scales and weights may take other values: {loaded}");
}

/// What a stranger may have done to a file before sealing it again.
#[derive(Debug, Clone)]
enum Tampering {
    Field(usize, u32),
    Arena(usize, u8),
    Word(usize, i32),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let edge =
        prop_oneof![Just(i32::MAX), Just(i32::MIN), Just(-i32::MAX), Just(1 << 30), -5_000i32..5_000, any::<i32>(),];
    prop_oneof![
        2 => (any::<usize>(), prop_oneof![0u32..300, any::<u32>(), Just(u32::MAX), Just(65_535)])
            .prop_map(|(field, value)| Tampering::Field(field, value)),
        4 => (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Tampering::Arena(at, byte)),
        4 => (any::<usize>(), edge).prop_map(|(at, value)| Tampering::Word(at, value)),
    ]
}

proptest! {
    #![proptest_config(cases(4_000))]

    #[test]
    fn a_tampered_file_is_refused_or_harmless(
        numbers: bool,
        tampering in proptest::collection::vec(tampering(), 1..6),
        texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..4),
    ) {
        let mut parts = if numbers { numeric() } else { tiny() };
        for change in tampering {
            let len = parts.arena.len();
            match change {
                Tampering::Field(field, value) => parts.set(field, value),
                Tampering::Arena(at, byte) => parts.arena[at % len] = byte,
                Tampering::Word(at, value) => {
                    parts.arena[at % (len / 4) * 4..][..4].copy_from_slice(&value.to_le_bytes());
                }
            }
        }
        let buffer = Buffer::new(&parts.bytes());
        if let Ok(model) = Model::from_bytes(buffer.bytes()) {
            let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
            exercise(&model, &texts);
        }
    }

    #[test]
    fn noise_under_a_right_crc_is_refused_or_harmless(
        mut file in proptest::collection::vec(any::<u8>(), 16..400),
        from in 16usize..405,
    ) {
        let golden = common::tiny_model();
        let kept = from.min(file.len());
        file[..kept].copy_from_slice(&golden[..kept]);
        seal(&mut file);
        let _ = load_bytes(&file);
    }
}
