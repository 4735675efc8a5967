//! `f32` vectors as one run of bytes in checkpoints, little endian: as fast as the disk, where serde would go one by one.
//!
//! Used as `#[serde(with = "crate::floats")]`.

use std::fmt;

use serde::{Deserializer, Serializer, de};

pub(crate) fn serialize<S: Serializer>(values: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
    if cfg!(target_endian = "little") {
        return serializer.serialize_bytes(bytemuck::cast_slice(values));
    }
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    serializer.serialize_bytes(&bytes)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
    struct Bytes;

    impl de::Visitor<'_> for Bytes {
        type Value = Vec<f32>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the bytes of f32 values")
        }

        fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
            match bytes.as_chunks() {
                (values, []) => Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect()),
                _ => Err(E::invalid_length(bytes.len(), &self)),
            }
        }
    }

    deserializer.deserialize_bytes(Bytes)
}
