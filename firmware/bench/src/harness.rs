//! What `whole` and `empty` share: a text, a call, its stack.

use core::hint::black_box;

// For its critical section.
use cortex_m as _;
use semihosting::{println, process};

#[path = "../../src/stack.rs"]
#[allow(dead_code, reason = "the generic image also tells its size")]
mod stack;

/// The facts of the board, which build.rs takes from its `board.toml`.
#[allow(dead_code, clippy::unreadable_literal, clippy::doc_markdown, reason = "generated")]
pub(crate) mod board {
    include!(concat!(env!("OUT_DIR"), "/board.rs"));
}

/// Prints what a call answers to a text, and how deep the stack was then.
pub(crate) fn run(call: impl FnOnce(&[u8]) -> usize) -> ! {
    stack::paint();
    let answer = call(black_box(b"a truly wonderful film"));
    let used = stack::used();
    println!("answer {answer}");
    println!("stack {used}");
    process::exit(0)
}
