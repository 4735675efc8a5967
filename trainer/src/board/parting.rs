//! Where a board and the host part: the first stage of a model whose accumulators differ.
//!
//! The board is asked no more than to classify. A model that is cut after a layer gives that layer's accumulators as its
//! logits; the cut models lie one after the other in the model region, and the board loads each of them in turn.

use std::fmt;

use edgefit::{
    Model,
    arithmetic::MULTIPLIER_MIN,
    format::{ALIGNMENT, MAX_CLASSES, write},
    vocabulary::Vocabulary,
    words::{Hash, WordSink},
};

use super::{Board, Document, Session};
use crate::{Result, integer::logits_of_documents, model_file::ModelFile};

/// The shift by which the smallest multiplier makes one.
const ONE_SHIFT: i32 = MULTIPLIER_MIN.trailing_zeros() as i32;

/// The first stage at which a board and the host differ on a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parting {
    /// Where they part.
    pub stage: Stage,
    /// The accumulators of the host at this stage.
    pub host: Vec<i32>,
    /// Those of the board.
    pub board: Vec<i32>,
}

/// A stage of inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Splitting words and looking them up: by its rows the document gets equal accumulators.
    Words,
    /// A layer, from 1.
    Layer(usize),
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words => f.write_str("the words"),
            Self::Layer(number) => write!(f, "layer {number}"),
        }
    }
}

/// Finds where `board`, running the file `on_board`, parts from the file `on_host` here on a document. `None` if they do not, as
/// far as the layers have few enough units to be looked at (at most 64).
///
/// # Errors
///
/// Board, if it does not run a model that was cut.
pub fn parting(board: &Board, on_board: &[u8], on_host_file: &[u8], document: Document<'_>) -> Result<Option<Parting>> {
    let (board_cuts, host_cuts) = (cuts(on_board), cuts(on_host_file));
    let mut region = on_board.to_vec();
    let mut offsets = Vec::new();
    for (_, cut) in &board_cuts {
        region.resize(region.len().next_multiple_of(ALIGNMENT), 0);
        if region.len() + cut.len() > board.model_region_len() {
            break;
        }
        offsets.push(region.len() as u32);
        region.extend(cut);
    }
    let mut session = Session::start(board, &region)?;
    let mut found = None;
    for ((offset, (number, cut)), (_, on_host)) in offsets.into_iter().zip(&board_cuts).zip(&host_cuts) {
        session.load(offset, crc(cut))?;
        let host = accumulators(on_host, document);
        let on_the_board = session.classify(document)?;
        if on_the_board != host {
            let words = match document {
                Document::Text(text) if *number == 1 => session.classify_rows(&rows(on_host_file, text))? == host,
                _ => false,
            };
            let stage = if words { Stage::Words } else { Stage::Layer(*number) };
            found = Some(Parting { stage, host, board: on_the_board });
            break;
        }
    }
    session.finish()?;
    Ok(found)
}

/// Collects the rows of a text's words.
struct Rows<'m> {
    vocabulary: &'m Vocabulary<'m>,
    hash: Hash,
    found: Vec<u16>,
}

impl WordSink for Rows<'_> {
    fn byte(&mut self, byte: u8) {
        self.hash.byte(byte);
    }

    fn end(&mut self) {
        let hash = std::mem::replace(&mut self.hash, Hash::new(self.vocabulary.seed()));
        self.found.extend(self.vocabulary.row(hash.value()));
    }
}

/// The rows that the host finds in a text.
fn rows(file: &[u8], text: &[u8]) -> Vec<u16> {
    let file = ModelFile::from_bytes(file);
    let Ok(model) = file.model() else { return Vec::new() };
    let Some(vocabulary) = model.vocabulary() else { return Vec::new() };
    let mut rows = Rows { vocabulary, hash: Hash::new(vocabulary.seed()), found: Vec::new() };
    let mut splitter = vocabulary.splitter();
    splitter.feed(text, &mut rows);
    splitter.finish(&mut rows);
    rows.found
}

