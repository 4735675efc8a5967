//! A board under QEMU: one child process, two FIFOs for the link and its output for the logs.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use rustix::fs::{Mode, OFlags};

use super::{
    Board,
    image::Image,
    logs::{LogLine, LogTable},
};
use crate::{Error, Result};

/// How long a board that was asked to leave may take to do so.
const LEAVING: Duration = Duration::from_secs(10);

/// A running board. It is killed when dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    logs: mpsc::Receiver<Vec<LogLine>>,
    folder: tempfile::TempDir,
}

/// A board that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) logs: Vec<LogLine>,
    /// What QEMU itself had to say.
    pub(super) complaint: String,
}

/// The host's ends of the link.
pub(super) struct Ends {
    pub(super) to_board: File,
    pub(super) from_board: File,
}

/// Both ends of a FIFO. With both open here, nobody who opens it waits, and it has no end before we close ours.
struct Fifo {
    reader: File,
    writer: File,
}

impl Fifo {
    fn make(path: &Path) -> io::Result<Self> {
        // By the POSIX utility, since macOS lacks the call that makes one relative to a folder.
        let status = Command::new("mkfifo").arg(path).status()?;
        if !status.success() {
            return Err(io::Error::other(format!("mkfifo ended with {status}")));
        }
        let open = |flags| rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::empty());
        // Without waiting for a writer, which we are about to open ourselves; later reads do wait.
        let reader = open(OFlags::RDONLY | OFlags::NONBLOCK)?;
        let writer = open(OFlags::WRONLY)?;
        rustix::fs::fcntl_setfl(&reader, OFlags::empty())?;
        Ok(Self { reader: reader.into(), writer: writer.into() })
    }
}

impl Process {
    /// Starts the image with the model in its region; with no model at all, the region stays empty.
    pub(super) fn start(board: &Board, image: &Image, model: &[u8]) -> Result<(Self, Ends)> {
        let folder = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
        let at = |name: &str| folder.path().join(name);
        let make = |name: &str| Fifo::make(&at(name)).map_err(Error::io("create", at(name)));
        let (to_board, from_board) = (make("edgefit.to-board")?, make("edgefit.from-board")?);
        fs::write(at("model.edgefit"), model).map_err(Error::io("write", at("model.edgefit")))?;
        let complaints = File::create(at("complaints")).map_err(Error::io("create", at("complaints")))?;

        let mut qemu = Command::new(&board.facts.qemu.program);
        qemu.args(["-M", &board.facts.qemu.machine, "-nographic", "-monitor", "none", "-serial", "none"]);
        qemu.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(&image.elf);
        if !model.is_empty() {
            let origin = board.facts.model.origin;
            qemu.args(["-device", &format!("loader,file=model.edgefit,addr={origin:#x},force-raw=on")]);
        }
        qemu.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(complaints);
        let mut child = qemu.spawn().map_err(|error| cannot_start(board, &error))?;

        let held = (to_board.reader, from_board.writer);
        let logs = read_logs(child.stdout.take(), Arc::clone(&image.logs), held);
        let ends = Ends { to_board: to_board.writer, from_board: from_board.reader };
        Ok((Self { child, logs, folder }, ends))
    }

    /// Waits for the board to leave, and kills it if it does not.
    pub(super) fn wait(mut self) -> Result<Ended> {
        let logs = self.logs.recv_timeout(LEAVING);
        if logs.is_err() {
            return self.kill();
        }
        self.ended(logs.unwrap_or_default())
    }

    /// Ends a board that no longer answers.
    pub(super) fn kill(mut self) -> Result<Ended> {
        // It may have gone by itself, which is no error.
        let _ = self.child.kill();
        let logs = self.logs.recv().unwrap_or_default();
        self.ended(logs)
    }

    /// Ends the program as if it had crashed.
    #[cfg(test)]
    pub(super) fn stop(&mut self) {
        self.child.kill().unwrap();
    }

    fn ended(&mut self, logs: Vec<LogLine>) -> Result<Ended> {
        let status = self.child.wait().map_err(Error::io("wait for QEMU in", self.folder.path()))?;
        let complaint = fs::read(self.folder.path().join("complaints")).unwrap_or_default();
        Ok(Ended { status, logs, complaint: String::from_utf8_lossy(&complaint).trim().to_owned() })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the logs beside the link. `held` are the board's ends of the link: they close when the board's output
/// does, so that the link ends with the process, however that ends, and never before.
fn read_logs(output: Option<ChildStdout>, table: Arc<LogTable>, held: (File, File)) -> mpsc::Receiver<Vec<LogLine>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let lines = output.map(|output| table.read_all(output)).unwrap_or_default();
        // Sent first: who sees the link end finds the logs there. Nobody waits for them after a drop.
        let _ = sender.send(lines);
        drop(held);
    });
    receiver
}

fn cannot_start(board: &Board, error: &io::Error) -> Error {
    let program = &board.facts.qemu.program;
    if error.kind() == io::ErrorKind::NotFound {
        let next = format!("run: sudo apt-get install {program}   (macOS: brew install qemu)");
        return board.error(format!("{program}, which emulates it, is not installed"), next);
    }
    board.error(format!("{program} does not start: {error}"), "check the installation of QEMU")
}
