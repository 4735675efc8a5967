//! A session: one model on one board, from start to exit code.

use std::{fmt::Write, fs::File};

use super::{
    Board, BoardInfo, Document, Timing,
    connection::{Connection, LinkError, Pace},
    facts::Transport,
    logs::LogLine,
    qemu::{Ended, Ends, Process},
};
use crate::{Error, Result};

/// A board that runs, wherever it does.
pub(super) trait Running: std::fmt::Debug {
    /// Waits for the board to leave, and ends it if it does not.
    fn wait(self: Box<Self>) -> Result<Ended>;
    /// Ends a board that no longer answers, or has nothing to return to.
    fn kill(self: Box<Self>) -> Result<Ended>;
    /// Ends the program as if it had crashed.
    #[cfg(test)]
    fn stop(&mut self);
}

/// Starts an emulated board, or connects to a real one, which has the image and the model already.
fn start(board: &Board, model: &[u8], counting: bool) -> Result<(Box<dyn Running>, Ends)> {
    if let Some(qemu) = &board.facts.qemu {
        let (process, ends) = Process::start(board, qemu, board.image()?, model, counting)?;
        return Ok((Box::new(process), ends));
    }
    #[cfg(feature = "probe")]
    if let Some(probe) = &board.facts.probe {
        let (attached, ends) = super::probe::Attached::start(board, probe, board.image()?)?;
        return Ok((Box::new(attached), ends));
    }
    Err(board.not_here())
}

/// How many of the last log lines an error shows.
const SHOWN_LOGS: usize = 5;
/// Where the model's CRC-32 is in its file.
const CRC: std::ops::Range<usize> = 12..16;

/// A board that runs a model, until the session is finished or dropped.
///
/// # Example
///
/// ```no_run
/// use edgefit_trainer::board::{Board, Session};
///
/// # fn main() -> edgefit_trainer::Result<()> {
/// # let model = [];
/// let board = Board::parse("qemu:mps2-an386")?;
/// let mut session = Session::start(&board, &model)?;
/// let logits = session.classify_text(b"A truly wonderful film")?;
/// for line in session.finish()? {
///     println!("{line}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Session<'b> {
    board: &'b Board,
    connection: Connection<File>,
    /// `None` once it has failed.
    process: Option<Box<dyn Running>>,
}

impl<'b> Session<'b> {
    /// Builds the image for `board` if need be, starts it with the bytes of a model file in its model region, and
    /// makes sure that it runs that model.
    ///
    /// # Errors
    ///
    /// Board, if the model does not fit, is not sound, or the board cannot be built for, started or reached.
    pub fn start(board: &'b Board, model: &[u8]) -> Result<Self> {
        Self::begin(board, model, false)
    }

    /// Like [`Session::start`], where the clock of an emulated board counts its instructions. One request is under way at a
    /// time, so that the board does the same from run to run.
    pub(super) fn counting(board: &'b Board, model: &[u8]) -> Result<Self> {
        Self::begin(board, model, true)
    }

    fn begin(board: &'b Board, model: &[u8], counting: bool) -> Result<Self> {
        let room = board.model_region_len();
        if model.len() > room {
            let problem = format!("the model does not fit: {} bytes, the board has room for {room}", model.len());
            return Err(board.error(problem, "export a smaller model, or choose a board with more flash"));
        }
        let (process, ends) = start(board, model, counting)?;
        let one_by_one = counting || board.facts.transport == Transport::Uart;
        let pace = if one_by_one { Pace::SERIAL } else { Pace::PIPE };
        let connection = Connection::new(ends.from_board, ends.to_board, pace);
        let mut session = Self { board, connection, process: Some(process) };
        if board.facts.transport == Transport::Uart {
            session.connection.listen().map_err(|error| session.failed(&error))?;
        }
        let crc = model.get(CRC).and_then(|crc| crc.try_into().ok()).map_or(0, u32::from_le_bytes);
        session.connection.hello(&board.facts.name, crc).map_err(|error| session.failed(&error))?;
        Ok(session)
    }

