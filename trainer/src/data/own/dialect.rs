//! How a file is written: rows of fields or JSON Lines, what separates the fields, whether they stand in quotes.

use std::{
    io::{BufRead, Read},
    path::Path,
};

use super::{
    super::source::{Delimiter, Reading, YesNo},
    bytes,
};
use crate::{Error, Result};

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Rows of fields.
    Table(Table),
    /// A JSON object a line.
    JsonLines,
}

/// How the rows of a table are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) delimiter: Delimiter,
    /// Whether a field may stand in double quotes.
    pub(super) quotes: bool,
    /// Where quotes are not balanced although fields stand in them: line and byte in the line, from 1.
    pub(super) broken: Option<(u64, u64)>,
    /// What was found, if it is worth saying.
    pub(super) note: Option<String>,
}

/// How much of a file is looked at to tell what separates its fields.
const SAMPLE: u64 = 1 << 20;
/// How many rows of it.
const SAMPLE_ROWS: usize = 200;

impl Dialect {
    /// Looks at a file and its name.
    pub(super) fn of(path: &Path, reading: &Reading) -> Result<Self> {
        let mut sample = Vec::new();
        let mut reader = bytes::open(path)?;
        reader.by_ref().take(SAMPLE).read_to_end(&mut sample).map_err(|error| bytes::unreadable(path, &error))?;
        drop(reader);
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        let first = sample.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        let is_table = ends(&[".csv", ".tsv", ".tab"]) || reading.delimiter.is_some();
        match first {
            None => {
                return Err(Error::input(
                    path.display(),
                    "it has blank lines alone",
                    "name a file with a row a document",
                ));
            }
            Some(b'[') if !is_table && ends(&[".json", ".jsonl", ".ndjson"]) => {
                let next = "make it JSON Lines, an object a line: `jq -c '.[]' FILE > NEW-FILE.jsonl`";
                return Err(Error::input(path.display(), "it is one JSON array", next));
            }
            Some(first) if !is_table && (first == b'{' || ends(&[".json", ".jsonl", ".ndjson"])) => {
                return Ok(Self::JsonLines);
            }
            Some(_) => {}
        }
        let by_name = ends(&[".tsv", ".tab"]).then_some(Delimiter::Tab);
        let delimiter =
            reading.delimiter.or(by_name).or_else(|| delimiter(&sample, ends(&[".csv"]))).ok_or_else(|| {
                let next =
                    "name one with --delimiter, or name a CSV, TSV or JSON Lines file with a text and a label a row";
                Error::input(path.display(), "nothing that separates its rows into columns is found", next)
            })?;
        let (quotes, broken, note) = match reading.quotes {
            Some(quotes) => (quotes == YesNo::Yes, None, None),
            None => Quotes::of(path, delimiter)?.decide(delimiter),
        };
        let mut note = note;
        if by_name.is_none() && reading.delimiter.is_none() && delimiter != Delimiter::Comma {
            let found = format!("fields are separated by {}", delimiter.name());
            note = Some(note.map_or_else(|| found.clone(), |note| format!("{found}; {note}")));
        }
        Ok(Self::Table(Table { delimiter, quotes, broken, note }))
    }
}

/// What separates the most rows into the same number of fields, two or more.
fn delimiter(sample: &[u8], is_csv: bool) -> Option<Delimiter> {
    let mut order = Delimiter::ALL;
    if !is_csv {
        order.swap(0, 1);
    }
    let score = |delimiter: Delimiter| {
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true).delimiter(delimiter.byte()).quoting(delimiter != Delimiter::Tab);
        let mut counts: Vec<usize> =
            reader.from_reader(sample).byte_records().take(SAMPLE_ROWS).flatten().map(|record| record.len()).collect();
        counts.sort_unstable();
        let rows = counts.len();
        let same = counts.chunk_by(|a, b| a == b).filter(|same| same[0] > 1).map(<[usize]>::len).max().unwrap_or(0);
        (same * 1_000).checked_div(rows).unwrap_or(0)
    };
    let scores = order.map(score);
    let best = scores.iter().copied().max().filter(|best| *best > 0)?;
    order.into_iter().zip(scores).find(|(_, score)| *score == best).map(|(delimiter, _)| delimiter)
}

/// What a walk over all bytes of a table tells of its quotes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Quotes {
    /// Whether a field begins with one.
    any: bool,
    /// The first field whose quotes are not balanced: line and byte in the line, from 1.
    broken: Option<(u64, u64)>,
    /// Whether a quoted field goes over a line end and a delimiter after it, as one does that was never meant to be quoted.
    swallows: Option<(u64, u64)>,
    /// Whether, with quotes taken as any other character, every line has the same number of fields, two or more.
    plain: bool,
}

impl Quotes {
    fn of(path: &Path, delimiter: Delimiter) -> Result<Self> {
        let mut walk = Walk::new(delimiter.byte());
        let mut reader = bytes::open(path)?;
        loop {
            let buffer = reader.fill_buf().map_err(|error| bytes::unreadable(path, &error))?;
            if buffer.is_empty() {
                return Ok(walk.finish());
            }
            for &byte in buffer {
                walk.byte(byte);
            }
            let used = buffer.len();
            reader.consume(used);
        }
    }

