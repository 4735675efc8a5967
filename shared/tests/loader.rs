//! The loader against damage: whatever happens to a file on its way to the board, it is refused.

mod buffer;
mod common;

use buffer::{Buffer, exercise, seal};
use edgefit::{
    Error, Model,
    format::{ALIGNMENT, PREFIX_LEN},
};

const TEXTS: [&[u8]; 2] = [b"", b"A wonderful film, nothing less"];

fn load(bytes: &[u8]) -> Result<u32, Error> {
    Model::from_bytes(Buffer::new(bytes).bytes()).map(|model| model.crc())
}

/// What is said when the byte at `at` has another value than was written.
fn damage_at(at: usize) -> Error {
    match at {
        0..4 => Error::BadMagic,
        4..6 => Error::NewerVersion,
        6..8 => Error::BadHeader,
        8..12 => Error::BadLength,
        _ => Error::BadCrc,
    }
}

#[test]
fn the_tiny_model_loads() {
    let file = common::tiny_model();
    let buffer = Buffer::new(&file);
    let model = Model::from_bytes(buffer.bytes()).unwrap();
    assert_eq!(model.file_len(), file.len());
    exercise(&model, &TEXTS);
}

#[test]
fn every_flipped_bit_is_found() {
    let mut file = common::tiny_model();
    for bit in 0..file.len() * 8 {
        file[bit / 8] ^= 1 << (bit % 8);
        // One flip makes version 0 of version 1, which is no newer version.
        let expected = if bit == 4 * 8 { Error::BadHeader } else { damage_at(bit / 8) };
        assert_eq!(load(&file), Err(expected), "bit {bit}");
        file[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
#[cfg_attr(miri, ignore = "a hundred thousand files take an interpreter an hour")]
fn every_other_value_of_every_byte_is_found() {
    let mut file = common::tiny_model();
    for at in 0..file.len() {
        let written = file[at];
        for change in 1..=u8::MAX {
            file[at] = written ^ change;
            assert!(load(&file).is_err(), "byte {at} {written:#04x} as {:#04x}", file[at]);
        }
        file[at] = written;
    }
}

#[test]
fn every_truncation_is_found() {
    let file = common::tiny_model();
    for len in 0..file.len() {
        let expected = if len < 12 { Error::TooShort } else { Error::BadLength };
        assert_eq!(load(&file[..len]), Err(expected), "{len} bytes");
        assert_eq!(Model::from_region(Buffer::new(&file[..len]).bytes()).err(), Some(expected), "{len} bytes");
    }
}

#[test]
#[cfg_attr(miri, ignore = "a hundred thousand files take an interpreter an hour")]
fn every_inserted_byte_is_found() {
    let file = common::tiny_model();
    for at in 0..=file.len() {
        let mut longer = file.clone();
        longer.insert(at, 0);
        for byte in 0..=u8::MAX {
            longer[at] = byte;
            assert!(load(&longer).is_err(), "{byte:#04x} at {at}");
            // Nor is it one in a region, unless it lies behind the file.
            let region = Buffer::new(&longer);
            let is_behind = longer.starts_with(&file);
            assert_eq!(Model::from_region(region.bytes()).is_ok(), is_behind, "{byte:#04x} at {at}, in a region");
        }
    }
}

#[test]
fn every_deleted_byte_is_found() {
    let file = common::tiny_model();
    for at in 0..file.len() {
        let mut shorter = file.clone();
        shorter.remove(at);
        assert!(load(&shorter).is_err(), "byte {at}");
    }
}

#[test]
fn every_deleted_byte_in_a_region_is_found() {
    let file = common::tiny_model();
    for at in 0..file.len() {
        let mut region = file.clone();
        region.remove(at);
        region.resize(file.len() + ALIGNMENT, 0xff);
        assert!(Model::from_region(Buffer::new(&region).bytes()).is_err(), "byte {at}");
    }
}

#[test]
fn a_stated_length_within_the_prefix_is_refused() {
    let mut file = common::tiny_model();
    for len in 0..PREFIX_LEN {
        file[8..12].copy_from_slice(&(len as u32).to_le_bytes());
        assert_eq!(Model::from_region(Buffer::new(&file).bytes()).err(), Some(Error::TooShort), "{len}");
        assert!(load(&file).is_err(), "{len}");
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    let file = common::tiny_model();
    for extra in 1..=2 * ALIGNMENT {
        for byte in [0x00, 0xff] {
            let mut longer = file.clone();
            longer.resize(file.len() + extra, byte);
            assert_eq!(load(&longer), Err(Error::BadLength), "{extra} bytes {byte:#04x}");
            seal(&mut longer);
            assert_eq!(load(&longer), Err(Error::BadHeader), "{extra} bytes {byte:#04x}, sealed");
        }
    }
}

#[test]
fn a_region_may_be_longer_but_not_shorter() {
    let file = common::tiny_model();
    for extra in [0, 1, 15, 16, 4_096] {
        for erased in [0x00, 0xff] {
            let mut region = file.clone();
            region.resize(file.len() + extra, erased);
            let buffer = Buffer::new(&region);
            let model = Model::from_region(buffer.bytes()).unwrap();
            assert_eq!(model.file_len(), file.len());
            exercise(&model, &TEXTS);
        }
    }
    let short = Buffer::new(&file[..file.len() - 1]);
    assert_eq!(Model::from_region(short.bytes()).err(), Some(Error::BadLength));
}

#[test]
fn an_erased_region_holds_no_model() {
    for byte in [0x00, 0xff] {
        let region = Buffer::new(&[byte; 256]);
        assert_eq!(Model::from_region(region.bytes()).err(), Some(Error::BadMagic));
    }
}

#[test]
fn a_start_between_multiples_of_sixteen_is_refused() {
    let file = common::tiny_model();
    for offset in 0..=ALIGNMENT {
        let mut moved = vec![0; offset];
        moved.extend(&file);
        let buffer = Buffer::new(&moved);
        let expected = if offset % ALIGNMENT == 0 { None } else { Some(Error::Misaligned) };
        assert_eq!(Model::from_bytes(&buffer.bytes()[offset..]).err(), expected, "offset {offset}");
        assert_eq!(Model::from_region(&buffer.bytes()[offset..]).err(), expected, "offset {offset}");
    }
}

#[test]
fn a_newer_version_is_refused_by_name_before_anything_else_of_it_is_read() {
    for version in [2, 3, 256, u16::MAX] {
        let mut file = common::tiny_model();
        file[4..6].copy_from_slice(&version.to_le_bytes());
        file[PREFIX_LEN..].fill(0xa5);
        assert_eq!(load(&file), Err(Error::NewerVersion), "version {version}");
        assert_eq!(Model::from_region(Buffer::new(&file).bytes()).err(), Some(Error::NewerVersion));
    }
    assert!(Error::NewerVersion.message().contains("newer"));
}
