//! The classifier against the reference, and what holds for every document.

mod buffer;
mod reference;

use std::collections::BTreeSet;

use buffer::{Buffer, Room, cases};
use edgefit::{Classifier, Error, Model, Scratch, ScratchView, classify, seen_words};
use proptest::{collection::vec, prelude::*};
use reference::{
    Network,
    generate::{network, sound_network, text},
};

/// The tiny model of `common`, from its file: to build it takes an interpreter minutes.
const TINY: &[u8] = include_bytes!("../golden/tiny.edgefit");

/// Feeds `text` in pieces, cut anywhere.
fn feed(classifier: &mut Classifier<'_, '_>, text: &[u8], cuts: &[usize]) {
    let mut rest = text;
    for cut in cuts {
        let (head, tail) = rest.split_at(cut % (rest.len() + 1));
        classifier.text(head);
        rest = tail;
    }
    classifier.text(rest);
}

fn add(classifier: &mut Classifier<'_, '_>, rows: &[usize]) {
    for &row in rows {
        classifier.row(row as u16).expect("the row exists");
    }
}

/// Runs `answer` with a classifier of `network` in a scratch that is full of remains.
fn with_classifier<T>(network: &Network, answer: impl FnOnce(&mut Classifier<'_, '_>) -> T) -> T {
    let buffer = Buffer::new(&network.file());
    let model = Model::from_bytes(buffer.bytes()).expect("the network is sound");
    let mut room = Room::new(&model);
    answer(&mut Classifier::new(&model, room.view()).expect("the room is made for the model"))
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    vec(any::<usize>(), 0..6)
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_network_loads_iff_no_accumulator_can_overflow(network in network()) {
        let buffer = Buffer::new(&network.file());
        let loaded = Model::from_bytes(buffer.bytes()).map(|_| ());
        prop_assert_eq!(loaded, if network.fits() { Ok(()) } else { Err(Error::Overflow) });
    }

    #[test]
    fn texts_in_any_chunks_have_the_logits_of_the_reference(
        network in sound_network(),
        documents in vec((text(), cuts()), 1..5),
    ) {
        let answers = with_classifier(&network, |classifier| {
            let answer = |(text, cuts): &(Vec<u8>, Vec<usize>)| {
                feed(classifier, text, cuts);
                classifier.finish().values().to_vec()
            };
            documents.iter().map(answer).collect::<Vec<_>>()
        });
        let expected: Vec<_> = documents.iter().map(|(text, _)| network.logits(&network.rows_of(text))).collect();
        prop_assert_eq!(answers, expected);
    }

    #[test]
    fn rows_in_any_order_have_the_logits_of_the_reference(
        network in sound_network(),
        rows in vec(any::<proptest::sample::Index>(), 0..60),
    ) {
        let rows: Vec<usize> = rows.iter().map(|row| row.index(network.rows())).collect();
        let answer = with_classifier(&network, |classifier| {
            add(classifier, &rows);
            classifier.finish().values().to_vec()
        });
        prop_assert_eq!(answer, network.logits(&rows.into_iter().collect()));
    }

    #[test]
    fn all_rows_and_no_rows_have_the_logits_of_the_reference(network in sound_network()) {
        let answers = with_classifier(&network, |classifier| {
            let none = classifier.finish().values().to_vec();
            add(classifier, &(0..network.rows()).collect::<Vec<_>>());
            [none, classifier.finish().values().to_vec()]
        });
        let all: BTreeSet<usize> = (0..network.rows()).collect();
        prop_assert_eq!(answers, [network.logits(&BTreeSet::new()), network.logits(&all)]);
    }

    #[test]
    fn a_text_and_its_rows_are_one_document(network in sound_network(), text in text()) {
        let rows: Vec<usize> = network.rows_of(&text).into_iter().collect();
        let (of_text, of_rows, of_both) = with_classifier(&network, |classifier| {
            classifier.text(&text);
            let of_text = classifier.finish().values().to_vec();
            add(classifier, &rows);
            let of_rows = classifier.finish().values().to_vec();
            classifier.text(&text);
            add(classifier, &rows);
            (of_text, of_rows, classifier.finish().values().to_vec())
        });
        prop_assert_eq!(&of_text, &of_rows);
        prop_assert_eq!(&of_text, &of_both);
    }

    #[test]
    fn what_was_reset_is_forgotten(
        network in sound_network(),
        forgotten in text(),
        row in any::<proptest::sample::Index>(),
        document in text(),
    ) {
        let (after_reset, fresh) = with_classifier(&network, |classifier| {
            classifier.text(&document);
            let fresh = classifier.finish().values().to_vec();
            classifier.row(row.index(network.rows()) as u16).expect("the row exists");
            classifier.text(&forgotten);
            classifier.text(b"half a wo");
            classifier.reset();
            classifier.text(&document);
            (classifier.finish().values().to_vec(), fresh)
        });
        prop_assert_eq!(after_reset, fresh);
    }
}

