//! Progress on stderr: a bar on a terminal, one plain line a step elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// The progress of a number of steps. Shared by threads.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    total: usize,
    done: AtomicUsize,
}

impl Progress {
    /// `total` steps of something.
    #[must_use]
    pub fn new(what: &'static str, total: usize) -> Self {
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {elapsed} (left {eta}) {wide_msg}");
        let bar = ProgressBar::new(total as u64).with_prefix(what);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, total, done: AtomicUsize::new(0) }
    }

    /// One step is done; `message` says what came of it.
    pub fn step(&self, message: &str) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.bar.is_hidden() {
            eprintln!("{} {done}/{}: {message}", self.bar.prefix(), self.total);
        } else {
            self.bar.println(format!("{}: {message}", self.bar.prefix()));
            self.bar.inc(1);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
