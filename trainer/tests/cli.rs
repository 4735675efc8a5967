//! The program as a user meets it: what it writes, what it refuses, and that the same seed gives the same files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use tempfile::{TempDir, tempdir};

fn trainer(folder: &TempDir) -> Command {
    let mut command = Command::cargo_bin("trainer").expect("the tests build the program");
    command.current_dir(folder.path()).env("EDGEFIT_CACHE", "off");
    command
}

/// Every file below a folder with its bytes, by path.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The arguments fail with exit code 2, the message holds all of `parts`, and nothing is left in the folder.
fn refused(folder: &TempDir, arguments: &[&str], parts: &[&str]) {
    let before = files(folder.path());
    let assert = trainer(folder).args(arguments).assert().code(2);
    let output = assert.get_output();
    let stderr = String::from_utf8_lossy(&output.stderr);
    for part in parts {
        assert!(stderr.contains(part), "{arguments:?}: no {part:?} in\n{stderr}");
    }
    assert!(output.stdout.is_empty(), "{arguments:?} wrote to stdout");
    assert_eq!(files(folder.path()), before, "{arguments:?} wrote files");
    assert!(!folder.path().join("out").exists(), "{arguments:?} made its output folder");
}

/// A gzipped tar with these members.
fn archive(folder: &TempDir, name: &str, members: &[&str]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for member in members {
        let text = format!("some words about {member}");
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, member, text.as_bytes()).unwrap();
    }
    let bytes = tar.into_inner().unwrap().finish().unwrap();
    fs::write(folder.path().join(name), &bytes).unwrap();
    bytes
}

const REVIEWS: [&str; 4] =
    ["aclImdb/train/neg/0_1.txt", "aclImdb/train/pos/0_9.txt", "aclImdb/test/neg/0_2.txt", "aclImdb/test/pos/0_8.txt"];

#[test]
fn bad_input_is_refused_with_the_place_and_the_next_step() {
    let folder = tempdir().unwrap();
    let whole = archive(&folder, "whole.tar.gz", &REVIEWS);
    fs::write(folder.path().join("cut.tar.gz"), &whole[..whole.len() / 2]).unwrap();
    archive(&folder, "no-train-pos.tar.gz", &[REVIEWS[0], REVIEWS[2], REVIEWS[3]]);
    fs::create_dir(folder.path().join("empty")).unwrap();
    fs::write(folder.path().join("taken"), "a file").unwrap();

    let study = |data| ["study", "--data", data, "--seeds", "1", "--output", "out"];
    refused(&folder, &study("missing.tar.gz"), &["missing.tar.gz", "no such file", "name one of"]);
    refused(&folder, &study("cut.tar.gz"), &["cut.tar.gz"]);
    refused(&folder, &study("no-train-pos.tar.gz"), &["no-train-pos.tar.gz", "train/pos"]);
    refused(&folder, &study("empty"), &["empty"]);
    let to = |output| ["study", "--data", "synthetic:100", "--seeds", "1", "--output", output];
    refused(&folder, &to("taken"), &["taken"]);
    refused(&folder, &to("taken/below"), &["taken/below"]);
    refused(&folder, &to("."), &["is not empty", "--output"]);
    refused(&folder, &["study", "--data", "synthetic:100", "--recipes", "dorpout"], &["did you mean `dropout`?"]);
    refused(&folder, &["study", "--data", "synthetic:100", "--seeds", "0"], &["--seeds", "from 1"]);
    refused(&folder, &["study", "--data", "synthetic:100", "--epochs", "0"], &["--epochs"]);
    refused(&folder, &["study", "--data", "synthetic:100", "--learning-rate", "nan"], &["--learning-rate"]);
    refused(&folder, &["study", "--data", "synthetic:100", "--margin", "-1"], &["--margin"]);
    refused(&folder, &["study", "--data", "synthetic:0"], &["synthetic"]);
    refused(&folder, &["train", "--data", "synthetic:100", "--recipe", "base-line"], &["did you mean `baseline`?"]);
    refused(&folder, &["export", "nowhere", "--output", "m.edgefit"], &["nowhere", "check the path"]);
    refused(&folder, &["export", "empty", "--output", "m.edgefit"], &["empty", "run.json"]);
    refused(&folder, &["verify", "taken", "--data", "synthetic:100"], &["taken", "not a model file"]);
}

