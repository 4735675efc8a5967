//! Keras's `imdb.npz`: documents as word numbers, with the words in `imdb_word_index.json` beside it.
//!
//! Every number is spelled as its word again, so that such a dataset takes the path that every text takes. What is
//! left of Keras is its vocabulary, which is given by rank and not counted, see [`VocabularyTables::of`].
//!
//! [`VocabularyTables::of`]: super::VocabularyTables::of

mod member;
mod npy;
mod opcode;
mod pickle;
mod word_index;

use self::{
    member::{Fault, Member},
    npy::Header,
    pickle::Lists,
};
use super::{
    Dataset, Split,
    reviews::{self, CLASSES},
};
use crate::{Error, Result};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{BufReader, Cursor, Read},
    path::Path,
};
use zip::{ZipArchive, result::ZipError};

/// The word index, in the folder of the archive.
pub(super) const WORD_INDEX: &str = "imdb_word_index.json";
/// No archive is longer than this, in bytes.
const LONGEST: u64 = 1 << 30;
/// The texts of a half are not longer than this, in bytes.
const LONGEST_TOGETHER: usize = 1 << 30;
/// What to do about an archive that is not as it should be.
const NEXT: &str = "get imdb.npz again from where Keras's `imdb.load_data` gets it, or name the archive \
                    aclImdb_v1.tar.gz; nothing in the file has been run";

/// Reads the archive at `path`, and the word index beside it.
pub(super) fn open(path: &Path) -> Result<Dataset> {
    let bytes = read(path, LONGEST)?;
    let index_path = path.with_file_name(WORD_INDEX);
    if !index_path.exists() {
        let problem = format!("there is no {WORD_INDEX} beside it");
        let next =
            format!("put Keras's {WORD_INDEX} there: the archive has word numbers, and only that file has the words");
        return Err(Error::input(path.display(), problem, next));
    }
    let index = read(&index_path, word_index::LONGEST)?;
    let sha256 = Sha256::new().chain_update(&bytes).chain_update(&index).finalize();
    let words = word_index::parse(&index_path, &index)?;
    drop(index);
    let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| zip_error(path, &error))?;
    let mut archive = Archive { path, zip };
    let train = archive.half("train", &words)?;
    let test = archive.half("test", &words)?;
    Ok(Dataset {
        name: "keras-imdb".into(),
        synthetic: false,
        sha256: sha256.into(),
        labels: CLASSES.map(String::from).into(),
        word_index: Some(words),
        features: None,
        notes: Vec::new(),
        train,
        test,
    })
}

/// Reads a regular file of at most `longest` bytes.
fn read(path: &Path, longest: u64) -> Result<Vec<u8>> {
    let refuse = |problem: &str| Err(Error::input(path.display(), problem, NEXT));
    // Asked before it is opened: to open a named pipe is to wait for its writer.
    if !fs::metadata(path).map_err(Error::io("read", path))?.is_file() {
        return refuse("not a regular file");
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(longest + 1).read_to_end(&mut bytes))
        .map_err(Error::io("read", path))?;
    if bytes.len() as u64 > longest { refuse(&format!("longer than {} MiB", longest >> 20)) } else { Ok(bytes) }
}

/// The archive, open.
struct Archive<'a> {
    path: &'a Path,
    zip: ZipArchive<Cursor<Vec<u8>>>,
}

