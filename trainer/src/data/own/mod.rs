//! The user's own data: a table, JSON Lines, or a folder a class, in one part or two.

mod bad_rows;
mod bytes;
mod class_folder;
mod dialect;
mod guidance;
mod labels;
mod layout;
mod records;
mod survey;

use std::{fs, path::Path};

use rustc_hash::FxHashSet;

use self::{
    bad_rows::{At, BadRows},
    dialect::Dialect,
    labels::{LONGEST_LABEL, Labels},
    layout::{Content, Layout},
    records::{Record, Records, Step, decoded},
    survey::{Survey, is_missing, number},
};
use super::{
    Dataset, Source, Split,
    dataset::content_sha256,
    held_out::divide,
    source::{Encoding, Impute, Reading},
};
use crate::{Error, Result};

pub(crate) use guidance::of_words;

/// No text is longer than this, in bytes.
const LONGEST: usize = 16 << 20;
/// A file has no more documents than this: short ones, of which a small packed file can hold any number, take memory too.
const MOST_DOCUMENTS: usize = 5_000_000;
/// The name of a dataset is at most so long, in bytes: it travels in the model file.
const LONGEST_NAME: usize = 40;

/// Whether a folder has a folder a class, or one in each of `train` and `test`.
pub(super) fn is_class_folder(path: &Path) -> bool {
    class_folder::is(path)
}

/// Reads what `source` names, which is a file, or a folder with a folder a class.
pub(super) fn open(source: &Source) -> Result<Dataset> {
    let path = Path::new(&source.data);
    if source.data.ends_with(".parquet") {
        return Err(Error::input(path.display(), "it is a Parquet file", "convert it to CSV or JSON Lines"));
    }
    let read =
        if path.is_dir() { class_folder::read(path, &source.reading)? } else { read_files(path, &source.reading)? };
    finish(path, &source.reading, read)
}

/// Reads all documents of what `source` names, to test on; their labels are some of `names`.
pub(super) fn labelled(source: &Source, names: &[&str]) -> Result<Dataset> {
    let (path, reading) = (Path::new(&source.data), &source.reading);
    let (mut labels, mut notes) = (Labels::of(names), Vec::new());
    let (test, names_of_features) = if path.is_dir() {
        (class_folder::all(path, reading, &mut labels, &mut notes)?, None)
    } else {
        let dialect = Dialect::of(path, reading)?;
        let survey = Survey::of(path, &dialect, reading.encoding)?;
        let keys = survey.keys.clone();
        let mut layout = Layout::of(path, survey, reading)?;
        notes.append(&mut layout.notes);
        let split = part(path, &dialect, &keys, &layout, reading, &mut labels, &mut notes)?;
        (split, features(&layout))
    };
    if test.is_empty() {
        return Err(Error::input(path.display(), "no document in it", "name a file with a row a document"));
    }
    let names = names.iter().map(|&name| name.to_owned()).collect();
    Ok(dataset(path, names, names_of_features, notes, Split::default(), test))
}

/// What was read, before it is a dataset.
struct Read {
    train: Split,
    test: Option<Split>,
    labels: Labels,
    /// What the column of the labels is called in messages.
    label_called: String,
    features: Option<Vec<String>>,
    notes: Vec<String>,
}

/// Reads a file, and the one of `--test` if there is one.
fn read_files(path: &Path, reading: &Reading) -> Result<Read> {
    let dialect = Dialect::of(path, reading)?;
    let survey = Survey::of(path, &dialect, reading.encoding)?;
    let keys = survey.keys.clone();
    let mut layout = Layout::of(path, survey, reading)?;
    let mut notes = std::mem::take(&mut layout.notes);
    let mut labels = Labels::default();
    let train = part(path, &dialect, &keys, &layout, reading, &mut labels, &mut notes)?;
    let label_called = format!("the label, column {},", layout.name(layout.label));
    labels.check(&path.display().to_string(), &label_called, train.len())?;
    labels.close();
    let test = match reading.test.as_deref().map(Path::new) {
        None => None,
        Some(test) => {
            let dialect = Dialect::of(test, reading)?;
            let layout = match &dialect {
                Dialect::JsonLines => layout.clone(),
                Dialect::Table(_) => layout.in_other(test, &first_row(test, &dialect, reading.encoding)?)?,
            };
            Some(part(test, &dialect, &keys, &layout, reading, &mut labels, &mut notes)?)
        }
    };
    Ok(Read { train, test, labels, label_called, features: features(&layout), notes })
}

