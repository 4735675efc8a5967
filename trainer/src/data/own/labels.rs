//! The names of the classes, as they come up, and then in order.

use edgefit::format::MAX_CLASSES;
use rustc_hash::FxHashMap;

use crate::{Error, Result};

/// No name of a class is longer than this, in bytes: it travels in the model file.
pub(super) const LONGEST_LABEL: usize = 200;
/// So many labels are enough to see that they are none.
const ENOUGH: usize = 10_000;

/// The labels seen so far.
#[derive(Debug, Default)]
pub(super) struct Labels {
    numbers: FxHashMap<String, u16>,
    names: Vec<String>,
    closed: bool,
}

impl Labels {
    /// These, in this order, and no others.
    pub(super) fn of(names: &[&str]) -> Self {
        let mut labels = Self::default();
        for name in names {
            labels.number(name);
        }
        labels.close();
        labels
    }

    /// The number of a label, a new one if it is new; `None` if it is one too many, or new after all are known.
    pub(super) fn number(&mut self, label: &str) -> Option<u16> {
        if let Some(number) = self.numbers.get(label) {
            return Some(*number);
        }
        if self.closed || self.names.len() == ENOUGH {
            return None;
        }
        let number = self.names.len() as u16;
        self.numbers.insert(label.to_owned(), number);
        self.names.push(label.to_owned());
        Some(number)
    }

    /// The labels that are known, in a few words.
    pub(super) fn known(&self) -> String {
        let more = if self.names.len() > 8 { ", …" } else { "" };
        self.names[..self.names.len().min(8)].join(", ") + more
    }

    /// No label is new from now on.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Checks that the labels are those of classes. `documents` is how many documents have them.
    pub(super) fn check(&self, place: &str, called: &str, documents: usize) -> Result<()> {
        let classes = self.names.len();
        if classes == 1 {
            let problem = format!("all {documents} documents have the label `{}`", self.names[0]);
            return Err(Error::input(place, problem, "there is nothing to tell apart: add documents of another class"));
        }
        if classes <= MAX_CLASSES {
            return Ok(());
        }
        let more = if classes == ENOUGH { " or more" } else { "" };
        let numeric = self.names.iter().all(|name| name.parse::<f64>().is_ok());
        let kind = match numeric {
            _ if classes * 2 > documents => "it looks like an id, or like the text",
            true => "it looks like a quantity, which takes regression and not classes",
            false => "it does not look like classes",
        };
        let problem = format!("{called} has {classes}{more} different labels in {documents} documents: {kind}");
        let next = format!("name another column with --label-column; a model has up to {MAX_CLASSES} classes");
        Err(Error::input(place, problem, next))
    }

    /// The names in order, and for each number so far its place there. Whole numbers go by value, all else by bytes, so that
    /// the order of the rows has no say.
    pub(super) fn ordered(self) -> (Vec<String>, Vec<u16>) {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        let value = |name: &String| name.parse::<i64>().ok();
        if self.names.iter().all(|name| value(name).is_some()) {
            order.sort_by_key(|&i| (value(&self.names[i]), &self.names[i]));
        } else {
            order.sort_by_key(|&i| &self.names[i]);
        }
        let mut places = vec![0; order.len()];
        for (place, &number) in order.iter().enumerate() {
            places[number] = place as u16;
        }
        (order.into_iter().map(|i| self.names[i].clone()).collect(), places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Labels {
        let mut labels = Labels::default();
        for name in names {
            assert!(labels.number(name).is_some());
        }
        labels
    }

    #[test]
    fn order_is_by_value_or_by_bytes() {
        assert_eq!(of(&["10", "9", "-1"]).ordered(), (["-1", "9", "10"].map(String::from).into(), vec![2, 1, 0]));
        assert_eq!(of(&["spam", "10", "ham"]).ordered().0, ["10", "ham", "spam"]);
    }

    #[test]
    fn a_label_after_all_are_known_has_no_number() {
        let mut labels = of(&["a", "b"]);
        labels.close();
        assert_eq!((labels.number("b"), labels.number("c")), (Some(1), None));
    }

    #[test]
    fn what_are_no_classes_is_refused_with_the_reason() {
        let names: Vec<String> = (0..100).map(|i| i.to_string()).collect();
        let labels = of(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let message = |documents| labels.check("x.csv", "column 1", documents).unwrap_err().to_string();
        assert!(message(100).contains("looks like an id"), "{}", message(100));
        assert!(message(1_000).contains("regression"), "{}", message(1_000));
        assert!(of(&["a"]).check("x.csv", "column 1", 3).unwrap_err().to_string().contains("all 3 documents"));
        assert!(of(&["a", "b"]).check("x.csv", "column 1", 3).is_ok());
    }
}