#[test]
fn a_run_is_exported_verified_and_repeated_bit_for_bit() {
    let folder = tempdir().unwrap();
    let train = |output: &str| {
        trainer(&folder)
            .args(["train", "--data", "synthetic:600", "--recipe", "dropout", "--seed", "7", "--epochs", "3"])
            .args(["--batch-size", "64", "--output", output])
            .assert()
            .success();
    };
    train("one");
    train("two");
    let without_timing = |name: &str| {
        let mut all = files(&folder.path().join(name));
        all.retain(|(path, _)| path != Path::new("timing.json"));
        all
    };
    assert_eq!(without_timing("one"), without_timing("two"));
    assert_eq!(without_timing("one").len(), 7, "recipe, run, history, vocabulary, three checkpoints");

    for epoch in ["last", "best", "1"] {
        let file = format!("{epoch}.edgefit");
        trainer(&folder).args(["export", "one", "--epoch", epoch, "--output", &file]).assert().success();
    }
    let verify = ["verify", "last.edgefit", "one", "--data", "synthetic:600", "--json"];
    let output = trainer(&folder).args(verify).assert().success();
    let json: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let [file, run] = json["models"].as_array().unwrap().as_slice() else { panic!("{json}") };
    assert_eq!(file["integer"]["test_accuracy"], run["integer"]["test_accuracy"]);
    assert!(run["float"]["test_accuracy"].is_number() && file["board"].is_null());
    // Beside its run, a file is judged by the float network; alone it is not.
    for path in ["/why", "/float/test_accuracy", "/float/test_loss", "/integer/flips", "/integer/rms_ratio"] {
        assert_eq!(file.pointer(path), run.pointer(path), "{path}");
        assert!(!run.pointer(path).unwrap().is_null());
    }
    // Nor is it by a net of other sizes, whatever that is called.
    trainer(&folder)
        .args(["train", "--data", "synthetic:600", "--recipe", "dropout", "--seed", "7", "--epochs", "3"])
        .args(["--hidden", "3", "--output", "other"])
        .assert()
        .success();
    for subjects in [&["last.edgefit"][..], &["last.edgefit", "other"]] {
        let arguments = [&["verify", "--data", "synthetic:600", "--json"], subjects].concat();
        let output = trainer(&folder).args(arguments).assert().success();
        let json: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        assert!(json["models"][0]["float"].is_null() && json["models"][0]["integer"]["flips"].is_null());
    }

    let out_of_range = ["export", "one", "--epoch", "4", "--output", "four.edgefit"];
    let assert = trainer(&folder).args(out_of_range).assert().code(2);
    assert!(String::from_utf8_lossy(&assert.get_output().stderr).contains("1 to 3"));
}

#[test]
fn the_result_of_a_study_does_not_depend_on_the_threads() {
    let folder = tempdir().unwrap();
    for threads in ["1", "2"] {
        trainer(&folder)
            .args(["study", "--data", "synthetic:400", "--recipes", "baseline,l2", "--seeds", "2", "--epochs", "2"])
            .args(["--batch-size", "64", "--threads", threads, "--output", threads])
            .assert()
            .success();
    }
    let comparable = |name: &str| {
        let mut all = files(&folder.path().join(name));
        all.retain(|(path, _)| !path.ends_with("timing.json"));
        for (path, bytes) in &mut all {
            if path == Path::new("results.json") {
                // It names the files, which are in different folders.
                let text = String::from_utf8(std::mem::take(bytes)).unwrap();
                *bytes = text.replace(&format!("\"{name}/"), "\"OUT/").into_bytes();
            }
        }
        all
    };
    assert_eq!(comparable("1"), comparable("2"));
}

#[test]
fn early_stopping_is_compared_with_the_baseline_that_went_on() {
    let folder = tempdir().unwrap();
    let study = ["study", "--data", "synthetic:600", "--recipes", "baseline,early-stopping", "--seeds", "2", "--json"];
    let rest = ["--batch-size", "32", "--epochs", "60", "--output", "out"];
    let assert = trainer(&folder).args(study).args(rest).assert().success();
    let json: serde_json::Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    let [gain] = json["gains"].as_array().unwrap().as_slice() else { panic!("{json}") };
    let words = ["recipe", "protocol", "epochs", "baseline_epochs"].map(|field| gain[field].as_str().unwrap());
    assert_eq!(words, ["early-stopping", "held-out", "chosen", "last"]);
    for model in json["models"].as_array().unwrap().iter().filter(|model| model["recipe"] == "early-stopping") {
        assert!(model["epoch"].as_u64().unwrap() < 60, "{model}");
    }
}

