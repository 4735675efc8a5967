//! A real board by its debug probe: the link and the logs travel over RTT while the core runs. Built with the feature
//! `probe`.

use std::{
    fs::File,
    io::{self, PipeReader, PipeWriter, Read, Write, pipe},
    os::fd::OwnedFd,
    process::ExitStatus,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use probe_rs::{Core, MemoryInterface, Session, SessionConfig};

use super::{
    Board,
    facts::{Facts, Probe},
    image::Image,
    logs::LogLine,
    qemu::{Ended, Ends},
    rtt::{Memory, Rtt},
    session::Running,
};
use crate::{Error, Result};

/// How long a board may take to make its control block after the probe has come.
const STARTING: Duration = Duration::from_secs(5);
/// How long to leave the probe alone when the board had nothing to say.
const PAUSE: Duration = Duration::from_millis(1);
/// The channels: logs up, link up and down.
const LOGS: usize = 0;
const LINK: usize = 1;

/// A board that a probe is connected to.
#[derive(Debug)]
pub(super) struct Attached {
    stop: Arc<AtomicBool>,
    poller: Option<JoinHandle<io::Result<()>>>,
    logs: mpsc::Receiver<Vec<LogLine>>,
}

/// What the polling thread passes on.
struct Lines {
    from_host: mpsc::Receiver<Vec<u8>>,
    to_host: PipeWriter,
    logs: PipeWriter,
}

impl Memory for Core<'_> {
    fn read(&mut self, address: u64, into: &mut [u8]) -> io::Result<()> {
        MemoryInterface::read(self, address, into).map_err(io::Error::other)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() { Ok(()) } else { MemoryInterface::write(self, address, bytes).map_err(io::Error::other) }
    }
}

impl Attached {
    /// Connects to a board that has been flashed.
    pub(super) fn start(board: &Board, probe: &Probe, image: &Image) -> Result<(Self, Ends)> {
        let session = Session::auto_attach(probe.chip.as_str(), SessionConfig::default()).map_err(|error| {
            let next = "connect it by a debug probe that `probe-rs list` shows, and flash it: trainer flash";
            board.error(format!("no probe reaches it: {error}"), next)
        })?;
        let make = || pipe().map_err(Error::io("create", "a pipe"));
        let ((host_reads, board_writes), (board_reads, host_writes), (log_reads, log_writes)) =
            (make()?, make()?, make()?);
        let lines = Lines { from_host: forward(board_reads), to_host: board_writes, logs: log_writes };
        let stop = Arc::new(AtomicBool::new(false));
        let (facts, stopped) = (board.facts.clone(), Arc::clone(&stop));
        let poller = thread::spawn(move || poll(session, &facts, &lines, &stopped));
        let (sender, logs) = mpsc::channel();
        let table = Arc::clone(&image.logs);
        // Nobody waits for them after a drop.
        thread::spawn(move || sender.send(table.read_all(log_reads)).unwrap_or_default());
        let file = |fd: OwnedFd| File::from(fd);
        let ends = Ends { to_board: file(host_writes.into()), from_board: file(host_reads.into()) };
        Ok((Self { stop, poller: Some(poller), logs }, ends))
    }
}

impl Running for Attached {
    fn wait(mut self: Box<Self>) -> Result<Ended> {
        self.stop.store(true, Ordering::Relaxed);
        let complaint = match self.poller.take().map(JoinHandle::join) {
            Some(Ok(Err(error))) => error.to_string(),
            _ => String::new(),
        };
        let logs = self.logs.recv().unwrap_or_default();
        Ok(Ended { status: ExitStatus::default(), logs, complaint })
    }

    fn kill(self: Box<Self>) -> Result<Ended> {
        self.wait()
    }

    #[cfg(test)]
    fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Reads a pipe in a thread of its own, so that the other end need not wait for it.
fn forward(mut from: PipeReader) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut chunk = [0; 4_096];
        while let Ok(len @ 1..) = from.read(&mut chunk) {
            if sender.send(chunk[..len].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Moves bytes both ways until it is told to stop.
fn poll(mut session: Session, facts: &Facts, lines: &Lines, stop: &AtomicBool) -> io::Result<()> {
    let mut core = session.core(0).map_err(io::Error::other)?;
    let started = Instant::now();
    let rtt = loop {
        match Rtt::find(&mut core, &facts.ram)? {
            Some(rtt) => break rtt,
            None if started.elapsed() < STARTING => thread::sleep(PAUSE),
            None => {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the board has no RTT control block: flash it"));
            }
        }
    };
    let mut waiting: Vec<u8> = Vec::new();
    loop {
        let last = stop.load(Ordering::Relaxed);
        let (link, logs) = (rtt.read(&mut core, LINK)?, rtt.read(&mut core, LOGS)?);
        (&lines.to_host).write_all(&link)?;
        (&lines.logs).write_all(&logs)?;
        waiting.extend(lines.from_host.try_iter().flatten());
        let sent = rtt.write(&mut core, LINK, &waiting)?;
        waiting.drain(..sent);
        if last {
            return Ok(());
        }
        if link.is_empty() && logs.is_empty() && sent == 0 {
            thread::sleep(PAUSE);
        }
    }
}
