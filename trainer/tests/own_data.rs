//! Data of one's own through every verb: numbers, and text that is not English.

use std::{
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::{TempDir, tempdir};

fn trainer(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("trainer"));
    command.current_dir(folder).args(arguments).env("EDGEFIT_CACHE", "off").output().unwrap()
}

/// What a command prints, which must succeed.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let output = trainer(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&said(folder, &[arguments, &["--json"]].concat())).unwrap()
}

/// What a command complains of, which must end with exit code 2.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = trainer(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// Three states of a machine by its temperature, in degrees, and its pressure, in pascals; one reading in ten is missing.
fn machine() -> TempDir {
    let folder = tempdir().unwrap();
    let mut table = "temperature;pressure;state\n".to_owned();
    for i in 0..240u32 {
        let (state, temperature, pressure) =
            [("cold", 15.0, 99_000.0), ("hot", 85.0, 101_000.0), ("leak", 50.0, 60_000.0)][i as usize % 3];
        let wobble = f64::from(i * 37 % 21) - 10.0;
        let pressure = if i % 10 == 0 { "?".to_owned() } else { format!("{:.1}", pressure + 300.0 * wobble) };
        let _ = writeln!(table, "{:.1};{pressure};{state}", temperature + wobble);
    }
    fs::write(folder.path().join("machine.csv"), table).unwrap();
    folder
}

#[test]
fn numbers_go_from_a_table_to_predictions() {
    let folder = machine();
    let at = folder.path();
    let message = refused(at, &["train", "--data", "machine.csv", "--output", "run"]);
    assert!(message.contains("line 2, column 2: the number is missing; --impute mean"), "{message}");
    let output = trainer(at, &["train", "--data", "machine.csv", "--impute", "mean", "--output", "run"]);
    let notes = String::from_utf8_lossy(&output.stderr);
    assert!(notes.contains("epochs in steps of 16 documents, as there are few"), "{notes}");
    said(at, &["export", "run", "--output", "machine.edgefit"]);

    let inspected = json(at, &["inspect", "machine.edgefit"]);
    assert_eq!(
        (&inspected["input"]["kind"], &inspected["layers"][0]["bits"]),
        (&Value::from("numbers"), &Value::from(8))
    );
    assert_eq!(inspected["labels"], serde_json::json!(["cold", "hot", "leak"]));
    let features = inspected["input"]["features"].as_array().unwrap();
    let mean = |i: usize| features[i]["mean"].as_f64().unwrap();
    assert!(features.len() == 2 && (40.0..60.0).contains(&mean(0)) && (80_000.0..95_000.0).contains(&mean(1)));
    assert!(said(at, &["inspect", "machine.edgefit"]).contains("2 numbers (49."), "means are shown");

    for (vector, state) in [("14.5,98700", "cold"), ("90;1e5", "hot"), ("48.0, 61000.5", "leak")] {
        let line = said(at, &["predict", "machine.edgefit", vector]);
        assert!(line.starts_with(&format!("{state}\t")), "{vector}: {line}");
    }
    assert!(said(at, &["predict", "machine.edgefit", "--", "-20 99000"]).starts_with("cold\t"));
    fs::write(at.join("new.txt"), "15,99000\r\n\n50,60000\n").unwrap();
    let predicted = json(at, &["predict", "machine.edgefit", "--input", "new.txt"]);
    let labels: Vec<_> = predicted["predictions"].as_array().unwrap().iter().map(|p| p["label"].clone()).collect();
    assert_eq!(labels, ["cold", "leak"]);

    let evaluated = json(at, &["evaluate", "machine.edgefit", "--data", "machine.csv", "--impute", "mean"]);
    assert!(evaluated["models"][0]["integer"]["test_accuracy"].as_f64().unwrap() > 0.95, "{evaluated}");
}

#[test]
fn what_is_no_vector_is_refused_with_its_place() {
    let folder = machine();
    let at = folder.path();
    said(at, &["train", "--data", "machine.csv", "--impute", "mean", "--epochs", "2", "--output", "run"]);
    said(at, &["export", "run", "--output", "machine.edgefit"]);
    for (typed, problem) in [
        ("1", "text 1: the model takes 2 numbers, here are 1"),
        ("1,2,3", "here are 3"),
        ("1,nan", "number 2, `nan`, is not a finite number"),
        ("1e999,2", "number 1, `1e999`"),
        ("1,,2", "number 2, ``"),
        ("0x10,2", "number 1, `0x10`"),
        ("cold", "number 1, `cold`"),
    ] {
        let message = refused(at, &["predict", "machine.edgefit", typed]);
        assert!(message.contains(problem), "{typed}: {message}");
    }
    fs::write(at.join("new.txt"), "15,99000\n\ntemperature,pressure\n").unwrap();
    let message = refused(at, &["predict", "machine.edgefit", "--input", "new.txt"]);
    assert!(message.contains("new.txt, line 3: number 1, `temperature`"), "{message}");
    let message = refused(at, &["train", "--data", "machine.csv", "--impute", "mean", "--tokeniser", "2"]);
    assert!(message.contains("--tokeniser makes no sense"), "{message}");
}

