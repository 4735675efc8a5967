use super::*;
use crate::{data::testing, files, run::Protocol};
use std::{
    fs,
    path::{Path, PathBuf},
};

const SOURCE: &str = "synthetic:60";

/// The only entry of a cache.
fn entry(cache: &Path) -> PathBuf {
    let entries: Vec<_> = fs::read_dir(cache.join("corpora")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries[0].clone()
}

fn assert_equal(a: &Prepared, b: &Prepared) {
    assert_eq!((&a.info, &a.inputs, &a.train, &a.test), (&b.info, &b.inputs, &b.train, &b.test));
}

/// Whether the texts have not been read: then all came from the cache.
fn is_from_cache(prepared: &Prepared) -> bool {
    prepared.dataset.get().is_none()
}

#[test]
fn what_comes_from_the_cache_is_what_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path());
    let made = Prepared::open(SOURCE, Protocol::Article, &Cache::off()).unwrap();
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    let first = Prepared::open(SOURCE, Protocol::Article, &cache).unwrap();
    let second = Prepared::open(SOURCE, Protocol::Article, &cache).unwrap();
    assert_eq!((is_from_cache(&first), is_from_cache(&second)), (false, true));
    assert_equal(&made, &first);
    assert_equal(&made, &second);
    assert_eq!(second.dataset().unwrap(), first.dataset().unwrap());
    assert_eq!(second.dataset().unwrap().test.len(), 60);
}

#[test]
fn a_damaged_entry_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path());
    let made = Prepared::open(SOURCE, Protocol::Article, &cache).unwrap();
    let path = entry(folder.path());
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    for damaged in [&flipped[..], &whole[..whole.len() / 2], b""] {
        fs::write(&path, damaged).unwrap();
        let again = Prepared::open(SOURCE, Protocol::Article, &cache).unwrap();
        assert!(!is_from_cache(&again));
        assert_equal(&made, &again);
        assert_eq!(fs::read(entry(folder.path())).unwrap(), whole);
    }
}

#[test]
fn an_archive_with_other_bytes_is_another_source_and_a_copy_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path().join("cache"));
    let source = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (one, copy) = (source("one.tar.gz"), source("copy.tgz"));
    let mut members = testing::MEMBERS.to_vec();
    fs::write(&one, testing::packed(&members)).unwrap();
    fs::copy(&one, &copy).unwrap();
    let first = Prepared::open(&one, Protocol::Article, &cache).unwrap();
    let copied = Prepared::open(&copy, Protocol::Article, &cache).unwrap();
    assert!(is_from_cache(&copied));
    assert_eq!((copied.info.source.as_str(), &copied.info.sha256), (copy.as_str(), &first.info.sha256));
    members.push(("aclImdb/train/pos/77_7.txt", "one more"));
    fs::write(&one, testing::packed(&members)).unwrap();
    let changed = Prepared::open(&one, Protocol::Article, &cache).unwrap();
    assert!(!is_from_cache(&changed));
    assert_eq!((first.train.len(), changed.train.len()), (4, 5));
}

#[test]
fn a_folder_is_known_by_its_texts() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, root) = (Cache::at(folder.path().join("cache")), folder.path().join("aclImdb"));
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        files::create_folder(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for name in ["train/neg/0_1.txt", "train/pos/0_9.txt", "test/neg/0_2.txt", "test/pos/0_8.txt"] {
        write(name, &format!("words of {name}"));
    }
    let source = root.to_str().unwrap();
    let first = Prepared::open(source, Protocol::Article, &cache).unwrap();
    let second = Prepared::open(source, Protocol::Article, &cache).unwrap();
    assert_equal(&first, &second);
    entry(cache.folder().unwrap());
    // The same length and the same time, another text.
    let changed = root.join("train/pos/0_9.txt");
    let modified = fs::metadata(&changed).unwrap().modified().unwrap();
    write("train/pos/0_9.txt", "swords of train/pos/0_9.tx");
    fs::File::options().write(true).open(&changed).unwrap().set_modified(modified).unwrap();
    let third = Prepared::open(source, Protocol::Article, &cache).unwrap();
    assert_ne!((&third.info.sha256, &third.inputs), (&first.info.sha256, &first.inputs));
}

#[test]
fn a_cache_that_cannot_be_written_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    assert_eq!(Prepared::open(SOURCE, Protocol::Article, &Cache::at(&file)).unwrap().train.len(), 60);
    assert_eq!(fs::read(&file).unwrap(), b"in the way");
}

#[test]
fn texts_that_have_changed_under_the_cache_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, path) = (Cache::at(folder.path().join("cache")), folder.path().join("reviews.tgz"));
    let source = path.to_str().unwrap();
    fs::write(&path, testing::packed(&testing::MEMBERS)).unwrap();
    Prepared::open(source, Protocol::Article, &cache).unwrap();
    let cached = Prepared::open(source, Protocol::Article, &cache).unwrap();
    let mut members = testing::MEMBERS.to_vec();
    members.push(("aclImdb/train/pos/77_7.txt", "one more"));
    fs::write(&path, testing::packed(&members)).unwrap();
    let error = cached.dataset().unwrap_err().to_string();
    assert!(error.contains(source) && error.contains("changed"), "{error}");
}

#[test]
fn several_at_once_all_get_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::at(folder.path());
    let made = Prepared::open(SOURCE, Protocol::Article, &Cache::off()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_equal(&made, &Prepared::open(SOURCE, Protocol::Article, &cache).unwrap()));
        }
    });
    entry(folder.path());
    assert!(is_from_cache(&Prepared::open(SOURCE, Protocol::Article, &cache).unwrap()));
}

#[test]
fn a_dataset_with_an_empty_part_is_refused() {
    let whole = || Dataset::open(SOURCE).unwrap();
    let few = || Dataset { train: Dataset::open("synthetic:4").unwrap().train, ..whole() };
    for (dataset, protocol, problem) in [
        (Dataset { test: Split::default(), ..whole() }, Protocol::Article, "no document to test on"),
        (Dataset { train: Split::default(), ..whole() }, Protocol::Article, "no document to fit"),
        (Dataset { train: Split::default(), ..whole() }, Protocol::HeldOut, "no document to fit"),
        (few(), Protocol::HeldOut, "none of its documents can be held out: there are 2 of `neg`, 2 of `pos` to fit"),
    ] {
        let error = Prepared::make(dataset, &SOURCE.into(), protocol).unwrap_err().to_string();
        assert!(error.starts_with(SOURCE) && error.contains(problem), "{error}");
    }
    assert!(Prepared::make(few(), &SOURCE.into(), Protocol::Article).is_ok());
}
