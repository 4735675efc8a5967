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
    facts::{Facts, Qemu, Transport},
    image::Image,
    logs::{LogLine, LogTable},
    session::Running,
};
use crate::{Error, Result};

/// How long a board that was asked to leave may take to do so.
const LEAVING: Duration = Duration::from_secs(10);

/// The name of the model file in QEMU's folder.
const MODEL: &str = "model.edgefit";

/// What makes an instruction take a nanosecond of the emulated clock, whatever it does; without it that clock is the host's.
const COUNTING: [&str; 2] = ["-icount", "shift=0"];
/// Instructions in an emulated second, if they are counted.
const INSTRUCTIONS_HZ: f64 = 1e9;

impl Qemu {
    /// How many instructions a tick of the image's clock is where they are counted, if that is known.
    pub(super) fn instructions_a_tick(&self) -> Option<f64> {
        self.timer_hz.map(|ticks| INSTRUCTIONS_HZ / f64::from(ticks))
    }
}

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
    pub(super) fn start(
        board: &Board,
        emulated: &Qemu,
        image: &Image,
        model: &[u8],
        counting: bool,
    ) -> Result<(Self, Ends)> {
        let folder = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
        let at = |name: &str| folder.path().join(name);
        let make = |name: &str| Fifo::make(&at(name)).map_err(Error::io("create", at(name)));
        let [to_board, from_board] = fifos(board.facts.transport);
        let (to_board, from_board) = (make(to_board)?, make(from_board)?);
        let pieces = pieces(emulated, model);
        for (name, _, piece) in &pieces {
            fs::write(at(name), piece).map_err(Error::io("write", at(name)))?;
        }
        let complaints = File::create(at("complaints")).map_err(Error::io("create", at("complaints")))?;

        let mut qemu = Command::new(&emulated.program);
        qemu.args(COUNTING.iter().filter(|_| counting));
        let files: Vec<_> = pieces.iter().map(|(name, offset, _)| (name.as_str(), *offset)).collect();
        qemu.args(arguments(&board.facts, emulated, &files)).arg(&image.elf);
        qemu.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(complaints);
        let mut child = qemu.spawn().map_err(|error| cannot_start(board, &emulated.program, &error))?;

        let held = (to_board.reader, from_board.writer);
        let logs = read_logs(child.stdout.take(), Arc::clone(&image.logs), held);
        let ends = Ends { to_board: to_board.writer, from_board: from_board.reader };
        Ok((Self { child, logs, folder }, ends))
    }

    fn ended(&mut self, logs: Vec<LogLine>) -> Result<Ended> {
        let status = self.child.wait().map_err(Error::io("wait for QEMU in", self.folder.path()))?;
        let complaint = fs::read(self.folder.path().join("complaints")).unwrap_or_default();
        Ok(Ended { status, logs, complaint: String::from_utf8_lossy(&complaint).trim().to_owned() })
    }
}

impl Running for Process {
    fn wait(mut self: Box<Self>) -> Result<Ended> {
        let logs = self.logs.recv_timeout(LEAVING);
        if logs.is_err() {
            return self.kill();
        }
        self.ended(logs.unwrap_or_default())
    }

    fn kill(mut self: Box<Self>) -> Result<Ended> {
        // It may have gone by itself, which is no error.
        let _ = self.child.kill();
        let logs = self.logs.recv().unwrap_or_default();
        self.ended(logs)
    }

    #[cfg(test)]
    fn stop(&mut self) {
        self.child.kill().unwrap();
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

/// The FIFOs by which the link travels: to the board and from it. A board with semihosting knows them by these names,
/// QEMU makes a serial port of those that end like this.
const fn fifos(transport: Transport) -> [&'static str; 2] {
    match transport {
        Transport::Uart => ["edgefit.link.in", "edgefit.link.out"],
        _ => ["edgefit.to-board", "edgefit.from-board"],
    }
}

/// The files that the model goes in: the name, the offset and the bytes of each.
fn pieces<'m>(qemu: &Qemu, model: &'m [u8]) -> Vec<(String, usize, &'m [u8])> {
    let largest = qemu.largest_file.unwrap_or(usize::MAX).max(1);
    let piece = |(i, piece)| (format!("{MODEL}.{i}"), i * largest, piece);
    model.chunks(largest).enumerate().map(piece).collect()
}

/// QEMU's arguments but for the image, which comes last. The files go into the model region at these offsets.
pub(super) fn arguments(board: &Facts, qemu: &Qemu, files: &[(&str, usize)]) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["-M", &qemu.machine, "-nographic", "-monitor", "none"].map(str::to_owned).to_vec();
    let mut add = |more: &[&str]| arguments.extend(more.iter().map(|&argument| argument.to_owned()));
    if qemu.program.contains("riscv") {
        add(&["-bios", "none"]);
    }
    match board.transport {
        Transport::Uart => {
            add(&["-chardev", "pipe,id=link,path=edgefit.link", "-serial", "chardev:link"]);
            add(&["-chardev", "stdio,id=logs,mux=off,signal=off", "-serial", "chardev:logs"]);
        }
        Transport::Semihosting | Transport::Rtt => {
            add(&["-serial", "none", "-semihosting-config", "enable=on,target=native"]);
        }
    }
    for (file, offset) in files {
        let address = board.model.origin as usize + offset;
        add(&["-device", &format!("loader,file={file},addr={address:#010x},force-raw=on")]);
    }
    add(&["-kernel"]);
    arguments
}

fn cannot_start(board: &Board, program: &str, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        let package = if program.contains("riscv") { "qemu-system-misc" } else { program };
        let next = format!("run: sudo apt-get install {package}   (macOS: brew install qemu)");
        return board.error(format!("{program}, which emulates it, is not installed"), next);
    }
    board.error(format!("{program} does not start: {error}"), "check the installation of QEMU")
}
