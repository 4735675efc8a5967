//! Progress on stderr: a bar on a terminal, one plain line a step elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use crate::train::EpochRecord;

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

/// The progress of one training run: a bar on a terminal, one plain line an epoch elsewhere.
#[derive(Debug)]
pub struct EpochProgress {
    bar: ProgressBar,
    epochs: u32,
}

impl EpochProgress {
    /// A run of so many epochs, at most.
    #[must_use]
    pub fn new(epochs: u32) -> Self {
        let style = ProgressStyle::with_template("epoch {pos}/{len} {bar:20} {per_sec} (left {eta}) {wide_msg}");
        let bar = ProgressBar::new(epochs.into());
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, epochs }
    }

    /// An epoch is done.
    pub fn epoch(&self, record: &EpochRecord) {
        let message = format!(
            "loss {:.4}, accuracy {:.4}, validation loss {:.4}, accuracy {:.4}",
            record.train_loss,
            record.train_accuracy,
            record.validation_loss(),
            record.validation_accuracy,
        );
        if self.bar.is_hidden() {
            eprintln!("epoch {:>3}/{}: {message}", record.epoch, self.epochs);
        } else {
            self.bar.set_message(message);
            self.bar.set_position(record.epoch.into());
        }
    }
}

impl Drop for EpochProgress {
    fn drop(&mut self) {
        // The last line stays: it is the result.
        self.bar.abandon();
    }
}
