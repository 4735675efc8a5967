//! Holding out a part of the training documents.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use rustc_hash::FxHashMap;

use super::Split;

/// One in this many documents of each class is held out; of fewer, none is.
pub const ONE_IN: usize = 5;
/// The seed of the split: fixed, so that every run of every recipe holds out the same documents.
const SEED: u64 = 0x686f_6c64;

/// Splits the training documents: (to fit, held out). A fifth of each class is held out, identical texts are on one side, and
/// the order of the documents is kept.
#[must_use]
pub fn held_out(split: &Split) -> (Split, Split) {
    divide(split, |documents| documents / ONE_IN, SEED)
}

/// Splits documents in two: of each class, `wanted` of its number of documents go to the second part, identical ones are on one
/// side, and their order is kept.
#[must_use]
pub(super) fn divide(split: &Split, wanted: impl Fn(usize) -> usize, seed: u64) -> (Split, Split) {
    let groups = identical_texts(split);
    let classes = split.labels().iter().copied().max().map_or(0, |class| usize::from(class) + 1);
    let mut wanted: Vec<usize> = split.class_counts(classes).into_iter().map(wanted).collect();
    let mut is_held_out = vec![false; split.len()];
    for group in shuffled(groups, seed) {
        let mut left = wanted.clone();
        let fits = group.iter().all(|&document| {
            let left = &mut left[usize::from(split.label(document))];
            let fits = *left > 0;
            *left = left.saturating_sub(1);
            fits
        });
        if fits {
            wanted = left;
            for document in group {
                is_held_out[document] = true;
            }
        }
    }
    let (out, fit): (Vec<usize>, Vec<usize>) = (0..split.len()).partition(|&document| is_held_out[document]);
    (split.part(&fit), split.part(&out))
}

/// The documents in groups of identical texts, by their first document.
fn identical_texts(split: &Split) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut by_text: FxHashMap<&[u8], usize> = FxHashMap::default();
    for (document, text) in split.texts().enumerate() {
        let group = *by_text.entry(text).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(document);
    }
    groups
}

/// Fisher and Yates.
fn shuffled<T>(mut items: Vec<T>, seed: u64) -> Vec<T> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for last in (1..items.len()).rev() {
        let choice = (u128::from(random.next_u64()) * (last as u128 + 1)) >> 64;
        items.swap(last, choice as usize);
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_each_class_is_held_out_and_identical_texts_stay_together() {
        let mut split = Split::default();
        for i in 0..1_000u32 {
            // Every text of 40 occurs five times, under both labels.
            let text = if i < 200 { format!("again {}", i % 40) } else { format!("once {i}") };
            split.push(text.as_bytes(), u16::from(i % 4 == 0));
        }
        let (fit, out) = held_out(&split);
        let positive = |split: &Split| split.labels().iter().filter(|&&label| label == 1).count();
        assert_eq!((fit.len(), out.len()), (800, 200));
        assert_eq!((positive(&fit), positive(&out)), (200, 50));
        let fitted: std::collections::HashSet<&[u8]> = fit.texts().collect();
        assert!(out.texts().all(|text| !fitted.contains(text)));
        assert!(out.texts().any(|text| text.starts_with(b"again")));
        assert_eq!(held_out(&split).1, out);
    }
}