/// The names of the features, if the documents are numbers.
fn features(layout: &Layout) -> Option<Vec<String>> {
    match &layout.content {
        Content::Text(_) => None,
        Content::Numbers(columns) => Some(columns.iter().map(|column| layout.name(*column)).collect()),
    }
}

/// Reads one file.
fn part(
    path: &Path,
    dialect: &Dialect,
    keys: &[String],
    layout: &Layout,
    reading: &Reading,
    labels: &mut Labels,
    notes: &mut Vec<String>,
) -> Result<Split> {
    if let Dialect::Table(table) = dialect {
        notes.extend(table.note.clone());
    }
    let mut loader = Loader { path, layout, reading, labels, split: Split::default() };
    let bad = loader.load(dialect, keys)?;
    let split = loader.split;
    notes.extend(bad.settle(path, split.len(), reading.skip_bad_rows)?);
    Ok(split)
}

fn first_row(path: &Path, dialect: &Dialect, encoding: Option<Encoding>) -> Result<Vec<String>> {
    let mut record = Record::default();
    Records::open(path, dialect, &[], encoding)?.next(&mut record)?;
    Ok(record.iter().map(|(_, field)| String::from_utf8_lossy(field).into_owned()).collect())
}

/// Reads the rows of a file into a split.
struct Loader<'a> {
    path: &'a Path,
    layout: &'a Layout,
    reading: &'a Reading,
    labels: &'a mut Labels,
    split: Split,
}

impl Loader<'_> {
    fn load(&mut self, dialect: &Dialect, keys: &[String]) -> Result<BadRows> {
        let mut bad = BadRows::default();
        let is_table = matches!(dialect, Dialect::Table(_));
        if let Dialect::Table(dialect::Table { broken: Some((line, column)), .. }) = dialect {
            let why = || {
                format!(
                    "the quotes of the field at character {column} do not balance; --quotes no takes them as characters"
                )
            };
            bad.push(At::Line(*line), None, why);
        }
        let mut records = Records::open(self.path, dialect, keys, self.reading.encoding)?;
        let (mut record, mut content, mut together) = (Record::default(), Vec::new(), 0);
        let mut names_come = is_table && self.layout.names.is_some();
        loop {
            match records.next(&mut record)? {
                Step::End => return Ok(bad),
                Step::Bad { at, column, why } => bad.push(at, column, || why),
                Step::Row(_) if std::mem::take(&mut names_come) => {}
                Step::Row(at) => {
                    content.clear();
                    let row = self.row(&record, &mut content);
                    // What a bad row has come to counts too: a few bytes of JSON can stand for all numbers of a row.
                    together += content.len() as u64;
                    self.check_sizes(&at, together)?;
                    match row {
                        Ok(label) => self.split.push(&content, label),
                        Err((column, why)) => bad.push(at, column.map(|column| column + 1), || why),
                    }
                }
            }
        }
    }

    /// Whether there is room for a document more, with `together` bytes of content up to it.
    fn check_sizes(&self, at: &At, together: u64) -> Result<()> {
        let problem = if together > bytes::LONGEST_TOGETHER {
            "more than 1 GiB of texts or numbers up to here".to_owned()
        } else if self.split.len() == MOST_DOCUMENTS {
            format!("more than {MOST_DOCUMENTS} rows up to here")
        } else {
            return Ok(());
        };
        Err(Error::input(at.in_file(self.path)?, problem, "use fewer rows or columns"))
    }

    /// The label of a row, and its content into `content`; or what is wrong with it, and in which column.
    fn row(&mut self, record: &Record, content: &mut Vec<u8>) -> Result<u16, (Option<usize>, String)> {
        let (Layout { width, label, content: what, .. }, encoding) = (self.layout, self.reading.encoding);
        if record.width() != *width {
            return Err((None, format!("{} fields, where {width} are expected", record.width())));
        }
        let text = |column: usize| {
            let field = record.get(column);
            if field.contains(&0) {
                return Err((Some(column), "a byte 0, which no text has".to_owned()));
            }
            decoded(field, encoding).ok_or_else(|| (Some(column), not_utf8(field)))
        };
        match what {
            Content::Text(columns) => {
                for (i, &column) in columns.iter().enumerate() {
                    if i > 0 {
                        content.push(b'\n');
                    }
                    content.extend_from_slice(text(column)?.as_bytes());
                }
                if content.len() > LONGEST {
                    return Err((None, "its text is longer than 16 MiB".to_owned()));
                }
            }
            Content::Numbers(columns) => {
                for &column in columns {
                    let value = feature(&text(column)?, self.reading.impute).map_err(|why| (Some(column), why))?;
                    content.extend_from_slice(&value.to_le_bytes());
                }
            }
        }
        let name = text(*label)?.split_whitespace().collect::<Vec<_>>().join(" ");
        self.label(&name).map_err(|why| (Some(*label), why))
    }

    fn label(&mut self, label: &str) -> Result<u16, String> {
        if label.is_empty() {
            return Err("the label is missing".to_owned());
        }
        if label.len() > LONGEST_LABEL {
            return Err(format!("a label of more than {LONGEST_LABEL} bytes; name another column with --label-column"));
        }
        self.labels
            .number(label)
            .ok_or_else(|| format!("the label `{label}` is none of those known: {}", self.labels.known()))
    }
}

