//! The model file: one postcard message from first byte to last. `FORMAT.md` specifies it byte by byte.
//!
//! Sixteen fixed bytes (magic, version, reserved, total length, CRC-32), then the [`Header`], a padding field,
//! and last the arena: one byte slice, 16-aligned in the file, with all tables and weights.

use heapless::Vec;
use serde::{Deserialize, Serialize};

pub use crate::crc::crc32;
use crate::{Error, reader::Reader};

/// The first four bytes of every model file.
pub const MAGIC: [u8; 4] = *b"EDGF";
/// The version of the format that this crate writes, and the newest that it reads.
pub const VERSION: u16 = 1;
/// The length of the fixed part at the start.
pub const PREFIX_LEN: usize = 16;
/// The arena starts at a multiple of this in the file, and the file at a multiple of it in memory.
pub const ALIGNMENT: usize = 16;
/// The most layers a model may have.
pub const MAX_LAYERS: usize = 8;
/// The most classes a model may have.
pub const MAX_CLASSES: usize = 64;
/// The most units a layer may have.
pub const MAX_UNITS: usize = 1_024;
/// The most rows a vocabulary may have.
pub const MAX_ROWS: usize = u16::MAX as usize;

/// What a model file says of itself, before the arena.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header<'a> {
    /// The names of the classes, in order, joined by U+0000.
    pub labels: &'a str,
    /// The value of one unit of the integer logits.
    pub logit_scale: f32,
    /// What the first layer takes.
    pub input: Input,
    /// The layers, first to last.
    pub layers: Vec<LayerHeader, MAX_LAYERS>,
    /// How the model was made.
    #[serde(borrow)]
    pub provenance: Provenance<'a>,
}

/// What the first layer takes. Offsets are relative to the arena.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A bag of words: each distinct word adds its row once.
    Text {
        /// The version of the tokeniser, see [`words::TOKENISER`](crate::words::TOKENISER); with
        /// [`words::FOREIGN`](crate::words::FOREIGN) set where the words are those of another.
        tokeniser: u16,
        /// The seed of the words' hashes.
        seed: u32,
        /// How many words the vocabulary holds.
        words: u32,
        /// Whether one more row, the last, stands for all other words.
        unknown_row: bool,
        /// Where the displacements (u16) are.
        displacements: u32,
        /// Where the fingerprints (u16) are.
        fingerprints: u32,
    },
    /// Numeric features, each a number a document.
    Numbers {
        /// How many there are.
        features: u32,
        /// Where the mean of each (f32) is.
        means: u32,
        /// Where the scale of each (f32) is, see [`Standards`](crate::Standards).
        scales: u32,
    },
}

/// How many bytes a layer takes in the header.
pub(crate) const LAYER_LEN: usize = 19;

/// One layer. Offsets are relative to the arena. Its numbers have a fixed width in the file, so that a layer is found and
/// read in a few instructions, and a model need not hold what it read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerHeader {
    /// How many inputs each unit has.
    #[serde(with = "postcard::fixint::le")]
    pub inputs: u32,
    /// How many units it has.
    #[serde(with = "postcard::fixint::le")]
    pub units: u32,
    /// How many bits a weight uses: 4 (two in a byte), 8, or 9 to 16 (stored as i16).
    pub bits: u8,
    /// The largest activation that it hands on; 0 for the last layer, which gives logits.
    #[serde(with = "postcard::fixint::le")]
    pub activation_max: u16,
    /// Where the weights are.
    #[serde(with = "postcard::fixint::le")]
    pub weights: u32,
    /// Where the units' records are: bias (i32), multiplier (i32) and shift (u32) of each.
    #[serde(with = "postcard::fixint::le")]
    pub records: u32,
}

/// How a model was made. Nothing in it changes what the model answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance<'a> {
    /// The name of the recipe.
    pub recipe: &'a str,
    /// The seed of the run.
    pub seed: u64,
    /// The epoch whose weights these are, counted from 1.
    pub epoch: u32,
    /// The protocol of the run: `article` or `held-out`.
    pub protocol: &'a str,
    /// The name of the dataset.
    pub dataset: &'a str,
    /// The SHA-256 of the dataset.
    pub dataset_sha256: [u8; 32],
    /// The accuracy of the float network on the test documents.
    pub float_accuracy: f32,
    /// The accuracy of this file on the test documents.
    pub integer_accuracy: f32,
    /// The version of edgefit that wrote the file.
    pub edgefit: &'a str,
}

/// Bytes that start at a multiple of [`ALIGNMENT`], as [`Model::from_bytes`](crate::Model::from_bytes) wants them.
///
/// ```
/// use edgefit::Aligned;
///
/// static MODEL: Aligned<[u8; 4]> = Aligned(*b"EDGF"); // or Aligned(*include_bytes!("model.edgefit"))
/// assert_eq!(MODEL.0.as_ptr().align_offset(16), 0);
/// ```
#[derive(Debug, Clone, Copy)]
#[repr(C, align(16))]
pub struct Aligned<T: ?Sized>(pub T);