/// A classifier of the tiny model, and the logit of a text.
fn with_tiny<T>(answer: impl FnOnce(&mut Classifier<'_, '_>) -> T) -> T {
    let file = Buffer::new(TINY);
    let model = Model::from_bytes(file.bytes()).unwrap();
    let mut scratch = Scratch::<{ seen_words(32) }, 4>::new();
    answer(&mut Classifier::new(&model, &mut scratch).unwrap())
}

fn logit(classifier: &mut Classifier<'_, '_>, text: &str) -> i32 {
    classifier.text(text.as_bytes());
    classifier.finish().values()[0]
}

#[test]
fn a_word_counts_once() {
    with_tiny(|classifier| {
        let once = logit(classifier, "great film");
        assert_eq!(logit(classifier, "great great GREAT film, great film"), once);
        assert_ne!(logit(classifier, "film"), once);
    });
}

#[test]
fn strangers_share_one_row() {
    with_tiny(|classifier| {
        let known = logit(classifier, "great film");
        let one = logit(classifier, "great film zyzzyva");
        assert_ne!(one, known);
        assert_eq!(logit(classifier, "great film zyzzyva quokka"), one);
        classifier.row(31).unwrap();
        assert_eq!(logit(classifier, "great film"), one, "the last row is theirs");
    });
}

#[test]
fn a_reused_classifier_is_as_a_fresh_one() {
    let texts = ["awful awful plot", "", "great", "a half wor", "great", "zyzzyva"];
    let fresh = texts.map(|text| with_tiny(|classifier| logit(classifier, text)));
    assert_eq!(with_tiny(|classifier| texts.map(|text| logit(classifier, text))), fresh);
}

#[test]
fn a_row_out_of_range_leaves_the_document_as_it_was() {
    with_tiny(|classifier| {
        let expected = logit(classifier, "wonderful film");
        classifier.text(b"wonder");
        for row in [32, 33, 63, 64, 1_000, u16::MAX] {
            assert_eq!(classifier.row(row), Err(Error::RowOutOfRange), "row {row}");
        }
        assert_eq!(logit(classifier, "ful film"), expected);
    });
}

#[test]
fn the_answer_stays_at_hand_until_the_next_one() {
    with_tiny(|classifier| {
        assert_eq!(classifier.logits().values(), [0], "no answer yet");
        let expected = logit(classifier, "great");
        classifier.text(b"awful");
        assert_eq!(classifier.logits().values(), [expected]);
        classifier.reset();
        assert_eq!(classifier.logits().values(), [expected]);
    });
}

#[test]
fn a_used_scratch_holds_no_answer_of_the_next_model() {
    let file = Buffer::new(TINY);
    let model = Model::from_bytes(file.bytes()).unwrap();
    let mut scratch = Scratch::<{ seen_words(32) }, 4>::new();
    logit(&mut Classifier::new(&model, &mut scratch).unwrap(), "great");
    assert_eq!(Classifier::new(&model, &mut scratch).unwrap().logits().values(), [0]);
}

