//! The objects of JSON Lines as rows of the same columns.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    io::{BufRead, Read},
    path::Path,
};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;

use super::{
    super::{super::source::Encoding, bytes},
    At, MOST_COLUMNS, Record, Step, decoded, too_many,
};
use crate::{Error, Result};

/// No line is longer than this, in bytes; nor are all keys together.
const LONGEST_LINE: usize = 64 << 20;
/// How many objects are looked at to tell which keys there are.
const KEYS_OF: usize = 1_000;
/// How `serde_json` hands over a number where a crate of this build has switched on its feature `arbitrary_precision`, as burn's
/// do: as an object with this key and the digits. Its own types look for the same.
const NUMBER: &str = "$serde_json::private::Number";

/// The rows of a file of JSON Lines.
pub(super) struct Rows {
    lines: Lines,
    /// The column of each key.
    columns: HashMap<String, usize>,
    encoding: Option<Encoding>,
}

impl Rows {
    pub(super) fn new(reader: Box<dyn BufRead>, keys: &[String], encoding: Option<Encoding>) -> Self {
        let columns = keys.iter().enumerate().map(|(column, key)| (key.clone(), column)).collect();
        Self { lines: Lines::new(reader), columns, encoding }
    }

    /// Reads the next row into `record`: no field where an object lacks a key, so that it costs what is there.
    pub(super) fn next(&mut self, path: &Path, record: &mut Record) -> Result<Step> {
        loop {
            if !self.lines.next(path)? {
                return Ok(Step::End);
            }
            if !self.lines.line.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        let at = At::Line(self.lines.number);
        // Without its end, so that an error at the end has a column.
        let Some(text) = decoded(self.lines.line.trim_ascii_end(), self.encoding) else {
            return Ok(Step::Bad { at, column: None, why: "it is not UTF-8".to_owned() });
        };
        let object: Object = match serde_json::from_str(&text) {
            Ok(object) => object,
            Err(error) => {
                let column = Some(error.column()).filter(|column| *column > 0);
                return Ok(Step::Bad { at, column, why: format!("no JSON object: {}", reason(&error)) });
            }
        };
        if object.has_too_many {
            return Err(too_many(&at, path, "keys")?);
        }
        let column = |(key, value)| self.columns.get(&key).map(|&column| (column, key, value));
        let mut fields: Vec<(usize, String, Value)> = object.values.into_iter().filter_map(column).collect();
        fields.sort_unstable_by_key(|(column, ..)| *column);
        record.reset(self.columns.len());
        for (column, key, value) in fields {
            match value {
                Value::Null => {}
                Value::Scalar(text) => record.push(column, text.as_bytes()),
                Value::Nested => {
                    let why = format!("`{key}` is neither a text nor a number");
                    return Ok(Step::Bad { at, column: Some(column + 1), why });
                }
            }
        }
        Ok(Step::Row(at))
    }
}

/// The columns of JSON Lines: the keys of the first objects whose values are texts, numbers or truth values.
pub(in crate::data::own) fn json_keys(path: &Path, encoding: Option<Encoding>) -> Result<Vec<String>> {
    let mut lines = Lines::new(bytes::open(path)?);
    let (mut keys, mut known, mut length) = (Vec::new(), HashSet::new(), 0);
    for _ in 0..KEYS_OF {
        if !lines.next(path)? {
            break;
        }
        let at = At::Line(lines.number);
        let object: Option<Object> = decoded(&lines.line, encoding).and_then(|text| serde_json::from_str(&text).ok());
        let Some(object) = object else { continue };
        if object.has_too_many {
            return Err(too_many(&at, path, "keys")?);
        }
        for (key, value) in object.values {
            if matches!(value, Value::Nested) || known.contains(&key) {
                continue;
            }
            length += key.len();
            if keys.len() == MOST_COLUMNS {
                return Err(too_many(&at, path, "different keys up to here")?);
            }
            if length > LONGEST_LINE {
                let next = "name a file whose objects have the same keys";
                return Err(Error::input(at.in_file(path)?, "more than 64 MiB of keys up to here", next));
            }
            known.insert(key.clone());
            keys.push(key);
        }
    }
    Ok(keys)
}

/// The lines of a file.
struct Lines {
    reader: Box<dyn BufRead>,
    /// Which line was read last, from 1.
    number: u64,
    line: Vec<u8>,
}

impl Lines {
    fn new(reader: Box<dyn BufRead>) -> Self {
        Self { reader, number: 0, line: Vec::new() }
    }

    /// Reads a line; whether there was one.
    fn next(&mut self, path: &Path) -> Result<bool> {
        self.line.clear();
        let read = self.reader.by_ref().take(LONGEST_LINE as u64).read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| bytes::unreadable(path, &error))?;
        self.number += 1;
        if read == LONGEST_LINE {
            let next = "name a file with an object a line";
            return Err(Error::input(At::Line(self.number).in_file(path)?, "longer than 64 MiB", next));
        }
        Ok(read > 0)
    }
}

/// What is wrong with the JSON, without the place, which is the file's and not the line's.
fn reason(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.split(" at line ").next().unwrap_or_default().to_owned()
}

/// An object, as far as it can be a row: no more of it is kept than that, whatever the line holds.
#[derive(Default)]
struct Object {
    values: BTreeMap<String, Value>,
    /// Whether it has more keys than there are columns. What is here are then the first of them.
    has_too_many: bool,
}

/// A value of an object.
enum Value {
    Null,
    /// A text, a number or a truth value.
    Scalar(String),
    /// An array or an object, whatever is in it.
    Nested,
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut object = Object::default();
                while let Some((key, value)) = map.next_entry()? {
                    object.values.insert(key, value);
                    if object.values.len() > MOST_COLUMNS {
                        object.has_too_many = true;
                        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                    }
                }
                Ok(object)
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Scalar(value.to_string()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value::Scalar(value.to_string()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(Value::Scalar(value.to_string()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                // As JSON writes it; all that it can write is finite.
                Ok(Number::from_f64(value).map_or(Value::Null, |number| Value::Scalar(number.to_string())))
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Scalar(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Value::Nested)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let Some(first) = items.next_key::<String>()? else { return Ok(Value::Nested) };
                if first == NUMBER {
                    return items.next_value().map(Value::Scalar);
                }
                items.next_value::<IgnoredAny>()?;
                while items.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value::Nested)
            }
        }
        deserializer.deserialize_any(Any)
    }
}
