//! The rows of a file, one after the other: of a table, or the objects of JSON Lines by the same columns.

mod json;
mod record;
mod table;

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use edgefit::format::MAX_ROWS;

use super::{super::source::Encoding, bad_rows::At, bytes, dialect::Dialect};
use crate::{Error, Result};

pub(super) use self::{json::json_keys, record::Record};

/// No row has more columns than this: as many features as a model takes, and the label.
pub(super) const MOST_COLUMNS: usize = MAX_ROWS + 1;

/// What came of an attempt to read a row.
pub(super) enum Step {
    /// The record holds the row that begins here.
    Row(At),
    /// There is a row here that cannot be read.
    Bad { at: At, column: Option<usize>, why: String },
    /// There are no more rows.
    End,
}

/// The rows of a file.
pub(super) struct Records {
    path: PathBuf,
    rows: Rows,
}

enum Rows {
    Table(Box<table::Rows>),
    Json(Box<json::Rows>),
}

impl Records {
    /// Opens a file. `keys` are the columns of JSON Lines.
    pub(super) fn open(path: &Path, dialect: &Dialect, keys: &[String], encoding: Option<Encoding>) -> Result<Self> {
        let reader = bytes::open(path)?;
        let rows = match dialect {
            Dialect::Table(table) => Rows::Table(Box::new(table::Rows::new(reader, table))),
            Dialect::JsonLines => Rows::Json(Box::new(json::Rows::new(reader, keys, encoding))),
        };
        Ok(Self { path: path.to_owned(), rows })
    }

    /// Reads the next row into `record`.
    pub(super) fn next(&mut self, record: &mut Record) -> Result<Step> {
        match &mut self.rows {
            Rows::Table(rows) => rows.next(&self.path, record),
            Rows::Json(rows) => rows.next(&self.path, record),
        }
    }
}

/// The error for more columns than any model takes.
fn too_many(at: &At, path: &Path, what: &str) -> Result<Error> {
    let problem = format!("more than {MOST_COLUMNS} {what}");
    let next =
        format!("name a file with a label and up to {MAX_ROWS} features a row, which is the most that a model takes");
    Ok(Error::input(at.in_file(path)?, problem, next))
}

/// A field as text; bytes that are not UTF-8 are read as `encoding` says. `None` if it says nothing.
pub(super) fn decoded(bytes: &[u8], encoding: Option<Encoding>) -> Option<Cow<'_, str>> {
    match str::from_utf8(bytes) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(_) if encoding == Some(Encoding::Windows1252) => {
            Some(encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0)
        }
        Err(_) => None,
    }
}
