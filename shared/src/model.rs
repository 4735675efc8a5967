//! A validated model, read in place.

use core::slice;

use bytemuck::AnyBitPattern;

use crate::{
    Error, Layer, Standards,
    format::{self, Header, Input, LAYER_LEN, LayerHeader, MAX_CLASSES, MAX_ROWS, MAX_UNITS, PREFIX_LEN, Parts},
    layer::{Store, Takes, weight_bytes},
    numeric::INPUT_MAX,
    reader::Reader,
    vocabulary::{self, Vocabulary},
    words::{FOLDING, FOREIGN, TOKENISER},
};

/// A model file that has been validated once, as a whole; inference on it cannot fail.
///
/// It borrows the bytes: on a board they stay in flash.
#[derive(Debug, Clone)]
pub struct Model<'a> {
    bytes: &'a [u8],
    source: Source<'a>,
    layers: Layers<'a>,
    logit_scale: f32,
}

/// What the first layer takes, as tables.
#[derive(Debug, Clone)]
// By a word, so that a model is moved word by word.
#[repr(u32)]
enum Source<'a> {
    Text(Vocabulary<'a>),
    Numbers(Standards<'a>),
}

impl<'a> Model<'a> {
    /// Validates the bytes of one model file, which must be exactly as long as the file says.
    ///
    /// The bytes must start at a multiple of 16, see [`Aligned`](crate::Aligned).
    ///
    /// # Errors
    ///
    /// Every way in which the bytes are not a sound model has its variant of [`Error`].
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, Error> {
        let parts = format::parse(bytes)?;
        let source = source(&parts.input, parts.arena)?;
        check(&source, &parts)?;
        let layers =
            Layers { headers: parts.layers.iter(), arena: parts.arena, rows: matches!(source, Source::Text(_)) };
        // Made at once, so that it is not moved.
        Ok(Self { bytes, source, layers, logit_scale: parts.logit_scale })
    }

    /// Like [`Model::from_bytes`], for a flash region that is longer than the file: cut by the file's length.
    ///
    /// # Errors
    ///
    /// As [`Model::from_bytes`]; [`Error::BadLength`] if the file would reach past the region.
    pub fn from_region(region: &'a [u8]) -> Result<Self, Error> {
        let len = format::stated_len(region)?;
        Self::from_bytes(region.get(..len).ok_or(Error::BadLength)?)
    }

    /// The header, after the prefix.
    fn reader(&self) -> Reader<'a> {
        Reader::new(self.bytes.get(PREFIX_LEN..).unwrap_or_default())
    }

    /// What the file says of itself, decoded when it is asked for: a model holds what inference needs.
    #[must_use]
    pub fn header(&self) -> Header<'a> {
        self.reader().header()
    }

    /// The value of one unit of the integer logits.
    #[must_use]
    pub const fn logit_scale(&self) -> f32 {
        self.logit_scale
    }

    /// The vocabulary of a model of text.
    #[must_use]
    pub const fn vocabulary(&self) -> Option<&Vocabulary<'a>> {
        match &self.source {
            Source::Text(vocabulary) => Some(vocabulary),
            Source::Numbers(_) => None,
        }
    }

    /// How a model of numbers standardises them.
    #[must_use]
    pub const fn standards(&self) -> Option<&Standards<'a>> {
        match &self.source {
            Source::Text(_) => None,
            Source::Numbers(standards) => Some(standards),
        }
    }

    /// Whether its words are those of a [foreign tokeniser](FOREIGN), so that raw text may be split otherwise.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        matches!(self.header().input, Input::Text { tokeniser, .. } if tokeniser & FOREIGN != 0)
    }

    /// The layers, first to last.
    #[must_use]
    pub fn layers(&self) -> Layers<'a> {
        self.layers.clone()
    }

    /// The CRC-32 of the file, by which host and board make sure that they speak of the same model.
    #[must_use]
    pub fn crc(&self) -> u32 {
        format::stated_crc(self.bytes)
    }

    /// The length of the file, in bytes.
    #[must_use]
    pub const fn file_len(&self) -> usize {
        self.bytes.len()
    }

    /// How many inputs the first layer has: a row a word, and one for unknown words if there is one; or the features.
    #[must_use]
    pub fn rows(&self) -> usize {
        match &self.source {
            Source::Text(vocabulary) => vocabulary.rows(),
            Source::Numbers(standards) => standards.features(),
        }
    }

    /// How many logits an answer has: 1 for two classes, else one a class.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.extent().1
    }

    /// The units of the widest layer.
    #[must_use]
    pub fn widest(&self) -> usize {
        self.extent().0
    }

    /// The units of the widest layer and of the last.
    pub(crate) fn extent(&self) -> (usize, usize) {
        let units = self.layers.headers.clone().map(|header| LayerHeader::of(header).units as usize);
        units.fold((0, 0), |(widest, _), units| (units.max(widest), units))
    }

    /// The names of the classes, in order.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> {
        self.reader().str().split('\0')
    }
}

