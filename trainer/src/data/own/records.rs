//! The rows of a file, one after the other: of a table, or the objects of JSON Lines by the same columns.

use std::{
    borrow::Cow,
    io::{BufRead, Read},
    path::{Path, PathBuf},
};

use csv::ByteRecord;
use serde_json::{Map, Value};

use super::{
    super::source::Encoding,
    bad_rows::At,
    bytes,
    dialect::{Dialect, Table},
};
use crate::{Error, Result};

/// No line of JSON is longer than this, in bytes.
const LONGEST_LINE: u64 = 64 << 20;
/// How many objects are looked at to tell which keys there are.
const KEYS_OF: usize = 1_000;

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
    Table(Box<csv::Reader<Box<dyn BufRead>>>),
    Json(Box<JsonLines>),
}

struct JsonLines {
    reader: Box<dyn BufRead>,
    keys: Vec<String>,
    encoding: Option<Encoding>,
    line: u64,
    buffer: Vec<u8>,
}

impl Records {
    /// Opens a file. `keys` are the columns of JSON Lines.
    pub(super) fn open(path: &Path, dialect: &Dialect, keys: &[String], encoding: Option<Encoding>) -> Result<Self> {
        let reader = bytes::open(path)?;
        let rows = match dialect {
            Dialect::Table(Table { delimiter, quotes, .. }) => {
                let mut builder = csv::ReaderBuilder::new();
                builder.has_headers(false).flexible(true).delimiter(delimiter.byte()).quoting(*quotes);
                Rows::Table(Box::new(builder.from_reader(reader)))
            }
            Dialect::JsonLines => {
                let (keys, buffer) = (keys.to_vec(), Vec::new());
                Rows::Json(Box::new(JsonLines { reader, keys, encoding, line: 0, buffer }))
            }
        };
        Ok(Self { path: path.to_owned(), rows })
    }

    /// Reads the next row into `record`.
    pub(super) fn next(&mut self, record: &mut ByteRecord) -> Result<Step> {
        match &mut self.rows {
            Rows::Table(reader) => {
                let more = reader.read_byte_record(record).map_err(|error| match error.into_kind() {
                    csv::ErrorKind::Io(error) => bytes::unreadable(&self.path, &error),
                    other => Error::input(self.path.display(), format!("{other:?}"), "mend the file, or name another"),
                })?;
                let at = At::Byte(record.position().map_or(0, csv::Position::byte));
                Ok(if more { Step::Row(at) } else { Step::End })
            }
            Rows::Json(lines) => lines.next(&self.path, record),
        }
    }
}

impl JsonLines {
    fn next(&mut self, path: &Path, record: &mut ByteRecord) -> Result<Step> {
        loop {
            if !self.read_line(path)? {
                return Ok(Step::End);
            }
            if !self.buffer.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        let at = At::Line(self.line);
        // Without its end, so that an error at the end has a column.
        let Some(text) = decoded(self.buffer.trim_ascii_end(), self.encoding) else {
            return Ok(Step::Bad { at, column: None, why: "it is not UTF-8".to_owned() });
        };
        let object: Map<String, Value> = match serde_json::from_str(&text) {
            Ok(object) => object,
            Err(error) => {
                let column = Some(error.column()).filter(|column| *column > 0);
                return Ok(Step::Bad { at, column, why: format!("no JSON object: {}", reason(&error)) });
            }
        };
        record.clear();
        for (column, key) in self.keys.iter().enumerate() {
            match object.get(key) {
                None | Some(Value::Null) => record.push_field(b""),
                Some(Value::String(text)) => record.push_field(text.as_bytes()),
                Some(value @ (Value::Bool(_) | Value::Number(_))) => record.push_field(value.to_string().as_bytes()),
                Some(Value::Array(_) | Value::Object(_)) => {
                    let why = format!("`{key}` is neither a text nor a number");
                    return Ok(Step::Bad { at, column: Some(column + 1), why });
                }
            }
        }
        Ok(Step::Row(at))
    }

    fn read_line(&mut self, path: &Path) -> Result<bool> {
        self.buffer.clear();
        let read = self.reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|error| bytes::unreadable(path, &error))?;
        self.line += 1;
        if read as u64 == LONGEST_LINE {
            let next = "name a file with an object a line";
            return Err(Error::input(format!("{}, line {}", path.display(), self.line), "longer than 64 MiB", next));
        }
        Ok(read > 0)
    }
}

/// What is wrong with the JSON, without the place, which is the file's and not the line's.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}

/// The columns of JSON Lines: the keys of the first objects whose values are texts, numbers or truth values.
pub(super) fn json_keys(path: &Path, encoding: Option<Encoding>) -> Result<Vec<String>> {
    let reader = bytes::open(path)?;
    let mut lines = JsonLines { reader, keys: Vec::new(), encoding, line: 0, buffer: Vec::new() };
    let mut keys: Vec<String> = Vec::new();
    for _ in 0..KEYS_OF {
        if !lines.read_line(path)? {
            break;
        }
        let object: Option<Map<String, Value>> =
            decoded(&lines.buffer, encoding).and_then(|text| serde_json::from_str(&text).ok());
        for (key, value) in object.unwrap_or_default() {
            if !(value.is_array() || value.is_object() || keys.contains(&key)) {
                keys.push(key);
            }
        }
    }
    Ok(keys)
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
