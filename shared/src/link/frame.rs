//! Frames: a number, a postcard message and a CRC-32, in COBS, ended by a zero byte.

use cobs::{DecodeResult, DecoderState};
use serde::{Deserialize, Serialize};

use crate::format::crc32;

/// The longest frame, its zero byte included.
pub const MAX_FRAME: usize = 256;
/// What COBS leaves of it: one byte of overhead for up to 254 bytes, and the zero byte.
const MAX_PAYLOAD: usize = MAX_FRAME - 2;
const CRC_LEN: usize = 4;

/// A frame that could not be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FrameError {
    /// The message is longer than a frame.
    TooLong,
    /// Not COBS, a wrong CRC, an unknown message, or bytes left over after it.
    Damaged,
}

/// Writes a frame to the start of `out` and returns its length.
///
/// # Errors
///
/// [`FrameError::TooLong`] if the message does not fit in a frame.
pub fn encode<M: Serialize>(number: u16, message: &M, out: &mut [u8; MAX_FRAME]) -> Result<usize, FrameError> {
    let mut payload = [0; MAX_PAYLOAD];
    let room = payload.get_mut(..MAX_PAYLOAD - CRC_LEN).ok_or(FrameError::TooLong)?;
    let len = postcard::to_slice(&(number, message), room).map_err(|_| FrameError::TooLong)?.len();
    let crc = crc32(payload.get(..len).unwrap_or_default()).to_le_bytes();
    payload.get_mut(len..len + CRC_LEN).ok_or(FrameError::TooLong)?.copy_from_slice(&crc);
    let filled = payload.get(..len + CRC_LEN).unwrap_or_default();
    let used = cobs::try_encode(filled, out).map_err(|_| FrameError::TooLong)?;
    *out.get_mut(used).ok_or(FrameError::TooLong)? = 0;
    Ok(used + 1)
}

/// Reads the number and the message of a frame, without its zero byte. The bytes are decoded in place.
///
/// # Errors
///
/// [`FrameError::Damaged`].
pub fn decode<'a, M: Deserialize<'a>>(frame: &'a mut [u8]) -> Result<(u16, M), FrameError> {
    let len = decode_in_place(frame).ok_or(FrameError::Damaged)?;
    let (payload, crc) =
        frame.get(..len).and_then(|payload| payload.split_last_chunk::<CRC_LEN>()).ok_or(FrameError::Damaged)?;
    if crc32(payload) != u32::from_le_bytes(*crc) {
        return Err(FrameError::Damaged);
    }
    match postcard::take_from_bytes(payload) {
        Ok((message, [])) => Ok(message),
        _ => Err(FrameError::Damaged),
    }
}

/// Decodes COBS to the start of the bytes themselves and returns the length; `None` if it is none.
///
/// A byte at a time: the library's way in place indexes, and no compiler sees that it stays within the frame.
fn decode_in_place(frame: &mut [u8]) -> Option<usize> {
    let (mut state, mut len) = (DecoderState::Idle, 0);
    for at in 0..frame.len() {
        let encoded = *frame.get(at)?;
        match state.feed(encoded).ok()? {
            DecodeResult::NoData if encoded != 0 => {}
            DecodeResult::DataContinue(byte) => {
                *frame.get_mut(len)? = byte;
                len += 1;
            }
            // A zero byte, which ends a frame and is in none.
            _ => return None,
        }
    }
    matches!(state.feed(0), Ok(DecodeResult::DataComplete)).then_some(len)
}

/// Collects the bytes of a stream until a frame is complete.
#[derive(Debug)]
pub struct Deframer {
    bytes: [u8; MAX_FRAME],
    len: usize,
}

impl Default for Deframer {
    fn default() -> Self {
        Self::new()
    }
}

impl Deframer {
    /// Waits for the first frame.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; MAX_FRAME], len: 0 }
    }

    /// Takes one byte; at the zero byte of a frame, returns the frame, as [`Deframer::feed`] does.
    pub fn push(&mut self, byte: u8) -> Option<&mut [u8]> {
        self.feed(&mut &[byte][..])
    }

    /// Takes bytes up to the end of a frame, drops them from `bytes`, and returns the frame without its zero byte;
    /// `None` once all bytes are taken.
    ///
    /// Nothing comes of empty frames. Of a frame that is too long comes one byte, 0xff, which is no frame.
    ///
    /// # Example
    ///
    /// ```
    /// use edgefit::link::frame::Deframer;
    ///
    /// let mut deframer = Deframer::new();
    /// let mut bytes = &b"fra"[..];
    /// assert_eq!(deframer.feed(&mut bytes), None);
    /// let mut bytes = &b"me\0\0next"[..];
    /// assert_eq!(deframer.feed(&mut bytes).as_deref(), Some(&b"frame"[..]));
    /// assert_eq!(deframer.feed(&mut bytes), None);
    /// ```
    #[inline]
    pub fn feed(&mut self, bytes: &mut &[u8]) -> Option<&mut [u8]> {
        loop {
            let end = bytes.iter().position(|&byte| byte == 0);
            let (part, rest) = bytes.split_at_checked(end.unwrap_or(bytes.len()))?;
            if let Some(room) = self.bytes.get_mut(self.len..self.len + part.len()) {
                room.copy_from_slice(part);
                self.len += part.len();
            } else {
                self.len = MAX_FRAME;
            }
            *bytes = rest.get(1..).unwrap_or_default();
            end?;
            let len = match core::mem::take(&mut self.len) {
                0 => continue,
                MAX_FRAME => {
                    // Whatever lies there is of this frame or of one before it, as the bytes came.
                    *self.bytes.first_mut()? = 0xff;
                    1
                }
                len => len,
            };
            return self.bytes.get_mut(..len);
        }
    }
}
