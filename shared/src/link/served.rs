//! What a board serves.

use super::SELF_TEST_STRIDE;
use crate::{Classifier, Error, Logits, Model, NumericClassifier, ScratchView};

/// How many rows are handed on at a time.
const MOST_ROWS: usize = 300;

/// The classifier that a board serves: of text or of numbers, as its model is.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a board has one, and no heap for the larger of the two")]
pub enum Served<'m, 's> {
    /// Of text.
    Text(Classifier<'m, 's>),
    /// Of numbers.
    Numbers(NumericClassifier<'m, 's>),
}

/// Every so many rows from `first` on, to `end` or as far as there is room; how many these are.
#[inline(never)]
fn every_so_many(first: usize, end: usize, rows: &mut [u16]) -> usize {
    let count = rows.len().min(end.saturating_sub(first).div_ceil(SELF_TEST_STRIDE));
    for (at, place) in rows.iter_mut().enumerate().take(count) {
        *place = (first + at * SELF_TEST_STRIDE) as u16;
    }
    count
}

impl<'m, 's> Served<'m, 's> {
    /// The classifier for `model`, in `scratch`.
    ///
    /// # Errors
    ///
    /// [`Error::ScratchTooSmall`], as [`Classifier::new`] and [`NumericClassifier::new`].
    pub fn new(model: &'m Model<'m>, scratch: impl Into<ScratchView<'s>>) -> Result<Self, Error> {
        match model.vocabulary() {
            Some(_) => Classifier::new(model, scratch).map(Self::Text),
            None => NumericClassifier::new(model, scratch).map(Self::Numbers),
        }
    }

    /// The next bytes of the document's text.
    pub(super) fn text(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let Self::Text(classifier) = self else { return Err(Error::NoVocabulary) };
        classifier.text(chunk);
        Ok(())
    }

    /// Adds the rows of these ids up to the first that is wrong.
    pub(super) fn rows(&mut self, ids: &[u8]) -> Result<(), Error> {
        let Self::Text(classifier) = self else { return Err(Error::NoVocabulary) };
        let (ids, half) = ids.as_chunks::<2>();
        let mut rows = [0; MOST_ROWS];
        for part in ids.chunks(MOST_ROWS) {
            for (row, id) in rows.iter_mut().zip(part) {
                *row = u16::from_le_bytes(*id);
            }
            classifier.rows(rows.get(..part.len()).unwrap_or_default())?;
        }
        if half.is_empty() { Ok(()) } else { Err(Error::BadLength) }
    }

    /// Adds numbers up to the first that is wrong.
    pub(super) fn numbers(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Self::Numbers(classifier) = self else { return Err(Error::NoFeatures) };
        let (numbers, part) = bytes.as_chunks::<4>();
        numbers.iter().try_for_each(|number| classifier.numbers(&[f32::from_le_bytes(*number)]))?;
        if part.is_empty() { Ok(()) } else { Err(Error::BadLength) }
    }

    /// Classifies the document by which a board tests itself, see [`SELF_TEST_STRIDE`]; the one at hand is forgotten.
    ///
    /// # Errors
    ///
    /// None but where `model` is another than the classifier's.
    pub fn self_test(&mut self, model: &Model<'_>) -> Result<Logits<'_>, Error> {
        self.reset();
        let inputs = 0..model.rows();
        match self {
            Self::Text(classifier) => {
                // Many at a time, and known to differ: another way to the same answer than that of the host's rows. One goes
                // first, so that of the two lists one begins at an odd place in memory.
                let (mut rows, mut next) = ([0; MOST_ROWS], 0);
                while next < inputs.end {
                    let given = every_so_many(next, inputs.end, &mut rows);
                    let (one, others) = rows.get(..given).and_then(|rows| rows.split_at_checked(1)).unwrap_or_default();
                    classifier.distinct_rows(one)?;
                    classifier.distinct_rows(others)?;
                    next += given * SELF_TEST_STRIDE;
                }
            }
            Self::Numbers(classifier) => {
                inputs.into_iter().try_for_each(|feature| classifier.numbers(&[feature as u16]))?;
            }
        }
        self.finish()
    }

    /// Forgets what was read of the document.
    pub fn reset(&mut self) {
        match self {
            Self::Text(classifier) => classifier.reset(),
            Self::Numbers(classifier) => classifier.reset(),
        }
    }

    /// Ends the document and answers.
    ///
    /// # Errors
    ///
    /// As [`NumericClassifier::finish`].
    pub fn finish(&mut self) -> Result<Logits<'_>, Error> {
        match self {
            Self::Text(classifier) => Ok(classifier.finish()),
            Self::Numbers(classifier) => classifier.finish(),
        }
    }

    /// The last answer again; all zeros before the first one.
    #[must_use]
    pub fn logits(&self) -> Logits<'_> {
        match self {
            Self::Text(classifier) => classifier.logits(),
            Self::Numbers(classifier) => classifier.logits(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_one_after_another_hold_every_seventh_row() {
        let mut rows = [u16::MAX; 3];
        assert_eq!((every_so_many(0, 36, &mut rows), rows), (3, [0, 7, 14]));
        assert_eq!((every_so_many(21, 36, &mut rows), rows), (3, [21, 28, 35]));
        // What is beyond the end is left alone.
        assert_eq!((every_so_many(21, 35, &mut rows), rows), (2, [21, 28, 35]));
        assert_eq!(every_so_many(42, 36, &mut rows), 0);
    }
}
