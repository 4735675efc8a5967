//! Whether the facts of a board make sense together.

use crate::board::{Board, Flash};

/// The limits of the model format.
const MAX_ROWS: u32 = 65_535;
const MAX_UNITS: u32 = 1_024;
/// Bytes at the start of flash that the RP2040's second stage takes.
const BOOT2: u32 = 0x100;

/// What is wrong with the facts, if anything.
pub(crate) fn check(board: &Board, folder: &str, target: &str) -> Result<(), String> {
    if board.name != folder {
        return Err(format!("the name is {}, the folder {folder}", board.name));
    }
    if board.target != target {
        return Err(format!(
            "the target is {}, this build is for {target}: pass --target {}",
            board.target, board.target
        ));
    }
    transport(board)?;
    match board.boot.as_deref() {
        None | Some("rp2350") => {}
        Some("rp2040") if board.flash.region.length > BOOT2 => {}
        Some("rp2040") => return Err("the flash is shorter than the second stage of the boot".to_owned()),
        Some(other) => return Err(format!("boot is {other}, not rp2040 or rp2350")),
    }
    if !(1..=MAX_ROWS).contains(&board.scratch.rows) || !(1..=MAX_UNITS).contains(&board.scratch.units) {
        return Err(format!("the scratch must have 1 to {MAX_ROWS} rows and 1 to {MAX_UNITS} units"));
    }
    if board.setup.iter().any(|setup| setup.register % 4 != 0) {
        return Err("the address of a register must be a multiple of 4".to_owned());
    }
    regions(board)
}

fn transport(board: &Board) -> Result<(), String> {
    match (board.transport.as_str(), &board.uart) {
        ("semihosting" | "rtt", Some(_)) => Err("there is a [uart], but the transport is another".to_owned()),
        ("uart", None) => Err("the transport is uart, but there is no [uart]".to_owned()),
        ("uart", Some(uart)) if !["cmsdk", "stm32"].contains(&uart.kind.as_str()) => {
            Err(format!("the kind of the uart is {}, not cmsdk or stm32", uart.kind))
        }
        ("uart", Some(uart)) if uart.link % 4 != 0 || uart.logs % 4 != 0 || uart.link == uart.logs => {
            Err("link and logs must be the addresses of two serial ports".to_owned())
        }
        ("semihosting" | "rtt", None) | ("uart", Some(_)) => Ok(()),
        (other, _) => Err(format!("transport {other} is not known: semihosting, rtt or uart")),
    }
}

fn regions(board: &Board) -> Result<(), String> {
    let Board { flash: Flash { region: flash, erase_size }, model, ram, .. } = board;
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
