//! The embedded corpus: generated reviews on which nets overfit as they do on IMDB.
//!
//! **It is synthetic.** With 25,000 + 25,000 documents it reproduces the learning curves of dense nets on the IMDB
//! reviews and the margins of the techniques over the baseline, to a few tenths of a point. It does not reproduce how
//! naive Bayes and linear models compare with nets (its words are independent given the document's tilt, which suits
//! them too well); and with fewer documents the margins of the smaller net and of L2 are gone. No statement about
//! real reviews may rest on it.
//!
//! The texts are made of invented words ([`spelling`]) from ids ([`generator`] defines them, in integers only), so that
//! every machine makes the same bytes.

mod generator;
mod spelling;

use super::{Dataset, Split, dataset::content_sha256, reviews::CLASSES};
use crate::{Error, Result};
use generator::{Generator, Part};
use spelling::Spelling;

/// The documents of a whole half.
pub(super) const DOCUMENTS: u32 = 25_000;

/// The seed of the corpus that is embedded; the figures that it is known to reproduce were measured with this one.
const SEED: u64 = 0;

/// The start of the SHA-256 of the whole corpus, as the tests pin it: another generator has another one.
pub(super) const WHOLE: [u8; 4] = [0xd0, 0x07, 0xc9, 0x0b];

/// How many documents of each half `source` asks for, if it asks for this corpus.
pub(super) fn documents(source: &str) -> Result<Option<u32>> {
    let Some(rest) = source.strip_prefix("synthetic") else { return Ok(None) };
    let Some(number) = rest.strip_prefix(':') else { return Ok(rest.is_empty().then_some(DOCUMENTS)) };
    match number.parse() {
        Ok(n @ 2..=DOCUMENTS) => Ok(Some(n)),
        _ => Err(Error::usage(
            format!("`{source}`: the number of documents is not one of 2 to {DOCUMENTS}"),
            "name `synthetic` for all of them, or for example `synthetic:5000` for the first 5000 of each half",
        )),
    }
}

/// The corpus with the first `documents` documents of each half.
pub(super) fn dataset(documents: u32) -> Dataset {
    let mut generator = Generator::new(SEED);
    let spelling = Spelling::new();
    let train = split(&mut generator, &spelling, Part::Train, documents);
    let test = split(&mut generator, &spelling, Part::Test, documents);
    let name = if documents == DOCUMENTS { "synthetic".into() } else { format!("synthetic:{documents}") };
    let sha256 = content_sha256(&train, &test);
    let labels = CLASSES.map(String::from).into();
    Dataset { name, synthetic: true, sha256, labels, word_index: None, features: None, notes: Vec::new(), train, test }
}

fn split(generator: &mut Generator, spelling: &Spelling, part: Part, documents: u32) -> Split {
    let mut split = Split::default();
    let (mut ids, mut text) = (Vec::new(), Vec::new());
    for i in 0..documents {
        ids.clear();
        generator.document(part, i, &mut ids);
        text.clear();
        spelling.write(&ids, &mut text);
        split.push(&text, generator::label(i));
    }
    split
}

#[cfg(test)]
mod tests {
    use super::super::WordCounts;
    use super::*;

    #[test]
    fn the_texts_are_the_ids_in_words() {
        let corpus = dataset(2);
        assert!(corpus.train.text(0).starts_with(b"pe zuju bikoko ku kezi bapu bati bikoko pe ro pe pe "));
        assert!(corpus.train.text(0).is_ascii() && !corpus.train.text(0).ends_with(b" "));
        assert_eq!(WordCounts::of(&corpus.train).tokens(), 140 + 192);
        assert_eq!((corpus.name.as_str(), corpus.synthetic), ("synthetic:2", true));
    }

    #[test]
    fn the_whole_corpus_is_the_same_everywhere() {
        let corpus = Dataset::open("synthetic").unwrap();
        assert_eq!((corpus.train.len(), corpus.test.len(), corpus.name.as_str()), (25_000, 25_000, "synthetic"));
        assert_eq!(corpus.sha256[..4], WHOLE);
        let counts = WordCounts::of(&corpus.train);
        assert_eq!((counts.distinct(), counts.tokens()), (30_000, 5_793_972));
        assert_eq!(Dataset::open("synthetic:25000").unwrap(), corpus);
    }

    #[test]
    fn fewer_documents_are_the_first_ones() {
        let (few, more) = (dataset(3), dataset(10));
        for (few, more) in [(&few.train, &more.train), (&few.test, &more.test)] {
            assert!(few.texts().eq(more.texts().take(3)));
            assert_eq!(few.labels(), [0, 1, 0]);
        }
        assert_ne!(few.sha256, more.sha256);
    }

    #[test]
    fn the_number_of_documents_is_checked() {
        assert_eq!(documents("synthetic").unwrap(), Some(25_000));
        assert_eq!(documents("synthetic:2").unwrap(), Some(2));
        assert_eq!(documents("synthetically").unwrap(), None);
        for source in ["synthetic:", "synthetic:0", "synthetic:1", "synthetic:25001", "synthetic:-3", "synthetic:2k"] {
            let message = documents(source).unwrap_err().to_string();
            assert!(message.contains(source) && message.contains("synthetic:5000"), "{message}");
        }
    }
}
