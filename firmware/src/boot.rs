//! What some chips read before they start an image.
#![allow(unsafe_code, reason = "the linker puts these where the chip looks")]

/// The second stage of the RP2040's boot, which makes the flash readable in place.
#[cfg(boot = "rp2040")]
// SAFETY: build.rs has made the section for this alone, at the start of the flash.
#[unsafe(link_section = ".boot2")]
#[unsafe(no_mangle)]
#[used]
static BOOT2_FIRMWARE: [u8; 256] = rp2040_boot2::BOOT_LOADER_W25Q080;

/// The smallest block that tells the RP2350 what this is (datasheet, 5.9.5.1): an executable for the Arm cores, in the
/// secure state, the only block.
#[cfg(boot = "rp2350")]
// SAFETY: build.rs has made the section for this alone, after the vector table.
#[unsafe(link_section = ".start_block")]
#[used]
static IMAGE_DEFINITION: [u32; 5] = [0xffff_ded3, 0x1021_0142, 0x0000_01ff, 0, 0xab12_3579];
