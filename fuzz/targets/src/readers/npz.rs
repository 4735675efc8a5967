//! The reader of Keras's `imdb.npz`: a zip, in it arrays, in them pickles; and of the word index beside it.
//!
//! The first byte says what the rest is: the whole archive, one of its members or the word index (the others are sound), or
//! all four members with their lengths before them. Members come with a right checksum.

use std::io::{Cursor, Write};

use edgefit_trainer::data::Reading;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{open, texts};

const NAMES: [&str; 4] = ["x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"];
const WORDS: &[u8] = b"{\"the\": 1, \"film\": 2, \"good\": 3, \"l'\\u00e9t\\u00e9\": 5, \"dull\": 4}";
/// `[[1, 3], [], [2]]` as `NumPy` writes it in protocol 4, and in protocol 3 by the names of older versions.
const PICKLES: [&[u8]; 2] = [
    b"\x80\x04\x95\x9b\x00\x00\x00\x00\x00\x00\x00\x8c\x16numpy._core.multiarray\x94\x8c\x0c_reconstruct\x94\x93\x94\x8c\
      \x05numpy\x94\x8c\x07ndarray\x94\x93\x94K\x00\x85\x94C\x01b\x94\x87\x94R\x94(K\x01K\x03\x85\x94h\x03\x8c\x05dtype\
      \x94\x93\x94\x8c\x02O8\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b\
      \x89]\x94(]\x94(K\x01K\x03e]\x94]\x94K\x02aet\x94b.",
    b"\x80\x03cnumpy.core.multiarray\n_reconstruct\nq\x00cnumpy\nndarray\nq\x01K\x00\x85q\x02C\x01bq\x03\x87q\x04Rq\
      \x05(K\x01K\x03\x85q\x06cnumpy\ndtype\nq\x07X\x02\x00\x00\x00O8q\x08\x89\x88\x87q\tRq\n(K\x03X\x01\x00\x00\x00|q\
      \x0bNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tq\x0cb\x89]q\r(]q\x0e(K\x01M\x03\x00J\x02\x00\x00\x00e]q\x0f]q\x10K\x02ae\
      tq\x11b.",
];

/// See the module.
pub fn run(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let mut members = members();
    let mut words = WORDS;
    let archive = match first % 7 {
        0 => rest.to_vec(),
        1 => {
            words = rest;
            packed(&members)
        }
        2 => {
            members = divided(rest);
            packed(&members)
        }
        one => {
            members[usize::from(one - 3)] = rest.to_vec();
            packed(&members)
        }
    };
    let opened = open(&[("imdb.npz", &archive), ("imdb_word_index.json", words)], &Reading::default());
    if let Some(dataset) = opened {
        let known = dataset.word_index.as_ref().expect("Keras gives its words");
        for word in texts(&dataset).flat_map(|text| text.split(|&byte| byte == b' ')).filter(|word| !word.is_empty()) {
            assert!(known.iter().any(|known| **known == *word), "{}", word.escape_ascii());
        }
    }
}

/// What the fuzzer starts from.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let members = members();
    let mut all = vec![[&[0], &packed(&members)[..]].concat(), [&[1], WORDS].concat()];
    let lengths = members.iter().flat_map(|member| (member.len() as u16).to_le_bytes());
    all.push([&[2], &lengths.collect::<Vec<u8>>()[..], &members.concat()].concat());
    for (number, member) in (3..).zip(&members) {
        all.push([&[number], &member[..]].concat());
    }
    let other = npy("|O", 3, PICKLES[1]);
    all.push([&[3], &other[..]].concat());
    all
}

fn members() -> [Vec<u8>; 4] {
    let labels = npy("<i8", 3, &[0u64, 1, 0].map(u64::to_le_bytes).concat());
    let lists = npy("|O", 3, PICKLES[0]);
    [lists.clone(), labels.clone(), lists, labels]
}

/// An array of version 1.0.
fn npy(descr: &str, length: usize, array: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({length},), }}");
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), array].concat()
}

/// Four members from bytes with four lengths before them.
fn divided(bytes: &[u8]) -> [Vec<u8>; 4] {
    let (lengths, mut rest) = bytes.split_at(bytes.len().min(8));
    let mut lengths = lengths.as_chunks().0.iter();
    std::array::from_fn(|_| {
        let length = lengths.next().map_or(0, |length| usize::from(u16::from_le_bytes(*length)));
        let (member, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        member.to_vec()
    })
}

fn packed(members: &[Vec<u8>; 4]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, member) in NAMES.iter().zip(members) {
        zip.start_file(*name, options).expect("a zip in memory");
        zip.write_all(member).expect("memory can be written");
    }
    zip.finish().expect("a zip in memory").into_inner()
}
