//! Documents as they go to a board.

use edgefit::{
    Model,
    link::{MAX_CHUNK, Request, Served},
};

use crate::{
    Error, Result,
    data::{Corpus, Split},
};

/// A document to classify.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Document<'a> {
    /// Text.
    Text(&'a [u8]),
    /// Raw numbers, one a feature.
    Numbers(&'a [f32]),
}

impl<'a> From<&'a [u8]> for Document<'a> {
    fn from(text: &'a [u8]) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [f32]> for Document<'a> {
    fn from(numbers: &'a [f32]) -> Self {
        Self::Numbers(numbers)
    }
}

impl<'a> Document<'a> {
    /// The requests that hold it, without the one that ends it.
    pub(super) fn requests(self) -> impl Iterator<Item = Request<'a>> {
        const { assert!(cfg!(target_endian = "little"), "numbers travel as they lie in memory, little endian") };
        const { assert!(MAX_CHUNK.is_multiple_of(size_of::<f32>()), "no number is cut") };
        let bytes: &[u8] = match self {
            Self::Text(text) => text,
            Self::Numbers(numbers) => bytemuck::cast_slice(numbers),
        };
        bytes.chunks(MAX_CHUNK).map(move |chunk| match self {
            Self::Text(_) => Request::Text(chunk),
            Self::Numbers(_) => Request::Numbers(chunk),
        })
    }

    /// Gives it to a classifier.
    ///
    /// # Errors
    ///
    /// As the classifier has it; the document is of the other kind than the model.
    pub fn feed(self, classifier: &mut Served<'_, '_>) -> Result<(), edgefit::Error> {
        match (self, classifier) {
            (Self::Text(text), Served::Text(classifier)) => {
                classifier.text(text);
                Ok(())
            }
            (Self::Numbers(numbers), Served::Numbers(classifier)) => classifier.numbers(numbers),
            (Self::Text(_), Served::Numbers(_)) => Err(edgefit::Error::NoVocabulary),
            (Self::Numbers(_), Served::Text(_)) => Err(edgefit::Error::NoFeatures),
        }
    }
}

/// A document that somebody typed.
#[derive(Debug, Clone, PartialEq)]
pub enum Given<'a> {
    /// For a model of text: as it is.
    Text(&'a [u8]),
    /// For a model of numbers: the numbers.
    Numbers(Vec<f32>),
}

impl<'a> Given<'a> {
    /// Reads a document for `model` that came from `place`: text, or numbers between commas, semicolons or white space.
    ///
    /// # Errors
    ///
    /// Input, if a number is none, is not finite in single precision, or there are more or fewer than the model has features.
    pub fn parse(typed: &'a [u8], model: &Model<'_>, place: &str) -> Result<Self> {
        let Some(standards) = model.standards() else { return Ok(Self::Text(typed)) };
        let typed = String::from_utf8_lossy(typed);
        let fields = typed.split([',', ';']).flat_map(|field| {
            let field = field.trim();
            // An empty field stands for a number that is missing; white space around numbers for nothing.
            if field.is_empty() { vec![""] } else { field.split_whitespace().collect() }
        });
        let number = |(i, field): (usize, &str)| match field.parse::<f32>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => {
                let problem = format!("number {}, `{}`, is not a finite number", i + 1, field.escape_debug());
                Err(Error::input(place, problem, "give one number a feature, such as 5.1,3.5,1.4"))
            }
        };
        let numbers = fields.enumerate().map(number).collect::<Result<Vec<f32>>>()?;
        if numbers.len() == standards.features() {
            return Ok(Self::Numbers(numbers));
        }
        let (given, features) = (numbers.len(), standards.features());
        let problem = format!("the model takes {features} numbers, here are {given}");
        Err(Error::input(
            place,
            problem,
            "give one number a feature, in the order of the columns that it was trained on",
        ))
    }

    /// As it goes to a board.
    #[must_use]
    pub fn view(&self) -> Document<'_> {
        match self {
            Self::Text(text) => Document::Text(text),
            Self::Numbers(numbers) => Document::Numbers(numbers),
        }
    }
}

/// The documents of a split as a model takes them.
#[derive(Debug)]
pub struct Documents<'s> {
    split: &'s Split,
    /// Where the model takes numbers: those of the split, the missing ones filled in.
    numbers: Option<Corpus>,
}

impl<'s> Documents<'s> {
    /// The documents of `split` for `model`.
    #[must_use]
    pub fn of(split: &'s Split, model: &Model<'_>) -> Self {
        Self { split, numbers: model.standards().map(|_| Corpus::of_model(split, model)) }
    }

    /// Document `i`.
    ///
    /// # Panics
    ///
    /// If `i` is not below the number of documents.
    #[must_use]
    pub fn get(&self, i: usize) -> Document<'_> {
        match &self.numbers {
            None => Document::Text(self.split.text(i)),
            Some(numbers) => Document::Numbers(numbers.raw_numbers(i)),
        }
    }
}
