//! RTT, the host's side: ring buffers in the RAM of a running board, read and written by its debug probe.
//!
//! A control block (SEGGER, "Real Time Transfer", UM08001, chapter 16) somewhere in RAM opens with a fixed name; after it
//! come two counts and one descriptor of six words for each buffer up (to the host), then for each buffer down.

use std::io;

use super::facts::Region;

/// How a control block begins.
const NAME: &[u8; 16] = b"SEGGER RTT\0\0\0\0\0\0";
/// The bytes of a descriptor.
const DESCRIPTOR: u64 = 24;
/// More buffers than anybody has: a control block with more is none.
const MANY: u32 = 64;
/// How much is read at once while the control block is looked for.
const CHUNK: u64 = 1_024;

/// The memory of a board.
pub(super) trait Memory {
    /// Reads bytes from an address on.
    fn read(&mut self, address: u64, into: &mut [u8]) -> io::Result<()>;
    /// Writes bytes from an address on.
    fn write(&mut self, address: u64, bytes: &[u8]) -> io::Result<()>;
}

/// A word of memory.
fn word(memory: &mut impl Memory, address: u64) -> io::Result<u32> {
    let mut bytes = [0; 4];
    memory.read(address, &mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// The buffers of a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rtt {
    up: Vec<Channel>,
    down: Vec<Channel>,
}

/// One ring buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Channel {
    buffer: u64,
    size: u32,
    /// Where the offsets are kept of the next byte to be written, and to be read.
    write_at: u64,
    read_at: u64,
}

impl Rtt {
    /// Looks for the control block in RAM; `None` if there is none yet.
    pub(super) fn find(memory: &mut impl Memory, ram: &Region) -> io::Result<Option<Self>> {
        let (mut at, end) = (u64::from(ram.origin), u64::from(ram.origin) + u64::from(ram.length));
        while at + NAME.len() as u64 <= end {
            let mut chunk = vec![0; (end - at).min(CHUNK + NAME.len() as u64) as usize];
            memory.read(at, &mut chunk)?;
            // It is a static of words, so it lies at a multiple of four.
            for offset in (0..=chunk.len() - NAME.len()).step_by(4) {
                if chunk[offset..].starts_with(NAME)
                    && let Some(found) = Self::at(memory, at + offset as u64, ram)?
                {
                    return Ok(Some(found));
                }
            }
            at += CHUNK;
        }
        Ok(None)
    }

    fn at(memory: &mut impl Memory, block: u64, ram: &Region) -> io::Result<Option<Self>> {
        let (ups, downs) = (word(memory, block + 16)?, word(memory, block + 20)?);
        if ups > MANY || downs > MANY {
            return Ok(None);
        }
        let mut channels = Vec::new();
        for i in 0..u64::from(ups + downs) {
            let descriptor = block + 24 + i * DESCRIPTOR;
            let (buffer, size) = (u64::from(word(memory, descriptor + 4)?), word(memory, descriptor + 8)?);
            // A buffer that is not there yet, or that lies elsewhere: the block is a copy or not ready.
            let (start, end) = (u64::from(ram.origin), u64::from(ram.origin) + u64::from(ram.length));
            if size > 0 && !(buffer >= start && buffer + u64::from(size) <= end) {
                return Ok(None);
            }
            channels.push(Channel { buffer, size, write_at: descriptor + 12, read_at: descriptor + 16 });
        }
        let down = channels.split_off(ups as usize);
        Ok(Some(Self { up: channels, down }))
    }

    /// Takes what the board has written to a buffer.
    pub(super) fn read(&self, memory: &mut impl Memory, number: usize) -> io::Result<Vec<u8>> {
        let channel = channel(&self.up, number)?;
        let (write, read) = channel.offsets(memory)?;
        let parts = if read <= write { [read..write, 0..0] } else { [read..channel.size, 0..write] };
        let mut taken = Vec::new();
        for part in parts {
            let from = taken.len();
            taken.resize(from + part.len(), 0);
            memory.read(channel.buffer + u64::from(part.start), &mut taken[from..])?;
        }
        // Only now may the board write there again.
        memory.write(channel.read_at, &write.to_le_bytes())?;
        Ok(taken)
    }

    /// Puts as many bytes as there is room for into a buffer and returns how many.
    pub(super) fn write(&self, memory: &mut impl Memory, number: usize, bytes: &[u8]) -> io::Result<usize> {
        let channel = channel(&self.down, number)?;
        let (write, read) = channel.offsets(memory)?;
        // One place stays empty, or a full buffer would look like an empty one.
        let room = (read + channel.size - write - 1) % channel.size;
        let bytes = &bytes[..bytes.len().min(room as usize)];
        let (first, second) = bytes.split_at(bytes.len().min((channel.size - write) as usize));
        memory.write(channel.buffer + u64::from(write), first)?;
        memory.write(channel.buffer, second)?;
        // Only now may the board read it.
        let end = (write + bytes.len() as u32) % channel.size;
        memory.write(channel.write_at, &end.to_le_bytes())?;
        Ok(bytes.len())
    }
}

fn channel(channels: &[Channel], number: usize) -> io::Result<&Channel> {
    let missing = || io::Error::new(io::ErrorKind::NotFound, format!("the board has no RTT channel {number}"));
    channels.get(number).filter(|channel| channel.size > 0).ok_or_else(missing)
}

