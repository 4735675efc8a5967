//! The streaming classifier: feed text or row ids, finish, reuse.

use crate::{
    Error, Layer, Layers, Logits, Model, ScratchView,
    fold::Fold,
    kernel::{self, Chain, Rows},
    layer::forward,
    scan::{Stand, scan},
    seen_words,
    vocabulary::Vocabulary,
    words::{FOLDING, FOREIGN},
};

/// How many new rows are listed before they are added: of those that wait, and of those that are given.
const FEW: usize = 32;
const MANY: usize = 128;

/// Classifies one document after another, each fed in chunks of any size.
///
/// A word counts once a document, however often it occurs. The classifier has no global state: it works in a
/// `static`, in an interrupt handler's task, and several run side by side.
#[derive(Debug)]
pub struct Classifier<'m, 's> {
    /// Where the words are those of [`FOLDING`].
    fold: Option<Fold>,
    words: Words<'m>,
    document: Document<'m, 's>,
    first: Layer<'m>,
    others: Layers<'m>,
    /// All layers at once, where the kernel has a loop for them.
    chain: Option<Chain<'m>>,
    logit_scale: f32,
    logits: &'s mut [i32],
    activations: &'s mut [i16],
}

/// From text to rows.
#[derive(Debug)]
struct Words<'m> {
    stand: Stand,
    vocabulary: Vocabulary<'m>,
}

impl Words<'_> {
    /// Adds the rows of the words that end in these bytes to a document.
    fn read(&mut self, bytes: &[u8], document: &mut Document<'_, '_>) {
        let mut rest = bytes;
        loop {
            let room = document.waiting.get_mut(document.len..).unwrap_or_default();
            let wanted = room.len();
            let (read, count) = scan(&mut self.stand, rest, &self.vocabulary, room);
            rest = rest.get(read..).unwrap_or_default();
            document.len += count;
            if count < wanted {
                break;
            }
            document.flush();
        }
    }
}

/// What there is of the document: its rows, and their sums.
#[derive(Debug)]
struct Document<'m, 's> {
    rows: Rows<'m>,
    seen: &'s mut [u32],
    /// How many rows have been looked up in `seen` since it was cleared.
    looked_up: usize,
    sums: &'s mut [i32],
    /// Rows that exist and are still to be added, the first `len` of them.
    waiting: &'s mut [u16],
    len: usize,
}

impl Document<'_, '_> {
    /// Adds a row that exists, sooner or later.
    #[inline]
    fn push(&mut self, row: u16) {
        if let Some(place) = self.waiting.get_mut(self.len) {
            *place = row;
            self.len += 1;
        }
        if self.len >= self.waiting.len() {
            self.flush();
        }
    }

    /// Adds what waits.
    fn flush(&mut self) {
        let waiting = self.waiting.get(..self.len).unwrap_or_default();
        if !waiting.is_empty() {
            self.looked_up += waiting.len();
            // They exist.
            let _ = self.rows.add_new::<FEW>(waiting, self.seen, self.sums);
            self.len = 0;
        }
    }

    fn add(&mut self, rows: &[u16]) -> Result<(), Error> {
        self.looked_up += rows.len();
        self.rows.add_new::<MANY>(rows, self.seen, self.sums)
    }

    fn clear(&mut self) {
        self.len = 0;
        if self.looked_up > 0 {
            kernel::clear(self.seen);
            self.looked_up = 0;
        }
    }

    fn clear_sums(&mut self) {
        kernel::clear(bytemuck::cast_slice_mut(self.rows.of(self.sums)));
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
        let ScratchView { seen, accumulators, logits, activations, waiting } = scratch.into();
        let vocabulary = *model.vocabulary().ok_or(Error::NoVocabulary)?;
        let (widest, outputs) = model.extent();
        let mut layers = model.layers();
        let first = layers.next().ok_or(Error::BadShape)?;
        let rows = first.rows();
        let (seen, sums) = (room(seen, seen_words(model.rows()))?, room(accumulators, widest)?);
        let logits = room(logits, outputs)?;
        let activations = room(activations, widest)?;
        if waiting.is_empty() {
            return Err(Error::ScratchTooSmall);
        }
        // The scratch may have served another model, whose document and answer are not this one's.
        kernel::clear(seen);
        kernel::clear(bytemuck::cast_slice_mut(sums));
        kernel::clear(bytemuck::cast_slice_mut(logits));
        let document = Document { rows, seen, looked_up: 0, sums, waiting, len: 0 };
        let logit_scale = model.logit_scale();
        let chain = Chain::new(&first, &layers);
        // Made at once, so that it is not moved.
        Ok(Self {
            fold: (vocabulary.tokeniser() & !FOREIGN == FOLDING).then(Fold::default),
            words: Words { stand: Stand::START, vocabulary },
            document,
            first,
            others: layers,
            chain,
            logit_scale,
            logits,
            activations,
        })
    }

