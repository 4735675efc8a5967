//! The hash over a hundred thousand words of few letters: as good as chance, under every seed.
#![cfg(not(miri))]

use std::collections::{BTreeMap, HashSet};

use edgefit::{
    vocabulary::{bucket, buckets, fingerprint, slot},
    words::Hash,
};

const ROWS: usize = 10_000;

/// Words such as `ba`, `kitu` and `somisa's`: much alike, as words are.
fn words() -> Vec<String> {
    let syllables: Vec<String> =
        "bdfgklmnprstz".chars().flat_map(|c| "aeiou".chars().map(move |v| format!("{c}{v}"))).collect();
    let one = syllables.iter().cloned();
    let two = syllables.iter().flat_map(|a| syllables.iter().map(move |b| format!("{a}{b}")));
    let three = syllables
        .iter()
        .flat_map(|a| syllables.iter().map(move |b| format!("{a}{b}")))
        .flat_map(|ab| syllables.iter().step_by(3).map(move |c| format!("{ab}{c}")));
    let numbers = (0..5_000).map(|n| n.to_string());
    let all: HashSet<String> = one.chain(two).chain(three).chain(numbers).flat_map(|w| [w.clone() + "'s", w]).collect();
    let mut all: Vec<String> = all.into_iter().collect();
    all.sort();
    all.truncate(100_000);
    all
}

/// How many standard deviations the chi-squared of these counts is above its mean.
fn deviations(counts: &[u32]) -> f64 {
    let total: f64 = counts.iter().map(|&n| f64::from(n)).sum();
    let (expected, freedom) = (total / counts.len() as f64, counts.len() as f64 - 1.0);
    let chi_squared: f64 = counts.iter().map(|&n| (f64::from(n) - expected).powi(2) / expected).sum();
    (chi_squared - freedom) / (2.0 * freedom).sqrt()
}

fn counts(hashes: &[u32], len: usize, of: impl Fn(u32) -> usize) -> Vec<u32> {
    let mut counts = vec![0; len];
    for &hash in hashes {
        counts[of(hash)] += 1;
    }
    counts
}

#[test]
fn words_fall_into_buckets_slots_and_fingerprints_as_by_chance() {
    let words = words();
    assert!(words.len() > 90_000, "{}", words.len());
    for seed in [0, 1, u32::MAX] {
        let hashes: Vec<u32> = words.iter().map(|word| Hash::of(seed, word.as_bytes())).collect();
        let found = [
            counts(&hashes, buckets(ROWS), |hash| bucket(hash, buckets(ROWS))),
            counts(&hashes, ROWS, |hash| slot(hash, 0, ROWS)),
            counts(&hashes, ROWS, |hash| slot(hash, 4_711, ROWS)),
            counts(&hashes, 1 << 16, |hash| fingerprint(hash).into()),
        ]
        .map(|counts| deviations(&counts));
        assert!(found.iter().all(|deviations| deviations.abs() < 6.0), "seed {seed}: {found:?}");
    }
}

#[test]
fn no_two_words_share_their_hash_under_many_seeds() {
    let words = words();
    let mut pairs: BTreeMap<(usize, usize), u32> = BTreeMap::new();
    let seeds = 12;
    for seed in 0..seeds {
        let mut hashes: Vec<(u32, usize)> =
            words.iter().enumerate().map(|(i, word)| (Hash::of(seed, word.as_bytes()), i)).collect();
        hashes.sort_unstable();
        for pair in hashes.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            *pairs.entry((pair[0].1, pair[1].1)).or_default() += 1;
        }
    }
    // Chance gives n^2 / 2^33 collisions a seed.
    let expected = (words.len() as f64).powi(2) / 2f64.powi(33) * f64::from(seeds);
    let collisions: u32 = pairs.values().sum();
    assert!(f64::from(collisions) < 2.0 * expected + 6.0, "{collisions} collisions, {expected:.1} by chance");
    // A vocabulary with two such words would find no seed.
    assert!(pairs.values().all(|&times| times <= seeds / 4), "{pairs:?}");
}
