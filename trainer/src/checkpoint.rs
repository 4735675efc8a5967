//! Values in files of their own: postcard, with a CRC-32 at the end.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, Result, files};

/// Writes a value, whole or not at all.
///
/// # Errors
///
/// What the system says.
pub fn write<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let mut bytes = postcard::to_stdvec(value).expect("plain data in memory always encodes");
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    files::write(path, &bytes)
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
