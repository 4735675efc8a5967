//! The logs of a board: defmt frames, decoded with the table in the image.

use std::{collections::VecDeque, fmt, io::Read, mem};

use defmt_decoder::{Encoding, Locations, Table};

/// A frame that is longer than this is taken for one that has lost its end, in bytes.
const LONGEST: usize = 64 << 10;
/// So much of what a board has logged is kept, the latest of it, in bytes.
const KEPT: usize = 4 << 20;

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

    /// Reads a board's output to its end, however long that is, and keeps its latest lines. What cannot be decoded comes out
    /// as text.
    pub(super) fn read_all(&self, output: impl Read) -> Vec<LogLine> {
        read_lines(output, |frame| self.line(frame))
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

/// Reads output to its end, each frame with its zero byte as a line, and keeps the latest ones.
fn read_lines(mut output: impl Read, line: impl Fn(&[u8]) -> Option<LogLine>) -> Vec<LogLine> {
    let mut lines = Lines::default();
    let mut frame = Vec::new();
    let mut chunk = [0; 4_096];
    // A reading error is an end too: the process is gone, and its exit code is looked at.
    while let Ok(len @ 1..) = output.read(&mut chunk) {
        for &byte in &chunk[..len] {
            frame.push(byte);
            if byte == 0 || frame.len() == LONGEST {
                lines.extend(line(&mem::take(&mut frame)));
            }
        }
    }
    lines.extend(line(&frame));
    lines.kept.into()
}

/// The latest lines, as many as may be kept.
#[derive(Default)]
struct Lines {
    kept: VecDeque<LogLine>,
    bytes: usize,
}

impl Lines {
    fn extend(&mut self, line: Option<LogLine>) {
        let Some(line) = line else { return };
        self.bytes += size(&line);
        self.kept.push_back(line);
        while self.bytes > KEPT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= size(&oldest);
        }
    }
}

/// What a line takes in memory, in bytes.
fn size(line: &LogLine) -> usize {
    size_of::<LogLine>() + line.message.len() + line.location.as_ref().map_or(0, |(file, _)| file.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: impl Read) -> Vec<LogLine> {
        let message = |frame: &[u8]| frame.strip_suffix(&[0]).unwrap_or(frame).escape_ascii().to_string();
        read_lines(output, |frame| Some(LogLine { level: None, message: message(frame), location: None }))
    }

    #[test]
    fn the_latest_lines_of_endless_output_are_kept() {
        let count = 300_000;
        let output: Vec<u8> = (0..count).flat_map(|i| format!("line {i}\0").into_bytes()).collect();
        let lines = read(&output[..]);
        // The last one is what comes after the last zero byte: nothing.
        let [.., last, rest] = lines.as_slice() else { panic!("{} lines", lines.len()) };
        assert_eq!((last.message.as_str(), rest.message.as_str()), ("line 299999", ""));
        let bytes: usize = lines.iter().map(size).sum();
        assert!(bytes <= KEPT && bytes > KEPT - 200, "{bytes} bytes");
        assert_eq!(lines[0].message, format!("line {}", count + 1 - lines.len()));
    }

    #[test]
    fn a_frame_without_end_is_cut() {
        let lines = read(std::io::repeat(b'x').take(3 * LONGEST as u64 + 5));
        let lengths: Vec<usize> = lines.iter().map(|line| line.message.len()).collect();
        assert_eq!(lengths, [LONGEST, LONGEST, LONGEST, 5]);
    }
}
