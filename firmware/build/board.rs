//! What the image needs of a `board.toml`; the rest is for the host.

use serde::Deserialize;

/// The facts of a board.
#[derive(Deserialize)]
pub(crate) struct Board {
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) transport: String,
    /// What the chip needs before the image: `rp2040` or `rp2350`.
    pub(crate) boot: Option<String>,
    pub(crate) flash: Flash,
    pub(crate) model: Region,
    pub(crate) ram: Region,
    pub(crate) scratch: Scratch,
    pub(crate) uart: Option<Uart>,
    /// Bits of registers to change before anything else, in order.
    #[serde(default)]
    pub(crate) setup: Vec<Setup>,
}

/// The flash that the image lies in.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Flash {
    #[serde(flatten)]
    pub(crate) region: Region,
    pub(crate) erase_size: u32,
}

/// A range of addresses.
#[derive(Deserialize)]
pub(crate) struct Region {
    pub(crate) origin: u32,
    pub(crate) length: u32,
}

/// The largest model that the image has room for.
#[derive(Deserialize)]
pub(crate) struct Scratch {
    pub(crate) rows: u32,
    pub(crate) units: u32,
}

/// Two serial ports of one kind.
#[derive(Deserialize)]
pub(crate) struct Uart {
    pub(crate) kind: String,
    /// The address of the port for the link.
    pub(crate) link: u32,
    /// The address of the port for the logs.
    pub(crate) logs: u32,
    /// What the baud rate register gets.
    pub(crate) divisor: u32,
}

/// Bits of a register to change.
#[derive(Deserialize)]
pub(crate) struct Setup {
    pub(crate) register: u32,
    #[serde(default)]
    pub(crate) clear: u32,
    #[serde(default)]
    pub(crate) set: u32,
}

impl Region {
    pub(crate) fn end(&self) -> u64 {
        u64::from(self.origin) + u64::from(self.length)
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        u64::from(self.origin) < other.end() && u64::from(other.origin) < self.end()
    }
}