/// A field as a feature. NaN stands for one that is missing, where it is to be imputed.
fn feature(field: &str, impute: Option<Impute>) -> Result<f32, String> {
    let field = field.trim();
    if is_missing(field) {
        return match impute {
            Some(Impute::Mean) => Ok(f32::NAN),
            None => Err("the number is missing; --impute mean puts the mean of the column there".to_owned()),
        };
    }
    match number(field) {
        Some(value) if value.is_finite() => Ok(value),
        Some(_) => Err(format!("`{}` is not a finite number", start(field))),
        None => Err(format!("`{}` is not a number", start(field))),
    }
}

fn start(field: &str) -> String {
    field.chars().take(20).collect()
}

fn not_utf8(field: &[u8]) -> String {
    let at = str::from_utf8(field).err().map_or(0, |error| error.valid_up_to());
    format!("byte {} of the field, {:#04x}, is not UTF-8", at + 1, field[at])
}

/// Splits off the test documents where they are not given, checks what there is, and says what is to be known of it.
fn finish(path: &Path, reading: &Reading, read: Read) -> Result<Dataset> {
    let Read { mut train, mut test, labels, label_called, features, mut notes } = read;
    // What was seen in both files is said once.
    let mut said = FxHashSet::default();
    notes.retain(|note| said.insert(note.clone()));
    let place = path.display().to_string();
    labels.check(&place, &label_called, train.len() + test.as_ref().map_or(0, Split::len))?;
    let (labels, places) = labels.ordered();
    for split in [Some(&mut train), test.as_mut()].into_iter().flatten() {
        split.relabel(&places);
    }
    let (train, test) = match test {
        Some(test) => {
            notes.extend(guidance::duplicates(&train, &test));
            (train, test)
        }
        None => {
            let share = reading.share();
            let wanted =
                |documents: usize| ((documents as f64 * share).floor() as usize).max(usize::from(documents > 1));
            let (train, test) = divide(&train, wanted, reading.split_seed.unwrap_or(0));
            notes.push(format!(
                "{} of {} documents are split off for the test, the same share of each class, identical ones on one side \
                 (--test-share, --split-seed; --test names a file)",
                test.len(),
                train.len() + test.len()
            ));
            (train, test)
        }
    };
    guidance::check(&place, &train, &test, &labels)?;
    notes.extend(guidance::of_sizes(&train, &test, &labels));
    Ok(dataset(path, labels, features, notes, train, test))
}

fn dataset(
    path: &Path,
    labels: Vec<String>,
    features: Option<Vec<String>>,
    notes: Vec<String>,
    train: Split,
    test: Split,
) -> Dataset {
    let name = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = name.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split('.').next().filter(|stem| !stem.is_empty());
    Dataset {
        name: short(stem.unwrap_or("data")),
        synthetic: false,
        sha256: content_sha256(&train, &test),
        labels,
        word_index: None,
        features,
        notes,
        train,
        test,
    }
}

/// The start of a name, as much as travels.
fn short(name: &str) -> String {
    let mut end = name.len().min(LONGEST_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name[..end].to_owned()
}

#[cfg(test)]
mod tests;