impl Channel {
    fn offsets(&self, memory: &mut impl Memory) -> io::Result<(u32, u32)> {
        let (write, read) = (word(memory, self.write_at)?, word(memory, self.read_at)?);
        if write < self.size && read < self.size {
            return Ok((write, read));
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "an RTT buffer of the board has been overwritten"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAM: Region = Region { origin: 0x2000_0000, length: 0x2000 };
    const BLOCK: usize = 0x7f8;
    const BUFFERS: usize = 0x1000;

    /// RAM with a control block that straddles two of the pieces that are searched.
    struct Fake(Vec<u8>);

    impl Memory for Fake {
        fn read(&mut self, address: u64, into: &mut [u8]) -> io::Result<()> {
            let at = (address - u64::from(RAM.origin)) as usize;
            let bytes = self.0.get(at..at + into.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            into.copy_from_slice(bytes);
            Ok(())
        }

        fn write(&mut self, address: u64, bytes: &[u8]) -> io::Result<()> {
            let at = (address - u64::from(RAM.origin)) as usize;
            self.0.get_mut(at..at + bytes.len()).ok_or(io::ErrorKind::UnexpectedEof)?.copy_from_slice(bytes);
            Ok(())
        }
    }

    impl Fake {
        fn new() -> Self {
            let mut fake = Self(vec![0xa5; RAM.length as usize]);
            fake.0[0x100..0x110].copy_from_slice(NAME);
            fake.0[BLOCK..BLOCK + 16].copy_from_slice(NAME);
            fake.put(BLOCK + 16, 2);
            fake.put(BLOCK + 20, 2);
            for (i, size) in [64, 16, 0, 16].into_iter().enumerate() {
                let address = RAM.origin + (BUFFERS + 64 * i) as u32;
                let descriptor = [0, if size == 0 { 0 } else { address }, size, 0, 0, 2];
                descriptor.iter().enumerate().for_each(|(j, &word)| fake.put(BLOCK + 24 + 24 * i + 4 * j, word));
            }
            fake
        }

        fn put(&mut self, at: usize, word: u32) {
            self.0[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }

        fn get(&self, at: usize) -> u32 {
            u32::from_le_bytes(self.0[at..at + 4].try_into().unwrap())
        }

        /// What a board does to send bytes up or to take bytes that came down.
        fn board_sends(&mut self, number: usize, bytes: &[u8]) {
            let at = BLOCK + 24 + 24 * number;
            for &byte in bytes {
                let (size, write) = (self.get(at + 8), self.get(at + 12));
                self.0[BUFFERS + 64 * number + write as usize] = byte;
                self.put(at + 12, (write + 1) % size);
                assert_ne!(self.get(at + 12), self.get(at + 16), "the buffer is full");
            }
        }

        fn board_takes(&mut self, number: usize) -> Vec<u8> {
            let at = BLOCK + 24 + 24 * (2 + number);
            let mut taken = Vec::new();
            while self.get(at + 12) != self.get(at + 16) {
                let read = self.get(at + 16);
                taken.push(self.0[BUFFERS + 64 * (2 + number) + read as usize]);
                self.put(at + 16, (read + 1) % self.get(at + 8));
            }
            taken
        }
    }

    #[test]
    fn the_control_block_is_found_and_what_only_looks_like_one_is_not() {
        let mut memory = Fake::new();
        let rtt = Rtt::find(&mut memory, &RAM).unwrap().expect("the second of the two names");
        assert_eq!((rtt.up.len(), rtt.down.len()), (2, 2));
        assert_eq!(rtt.up[1].buffer, u64::from(RAM.origin) + BUFFERS as u64 + 64);
        memory.0[BLOCK] = 0;
        assert_eq!(Rtt::find(&mut memory, &RAM).unwrap(), None);
    }

    #[test]
    fn bytes_go_round_the_rings_in_order_and_never_over_what_was_not_taken() {
        let mut memory = Fake::new();
        let rtt = Rtt::find(&mut memory, &RAM).unwrap().unwrap();
        let all: Vec<u8> = (0..=255).collect();
        let mut up = Vec::new();
        for part in all.chunks(11) {
            memory.board_sends(1, part);
            up.extend(rtt.read(&mut memory, 1).unwrap());
        }
        assert_eq!(up, all);
        assert_eq!(rtt.read(&mut memory, 1).unwrap(), b"");
        let (mut down, mut rest) = (Vec::new(), &all[..]);
        while !rest.is_empty() {
            let len = rtt.write(&mut memory, 1, rest).unwrap();
            assert!((1..16).contains(&len));
            assert_eq!(rtt.write(&mut memory, 1, &rest[len..]).unwrap(), 0, "it is full");
            rest = &rest[len..];
            down.extend(memory.board_takes(1));
        }
        assert_eq!(down, all);
    }

    #[test]
    fn a_missing_channel_and_an_overwritten_one_are_errors() {
        let mut memory = Fake::new();
        let rtt = Rtt::find(&mut memory, &RAM).unwrap().unwrap();
        assert_eq!(rtt.write(&mut memory, 0, b"x").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(rtt.read(&mut memory, 7).unwrap_err().kind(), io::ErrorKind::NotFound);
        memory.put(BLOCK + 24 + 24 + 12, 16);
        assert_eq!(rtt.read(&mut memory, 1).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