/// Checks the layers, and what the parts say of each other.
fn check(source: &Source<'_>, parts: &Parts<'_>) -> Result<(), Error> {
    let (mut inputs, mut takes) = match source {
        Source::Text(vocabulary) => (vocabulary.rows(), Takes::Rows),
        Source::Numbers(standards) => (standards.features(), Takes::Inputs { max: INPUT_MAX, signed: true }),
    };
    let mut headers = parts.layers.iter();
    while let Some(header) = headers.next() {
        let layer = view(header, parts.arena, matches!(takes, Takes::Rows))?;
        if layer.inputs() != inputs {
            return Err(Error::LayersDoNotFit);
        }
        if (headers.len() == 0) != (layer.activation_max == 0) {
            return Err(Error::BadShape);
        }
        layer.check(takes)?;
        takes = Takes::Inputs { max: layer.activation_max(), signed: false };
        inputs = layer.units();
    }
    let classes = inputs.max(2);
    // As bits, since a core without floating point would need a library to compare: finite and above 0.
    let is_scale = (1..f32::INFINITY.to_bits()).contains(&parts.logit_scale.to_bits());
    if parts.layers.is_empty() || classes > MAX_CLASSES || !is_scale {
        return Err(Error::BadShape);
    }
    // Each is parted from the next by a zero.
    #[allow(clippy::naive_bytecount, reason = "a few bytes, once a model")]
    let labels = 1 + parts.labels.iter().filter(|&&byte| byte == 0).count();
    if labels == classes { Ok(()) } else { Err(Error::BadLabels) }
}

/// The layers of a model, first to last, each read from the file as it is asked for.
#[derive(Debug, Clone)]
pub struct Layers<'a> {
    headers: slice::Iter<'a, [u8; LAYER_LEN]>,
    arena: &'a [u8],
    /// Whether the next one is of rows.
    rows: bool,
}

impl<'a> Iterator for Layers<'a> {
    type Item = Layer<'a>;

    fn next(&mut self) -> Option<Layer<'a>> {
        // The loader has seen that there is one behind every header.
        view(self.headers.next()?, self.arena, core::mem::take(&mut self.rows)).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.headers.size_hint()
    }
}

impl ExactSizeIterator for Layers<'_> {}

// Tables are read as they lie in memory.
const _: () = assert!(cfg!(target_endian = "little"), "the tables of a model file are little endian");

/// `len` bytes at `offset` of the arena.
#[inline(never)]
fn span(arena: &[u8], offset: u32, len: usize) -> Option<&[u8]> {
    arena.get(offset as usize..)?.get(..len)
}

/// `count` values of type `T` at `offset` of the arena: no more than the limits of the format allow.
#[inline]
fn table<T: AnyBitPattern>(arena: &[u8], offset: u32, count: usize) -> Result<&[T], Error> {
    let bytes = span(arena, offset, count * size_of::<T>()).ok_or(Error::BadOffset)?;
    bytemuck::try_cast_slice(bytes).map_err(|_| Error::BadOffset)
}

/// The layer with this header, whose weights are `rows` to add or not.
#[inline(never)]
fn view<'a>(header: &[u8; LAYER_LEN], arena: &'a [u8], rows: bool) -> Result<Layer<'a>, Error> {
    let LayerHeader { inputs, units, bits, activation_max, weights: offset, records } = LayerHeader::of(header);
    let (input_count, unit_count) = (inputs as usize, units as usize);
    if !((1..=MAX_ROWS).contains(&input_count) && (1..=MAX_UNITS).contains(&unit_count)) {
        return Err(Error::BadShape);
    }
    // Kernels read words.
    if !offset.is_multiple_of(4) {
        return Err(Error::BadOffset);
    }
    let (vectors, len) = if rows { (input_count, unit_count) } else { (unit_count, input_count) };
    let store = match (bits, rows) {
        (4, true) => Store::Rows4,
        (8, true) => Store::Rows8,
        (4, false) => Store::I4,
        (8, false) => Store::I8,
        (9..=16, false) => Store::I16,
        _ => return Err(Error::BadShape),
    };
    if activation_max > i16::MAX as u16 {
        return Err(Error::BadShape);
    }
    let weights = span(arena, offset, vectors * weight_bytes(len, bits)).ok_or(Error::BadOffset)?;
    Ok(Layer { weights, store, records: table(arena, records, unit_count)?, inputs, activation_max, bits })
}

fn source<'a>(input: &Input, arena: &'a [u8]) -> Result<Source<'a>, Error> {
    match *input {
        Input::Text { tokeniser, .. } if !matches!(tokeniser & !FOREIGN, TOKENISER | FOLDING) => {
            Err(Error::UnknownTokeniser)
        }
        Input::Text { tokeniser, seed, words, unknown_row, displacements, fingerprints } => {
            let words = words as usize;
            if !(1..=MAX_ROWS - usize::from(unknown_row)).contains(&words) {
                return Err(Error::BadShape);
            }
            let vocabulary = Vocabulary::new(
                seed,
                table(arena, displacements, vocabulary::buckets(words))?,
                table(arena, fingerprints, words)?,
                unknown_row.then_some(words as u16),
            );
            Ok(Source::Text(vocabulary.with_tokeniser(tokeniser)))
        }
        Input::Numbers { features, means, scales } => {
            let features = features as usize;
            if !(1..=MAX_ROWS).contains(&features) {
                return Err(Error::BadShape);
            }
            Standards::new(table(arena, means, features)?, table(arena, scales, features)?).map(Source::Numbers)
        }
    }
}