    /// The integer logits of a text.
    ///
    /// # Errors
    ///
    /// As [`Session::classify`].
    pub fn classify_text(&mut self, text: &[u8]) -> Result<Vec<i32>> {
        self.classify(Document::Text(text))
    }

    /// The integer logits of a document.
    ///
    /// # Errors
    ///
    /// Board, if it does not answer, has ended, or refuses the document: one of the other kind than its model, or of more or
    /// fewer numbers than that has features.
    pub fn classify(&mut self, document: Document<'_>) -> Result<Vec<i32>> {
        self.connection.classify_document(document).map_err(|error| self.failed(&error))
    }

    /// The integer logits of many documents: `each` gets the number of a document and its logits, in order. Much faster than
    /// one after the other.
    ///
    /// # Errors
    ///
    /// As [`Session::classify`].
    pub fn classify_all(&mut self, documents: &[Document<'_>], each: impl FnMut(usize, Vec<i32>)) -> Result<()> {
        self.connection.classify_documents(documents, each).map_err(|error| self.failed(&error))
    }

    /// The integer logits of a document of these rows.
    ///
    /// # Errors
    ///
    /// Board, if it does not answer, has ended, or refuses a row.
    pub fn classify_rows(&mut self, rows: &[u16]) -> Result<Vec<i32>> {
        self.connection.classify_rows(rows).map_err(|error| self.failed(&error))
    }

    /// What the board says that it is and has room for.
    ///
    /// # Errors
    ///
    /// Board, if it does not answer or has ended.
    pub fn info(&mut self) -> Result<BoardInfo> {
        self.connection.info().map_err(|error| self.failed(&error))
    }

    /// How long the board took for the last document.
    ///
    /// # Errors
    ///
    /// Board, if it does not answer or has ended.
    pub fn bench(&mut self) -> Result<Timing> {
        self.connection.bench().map_err(|error| self.failed(&error))
    }

    /// Has the board validate its model anew and classify the document of every
    /// [`SELF_TEST_STRIDE`](edgefit::link::SELF_TEST_STRIDE)-th row; the host knows the answer.
    ///
    /// # Errors
    ///
    /// Board, if it does not answer, has ended, or finds its model changed.
    pub fn self_test(&mut self) -> Result<Vec<i32>> {
        self.connection.self_test().map_err(|error| self.failed(&error))
    }

    /// Has the board validate what lies `offset` bytes into its model region and serve it from now on. `crc` is the
    /// CRC-32 that the model must have.
    ///
    /// # Errors
    ///
    /// Board, if there is no sound model or another one; the session goes on, and may load another.
    pub fn load(&mut self, offset: u32, crc: u32) -> Result<()> {
        let name = &self.board.facts.name;
        self.connection.load(offset, name, crc).map_err(|error| self.failed(&error))
    }

    /// Asks the board to leave, waits for its exit code 0, and returns what it has logged.
    ///
    /// # Errors
    ///
    /// Board, if it does not leave, or leaves with another exit code.
    pub fn finish(mut self) -> Result<Vec<LogLine>> {
        self.connection.quit().map_err(|error| self.failed(&error))?;
        let Some(process) = self.process.take() else { return Err(self.over()) };
        if self.board.facts.transport == Transport::Rtt {
            return Ok(process.kill()?.logs);
        }
        if self.board.facts.transport == Transport::Uart {
            // It has nothing to return to; its last byte says that it has nothing more to log.
            return match self.connection.listen() {
                Ok(()) | Err(LinkError::Closed | LinkError::Silent(_)) => Ok(process.kill()?.logs),
                Err(error) => Err(self.failed(&error)),
            };
        }
        let ended = process.wait()?;
        if ended.status.success() { Ok(ended.logs) } else { Err(self.died(&ended)) }
    }

    /// The error to report. Where the link is lost, the board is ended, and its last words are in the error.
    fn failed(&mut self, error: &LinkError) -> Error {
        match error {
            LinkError::Closed | LinkError::Silent(_) => {}
            LinkError::NoModel(_) => return self.board.error(error, "export the model anew, with this edgefit"),
            LinkError::Refused(edgefit::Error::RowOutOfRange) => {
                return self.board.error(error, "give rows below the model's number of rows");
            }
            LinkError::Refused(_) => return self.board.error(error, "give documents of the kind that the model takes"),
            _ => return self.board.error(error, "report this as a bug: image and program do not fit together"),
        }
        let Some(process) = self.process.take() else { return self.over() };
        let ended = match error {
            LinkError::Closed => process.wait(),
            _ => process.kill(),
        };
        match ended {
            Err(error) => error,
            Ok(ended) if *error == LinkError::Closed => self.died(&ended),
            Ok(ended) => self.board.error(
                format!("{error}{}", last_words(&ended)),
                "run it again; if the machine is very busy, run fewer things beside it",
            ),
        }
    }

    fn died(&self, ended: &Ended) -> Error {
        let problem = format!("it ended with {}{}", ended.status, last_words(ended));
        self.board.error(problem, "mend the cause named above, or report it as a bug of the firmware")
    }

    fn over(&self) -> Error {
        self.board.error("the session is over: it has failed before", "start another one")
    }
}

fn last_words(ended: &Ended) -> String {
    let mut words = String::new();
    for line in &ended.logs[ended.logs.len().saturating_sub(SHOWN_LOGS)..] {
        let _ = write!(words, "\n  logged {line}");
    }
    for line in ended.complaint.lines() {
        let _ = write!(words, "\n  QEMU said {line}");
    }
    words
}

#[cfg(test)]
mod faults;

#[cfg(test)]
mod tests {
    use super::*;

