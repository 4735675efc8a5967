//! CRC-32/ISO-HDLC, the checksum of Ethernet and zip.

/// The remainders of the sixteen values of half a byte: 64 bytes of flash, where a table for whole bytes takes 1,024.
static REMAINDERS: [u32; 16] = remainders();

const fn remainders() -> [u32; 16] {
    /// 0x04c11db7, the lowest bit first.
    const POLYNOMIAL: u32 = 0xedb8_8320;
    let mut table = [0; 16];
    let mut value = 0;
    while value < 16 {
        let (mut crc, mut bit) = (value as u32, 0);
        while bit < 4 {
            crc = if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[value] = crc;
        value += 1;
    }
    table
}

/// Divides a half byte away, the lowest.
#[inline]
fn half(crc: u32) -> u32 {
    REMAINDERS[crc as usize % REMAINDERS.len()] ^ crc >> 4
}

/// Divides a byte away.
#[inline]
fn byte(crc: u32) -> u32 {
    half(half(crc))
}

/// The CRC-32 (ISO-HDLC) of `bytes`.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    let (pairs, rest) = bytes.as_chunks();
    let mut crc = !0;
    for pair in pairs {
        // Spelt out, so that a compiler that saves space does not make a loop of it.
        crc = byte(byte(crc ^ u32::from(u16::from_le_bytes(*pair))));
    }
    for &last in rest {
        crc = byte(crc ^ u32::from(last));
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_check_value_of_the_catalogue_comes_out() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    proptest! {
        #[test]
        fn it_is_that_of_the_library(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(crc32(&bytes), crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC).checksum(&bytes));
        }
    }
}
