//! The one error type of the trainer: what is wrong, where, and what to do next.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
};

/// Bad usage or input. Its message names the place and the next step; the program exits with 2.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read, written or made.
    #[error("cannot {action} {}: {source}{}", path.display(), next_step(source))]
    Io {
        /// What was tried, as a verb: `read`, `write`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Input that is there, but is not what it should be.
    #[error("{place}: {problem}\n  {next}")]
    Input {
        /// The file, and the place in it where that is known.
        place: String,
        /// What is wrong.
        problem: String,
        /// What to do next.
        next: String,
    },
    /// A flag or its value that makes no sense.
    #[error("{problem}\n  {next}")]
    Usage {
        /// What is wrong.
        problem: String,
        /// What to do next.
        next: String,
    },
    /// A board that does not answer as it should.
    #[error("board {board}: {problem}\n  {next}")]
    Board {
        /// The board's name.
        board: String,
        /// What went wrong.
        problem: String,
        /// What to do next.
        next: String,
    },
    /// The user has asked to stop (Ctrl-C). What was done is kept.
    #[error("interrupted{}\n  go on where it stopped: the same command with --resume", at(folder.as_deref()))]
    Interrupted {
        /// Where the work so far is, if it is anywhere.
        folder: Option<PathBuf>,
    },
}

/// What the trainer's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The program's exit code for it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            // As a shell reports a program that Ctrl-C has ended: 128 + SIGINT.
            Self::Interrupted { .. } => 130,
            _ => 2,
        }
    }

    /// An [`Error::Io`] for `path`, to be used with `map_err`.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// An [`Error::Input`].
    pub fn input(place: impl Display, problem: impl Display, next: impl Display) -> Self {
        Self::Input { place: place.to_string(), problem: problem.to_string(), next: next.to_string() }
    }

    /// An [`Error::Usage`].
    pub fn usage(problem: impl Display, next: impl Display) -> Self {
        Self::Usage { problem: problem.to_string(), next: next.to_string() }
    }

    /// An [`Error::Board`].
    pub fn board(board: impl Display, problem: impl Display, next: impl Display) -> Self {
        Self::Board { board: board.to_string(), problem: problem.to_string(), next: next.to_string() }
    }
}

fn at(folder: Option<&Path>) -> String {
    folder.map_or_else(String::new, |folder| format!("; what was done is in {}", folder.display()))
}

fn next_step(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::NotFound => "\n  check the path: it, or a folder on the way to it, is not there",
        std::io::ErrorKind::PermissionDenied => "\n  check who may read or write there, or name another place",
        std::io::ErrorKind::ReadOnlyFilesystem => "\n  name a place on a file system that can be written",
        std::io::ErrorKind::StorageFull => "\n  free some space, or name a place on another disk",
        _ => "",
    }
}
