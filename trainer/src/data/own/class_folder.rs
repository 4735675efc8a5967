//! A folder with a folder a class, each with a file a document; or one such in each of `train` and `test`.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{
    super::source::Reading,
    LONGEST, Read,
    bad_rows::{At, BadRows},
    bytes,
    labels::Labels,
    records::decoded,
};
use crate::{Error, Result, data::Split};

/// The folders of the two parts, where both are there.
const PARTS: [&str; 2] = ["train", "test"];

/// Whether a folder has a folder a class, or one in each of `train` and `test`.
pub(super) fn is(path: &Path) -> bool {
    let classes = |path: &Path| entries(path).is_ok_and(|entries| entries.iter().any(|entry| entry.is_dir()));
    let [train, test] = PARTS.map(|part| path.join(part));
    if train.is_dir() || test.is_dir() { classes(&train) } else { classes(path) }
}

/// Reads the folder, and that of `--test` if there is one.
pub(super) fn read(path: &Path, reading: &Reading) -> Result<Read> {
    let [train_part, test_part] = PARTS.map(|part| path.join(part));
    let (train, inside) = if train_part.is_dir() { (train_part, Some(test_part)) } else { (path.to_owned(), None) };
    let test = reading.test.as_ref().map(PathBuf::from).or(inside.filter(|test| test.is_dir()));
    let (mut labels, mut notes) = (Labels::default(), Vec::new());
    let train = part(&train, reading, &mut labels, &mut notes)?;
    labels.close();
    let test = test.map(|test| part(&test, reading, &mut labels, &mut notes)).transpose()?;
    let label_called = "the folder".to_owned();
    Ok(Read { train, test, labels, label_called, features: None, notes })
}

/// Reads all documents of a folder; of one in two parts, those of the second.
pub(super) fn all(path: &Path, reading: &Reading, labels: &mut Labels, notes: &mut Vec<String>) -> Result<Split> {
    let test = path.join(PARTS[1]);
    part(if test.is_dir() { &test } else { path }, reading, labels, notes)
}

fn part(folder: &Path, reading: &Reading, labels: &mut Labels, notes: &mut Vec<String>) -> Result<Split> {
    let (mut split, mut bad) = (Split::default(), BadRows::default());
    let (mut text, mut together) = (Vec::new(), 0);
    for class in entries(folder)?.into_iter().filter(|entry| entry.is_dir()) {
        let name = class.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(label) = labels.number(&name) else {
            let problem = format!("the class `{name}` is none of those known: {}", labels.known());
            return Err(Error::input(class.display(), problem, "give both parts folders of the same names"));
        };
        for path in entries(&class)?.into_iter().filter(|entry| !entry.is_dir()) {
            text.clear();
            let at = || At::File(path.clone());
            let metadata = fs::metadata(&path).map_err(Error::io("read", &path))?;
            if !metadata.is_file() {
                bad.push(at(), None, || "not a regular file".to_owned());
                continue;
            }
            if metadata.len() > 0 {
                let mut file = bytes::open(&path)?.take(LONGEST as u64 + 1);
                file.read_to_end(&mut text).map_err(|error| bytes::unreadable(&path, &error))?;
            }
            together += text.len() as u64;
            if together > bytes::LONGEST_TOGETHER {
                return Err(Error::input(folder.display(), "more than 1 GiB of text", "use fewer documents"));
            }
            match decoded(&text, reading.encoding) {
                _ if text.len() > LONGEST => bad.push(at(), None, || "longer than 16 MiB".to_owned()),
                None => bad.push(at(), None, || "it is not UTF-8".to_owned()),
                Some(decoded) => split.push(decoded.as_bytes(), label),
            }
        }
    }
    notes.extend(bad.settle(folder, split.len(), reading.skip_bad_rows)?);
    if split.is_empty() {
        return Err(Error::input(
            folder.display(),
            "no document in it",
            "put the files of each class into a folder of its own",
        ));
    }
    Ok(split)
}

/// What is in a folder, by name; what is hidden is passed over.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort_unstable();
    Ok(paths)
}
