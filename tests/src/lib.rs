//! What the tests of host/board parity and of the whole story share.

pub mod browser;

use std::{env, path::PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// The `trainer` program that was built in the same profile as this test.
///
/// # Panics
///
/// If it has not been built; the message says how.
#[must_use]
pub fn cargo_trainer() -> Command {
    let test = env::current_exe().expect("a test knows its own path");
    let folder: PathBuf = test.ancestors().nth(2).expect("tests are in target/PROFILE/deps").to_owned();
    let program = folder.join(format!("trainer{}", env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not built: run `cargo build --release --locked --package edgefit-trainer`, or `cargo xtask test`",
        program.display()
    );
    Command::new(program)
}

/// Asserts that a JSON object has these fields.
///
/// # Panics
///
/// If one is missing.
pub fn keys(object: &Value, names: &[&str]) {
    for name in names {
        assert!(object.get(name).is_some(), "no field {name} in {object}");
    }
}
