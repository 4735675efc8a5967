//! Rows that cannot be read: counted, and the first of them named.

use std::{
    io::BufRead,
    path::{Path, PathBuf},
};

use super::bytes;
use crate::{Error, Result};

/// How many are named.
const NAMED: usize = 5;

/// Where in a file something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    /// So many bytes in; the line is looked up when it is needed. What precedes the row, such as the end of the row before
    /// it, belongs to it.
    Byte(u64),
    /// In this line, from 1.
    Line(u64),
    /// All of this file.
    File(PathBuf),
}

impl At {
    /// The line, or the name of the file.
    fn place(&self, path: &Path) -> Result<String> {
        Ok(match self {
            Self::File(file) => file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Line(line) => format!("line {line}"),
            Self::Byte(byte) => format!("line {}", line_of(path, *byte)?),
        })
    }

    /// The file with the place in it, for messages.
    pub(super) fn in_file(&self, path: &Path) -> Result<String> {
        Ok(format!("{}, {}", path.display(), self.place(path)?))
    }
}

#[derive(Debug)]
struct BadRow {
    at: At,
    /// The column, from 1, where it is one alone.
    column: Option<usize>,
    why: String,
}

/// The rows of one file that cannot be read.
#[derive(Debug, Default)]
pub(super) struct BadRows {
    named: Vec<BadRow>,
    count: usize,
}

impl BadRows {
    /// Counts a row.
    pub(super) fn push(&mut self, at: At, column: Option<usize>, why: impl FnOnce() -> String) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(BadRow { at, column, why: why() });
        }
    }

    /// An error that names the rows, if there are any; with `skip`, a note instead.
    pub(super) fn settle(self, path: &Path, rows: usize, skip: bool) -> Result<Option<String>> {
        let Some(first) = self.named.first() else { return Ok(None) };
        let places = self.places(path)?;
        let named: Vec<String> =
            places.iter().zip(&self.named).map(|(place, row)| format!("{place}: {}", row.why)).collect();
        if skip {
            let (count, all) = (self.count, rows + self.count);
            let more = if count > named.len() { "; …" } else { "" };
            let list = named.join("; ");
            return Ok(Some(format!("{}: {count} of {all} rows are left out: {list}{more}", path.display())));
        }
        let mut problem = first.why.clone();
        for other in &named[1..] {
            problem = format!("{problem}\n  {other}");
        }
        if self.count > 1 {
            problem = format!("{problem}\n  {} of {} rows cannot be read", self.count, rows + self.count);
        }
        let next = if self.named.iter().any(|row| row.why.contains("UTF-8")) {
            "pass --encoding windows-1252 if that is what the file is in, mend the rows, or pass --skip-bad-rows"
        } else {
            "mend the rows, or pass --skip-bad-rows to leave them out"
        };
        Err(Error::input(format!("{}, {}", path.display(), places[0]), problem, next))
    }

    /// The place of each named row.
    fn places(&self, path: &Path) -> Result<Vec<String>> {
        let place = |row: &BadRow| {
            let column = row.column.map_or_else(String::new, |column| format!(", column {column}"));
            Ok(row.at.place(path)? + &column)
        };
        self.named.iter().map(place).collect()
    }
}

/// The line of the row that begins at `byte`, or after the line ends there.
fn line_of(path: &Path, byte: u64) -> Result<u64> {
    let mut reader = bytes::open(path)?;
    let (mut line, mut at) = (1, 0);
    loop {
        let buffer = reader.fill_buf().map_err(|error| bytes::unreadable(path, &error))?;
        if buffer.is_empty() {
            return Ok(line);
        }
        for &b in buffer {
            if at >= byte && !matches!(b, b'\r' | b'\n') {
                return Ok(line);
            }
            line += u64::from(b == b'\n');
            at += 1;
        }
        let used = buffer.len();
        reader.consume(used);
    }
}
