//! That a decision takes no float: on cores without floating point, the compiler's routines for it would be linked.

use std::{fs, path::Path, process::Command};

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

/// An image of a package below `firmware`, built for a board.
fn image(package: &str, name: &str, board: &str, target: &str) -> Vec<u8> {
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--release", "--locked", "--bin", name, "--target", target]);
    cargo
        .current_dir(firmware.join(package))
        .env("BOARD", board)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_TARGET_DIR");
    assert!(cargo.status().expect("cargo runs").success(), "firmware/{package} does not build for {board}");
    fs::read(firmware.join("target").join(target).join("release").join(name)).expect("it has been built")
}

/// What loads a model, classifies a text and decides, and does nothing else.
#[test]
fn a_decision_takes_no_float() {
    for (board, target) in [("microbit", "thumbv6m-none-eabi"), ("mps2-an385", "thumbv7m-none-eabi")] {
        let image = image("bench", "whole", board, target);
        assert!(names(&image).contains(&"edgefit_scan"), "{board}: the image has names, and those of edgefit");
        assert_eq!(soft_float(&image), Vec::<&str>::new(), "{board}");
    }
}

/// The same eyes see the routines in the generic image, which standardises numbers too.
#[test]
fn raw_numbers_take_floats() {
    let image = image(".", "edgefit-firmware", "microbit", "thumbv6m-none-eabi");
    assert!(soft_float(&image).contains(&"__aeabi_fmul"), "{:?}", soft_float(&image));
}
