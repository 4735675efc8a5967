//! The bytes of a file of one's own: unpacked, without a byte order mark, within bounds.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use flate2::bufread::MultiGzDecoder;

use crate::{Error, Result};

/// No file is longer than this, unpacked, in bytes.
pub(super) const LONGEST_TOGETHER: u64 = 1 << 30;
const BUFFER: usize = 128 << 10;

/// Opens a file: a `.gz` is unpacked as it is read, and a UTF-8 byte order mark is passed over.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let refuse = |problem: &str, next: &str| Err(Error::input(path.display(), problem, next));
    // Asked before it is opened: to open a named pipe is to wait for its writer.
    if !fs::metadata(path).map_err(Error::io("read", path))?.is_file() {
        return refuse("not a regular file", "name a file");
    }
    let mut file = BufReader::with_capacity(BUFFER, File::open(path).map_err(Error::io("read", path))?);
    let packed = file.fill_buf().map_err(Error::io("read", path))?.starts_with(&[0x1f, 0x8b]);
    let bytes: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut reader = BufReader::with_capacity(BUFFER, Bounded { inner: bytes, left: LONGEST_TOGETHER });
    let start = reader.fill_buf().map_err(|error| unreadable(path, &error))?;
    match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return refuse("it is UTF-16", "convert it: `iconv -f UTF-16 -t UTF-8 FILE > NEW-FILE`");
        }
        [b'P', b'K', 3, 4, ..] => {
            return refuse("it is a zip archive or a spreadsheet", "unpack it, or save the sheet as CSV");
        }
        [b'P', b'A', b'R', b'1', ..] => return refuse("it is a Parquet file", "convert it to CSV or JSON Lines"),
        [0xef, 0xbb, 0xbf, ..] => reader.consume(3),
        [] => return refuse("it is empty", "name a file with a row a document"),
        _ => {}
    }
    Ok(Box::new(reader))
}

/// A file that broke off while it was read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::input(path.display(), format!("damaged or cut short: {error}"), "get the file again, or name another")
}

/// Ends with an error where there is more than any dataset needs: a small file can unpack to more than any memory.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| io::Error::other("more than 1 GiB of data"))?;
        Ok(n)
    }
}
