//! Turns the facts of the chosen board into the linker's memory map and constants for the image.

use std::{env, error::Error, fs, path::Path};

use serde::Deserialize;

/// The board that is built for when `BOARD` names none.
const DEFAULT_BOARD: &str = "mps2-an386";

/// What the image needs of a `board.toml`; the rest is for the host.
#[derive(Deserialize)]
struct Board {
    name: String,
    target: String,
    transport: String,
    flash: Flash,
    model: Region,
    ram: Region,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Flash {
    #[serde(flatten)]
    region: Region,
    erase_size: u32,
}

#[derive(Deserialize)]
struct Region {
    origin: u32,
    length: u32,
}

impl Region {
    fn end(&self) -> u64 {
        u64::from(self.origin) + u64::from(self.length)
    }

    fn overlaps(&self, other: &Self) -> bool {
        u64::from(self.origin) < other.end() && u64::from(other.origin) < self.end()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=BOARD");
    let name = env::var("BOARD").unwrap_or_else(|_| DEFAULT_BOARD.to_owned());
    let path = format!("boards/{name}/board.toml");
    println!("cargo:rerun-if-changed={path}");

    let text = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}; BOARD must name a folder in boards/"))?;
    let board: Board = toml::from_str(&text).map_err(|e| format!("{path}: {e}"))?;
    check(&board, &name).map_err(|problem| format!("{path}: {problem}"))?;

    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("memory.x"), memory(&board))?;
    fs::write(Path::new(&out).join("board.rs"), constants(&board))?;
    println!("cargo:rustc-link-search={out}");
    for argument in ["--nmagic", "-Tlink.x", "-Tdefmt.x"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
    Ok(())
}

fn check(board: &Board, folder: &str) -> Result<(), String> {
    let Board { flash: Flash { region: flash, erase_size }, model, ram, .. } = board;
    let target = env::var("TARGET").unwrap_or_default();
    if board.name != folder {
        return Err(format!("the name is {}, the folder {folder}", board.name));
    }
    if board.target != target {
        return Err(format!("the target is {}, this build is for {target}: pass --target", board.target));
    }
    if board.transport != "semihosting" {
        return Err(format!("transport {} is not known", board.transport));
    }
    if flash.overlaps(model) || flash.overlaps(ram) || model.overlaps(ram) {
        return Err("the regions flash, model and ram overlap".to_owned());
    }
    if *erase_size == 0 || model.origin % erase_size != 0 || model.length % erase_size != 0 {
        return Err("the model region must be made of whole erase blocks".to_owned());
    }
    // The image makes a slice of the model region: it must be aligned, in reach, and not at the null address.
    if model.origin == 0 || model.origin % 16 != 0 || model.length > i32::MAX as u32 || model.end() > 1 << 32 {
        return Err("the model region must start at a multiple of 16 above 0 and be at most 2 GiB long".to_owned());
    }
    Ok(())
}

fn memory(board: &Board) -> String {
    let region = |name: &str, region: &Region| {
        format!("  {name} : ORIGIN = {:#010x}, LENGTH = {:#010x}\n", region.origin, region.length)
    };
    format!("MEMORY\n{{\n{}{}}}\n", region("FLASH", &board.flash.region), region("RAM", &board.ram))
}

fn constants(board: &Board) -> String {
    format!(
        "/// The name of the board.\npub(crate) const NAME: &str = {:?};\n\
         /// Where the model region starts.\npub(crate) const MODEL_ORIGIN: usize = {:#x};\n\
         /// How many bytes the model region has.\npub(crate) const MODEL_LENGTH: usize = {:#x};\n",
        board.name, board.model.origin, board.model.length
    )
}
