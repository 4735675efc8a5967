//! Each entry of edgefit that firmware calls, with arguments that may be anything of their type.

use core::hint::black_box;

use edgefit::{
    Classifier, Error, Logits, Model, NumericClassifier, Scratch, ScratchView, Standards, seen_words,
    vocabulary::Vocabulary,
    words::{Hash, Splitter, WordSink},
};

/// Bytes, of which the compiler knows neither values nor length.
pub(crate) fn any_bytes() -> &'static [u8] {
    black_box(&[0; 8][..])
}

/// Any number.
pub(crate) fn any<T: Default>() -> T {
    black_box(T::default())
}

fn any_rows() -> &'static [u16] {
    black_box(&[0; 8][..])
}

fn note<T>(value: T) {
    black_box(value);
}

/// Calls them all.
pub(crate) fn all() {
    black_box(model().is_ok());
    black_box(text().is_ok());
    black_box(own_buffers().is_ok());
    black_box(numbers::<f32>(black_box(&[0.0; 4])).is_ok());
    black_box(numbers::<i16>(black_box(&[0; 4])).is_ok());
    tokenisers();
    vocabulary();
    #[cfg(feature = "sabotage")]
    black_box(any_bytes().first().unwrap());
}

/// The loader, and what a model says of itself.
fn model() -> Result<(), Error> {
    let model = Model::from_region(any_bytes())?;
    let model = Model::from_bytes(black_box(any_bytes().get(..model.file_len()).unwrap_or_default()))?;
    let header = model.header();
    black_box((&header, header.layers.len(), header.provenance.recipe.len()));
    black_box((model.crc(), model.rows(), model.outputs(), model.widest(), model.is_foreign(), model.logit_scale()));
    for label in model.labels() {
        black_box(label);
    }
    for layer in model.layers() {
        black_box((layer.weight(any(), any()), layer.bits(), layer.inputs(), layer.units(), layer.activation_max()));
        black_box(layer.stored_weights());
        layer.biases().for_each(note);
        layer.factors().for_each(note);
    }
    Ok(())
}

fn answer(logits: Logits<'_>) {
    black_box((logits.values(), logits.class(), logits.real(any()), logits.probability(any())));
}

/// Text and rows, in a scratch of a fixed size.
fn text() -> Result<(), Error> {
    let model = Model::from_region(any_bytes())?;
    let mut scratch = Scratch::<{ seen_words(10_000) }, 16>::new();
    let mut classifier = Classifier::new(&model, black_box(&mut scratch))?;
    while black_box(true) {
        classifier.text(any_bytes());
        classifier.row(any())?;
        classifier.rows(any_rows())?;
        classifier.distinct_rows(any_rows())?;
        answer(classifier.finish());
        classifier.reset();
        answer(classifier.logits());
    }
    Ok(())
}

/// The same in buffers of any sizes.
fn own_buffers() -> Result<(), Error> {
    let model = Model::from_bytes(any_bytes())?;
    let (mut seen, mut accumulators, mut logits) = ([0; 8], [0; 8], [0; 8]);
    let (mut activations, mut waiting) = ([0; 8], [0; 8]);
    let view = ScratchView {
        seen: black_box(&mut seen[..]),
        accumulators: black_box(&mut accumulators[..]),
        logits: black_box(&mut logits[..]),
        activations: black_box(&mut activations[..]),
        waiting: black_box(&mut waiting[..]),
    };
    let mut classifier = Classifier::new(&model, view)?;
    classifier.text(any_bytes());
    answer(classifier.finish());
    Ok(())
}

/// Vectors of numbers of one type.
fn numbers<N: Copy + Into<f32> + 'static>(vector: &'static [N]) -> Result<(), Error> {
    let model = Model::from_bytes(any_bytes())?;
    let mut scratch = Scratch::<64, 64>::new();
    let mut classifier = NumericClassifier::new(&model, black_box(&mut scratch))?;
    while black_box(true) {
        answer(classifier.classify(black_box(vector))?);
        classifier.numbers(black_box(vector))?;
        answer(classifier.finish()?);
        classifier.reset();
    }
    let standards = Standards::new(black_box(&[0.0; 4][..]), black_box(&[0.0; 4][..]))?;
    standards.inputs(any(), black_box(vector), black_box(&mut [0; 4][..]))
}

/// Takes words and says how many bytes they have.
struct Length(usize);

impl WordSink for Length {
    fn byte(&mut self, byte: u8) {
        self.0 = self.0.wrapping_add(usize::from(byte));
    }

    fn end(&mut self) {
        black_box(core::mem::take(&mut self.0));
    }
}

/// Both tokenisers, in chunks.
fn tokenisers() {
    let Some(mut splitter) = Splitter::by(any()) else { return };
    let mut length = Length(0);
    while black_box(true) {
        splitter.feed(any_bytes(), &mut length);
        splitter.finish(&mut length);
    }
    black_box(Hash::of(any(), any_bytes()));
}

/// A vocabulary of any tables, fitting each other or not.
fn vocabulary() {
    let unknown = black_box(None);
    let vocabulary = Vocabulary::new(any(), any_rows(), any_rows(), unknown).with_tokeniser(any());
    black_box((vocabulary.row(any()), vocabulary.rows(), vocabulary.words(), vocabulary.splitter()));
}
