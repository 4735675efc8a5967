//! The real reviews, for tests that need them.

use super::Dataset;
use std::{io::Write, path::Path, sync::LazyLock};

const ARCHIVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/aclImdb_v1.tar.gz");

/// The IMDB reviews, read once for all tests; `None` where they are not there, which is said.
pub(super) fn imdb(test: &str) -> Option<&'static Dataset> {
    static IMDB: LazyLock<Option<Dataset>> =
        LazyLock::new(|| Path::new(ARCHIVE).exists().then(|| Dataset::open(ARCHIVE).expect("the archive can be read")));
    let dataset = IMDB.as_ref();
    if dataset.is_none() {
        // Past the test runner's capture, so that it is seen although the test passes.
        let _ = writeln!(std::io::stdout(), "skipped: {test} needs ../shared/data/aclImdb_v1.tar.gz");
    }
    dataset
}

/// The smallest archive that is a dataset, in an order of its own, with members that are none of its reviews.
pub(crate) const MEMBERS: [(&str, &str); 10] = [
    ("aclImdb/test/pos/0_9.txt", "A truly wonderful film."),
    ("aclImdb/README", "not a review"),
    ("aclImdb/train/pos/10_8.txt", "Don't miss it!<br />"),
    ("aclImdb/train/pos/9_10.txt", "Caf\u{e9} noir, at its best"),
    ("aclImdb/train/unsup/0_0.txt", "no label here"),
    ("aclImdb/train/neg/1_1.txt", ""),
    ("aclImdb/train/pos/._9_10.txt", "what macOS adds"),
    ("aclImdb/train/neg/0_2.txt", "dull, dull, dull"),
    ("aclImdb/test/neg/5_3.txt", "I left."),
    ("aclImdb/train/pos/urls.txt", "0_9"),
];

/// A `.tar.gz` with these members.
pub(crate) fn packed(members: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, text) in members {
        add(&mut tar, name, tar::EntryType::Regular, text.as_bytes());
    }
    compressed(&tar.into_inner().unwrap())
}

/// Appends a member to a tar.
pub(super) fn add(tar: &mut tar::Builder<Vec<u8>>, name: &str, kind: tar::EntryType, text: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, name, text).unwrap();
}

pub(super) fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// Opens bytes as a file of this name.
pub(super) fn open_as(name: &str, bytes: &[u8]) -> crate::Result<Dataset> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Dataset::open(path.to_str().unwrap())
}

/// A split of these texts, all of class 0.
pub(super) fn split<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> super::Split {
    let mut split = super::Split::default();
    texts.into_iter().for_each(|text| split.push(text.as_ref(), 0));
    split
}

/// The rule of the tokeniser in a line, to compare the stream with.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    text.split(|b| !(b.is_ascii_alphanumeric() || *b == b'\'' || *b >= 0x80))
        .filter(|word| !word.is_empty())
        .map(<[u8]>::to_ascii_lowercase)
}
