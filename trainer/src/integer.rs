//! Integer inference on the host: the same code that runs on the board.

use edgefit::{Model, ScratchView, input_words, link::Served, seen_words};

use crate::{board::Document, data::Corpus};

/// How many rows wait to be added together.
const WAITING: usize = 64;

/// Buffers for one model, as large as it needs.
pub(crate) struct Buffers {
    seen: Vec<u32>,
    accumulators: Vec<i32>,
    logits: Vec<i32>,
    activations: Vec<i16>,
    waiting: Vec<u16>,
}

impl Buffers {
    pub(crate) fn of(model: &Model<'_>) -> Self {
        let units = model.widest();
        Self {
            seen: vec![0; model.standards().map_or(seen_words(model.rows()), |s| input_words(s.features()))],
            accumulators: vec![0; units],
            logits: vec![0; units],
            activations: vec![0; units],
            waiting: vec![0; WAITING],
        }
    }

    pub(crate) fn view(&mut self) -> ScratchView<'_> {
        ScratchView {
            seen: &mut self.seen,
            accumulators: &mut self.accumulators,
            logits: &mut self.logits,
            activations: &mut self.activations,
            waiting: &mut self.waiting,
        }
    }
}

/// The integer logits of documents, one after the other: `model.outputs()` values each.
fn logits(model: &Model<'_>, documents: usize, mut feed: impl FnMut(&mut Served<'_, '_>, usize)) -> Vec<i32> {
    let mut buffers = Buffers::of(model);
    let mut classifier = Served::new(model, buffers.view()).expect("the buffers are as large as the model needs");
    let mut all = Vec::with_capacity(documents * model.outputs());
    for document in 0..documents {
        feed(&mut classifier, document);
        all.extend_from_slice(classifier.finish().expect("the document is whole").values());
    }
    all
}

/// The integer logits of a corpus, from row ids or raw numbers.
///
/// # Panics
///
/// If the corpus was made with another vocabulary, so that it names rows that the model does not have, or with other features:
/// [`Corpus::of_model`] makes the right one.
#[must_use]
pub fn logits_of_corpus(model: &Model<'_>, corpus: &Corpus) -> Vec<i32> {
    logits(model, corpus.len(), |classifier, document| match classifier {
        Served::Text(classifier) => {
            let rows = corpus.rows_of_file(document);
            classifier.rows(rows).expect("the corpus was made with the model's vocabulary");
        }
        Served::Numbers(classifier) => {
            classifier.numbers(corpus.raw_numbers(document)).expect("the corpus has the model's features");
        }
    })
}

/// The integer logits of these documents, as they go to a board.
///
/// # Panics
///
/// If they are texts and the model is one of numbers, or the other way round.
#[must_use]
pub fn logits_of_documents(model: &Model<'_>, documents: &[Document<'_>]) -> Vec<i32> {
    logits(model, documents.len(), |classifier, i| {
        documents[i].feed(classifier).expect("documents that the model takes");
    })
}
