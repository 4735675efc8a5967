use super::super::{VocabularyTables, WordCounts};
use super::*;
use edgefit::words::Hash;
use std::{collections::BTreeSet, io::Write, path::PathBuf, sync::LazyLock};
use tempfile::TempDir;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");

/// Keras's own files, read once for all tests; `None` where they are not there, which is said.
fn imdb(test: &str) -> Option<&'static Dataset> {
    static IMDB: LazyLock<Option<Dataset>> = LazyLock::new(|| {
        let path = PathBuf::from(FOLDER).join("imdb.npz");
        path.exists().then(|| Dataset::open(path.to_str().unwrap()).expect("the archive can be read"))
    });
    let dataset = IMDB.as_ref();
    if dataset.is_none() {
        // Past the test runner's capture, so that it is seen although the test passes.
        let _ = writeln!(std::io::stdout(), "skipped: {test} needs ../shared/data/imdb.npz");
    }
    dataset
}

/// A `.npy` file of version 1.0.
fn npy(descr: &str, length: usize, array: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({length},), }}");
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), array].concat()
}

/// Documents as `NumPy` pickles them.
fn documents(documents: &[&[u8]]) -> Vec<u8> {
    let mut pickle =
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R(K\x01K".to_vec();
    pickle.push(documents.len() as u8);
    pickle.extend(b"\x85cnumpy\ndtype\nU\x02O8K\0K\x01\x87R\x89](");
    for document in documents {
        pickle.extend(b"](");
        document.iter().for_each(|number| pickle.extend([b'K', *number]));
        pickle.push(b'e');
    }
    pickle.extend(b"etb.");
    npy("|O", documents.len(), &pickle)
}

type Members = Vec<(&'static str, Vec<u8>)>;

fn members() -> Members {
    vec![
        ("x_train.npy", documents(&[&[1, 2, 1], &[], &[4, 3]])),
        ("y_train.npy", npy("|i1", 3, &[1, 0, 1])),
        ("x_test.npy", documents(&[&[4], &[2, 3]])),
        ("y_test.npy", npy("|i1", 2, &[0, 1])),
    ]
}

const WORDS: &str = r#"{"the": 1, "film": 2, "\u0010own": 3, "dull": 4}"#;

fn packed(members: &[(&str, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A folder with these files in it, and the path of the archive.
fn folder(npz: &[u8], words: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("imdb.npz");
    fs::write(&path, npz).unwrap();
    fs::write(folder.path().join(WORD_INDEX), words).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn open(npz: &[u8], words: &str) -> Result<Dataset> {
    let (_folder, path) = folder(npz, words);
    Dataset::open(&path)
}

/// The message for an archive that must be refused as bad input, naming the file and what to do.
fn refused(npz: &[u8], words: &str) -> String {
    let error = open(npz, words).expect_err("a bad archive");
    assert!(matches!(error, Error::Input { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("imdb") && message.contains("\n  "), "where and what next: {message}");
    message
}

/// The message for the archive with one member replaced.
#[allow(clippy::needless_pass_by_value, reason = "the bytes are made in the call")]
fn with(name: &str, bytes: Vec<u8>) -> String {
    let mut members = members();
    members.iter_mut().filter(|member| member.0 == name).for_each(|member| member.1.clone_from(&bytes));
    refused(&packed(&members, CompressionMethod::Stored), WORDS)
}

#[test]
fn numbers_become_words_again() {
    let npz = packed(&members(), CompressionMethod::Stored);
    let dataset = open(&npz, WORDS).unwrap();
    let texts = |split: &Split| split.texts().map(|text| String::from_utf8(text.to_vec()).unwrap()).collect::<Vec<_>>();
    assert_eq!(texts(&dataset.train), ["the film the ", "", "dull \u{fffd}own "]);
    assert_eq!(texts(&dataset.test), ["dull ", "film \u{fffd}own "]);
    assert_eq!((dataset.train.labels(), dataset.test.labels()), (&[1, 0, 1][..], &[0, 1][..]));
    assert_eq!((dataset.name.as_str(), dataset.synthetic, dataset.labels.len()), ("keras-imdb", false, 2));
    let both = [&npz[..], WORDS.as_bytes()].concat();
    assert_eq!(dataset.sha256, <[u8; 32]>::from(Sha256::digest(both)));
    // As `numpy.savez_compressed` packs it.
    let compressed = open(&packed(&members(), CompressionMethod::Deflated), WORDS).unwrap();
    assert_eq!(Dataset { sha256: dataset.sha256, ..compressed }, dataset);
}

#[test]
fn a_vocabulary_that_is_given_has_rows_for_unknown_words_and_the_start() {
    let dataset = open(&packed(&members(), CompressionMethod::Stored), WORDS).unwrap();
    let tables = VocabularyTables::of(&dataset, &dataset.train, 6).unwrap();
    let mut words: Vec<&[u8]> = tables.words.iter().map(AsRef::as_ref).collect();
    words.sort_unstable();
    assert_eq!(words, [&b"film"[..], b"the"]);
    assert_eq!((tables.rows(), tables.unknown_row(), tables.start_row(), tables.strangers), (4, Some(2), Some(3), 0));
    let corpus = tables.corpus(&dataset.train);
    assert_eq!([corpus.rows(0), corpus.rows(1), corpus.rows(2)], [&[0, 1, 3][..], &[3], &[2, 3]]);
    let files = [corpus.rows_of_file(0), corpus.rows_of_file(1), corpus.rows_of_file(2)];
    assert_eq!(files, [&[0, 1][..], &[], &[2]]);
    // More words than there are, and too few for any.
    assert_eq!(VocabularyTables::of(&dataset, &dataset.train, 100).unwrap().rows(), 6);
    for size in [0, 4, 65_536] {
        let error = VocabularyTables::of(&dataset, &dataset.train, size).unwrap_err();
        assert!(matches!(error, Error::Usage { .. }), "{error}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let npz = packed(&members(), CompressionMethod::Stored);
    let (folder, path) = folder(&npz, WORDS);
    fs::remove_file(folder.path().join(WORD_INDEX)).unwrap();
    let message = Dataset::open(&path).unwrap_err().to_string();
    assert!(message.contains("imdb.npz: there is no imdb_word_index.json beside it"), "{message}");
    fs::create_dir(folder.path().join(WORD_INDEX)).unwrap();
    assert!(Dataset::open(&path).unwrap_err().to_string().contains("not a regular file"));
    for missing in ["x_train.npy", "y_train.npy", "x_test.npy", "y_test.npy"] {
        let mut members = members();
        members.retain(|(name, _)| *name != missing);
        let message = refused(&packed(&members, CompressionMethod::Stored), WORDS);
        assert!(message.contains(&format!("it has no {missing}, only: ")) && message.contains("_t"), "{message}");
    }
    let reuters = vec![("x.npy", documents(&[&[1]])), ("y.npy", npy("|i1", 1, &[0]))];
    let message = refused(&packed(&reuters, CompressionMethod::Stored), WORDS);
    assert!(message.contains("it has no x_train.npy, only: x.npy, y.npy"), "{message}");
}

#[test]
fn what_does_not_fit_together_is_refused_with_its_place() {
    let equal_lengths = npy("<i8", 3, &[0; 24]);
    for (name, bytes, expected) in [
        ("x_train.npy", equal_lengths, "x_train.npy, byte 67: entries of type <i8, where each document is a list"),
        ("x_test.npy", npy("|O", 2, b"cos\nsystem\n."), "x_test.npy, byte 66: the pickle asks for `os.system`"),
        ("x_test.npy", npy("|O", 2, b"\x80\x02(S'true'\nios\nsystem\n."), "byte 69: the pickle opcode STRING"),
        ("x_test.npy", documents(&[&[4], &[5]]), "x_test.npy: document 1 has word 5; imdb_word_index.json has 1 to 4"),
        ("x_test.npy", documents(&[&[0], &[2]]), "document 0 has word 0;"),
        ("x_test.npy", documents(&[&[1]]), "1 documents, but 2 labels in y_test.npy"),
        ("y_train.npy", npy("|i1", 2, &[0, 1]), "3 documents, but 2 labels in y_train.npy"),
        ("y_train.npy", npy("|i1", 3, &[0, 1, 2]), "y_train.npy, byte 69: the label of document 2 is neither 0 nor 1"),
        ("y_train.npy", npy("<f4", 3, &[0; 12]), "type <f4, where labels are integers"),
        ("y_train.npy", npy("|i1", 3, &[1, 1, 1]), "no document has the label 0"),
        ("y_train.npy", npy("|i1", 3, &[0, 1]), "y_train.npy: damaged or cut short"),
        ("y_train.npy", npy("|i1", 3, &[0, 1, 0, 0]), "byte 70: more bytes after the end"),
        ("x_train.npy", [&documents(&[&[1]])[..], b"."].concat(), "more bytes after the end"),
        ("x_train.npy", b"1,2,3".to_vec(), "x_train.npy: damaged or cut short"),
    ] {
        let message = with(name, bytes);
        assert!(message.contains(expected), "{message}");
    }
    let mut wrong_length = documents(&[&[1], &[2]]);
    let at = wrong_length.windows(3).position(|bytes| bytes == b"(2,").unwrap();
    wrong_length[at + 1] = b'3';
    assert!(with("x_train.npy", wrong_length).contains("the header states 3 documents, but there are 2"));
    assert!(refused(&packed(&members(), CompressionMethod::Stored), "{").contains("imdb_word_index.json: EOF"));
}

#[test]
fn every_truncation_is_refused() {
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let npz = packed(&members(), method);
        for length in 0..npz.len() {
            refused(&npz[..length], WORDS);
        }
    }
}

#[test]
fn a_flipped_bit_never_changes_the_documents_unnoticed() {
    let npz = packed(&members(), CompressionMethod::Deflated);
    let whole = open(&npz, WORDS).unwrap();
    let (_folder, path) = folder(&npz, WORDS);
    for bit in 0..npz.len() * 8 {
        let mut damaged = npz.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &damaged).unwrap();
        if let Ok(dataset) = Dataset::open(&path) {
            assert_eq!(dataset.content_sha256(), whole.content_sha256(), "bit {bit}");
        }
    }
}

#[test]
fn a_member_that_unpacks_without_end_is_refused() {
    // 4 MiB of frames, which say nothing, then nothing: read in constant memory.
    let frames = b"\x95\0\0\0\0\0\0\0\0".repeat(466_034);
    let mut members = members();
    members[0].1 = npy("|O", 3, &frames);
    let npz = packed(&members, CompressionMethod::Deflated);
    assert!(npz.len() < 64 << 10);
    assert!(refused(&npz, WORDS).contains("x_train.npy: damaged or cut short"));
}

#[test]
fn texts_are_bounded_before_they_are_made() {
    let words = format!(r#"{{"a": 1, "{}": 2}}"#, "b".repeat(4 << 20));
    let with = |document: &[u8], number: usize| {
        let mut members = members();
        members[0].1 = documents(&vec![document; number]);
        members[1].1 = npy("|i1", number, &[0, 1].repeat(number / 2));
        members[2].1 = documents(&[&[1], &[1]]);
        refused(&packed(&members, CompressionMethod::Stored), &words)
    };
    assert!(with(&[2; 4], 2).contains("x_train.npy: the text of document 0 is longer than 16 MiB"));
    // Of 12 MiB each, 85 fit into 1 GiB.
    assert!(with(&[2; 3], 100).contains("x_train.npy: more than 1 GiB of text up to document 85"));
}

#[test]
fn every_word_of_keras_is_one_word() {
    let Some(imdb) = imdb("every_word_of_keras_is_one_word") else { return };
    let words = imdb.word_index.as_ref().unwrap();
    assert_eq!(words.len(), 88_582);
    assert!(words.iter().all(|word| word_index::is_one_word(word)));
    // Two of them are not as Keras has them: its words may hold control characters, at which `edgefit` splits.
    let replaced: Vec<usize> = (0..words.len()).filter(|i| words[*i].starts_with("\u{fffd}".as_bytes())).collect();
    assert_eq!(replaced.len(), 2);
    assert!(replaced.iter().all(|rank| *rank > 10_000), "{replaced:?}");
    let counts = WordCounts::of(&imdb.train);
    assert_eq!((counts.distinct(), counts.tokens()), (88_582, 5_942_841));
}

/// The lists of a half as they are in Keras's archive.
fn keras_lists(half: &str) -> Lists {
    let bytes = fs::read(PathBuf::from(FOLDER).join("imdb.npz")).unwrap();
    let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut file = BufReader::new(zip.by_name(&format!("x_{half}.npy")).unwrap());
    lists(&mut Member::new(&mut file)).unwrap()
}

#[test]
fn all_50_000_documents_have_the_ids_that_keras_gives_them() {
    let Some(imdb) = imdb("all_50_000_documents_have_the_ids_that_keras_gives_them") else { return };
    let tables = VocabularyTables::of(imdb, &imdb.train, 10_000).unwrap();
    assert_eq!((tables.rows(), tables.strangers), (9_998, 0));
    // From the words themselves, so that a wrong row of the tables cannot hide: the row of each id of Keras's.
    let row = |word: &[u8]| tables.view().row(Hash::of(tables.seed, word)).unwrap();
    let words = imdb.word_index.as_ref().unwrap();
    let mut row_of_id = vec![None; 10_000];
    row_of_id[1] = tables.start_row();
    row_of_id[2] = tables.unknown_row();
    (4..10_000).for_each(|id| row_of_id[id] = Some(row(&words[id - 4])));
    let distinct: BTreeSet<u16> = row_of_id.iter().copied().flatten().collect();
    assert!(distinct.into_iter().eq(0..9_998));
    for (half, split) in [("train", &imdb.train), ("test", &imdb.test)] {
        let (corpus, lists) = (tables.corpus(split), keras_lists(half));
        assert_eq!((corpus.len(), lists.len()), (25_000, 25_000));
        let mut lengths = 0;
        for (i, numbers) in lists.iter().enumerate() {
            // `load_data(num_words=10000)`: start_char 1, index_from 3, oov_char 2 from num_words on.
            let mut ids = vec![1];
            ids.extend(numbers.iter().map(|number| number + 3).map(|id| if id < 10_000 { id } else { 2 }));
            lengths += ids.len();
            let expected: BTreeSet<u16> = ids.iter().map(|id| row_of_id[*id as usize].unwrap()).collect();
            assert!(corpus.rows(i).iter().copied().eq(expected), "{half} document {i}");
        }
        // The mean lengths that `load_data` gives: 238.71364 and 230.80432.
        assert_eq!(lengths, if half == "train" { 5_967_841 } else { 5_770_108 });
    }
}
