//! A labelled dataset of texts, from whatever the user names.

use super::{Source, Split, archive, folder, keras, own, synthetic};
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::{fs, io, path::Path};

/// What a user may name, for error messages.
const ACCEPTED: &str = "name one of: a CSV, TSV or JSON Lines file (also .gz), a folder with a folder a class, `synthetic` or `synthetic:N` (generated, no file needed), the IMDB archive \
                        (`aclImdb_v1.tar.gz`; any `.tar.gz` or `.tgz` laid out like it), the unpacked folder `aclImdb`, \
                        Keras's `imdb.npz` with `imdb_word_index.json` beside it";

/// A labelled dataset of texts, in two halves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// What the dataset is called in reports: `aclImdb`, `synthetic`, `synthetic:5000`.
    pub name: String,
    /// Whether the texts are generated. No claim about real reviews may rest on these.
    pub synthetic: bool,
    /// SHA-256 of the source: of the archive's bytes where there is an archive, of those of `imdb.npz` followed by those
    /// of its word index for Keras's, else [`content_sha256`](Self::content_sha256).
    pub sha256: [u8; 32],
    /// The names of the classes; a document's label is a place in this list.
    pub labels: Vec<String>,
    /// Where the documents came as numbers of a foreign tokeniser: all words, the most frequent first. The vocabulary
    /// is then given by this order, not counted, and each document is its words in lower case, with a space after each.
    pub word_index: Option<Vec<Box<[u8]>>>,
    /// The names of the features, where the documents are numbers and no texts.
    pub features: Option<Vec<String>>,
    /// What was guessed, left out or is to be known of it, a sentence each without its full stop.
    pub notes: Vec<String>,
    /// The half to fit on.
    pub train: Split,
    /// The half to test on.
    pub test: Split,
}

impl Dataset {
    /// Opens the dataset that `source` names.
    ///
    /// - `synthetic`, `synthetic:N`: the embedded corpus, all 25,000 documents of each half or the first `N`.
    ///   **It is generated**: it reproduces the learning curves of dense nets on IMDB and the margins of the
    ///   techniques over the baseline, at 25,000 + 25,000 documents. It does not reproduce how linear models or naive
    ///   Bayes compare with nets; and with fewer documents, the margins of the smaller net and of L2.
    /// - a path that ends in `.tar.gz` or `.tgz`: the archive of the IMDB reviews, read once, never unpacked.
    /// - a folder: `aclImdb` as unpacked, or the folder that contains it.
    /// - a folder with a folder a class, or with such folders in `train` and `test`: a file a document.
    /// - another file: a table (CSV, TSV) or JSON Lines, also packed with gzip. Without a test file, a part is split off.
    /// - a path that ends in `.npz`: Keras's `imdb.npz`, with `imdb_word_index.json` in the same folder. Its documents
    ///   come as [words](Self::word_index), in its order.
    ///
    /// Reviews are the files `aclImdb/{train,test}/{neg,pos}/ID_RATING.txt`; all else is passed over. They are
    /// ordered by class (`neg` first), then by the bytes of the file name, so that archive and folder give equal texts
    /// in equal order on every machine.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if the number of synthetic documents is not one; [`Error::Input`] if the source is none of
    /// the above, is damaged or cut short, lacks a class in a half, or holds a document over 16 MiB, documents over 1 GiB
    /// together, more than 250,000 reviews, or, of one's own, more than 5 million rows or 65,536 columns; or, for Keras's, is
    /// not made of lists of numbers with a word each; [`Error::Io`] if the system cannot read it.
    pub fn open(source: impl Into<Source>) -> Result<Self> {
        let whole: Source = source.into();
        let source = whole.data.as_str();
        if let Some(documents) = synthetic::documents(source)? {
            whole.refuse_reading()?;
            return Ok(synthetic::dataset(documents));
        }
        let path = Path::new(source);
        let metadata = fs::metadata(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => Error::input(format!("`{source}`"), "no such file or folder", ACCEPTED),
            _ => Error::io("read", path)(e),
        })?;
        // Before it is opened: to open a named pipe is to wait for its writer.
        if !(metadata.is_file() || metadata.is_dir()) {
            return Err(Error::input(format!("`{source}`"), "neither a regular file nor a folder", ACCEPTED));
        }
        if Self::is_own(&whole) {
            return own::open(&whole);
        }
        whole.refuse_reading()?;
        if metadata.is_dir() {
            folder::open(path)
        } else if is_archive(source) {
            archive::open(path)
        } else {
            keras::open(path)
        }
    }

    /// Whether `source` names a file or folder of one's own: none with a layout that is known by name.
    #[must_use]
    pub fn is_own(source: &Source) -> bool {
        let path = Path::new(&source.data);
        if path.is_dir() {
            return !folder::is(path) && own::is_class_folder(path);
        }
        path.exists()
            && !is_archive(&source.data)
            && path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("npz"))
    }

    /// Opens a file or folder of one's own whose labels are some of `labels`, in this order. All documents are to test on.
    ///
    /// # Errors
    ///
    /// As [`Dataset::open`]; a label that is none of these.
    pub fn labelled(source: &Source, labels: &[&str]) -> Result<Self> {
        own::labelled(source, labels)
    }

    /// SHA-256 of the texts and labels, wherever they came from.
    ///
    /// The stream is the train half, then the test half; a half is its number of documents (u64), then for each
    /// document its label (u16), its length in bytes (u64) and its text; all numbers little-endian.
    #[must_use]
    pub fn content_sha256(&self) -> [u8; 32] {
        content_sha256(&self.train, &self.test)
    }
}

/// Whether a file is named like a compressed tar.
pub(super) fn is_archive(source: &str) -> bool {
    let source = source.to_ascii_lowercase();
    [".tar.gz", ".tgz"].iter().any(|ending| source.ends_with(ending))
}

pub(super) fn content_sha256(train: &Split, test: &Split) -> [u8; 32] {
    let mut sha256 = Sha256::new();
    train.hash_into(&mut sha256);
    test.hash_into(&mut sha256);
    sha256.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_source_is_refused_with_a_list_of_what_is_accepted() {
        for (source, problem) in
            [("no/such/aclImdb_v1.tar.gz", "no such file or folder"), ("", "no such file or folder")]
        {
            let message = Dataset::open(source).unwrap_err().to_string();
            for part in [source, problem, "`synthetic:N`", "aclImdb_v1.tar.gz", "folder `aclImdb`"] {
                assert!(message.contains(part), "{message}");
            }
        }
    }
}
