//! Progress on stderr: a bar on a terminal, one plain line a step elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

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
        let style = ProgressStyle::with_template("{pos}/{len} {bar:8} {rate} left {eta} {wide_msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key(
            "rate",
            |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = write!(out, "{:.1} epochs/s", state.per_sec());
            },
        );
        let bar = ProgressBar::new(epochs.into()).with_style(style);
        Self { bar, epochs }
    }

    /// An epoch is done.
    pub fn epoch(&self, record: &EpochRecord) {
        let EpochRecord { epoch, train_loss: loss, train_accuracy: accuracy, .. } = record;
        let (validation_loss, validation_accuracy) = (record.validation_loss(), record.validation_accuracy);
        if self.bar.is_hidden() {
            eprintln!(
                "epoch {epoch:>3}/{}: loss {loss:.4}, accuracy {accuracy:.4}, validation loss {validation_loss:.4}, \
                 accuracy {validation_accuracy:.4}",
                self.epochs
            );
        } else {
            // As much as a line of 80 columns takes.
            self.bar.set_message(format!(
                "loss {loss:.3} acc {accuracy:.3}, val {validation_loss:.3} {validation_accuracy:.3}"
            ));
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
