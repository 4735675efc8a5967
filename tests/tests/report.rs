//! The report of a study, opened in a real browser: nothing missing, nothing asked for, every text within its box.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use edgefit_tests::{browser::Browser, cargo_trainer};
use serde_json::Value;
use tempfile::{TempDir, tempdir};

/// A study with every kind of figure.
struct Study {
    folder: TempDir,
    json: Value,
}

impl Study {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let mut trainer = cargo_trainer();
        let recipes = "baseline,linear,smaller,much-bigger,l1,l2,dropout,early-stopping,more-data-0.25,more-data-0.5";
        trainer.args(["study", "--json", "--data", "synthetic:1200", "--recipes", recipes, "--seeds", "2"]);
        trainer.args(["--epochs", "6", "--batch-size", "128", "--protocol", "article,held-out", "--bits", "8,4"]);
        trainer.args(["--board", "qemu:mps2-an386", "--documents", "20", "--output"]).arg(folder.path().join("study"));
        let assert = trainer.arg("--report").arg(folder.path().join("report.html")).assert();
        let json = serde_json::from_slice(&assert.get_output().stdout).expect("one JSON object on stdout");
        Self { folder, json }
    }

    fn report(&self) -> PathBuf {
        self.folder.path().join("report.html")
    }

    /// The figures' files of a kind.
    fn figures(&self, extension: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path().join("report-figures")).unwrap();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|found| found == extension));
        paths.sort();
        paths
    }
}

/// What is wrong with how a page is laid out, as a list of sentences. Everything that can be opened is opened first.
const LAYOUT: &str = include_str!("report/layout.js");

/// Texts whose contrast to what is behind them is below 4.5, the least that WCAG 2.1 (AA) allows.
const CONTRAST: &str = include_str!("report/contrast.js");

fn skipped(name: &str) {
    // Past the test runner's capture, so that it is seen although the test passes.
    let _ = writeln!(std::io::stdout(), "skipped: {name} needs chromium, which `cargo xtask setup` installs");
}

fn nothing(what: &Value, place: &str) {
    assert_eq!(what.as_array().map(Vec::len), Some(0), "{place}: {what:#}");
}

#[test]
fn the_report_is_whole_quiet_and_within_its_boxes_in_a_browser() {
    let Some(mut browser) = Browser::start() else {
        return skipped("the_report_is_whole_quiet_and_within_its_boxes_in_a_browser");
    };
    let study = Study::new();
    for width in [360, 1_440] {
        for dark in [false, true] {
            let complaints = browser.open(&study.report(), [width, 900], dark);
            assert_eq!(complaints, edgefit_tests::browser::Complaints::default());
            let place = format!("{width} pixels, dark: {dark}");
            nothing(&browser.evaluate(LAYOUT), &place);
            nothing(&browser.evaluate(CONTRAST), &place);
        }
    }
    let figures = browser.evaluate("document.querySelectorAll('figure').length").as_u64().unwrap();
    assert!(figures >= 20, "{figures} figures");
    let svgs = study.figures("svg");
    assert_eq!(svgs.len() as u64, figures);
    for path in svgs {
        let complaints = browser.open(&path, [1_200, 900], false);
        assert_eq!(complaints, edgefit_tests::browser::Complaints::default(), "{}", path.display());
        nothing(&browser.evaluate(LAYOUT), &path.display().to_string());
    }
    // A browser that sees nothing wrong anywhere would see nothing at all.
    let spoilt = study.folder.path().join("spoilt.html");
    let image = "<img src=\"nowhere.png\"><p style=\"width:9000px\">wide</p>";
    fs::write(&spoilt, format!("<!doctype html>{image}<svg width=9 height=9><text x=5>text</text></svg>")).unwrap();
    let complaints = browser.open(&spoilt, [360, 900], false);
    assert_eq!(complaints.requests.len(), 1);
    assert!(!complaints.console.is_empty());
    let wrong = browser.evaluate(LAYOUT).to_string();
    for part in
        ["the page is 9", "leaves the page", "leaves its figure", "no text alternative", "nowhere.png is missing"]
    {
        assert!(wrong.contains(part), "{part} is not in {wrong}");
    }
    says_what_the_study_found(&study);
}