#[test]
fn a_model_is_written_for_a_board_if_it_fits_and_else_what_would_make_it_fit_is_said() {
    let folder = tempdir().unwrap();
    let run = ["train", "--data", "synthetic:200", "--hidden", "64", "--epochs", "1", "--output", "run"];
    trainer(&folder).args(run).assert().success();
    let firmware = concat!(env!("CARGO_MANIFEST_DIR"), "/../firmware");
    let export = |board: &str, output: &str| {
        let arguments = ["export", "run", "--board", board, "--firmware", firmware, "--output", output];
        let assert = trainer(&folder).args(arguments).assert();
        let output = assert.get_output();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = export("qemu:mps2-an386", "fits.edgefit");
    assert!(code == Some(0) && said.contains("it fits") && said.contains("fits.edgefit: epoch 1"), "{said}");
    assert!(folder.path().join("fits.edgefit").is_file());
    let (code, said) = export("qemu:microbit", "not.edgefit");
    assert!(code == Some(1) && said.contains("not.edgefit is not written"), "{said}");
    assert!(said.contains("it does NOT fit") && said.contains("--hidden"), "{said}");
    assert!(!folder.path().join("not.edgefit").exists());
}

#[test]
fn a_file_that_states_a_wrong_accuracy_fails() {
    let folder = tempdir().unwrap();
    let run = ["train", "--data", "synthetic:300", "--epochs", "1", "--batch-size", "32", "--output", "run"];
    trainer(&folder).args(run).assert().success();
    trainer(&folder).args(["export", "run", "--output", "m.edgefit"]).assert().success();
    let path = folder.path().join("m.edgefit");
    let bytes = fs::read(&path).unwrap();
    let file = edgefit_trainer::model_file::ModelFile::from_bytes(&bytes);
    let model = file.model().unwrap();
    let stated = model.header().provenance.integer_accuracy;
    // The float accuracy stands before it and may be the same.
    let header = &bytes[..256];
    let at = header.windows(4).rposition(|window| window == stated.to_le_bytes()).unwrap();
    let mut changed = bytes.clone();
    changed[at..at + 4].copy_from_slice(&(stated - 0.01).to_le_bytes());
    let crc = edgefit::format::crc32(&changed[16..]).to_le_bytes();
    changed[12..16].copy_from_slice(&crc);
    fs::write(&path, &changed).unwrap();
    let verify = ["verify", "m.edgefit", "--data", "synthetic:300"];
    let assert = trainer(&folder).args(verify).assert().code(1);
    assert!(String::from_utf8_lossy(&assert.get_output().stdout).contains("states an accuracy"));

    changed[bytes.len() - 1] ^= 1;
    fs::write(&path, &changed).unwrap();
    let assert = trainer(&folder).args(verify).assert().code(2);
    assert!(String::from_utf8_lossy(&assert.get_output().stderr).contains("CRC-32"));
}

#[test]
fn a_model_with_4_bits_a_weight_is_smaller_and_as_sound() {
    let folder = tempdir().unwrap();
    let run = ["train", "--data", "synthetic:300", "--epochs", "1", "--batch-size", "32", "--output", "run"];
    trainer(&folder).args(run).assert().success();
    let export = |bits: &str| {
        trainer(&folder).args(["export", "run", "--bits", bits, "--output", bits]).assert().success();
        trainer(&folder).args(["verify", bits, "--data", "synthetic:300"]).assert().success();
        let file = edgefit_trainer::model_file::ModelFile::read(&folder.path().join(bits)).unwrap();
        let model = file.model().unwrap();
        let first = model.layers().next().unwrap();
        (first.bits(), first.stored_weights().len())
    };
    let (eight, four) = (export("8"), export("4"));
    assert_eq!((eight.0, four.0), (8, 4));
    assert_eq!(eight.1, 2 * four.1, "16 units of 8 bits, and of 4");

    let assert = trainer(&folder).args(["export", "run", "--bits", "5", "--output", "5"]).assert().code(2);
    assert!(String::from_utf8_lossy(&assert.get_output().stderr).contains("--bits"));
    assert!(!folder.path().join("5").exists());
}

#[test]
fn a_terminal_is_not_commanded_by_what_a_file_says() {
    let folder = tempdir().unwrap();
    let rows: String =
        (0..60).map(|i| format!("words {}, number {i}\t\x1b]0;x\x07{}\n", i % 2, ["no", "yes"][i % 2])).collect();
    fs::write(folder.path().join("rows.tsv"), rows).unwrap();
    let train = ["train", "--data", "rows.tsv", "--recipe", "linear", "--epochs", "2", "--output", "run"];
    for arguments in [
        &["data", "info", "--data", "rows.tsv"][..],
        &train,
        &["export", "run", "--output", "model.edgefit"],
        &["inspect", "model.edgefit"],
        &["predict", "model.edgefit", "words"],
        &["predict", "--json", "model.edgefit", "words"],
    ] {
        let output = trainer(&folder).args(arguments).assert().success().get_output().clone();
        for bytes in [&output.stdout, &output.stderr] {
            assert!(!bytes.contains(&0x1b), "{arguments:?}: {}", String::from_utf8_lossy(bytes));
        }
        if arguments[0] == "inspect" || arguments[0] == "predict" {
            assert!(String::from_utf8_lossy(&output.stdout).contains("\\u001b]0;x\\u0007"), "{arguments:?}");
        }
    }
    let error = trainer(&folder).args(["train", "--data", "no\x1b[2J.tsv"]).assert().code(2).get_output().clone();
    assert!(!error.stderr.contains(&0x1b) && String::from_utf8_lossy(&error.stderr).contains("no\\u001b[2J.tsv"));
}
