//! defmt over a serial port of its own.
#![allow(unsafe_code, reason = "defmt's logger is a global without a lock")]

use core::cell::UnsafeCell;

#[defmt::global_logger]
struct Logger;

/// What a frame that is being written needs.
struct State {
    restore: UnsafeCell<critical_section::RestoreState>,
    encoder: UnsafeCell<defmt::Encoder>,
}

// SAFETY: both cells are used between `acquire` and `release` alone, inside a critical section on a single core.
unsafe impl Sync for State {}

static STATE: State = State {
    restore: UnsafeCell::new(critical_section::RestoreState::invalid()),
    encoder: UnsafeCell::new(defmt::Encoder::new()),
};

fn put(bytes: &[u8]) {
    for &byte in bytes {
        super::LOGS.put(byte);
    }
}

// SAFETY: a critical section makes frames follow each other; defmt calls `write` and `release` after `acquire` only,
// and nothing here logs, so that a frame is never begun within another.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        // SAFETY: `release` is called for every `acquire`, with what this one returned.
        unsafe {
            let restore = critical_section::acquire();
            *STATE.restore.get() = restore;
            (*STATE.encoder.get()).start_frame(put);
        }
    }

    // Every byte has been handed to the port already.
    unsafe fn flush() {}

    unsafe fn release() {
        // SAFETY: see `acquire`.
        unsafe {
            (*STATE.encoder.get()).end_frame(put);
            critical_section::release(*STATE.restore.get());
        }
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: see `acquire`.
        unsafe { (*STATE.encoder.get()).write(bytes, put) }
    }
}
