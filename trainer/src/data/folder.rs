//! The reviews in the unpacked folder.

use super::{
    Dataset, layout,
    reviews::{CLASSES, HALVES, LONGEST, Place, ROOT, Reviews, is_review},
};
use crate::{Error, Result};
use std::{
    fs::{self, DirEntry, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Reads the folder `aclImdb`, or the one that contains it.
pub(super) fn open(path: &Path) -> Result<Dataset> {
    let root = root(path)?;
    let mut reviews = Reviews::new(root.display().to_string());
    for (half, half_name) in HALVES.iter().enumerate() {
        for (class, class_name) in CLASSES.iter().enumerate() {
            read_class(&root.join(half_name).join(class_name), half, class, &mut reviews)?;
        }
    }
    let dataset = reviews.finish(None)?;
    if layout::is_synthetic(&root) {
        return Ok(Dataset { name: "synthetic-files".into(), synthetic: true, ..dataset });
    }
    Ok(dataset)
}

/// Whether a folder is laid out like the reviews, be they there or not.
pub(super) fn is(path: &Path) -> bool {
    let classes = |half: PathBuf| CLASSES.iter().any(|class| half.join(class).is_dir());
    root(path).is_ok_and(|root| {
        HALVES.iter().any(|half| classes(root.join(half))) && !HALVES.iter().all(|half| is_foreign(&root.join(half)))
    })
}

/// Whether a half has files, and none of them is named like a review.
fn is_foreign(half: &Path) -> bool {
    let files = |class: &str| fs::read_dir(half.join(class)).into_iter().flatten().flatten().take(100);
    let mut files = CLASSES.iter().flat_map(|class| files(class)).peekable();
    files.peek().is_some() && !files.any(|file| file.file_name().to_str().is_some_and(is_review))
}

/// The folder that holds `train` and `test`.
fn root(path: &Path) -> Result<PathBuf> {
    [path.to_owned(), path.join(ROOT)]
        .into_iter()
        .find(|root| HALVES.iter().any(|half| root.join(half).is_dir()))
        .ok_or_else(|| {
            Error::input(
                path.display(),
                "no reviews here: no folder train or test, and no aclImdb with these",
                "name the folder that `tar -xzf aclImdb_v1.tar.gz` made, or the archive itself",
            )
        })
}

/// Reads the reviews of one class of one half; a folder that is missing has none.
fn read_class(folder: &Path, half: usize, class: usize, reviews: &mut Reviews) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(Error::io("read", folder))?,
    };
    let mut text = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("read", folder))?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_review(name)) else { continue };
        let (place, path) = (Place { half, class, name }, entry.path());
        // Asked before it is opened: to open a named pipe is to wait for its writer.
        if !is_file(&entry).map_err(Error::io("read", &path))? {
            return Err(reviews.refuse(place, "not a regular file", "remove it, or put the review's text there"));
        }
        text.clear();
        File::open(&path)
            .and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut text))
            .map_err(Error::io("read", &path))?;
        reviews.push(place, &text)?;
    }
    Ok(())
}

/// Whether an entry is a regular file, or a link to one.
fn is_file(entry: &DirEntry) -> io::Result<bool> {
    let kind = entry.file_type()?;
    if kind.is_symlink() { fs::metadata(entry.path()).map(|target| target.is_file()) } else { Ok(kind.is_file()) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{MEMBERS, open_as, packed};
    use super::*;
    use tempfile::TempDir;

    fn unpacked() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in MEMBERS {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn message(folder: &Path) -> String {
        Dataset::open(folder.to_str().unwrap()).unwrap_err().to_string()
    }

    #[test]
    fn a_folder_its_parent_and_its_archive_are_the_same_dataset() {
        let folder = unpacked();
        let dataset = Dataset::open(folder.path().join(ROOT).to_str().unwrap()).unwrap();
        assert_eq!(dataset.sha256, dataset.content_sha256());
        assert_eq!(Dataset::open(folder.path().to_str().unwrap()).unwrap(), dataset);
        let archive = open_as("a.tar.gz", &packed(&MEMBERS)).unwrap();
        assert_eq!(archive.content_sha256(), dataset.content_sha256());
        assert_eq!(Dataset { sha256: dataset.sha256, ..archive }, dataset);
    }

    #[test]
    fn a_folder_without_reviews_is_refused() {
        let empty = tempfile::tempdir().unwrap();
        let error = message(empty.path());
        assert!(error.contains("no reviews here") && error.contains("aclImdb_v1.tar.gz"), "{error}");
        let folder = unpacked();
        fs::remove_dir_all(folder.path().join("aclImdb/train/pos")).unwrap();
        assert!(message(folder.path()).contains("no reviews in train/pos"));
        fs::remove_dir_all(folder.path().join("aclImdb/train")).unwrap();
        assert!(message(folder.path()).contains("no reviews in train/neg"));
    }

    #[test]
    fn what_is_no_regular_file_is_refused_by_name() {
        let folder = unpacked();
        fs::create_dir(folder.path().join("aclImdb/train/neg/7_1.txt")).unwrap();
        assert!(message(folder.path()).contains("train/neg/7_1.txt: not a regular file"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_files_and_nowhere_else() {
        use std::os::unix::fs::symlink;
        let folder = unpacked();
        let (link, target) = (folder.path().join("aclImdb/test/neg/8_1.txt"), folder.path().join("text"));
        fs::write(&target, "linked").unwrap();
        symlink(&target, &link).unwrap();
        let dataset = Dataset::open(folder.path().to_str().unwrap()).unwrap();
        assert_eq!(dataset.test.text(1), b"linked");
        fs::remove_file(&target).unwrap();
        let error = message(folder.path());
        assert!(error.starts_with("cannot read ") && error.contains("8_1.txt"), "{error}");
        fs::remove_file(&link).unwrap();
        symlink("/dev/zero", &link).unwrap();
        assert!(message(folder.path()).contains("test/neg/8_1.txt: not a regular file"));
    }

    #[test]
    fn an_endless_review_is_refused() {
        let folder = unpacked();
        let file = File::create(folder.path().join("aclImdb/train/neg/7_1.txt")).unwrap();
        file.set_len(LONGEST as u64 + 1).unwrap();
        assert!(message(folder.path()).contains("train/neg/7_1.txt: longer than 16 MiB"));
    }
}
