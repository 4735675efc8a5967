//! How long something took, and how much memory the program has used: what `timing.json` says.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// What a piece of work took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Seconds on the clock.
    pub seconds: f64,
    /// CPU-seconds of the thread that did it, or of all threads; null where the system does not tell.
    pub cpu_seconds: Option<f64>,
    /// The most memory that the whole program has had so far, in bytes; null where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
}

/// Whose CPU-seconds count.
#[derive(Debug, Clone, Copy)]
enum Whose {
    Thread,
    Program,
}

/// Measures from its making on.
#[derive(Debug)]
pub struct Stopwatch {
    started: Instant,
    whose: Whose,
    cpu: Option<f64>,
}

impl Stopwatch {
    /// Starts now, on this thread.
    #[must_use]
    pub fn start() -> Self {
        Self::of(Whose::Thread)
    }

    /// Starts now, for the whole program.
    #[must_use]
    pub fn of_program() -> Self {
        Self::of(Whose::Program)
    }

    fn of(whose: Whose) -> Self {
        Self { started: Instant::now(), whose, cpu: cpu_seconds(whose) }
    }

    /// What it took so far. Call it on the thread that made the stopwatch.
    #[must_use]
    pub fn timing(&self) -> Timing {
        Timing {
            seconds: self.started.elapsed().as_secs_f64(),
            cpu_seconds: self.cpu.zip(cpu_seconds(self.whose)).map(|(from, to)| to - from),
            peak_memory_bytes: peak_memory_bytes(),
        }
    }
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere the system does not tell")]
fn cpu_seconds(whose: Whose) -> Option<f64> {
    let clock = match whose {
        Whose::Thread => rustix::time::ClockId::ThreadCPUTime,
        Whose::Program => rustix::time::ClockId::ProcessCPUTime,
    };
    let time = rustix::time::clock_gettime(clock);
    Some(time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9)
}

#[cfg(not(unix))]
fn cpu_seconds(_: Whose) -> Option<f64> {
    None
}

/// `VmHWM` of Linux's `/proc/self/status`, which counts in KiB.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
