//! The logs of a board: defmt frames, decoded with the table in the image.

use std::{fmt, io::Read, mem};

use defmt_decoder::{Encoding, Locations, Table};

/// One line that a board has logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// `trace`, `debug`, `info`, `warn` or `error`; `None` for output that is no log.
    pub level: Option<&'static str>,
    /// What it says.
    pub message: String,
    /// The file and the line of the source that logged it, as far as the image tells.
    pub location: Option<(String, u64)>,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.level.unwrap_or("output"), self.message)?;
        match &self.location {
            Some((file, line)) => write!(f, " ({file}:{line})"),
            None => Ok(()),
        }
    }
}

/// What the numbers in the frames of one image stand for.
pub(super) struct LogTable {
    table: Table,
    locations: Locations,
}

impl fmt::Debug for LogTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogTable").finish_non_exhaustive()
    }
}

impl LogTable {
    /// The table of an image, or what is wrong with it.
    pub(super) fn of_elf(elf: &[u8]) -> Result<Self, String> {
        let table = Table::parse(elf).map_err(|error| error.to_string())?.ok_or("no defmt table in it")?;
        if table.encoding() != Encoding::Rzcobs {
            return Err("its logs are not encoded in rzCOBS".to_owned());
        }
        let locations = table.get_locations(elf).map_err(|error| error.to_string())?;
        Ok(Self { table, locations })
    }

    /// Reads a board's output to its end. What cannot be decoded comes out as text.
    pub(super) fn read_all(&self, mut output: impl Read) -> Vec<LogLine> {
        let mut lines = Vec::new();
        let mut frame = Vec::new();
        let mut chunk = [0; 4_096];
        // A reading error is an end too: the process is gone, and its exit code is looked at.
        while let Ok(len @ 1..) = output.read(&mut chunk) {
            for &byte in &chunk[..len] {
                frame.push(byte);
                if byte == 0 {
                    lines.extend(self.line(&mem::take(&mut frame)));
                }
            }
        }
        lines.extend(self.line(&frame));
        lines
    }

    /// The line of one frame with its zero byte; nothing comes of an empty one.
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the path of the method is in another crate")]
    fn line(&self, frame: &[u8]) -> Option<LogLine> {
        let body = frame.strip_suffix(&[0]).unwrap_or(frame);
        if body.is_empty() {
            return None;
        }
        let mut decoder = self.table.new_stream_decoder();
        decoder.received(frame);
        let line = match decoder.decode() {
            Ok(frame) => LogLine {
                level: frame.level().map(|level| level.as_str()),
                message: frame.display_message().to_string(),
                location: self.locations.get(&frame.index()).map(|at| (at.file.display().to_string(), at.line)),
            },
            Err(_) => LogLine { level: None, message: body.escape_ascii().to_string(), location: None },
        };
        Some(line)
    }
}
