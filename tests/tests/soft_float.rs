//! That a decision takes no float: on cores without floating point, the compiler's routines for it would be linked.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use edgefit_trainer::board::Board;

/// What the C library of Arm's ABI and compilers call the routines: `__aeabi_fmul`, `__aeabi_ui2d`, `__mulsf3`, `__fixdfsi`.
fn is_soft_float(name: &str) -> bool {
    let abi = name.strip_prefix("__aeabi_").is_some_and(|rest| {
        let converts = |to: &str| rest.strip_suffix(to).is_some_and(|from| ["i2", "ui2", "l2", "ul2"].contains(&from));
        rest.starts_with(['f', 'd'])
            || rest.starts_with("cf")
            || rest.starts_with("cd")
            || converts("f")
            || converts("d")
    });
    let gnu = ["sf2", "sf3", "df2", "df3", "sfsi", "dfsi", "sfdi", "dfdi", "sisf", "sidf", "disf", "didf"];
    abi || name.starts_with("__") && gnu.iter().any(|end| name.ends_with(end))
}

/// The names in an image that is not stripped: all that is text between two zeros.
fn names(image: &[u8]) -> Vec<&str> {
    image.split(|&byte| byte == 0).filter_map(|name| str::from_utf8(name).ok()).collect()
}

fn soft_float(image: &[u8]) -> Vec<&str> {
    names(image).into_iter().filter(|name| is_soft_float(name)).collect()
}

/// The image of `firmware/bench` that loads a model, classifies a text and decides, and does nothing else.
fn whole(board: &str, target: &str) -> PathBuf {
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--release", "--locked", "--bin", "whole", "--target", target]);
    cargo
        .current_dir(firmware.join("bench"))
        .env("BOARD", board)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_TARGET_DIR");
    assert!(cargo.status().expect("cargo runs").success(), "firmware/bench does not build for {board}");
    firmware.join("target").join(target).join("release/whole")
}

#[test]
fn a_decision_takes_no_float() {
    for (board, target) in [("microbit", "thumbv6m-none-eabi"), ("mps2-an385", "thumbv7m-none-eabi")] {
        let image = fs::read(whole(board, target)).expect("it has been built");
        assert!(names(&image).contains(&"edgefit_scan"), "{board}: the image has names, and those of edgefit");
        assert_eq!(soft_float(&image), Vec::<&str>::new(), "{board}");
    }
}

/// The same eyes see the routines in an image that standardises numbers.
#[test]
fn raw_numbers_take_floats() {
    let board = Board::parse("qemu:microbit").expect("the firmware folder is above the current folder");
    let image = fs::read(&board.image().expect("it can be built").elf).expect("it has been built");
    assert!(soft_float(&image).contains(&"__aeabi_fmul"), "{:?}", soft_float(&image));
}
