//! Which column is what: asked for, or guessed where it is obvious.

use std::{collections::HashMap, path::Path};

use super::{
    super::source::{Reading, YesNo},
    survey::{Column, Survey, number},
};
use crate::{Error, Result, suggest::listed};

/// What columns of labels are called.
const LABELS: [&str; 18] = [
    "label",
    "labels",
    "class",
    "class index",
    "target",
    "category",
    "sentiment",
    "y",
    "species",
    "diagnosis",
    "intent",
    "topic",
    "outcome",
    "type",
    "polarity",
    "spam",
    "rating",
    "stars",
];
/// What columns of text are called.
const TEXTS: [&str; 16] = [
    "text",
    "texts",
    "message",
    "review",
    "content",
    "body",
    "sentence",
    "comment",
    "document",
    "tweet",
    "title",
    "description",
    "headline",
    "sms",
    "question",
    "subject",
];
/// So many columns are listed where one is asked for that is not there.
const LISTED: usize = 100;
/// A name of a column is at most so long, in bytes.
const NAME: usize = 64;

/// Which column is what, each by its place from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// The names of the columns, if the file has them.
    pub(super) names: Option<Vec<String>>,
    /// How many fields a row has.
    pub(super) width: usize,
    pub(super) label: usize,
    pub(super) content: Content,
    /// What was guessed.
    pub(super) notes: Vec<String>,
}

/// What is to be classified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// The text of these columns.
    Text(Vec<usize>),
    /// The numbers in these columns.
    Numbers(Vec<usize>),
}

impl Layout {
    /// Decides from what is asked for and what the file holds.
    pub(super) fn of(path: &Path, mut survey: Survey, reading: &Reading) -> Result<Self> {
        let mut notes = Vec::new();
        let names = if survey.keys.is_empty() {
            let found = has_header(&survey, reading);
            let header = reading.header.map_or(found, |header| header == YesNo::Yes);
            if reading.header.is_none() {
                let what = if found { "names the columns" } else { "is a document, so the columns have no names" };
                notes.push(format!("the first row {what}"));
            }
            if !header {
                survey.add_first();
            }
            header.then(|| survey.first.iter().map(|name| name.trim().to_owned()).collect())
        } else {
            Some(survey.keys.clone())
        };
        if survey.rows == 0 {
            let next = "name a file with a row a document; --header no, if its first row is one";
            return Err(Error::input(path.display(), "it names columns, but has no row", next));
        }
        let width = names.as_ref().map_or(survey.width, Vec::len);
        let table = Table {
            path,
            columns: &survey.columns[..width.min(survey.columns.len())],
            rows: survey.rows,
            names: names.as_deref(),
        };
        let texts = table.find_all("--text-column", &reading.text_column)?;
        let ignored = table.find_all("--ignore-column", &reading.ignore_column)?;
        let label = match &reading.label_column {
            Some(name) => table.find("--label-column", name)?,
            None => {
                let label = table.guess_label(&texts, &ignored)?;
                notes.push(format!("the label is {}", table.called(label)));
                label
            }
        };
        if texts.contains(&label) {
            let problem = format!("{} is both a text and the label", table.called(label));
            return Err(Error::usage(problem, "name different columns with --text-column and --label-column"));
        }
        let content = if texts.is_empty() {
            let content = table.guess_content(label, &ignored)?;
            notes.push(table.describe(&content));
            content
        } else {
            Content::Text(texts)
        };
        Ok(Self { names, width, label, content, notes })
    }

