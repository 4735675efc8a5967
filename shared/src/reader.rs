//! Reads the header of a model file, and what frames it, from their postcard bytes.
//!
//! A derived reader would do the same for several kilobytes more of flash and stack. Its tests hold this one
//! against it.

use heapless::Vec;

use crate::format::{Header, Input, LAYER_LEN, LayerHeader, MAX_LAYERS, Provenance};

/// Takes values from the front of bytes.
///
/// After the first thing that cannot be read, every value is 0 or empty and [`Reader::failed`] says so: one look at the
/// end takes the place of one look a value.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    failed: bool,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, failed: false }
    }

    /// Whether anything could not be read.
    pub(crate) const fn failed(&self) -> bool {
        self.failed
    }

    /// Whether all has been read.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    fn fail(&mut self) {
        *self = Self { rest: &[], failed: true };
    }

    fn byte(&mut self) -> u8 {
        if let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            return byte;
        }
        self.fail();
        0
    }

    #[inline(never)]
    fn take(&mut self, len: usize) -> &'a [u8] {
        if let Some((taken, rest)) = self.rest.split_at_checked(len) {
            self.rest = rest;
            return taken;
        }
        self.fail();
        &[]
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.take(N).try_into().unwrap_or([0; N])
    }

    /// A varint of a type of `bits` bits: seven bits a byte, the lowest first. Of more than 32 bits, the lowest 32.
    #[inline(never)]
    fn varint(&mut self, bits: u32) -> u32 {
        let mut value = 0;
        for at in (0..bits).step_by(7) {
            let byte = self.byte();
            value |= u32::from(byte & 0x7f).checked_shl(at).unwrap_or(0);
            if byte < 0x80 {
                // What the last byte holds beyond the type must be 0.
                if at + 7 > bits && byte >> (bits - at) != 0 {
                    break;
                }
                return value;
            }
        }
        self.fail();
        0
    }

    fn u16(&mut self) -> u16 {
        self.varint(16) as u16
    }

    pub(crate) fn u32(&mut self) -> u32 {
        self.varint(32)
    }

    /// The loader passes over the one there is, see [`Self::skip_provenance`].
    fn u64(&mut self) -> u64 {
        let mut ahead = self.clone();
        self.varint(64);
        let bytes = ahead.take(ahead.rest.len() - self.rest.len());
        bytes.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f))
    }

    pub(crate) fn f32(&mut self) -> f32 {
        f32::from_le_bytes(self.array())
    }

    /// A byte that is 0 or 1, as a varint of one bit is.
    fn bool(&mut self) -> bool {
        self.varint(1) != 0
    }

    /// A byte slice: its length, then its bytes.
    pub(crate) fn slice(&mut self) -> &'a [u8] {
        let len = self.u32();
        self.take(len as usize)
    }

    /// The bytes of a string, which are UTF-8.
    pub(crate) fn text(&mut self) -> &'a [u8] {
        let bytes = self.slice();
        if !is_utf8(bytes) {
            self.fail();
        }
        bytes
    }

    /// A string. Not for the loader: the library's check of UTF-8 is larger than all of this.
    pub(crate) fn str(&mut self) -> &'a str {
        core::str::from_utf8(self.slice()).unwrap_or_else(|_| {
            self.fail();
            ""
        })
    }

    /// The whole header.
    pub(crate) fn header(&mut self) -> Header<'a> {
        Header {
            labels: self.str(),
            logit_scale: self.f32(),
            input: self.input(),
            layers: self.layer_headers(),
            provenance: Provenance {
                recipe: self.str(),
                seed: self.u64(),
                epoch: self.u32(),
                protocol: self.str(),
                dataset: self.str(),
                dataset_sha256: self.array(),
                float_accuracy: self.f32(),
                integer_accuracy: self.f32(),
                edgefit: self.str(),
            },
        }
    }

    /// The layers, each decoded. They are no more than there is room for, which [`Self::layers`] has seen to.
    fn layer_headers(&mut self) -> Vec<LayerHeader, MAX_LAYERS> {
        let mut headers = Vec::new();
        for bytes in self.layers() {
            // To collect them would panic where there is no room, for all that the compiler knows.
            let _ = headers.push(LayerHeader::of(bytes));
        }
        headers
    }

    /// Passes over the provenance.
    pub(crate) fn skip_provenance(&mut self) {
        self.text();
        self.varint(64);
        self.u32();
        self.text();
        self.text();
        self.take(32 + 4 + 4);
        self.text();
    }

    pub(crate) fn input(&mut self) -> Input {
        match self.u32() {
            0 => Input::Text {
                tokeniser: self.u16(),
                seed: self.u32(),
                words: self.u32(),
                unknown_row: self.bool(),
                displacements: self.u32(),
                fingerprints: self.u32(),
            },
            variant => {
                if variant != 1 {
                    self.fail();
                }
                Input::Numbers { features: self.u32(), means: self.u32(), scales: self.u32() }
            }
        }
    }

    /// The layers, each as its bytes.
    pub(crate) fn layers(&mut self) -> &'a [[u8; LAYER_LEN]] {
        let count = self.u32() as usize;
        if count > MAX_LAYERS {
            self.fail();
        }
        self.take(count.saturating_mul(LAYER_LEN)).as_chunks().0
    }
}

impl LayerHeader {
    /// A layer from its bytes.
    #[inline]
    #[allow(clippy::many_single_char_names, reason = "a name a byte")]
    pub(crate) const fn of(bytes: &[u8; LAYER_LEN]) -> Self {
        let &[a, b, c, d, e, f, g, h, bits, i, j, k, l, m, n, o, p, q, r] = bytes;
        Self {
            inputs: u32::from_le_bytes([a, b, c, d]),
            units: u32::from_le_bytes([e, f, g, h]),
            bits,
            activation_max: u16::from_le_bytes([i, j]),
            weights: u32::from_le_bytes([k, l, m, n]),
            records: u32::from_le_bytes([o, p, q, r]),
        }
    }
}

/// Whether bytes are UTF-8: in a tenth of the library's code, and not as fast.
fn is_utf8(bytes: &[u8]) -> bool {
    let mut bytes = bytes.iter();
    while let Some(&first) = bytes.next() {
        let (rest, least) = match first {
            0x00..0x80 => continue,
            0xc0..0xe0 => (1, 0x80),
            0xe0..0xf0 => (2, 0x800),
            0xf0..0xf8 => (3, 0x1_0000),
            _ => return false,
        };
        let mut point = u32::from(first) & (0x3f >> rest);
        for _ in 0..rest {
            match bytes.next() {
                Some(&next @ 0x80..0xc0) => point = point << 6 | u32::from(next & 0x3f),
                _ => return false,
            }
        }
        // Not the surrogates, U+D800 to U+DFFF.
        if point < least || point > 0x10_ffff || point >> 11 == 0x1b {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests;
