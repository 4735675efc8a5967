//! The USART of the STM32F1, F2 and F4 (RM0090, 30.6). Clocks and pins are set up by `board.toml`.

use crate::registers::Register;

const RX_NOT_EMPTY: u32 = 1 << 5;
const TX_EMPTY: u32 = 1 << 7;
const RX_ENABLE: u32 = 1 << 2;
const TX_ENABLE: u32 = 1 << 3;
const ENABLE: u32 = 1 << 13;

/// A serial port.
pub(crate) struct Port {
    status: Register,
    data: Register,
    divisor: Register,
    control: Register,
}

impl Port {
    pub(crate) const fn at(base: usize) -> Self {
        Self {
            status: Register::at(base),
            data: Register::at(base + 0x04),
            divisor: Register::at(base + 0x08),
            control: Register::at(base + 0x0c),
        }
    }

    pub(crate) fn turn_on(&self, divisor: u32) {
        self.divisor.write(divisor);
        self.control.write(ENABLE | TX_ENABLE | RX_ENABLE);
    }

    pub(crate) fn put(&self, byte: u8) {
        while self.status.read() & TX_EMPTY == 0 {}
        self.data.write(byte.into());
    }

    /// Reading the status and then the data also clears an overrun, which costs the frame its CRC.
    pub(crate) fn get(&self) -> Option<u8> {
        (self.status.read() & RX_NOT_EMPTY != 0).then(|| self.data.read() as u8)
    }
}
