//! The streaming classifier: feed text or row ids, finish, reuse.

use crate::{
    Error, Layer, Layers, Logits, Model, ScratchView, kernel,
    scan::{Stand, scan},
    seen_words,
    vocabulary::Vocabulary,
};

/// How many rows are found at a time.
const FOUND: usize = 64;

/// Classifies one document after another, each fed in chunks of any size.
///
/// A word counts once a document, however often it occurs. The classifier has no global state: it works in a
/// `static`, in an interrupt handler's task, and several run side by side.
#[derive(Debug)]
pub struct Classifier<'m, 's> {
    stand: Stand,
    words: Rows<'m, 's>,
    layers: Layers<'m>,
    logit_scale: f32,
    logits: &'s mut [i32],
    front: &'s mut [i16],
    back: &'s mut [i16],
}

/// The first layer, as the sink of the words: hashes them, looks them up, adds the rows not seen before.
#[derive(Debug)]
struct Rows<'m, 's> {
    vocabulary: Vocabulary<'m>,
    table: Layer<'m>,
    seen: &'s mut [u32],
    accumulators: &'s mut [i32],
}

impl Rows<'_, '_> {
    fn add(&mut self, row: u16) {
        let bit = 1u32 << (row % 32);
        let Some(seen) = self.seen.get_mut(usize::from(row / 32)) else {
            return;
        };
        if *seen & bit == 0 {
            *seen |= bit;
            if let Some(weights) = self.table.row(row) {
                kernel::add_row(self.accumulators, weights);
            }
        }
    }

    fn clear(&mut self) {
        self.seen.fill(0);
        for (accumulator, &bias) in self.accumulators.iter_mut().zip(self.table.biases()) {
            *accumulator = bias;
        }
    }
}

/// The first `len` items, or the error that says that there are not so many.
fn room<T>(slice: &mut [T], len: usize) -> Result<&mut [T], Error> {
    slice.get_mut(..len).ok_or(Error::ScratchTooSmall)
}

impl<'m, 's> Classifier<'m, 's> {
    /// A classifier for `model` that works in `scratch`, ready for its first document.
    ///
    /// # Errors
    ///
    /// [`Error::NoVocabulary`] if the model is one of numbers, see [`NumericClassifier`](crate::NumericClassifier);
    /// [`Error::ScratchTooSmall`] if it has more rows or wider layers than the scratch.
    pub fn new(model: &Model<'m>, scratch: impl Into<ScratchView<'s>>) -> Result<Self, Error> {
        let scratch = scratch.into();
        let vocabulary = *model.vocabulary().ok_or(Error::NoVocabulary)?;
        let widest = model.widest();
        let mut layers = model.layers();
        let table = layers.next().ok_or(Error::BadShape)?;
        let mut classifier = Self {
            stand: Stand::START,
            words: Rows {
                vocabulary,
                table,
                seen: room(scratch.seen, seen_words(model.rows()))?,
                accumulators: room(scratch.accumulators, table.units())?,
            },
            layers,
            logit_scale: model.logit_scale(),
            logits: room(scratch.logits, model.outputs())?,
            front: room(scratch.front, widest)?,
            back: room(scratch.back, widest)?,
        };
        classifier.words.clear();
        // The scratch may have served another model, whose answer is not this one's.
        classifier.logits.fill(0);
        Ok(classifier)
    }

    /// Reads the next bytes of the document's text. A word may be cut anywhere between two calls.
    pub fn text(&mut self, chunk: &[u8]) {
        let (mut rest, mut found) = (chunk, [0; FOUND]);
        loop {
            let (read, count) = scan(&mut self.stand, rest, &self.words.vocabulary, &mut found);
            rest = rest.get(read..).unwrap_or_default();
            for &row in found.get(..count).unwrap_or_default() {
                self.words.add(row);
            }
            if count < FOUND {
                break;
            }
        }
    }

    /// Adds one row to the document; a row that was there already changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::RowOutOfRange`]; the document is as before.
    pub fn row(&mut self, row: u16) -> Result<(), Error> {
        if usize::from(row) >= self.words.table.inputs() {
            return Err(Error::RowOutOfRange);
        }
        self.words.add(row);
        Ok(())
    }

    /// Adds rows to the document, in any order and with repeats, as [`row`](Self::row) does one.
    ///
    /// # Errors
    ///
    /// [`Error::RowOutOfRange`]; the rows before that one have been added.
    pub fn rows(&mut self, rows: &[u16]) -> Result<(), Error> {
        rows.iter().try_for_each(|&row| self.row(row))
    }

    /// Adds rows that the caller knows to be new to the document and different from each other, for less.
    ///
    /// They are added without a look at which rows there are, and [`row`](Self::row) will not know of them. A row that
    /// is given twice counts twice, so that the answer is not that for the document; nothing worse comes of it.
    ///
    /// # Errors
    ///
    /// [`Error::RowOutOfRange`]; the document is as before.
    pub fn distinct_rows(&mut self, rows: &[u16]) -> Result<(), Error> {
        if rows.iter().any(|&row| usize::from(row) >= self.words.table.inputs()) {
            return Err(Error::RowOutOfRange);
        }
        for &row in rows {
            if let Some(weights) = self.words.table.row(row) {
                kernel::add_row(self.words.accumulators, weights);
            }
        }
        Ok(())
    }

    /// Forgets what was read of the document.
    pub fn reset(&mut self) {
        self.stand = Stand::START;
        self.words.clear();
    }

    /// Ends the document and answers. The classifier is ready for the next one.
    #[allow(clippy::must_use_candidate, reason = "the answer stays at hand in `logits`")]
    pub fn finish(&mut self) -> Logits<'_> {
        if let Some(row) = self.stand.finish().and_then(|hash| self.words.vocabulary.row(hash)) {
            self.words.add(row);
        }
        let mut layer = self.words.table;
        let first = self.words.accumulators.iter().copied();
        let mut layers = self.layers.clone();
        if layers.len() == 0 {
            layer.logits(first, self.logits);
        } else {
            layer.activate(first, self.front);
        }
        while let Some(next) = layers.next() {
            let activations = self.front.get(..layer.units()).unwrap_or_default();
            let accumulators = next.accumulators(activations);
            if layers.len() == 0 {
                next.logits(accumulators, self.logits);
            } else {
                next.activate(accumulators, self.back);
                core::mem::swap(&mut self.front, &mut self.back);
            }
            layer = next;
        }
        self.words.clear();
        self.logits()
    }

    /// The last answer again; all zeros before the first one.
    #[must_use]
    pub fn logits(&self) -> Logits<'_> {
        Logits::new(self.logits, self.logit_scale)
    }
}
