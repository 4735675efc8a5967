//! What a source holds, told without understanding it.

use super::{Source, dataset, keras, synthetic};
use crate::files;
use sha2::{Digest, Sha256};
use std::{fs::File, path::Path};

/// The [`sha256`](super::Dataset::sha256) that the dataset would have which `source` names, where reading the bytes is
/// enough to tell, or a stand-in for it where there are no bytes to read.
///
/// A file of one's own is known by its bytes, its name and how it is to be read.
///
/// `None` for a folder, which is known by its texts alone: sizes and times of 50,000 files would be sooner read, but a
/// file can change and keep both. `None` too for what cannot be read; opening it says why.
pub(crate) fn fingerprint(source: &Source) -> Option<[u8; 32]> {
    let mut sha256 = Sha256::new();
    let Source { data: source, reading } = source;
    if let Ok(Some(documents)) = synthetic::documents(source) {
        sha256.update(synthetic::WHOLE);
        sha256.update(documents.to_le_bytes());
        return Some(sha256.finalize().into());
    }
    let path = Path::new(source);
    if dataset::is_archive(source) {
        add(path, &mut sha256)?;
    } else if source.to_ascii_lowercase().ends_with(".npz") {
        add(path, &mut sha256)?;
        add(&path.with_file_name(keras::WORD_INDEX), &mut sha256)?;
    } else {
        for file in [Some(source), reading.test.as_ref()].into_iter().flatten() {
            let mut one = Sha256::new();
            add(Path::new(file), &mut one)?;
            sha256.update(one.finalize());
            // The endings say how it is read.
            sha256.update(Path::new(file).file_name()?.as_encoded_bytes());
        }
        sha256.update(serde_json::to_vec(reading).ok()?);
    }
    Some(sha256.finalize().into())
}

fn add(path: &Path, sha256: &mut Sha256) -> Option<()> {
    // Asked before it is opened: to open a named pipe is to wait for its writer.
    if !path.is_file() {
        return None;
    }
    files::hash(File::open(path).ok()?, sha256).ok().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::{Dataset, testing};
    use super::*;
    use std::fs;

    #[test]
    fn it_is_the_hash_of_the_dataset_where_there_is_an_archive() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reviews.tar.gz");
        let mut archive = testing::packed(&testing::MEMBERS);
        for _ in 0..2 {
            fs::write(&path, &archive).unwrap();
            let source = path.to_str().unwrap();
            assert_eq!(fingerprint(&source.into()), Some(Dataset::open(source).unwrap().sha256));
            // A second gzip member of nothing: the same texts in another file.
            archive.extend(testing::compressed(b""));
        }
    }

    #[test]
    fn it_is_the_hash_of_keras_s_two_files() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/imdb.npz");
        if !Path::new(path).exists() {
            use std::io::Write;
            let _ = writeln!(
                std::io::stdout(),
                "skipped: it_is_the_hash_of_keras_s_two_files needs ../shared/data/imdb.npz"
            );
            return;
        }
        assert_eq!(fingerprint(&path.into()), Some(Dataset::open(path).unwrap().sha256));
    }

    #[test]
    fn generated_corpora_of_different_sizes_differ_and_folders_have_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_ne!(fingerprint(&"synthetic:100".into()), fingerprint(&"synthetic:101".into()));
        assert_eq!(fingerprint(&"synthetic".into()), fingerprint(&"synthetic:25000".into()));
        for none in [folder.path().to_str().unwrap(), "no/such.tar.gz", "no/such.npz", "synthetic:x", "x.csv"] {
            assert_eq!(fingerprint(&none.into()), None, "{none}");
        }
    }
}
