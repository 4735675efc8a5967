//! Text beyond ASCII, folded by tokeniser 2: every emulated core finds the words that the host finds, wherever a frame cuts.

use std::{fmt::Write, fs};

use edgefit_tests::cargo_trainer;
use edgefit_trainer::{
    board::{Board, Document, Session},
    integer::logits_of_documents,
    model_file::ModelFile,
};
use tempfile::tempdir;

/// Words of several scripts, in the cases and between the marks that people write.
const WORDS: [&str; 8] =
    ["«Замечательный»", "ФИЛЬМ", "l\u{2019}ÉTÉ", "—élégant—", "ΟΔΟΣ", "日々、", "Ÿ…\u{feff}", "plain words"];

/// A model of such words, from a table with a text a row.
fn model() -> ModelFile {
    let folder = tempdir().unwrap();
    let mut table = "text,label\n".to_owned();
    for i in 0..96 {
        let _ = writeln!(table, "{} {} number {i},{}", WORDS[i % 8], WORDS[i / 8 % 8], ["a", "b", "c"][i % 3]);
    }
    fs::write(folder.path().join("texts.csv"), table).unwrap();
    for arguments in [
        &["train", "--data", "texts.csv", "--tokeniser", "2", "--epochs", "5", "--output", "run"][..],
        &["export", "run", "--output", "model.edgefit"],
    ] {
        cargo_trainer().current_dir(folder.path()).env("EDGEFIT_CACHE", "off").args(arguments).assert().success();
    }
    ModelFile::read(&folder.path().join("model.edgefit")).unwrap()
}

#[test]
fn every_emulated_board_folds_as_the_host_does() {
    let file = model();
    let model = file.model().unwrap();
    let vocabulary = model.vocabulary().unwrap();
    for word in ["замечательный", "фильм", "l'été", "élégant", "οδοσ", "日々", "ÿ"] {
        let hash = edgefit::words::Hash::of(vocabulary.seed(), word.as_bytes());
        assert!(vocabulary.row(hash).is_some(), "{word} is in the vocabulary");
    }
    // Each start moves every character across the ends of the frames; the last text is no UTF-8.
    let mut texts: Vec<Vec<u8>> = (0..250)
        .map(|start| {
            ["x".repeat(start), (0..start % 40).map(|i| WORDS[(start + i) % 8]).collect()].concat().into_bytes()
        })
        .collect();
    texts.extend(WORDS.iter().map(|word| word.as_bytes()[..word.len() - 1].to_vec()));
    texts.push((0..=u8::MAX).cycle().take(1_000).collect());
    texts.push(vec![0xe2; 500]);
    let documents: Vec<Document<'_>> = texts.iter().map(|text| Document::Text(text)).collect();
    let on_host = logits_of_documents(&model, &documents);
    for board in Board::all(None).unwrap().iter().filter(|board| board.is_emulated()) {
        let mut session = Session::start(board, file.bytes()).unwrap_or_else(|error| panic!("{error}"));
        let check = |i: usize, logits: Vec<i32>| {
            let host = &on_host[i * model.outputs()..][..model.outputs()];
            assert_eq!(logits, host, "{}: {}", board.name(), texts[i].escape_ascii());
        };
        session.classify_all(&documents, check).unwrap();
        session.finish().unwrap();
    }
}
