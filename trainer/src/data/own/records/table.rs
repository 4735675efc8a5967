//! The rows of a table. What a row may be is asked while it is read: a small packed file can hold one that fills any memory.

use std::{io::BufRead, path::Path};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::{
    super::{bytes, dialect::Table},
    At, MOST_COLUMNS, Record, Step, too_many,
};
use crate::{Error, Result};

/// No row is longer than this, in bytes.
const LONGEST_ROW: usize = 64 << 20;

/// The rows of a table.
pub(super) struct Rows {
    reader: Box<dyn BufRead>,
    parser: Reader,
    /// How many bytes have been read.
    read: u64,
    /// The row that is read: its bytes, and where in them its fields end.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Rows {
    pub(super) fn new(reader: Box<dyn BufRead>, table: &Table) -> Self {
        let parser = ReaderBuilder::new().delimiter(table.delimiter.byte()).quoting(table.quotes).build();
        Self { reader, parser, read: 0, bytes: vec![0; 4 << 10], ends: vec![0; 64] }
    }

    /// Reads the next row into `record`.
    pub(super) fn next(&mut self, path: &Path, record: &mut Record) -> Result<Step> {
        let at = At::Byte(self.read);
        let (mut length, mut fields) = (0, 0);
        loop {
            let input = self.reader.fill_buf().map_err(|error| bytes::unreadable(path, &error))?;
            let (outcome, read, written, ended) =
                self.parser.read_record(input, &mut self.bytes[length..], &mut self.ends[fields..]);
            self.reader.consume(read);
            self.read += read as u64;
            length += written;
            fields += ended;
            match outcome {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if length < LONGEST_ROW => {
                    self.bytes.resize((length * 2).min(LONGEST_ROW), 0);
                }
                ReadRecordResult::OutputEndsFull if fields < MOST_COLUMNS => {
                    self.ends.resize((fields * 2).min(MOST_COLUMNS), 0);
                }
                ReadRecordResult::OutputFull => {
                    let next = "name a file with a row a document; where quotes are no quotes, pass --quotes no";
                    return Err(Error::input(at.in_file(path)?, "a row longer than 64 MiB", next));
                }
                ReadRecordResult::OutputEndsFull => return Err(too_many(&at, path, "fields")?),
                ReadRecordResult::Record => {
                    self.copy_to(record, fields);
                    return Ok(Step::Row(at));
                }
                ReadRecordResult::End => return Ok(Step::End),
            }
        }
    }

    fn copy_to(&self, record: &mut Record, fields: usize) {
        record.reset(fields);
        let mut start = 0;
        for (column, &end) in self.ends[..fields].iter().enumerate() {
            record.push(column, &self.bytes[start..end]);
            start = end;
        }
    }
}