/// Reviews in Russian and French, in all the ways in which people write.
fn reviews() -> TempDir {
    let folder = tempdir().unwrap();
    let good = ["замечательный фильм", "прекрасный фильм, «отлично»", "l\u{2019}été magnifique", "élégant et superbe"];
    let bad = ["ужасный фильм", "скучный фильм — «провал»", "l\u{2019}échec total", "décevant et stupide"];
    let mut table = String::new();
    for i in 0..160 {
        let (text, label) = if i % 2 == 0 { (good[i / 2 % 4], "good") } else { (bad[i / 2 % 4], "bad") };
        let text = if i % 3 == 0 { text.to_uppercase() } else { text.to_owned() };
        let _ = writeln!(table, "{label}\tномер {i}: {text}");
    }
    fs::write(folder.path().join("reviews.tsv"), table).unwrap();
    folder
}

#[test]
fn text_beyond_ascii_has_a_tokeniser_that_folds_it() {
    let folder = reviews();
    let at = folder.path();
    let by = |version| json(at, &["data", "info", "--data", "reviews.tsv", "--tokeniser", version]);
    let (first, second) = (by("1"), by("2"));
    assert!(first["notes"].to_string().contains("--tokeniser 2"), "{first}");
    assert!(!second["notes"].to_string().contains("--tokeniser 2"), "{second}");
    let words = |info: &Value| info["train"]["distinct_words"].as_u64().unwrap();
    assert!(words(&second) < words(&first));

    said(at, &["train", "--data", "reviews.tsv", "--tokeniser", "2", "--output", "run"]);
    said(at, &["export", "run", "--output", "reviews.edgefit"]);
    let input = json(at, &["inspect", "reviews.edgefit"])["input"].clone();
    assert_eq!((&input["kind"], &input["tokeniser"]), (&Value::from("text"), &Value::from(2)));
    let predict = |text: &str| json(at, &["predict", "reviews.edgefit", text])["predictions"][0].clone();
    for (text, variants) in [
        ("замечательный фильм", ["ЗАМЕЧАТЕЛЬНЫЙ ФИЛЬМ", "«Замечательный»—фильм!"]),
        ("l'échec décevant", ["L\u{2019}ÉCHEC DÉCEVANT", "l\u{2019}échec…décevant"]),
    ] {
        let expected = predict(text);
        assert!(!expected["words"].as_array().unwrap().is_empty(), "{expected}");
        for variant in variants {
            assert_eq!(
                (&predict(variant)["logits"], &predict(variant)["words"]),
                (&expected["logits"], &expected["words"]),
                "{variant}"
            );
        }
    }
    assert_eq!(
        (&predict("прекрасный")["label"], &predict("СКУЧНЫЙ")["label"]),
        (&Value::from("good"), &Value::from("bad"))
    );
    // The stated accuracy is that of the same words.
    said(at, &["verify", "reviews.edgefit", "--data", "reviews.tsv"]);
}

/// A table of `each` rows of text of each of two classes; of `distinct` different texts.
fn two_classes(folder: &Path, name: &str, each: usize, distinct: usize) {
    let row = |i: usize| format!("words of text {},{}\n", i / 2 % distinct, ["no", "yes"][i % 2]);
    let rows: String = (0..2 * each).map(row).collect();
    fs::write(folder.join(name), format!("text,label\n{rows}")).unwrap();
}

#[test]
fn classes_of_which_nothing_can_be_held_out_are_refused_before_a_run_is_begun() {
    let folder = tempdir().unwrap();
    let at = folder.path();
    two_classes(at, "test.csv", 3, 3);
    two_classes(at, "few.csv", 4, 4);
    two_classes(at, "same.csv", 12, 1);
    two_classes(at, "enough.csv", 5, 5);
    for (file, counts) in [("few.csv", "4 of `no`, 4 of `yes`"), ("same.csv", "12 of `no`, 12 of `yes`")] {
        for how in [["--protocol", "held-out"], ["--recipe", "early-stopping"]] {
            let data = ["train", "--data", file, "--test", "test.csv", "--epochs", "2", "--output", "run"];
            let message = refused(at, &[&data[..], &how].concat());
            assert!(message.contains(file) && message.contains(counts), "{message}");
            assert!(
                message.contains("give each class 5 documents") && message.contains("--protocol article"),
                "{message}"
            );
            assert!(!at.join("run").exists(), "{file} left a run");
        }
        let study = ["study", "--data", file, "--test", "test.csv", "--seeds", "1", "--epochs", "2", "--output", "run"];
        let message = refused(at, &[&study[..], &["--recipes", "baseline,early-stopping"]].concat());
        assert!(message.contains(counts) && !at.join("run").exists(), "{message}");
    }
    let data = ["train", "--data", "enough.csv", "--test", "test.csv", "--epochs", "2", "--output", "run"];
    said(at, &[&data[..], &["--recipe", "early-stopping"]].concat());
}