fn crc(file: &[u8]) -> u32 {
    file.get(12..16).and_then(|crc| crc.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// The model cut after each of its layers that can be looked at, with the layer's number from 1.
fn cuts(file: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let file = ModelFile::from_bytes(file);
    let Ok(model) = file.model() else { return Vec::new() };
    let Some(arena) = arena(&file, &model) else { return Vec::new() };
    let cut = |last: usize| {
        let mut header = model.header();
        header.layers.truncate(last + 1);
        let layer = header.layers.last_mut()?;
        layer.activation_max = 0;
        // Logits are requantised: by one, so that nothing is rounded away.
        let mut arena = arena.to_vec();
        arena.resize(arena.len().next_multiple_of(ALIGNMENT), 0);
        layer.records = arena.len() as u32;
        for bias in model.layers().nth(last)?.biases() {
            arena.extend([bias, MULTIPLIER_MIN, ONE_SHIFT].map(i32::to_le_bytes).concat());
        }
        let classes = (layer.units as usize).max(2);
        let labels = vec!["x"; classes].join("\0");
        header.labels = &labels;
        let mut out = vec![0; file.bytes().len() + arena.len() + labels.len()];
        let len = if classes <= MAX_CLASSES { write(&header, &arena, &mut out).ok()? } else { return None };
        out.truncate(len);
        Some((last + 1, out))
    };
    (0..model.layers().len()).filter_map(cut).collect()
}

/// The arena is the file's last part; where it begins is seen from a table in it.
fn arena<'f>(file: &'f ModelFile, model: &Model<'_>) -> Option<&'f [u8]> {
    let (layer, header) = (model.layers().next()?, model.header());
    let in_file = layer.stored_weights().as_ptr().addr().checked_sub(file.bytes().as_ptr().addr())?;
    file.bytes().get(in_file.checked_sub(header.layers.first()?.weights as usize)?..)
}

/// What a cut model answers here.
fn accumulators(cut: &[u8], document: Document<'_>) -> Vec<i32> {
    let file = ModelFile::from_bytes(cut);
    file.model().map_or_else(|_| Vec::new(), |model| logits_of_documents(&model, &[document]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &[u8] = include_bytes!("../../../shared/golden/tiny.edgefit");
    const TEXT: Document<'_> = Document::Text(b"A truly wonderful film, awful plot, nobody");

    /// The golden model with the first bias of a layer changed, and the CRC made right again.
    fn changed(layer: usize) -> Vec<u8> {
        let file = ModelFile::from_bytes(TINY);
        let model = file.model().unwrap();
        let arena = TINY.len() - arena(&file, &model).unwrap().len();
        let at = arena + model.header().layers[layer].records as usize;
        let mut bytes = TINY.to_vec();
        bytes[at] ^= 1;
        let crc = edgefit::format::crc32(&bytes[16..]).to_le_bytes();
        bytes[12..16].copy_from_slice(&crc);
        bytes
    }

    #[test]
    fn the_first_layer_that_differs_is_found() {
        let board = Board::parse("qemu:mps2-an386").unwrap();
        let layers = ModelFile::from_bytes(TINY).model().unwrap().layers().len();
        assert!(layers >= 2);
        assert_eq!(parting(&board, TINY, TINY, TEXT).unwrap(), None);
        for layer in 0..layers {
            let on_host = changed(layer);
            assert_eq!(cuts(&on_host).len(), layers, "it is sound");
            let found = parting(&board, TINY, &on_host, TEXT).unwrap();
            let found = found.unwrap_or_else(|| panic!("the bias of layer {} differs", layer + 1));
            assert_eq!(found.stage, Stage::Layer(layer + 1));
            assert_ne!(found.host, found.board);
            assert_eq!(found.host.len(), found.board.len());
        }
    }

    #[test]
    fn words_that_the_board_does_not_find_are_told_from_a_layer() {
        let board = Board::parse("qemu:mps2-an386").unwrap();
        // The board's file has another seed, so that it finds other rows for the same words.
        let file = ModelFile::from_bytes(TINY);
        let model = file.model().unwrap();
        let mut header = model.header();
        let edgefit::format::Input::Text { seed, .. } = &mut header.input else { panic!("it is one of text") };
        *seed ^= 0x55;
        let mut on_board = vec![0; TINY.len() + 64];
        let len = write(&header, arena(&file, &model).unwrap(), &mut on_board).unwrap();
        on_board.truncate(len);
        let found = parting(&board, &on_board, TINY, TEXT).unwrap().expect("the words differ");
        assert_eq!(found.stage, Stage::Words);
    }
}