    /// The answer for one whole text. What was fed before is forgotten.
    ///
    /// # Example
    ///
    /// ```
    /// use edgefit::{Classifier, Model, Scratch, seen_words};
    ///
    /// # fn main() -> Result<(), edgefit::Error> {
    /// # let bytes: &[u8] = &edgefit::Aligned(*include_bytes!("../golden/tiny.edgefit")).0[..];
    /// let model = Model::from_bytes(bytes)?;
    /// let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
    /// let mut classifier = Classifier::new(&model, &mut scratch)?;
    /// for text in ["a truly wonderful film", "a waste of time"] {
    ///     let class = classifier.classify(text.as_bytes()).class();
    ///     assert!(class < 2);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn classify(&mut self, text: &[u8]) -> Logits<'_> {
        self.reset();
        self.text(text);
        self.finish()
    }

    /// Reads the next bytes of the document's text. A word may be cut anywhere between two calls.
    pub fn text(&mut self, chunk: &[u8]) {
        let (words, document) = (&mut self.words, &mut self.document);
        match &mut self.fold {
            None => words.read(chunk, document),
            Some(fold) => fold.feed(chunk, |folded| words.read(folded, document)),
        }
    }

    /// Adds one row to the document; a row that was there already changes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::RowOutOfRange`]; the document is as before.
    #[inline]
    pub fn row(&mut self, row: u16) -> Result<(), Error> {
        if usize::from(row) >= self.document.rows.count() {
            return Err(Error::RowOutOfRange);
        }
        self.document.push(row);
        Ok(())
    }

    /// Adds rows to the document, in any order and with repeats, as [`row`](Self::row) does one.
    ///
    /// # Errors
    ///
    /// [`Error::RowOutOfRange`]; the rows before that one have been added.
    pub fn rows(&mut self, rows: &[u16]) -> Result<(), Error> {
        self.document.add(rows)
    }

    /// Adds rows that the caller knows to be new to the document and different from each other, for less.
    ///
    /// They are added without a look at which rows there are, and [`row`](Self::row) will not know of them. A row that
    /// is given twice counts twice, so that the answer is not that for the document; given so often that a sum leaves an i32, it
    /// wraps. Nothing worse comes of it.
    ///
    /// # Errors
    ///
    /// [`Error::RowOutOfRange`]; the rows before that one have been added.
    pub fn distinct_rows(&mut self, rows: &[u16]) -> Result<(), Error> {
        self.document.rows.add(rows, self.document.sums)
    }

    /// Forgets what was read of the document.
    pub fn reset(&mut self) {
        self.fold = self.fold.map(|_| Fold::default());
        self.words.stand = Stand::START;
        self.document.clear();
        self.document.clear_sums();
    }

    /// Ends the document and answers. The classifier is ready for the next one.
    #[allow(clippy::must_use_candidate, reason = "the answer stays at hand in `logits`")]
    pub fn finish(&mut self) -> Logits<'_> {
        // Whatever separates words ends the last one, and what is held back of a character.
        if self.fold.is_some() || self.words.stand.is_in_word() {
            self.text(b" ");
        }
        if self.document.len > 0 {
            self.document.flush();
        }
        if let Some(chain) = &self.chain {
            chain.logits(self.document.sums, self.logits);
        } else {
            forward(&self.first, &self.others, self.document.sums, self.activations, self.logits);
            self.document.clear_sums();
        }
        self.document.clear();
        self.logits()
    }

    /// The last answer again; all zeros before the first one.
    #[must_use]
    pub fn logits(&self) -> Logits<'_> {
        Logits::new(self.logits, self.logit_scale)
    }
}

/// The class of one text, decided on integers: all there is to do, in one call. For more than one text, a [`Classifier`] makes
/// its preparations once.
///
/// # Errors
///
/// As [`Classifier::new`].
///
/// # Example
///
/// ```
/// use edgefit::{Model, Scratch, classify, seen_words};
///
/// # fn main() -> Result<(), edgefit::Error> {
/// # let bytes: &[u8] = &edgefit::Aligned(*include_bytes!("../golden/tiny.edgefit")).0[..];
/// let model = Model::from_bytes(bytes)?;
/// let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
/// let class = classify(&model, b"a truly wonderful film", &mut scratch)?;
/// println!("{}", model.labels().nth(class).unwrap_or_default());
/// # Ok(())
/// # }
/// ```
pub fn classify<'s>(model: &Model<'_>, text: &[u8], scratch: impl Into<ScratchView<'s>>) -> Result<usize, Error> {
    Ok(Classifier::new(model, scratch)?.classify(text).class())
}