/// A table of `features` numbers a row, of two classes.
fn table_of_numbers(folder: &Path, name: &str, features: usize) {
    let row = |i: usize| {
        let numbers: String = (0..features).map(|f| format!("{}.5,", i * 7 % 20 + f * (1 + i % 2))).collect();
        format!("{numbers}{}\n", ["no", "yes"][i % 2])
    };
    fs::write(folder.join(name), (0..60).map(row).collect::<String>()).unwrap();
}

/// A table of texts of these classes.
fn table_of_texts(folder: &Path, name: &str, labels: &[&str]) {
    let row = |i: usize| {
        let label = labels[i % labels.len()];
        format!("some words about {i} and {label} things,{label}\n")
    };
    fs::write(folder.join(name), format!("text,label\n{}", (0..60).map(row).collect::<String>())).unwrap();
}

/// A run of four numbers and one of texts, each of two classes, with the file that was exported from it.
fn runs_of_both_kinds() -> TempDir {
    let folder = tempdir().unwrap();
    let at = folder.path();
    for features in [3, 4, 6] {
        table_of_numbers(at, &format!("n{features}.csv"), features);
    }
    table_of_texts(at, "texts.csv", &["no", "yes"]);
    table_of_texts(at, "three.csv", &["no", "perhaps", "yes"]);
    for (data, run) in [("n4.csv", "numbers"), ("texts.csv", "words")] {
        said(at, &["train", "--data", data, "--recipe", "linear", "--epochs", "2", "--output", run]);
        said(at, &["export", run, "--output", &format!("{run}.edgefit")]);
    }
    folder
}

#[test]
fn data_of_another_shape_than_the_model_is_refused_by_every_verb() {
    let folder = runs_of_both_kinds();
    let at = folder.path();
    for (subject, data, problem) in [
        ("numbers", "n3.csv", "it takes 4 numbers a document, and the data has 3: 1, 2, 3"),
        ("numbers", "n6.csv", "it takes 4 numbers a document, and the data has 6: 1, 2, 3, 4, 5, 6"),
        ("numbers", "texts.csv", "it takes 4 numbers a document, and the documents of the data are texts"),
        ("words", "n4.csv", "it takes texts, and the documents of the data are numbers"),
    ] {
        let file = format!("{subject}.edgefit");
        for (verb, subject) in [("verify", subject), ("verify", file.as_str()), ("evaluate", file.as_str())] {
            let message = refused(at, &[verb, subject, "--data", data]);
            assert!(message.contains(&format!("{subject}: {problem}")), "{verb} {subject} {data}: {message}");
        }
    }
    for subject in ["words", "words.edgefit"] {
        let message = refused(at, &["verify", subject, "--data", "three.csv"]);
        assert!(
            message.contains(&format!("{subject}: its classes are no, yes, those of the data are no, perhaps, yes")),
            "{message}"
        );
    }
    for (file, data) in [("numbers.edgefit", "n4.csv"), ("words.edgefit", "texts.csv")] {
        said(at, &["evaluate", file, "--data", data]);
        said(at, &["verify", file, "--data", data]);
    }
}

#[test]
fn a_run_that_names_other_classes_than_its_data_is_neither_verified_nor_resumed() {
    let folder = runs_of_both_kinds();
    let at = folder.path();
    let path = at.join("words/run.json");
    let mut info: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    info["dataset"]["labels"] = serde_json::json!(["no"]);
    fs::write(&path, info.to_string()).unwrap();
    let message = refused(at, &["verify", "words", "--data", "texts.csv"]);
    assert!(message.contains("words: its classes are no, those of the data are no, yes"), "{message}");
    let resume =
        ["train", "--data", "texts.csv", "--recipe", "linear", "--epochs", "2", "--resume", "--output", "words"];
    let message = refused(at, &resume);
    assert!(message.contains("or of other classes or inputs of this one"), "{message}");
    assert_eq!(fs::read(&path).unwrap(), info.to_string().as_bytes());
}

#[test]
fn a_run_is_not_resumed_with_another_vocabulary_of_the_same_size() {
    let folder = tempdir().unwrap();
    let at = folder.path();
    let row = |i: usize| format!("Ünï {i} caf\u{e9}s,{}\n", ["no", "yes"][i % 2]);
    fs::write(at.join("texts.csv"), format!("text,label\n{}", (0..60).map(row).collect::<String>())).unwrap();
    let train = |tokeniser| {
        let data = ["train", "--data", "texts.csv", "--recipe", "linear", "--epochs", "2", "--vocabulary", "20"];
        [&data[..], &["--tokeniser", tokeniser, "--output", "run"]].concat()
    };
    said(at, &train("1"));
    said(at, &[&train("1")[..], &["--resume"]].concat());
    let message = refused(at, &[&train("2")[..], &["--resume"]].concat());
    assert!(message.contains("or of other classes or inputs of this one"), "{message}");
}
