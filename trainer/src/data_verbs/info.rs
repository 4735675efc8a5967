//! What is in a dataset, in numbers.

use std::fmt::Write;

use edgefit::words::{Splitter, WordSink};
use serde::Serialize;

use crate::{
    data::{Dataset, Source, Split, Tokeniser, WordCounts, of_words},
    prepared::VOCABULARY,
    run::DatasetInfo,
};

/// What `data info --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Info {
    /// The version of this object's layout.
    schema: u32,
    /// Its name.
    name: String,
    /// What `--data` was given.
    source: String,
    /// The SHA-256, in hexadecimal.
    sha256: String,
    /// Whether the texts are generated.
    synthetic: bool,
    /// The names of the features, where the documents are numbers.
    features: Option<Vec<String>>,
    /// What was guessed, left out or is to be known.
    notes: Vec<String>,
    /// The half to fit on.
    train: HalfInfo,
    /// The half to test on.
    test: HalfInfo,
}

/// One half of a dataset, in numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct HalfInfo {
    documents: usize,
    /// How many documents each class has.
    classes: Vec<ClassInfo>,
    /// Repetitions counted.
    words: u64,
    distinct_words: usize,
    words_per_document: Lengths,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct ClassInfo {
    label: String,
    documents: usize,
}

/// How many words the documents have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Lengths {
    mean: f64,
    /// The middle one; of two, their mean.
    median: f64,
    max: u64,
}

impl Info {
    /// Counts a dataset that was opened from `source`.
    pub(super) fn of(dataset: &Dataset, source: impl Into<Source>) -> Self {
        let DatasetInfo { name, source, reading, sha256, synthetic, mut notes, .. } = DatasetInfo::of(dataset, source);
        let (train, test) = (&dataset.train, &dataset.test);
        let features = dataset.features.clone();
        let tokeniser = reading.tokeniser.unwrap_or_default();
        let half = |split| HalfInfo::of(split, &dataset.labels, features.is_some(), tokeniser);
        if features.is_none() && !synthetic && dataset.word_index.is_none() {
            notes.extend(of_words(&WordCounts::by(tokeniser, train), reading.vocabulary.unwrap_or(VOCABULARY)));
        }
        Self { schema: 1, name, source, sha256, synthetic, train: half(train), test: half(test), features, notes }
    }

    /// For people.
    pub(super) fn render(&self) -> String {
        let kind = if self.synthetic { ", SYNTHETIC: generated, no real text" } else { "" };
        let mut out = format!("{}{kind}\nSHA-256 {}\n\n", self.name, self.sha256);
        let halves = [&self.train, &self.test];
        let mut row = |name: &str, [train, test]: [String; 2]| {
            let _ = writeln!(out, "{name:24}{train:>12}{test:>12}");
        };
        row("", ["train".to_owned(), "test".to_owned()]);
        row("documents", halves.map(|half| half.documents.to_string()));
        for (i, class) in self.train.classes.iter().enumerate() {
            row(&format!("  {}", class.label), halves.map(|half| half.classes[i].documents.to_string()));
        }
        if let Some(features) = &self.features {
            let _ = writeln!(out, "{:24}{:>12}", "features", features.len());
            return out + &self.render_notes();
        }
        row("words", halves.map(|half| half.words.to_string()));
        row("distinct words", halves.map(|half| half.distinct_words.to_string()));
        row("words a document: mean", halves.map(|half| format!("{:.1}", half.words_per_document.mean)));
        row("  median", halves.map(|half| half.words_per_document.median.to_string()));
        row("  max", halves.map(|half| half.words_per_document.max.to_string()));
        out + &self.render_notes()
    }

    fn render_notes(&self) -> String {
        let mut out = String::new();
        for note in &self.notes {
            let _ = write!(out, "\nnote: {note}");
        }
        if out.is_empty() { out } else { out + "\n" }
    }
}

impl HalfInfo {
    fn of(split: &Split, labels: &[String], numbers: bool, tokeniser: Tokeniser) -> Self {
        let counts = if numbers { WordCounts::default() } else { WordCounts::by(tokeniser, split) };
        let documents = split.class_counts(labels.len());
        let class = |(label, documents): (&String, usize)| ClassInfo { label: label.clone(), documents };
        Self {
            documents: split.len(),
            classes: labels.iter().zip(documents).map(class).collect(),
            words: counts.tokens(),
            distinct_words: counts.distinct(),
            words_per_document: Lengths::of(
                split.texts().filter(|_| !numbers).map(|text| words(text, tokeniser)).collect(),
            ),
        }
    }
}

impl Lengths {
    fn of(mut lengths: Vec<u64>) -> Self {
        lengths.sort_unstable();
        let at = |i: usize| lengths.get(i).copied().unwrap_or(0);
        let (half, odd) = (lengths.len() / 2, lengths.len() % 2);
        Self {
            mean: lengths.iter().sum::<u64>() as f64 / lengths.len().max(1) as f64,
            median: (at((half + odd).saturating_sub(1)) + at(half)) as f64 / 2.0,
            max: lengths.last().copied().unwrap_or(0),
        }
    }
}

/// How many words a text has.
fn words(text: &[u8], tokeniser: Tokeniser) -> u64 {
    struct Count(u64);
    impl WordSink for Count {
        fn byte(&mut self, _: u8) {}
        fn end(&mut self) {
            self.0 += 1;
        }
    }
    let (mut splitter, mut count) = (Splitter::by(tokeniser.version()).unwrap_or_default(), Count(0));
    splitter.feed(text, &mut count);
    splitter.finish(&mut count);
    count.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset() -> Dataset {
        let mut dataset = Dataset::open("synthetic:2").unwrap();
        (dataset.train, dataset.test) = (Split::default(), Split::default());
        for (text, label) in [("One two, two!", 0), ("", 0), ("three", 1), ("a b c d e f", 0)] {
            dataset.train.push(text.as_bytes(), label);
        }
        dataset.test.push(b"TWO two", 1);
        dataset
    }

    #[test]
    fn documents_classes_and_words_are_counted() {
        let info = Info::of(&dataset(), "here");
        let json = serde_json::to_value(&info).unwrap();
        assert_eq!((&json["schema"], &json["source"], &json["synthetic"]), (&1.into(), &"here".into(), &true.into()));
        let expected = serde_json::json!({
            "documents": 4,
            "classes": [{ "label": "neg", "documents": 3 }, { "label": "pos", "documents": 1 }],
            "words": 10,
            "distinct_words": 9,
            "words_per_document": { "mean": 2.5, "median": 2.0, "max": 6 },
        });
        assert_eq!(json["train"], expected);
        let expected = serde_json::json!({ "mean": 2.0, "median": 2.0, "max": 2 });
        assert_eq!((&json["test"]["distinct_words"], &json["test"]["words_per_document"]), (&1.into(), &expected));
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middle_ones() {
        let median = |lengths: &[u64]| Lengths::of(lengths.to_vec()).median.to_string();
        assert_eq!([&[][..], &[7], &[9, 1], &[3, 9, 1], &[4, 1, 2, 9]].map(median), ["0", "7", "5", "3", "3"]);
    }

    #[test]
    fn people_see_that_a_corpus_is_synthetic_and_what_is_in_it() {
        let text = Info::of(&dataset(), "here").render();
        assert!(text.starts_with("synthetic:2, SYNTHETIC: generated, no real text\nSHA-256 "), "{text}");
        for line in [
            "                               train        test",
            "  neg                              3           0",
            "words                             10           2",
            "words a document: mean           2.5         2.0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\nis not in\n{text}");
        }
    }
}
