//! A model with the words of a foreign tokeniser: it says so, and answers like any other.

mod buffer;
mod common;
mod parts;

use buffer::Buffer;
use edgefit::{
    Classifier, Model, Scratch,
    format::Input,
    words::{FOREIGN, TOKENISER},
};

fn logit(model: &Model<'_>, text: &[u8]) -> i32 {
    let mut scratch = Scratch::<1, 4>::new();
    let mut classifier = Classifier::new(model, &mut scratch).expect("there is room");
    classifier.text(text);
    classifier.finish().values()[0]
}

#[test]
fn the_mark_changes_no_answer() {
    let mut parts = parts::tiny();
    let own = Buffer::new(&parts.bytes());
    let own = Model::from_bytes(own.bytes()).unwrap();
    let Input::Text { tokeniser, .. } = &mut parts.header.input else { panic!("the model is one of text") };
    *tokeniser = TOKENISER | FOREIGN;
    let foreign = Buffer::new(&parts.bytes());
    let foreign = Model::from_bytes(foreign.bytes()).unwrap();
    assert_eq!((own.is_foreign(), foreign.is_foreign()), (false, true));
    for text in [&b""[..], b"A wonderful film", b"Poor, bad, a stranger to plot"] {
        assert_eq!(logit(&own, text), logit(&foreign, text));
    }
}
