//! Fuzz targets: functions that take any bytes and assert what must hold of them, and the bytes to start from.
//!
//! They are run in two ways: by libFuzzer for as long as one likes (`cargo xtask fuzz`, nightly), and on a few thousand
//! fixed mutations of the seeds by this package's test (`cargo xtask test`, stable). A target panics where it has found a
//! bug, and in no other case.
//!
//! Blind bytes would stop at the first checksum, so most targets mend what they are given: the first byte says whether.

#[path = "../../../shared/tests/buffer/mod.rs"]
mod buffer;
pub mod link;
pub mod model;
#[cfg(feature = "readers")]
pub mod readers;
#[path = "../../../shared/tests/reference/mod.rs"]
mod reference;
mod seeds;
pub mod words;

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its program for libFuzzer and of the folder of its corpus.
    pub name: &'static str,
    /// What it does with bytes.
    pub run: fn(&[u8]),
    /// What it starts from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets that have been built.
pub const TARGETS: &[Target] = &[
    Target { name: "model", run: model::run, seeds: model::seeds },
    Target { name: "words", run: words::run, seeds: words::seeds },
    Target { name: "link", run: link::run, seeds: link::seeds },
    #[cfg(feature = "readers")]
    Target { name: "archive", run: readers::archive::run, seeds: readers::archive::seeds },
    #[cfg(feature = "readers")]
    Target { name: "npz", run: readers::npz::run, seeds: readers::npz::seeds },
    #[cfg(feature = "readers")]
    Target { name: "table", run: readers::table::run, seeds: readers::table::seeds },
    #[cfg(feature = "readers")]
    Target { name: "recipe", run: readers::recipe::run, seeds: readers::recipe::seeds },
    #[cfg(feature = "readers")]
    Target { name: "resume", run: readers::resume::run, seeds: readers::resume::seeds },
];

/// Cuts bytes into pieces whose lengths come from the bytes themselves, so that a mutation moves the cuts, too.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = usize::from(bytes.first()? % 17) + 1;
        let (piece, rest) = bytes.split_at(length.min(bytes.len()));
        bytes = rest;
        Some(piece)
    })
}
