//! What to say when the data is the problem.

use rustc_hash::FxHashSet;

use crate::{
    Error, Result,
    data::{Split, Tokeniser, WordCounts},
};

/// With fewer documents of a class to fit, nothing that is learnt of it carries far.
const FEW: usize = 20;
/// The share of the decisions in which two models of one dataset usually differ, to size a test set by.
const DISCORDANT: f64 = 0.1;
/// The gap, in points, that a test set should be able to show.
const GAP: f64 = 1.0;
/// Two sides of 95% of a normal distribution.
const NORMAL: f64 = 1.96;
/// The share of words with other letters than ASCII from which on the tokeniser's way with them matters.
const FOREIGN_LETTERS: f64 = 0.05;

/// Refuses what cannot be learnt from or tested on at all.
pub(super) fn check(place: &str, train: &Split, test: &Split, labels: &[String]) -> Result<()> {
    let counts = |split: &Split| split.class_counts(labels.len());
    let missing = |counts: &[usize]| counts.iter().position(|count| *count == 0);
    if test.is_empty() {
        let problem = format!("{} documents are too few: none is left to test on", train.len());
        return Err(Error::input(place, problem, "add documents, at least a few dozen of each class"));
    }
    if let Some(class) = missing(&counts(train)) {
        let problem = format!("no document of class `{}` is left to fit", labels[class]);
        return Err(Error::input(
            place,
            problem,
            "add documents of this class that are not all the same, or remove it",
        ));
    }
    Ok(())
}

/// Documents of the test that are among those to fit.
pub(super) fn duplicates(train: &Split, test: &Split) -> Option<String> {
    let known: FxHashSet<&[u8]> = train.texts().collect();
    let again = test.texts().filter(|text| known.contains(text)).count();
    (again > 0).then(|| {
        format!(
            "{again} of {} test documents are among those to fit, to the last byte: the test flatters every model on these",
            test.len()
        )
    })
}

/// What the sizes of the parts allow to say.
pub(super) fn of_sizes(train: &Split, test: &Split, labels: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    let fit = train.class_counts(labels.len());
    let few: Vec<String> = labels
        .iter()
        .zip(&fit)
        .filter(|(_, count)| **count < FEW)
        .map(|(label, count)| format!("{count} of `{label}`"))
        .collect();
    if !few.is_empty() {
        let more = if few.len() > 5 { ", …" } else { "" };
        let list = few[..few.len().min(5)].join(", ");
        notes.push(format!(
            "few documents to fit: {list}{more}; below {FEW} of a class, its accuracy is a matter of luck"
        ));
    }
    let untested: Vec<&str> = labels
        .iter()
        .zip(test.class_counts(labels.len()))
        .filter(|(_, count)| *count == 0)
        .map(|(label, _)| label.as_str())
        .collect();
    if !untested.is_empty() {
        notes.push(format!("no test document of class {}: nothing is known of it", untested.join(", ")));
    }
    let largest = fit.iter().max().copied().unwrap_or(0);
    let share = largest as f64 / train.len() as f64;
    if share > 0.8 {
        notes.push(format!(
            "{:.1}% of the documents are of one class: always to answer that one is right as often; look at the balanced \
             accuracy, and try --class-weights balanced",
            100.0 * share
        ));
    }
    let needed = (DISCORDANT * (NORMAL / (GAP / 100.0)).powi(2)).ceil() as usize;
    if test.len() < needed {
        let shown = 100.0 * NORMAL * (DISCORDANT / test.len() as f64).sqrt();
        notes.push(format!(
            "{} test documents show no gap between two models below about {shown:.1} points (where these differ on a tenth \
             of the documents); for one of {GAP} point, about {needed} are needed",
            test.len()
        ));
    }
    notes
}

/// What the words of the fitting documents mean for a vocabulary of `asked` words.
pub(crate) fn of_words(counts: &WordCounts, asked: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if counts.distinct() < asked {
        notes.push(format!(
            "the vocabulary has {} words, all there are, and not the {asked} asked for",
            counts.distinct()
        ));
    }
    let other = counts.beyond_ascii() as f64 / counts.tokens().max(1) as f64;
    if other > FOREIGN_LETTERS && counts.tokeniser() == Tokeniser::Ascii {
        notes.push(format!(
            "{:.1}% of the words have characters beyond ASCII, whose case and punctuation the tokeniser leaves as they are \
             (--tokeniser 2 does not)",
            100.0 * other
        ));
    }
    notes
}
