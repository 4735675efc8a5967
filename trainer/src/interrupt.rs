//! Ctrl-C: noticed at once, obeyed at the end of the epoch.

use std::sync::atomic::{AtomicBool, Ordering};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C asks for an end; a second one ends the program at once.
///
/// Where no handler can be set, Ctrl-C ends the program at once, which loses the epoch under way and nothing else.
pub fn watch() {
    let _ = ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("\nfinishing the epoch; Ctrl-C again ends at once");
    });
}

/// Whether the user has asked to stop.
#[must_use]
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
