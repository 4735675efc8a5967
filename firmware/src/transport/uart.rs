//! Two serial ports, polled: one for the link, one for the logs. The link begins with a zero byte, an empty frame, so
//! that the host knows when the receiver is on.

#[cfg(uart = "cmsdk")]
mod cmsdk;
mod logger;
#[cfg(uart = "stm32")]
mod stm32;

#[cfg(uart = "cmsdk")]
use cmsdk::Port;
#[cfg(uart = "stm32")]
use stm32::Port;

use super::{Error, Transport};
use crate::board::{UART_DIVISOR, UART_LINK, UART_LOGS};

/// The port of the link.
pub(crate) struct Chosen(Port);

/// The port of the logs; the logger has it for itself.
const LOGS: Port = Port::at(UART_LOGS);

/// Turns both ports on.
#[allow(clippy::unnecessary_wraps, reason = "other transports can fail")]
pub(crate) fn open() -> Result<Chosen, Error> {
    LOGS.turn_on(UART_DIVISOR);
    let link = Port::at(UART_LINK);
    link.turn_on(UART_DIVISOR);
    link.put(0);
    Ok(Chosen(link))
}

/// There is nothing to return to. Another zero byte says that there is nothing more to log.
pub(crate) fn end(_code: i32) -> ! {
    Port::at(UART_LINK).put(0);
    crate::arch::idle()
}

impl Transport for Chosen {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let mut len = 0;
        while let Some(place) = into.get_mut(len) {
            match self.0.get() {
                Some(byte) => {
                    *place = byte;
                    len += 1;
                }
                None if len > 0 => break,
                None => core::hint::spin_loop(),
            }
        }
        Ok(len)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for &byte in bytes {
            self.0.put(byte);
        }
        Ok(())
    }
}
