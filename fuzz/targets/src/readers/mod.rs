//! The readers of the trainer. Each writes its bytes to a file, as a user would have it there, and opens it.

pub mod archive;
pub mod npz;
pub mod recipe;
pub mod resume;
pub mod table;

use std::fs;

use edgefit_trainer::{
    Error,
    data::{Dataset, Reading, Source, Split},
};
use tempfile::tempdir;

/// Opens files of these names; the first one is the data.
///
/// What can be read is read twice, to the same; what cannot be is refused with a place and a next step.
fn open(files: &[(&str, &[u8])], reading: &Reading) -> Option<Dataset> {
    let folder = tempdir().expect("a folder for the files");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("the folder can be written");
    }
    let data = folder.path().join(files[0].0).to_str().expect("a path in UTF-8").to_owned();
    let source = Source { data, reading: reading.clone() };
    let (opened, again) = (Dataset::open(source.clone()), Dataset::open(source));
    match (opened, again) {
        (Ok(dataset), Ok(again)) => {
            assert_eq!(dataset, again, "the same file is the same dataset");
            check(&dataset);
            Some(dataset)
        }
        (Err(error), Err(again)) => {
            assert_eq!(error.to_string(), again.to_string());
            says_what_to_do(&error, files.iter().map(|(name, _)| *name));
            None
        }
        (opened, again) => panic!("{opened:?}, then {again:?}"),
    }
}

/// A dataset holds together.
fn check(dataset: &Dataset) {
    assert!(!dataset.labels.is_empty() && !dataset.test.is_empty());
    for split in [&dataset.train, &dataset.test] {
        assert!(split.labels().iter().all(|&label| usize::from(label) < dataset.labels.len()));
        assert_eq!(split.labels().len(), split.len());
        if let Some(features) = &dataset.features {
            assert!((0..split.len()).all(|i| split.numbers(i).count() == features.len()));
        }
    }
}

/// The texts of both parts, in order.
fn texts(dataset: &Dataset) -> impl Iterator<Item = &[u8]> {
    [&dataset.train, &dataset.test].into_iter().flat_map(Split::texts)
}

/// An error names one of these places, a problem, and the next step.
fn says_what_to_do<'n>(error: &Error, mut places: impl Iterator<Item = &'n str>) {
    match error {
        Error::Input { place, problem, next } => {
            assert!(places.any(|name| place.contains(name)), "no place: {error}");
            assert!(!problem.trim().is_empty() && !next.trim().is_empty(), "{error}");
        }
        Error::Usage { problem, next } => assert!(!problem.is_empty() && !next.is_empty(), "{error}"),
        _ => panic!("bytes are no error of the system: {error}"),
    }
    assert_eq!(error.exit_code(), 2);
}
