//! Integer inference on the host: the same code that runs on the board.

use edgefit::{Classifier, Model, ScratchView, seen_words};

use crate::data::{Corpus, Split};

/// Buffers for one model, as large as it needs.
pub(crate) struct Buffers {
    seen: Vec<u32>,
    accumulators: Vec<i32>,
    logits: Vec<i32>,
    front: Vec<i16>,
    back: Vec<i16>,
}

impl Buffers {
    pub(crate) fn of(model: &Model<'_>) -> Self {
        let units = model.widest();
        Self {
            seen: vec![0; seen_words(model.rows())],
            accumulators: vec![0; units],
            logits: vec![0; units],
            front: vec![0; units],
            back: vec![0; units],
        }
    }

    pub(crate) fn view(&mut self) -> ScratchView<'_> {
        ScratchView {
            seen: &mut self.seen,
            accumulators: &mut self.accumulators,
            logits: &mut self.logits,
            front: &mut self.front,
            back: &mut self.back,
        }
    }
}

/// The integer logits of documents, one after the other: `model.outputs()` values each.
fn logits(model: &Model<'_>, documents: usize, mut feed: impl FnMut(&mut Classifier<'_, '_>, usize)) -> Vec<i32> {
    let mut buffers = Buffers::of(model);
    let mut classifier = Classifier::new(model, buffers.view()).expect("the buffers are as large as the model needs");
    let mut all = Vec::with_capacity(documents * model.outputs());
    for document in 0..documents {
        feed(&mut classifier, document);
        all.extend_from_slice(classifier.finish().values());
    }
    all
}

/// The integer logits of a corpus, from row ids.
///
/// # Panics
///
/// If the corpus was made with another vocabulary, so that it names rows that the model does not have.
#[must_use]
pub fn logits_of_rows(model: &Model<'_>, corpus: &Corpus) -> Vec<i32> {
    logits(model, corpus.len(), |classifier, document| {
        for &row in corpus.rows_of_file(document) {
            classifier.row(row).expect("the corpus was made with the model's vocabulary");
        }
    })
}

/// The integer logits of the documents at `indices` of a split, from raw text.
#[must_use]
pub fn logits_of_text(model: &Model<'_>, split: &Split, indices: &[usize]) -> Vec<i32> {
    logits(model, indices.len(), |classifier, i| classifier.text(split.text(indices[i])))
}
