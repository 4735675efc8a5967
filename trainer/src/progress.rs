//! Progress on stderr: a bar on a terminal, one plain line a step elsewhere.

use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicUsize, Ordering},
};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

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

/// The progress of a study: on a terminal a live table, a line a recipe and a cell a seed, above the bar; one plain line a
/// step elsewhere. Shared by threads.
#[derive(Debug)]
pub struct LiveTable {
    // The lines go with it.
    lines: MultiProgress,
    head: ProgressBar,
    rows: Vec<(String, ProgressBar)>,
    cells: Mutex<Vec<Vec<String>>>,
    bar: ProgressBar,
    done: AtomicUsize,
}

/// How wide a cell of the live table is.
const CELL: usize = 9;

impl LiveTable {
    /// A table with these names of rows and these heads of columns.
    #[must_use]
    pub fn new(names: &[String], heads: &[String]) -> Self {
        let lines = MultiProgress::new();
        let plain = || ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let line = || lines.add(ProgressBar::new_spinner().with_style(plain()));
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let (head, columns) = (line(), heads.len());
        let heads = heads.iter().map(|head| format!("{head:>CELL$}")).collect::<Vec<_>>().concat();
        head.set_message(format!("{:width$}{heads}", ""));
        let rows: Vec<(String, ProgressBar)> = names.iter().map(|name| (format!("{name:width$}"), line())).collect();
        let style = ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {elapsed} (left {eta})");
        let bar = lines.add(ProgressBar::new(0));
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let cells = Mutex::new(vec![vec!["·".to_owned(); columns]; rows.len()]);
        let table = Self { lines, head, rows, cells, bar, done: AtomicUsize::new(0) };
        table.head.tick();
        (0..table.rows.len()).for_each(|row| table.draw(row, &table.locked()[row]));
        table
    }

    /// Begins with `steps` steps of something.
    pub fn begin(&self, what: &'static str, steps: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.bar.reset();
        self.bar.set_length(steps as u64);
        self.bar.set_prefix(what);
    }

    /// Fills in a cell.
    pub fn set(&self, (row, column): (usize, usize), text: impl Into<String>) {
        let mut cells = self.locked();
        if let Some(cell) = cells.get_mut(row).and_then(|cells| cells.get_mut(column)) {
            *cell = text.into();
            self.draw(row, &cells[row]);
        }
    }

    /// Adds to a cell.
    pub fn append(&self, (row, column): (usize, usize), text: &str) {
        let so_far = self.locked().get(row).and_then(|cells| cells.get(column)).cloned().unwrap_or_default();
        self.set((row, column), so_far + text);
    }

    /// One step is done; `message` says what came of it.
    pub fn step(&self, message: &str) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.lines.is_hidden() {
            eprintln!("{} {done}/{}: {message}", self.bar.prefix(), self.bar.length().unwrap_or(0));
        } else {
            self.bar.inc(1);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Vec<String>>> {
        self.cells.lock().expect("no thread panics while it holds the lock")
    }

    fn draw(&self, row: usize, cells: &[String]) {
        let (name, line) = &self.rows[row];
        let cells = cells.iter().map(|cell| format!("{cell:>CELL$}")).collect::<Vec<_>>().concat();
        line.set_message(format!("{name}{cells}"));
        line.tick();
    }
}

impl Drop for LiveTable {
    fn drop(&mut self) {
        // The results, which follow, say all of it.
        let _ = self.lines.clear();
    }
}

/// The progress of one training run: a bar on a terminal, one plain line an epoch elsewhere.
#[derive(Debug)]
pub struct EpochProgress {
    bar: ProgressBar,
    epochs: u32,
}

/// A run has about so many lines at most where the bar cannot be drawn.
const LINES: u32 = 50;

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
            // Of a long run not every line.
            if *epoch != 1 && *epoch != self.epochs && !epoch.is_multiple_of(self.epochs.div_ceil(LINES)) {
                return;
            }
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
