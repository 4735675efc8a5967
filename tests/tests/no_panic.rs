//! The proof that edgefit cannot panic on a board, and that it is one: see `firmware/no-panic`.

use std::{path::Path, process::Command};

/// The targets of the boards.
const TARGETS: [&str; 5] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.main-none-eabihf",
    "riscv32imac-unknown-none-elf",
];
/// What the linker misses where a panic is left.
const MISSING: &str = "undefined symbol: edgefit_can_panic";

/// Links the proof; else what the build said.
fn link(target: &str, opt_level: &str, features: &[&str]) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder of the workspace");
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder.join("firmware/no-panic"));
    cargo.args(["build", "--release", "--locked", "--target", target]).args(features);
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", opt_level);
    // What is set for this machine is not meant for a board.
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(variable);
    }
    let output = cargo.output().expect("cargo runs");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

#[test]
fn no_target_has_a_panic_left() {
    for target in TARGETS {
        link(target, "3", &[]).unwrap_or_else(|said| panic!("{target}, as the image is built: {said}"));
        // The link's messages are written by a library that needs the optimiser's whole strength.
        let without_link = link(target, "s", &["--no-default-features"]);
        without_link.unwrap_or_else(|said| panic!("{target}, without the link, for size: {said}"));
    }
}

#[test]
fn one_unwrap_breaks_the_proof_on_every_target() {
    for target in TARGETS {
        let said = link(target, "3", &["--features", "sabotage"]).expect_err("a panic is left");
        assert!(said.contains(MISSING), "{target}: {said}");
    }
}
