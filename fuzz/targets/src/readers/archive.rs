//! The reader of `.tar.gz`.
//!
//! The first byte says what the rest is: the file as it is, or a tar, whose headers get right checksums and which is then
//! compressed.

use std::io::Write;

use edgefit_trainer::data::Reading;
use flate2::{Compression, write::GzEncoder};
use tar::{Builder, EntryType, Header};

use super::{open, texts};

const BLOCK: usize = 512;
/// No review is longer.
const LONGEST: usize = 16 << 20;

/// See the module.
pub fn run(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let archive = if first % 2 == 0 { rest.to_vec() } else { compressed(&with_checksums(rest)) };
    if let Some(dataset) = open(&[("reviews.tar.gz", &archive)], &Reading::default()) {
        assert_eq!(dataset.labels, ["neg", "pos"]);
        for split in [&dataset.train, &dataset.test] {
            assert!(split.labels().is_sorted(), "by class");
            assert!(split.class_counts(2).iter().all(|&count| count > 0), "of each class");
        }
        assert!(texts(&dataset).all(|text| text.len() <= LONGEST));
    }
}

/// What the fuzzer starts from.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let members = [
        ("aclImdb/test/pos/0_9.txt", EntryType::Regular, &b"A truly wonderful film."[..]),
        ("aclImdb/README", EntryType::Regular, b"not a review"),
        ("aclImdb/train/pos/10_8.txt", EntryType::Regular, b"Don't miss it!<br />"),
        ("aclImdb/train/neg/1_1.txt", EntryType::Regular, b""),
        ("aclImdb/train/unsup/0_0.txt", EntryType::Regular, b"no label here"),
        ("aclImdb/test/neg/5_3.txt", EntryType::Regular, b"I left."),
    ];
    let extensions = [
        ("aclImdb/train/pos/10_8.txt", EntryType::XHeader, &b"19 comment=nothing\n"[..]),
        ("aclImdb/train/pos/10_8.txt", EntryType::GNULongName, b"a/name"),
        ("aclImdb/train/pos/11_8.txt", EntryType::Symlink, b""),
    ];
    let plain = tar(&members);
    let odd = tar(&[&extensions[..2], &members, &extensions[2..]].concat());
    vec![
        [&[0], &compressed(&plain)[..]].concat(),
        [&[0], &compressed(&odd)[..]].concat(),
        [&[1], &plain[..]].concat(),
        [&[1], &odd[..]].concat(),
        [&[1], &plain[..plain.len() - 2 * BLOCK]].concat(),
    ]
}

fn tar(members: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (name, kind, text) in members {
        let mut header = Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *text).expect("a tar in memory");
    }
    tar.into_inner().expect("a tar in memory")
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).expect("memory can be written");
    gzip.finish().expect("memory can be written")
}

/// The tar with the right checksum in each header, wherever the sizes before it put that.
fn with_checksums(tar: &[u8]) -> Vec<u8> {
    let mut tar = tar.to_vec();
    let mut at = 0;
    while let Some(header) = tar.get_mut(at..at + BLOCK) {
        at += BLOCK;
        if header.iter().all(|&byte| byte == 0) {
            continue;
        }
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let digits = header[124..136].iter().skip_while(|byte| **byte == b' ');
        let digits = digits.take_while(|byte| matches!(byte, b'0'..=b'7'));
        let size = digits.fold(0usize, |size, digit| size.saturating_mul(8).saturating_add(usize::from(digit - b'0')));
        at = at.saturating_add(size.next_multiple_of(BLOCK).min(1 << 40));
    }
    tar
}
