//! Takes the memory map from the board's facts, as the image does.

#[allow(dead_code, reason = "the image needs more of the facts")]
#[path = "../build/board.rs"]
mod board;
#[allow(dead_code, reason = "the image needs more of what is made of them")]
#[path = "../build/generate.rs"]
mod generate;

use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=BOARD");
    let name = env::var("BOARD").unwrap_or_else(|_| "mps2-an386".to_owned());
    let path = format!("../boards/{name}/board.toml");
    println!("cargo:rerun-if-changed={path}");
    let text = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}; BOARD must name a folder in boards/"))?;
    let board: board::Board = toml::from_str(&text).map_err(|e| format!("{path}: {e}"))?;

    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("memory.x"), generate::memory(&board))?;
    fs::write(Path::new(&out).join("board.rs"), generate::constants(&board))?;
    println!("cargo:rustc-link-search={out}");
    for argument in ["--nmagic", "-Tlink.x"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    Ok(())
}