/// The parts of a file whose prefix and framing have been checked.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    /// The names of the classes, joined by U+0000.
    pub(crate) labels: &'a [u8],
    pub(crate) logit_scale: f32,
    pub(crate) input: Input,
    pub(crate) layers: &'a [[u8; LAYER_LEN]],
    pub(crate) arena: &'a [u8],
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Error> {
    bytes.get(at..at + N).and_then(|field| field.try_into().ok()).ok_or(Error::TooShort)
}

/// The total length that the prefix of a file states.
///
/// # Errors
///
/// [`Error::TooShort`], [`Error::BadMagic`], [`Error::NewerVersion`], and [`Error::BadHeader`] for version 0, which
/// never was: there is no file here that can be read.
pub fn stated_len(bytes: &[u8]) -> Result<usize, Error> {
    if field(bytes, 0)? != MAGIC {
        return Err(Error::BadMagic);
    }
    let length = u32::from_le_bytes(field(bytes, 8)?);
    match u16::from_le_bytes(field(bytes, 4)?) {
        VERSION => Ok(length as usize),
        0 => Err(Error::BadHeader),
        _ => Err(Error::NewerVersion),
    }
}

/// The CRC-32 that the prefix of a file states, 0 if there is no whole prefix.
pub(crate) fn stated_crc(bytes: &[u8]) -> u32 {
    field(bytes, 12).map_or(0, u32::from_le_bytes)
}

/// Splits a file into its parts, after magic, version, length and CRC have been checked, in this order.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parts<'_>, Error> {
    if stated_len(bytes)? != bytes.len() {
        return Err(Error::BadLength);
    }
    let body = bytes.get(PREFIX_LEN..).ok_or(Error::TooShort)?;
    if crc32(body) != stated_crc(bytes) {
        return Err(Error::BadCrc);
    }
    if field(bytes, 6)? != [0, 0] {
        return Err(Error::BadHeader);
    }
    if bytes.as_ptr().align_offset(ALIGNMENT) != 0 {
        return Err(Error::Misaligned);
    }
    let mut reader = Reader::new(body);
    let (labels, logit_scale, input, layers) = (reader.text(), reader.f32(), reader.input(), reader.layers());
    reader.skip_provenance();
    let (padding, arena) = (reader.slice(), reader.slice());
    let is_canonical = padding.len() < ALIGNMENT && padding.iter().all(|&byte| byte == 0);
    if reader.failed() || !reader.is_at_end() || !is_canonical {
        return Err(Error::BadHeader);
    }
    if arena.as_ptr().align_offset(ALIGNMENT) != 0 {
        return Err(Error::Misaligned);
    }
    Ok(Parts { labels, logit_scale, input, layers, arena })
}

/// Writes a whole file to the start of `out` and returns its length.
///
/// What is written is not validated: load it with [`Model::from_bytes`](crate::Model::from_bytes) before use.
///
/// # Errors
///
/// [`Error::TooShort`] if `out` has no room: [`PREFIX_LEN`], the header, 32 bytes and the arena are enough.
/// [`Error::BadLength`] if the file would be longer than a u32 can say.
pub fn write(header: &Header<'_>, arena: &[u8], out: &mut [u8]) -> Result<usize, Error> {
    const ZEROS: [u8; ALIGNMENT] = [0; ALIGNMENT];
    let mut end = PREFIX_LEN;
    end += put(header, out, end)?;
    // The padding field is its length (one byte) and as many zeros; the arena's own length field follows it.
    let before_arena = end + 1 + varint_len(arena.len());
    let padding = before_arena.next_multiple_of(ALIGNMENT) - before_arena;
    end += put(&ZEROS.get(..padding).unwrap_or_default(), out, end)?;
    end += put(&arena, out, end)?;

    let body = out.get(PREFIX_LEN..end).ok_or(Error::TooShort)?;
    let crc = crc32(body).to_le_bytes();
    let length = u32::try_from(end).map_err(|_| Error::BadLength)?.to_le_bytes();
    let version = VERSION.to_le_bytes();
    let prefix = MAGIC.iter().chain(&version).chain(&[0, 0]).chain(&length).chain(&crc);
    for (out, &byte) in out.iter_mut().zip(prefix) {
        *out = byte;
    }
    Ok(end)
}

fn put<T: Serialize + ?Sized>(value: &T, out: &mut [u8], at: usize) -> Result<usize, Error> {
    let room = out.get_mut(at..).ok_or(Error::TooShort)?;
    postcard::to_slice(value, room).map(|used| used.len()).map_err(|_| Error::TooShort)
}

/// How many bytes postcard's varint takes for `n`: seven bits a byte.
const fn varint_len(n: usize) -> usize {
    let bits = usize::BITS - n.leading_zeros();
    if bits == 0 { 1 } else { bits.div_ceil(7) as usize }
}