    /// Whether fields stand in quotes; where these are not balanced; what to say of it.
    ///
    /// Quotes that are balanced all through the file are quotes. Where they are not, but all lines have the same number of
    /// fields without them, they are characters. Else a CSV is quoted, with a fault in it, and a TSV is not.
    fn decide(self, delimiter: Delimiter) -> (bool, Option<(u64, u64)>, Option<String>) {
        let tab = delimiter == Delimiter::Tab;
        let fault = self.broken.or(self.swallows.filter(|_| tab || self.plain));
        match fault {
            None => (self.any || !tab, None, None),
            Some((line, _)) if self.plain || tab => {
                let note = format!(
                    "double quotes are taken as ordinary characters, as they are not balanced (line {line} is the first \
                     such); --quotes yes changes that"
                );
                (false, None, Some(note))
            }
            fault => (true, fault, None),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted field: its end, or the first of a pair.
    Closing,
}

/// Reads a table strictly, a byte at a time.
#[allow(clippy::struct_excessive_bools, reason = "what has been seen, not a state: any of them go together")]
struct Walk {
    delimiter: u8,
    state: State,
    line: u64,
    column: u64,
    /// Where the quoted field begins, and whether it has had a line end, and a delimiter after that.
    open: (u64, u64),
    broke_line: bool,
    suspect: bool,
    /// Delimiters in this line, and in every line so far.
    delimiters: usize,
    blank: bool,
    every: Option<usize>,
    uneven: bool,
    found: Quotes,
}

impl Walk {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: State::FieldStart,
            line: 1,
            column: 1,
            open: (1, 1),
            broke_line: false,
            suspect: false,
            delimiters: 0,
            blank: true,
            every: None,
            uneven: false,
            found: Quotes::default(),
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.found.broken.is_none() {
            self.quotes(byte);
        }
        match byte {
            b'\n' => self.end_line(),
            b'\r' => self.column += 1,
            _ => {
                self.blank = false;
                self.delimiters += usize::from(byte == self.delimiter);
                self.column += 1;
            }
        }
    }

    fn quotes(&mut self, byte: u8) {
        let ends = byte == self.delimiter || byte == b'\n';
        self.state = match (self.state, byte) {
            (State::FieldStart, b'"') => {
                self.found.any = true;
                self.open = (self.line, self.column);
                (self.broke_line, self.suspect) = (false, false);
                State::Quoted
            }
            (State::FieldStart | State::Plain, _) => {
                if ends {
                    State::FieldStart
                } else {
                    State::Plain
                }
            }
            (State::Quoted, b'"') | (State::Closing, b'\r') => State::Closing,
            (State::Quoted, _) => {
                self.broke_line |= byte == b'\n';
                self.suspect |= self.broke_line && byte == self.delimiter;
                State::Quoted
            }
            (State::Closing, b'"') => State::Quoted,
            (State::Closing, _) if ends => {
                if self.suspect {
                    self.found.swallows.get_or_insert(self.open);
                }
                State::FieldStart
            }
            (State::Closing, _) => {
                self.found.broken = Some(self.open);
                State::Plain
            }
        };
    }

    fn end_line(&mut self) {
        if !self.blank {
            let every = *self.every.get_or_insert(self.delimiters);
            self.uneven |= every != self.delimiters || every == 0;
        }
        self.line += 1;
        (self.column, self.delimiters, self.blank) = (1, 0, true);
    }

    fn finish(mut self) -> Quotes {
        self.end_line();
        if self.state == State::Quoted {
            self.found.broken.get_or_insert(self.open);
        }
        self.found.plain = !self.uneven && self.every.is_some();
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(table: &str, delimiter: Delimiter) -> (bool, Option<(u64, u64)>) {
        let mut walk = Walk::new(delimiter.byte());
        table.bytes().for_each(|byte| walk.byte(byte));
        let (quotes, broken, _) = walk.finish().decide(delimiter);
        (quotes, broken)
    }

    #[test]
    fn balanced_quotes_are_quotes() {
        for csv in ["a,b\n\"x, y\",1\n", "\"two\nlines\",1\r\n\"a \"\"b\"\"\",2\r\n", "\"\",1\n", "a,b\nc,d"] {
            assert_eq!(decided(csv, Delimiter::Comma), (true, None), "{csv}");
        }
        for tsv in ["\"a\tb\"\t1\nx\t2\n", "\"two\nlines\"\t1\nx\t0\n"] {
            assert_eq!(decided(tsv, Delimiter::Tab), (true, None), "{tsv}");
        }
    }

    #[test]
    fn quotes_that_do_not_balance_are_characters_where_every_line_is_whole_without_them() {
        for tsv in [
            "ham\t\"Oh no\nspam\tWin\n",
            "ham\t\"a\" b\nspam\tc\n",
            "ham\t\"open\nspam\tx\nham\ty\"\n",
            "ham\tsay \"no\nham\tx\n",
        ] {
            assert_eq!(decided(tsv, Delimiter::Tab), (false, None), "{tsv}");
        }
        assert_eq!(decided("1,\"open\n2,shut\n", Delimiter::Comma), (false, None));
    }

    #[test]
    fn a_fault_in_a_quoted_csv_is_found_at_its_place() {
        assert_eq!(decided("a,b\n\"x, y\",1\n\"z, 2\n", Delimiter::Comma), (true, Some((3, 1))));
        assert_eq!(decided("a,b\n1,\"x\" y, z\n", Delimiter::Comma), (true, Some((2, 3))));
    }

    #[test]
    fn the_delimiter_is_what_makes_rows_of_one_length() {
        let of = |sample: &str| delimiter(sample.as_bytes(), false);
        assert_eq!(of("ham\tyes, no, maybe\nspam\tno; yes\n"), Some(Delimiter::Tab));
        assert_eq!(of("a;b\n1,5;x\n2,5;y\n"), Some(Delimiter::Semicolon));
        assert_eq!(of("a,b\n\"1;2\",x\n"), Some(Delimiter::Comma));
        assert_eq!(of("one word\nanother\n"), None);
    }
}
