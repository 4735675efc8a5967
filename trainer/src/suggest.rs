//! Names in messages: the one that a misspelt one was meant to be, and those that there are.

use std::borrow::Borrow;

/// The known name nearest to `name`, if any is near: no more than half of its letters away.
#[must_use]
pub fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let (distance, near) = known.map(|other| (strsim::damerau_levenshtein(name, other), other)).min()?;
    (distance * 2 <= near.chars().count() + 1).then_some(near)
}

/// The first `most` names, and an ellipsis for more.
#[must_use]
pub fn listed(names: &[impl Borrow<str>], most: usize) -> String {
    let more = if names.len() > most { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(most)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_suggested() {
        let known = ["dropout", "l1", "smaller"];
        for (name, expected) in
            [("dorpout", Some("dropout")), ("samler", Some("smaller")), ("l3", Some("l1")), ("xyz", None), ("", None)]
        {
            assert_eq!(nearest(name, known.into_iter()), expected, "{name}");
        }
        assert_eq!(nearest("x", std::iter::empty()), None);
    }
}
