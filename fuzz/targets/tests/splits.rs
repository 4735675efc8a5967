//! Reviews, cut in two at every place: a stream is what a board reads, and no review is like the texts of a property test.
#![cfg(feature = "readers")]

use std::{io::Write, path::Path};

use edgefit_fuzz_targets::words::at_every_split;
use edgefit_trainer::data::Dataset;

const ARCHIVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/aclImdb_v1.tar.gz");
/// How many reviews of each half, evenly over the classes.
const REVIEWS: usize = 60;

fn check(dataset: &Dataset) {
    for split in [&dataset.train, &dataset.test] {
        let step = split.len() / REVIEWS;
        (0..REVIEWS).for_each(|i| at_every_split(split.text(i * step)));
    }
}

#[test]
fn reviews_of_the_embedded_corpus_may_be_cut_anywhere() {
    check(&Dataset::open("synthetic:600").expect("the embedded corpus"));
}

#[test]
fn real_reviews_may_be_cut_anywhere() {
    if !Path::new(ARCHIVE).exists() {
        // Past the test runner's capture, so that it is seen although the test passes.
        let _ = writeln!(
            std::io::stdout(),
            "skipped: real_reviews_may_be_cut_anywhere needs ../shared/data/aclImdb_v1.tar.gz"
        );
        return;
    }
    check(&Dataset::open(ARCHIVE).expect("the archive can be read"));
}
