//! A dataset as a folder of files, laid out like the IMDB reviews.

use std::{fs, path::Path};

use crate::{
    Error, Result,
    data::{Dataset, Split, layout},
    files,
    run::check_vacant,
};

/// Writes the documents of a generated dataset to `folder`, which must be empty or not there.
///
/// The files are written to another folder beside it, which then takes its name: it appears whole or not at all.
pub(super) fn write(dataset: &Dataset, folder: &Path) -> Result<()> {
    check_vacant(folder)?;
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    files::create_folder(parent)?;
    let temporary = tempfile::Builder::new()
        .prefix(".edgefit-")
        .tempdir_in(parent)
        .map_err(Error::io("create a folder in", parent))?;
    // A temporary folder is private; the one inside is as any other, less the umask.
    let root = temporary.path().join(layout::ROOT);
    for (half, split) in layout::HALVES.iter().zip([&dataset.train, &dataset.test]) {
        write_half(split, &dataset.labels, &root.join(half))?;
    }
    write_file(&root.join(layout::README), readme(dataset).as_bytes())?;
    if folder.exists() {
        fs::remove_dir(folder).map_err(Error::io("replace", folder))?;
    }
    fs::rename(&root, folder).map_err(Error::io("create", folder))
}

fn write_half(split: &Split, labels: &[String], folder: &Path) -> Result<()> {
    for label in labels {
        files::create_folder(&folder.join(label))?;
    }
    for (i, text) in split.texts().enumerate() {
        let class = usize::from(split.label(i));
        // The layout wants a rating in the name. There is none: it is the class again, as the lowest or the highest.
        let rating = if class == 0 { 1 } else { 10 };
        write_file(&folder.join(&labels[class]).join(format!("{i}_{rating}.txt")), text)?;
    }
    Ok(())
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(Error::io("write", path))
}

fn readme(dataset: &Dataset) -> String {
    format!(
        "{}\n\
         The files here are generated, by edgefit {}. Their words are invented, their classes are drawn, and nobody\n\
         wrote or rated them. No statement about real reviews may rest on them.\n\n\
         There are {} documents to train on and {} to test on, laid out like the IMDB reviews of Maas et al.:\n\
         {{train,test}}/{{neg,pos}}/ID_RATING.txt. A rating is the class again: 1 or 10.\n\n\
         It is the same corpus as `--data {}`. The trainer knows this folder as synthetic by the first line of this file.\n",
        layout::SYNTHETIC,
        edgefit::VERSION,
        dataset.train.len(),
        dataset.test.len(),
        dataset.name,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(split: &Split) -> Vec<(u16, &[u8])> {
        let mut documents: Vec<_> = split.labels().iter().copied().zip(split.texts()).collect();
        documents.sort_unstable();
        documents
    }

    #[test]
    fn the_folder_read_back_has_the_same_documents_and_is_known_as_synthetic() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("new/corpus");
        let dataset = Dataset::open("synthetic:120").unwrap();
        write(&dataset, &output).unwrap();
        let back = Dataset::open(output.to_str().unwrap()).unwrap();
        assert_eq!(sorted(&back.train), sorted(&dataset.train));
        assert_eq!(sorted(&back.test), sorted(&dataset.test));
        assert_eq!((back.synthetic, back.name.as_str(), &back.labels), (true, "synthetic-files", &dataset.labels));
        let readme = fs::read_to_string(output.join("README.md")).unwrap();
        assert!(readme.starts_with("# A synthetic corpus\n") && readme.contains("generated"), "{readme}");
        assert_eq!(fs::read_dir(output.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
        fs::remove_file(output.join("README.md")).unwrap();
        assert!(!Dataset::open(output.to_str().unwrap()).unwrap().synthetic);
    }

    #[test]
    fn a_folder_with_something_in_it_is_left_alone_and_an_empty_one_is_filled() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::open("synthetic:2").unwrap();
        let empty = folder.path().join("empty");
        fs::create_dir(&empty).unwrap();
        write(&dataset, &empty).unwrap();
        assert!(empty.join("test/pos/1_10.txt").is_file());
        fs::write(empty.join("mine"), "x").unwrap();
        let error = write(&dataset, &empty).unwrap_err().to_string();
        assert!(error.contains("not empty"), "{error}");
        assert_eq!(fs::read_dir(&empty).unwrap().count(), 4);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "in the way").unwrap();
        let dataset = Dataset::open("synthetic:2").unwrap();
        for taken in [file.clone(), file.join("corpus")] {
            let error = write(&dataset, &taken).unwrap_err().to_string();
            assert!(error.contains("file"), "{error}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
