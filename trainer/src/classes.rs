//! Decisions, and how right they are class by class.

use serde::Serialize;

/// The class that the logits of one document decide for: of one logit, class 1 iff it is above 0; else that of the largest
/// logit, the lowest class on ties. As `edgefit::Logits::class`, for float logits too.
#[must_use]
pub fn decision<L: PartialOrd + Default>(logits: &[L]) -> u16 {
    if let [logit] = logits {
        return u16::from(*logit > L::default());
    }
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = class;
        }
    }
    best as u16
}

/// The decision on each of `documents` documents, whose logits lie one after the other.
#[must_use]
pub fn decisions<L: PartialOrd + Default>(logits: &[L], documents: usize) -> Vec<u16> {
    if documents == 0 {
        return Vec::new();
    }
    logits.chunks_exact(logits.len() / documents).map(decision).collect()
}

/// How right decisions are, class by class. Shares are fractions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassMetrics {
    /// The mean recall of the classes that have documents: what counts where classes are of different sizes.
    pub balanced_accuracy: f64,
    /// The mean F1 of the classes: of precision and recall, `2 p r / (p + r)`. A class that has no document and no decision is
    /// left out, as in scikit-learn.
    pub macro_f1: f64,
    /// Row: the class of the document; column: the decision; both in the order of the labels.
    pub confusion: Vec<Vec<usize>>,
    /// One entry a class.
    pub classes: Vec<ClassRow>,
}

/// How right decisions are on one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassRow {
    /// Its name.
    pub label: String,
    /// How many documents are of it.
    pub documents: usize,
    /// Of the decisions for it, the share that is right; null where there is none.
    pub precision: Option<f64>,
    /// Of its documents, the share that is decided right; null where there is none.
    pub recall: Option<f64>,
    /// `2 p r / (p + r)`; null where there is neither a document nor a decision.
    pub f1: Option<f64>,
}

impl ClassMetrics {
    /// Counts decisions against labels.
    ///
    /// # Panics
    ///
    /// If a label or a decision has no name in `names`.
    #[must_use]
    pub fn of(decisions: &[u16], labels: &[u16], names: &[String]) -> Self {
        let mut confusion = vec![vec![0; names.len()]; names.len()];
        for (&decision, &label) in decisions.iter().zip(labels) {
            confusion[usize::from(label)][usize::from(decision)] += 1;
        }
        let row = |(class, name): (usize, &String)| {
            let right = confusion[class][class];
            let documents: usize = confusion[class].iter().sum();
            let decided: usize = confusion.iter().map(|row| row[class]).sum();
            let share = |of: usize| (of > 0).then(|| right as f64 / of as f64);
            let f1 = (documents + decided > 0).then(|| 2.0 * right as f64 / (documents + decided) as f64);
            ClassRow { label: name.clone(), documents, precision: share(decided), recall: share(documents), f1 }
        };
        let classes: Vec<ClassRow> = names.iter().enumerate().map(row).collect();
        let mean = |value: fn(&ClassRow) -> Option<f64>| {
            let values: Vec<f64> = classes.iter().filter_map(value).collect();
            values.iter().sum::<f64>() / values.len().max(1) as f64
        };
        Self { balanced_accuracy: mean(|row| row.recall), macro_f1: mean(|row| row.f1), confusion, classes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn zero_is_negative_and_ties_go_to_the_lowest_class() {
        assert_eq!([decision(&[0]), decision(&[1]), decision(&[-1])], [0, 1, 0]);
        assert_eq!([decision(&[3, 3, 1]), decision(&[1, 2, 2]), decision(&[-5, -7, -5])], [0, 1, 0]);
        assert_eq!(decisions(&[0.5, 1.0, 2.0, 0.0], 2), [1, 0]);
        assert_eq!(decisions::<i32>(&[], 0), [0u16; 0]);
    }

    proptest! {
        #[test]
        fn decisions_are_those_of_the_board(logits in proptest::collection::vec(-3i32..3, 1..6)) {
            prop_assert_eq!(usize::from(decision(&logits)), edgefit::Logits::new(&logits, 1.0).class());
        }
    }

    #[test]
    fn the_metrics_are_those_of_scikit_learn() {
        // sklearn.metrics 1.9: balanced_accuracy_score, f1_score(average="macro"), precision_recall_fscore_support.
        let labels = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2];
        let decisions = [0, 0, 0, 1, 2, 1, 1, 0, 0, 2];
        let metrics = ClassMetrics::of(&decisions, &labels, &names(&["a", "b", "c", "never"]));
        assert_eq!(metrics.confusion, [[3, 1, 1, 0], [1, 2, 0, 0], [1, 0, 1, 0], [0; 4]]);
        assert!((metrics.balanced_accuracy - 0.588_888_888_888).abs() < 1e-9);
        assert!((metrics.macro_f1 - (0.6 + 2.0 / 3.0 + 0.5) / 3.0).abs() < 1e-9);
        assert_eq!(metrics.classes[1].precision, Some(2.0 / 3.0));
        let ClassRow { precision, recall, f1, documents, .. } = metrics.classes[3].clone();
        assert_eq!((precision, recall, f1, documents), (None, None, None, 0));
    }
}
