//! The models that ship are what their table says of them.

use std::{fs, io::Write, path::Path};

use edgefit_tests::cargo_trainer;
use edgefit_trainer::{board::Board, model_file::ModelFile, models::fitting};
use serde_json::Value;

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models");
const ARCHIVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/aclImdb_v1.tar.gz");

/// The cells of each row of the table, by the file that it is about.
fn table() -> Vec<Vec<String>> {
    let page = fs::read_to_string(Path::new(MODELS).join("README.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    rows.map(cells).collect()
}

#[test]
fn every_file_has_a_row_that_agrees_with_what_it_says_of_itself() {
    let table = table();
    let mut files: Vec<String> = fs::read_dir(MODELS)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".edgefit"))
        .collect();
    let mut named: Vec<String> = table.iter().map(|row| row[0].clone()).collect();
    files.sort();
    named.sort();
    assert_eq!(files, named);
    assert!(files.len() >= 7 && files.contains(&"early-stopping.edgefit".to_owned()));
    let boards = Board::all(None).unwrap();
    let page = fs::read_to_string(Path::new(MODELS).join("README.md")).unwrap();
    for row in &table {
        let [name, seed, protocol, epoch, float, integer, _, _, bytes, fits] = row.as_slice() else {
            panic!("{row:?}")
        };
        let file = ModelFile::read(&Path::new(MODELS).join(name)).unwrap();
        let model = file.model().unwrap();
        let provenance = &model.header().provenance;
        assert_eq!(*name, format!("{}.edgefit", provenance.recipe));
        assert_eq!([seed, epoch], [&provenance.seed.to_string(), &provenance.epoch.to_string()], "{name}");
        assert_eq!(protocol, provenance.protocol, "{name}");
        let stated = [provenance.float_accuracy, provenance.integer_accuracy].map(|accuracy| format!("{accuracy:.5}"));
        assert_eq!([float, integer], [&stated[0], &stated[1]], "{name}");
        assert_eq!(*bytes, file.bytes().len().to_string(), "{name}");
        assert_eq!(*fits, fitting(&boards, &file).unwrap(), "{name}");
        let sha256: String = provenance.dataset_sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(page.contains(&sha256), "{name}: {sha256}");
    }
}

#[test]
fn the_files_still_give_the_figures_of_their_table() {
    if !Path::new(ARCHIVE).exists() {
        let name = "the_files_still_give_the_figures_of_their_table";
        // Past the test runner's capture, so that it is seen although the test passes.
        let _ = writeln!(std::io::stdout(), "skipped: {name} needs ../shared/data/aclImdb_v1.tar.gz");
        return;
    }
    let table = table();
    let mut verify = cargo_trainer();
    verify.args(["verify", "--json", "--data", ARCHIVE, "--board", "qemu:mps2-an386", "--documents", "200"]);
    verify.args(table.iter().map(|row| Path::new(MODELS).join(&row[0])));
    // Exit code 1 for a file that states another accuracy than it has here, or a logit that differs on the board.
    let assert = verify.assert().code(0);
    let json: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let models = json["models"].as_array().unwrap();
    assert_eq!(models.len(), table.len());
    for (model, row) in models.iter().zip(&table) {
        assert_eq!(format!("{:.5}", model["integer"]["test_accuracy"].as_f64().unwrap()), row[5], "{}", row[0]);
        assert_eq!(model["board"]["logit_mismatches"], 0, "{}", row[0]);
    }
}
