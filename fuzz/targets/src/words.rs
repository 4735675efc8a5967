//! The word splitters and the vocabulary, by a model of one layer that tells which rows a text sets.
//!
//! The input is a head of eight bytes (the tokeniser, the number of words, their seed, and whether the text's own words are
//! among them), the displacements and fingerprints, and the text.

use edgefit::{
    Classifier, Model,
    vocabulary::{Vocabulary, buckets},
    words::{Hash, Splitter, WordSink},
};

use crate::{
    buffer::{Buffer, Room},
    pieces,
    reference::{Layer, Network, Unit, folded, words},
    seeds,
};

const HEAD: usize = 8;

/// Takes the words that a splitter finds, in order.
#[derive(Default)]
struct Words {
    done: Vec<Vec<u8>>,
    open: Vec<u8>,
}

impl WordSink for Words {
    fn byte(&mut self, byte: u8) {
        self.open.push(byte);
    }

    fn end(&mut self) {
        assert!(!self.open.is_empty(), "a word has a byte");
        self.done.push(std::mem::take(&mut self.open));
    }
}

/// See the module.
pub fn run(bytes: &[u8]) {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() else { return };
    let tokeniser = 1 + u16::from(head[0] % 2);
    let count = usize::from(head[1] % 64) + 1;
    let (tables, text) = rest.split_at(rest.len().min(2 * (count + buckets(count))));
    let text_as_split = if tokeniser == 2 { folded(text) } else { text.to_vec() };

    let found = split(tokeniser, text, pieces(text));
    assert_eq!(found, split(tokeniser, text, [text].into_iter()), "in pieces and whole");
    assert_eq!(found, naive(&text_as_split), "as by the rule");

    let mut network = network(tokeniser, count, *head, tables);
    if head[7] % 2 == 1 {
        for word in words(&text_as_split) {
            network.learn(&word);
        }
    }
    let (displacements, fingerprints) = (&network.displacements, &network.fingerprints);
    let unknown = network.unknown_row.then_some(count as u16);
    let vocabulary = Vocabulary::new(network.seed, displacements, fingerprints, unknown);
    for word in &found {
        let row = vocabulary.row(Hash::of(network.seed, word)).map(usize::from);
        assert_eq!(row, network.row(word), "{}", word.escape_ascii());
    }
    let buffer = Buffer::new(&network.file());
    let model = Model::from_bytes(buffer.bytes()).expect("a sound model");
    let mut room = Room::new(&model);
    let mut classifier = Classifier::new(&model, room.view()).expect("the room is made for the model");
    let expected = network.logits(&network.rows_of(text));
    for _ in 0..2 {
        pieces(text).for_each(|piece| classifier.text(piece));
        assert_eq!(classifier.finish().values(), expected);
    }
}

/// Both splitters find the words of a text wherever it is cut in two, and a classifier answers alike.
pub fn at_every_split(text: &[u8]) {
    let buffer = Buffer::new(include_bytes!("../../../models/linear.edgefit"));
    let model = Model::from_bytes(buffer.bytes()).expect("a model that ships");
    let mut room = Room::new(&model);
    let mut classifier = Classifier::new(&model, room.view()).expect("the room is made for the model");
    classifier.text(text);
    let whole = classifier.finish().values().to_vec();
    let expected = [naive(text), naive(&folded(text))];
    for at in 0..=text.len() {
        let (head, tail) = text.split_at(at);
        for (tokeniser, expected) in (1..).zip(&expected) {
            let mut splitter = Splitter::by(tokeniser).expect("one of the two");
            let mut words = Compared { expected: expected.iter(), open: Vec::new() };
            splitter.feed(head, &mut words);
            splitter.feed(tail, &mut words);
            splitter.finish(&mut words);
            assert!(words.open.is_empty() && words.expected.len() == 0, "tokeniser {tokeniser}, cut at {at}");
        }
        classifier.text(head);
        classifier.text(tail);
        assert_eq!(classifier.finish().values(), whole, "cut at {at}");
    }
}

/// Compares the words of a splitter as they come.
struct Compared<'w> {
    expected: std::slice::Iter<'w, Vec<u8>>,
    open: Vec<u8>,
}

impl WordSink for Compared<'_> {
    fn byte(&mut self, byte: u8) {
        self.open.push(byte);
    }

    fn end(&mut self) {
        assert_eq!(Some(&self.open), self.expected.next());
        self.open.clear();
    }
}

/// What the fuzzer starts from.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (i, text) in seeds::texts().into_iter().enumerate() {
        for tokeniser in 0..2 {
            let head = [tokeniser, 20 + i as u8, 1, 2, 3, i as u8, tokeniser, 1];
            let tables: Vec<u8> = (0..2 * (21 + i + buckets(21 + i))).map(|at| (at * 37 + i) as u8).collect();
            all.push([&head, &tables[..], &text].concat());
        }
    }
    all
}

fn split<'t>(tokeniser: u16, text: &[u8], pieces: impl Iterator<Item = &'t [u8]>) -> Vec<Vec<u8>> {
    let (mut splitter, mut words) = (Splitter::by(tokeniser).expect("one of the two"), Words::default());
    // One text before: nothing of it may be left.
    splitter.feed(text, &mut words);
    splitter.finish(&mut words);
    words.done.clear();
    pieces.for_each(|piece| splitter.feed(piece, &mut words));
    splitter.finish(&mut words);
    assert!(words.open.is_empty(), "every word ends");
    words.done
}

/// The words of a text in order, without a stream.
fn naive(text: &[u8]) -> Vec<Vec<u8>> {
    let separates = |byte: &u8| !(byte.is_ascii_alphanumeric() || *byte == b'\'' || *byte >= 0x80);
    text.split(separates).filter(|word| !word.is_empty()).map(<[u8]>::to_ascii_lowercase).collect()
}

/// A model of one layer, whose weights differ from row to row.
fn network(tokeniser: u16, count: usize, head: [u8; HEAD], tables: &[u8]) -> Network {
    let mut entries = tables.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).chain(std::iter::repeat(0));
    let mut table = |len| entries.by_ref().take(len).collect::<Vec<u16>>();
    let (displacements, fingerprints) = (table(buckets(count)), table(count));
    let unknown_row = head[6] % 2 == 1;
    let rows = count + usize::from(unknown_row);
    // A factor of 1, so that the logits are the sums.
    let unit = |place: usize| Unit {
        weights: (0..rows).map(|row| ((row * [1, 7, 31][place] + 1) % 255) as i16 - 127).collect(),
        bias: place as i32 - 1,
        multiplier: 1 << 30,
        shift: 30,
    };
    let layer = Layer { bits: 8, activation_max: 0, units: (0..3).map(unit).collect() };
    let seed = u32::from_le_bytes([head[2], head[3], head[4], head[5]]);
    Network { tokeniser, seed, displacements, fingerprints, unknown_row, layers: vec![layer] }
}