    /// The same columns in another file, which names them too, in any order.
    pub(super) fn in_other(&self, path: &Path, first: &[String]) -> Result<Self> {
        let Some(names) = &self.names else {
            if first.len() == self.width {
                return Ok(self.clone());
            }
            let problem = format!("its first row has {} fields, those of --data have {}", first.len(), self.width);
            return Err(Error::input(path.display(), problem, "name a test file with the same columns"));
        };
        let mut places = HashMap::new();
        for (place, name) in first.iter().enumerate() {
            places.entry(name.trim()).or_insert(place);
        }
        let place = |column: usize| {
            let name = &names[column];
            places.get(name.as_str()).copied().ok_or_else(|| {
                let problem = format!("its first row does not name the column `{name}`, as that of --data does");
                Error::input(path.display(), problem, "give the test file the same first row, or name another file")
            })
        };
        let places = |columns: &[usize]| columns.iter().map(|column| place(*column)).collect::<Result<Vec<_>>>();
        let content = match &self.content {
            Content::Text(columns) => Content::Text(places(columns)?),
            Content::Numbers(columns) => Content::Numbers(places(columns)?),
        };
        Ok(Self { width: first.len(), label: place(self.label)?, content, ..self.clone() })
    }

    /// The name of a column, or its number from 1.
    pub(super) fn name(&self, column: usize) -> String {
        self.names
            .as_ref()
            .and_then(|names| names.get(column))
            .filter(|name| !name.is_empty())
            .map_or_else(|| (column + 1).to_string(), Clone::clone)
    }
}

/// Whether the first row of a table names its columns.
fn has_header(survey: &Survey, reading: &Reading) -> bool {
    let first = &survey.first;
    let asked = reading.text_column.iter().chain(&reading.label_column).chain(&reading.ignore_column);
    let is_name = |name: &String| name.parse::<usize>().is_err() && first.iter().any(|field| same(field, name));
    if asked.into_iter().any(is_name) {
        return true;
    }
    let short = first.iter().all(|field| field.len() <= NAME && !field.contains('\n'));
    if !short || first.iter().any(|field| number(field).is_some()) {
        return false;
    }
    let known = first.iter().any(|field| LABELS.iter().chain(&TEXTS).any(|name| same(field, name)));
    let columns = || first.iter().zip(&survey.columns);
    // A word above numbers, or one above classes that is none of them.
    let above_numbers = columns().any(|(_, column)| column.filled > 0 && column.is_numeric());
    let above_classes = columns().any(|(_, column)| column.as_first == 0 && column.is_like_a_label(survey.rows));
    let repeats = columns().any(|(field, column)| column.as_first > 0 && !field.trim().is_empty());
    !repeats && (known || above_numbers || above_classes)
}

fn same(field: &str, name: &str) -> bool {
    field.trim().eq_ignore_ascii_case(name.trim())
}

/// A file with its columns, to find some of them.
struct Table<'a> {
    path: &'a Path,
    columns: &'a [Column],
    rows: usize,
    names: Option<&'a [String]>,
}

