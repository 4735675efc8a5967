//! What an image takes of a board, read from its ELF.

use object::{Object, ObjectSection, SectionFlags, SectionKind, elf};

use super::facts::{Facts, Region};

/// Bytes of a linked image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Code, constants and the initial values of statics, in flash.
    pub flash: u64,
    /// Statics, in RAM; the stack has what is left.
    pub ram: u64,
}

impl Size {
    /// Adds up the sections that are loaded or that take room at run time.
    pub(super) fn of_elf(bytes: &[u8], board: &Facts) -> Result<Self, String> {
        let file = object::File::parse(bytes).map_err(|error| error.to_string())?;
        let mut size = Self { flash: 0, ram: 0 };
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
            // The stack of riscv-rt is a section, but what it takes is what is left.
            if sh_flags & u64::from(elf::SHF_ALLOC) == 0 || matches!(section.name(), Ok(".stack" | ".heap")) {
                continue;
            }
            let in_ram = within(&board.ram, section.address());
            let cleared = section.kind() == SectionKind::UninitializedData;
            if in_ram {
                size.ram += section.size();
            }
            if !cleared {
                size.flash += section.size();
            }
        }
        Ok(size)
    }
}

fn within(region: &Region, address: u64) -> bool {
    let start = u64::from(region.origin);
    (start..start + u64::from(region.length)).contains(&address)
}