    static MODEL: &[u8] = include_bytes!("../../../shared/golden/tiny.edgefit");

    fn board() -> Board {
        Board::parse("qemu:mps2-an386").unwrap()
    }

    #[test]
    fn a_board_that_dies_is_reported_with_its_status_and_last_logs() {
        let board = board();
        let mut session = Session::start(&board, MODEL).unwrap();
        assert_eq!(session.classify_text(b"").unwrap(), [93]);
        session.process.as_mut().unwrap().stop();
        let message = session.classify_text(b"film").unwrap_err().to_string();
        assert!(message.contains("board qemu:mps2-an386: it ended with signal: 9"), "{message}");
        assert!(message.contains("logged info: mps2-an386: model tiny"), "{message}");
        let message = session.classify_text(b"film").unwrap_err().to_string();
        assert!(message.contains("the session is over"), "{message}");
    }

    #[test]
    fn an_emulator_that_refuses_to_start_is_quoted() {
        let mut board = board();
        "no-such-machine".clone_into(&mut board.facts.qemu.as_mut().unwrap().machine);
        let message = Session::start(&board, MODEL).unwrap_err().to_string();
        assert!(message.contains("it ended with exit status: 1") && message.contains("QEMU said"), "{message}");
    }

    #[test]
    fn a_missing_emulator_is_explained_by_the_line_that_installs_it() {
        let mut board = board();
        "qemu-system-none".clone_into(&mut board.facts.qemu.as_mut().unwrap().program);
        let message = Session::start(&board, MODEL).unwrap_err().to_string();
        assert!(message.contains("not installed") && message.contains("apt-get install qemu-system-none"), "{message}");
    }

    #[test]
    fn output_that_is_no_log_is_shown_as_text() {
        let board = board();
        let lines = board.image().unwrap().logs.read_all(&b"hello\0\0\xffcut"[..]);
        let texts: Vec<String> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["output: hello", "output: \\xffcut"]);
    }
}
