//! Registers of the chip, at addresses that `board.toml` states.
#![allow(unsafe_code, reason = "registers are known by address alone")]

/// A 32-bit register.
#[derive(Clone, Copy)]
pub(crate) struct Register(usize);

#[allow(dead_code, reason = "not every board has one")]
impl Register {
    /// The register at this address, which `board.toml` says is one.
    pub(crate) const fn at(address: usize) -> Self {
        Self(address)
    }

    pub(crate) fn read(self) -> u32 {
        // SAFETY: board.toml says that there is a register; build.rs has checked the alignment. No memory that the
        // program owns lies there.
        unsafe { core::ptr::with_exposed_provenance::<u32>(self.0).read_volatile() }
    }

    pub(crate) fn write(self, value: u32) {
        // SAFETY: as in `read`.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(self.0).write_volatile(value) }
    }
}

/// Changes bits of registers: (address, bits to clear, bits to set).
pub(crate) fn set_up(setup: &[(usize, u32, u32)]) {
    for &(address, clear, set) in setup {
        let register = Register::at(address);
        register.write(register.read() & !clear | set);
    }
}