/// An interval as the report writes it.
fn interval(json: &Value) -> String {
    // Adding 0 makes a negative zero positive.
    let number = |end: &str| (json[end].as_f64().unwrap() * 100.0).round() / 100.0 + 0.0;
    format!("{:+.2} [{:+.2},\u{a0}{:+.2}]", number("points"), number("low"), number("high"))
}

/// The words and numbers of the report are those of the study.
fn says_what_the_study_found(study: &Study) {
    let page = fs::read_to_string(study.report()).unwrap();
    for forbidden in ["<script", "http://", "https://", "<img", "url(", "@import"] {
        assert!(!page.contains(forbidden), "{forbidden} in the report");
    }
    // Less data is no technique: it has a figure of its own.
    let is_technique = |gain: &&Value| !gain["recipe"].as_str().unwrap().starts_with("more-data");
    for gain in study.json["gains"].as_array().unwrap().iter().filter(is_technique) {
        for deployment in ["float", "integer", "shift"] {
            let text = interval(&gain[deployment]);
            assert!(page.contains(&text), "{} {deployment} {text}", gain["recipe"]);
        }
        assert!(page.contains(gain["verdict"].as_str().unwrap()));
        let by_seed = gain["by_seed"].as_array().unwrap();
        assert_eq!(by_seed.len(), 2);
        for seed in by_seed {
            let text = interval(&seed["integer"]["gain"]);
            assert!(page.contains(&text), "{} {text}", gain["recipe"]);
        }
    }
    // No table of gains or networks is without the linear model, whatever the protocol.
    for protocol in ["article", "held-out"] {
        let is_linear =
            |row: &&Value| row["recipe"] == "linear" && row["protocol"] == protocol && row["deployment"] == "i4";
        assert_eq!(study.json["models"].as_array().unwrap().iter().filter(is_linear).count(), 2);
        assert!(page.contains(&format!("Under the {protocol} protocol linear, which has no hidden layer,")));
    }
    for words in ["does not fit", "What cannot be concluded", "Synthetic data", "held-out protocol"] {
        assert!(page.contains(words), "{words} is not in the report");
    }
    assert!(page.contains(study.json["dataset"]["sha256"].as_str().unwrap()));
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_owned();
    let names = |extension| study.figures(extension).iter().map(stem).collect::<Vec<_>>();
    assert_eq!(names("svg"), names("png"));
    assert_eq!(names("svg"), names("csv"));
    for figure in [
        "article-much-bigger",
        "article-l1",
        "article-more-data",
        "held-out-early-stopping",
        "gains",
        "margins",
        "margins-i4",
    ] {
        assert!(names("svg").iter().any(|name| name == figure), "no figure {figure}");
    }
    tidy(&study.folder.path().join("study/results.csv"), &study.json);
}

/// `results.csv` has a row an observation, none twice, and the same numbers as the JSON.
fn tidy(path: &Path, json: &Value) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let heads: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(
        heads,
        ["protocol", "recipe", "seed", "epoch", "split", "deployment", "documents", "accuracy", "loss", "penalty"]
    );
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let mut keys: Vec<&[&str]> = rows.iter().map(|row| &row[..6]).collect();
    keys.sort_unstable();
    let all = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), all, "a row occurs twice");
    for model in json["models"].as_array().unwrap() {
        let text = |field: &str| model[field].to_string().trim_matches('"').to_owned();
        let key = ["protocol", "recipe", "seed", "epoch"].map(text);
        let find = |split: &str, deployment: &str| {
            let of = |row: &&Vec<&str>| {
                row.iter().zip(&key).all(|(cell, wanted)| cell == wanted) && row[4] == split && row[5] == deployment
            };
            rows.iter().find(of).map(|row| row[7].parse::<f64>().unwrap())
        };
        assert_eq!(find("test", "float"), model["float"]["test_accuracy"].as_f64(), "{key:?}");
        assert_eq!(find("test", &text("deployment")), model["integer"]["test_accuracy"].as_f64(), "{key:?}");
        let board = if model["deployment"] == "i8" { "board" } else { "board-i4" };
        assert_eq!(find("test", board), model["board"]["test_accuracy"].as_f64(), "{key:?}");
        assert_eq!(find("train", "float"), model["float"]["train_accuracy"].as_f64(), "{key:?}");
    }
}
