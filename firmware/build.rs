//! Turns the facts of the chosen board into the linker's memory map and constants for the image.

#[path = "build/board.rs"]
mod board;
#[path = "build/check.rs"]
mod check;
#[path = "build/generate.rs"]
mod generate;

use std::{env, error::Error, fs, path::Path};

use board::Board;

/// The board that is built for when `BOARD` names none.
const DEFAULT_BOARD: &str = "mps2-an386";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-env-changed=BOARD");
    let name = env::var("BOARD").unwrap_or_else(|_| DEFAULT_BOARD.to_owned());
    let path = format!("boards/{name}/board.toml");
    println!("cargo:rerun-if-changed={path}");

    let text = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}; BOARD must name a folder in boards/"))?;
    let board: Board = toml::from_str(&text).map_err(|e| format!("{path}: {e}"))?;
    let target = env::var("TARGET")?;
    check::check(&board, &name, &target).map_err(|problem| format!("{path}: {problem}"))?;

    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("memory.x"), generate::memory(&board))?;
    fs::write(Path::new(&out).join("board.rs"), generate::constants(&board))?;
    for (key, value) in generate::cfgs(&board) {
        println!("cargo:rustc-cfg={key}=\"{value}\"");
    }
    println!("cargo:rustc-link-search={out}");
    for argument in generate::link_arguments(&target) {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    Ok(())
}
