//! A member of the archive, read once from its first byte to its last.

use std::io::{self, Read};

/// No member is longer than this, in bytes: a small archive can unpack to more than any memory.
const LONGEST: u64 = 1 << 30;

/// Why a member was not taken.
#[derive(Debug)]
pub(super) enum Fault {
    /// Bytes that could not be read or decompressed.
    Read(io::Error),
    /// Bytes that were read, but are not what they should be.
    Refused {
        /// Where, counted from the start of the member.
        offset: u64,
        /// What is wrong.
        problem: String,
    },
}

/// Refuses a member for what starts at `offset`.
pub(super) fn refuse<T>(offset: u64, problem: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Refused { offset, problem: problem.into() })
}

/// The bytes of a member, in order, with the place that has been reached.
#[derive(Debug)]
pub(super) struct Member<R> {
    reader: R,
    offset: u64,
}

impl<R: Read> Member<R> {
    /// `reader` should be buffered: bytes are taken from it a few at a time.
    pub(super) fn new(reader: R) -> Self {
        Self { reader, offset: 0 }
    }

    /// How many bytes have been taken.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next `N` bytes.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// The next bytes, as many as `buffer` holds.
    #[inline]
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Fault> {
        self.offset += buffer.len() as u64;
        if self.offset > LONGEST {
            return refuse(LONGEST, "more than 1 GiB");
        }
        self.reader.read_exact(buffer).map_err(Fault::Read)
    }

    /// The bytes up to the next `end`, which is taken too; at most 255.
    pub(super) fn line(&mut self, end: u8) -> Result<Vec<u8>, Fault> {
        let start = self.offset;
        let mut line = Vec::new();
        loop {
            match self.array()? {
                [byte] if byte == end => return Ok(line),
                [byte] if line.len() < 255 => line.push(byte),
                _ => return refuse(start, "a name of more than 255 bytes"),
            }
        }
    }

    /// Makes sure that nothing is left. Only then has the archive's checksum been compared.
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        match self.reader.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => refuse(self.offset, "more bytes after the end of the array"),
            Err(source) => Err(Fault::Read(source)),
        }
    }
}
