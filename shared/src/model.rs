//! A validated model, read in place.

use bytemuck::AnyBitPattern;
use heapless::Vec;

use crate::{
    Error, Layer, Standards, Weights,
    format::{self, Header, Input, LayerHeader, MAX_CLASSES, MAX_LAYERS, MAX_ROWS, MAX_UNITS, PREFIX_LEN, Parts},
    layer::Takes,
    numeric::INPUT_MAX,
    reader::Reader,
    vocabulary::{self, Vocabulary},
    words::{FOREIGN, TOKENISER},
};

/// A model file that has been validated once, as a whole; inference on it cannot fail.
///
/// It borrows the bytes: on a board they stay in flash.
#[derive(Debug)]
pub struct Model<'a> {
    bytes: &'a [u8],
    source: Source<'a>,
    layers: Vec<Layer<'a>, MAX_LAYERS>,
    logit_scale: f32,
}

/// What the first layer takes, as tables.
#[derive(Debug)]
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
        let mut layers = Vec::new();
        let mut reader = parts.layers.clone();
        for _ in 0..parts.count {
            layers.push(view(&reader.layer(), parts.arena)?).map_err(|_| Error::BadShape)?;
        }
        let source = source(&parts.input, parts.arena)?;
        let model = Self { bytes, source, layers, logit_scale: parts.logit_scale };
        model.check(&parts)?;
        Ok(model)
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
    pub fn layers(&self) -> &[Layer<'a>] {
        &self.layers
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
        self.layers.first().map_or(0, Layer::inputs)
    }

    /// How many logits an answer has: 1 for two classes, else one a class.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, Layer::units)
    }

    /// The units of the widest layer.
    #[must_use]
    pub fn widest(&self) -> usize {
        self.layers.iter().map(Layer::units).max().unwrap_or(0)
    }

    /// The names of the classes, in order.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> {
        self.reader().str().split('\0')
    }

    fn check(&self, parts: &Parts<'_>) -> Result<(), Error> {
        let mut before = match &self.source {
            Source::Text(vocabulary) => (vocabulary.rows(), Takes::Rows),
            Source::Numbers(standards) => (standards.features(), Takes::Inputs { max: INPUT_MAX, signed: true }),
        };
        let last = self.layers.len().checked_sub(1).ok_or(Error::BadShape)?;
        let mut stated = parts.layers.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            let (inputs, takes) = before;
            if matches!((takes, layer.weights), (Takes::Rows, Weights::I16(_))) {
                return Err(Error::BadShape);
            }
            if layer.inputs != inputs {
                return Err(Error::LayersDoNotFit);
            }
            if (i == last) != (layer.activation_max == 0) {
                return Err(Error::BadShape);
            }
            layer.check(stated.layer().bits, takes)?;
            before = (layer.units(), Takes::Inputs { max: layer.activation_max, signed: false });
        }
        let classes = self.outputs().max(2);
        // As bits, since a core without floating point would need a library to compare: finite and above 0.
        let is_scale = (1..f32::INFINITY.to_bits()).contains(&parts.logit_scale.to_bits());
        if classes > MAX_CLASSES || !is_scale {
            return Err(Error::BadShape);
        }
        let labels = parts.labels.split(|&byte| byte == 0).count();
        if labels == classes { Ok(()) } else { Err(Error::BadLabels) }
    }
}

// Tables are read as they lie in memory.
const _: () = assert!(cfg!(target_endian = "little"), "the tables of a model file are little endian");

/// `count` values of type `T` at `offset` of the arena.
fn table<T: AnyBitPattern>(arena: &[u8], offset: u32, count: usize) -> Result<&[T], Error> {
    let start = offset as usize;
    let len = count.checked_mul(size_of::<T>()).ok_or(Error::BadOffset)?;
    let end = start.checked_add(len).ok_or(Error::BadOffset)?;
    let bytes = arena.get(start..end).ok_or(Error::BadOffset)?;
    bytemuck::try_cast_slice(bytes).map_err(|_| Error::BadOffset)
}

fn view<'a>(header: &LayerHeader, arena: &'a [u8]) -> Result<Layer<'a>, Error> {
    let (inputs, units) = (header.inputs as usize, header.units as usize);
    if !((1..=MAX_ROWS).contains(&inputs) && (1..=MAX_UNITS).contains(&units)) {
        return Err(Error::BadShape);
    }
    let count = inputs * units;
    let weights = match header.bits {
        8 => Weights::I8(table(arena, header.weights, count)?),
        9..=16 => Weights::I16(table(arena, header.weights, count)?),
        _ => return Err(Error::BadShape),
    };
    if header.activation_max > i16::MAX as u16 {
        return Err(Error::BadShape);
    }
    Ok(Layer {
        inputs,
        weights,
        biases: table(arena, header.biases, units)?,
        multipliers: table(arena, header.multipliers, units)?,
        shifts: table(arena, header.shifts, units)?,
        activation_max: i32::from(header.activation_max),
    })
}

fn source<'a>(input: &Input, arena: &'a [u8]) -> Result<Source<'a>, Error> {
    match *input {
        Input::Text { tokeniser, .. } if tokeniser & !FOREIGN != TOKENISER => Err(Error::UnknownTokeniser),
        Input::Text { seed, words, unknown_row, displacements, fingerprints, .. } => {
            let words = words as usize;
            if !(1..=MAX_ROWS - usize::from(unknown_row)).contains(&words) {
                return Err(Error::BadShape);
            }
            Ok(Source::Text(Vocabulary::new(
                seed,
                table(arena, displacements, vocabulary::buckets(words))?,
                table(arena, fingerprints, words)?,
                unknown_row.then_some(words as u16),
            )))
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
