//! The reviews in a `.tar.gz`: one pass over the file, nothing unpacked to disk.

use super::{
    Dataset,
    reviews::{LONGEST, Place, Reviews},
};
use crate::{Error, Result};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// The first two bytes of every gzip file (RFC 1952).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BUFFER: usize = 256 << 10;

/// Reads the archive at `path`.
pub(super) fn open(path: &Path) -> Result<Dataset> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let mut compressed = BufReader::with_capacity(BUFFER, Hashing { inner: file, sha256: Sha256::new() });
    if !compressed.fill_buf().map_err(Error::io("read", path))?.starts_with(&GZIP_MAGIC) {
        return Err(Error::input(
            path.display(),
            "not a gzip file, in spite of its name",
            "name the archive aclImdb_v1.tar.gz as it was distributed, or the unpacked folder",
        ));
    }
    // Buffered here too: zlib runs slowly when asked for one header and one review at a time.
    let mut tar = BufReader::with_capacity(BUFFER, MultiGzDecoder::new(compressed));
    let mut reviews = Reviews::new(path.display().to_string());
    let mut last = String::from("the start");
    read_members(&mut tar, &mut reviews, &mut last)
        // The checksum of gzip stands behind the last member, and the hash wants every byte.
        .and_then(|()| Ok(io::copy(&mut tar, &mut io::sink()).map(|_| ())?))
        .map_err(|failure| match failure {
            Failure::Refused(error) => error,
            Failure::Read(source) if source.raw_os_error().is_some() => Error::io("read", path)(source),
            Failure::Read(source) => Error::input(
                format!("{}, after {last}", path.display()),
                format!("damaged or cut short: {source}"),
                "copy or download it again; `gzip -t` and `tar -tzf` say nothing about a whole archive",
            ),
        })?;
    let sha256 = tar.into_inner().into_inner().into_inner().sha256.finalize();
    reviews.finish(Some(sha256.into()))
}

/// Why members could not be read.
enum Failure {
    /// Bytes that could not be read, decompressed or understood.
    Read(io::Error),
    /// A member that was read but is not taken.
    Refused(Error),
}

impl From<io::Error> for Failure {
    fn from(source: io::Error) -> Self {
        Self::Read(source)
    }
}

/// Takes the reviews out of a tar stream; `last` tells how far it came.
fn read_members(tar: impl Read, reviews: &mut Reviews, last: &mut String) -> Result<(), Failure> {
    let mut archive = tar::Archive::new(tar);
    let mut text = Vec::new();
    // Raw: the names of reviews are short, so the long-name and pax members, which the library would read into memory
    // at any length, are not needed.
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_pax_local_extensions() || kind.is_gnu_longname() || kind.is_gnu_longlink() {
            continue;
        }
        let path = entry.path_bytes().into_owned();
        let Some(place) = Place::of(&path) else { continue };
        if !kind.is_file() {
            let next = "unpack the archive and pack it again with the files themselves (`tar --dereference`)";
            return Err(Failure::Refused(reviews.refuse(place, "a link or device, not a file", next)));
        }
        text.clear();
        entry.by_ref().take(LONGEST as u64 + 1).read_to_end(&mut text)?;
        if text.len() <= LONGEST && (text.len() as u64) < entry.size() {
            return Err(Failure::Read(io::ErrorKind::UnexpectedEof.into()));
        }
        reviews.push(place, &text).map_err(Failure::Refused)?;
        *last = place.to_string();
    }
    Ok(())
}

/// Hashes what is read through it.
struct Hashing<R> {
    inner: R,
    sha256: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.sha256.update(&buffer[..n]);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{MEMBERS, add, compressed, open_as, packed};
    use super::*;

    const NAME: &str = "aclImdb_v1.tar.gz";

