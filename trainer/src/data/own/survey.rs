//! What the columns of a file hold, in numbers, before it is decided what they are.

use std::{borrow::Cow, path::Path};

use edgefit::{
    format::MAX_CLASSES,
    words::{Splitter, WordSink},
};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use super::{
    super::source::Encoding,
    dialect::Dialect,
    records::{Record, Records, Step, decoded, json_keys},
};
use crate::{Error, Result};

/// Values of a column are told apart up to this many: more than the classes of any model.
const DISTINCT: usize = MAX_CLASSES + 1;

/// What a file holds, column by column.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// The first row of a table: the names of the columns, or the first document.
    pub(super) first: Vec<String>,
    /// The keys of JSON Lines.
    pub(super) keys: Vec<String>,
    /// The columns, over all rows but the first one of a table.
    pub(super) columns: Vec<Column>,
    /// How many rows that is.
    pub(super) rows: usize,
    /// The number of fields that the most rows have.
    pub(super) width: usize,
}

/// What a column holds.
#[derive(Debug, Default, Clone)]
pub(super) struct Column {
    /// Fields that are not empty.
    pub(super) filled: usize,
    /// Fields that are numbers.
    pub(super) numbers: usize,
    /// Words in all fields together.
    words: usize,
    distinct: FxHashSet<u64>,
    /// Fields that are what the first row has.
    pub(super) as_first: usize,
}

impl Column {
    pub(super) fn add(&mut self, field: &str) {
        let field = field.trim();
        if is_missing(field) {
            return;
        }
        self.filled += 1;
        self.numbers += usize::from(number(field).is_some());
        self.words += words(field);
        if self.distinct.len() < DISTINCT {
            self.distinct.insert(hash(field));
        }
    }

    /// Whether most of what is there are numbers.
    pub(super) fn is_numeric(&self) -> bool {
        self.numbers * 2 > self.filled
    }

    /// How many different values it has; one more than a model has classes stands for any more.
    pub(super) fn distinct(&self) -> usize {
        self.distinct.len()
    }

    fn words_a_field(&self) -> f64 {
        self.words as f64 / self.filled.max(1) as f64
    }

    /// Whether it holds running text.
    pub(super) fn is_prose(&self, rows: usize) -> bool {
        let varied = self.distinct() == DISTINCT || self.distinct() * 2 > self.filled;
        self.filled * 2 > rows && !self.is_numeric() && self.words_a_field() >= 3.0 && varied
    }

    /// Whether its values look like those of classes: a few, each again and again.
    pub(super) fn is_like_a_label(&self, rows: usize) -> bool {
        let few = (2..DISTINCT).contains(&self.distinct()) && self.distinct() * 2 <= self.filled.max(4);
        few && self.filled * 20 >= rows * 19 && self.words_a_field() < 4.0
    }
}

impl Survey {
    /// Reads a whole file.
    pub(super) fn of(path: &Path, dialect: &Dialect, encoding: Option<Encoding>) -> Result<Self> {
        let keys = match dialect {
            Dialect::JsonLines => match json_keys(path, encoding)? {
                keys if keys.is_empty() => {
                    let problem = "no JSON object with a text or a number in its first lines";
                    return Err(Error::input(path.display(), problem, "name a file with an object a line"));
                }
                keys => keys,
            },
            Dialect::Table(_) => Vec::new(),
        };
        let mut records = Records::open(path, dialect, &keys, encoding)?;
        let mut survey = Self { keys, ..Self::default() };
        let (mut record, mut widths) = (Record::default(), FxHashMap::<usize, usize>::default());
        loop {
            match records.next(&mut record)? {
                Step::End => break,
                Step::Bad { .. } => continue,
                Step::Row(_) => {}
            }
            let field = |field: &[u8]| decoded(field, encoding).map_or_else(String::new, Cow::into_owned);
            if survey.keys.is_empty() && survey.first.is_empty() {
                survey.first = record.iter().map(|(_, bytes)| field(bytes)).collect();
                continue;
            }
            survey.rows += 1;
            *widths.entry(record.width()).or_default() += 1;
            let Self { columns, first, .. } = &mut survey;
            columns.resize_with(columns.len().max(record.width()), Column::default);
            for (i, bytes) in record.iter() {
                // Not lossless, but only to be counted.
                let text = String::from_utf8_lossy(bytes);
                columns[i].add(&text);
                columns[i].as_first += usize::from(first.get(i).is_some_and(|first| *first == text));
            }
        }
        let most = widths.into_iter().max_by_key(|&(width, rows)| (rows, width));
        survey.width = most.map_or(survey.first.len(), |(width, _)| width);
        survey.columns.resize_with(survey.width.max(survey.first.len()), Column::default);
        Ok(survey)
    }

    /// Counts the first row of a table as one like all others.
    pub(super) fn add_first(&mut self) {
        self.rows += 1;
        for (column, field) in self.columns.iter_mut().zip(&self.first) {
            column.add(field);
        }
    }
}

/// Whether a field is one of the ways to say that there is nothing.
pub(super) fn is_missing(field: &str) -> bool {
    ["", "?", "na", "n/a", "nan", "null", "none"].iter().any(|missing| field.eq_ignore_ascii_case(missing))
}

/// A field as a number, finite or not.
pub(super) fn number(field: &str) -> Option<f32> {
    field.trim().parse().ok()
}

fn hash(field: &str) -> u64 {
    use std::hash::{Hash, Hasher};
    let mut hasher = FxHasher::default();
    field.hash(&mut hasher);
    hasher.finish()
}

/// How many words a field has, up to what tells prose from a name.
fn words(field: &str) -> usize {
    struct Count(usize);
    impl WordSink for Count {
        fn byte(&mut self, _: u8) {}
        fn end(&mut self) {
            self.0 += 1;
        }
    }
    let (mut splitter, mut count) = (Splitter::new(), Count(0));
    splitter.feed(&field.as_bytes()[..field.len().min(256)], &mut count);
    splitter.finish(&mut count);
    count.0
}
