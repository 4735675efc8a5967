//! Ring buffers in RAM that the debug probe reads and writes while the core runs: channel 0 up for the logs, channel
//! 1 up and down for the link.

use rtt_target::{ChannelMode, DownChannel, UpChannel, rtt_init, set_defmt_channel};

use super::{Error, Transport};

/// Both ways of channel 1.
pub(crate) struct Chosen {
    from_host: DownChannel,
    to_host: UpChannel,
}

/// Makes the control block that the host looks for.
#[allow(unsafe_code, clippy::unnecessary_wraps, reason = "the macro's; other transports can fail")]
pub(crate) fn open() -> Result<Chosen, Error> {
    let channels = rtt_init! {
        up: {
            // Logs that nobody reads are dropped.
            0: { size: 512, mode: ChannelMode::NoBlockSkip, name: "defmt" }
            // Answers are asked for: somebody reads.
            1: { size: 512, mode: ChannelMode::BlockIfFull, name: "link" }
        }
        down: {
            0: { size: 16, name: "unused" }
            1: { size: 512, name: "link" }
        }
    };
    set_defmt_channel(channels.up.0);
    Ok(Chosen { from_host: channels.down.1, to_host: channels.up.1 })
}

/// There is nothing to return to.
pub(crate) fn end(_code: i32) -> ! {
    crate::arch::idle()
}

impl Transport for Chosen {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.from_host.read(into) {
                0 => core::hint::spin_loop(),
                len => return Ok(len),
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.to_host.write(bytes);
        Ok(())
    }
}
