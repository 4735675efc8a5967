//! The progress of a download on stderr: a bar on a terminal, a line every tenth elsewhere.

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::fetch::Event;

/// The progress of one download.
#[derive(Debug)]
pub(super) struct Download {
    bar: ProgressBar,
    total: u64,
    tenths: u64,
}

impl Download {
    /// Of so many bytes.
    pub(super) fn new(total: u64) -> Self {
        let style = ProgressStyle::with_template(
            "{bar:30} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} (left {eta})",
        );
        let bar = ProgressBar::new(total);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, total, tenths: 0 }
    }

    /// Shows what has happened.
    pub(super) fn hear(&mut self, event: &Event) {
        match event {
            Event::At(bytes) => self.at(*bytes),
            Event::Again(why) => self.say(&format!("trying again: {why}")),
        }
    }

    fn at(&mut self, bytes: u64) {
        self.bar.set_position(bytes);
        let tenths = bytes * 10 / self.total.max(1);
        if tenths != self.tenths && self.bar.is_hidden() {
            self.say(&format!("{} of {}", HumanBytes(bytes), HumanBytes(self.total)));
        }
        self.tenths = tenths;
    }

    fn say(&self, line: &str) {
        if self.bar.is_hidden() {
            eprintln!("{line}");
        } else {
            self.bar.println(line);
        }
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
