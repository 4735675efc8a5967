//! The APB UART of Arm's Cortex-M System Design Kit (DDI 0479, 4.3).

use crate::registers::Register;

const TX_FULL: u32 = 1 << 0;
const RX_FULL: u32 = 1 << 1;
const TX_ENABLE: u32 = 1 << 0;
const RX_ENABLE: u32 = 1 << 1;

/// A serial port.
pub(crate) struct Port {
    data: Register,
    state: Register,
    control: Register,
    divisor: Register,
}

impl Port {
    pub(crate) const fn at(base: usize) -> Self {
        Self {
            data: Register::at(base),
            state: Register::at(base + 0x04),
            control: Register::at(base + 0x08),
            divisor: Register::at(base + 0x10),
        }
    }

    pub(crate) fn turn_on(&self, divisor: u32) {
        self.divisor.write(divisor);
        self.control.write(TX_ENABLE | RX_ENABLE);
    }

    pub(crate) fn put(&self, byte: u8) {
        while self.state.read() & TX_FULL != 0 {}
        self.data.write(byte.into());
    }

    pub(crate) fn get(&self) -> Option<u8> {
        (self.state.read() & RX_FULL != 0).then(|| self.data.read() as u8)
    }
}
