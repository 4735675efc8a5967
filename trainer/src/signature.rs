//! What goes into a model or a run, and what comes out: held against a dataset before one is tried on the other.

use std::path::Path;

use edgefit::Model;

use crate::{
    Error, Result,
    data::{Dataset, Inputs},
    run::Run,
    suggest::listed,
};

/// How many features an error names.
const NAMED: usize = 8;

/// The inputs and the classes of the model or run at a place.
///
/// Whatever brings a model or a run and a dataset together [checks](Self::check) them first: nothing after it looks whether
/// the documents are of the model's kind, and have its features and its classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The file or folder that it is of, for errors.
    place: String,
    /// How many numbers a document is; none where it is a text.
    features: Option<usize>,
    /// The names of the classes, in the order of their labels.
    labels: Vec<String>,
}

impl Signature {
    /// That of the model of the file at `path`.
    #[must_use]
    pub fn of_model(path: &Path, model: &Model<'_>) -> Self {
        Self {
            place: path.display().to_string(),
            features: model.standards().map(edgefit::Standards::features),
            labels: model.labels().map(str::to_owned).collect(),
        }
    }

    /// That of a run with these inputs.
    #[must_use]
    pub fn of_run(run: &Run, inputs: &Inputs) -> Self {
        Self {
            place: run.folder.display().to_string(),
            features: match inputs {
                Inputs::Words(_) => None,
                Inputs::Numbers(standards) => Some(standards.features()),
            },
            labels: run.info.dataset.labels.clone(),
        }
    }

    /// Refuses a dataset of documents that are of another kind, have other features or other classes, or has none to test on.
    ///
    /// # Errors
    ///
    /// Input, with what both are.
    pub fn check(&self, dataset: &Dataset) -> Result<()> {
        let refused = |problem: String, next: &str| Err(Error::input(&self.place, problem, next));
        match (self.features, dataset.features.as_deref()) {
            (None, Some(_)) => refused(
                "it takes texts, and the documents of the data are numbers".to_owned(),
                "name data with texts; --text-column says which columns they are in",
            ),
            (Some(own), None) => refused(
                format!("it takes {own} numbers a document, and the documents of the data are texts"),
                "name a table with a column a feature, as that which it was made from",
            ),
            (Some(own), Some(features)) if own != features.len() => refused(
                format!(
                    "it takes {own} numbers a document, and the data has {}: {}",
                    features.len(),
                    listed(features, NAMED)
                ),
                "name a table with the columns that it was made from; --ignore-column leaves out those that are no features",
            ),
            _ if self.labels != dataset.labels => refused(
                format!(
                    "its classes are {}, those of the data are {}",
                    self.labels.join(", "),
                    dataset.labels.join(", ")
                ),
                "name the data that it was made from, or `trainer evaluate` it on these",
            ),
            _ if dataset.test.is_empty() => refused(
                "the data has no document to test it on".to_owned(),
                "add some, or name a file of them with --test",
            ),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Split;

    #[test]
    fn each_difference_is_refused_by_what_both_are() {
        let texts = Dataset::open("synthetic:4").unwrap();
        let numbers = |features: usize| {
            let features = Some((1..=features).map(|feature| format!("f{feature}")).collect());
            Dataset { features, ..texts.clone() }
        };
        let of = |features| Signature { place: "m.edgefit".to_owned(), features, labels: texts.labels.clone() };
        let message = |signature: Signature, dataset: &Dataset| match signature.check(dataset) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        assert_eq!(message(of(None), &texts), "");
        assert_eq!(message(of(Some(9)), &numbers(9)), "");
        let reordered = Dataset { labels: texts.labels.iter().rev().cloned().collect(), ..texts.clone() };
        let untested = Dataset { test: Split::default(), ..texts.clone() };
        for (signature, dataset, problem) in [
            (of(None), &numbers(2), "it takes texts, and the documents of the data are numbers"),
            (of(Some(2)), &texts, "it takes 2 numbers a document, and the documents of the data are texts"),
            (of(Some(2)), &numbers(1), "it takes 2 numbers a document, and the data has 1: f1\n"),
            (of(Some(2)), &numbers(9), "and the data has 9: f1, f2, f3, f4, f5, f6, f7, f8, …\n"),
            (of(None), &reordered, "its classes are neg, pos, those of the data are pos, neg"),
            (of(None), &untested, "the data has no document to test it on"),
        ] {
            let message = message(signature, dataset);
            assert!(message.starts_with("m.edgefit: ") && message.contains(problem), "{message}");
        }
    }
}