#[test]
fn a_scratch_too_small_is_refused() {
    let file = Buffer::new(TINY);
    let model = Model::from_bytes(file.bytes()).unwrap();
    assert!(Classifier::new(&model, &mut Scratch::<1, 4>::new()).is_ok());
    let rows = Classifier::new(&model, &mut Scratch::<0, 4>::new()).err();
    let units = Classifier::new(&model, &mut Scratch::<1, 3>::new()).err();
    assert_eq!((rows, units), (Some(Error::ScratchTooSmall), Some(Error::ScratchTooSmall)));

    let shorten: [fn(&mut Room); 4] = [
        |room| room.seen.truncate(room.seen.len() - 1),
        |room| room.accumulators.truncate(room.accumulators.len() - 1),
        |room| room.logits.truncate(room.logits.len() - 1),
        |room| room.activations.truncate(room.activations.len() - 1),
    ];
    for (slice, shorten) in shorten.into_iter().enumerate() {
        let mut room = Room::new(&model);
        assert!(Classifier::new(&model, room.view()).is_ok());
        shorten(&mut room);
        let view: ScratchView<'_> = room.view();
        assert_eq!(Classifier::new(&model, view).err(), Some(Error::ScratchTooSmall), "slice {slice}");
    }
}

#[test]
fn room_for_one_row_that_waits_is_enough_and_none_is_not() {
    let file = Buffer::new(TINY);
    let model = Model::from_bytes(file.bytes()).unwrap();
    let text = "A truly WONDERFUL film, not at all boring";
    let expected = with_tiny(|classifier| logit(classifier, text));
    let by_rows = with_tiny(|classifier| {
        add(classifier, &[0, 31, 7, 3]);
        classifier.finish().values()[0]
    });
    for waiting in 1..4 {
        let mut room = Room::new(&model);
        room.waiting.truncate(waiting);
        let mut classifier = Classifier::new(&model, room.view()).unwrap();
        assert_eq!(logit(&mut classifier, text), expected, "{waiting}");
        add(&mut classifier, &[0, 31, 7, 3]);
        assert_eq!(classifier.finish().values(), [by_rows], "{waiting}");
    }
    let mut room = Room::new(&model);
    room.waiting.clear();
    assert_eq!(Classifier::new(&model, room.view()).err(), Some(Error::ScratchTooSmall));
}

#[test]
fn a_classifier_may_move_to_another_task() {
    fn is_send<T: Send>() {}
    is_send::<Classifier<'static, 'static>>();
    is_send::<edgefit::NumericClassifier<'static, 'static>>();
    is_send::<Scratch<1, 4>>();
}

#[test]
fn rows_at_once_are_rows_one_by_one() {
    with_tiny(|classifier| {
        let rows = [3u16, 30, 3, 31, 0, 17, 17, 3];
        for row in rows {
            classifier.row(row).unwrap();
        }
        let expected = classifier.finish().values()[0];
        classifier.rows(&rows).unwrap();
        assert_eq!(classifier.finish().values()[0], expected);
        classifier.distinct_rows(&[3, 30, 31, 0, 17]).unwrap();
        assert_eq!(classifier.finish().values()[0], expected);
    });
}

#[test]
fn rows_before_one_that_is_out_of_range_are_added() {
    with_tiny(|classifier| {
        classifier.rows(&[3, 30]).unwrap();
        let expected = classifier.finish().values()[0];
        assert_eq!(classifier.rows(&[3, 30, 32, 5]), Err(Error::RowOutOfRange));
        assert_eq!(classifier.finish().values()[0], expected);
        assert_eq!(classifier.distinct_rows(&[3, 30, u16::MAX, 5]), Err(Error::RowOutOfRange));
        assert_eq!(classifier.finish().values()[0], expected);
    });
}

#[test]
fn one_call_classifies_like_many() {
    let file = Buffer::new(TINY);
    let model = Model::from_bytes(file.bytes()).unwrap();
    let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
    let texts = ["a truly wonderful film", "the worst, a waste of time", ""];
    let classes = texts.map(|text| with_tiny(|classifier| usize::from(logit(classifier, text) > 0)));
    assert!(classes.contains(&0) && classes.contains(&1), "{classes:?}");
    assert_eq!(texts.map(|text| classify(&model, text.as_bytes(), &mut scratch)), classes.map(Ok));

    let mut classifier = Classifier::new(&model, &mut scratch).unwrap();
    classifier.text(b"awful, awf");
    assert_eq!(texts.map(|text| classifier.classify(text.as_bytes()).class()), classes, "what was fed is forgotten");
    assert_eq!(classify(&model, b"", &mut Scratch::<1, 2>::new()), Err(Error::ScratchTooSmall));
}