impl Archive<'_> {
    /// One half as texts.
    fn half(&mut self, half: &str, words: &[Box<[u8]>]) -> Result<Split> {
        let (x, y) = (format!("x_{half}.npy"), format!("y_{half}.npy"));
        let lists = self.read(&x, lists)?;
        let labels = self.read(&y, labels)?;
        let refuse = |problem: String| Err(Error::input(format!("{}: {x}", self.path.display()), problem, NEXT));
        if lists.len() != labels.len() {
            return refuse(format!("{} documents, but {} labels in {y}", lists.len(), labels.len()));
        }
        if let Some(class) = (0..CLASSES.len()).find(|class| !labels.contains(&(*class as u16))) {
            return refuse(format!("no document has the label {class}"));
        }
        if let Err(problem) = check_lengths(&lists, words) {
            return refuse(problem);
        }
        let mut split = Split::default();
        let mut text = Vec::new();
        for (numbers, label) in lists.iter().zip(labels) {
            text.clear();
            for word in numbers.iter().filter_map(|number| word(words, *number)) {
                text.extend_from_slice(word);
                text.push(b' ');
            }
            split.push(&text, label);
        }
        Ok(split)
    }

    /// Reads a member to its end.
    fn read<T>(&mut self, name: &str, parse: fn(&mut Member<&mut dyn Read>) -> Result<T, Fault>) -> Result<T> {
        let Some(index) = self.zip.index_for_name(name) else {
            let found: Vec<_> = self.zip.file_names().take(8).map(Result::unwrap_or_default).collect();
            let problem = format!("it has no {name}, only: {}", found.join(", "));
            let next = "an imdb.npz has x_train.npy, y_train.npy, x_test.npy and y_test.npy";
            return Err(Error::input(self.path.display(), problem, next));
        };
        let file = self.zip.by_index(index).map_err(|error| zip_error(self.path, &error))?;
        let mut file = BufReader::with_capacity(64 << 10, file);
        let mut member = Member::new(&mut file as &mut dyn Read);
        let place = |at: String| format!("{}: {name}{at}", self.path.display());
        parse(&mut member).and_then(|value| member.finish().map(|()| value)).map_err(|fault| match fault {
            Fault::Refused { offset, problem } => Error::input(place(format!(", byte {offset}")), problem, NEXT),
            Fault::Read(source) => Error::input(place(String::new()), format!("damaged or cut short: {source}"), NEXT),
        })
    }
}

/// The word that has a number, which counts from 1.
fn word(words: &[Box<[u8]>], number: u32) -> Option<&[u8]> {
    (number as usize).checked_sub(1).and_then(|rank| words.get(rank)).map(AsRef::as_ref)
}

/// Whether every number has a word, and how long the texts would be, before any is made: two bytes of a packed list can stand
/// for a word of megabytes.
fn check_lengths(lists: &Lists, words: &[Box<[u8]>]) -> Result<(), String> {
    let mut together = 0;
    for (document, numbers) in lists.iter().enumerate() {
        let mut length = 0;
        for &number in numbers {
            let Some(word) = word(words, number) else {
                let last = words.len();
                return Err(format!("document {document} has word {number}; {WORD_INDEX} has 1 to {last}"));
            };
            length += word.len() + 1;
        }
        if length > reviews::LONGEST {
            return Err(format!("the text of document {document} is longer than 16 MiB"));
        }
        together += length;
        if together > LONGEST_TOGETHER {
            return Err(format!("more than 1 GiB of text up to document {document}"));
        }
    }
    Ok(())
}

/// Reads an array of lists of numbers.
fn lists(member: &mut Member<&mut dyn Read>) -> Result<Lists, Fault> {
    let header = Header::read(member)?;
    let start = member.offset();
    if header.descr != "|O" {
        let problem = format!("entries of type {}, where each document is a list (type |O)", header.descr);
        return member::refuse(start, problem);
    }
    let lists = pickle::read(member)?;
    if lists.len() == header.length {
        return Ok(lists);
    }
    member::refuse(start, format!("the header states {} documents, but there are {}", header.length, lists.len()))
}

/// Reads an array of labels.
fn labels(member: &mut Member<&mut dyn Read>) -> Result<Vec<u16>, Fault> {
    let header = Header::read(member)?;
    npy::labels(&header, member)
}

fn zip_error(path: &Path, error: &ZipError) -> Error {
    Error::input(path.display(), format!("not a whole .npz, which is a zip archive: {error}"), NEXT)
}

#[cfg(test)]
mod tests;
