//! The one error type of the crate.

use core::fmt;

/// Why a model, an input or a frame was refused.
///
/// One flat enum: small enough to travel in a register and to be matched on a board. The numbers are part of
/// the [link](crate::link) protocol, so a variant keeps its place and new ones are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
// A word, so that results are moved word by word.
#[repr(u32)]
#[non_exhaustive]
pub enum Error {
    /// Fewer bytes than the fixed prefix of a model file.
    TooShort,
    /// The first four bytes are not those of a model file: no model here, or an erased flash region.
    BadMagic,
    /// The file was written by a newer edgefit than this one.
    NewerVersion,
    /// The length field and the number of bytes differ: a truncated file, or bytes after its end. On the link: not a whole number
    /// of rows or numbers.
    BadLength,
    /// The CRC-32 does not match: the file was changed after it was written.
    BadCrc,
    /// The header cannot be decoded, a field that is kept free is not 0, the padding is not as it must be, or bytes are left over
    /// after the arena.
    BadHeader,
    /// The bytes do not start at an address that is a multiple of 16.
    Misaligned,
    /// The words were split by a tokeniser that this version does not have.
    UnknownTokeniser,
    /// A size is zero or beyond the limits of the format, the scale of the logits is not finite or not above 0, or the activations
    /// end where they must not.
    BadShape,
    /// An offset points outside the arena, or to a misaligned place in it.
    BadOffset,
    /// A layer's inputs are not the units of the layer before it.
    LayersDoNotFit,
    /// Weights outside the symmetric range, or a multiplier or shift outside its range.
    BadWeights,
    /// An accumulator could overflow 32 bits for some input.
    Overflow,
    /// The labels are not as many as the classes.
    BadLabels,
    /// The model has more rows or units than the scratch has room for.
    ScratchTooSmall,
    /// A row id is not below the number of rows.
    RowOutOfRange,
    /// A model of numbers was to classify text, or rows of a vocabulary.
    NoVocabulary,
    /// A model of text was to classify numbers.
    NoFeatures,
    /// The mean or the scale of a feature is not finite, or the scale is not above 0.
    BadStandards,
    /// More or fewer numbers were given than the model has features.
    WrongFeatures,
    /// A number is NaN or infinite.
    NotFinite,
}

impl Error {
    /// What is wrong, as one English clause without a full stop.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::TooShort => "too short to be a model file",
            Self::BadMagic => "not a model file (the magic bytes are missing)",
            Self::NewerVersion => "written in a newer format version than this edgefit reads",
            Self::BadLength => "the length field and the number of bytes differ (truncated, or bytes after the end)",
            Self::BadCrc => "the CRC-32 does not match (the file was damaged)",
            Self::BadHeader => "the header cannot be decoded",
            Self::Misaligned => "the bytes do not start at a multiple of 16",
            Self::UnknownTokeniser => "made with a tokeniser that this edgefit does not have",
            Self::BadShape => "a size or the scale of the logits is zero or beyond the limits of the format",
            Self::BadOffset => "an offset points outside the arena or is misaligned",
            Self::LayersDoNotFit => "a layer's inputs are not the units of the layer before it",
            Self::BadWeights => "a weight, multiplier or shift is outside its range",
            Self::Overflow => "an accumulator could overflow 32 bits",
            Self::BadLabels => "the labels are not as many as the classes",
            Self::ScratchTooSmall => "the model is larger than the scratch it was given",
            Self::RowOutOfRange => "a row id is not below the number of rows",
            Self::NoVocabulary => "the model takes numbers, so it takes no text",
            Self::NoFeatures => "the model takes text, so it takes no numbers",
            Self::BadStandards => "the mean or the scale of a feature is outside its range",
            Self::WrongFeatures => "more or fewer numbers than the model has features",
            Self::NotFinite => "a number is NaN or infinite",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for Error {}
