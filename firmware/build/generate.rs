//! What is made of the facts: the linker's memory map, constants, and conditions for the compiler.

use std::fmt::Write;

use crate::board::{Board, Region};

/// Bytes at the start of flash that the RP2040's second stage takes.
const BOOT2: u32 = 0x100;

/// The memory map, in the words of the architecture's start-up crate.
pub(crate) fn memory(board: &Board) -> String {
    let line = |name: &str, Region { origin, length }: &Region| {
        format!("  {name} : ORIGIN = {origin:#010x}, LENGTH = {length:#010x}\n")
    };
    let Region { origin, length } = board.flash.region;
    let mut flash = Region { origin, length };
    let mut regions = String::new();
    let boot2 = board.boot.as_deref() == Some("rp2040");
    if boot2 {
        regions += &line("BOOT2", &Region { origin: flash.origin, length: BOOT2 });
        flash = Region { origin: flash.origin + BOOT2, length: flash.length - BOOT2 };
    }
    regions += &line("FLASH", &flash);
    regions += &line("RAM", &board.ram);
    let mut script = format!("MEMORY\n{{\n{regions}}}\n");
    if boot2 {
        script += "EXTERN(BOOT2_FIRMWARE)\n\
            SECTIONS { .boot2 ORIGIN(BOOT2) : { KEEP(*(.boot2)); } > BOOT2 } INSERT BEFORE .text;\n";
    }
    if board.boot.as_deref() == Some("rp2350") {
        script += "SECTIONS { .start_block : ALIGN(4) { KEEP(*(.start_block)); } > FLASH } INSERT AFTER .vector_table;\n\
            _stext = ADDR(.start_block) + SIZEOF(.start_block);\n";
    }
    if board.target.starts_with("riscv") {
        for (section, region) in
            [("TEXT", "FLASH"), ("RODATA", "FLASH"), ("DATA", "RAM"), ("BSS", "RAM"), ("HEAP", "RAM"), ("STACK", "RAM")]
        {
            let _ = writeln!(script, "REGION_ALIAS(\"REGION_{section}\", {region});");
        }
    }
    script
}

/// What the start-up crate of the target wants of the linker.
pub(crate) fn link_arguments(target: &str) -> &'static [&'static str] {
    if target.starts_with("riscv") {
        &["-Tmemory.x", "-Tlink.x", "-Tdefmt.x"]
    } else {
        &["--nmagic", "-Tlink.x", "-Tdefmt.x"]
    }
}

/// Conditions for the compiler.
pub(crate) fn cfgs(board: &Board) -> Vec<(&'static str, &str)> {
    let mut cfgs = vec![("transport", board.transport.as_str())];
    cfgs.extend(board.uart.as_ref().map(|uart| ("uart", uart.kind.as_str())));
    cfgs.extend(board.boot.as_deref().map(|boot| ("boot", boot)));
    cfgs
}

/// How many bytes the transport moves at once: many where there is room, since a call to the host stops the core.
fn buffer(board: &Board) -> u32 {
    (board.ram.length / 32).clamp(256, 4_096)
}

/// The facts for the source of the image.
pub(crate) fn constants(board: &Board) -> String {
    let mut text = String::new();
    let mut constant = |doc: &str, name: &str, kind: &str, value: String| {
        let _ = write!(text, "/// {doc}.\npub(crate) const {name}: {kind} = {value};\n");
    };
    constant("The name of the board", "NAME", "&str", format!("{:?}", board.name));
    constant("The target triple of the image", "TARGET", "&str", format!("{:?}", board.target));
    constant("Where the model region starts", "MODEL_ORIGIN", "usize", format!("{:#x}", board.model.origin));
    constant("How many bytes the model region has", "MODEL_LENGTH", "usize", format!("{:#x}", board.model.length));
    constant("The most rows of a model", "ROWS", "usize", board.scratch.rows.to_string());
    constant("The most units of a layer", "UNITS", "usize", board.scratch.units.to_string());
    constant("How many bytes the transport moves at once", "BUFFER", "usize", buffer(board).to_string());
    let setup: Vec<_> =
        board.setup.iter().map(|s| format!("({:#x}, {:#x}, {:#x})", s.register, s.clear, s.set)).collect();
    let list = format!("&[{}]", setup.join(", "));
    constant("Registers to set up: address, bits to clear, bits to set", "SETUP", "&[(usize, u32, u32)]", list);
    if let Some(uart) = &board.uart {
        constant("The serial port of the link", "UART_LINK", "usize", format!("{:#x}", uart.link));
        constant("The serial port of the logs", "UART_LOGS", "usize", format!("{:#x}", uart.logs));
        constant("What the baud rate registers get", "UART_DIVISOR", "u32", uart.divisor.to_string());
    }
    text
}
