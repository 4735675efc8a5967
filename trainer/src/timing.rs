//! How long something took, and how much memory the program has used: what `timing.json` says.

use std::time::Instant;

use serde::{Deserialize, Serialize};

/// What a piece of work took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Seconds on the clock.
    pub seconds: f64,
    /// CPU-seconds of the thread that did it; null where the system does not tell.
    pub cpu_seconds: Option<f64>,
    /// The most memory that the whole program has had so far, in bytes; null where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
}

/// Measures from its making on.
#[derive(Debug)]
pub struct Stopwatch {
    started: Instant,
    cpu: Option<f64>,
}

impl Stopwatch {
    /// Starts now, on this thread.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now(), cpu: thread_cpu_seconds() }
    }

    /// What it took so far. Call it on the thread that made the stopwatch.
    #[must_use]
    pub fn timing(&self) -> Timing {
        Timing {
            seconds: self.started.elapsed().as_secs_f64(),
            cpu_seconds: self.cpu.zip(thread_cpu_seconds()).map(|(from, to)| to - from),
            peak_memory_bytes: peak_memory_bytes(),
        }
    }
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "elsewhere the system does not tell")]
fn thread_cpu_seconds() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9)
}

#[cfg(not(unix))]
fn thread_cpu_seconds() -> Option<f64> {
    None
}

/// `VmHWM` of Linux's `/proc/self/status`, which counts in KiB.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