impl Table<'_> {
    /// A column as people call it.
    fn called(&self, column: usize) -> String {
        match self.names.and_then(|names| names.get(column)).filter(|name| !name.is_empty()) {
            Some(name) => format!("column {} (`{name}`)", column + 1),
            None => format!("column {}", column + 1),
        }
    }

    fn called_all(&self, columns: &[usize]) -> String {
        let called: Vec<String> = columns.iter().take(8).map(|column| self.called(*column)).collect();
        let more = if columns.len() > called.len() { ", …" } else { "" };
        called.join(", ") + more
    }

    /// The column that the value of a flag means: by its name, else by its number.
    fn find(&self, flag: &str, value: &str) -> Result<usize> {
        let names = self.names.unwrap_or_default();
        let by_name = |equal: &dyn Fn(&String) -> bool| names.iter().position(equal);
        let by_number = || value.trim().parse::<usize>().ok()?.checked_sub(1).filter(|i| *i < self.columns.len());
        by_name(&|name| name == value).or_else(|| by_name(&|name| same(name, value))).or_else(by_number).ok_or_else(
            || {
                let known = if names.is_empty() {
                    format!("the columns have no names, only numbers from 1 to {}", self.columns.len())
                } else {
                    format!("the columns are: {}, or by number 1 to {}", listed(names, LISTED), self.columns.len())
                };
                Error::usage(format!("{flag}: there is no column `{value}` in {}", self.path.display()), known)
            },
        )
    }

    fn find_all(&self, flag: &str, values: &[String]) -> Result<Vec<usize>> {
        values.iter().map(|value| self.find(flag, value)).collect()
    }

    /// The column of the label, where it is obvious.
    fn guess_label(&self, texts: &[usize], ignored: &[usize]) -> Result<usize> {
        let free: Vec<usize> =
            (0..self.columns.len()).filter(|column| !texts.contains(column) && !ignored.contains(column)).collect();
        let names = self.names.unwrap_or_default();
        let by_name = LABELS.iter().find_map(|label| {
            free.iter().copied().find(|&column| names.get(column).is_some_and(|name| same(name, label)))
        });
        if let Some(column) = by_name {
            return Ok(column);
        }
        let like: Vec<usize> =
            free.iter().copied().filter(|&column| self.columns[column].is_like_a_label(self.rows)).collect();
        let words: Vec<usize> = like.iter().copied().filter(|&column| !self.columns[column].is_numeric()).collect();
        // Of a table of numbers alone, the label is the first column or the last one.
        let ends: Vec<usize> =
            like.iter().copied().filter(|column| free.first() == Some(column) || free.last() == Some(column)).collect();
        match (free.as_slice(), like.as_slice(), words.as_slice(), ends.as_slice()) {
            ([only], ..) if !texts.is_empty() => Ok(*only),
            (_, [only], ..) | (_, _, [only], _) => Ok(*only),
            (_, _, [], [only]) if self.columns.iter().all(Column::is_numeric) => Ok(*only),
            _ => {
                let problem = if like.is_empty() {
                    "no column looks like a label: a few values, each again and again".to_owned()
                } else {
                    format!("several columns look like a label: {}", self.called_all(&like))
                };
                Err(Error::input(
                    self.path.display(),
                    problem,
                    "name it with --label-column, by name or by number from 1",
                ))
            }
        }
    }

    /// What is to be classified: the columns of running text, or else numbers all through.
    fn guess_content(&self, label: usize, ignored: &[usize]) -> Result<Content> {
        let others: Vec<usize> =
            (0..self.columns.len()).filter(|column| *column != label && !ignored.contains(column)).collect();
        let prose: Vec<usize> =
            others.iter().copied().filter(|&column| self.columns[column].is_prose(self.rows)).collect();
        if !prose.is_empty() {
            return Ok(Content::Text(prose));
        }
        let (numbers, rest): (Vec<usize>, Vec<usize>) =
            others.iter().copied().partition(|&column| self.columns[column].is_numeric());
        let refuse = |problem: String, next: &str| Err(Error::input(self.path.display(), problem, next));
        match (numbers.as_slice(), rest.as_slice()) {
            ([], []) => {
                refuse("it has no column beside the label".to_owned(), "name a file with a text or numbers a row")
            }
            (_, []) => Ok(Content::Numbers(numbers)),
            ([], [only]) => Ok(Content::Text(vec![*only])),
            ([], _) => {
                let problem = format!("several columns could be the text: {}", self.called_all(&rest));
                refuse(problem, "name one or more with --text-column, by name or by number from 1")
            }
            _ => {
                let problem = format!("some columns hold numbers, others do not: {}", self.called_all(&rest));
                refuse(problem, "name the text with --text-column, or leave columns out with --ignore-column")
            }
        }
    }

    fn describe(&self, content: &Content) -> String {
        match content {
            Content::Text(columns) if columns.len() > 1 => format!("the text is {}, joined", self.called_all(columns)),
            Content::Text(columns) => format!("the text is {}", self.called_all(columns)),
            Content::Numbers(columns) => format!("the features are the numbers in {} columns", columns.len()),
        }
    }
}
