//! Values in files of their own: postcard, with a CRC-32 at the end.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result, files};

/// Counts what passes into a CRC, and keeps the error that postcard would swallow.
struct Sealed<W> {
    inner: W,
    crc: crc32fast::Hasher,
    error: Option<io::Error>,
}

impl<W: Write> Write for Sealed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.inner.write(bytes) {
            Ok(written) => {
                self.crc.update(&bytes[..written]);
                Ok(written)
            }
            Err(error) => {
                let kind = error.kind();
                self.error = Some(error);
                Err(kind.into())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Writes a value, whole or not at all.
///
/// # Errors
///
/// What the system says.
pub fn write<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    files::write_with(path, |file| {
        let mut sealed = Sealed { inner: BufWriter::new(file), crc: crc32fast::Hasher::new(), error: None };
        if let Err(error) = postcard::to_io(value, &mut sealed) {
            return Err(sealed.error.unwrap_or_else(|| io::Error::other(error)));
        }
        let Sealed { mut inner, crc, .. } = sealed;
        inner.write_all(&crc.finalize().to_le_bytes())?;
        inner.flush()
    })
}

/// Reads a value that [`write()`] wrote.
///
/// # Errors
///
/// A file that cannot be read, was damaged, or holds something else.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    bytes
        .split_last_chunk()
        .filter(|(value, crc)| crc32fast::hash(value) == u32::from_le_bytes(**crc))
        .and_then(|(value, _)| postcard::from_bytes(value).ok())
        .ok_or_else(|| Error::input(path.display(), "the file is damaged or cut short", "train the run again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_and_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value");
        write(&path, &vec![1.5f32, -2.0]).unwrap();
        assert_eq!(read::<Vec<f32>>(&path).unwrap(), [1.5, -2.0]);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[3] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(read::<Vec<f32>>(&path).unwrap_err().to_string().contains("damaged"));
        std::fs::write(&path, &bytes[..2]).unwrap();
        assert!(read::<Vec<f32>>(&path).is_err());
    }
}