    /// The message for an archive that must be refused as bad input.
    fn refused(bytes: &[u8]) -> String {
        let error = open_as(NAME, bytes).expect_err("a bad archive");
        assert!(matches!(error, Error::Input { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(NAME) && message.contains("\n  "), "where and what next: {message}");
        message
    }

    #[test]
    fn reviews_come_by_class_then_name_and_nothing_else_comes() {
        let archive = packed(&MEMBERS);
        let dataset = open_as("reviews.tgz", &archive).unwrap();
        let texts = |split: &super::super::Split| split.texts().map(<[u8]>::to_vec).collect::<Vec<_>>();
        let train = ["dull, dull, dull", "", "Don't miss it!<br />", "Caf\u{e9} noir, at its best"];
        assert_eq!(texts(&dataset.train), train.map(|text| text.as_bytes().to_vec()));
        assert_eq!(texts(&dataset.test), [&b"I left."[..], b"A truly wonderful film."]);
        assert_eq!((dataset.train.labels(), dataset.test.labels()), (&[0, 0, 1, 1][..], &[0, 1][..]));
        assert_eq!((dataset.name.as_str(), dataset.synthetic), ("aclImdb", false));
        assert_eq!(dataset.labels, ["neg", "pos"]);
        assert_eq!(dataset.sha256, <[u8; 32]>::from(Sha256::digest(&archive)));
    }

    #[test]
    fn the_order_of_the_members_does_not_matter() {
        let dataset = open_as(NAME, &packed(&MEMBERS)).unwrap();
        let mut members = MEMBERS;
        members.reverse();
        let reversed = open_as(NAME, &packed(&members)).unwrap();
        assert_ne!(reversed.sha256, dataset.sha256);
        assert_eq!(Dataset { sha256: dataset.sha256, ..reversed }, dataset);
    }

    #[test]
    fn every_truncation_is_refused() {
        let archive = packed(&MEMBERS);
        for length in 2..archive.len() {
            let message = refused(&archive[..length]);
            assert!(message.contains("damaged or cut short") && message.contains(", after "), "{message}");
        }
        assert!(
            refused(&archive[..archive.len() - 1]).contains("after train/pos/")
                || refused(&archive[..archive.len() - 1]).contains("after test/neg/5_3.txt")
        );
    }

    #[test]
    fn a_flipped_bit_never_changes_the_texts_unnoticed() {
        let archive = packed(&MEMBERS);
        let whole = open_as(NAME, &archive).unwrap();
        for bit in 0..archive.len() * 8 {
            let mut damaged = archive.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Ok(dataset) = open_as(NAME, &damaged) {
                assert_eq!(dataset.content_sha256(), whole.content_sha256(), "bit {bit}");
            }
        }
    }

    #[test]
    fn a_tar_that_was_cut_before_it_was_compressed_is_refused() {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, text) in MEMBERS {
            add(&mut tar, name, tar::EntryType::Regular, text.as_bytes());
        }
        add(&mut tar, "aclImdb/train/pos/11_7.txt", tar::EntryType::Regular, &[b'x'; 2_000]);
        let tar = tar.into_inner().unwrap();
        let message = refused(&compressed(&tar[..tar.len() - 2_048]));
        assert!(message.contains("after test/neg/5_3.txt: damaged or cut short"), "{message}");
    }

    #[test]
    fn what_is_no_gzip_is_said_to_be_none() {
        for bytes in [&b""[..], b"\x1f", b"PK\x03\x04", b"aclImdb/train/pos/0_9.txt"] {
            assert!(refused(bytes).contains("not a gzip file"));
        }
    }

    #[test]
    fn a_missing_class_is_named() {
        for missing in ["train/neg", "train/pos", "test/neg", "test/pos"] {
            let mut members = MEMBERS.to_vec();
            members.retain(|(name, _)| !name.contains(missing));
            assert!(refused(&packed(&members)).contains(&format!("no reviews in {missing}")));
        }
        assert!(refused(&packed(&[])).contains("no reviews in train/neg"));
    }

    #[test]
    fn a_review_that_is_there_twice_is_refused() {
        let mut members = MEMBERS.to_vec();
        members.push(("./aclImdb/train/neg/0_2.txt", "another text"));
        assert!(refused(&packed(&members)).contains("train/neg/0_2.txt: this review is there twice"));
    }

    #[test]
    fn an_endless_review_is_refused_and_an_endless_other_member_passed_over() {
        let long = "x".repeat(LONGEST + 1);
        let mut members = MEMBERS.to_vec();
        members.push(("aclImdb/train/unsup/7_0.txt", &long));
        assert!(open_as(NAME, &packed(&members)).is_ok());
        members.push(("aclImdb/test/pos/7_9.txt", &long[..LONGEST]));
        assert_eq!(open_as(NAME, &packed(&members)).unwrap().test.text(2).len(), LONGEST);
        members.push(("aclImdb/test/pos/8_9.txt", &long));
        assert!(refused(&packed(&members)).contains("test/pos/8_9.txt: longer than 16 MiB"));
    }

    #[test]
    fn a_link_is_refused_by_name_where_a_review_belongs_and_passed_over_elsewhere() {
        let with_link = |name: &str| {
            let mut tar = tar::Builder::new(Vec::new());
            for (name, text) in MEMBERS {
                add(&mut tar, name, tar::EntryType::Regular, text.as_bytes());
            }
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            tar.append_link(&mut header, name, "/etc/hostname").unwrap();
            compressed(&tar.into_inner().unwrap())
        };
        assert!(open_as(NAME, &with_link("aclImdb/train/pos/link")).is_ok());
        assert!(open_as(NAME, &with_link("aclImdb/imdb.vocab")).is_ok());
        assert!(refused(&with_link("aclImdb/train/pos/3_9.txt")).contains("train/pos/3_9.txt: a link or device"));
    }

    #[test]
    fn extension_members_are_passed_over() {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, text) in MEMBERS {
            add(&mut tar, name, tar::EntryType::XHeader, b"19 comment=nothing\n");
            add(&mut tar, name, tar::EntryType::GNULongName, &[b'n'; 3_000]);
            add(&mut tar, name, tar::EntryType::Regular, text.as_bytes());
        }
        let dataset = open_as(NAME, &compressed(&tar.into_inner().unwrap())).unwrap();
        assert_eq!(dataset.content_sha256(), open_as(NAME, &packed(&MEMBERS)).unwrap().content_sha256());
    }

    #[test]
    fn the_imdb_archive_has_all_its_reviews() {
        let Some(imdb) = super::super::testing::imdb("the_imdb_archive_has_all_its_reviews") else { return };
        for split in [&imdb.train, &imdb.test] {
            assert_eq!(split.len(), 25_000);
            assert!(split.labels().is_sorted());
            assert_eq!(split.labels().partition_point(|&label| label == 0), 12_500);
        }
        assert!(imdb.train.text(0).starts_with(b"Story of a man who has unnatural feelings for a pig."));
    }
}
