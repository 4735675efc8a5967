//! `trainer data`, the cache, completions and manual pages as a user meets them.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
};

use tempfile::{TempDir, tempdir};

/// The program, with its home and its cache in `folder`, and no proxy.
fn trainer(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("trainer"));
    command.current_dir(folder.path()).args(arguments).env("HOME", folder.path());
    for variable in ["EDGEFIT_CACHE", "XDG_CACHE_HOME", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(variable);
    }
    command
}

#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A training run that takes no time.
const TRAIN: [&str; 7] = ["train", "--data", "synthetic:50", "--epochs", "1", "--output", "run"];

fn train(folder: &TempDir, change: impl Fn(&mut Command) -> &mut Command) -> String {
    let mut command = trainer(folder, &TRAIN);
    change(&mut command);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    fs::remove_dir_all(folder.path().join("run")).unwrap();
    stderr(&output)
}

#[test]
fn the_cache_lies_where_the_system_and_the_user_say() {
    let folder = tempdir().unwrap();
    let at = |path: &str| names(&folder.path().join(path)).len();
    train(&folder, |command| command.arg("--no-cache"));
    train(&folder, |command| command.env("EDGEFIT_CACHE", "off"));
    assert!(names(folder.path()).is_empty(), "{:?}", names(folder.path()));
    train(&folder, |command| command.env("EDGEFIT_CACHE", folder.path().join("mine")));
    assert_eq!((names(folder.path()), at("mine/corpora")), (vec!["mine".to_owned()], 1));
    if cfg!(target_os = "linux") {
        train(&folder, |command| command);
        assert_eq!(at(".cache/edgefit/corpora"), 1);
        train(&folder, |command| command.env("XDG_CACHE_HOME", folder.path().join("xdg")));
        assert_eq!(at("xdg/edgefit/corpora"), 1);
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_a_note_and_no_error() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("file"), "in the way").unwrap();
    let stderr = train(&folder, |command| command.env("EDGEFIT_CACHE", folder.path().join("file")));
    assert!(stderr.contains("note: ") && stderr.contains("EDGEFIT_CACHE"), "{stderr}");
}

#[test]
fn runs_with_and_without_the_cache_are_the_same() {
    let folder = tempdir().unwrap();
    let run = |name: &str, cache: bool| {
        let mut command = trainer(&folder, &TRAIN[..5]);
        command.args(["--output", name]).args((!cache).then_some("--no-cache"));
        succeeds(&mut command);
        let run = folder.path().join(name);
        let files = ["recipe.toml", "run.json", "history.csv", "inputs.bin", "checkpoints/epoch-1.bin"];
        files.map(|file| fs::read(run.join(file)).unwrap_or_else(|error| panic!("{file}: {error}")))
    };
    let without = run("without", false);
    assert!(run("cold", true) == without && run("warm", true) == without);
}

#[test]
fn info_counts_a_dataset() {
    let folder = tempdir().unwrap();
    let text = succeeds(&mut trainer(&folder, &["data", "info", "--data", "synthetic:50"]));
    assert!(text.starts_with("synthetic:50, SYNTHETIC: generated, no real text\n"), "{text}");
    let json = succeeds(&mut trainer(&folder, &["data", "info", "--data", "synthetic:50", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["schema"], &json["train"]["documents"]), (&1.into(), &50.into()));
    assert_eq!(json["test"]["classes"][1], serde_json::json!({ "label": "pos", "documents": 25 }));
    assert_eq!(json["sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn the_synthetic_corpus_as_files_is_the_synthetic_corpus() {
    let folder = tempdir().unwrap();
    let write = ["data", "synthetic", "--output", "corpus", "--documents", "40"];
    assert_eq!(succeeds(&mut trainer(&folder, &write)), "corpus\n");
    let info = |data: &str| {
        let json = succeeds(&mut trainer(&folder, &["data", "info", "--data", data, "--json"]));
        serde_json::from_str::<serde_json::Value>(&json).unwrap()
    };
    let (files, embedded) = (info("corpus"), info("synthetic:40"));
    assert_eq!((&files["train"], &files["test"]), (&embedded["train"], &embedded["test"]));
    assert_eq!(files["synthetic"], true);
    let again = trainer(&folder, &write).output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("not empty"), "{}", stderr(&again));
}

/// A server that announces the archive and answers each request with this many bytes of it, none of them right, and
/// then says nothing more. What it hears is where the ranges start that it is asked for.
fn server(bytes: usize) -> (String, Receiver<(Option<usize>, TcpStream)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mirror.tar.gz", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let range = head.iter().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("range: bytes=")?.strip_suffix('-')?.parse().ok()
            });
            let start = range.unwrap_or(0);
            let (status, total) = (if range.is_some() { "206 Partial Content" } else { "200 OK" }, 84_125_825);
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nContent-Range: bytes {start}-{}/{total}\r\n\r\n",
                total - start,
                total - 1
            );
            let _ =
                stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&vec![0; bytes.min(total - start)]));
            // Kept open, until the test lets go of it.
            if sender.send((range, stream)).is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

#[test]
fn a_download_that_is_killed_goes_on_where_it_was() {
    let folder = tempdir().unwrap();
    let (url, requests) = server(100_000);
    let part = folder.path().join("reviews.tar.gz.edgefit-part");
    for round in 0..3 {
        let mut child = trainer(&folder, &["data", "fetch", "imdb", "--output", "reviews.tar.gz", "--url", &url])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (range, _stream) = requests.recv().unwrap();
        assert_eq!(range, (round > 0).then_some(round * 100_000));
        while fs::metadata(&part).map_or(0, |file| file.len()) < (round as u64 + 1) * 100_000 {
            assert_eq!(child.try_wait().unwrap(), None, "it has ended before its time");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(names(folder.path()), ["reviews.tar.gz.edgefit-part"]);
    }
}

#[test]
fn a_mirror_with_another_file_is_refused_and_nothing_is_kept() {
    let folder = tempdir().unwrap();
    let (url, _requests) = server(usize::MAX);
    let output = trainer(&folder, &["data", "fetch", "imdb", "--url", &url]).output().unwrap();
    let stderr = stderr(&output);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{stderr}");
    for part in [&*url, "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe", "\n80.23 MiB of 80.23 MiB"]
    {
        assert!(stderr.contains(part), "no {part} in\n{stderr}");
    }
    assert!(names(&folder.path().join(".cache/edgefit/datasets")).is_empty());
}

#[test]
fn another_file_in_the_place_of_a_download_is_left_alone() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("mine.tar.gz"), "mine").unwrap();
    let output = trainer(&folder, &["data", "fetch", "imdb", "--output", "mine.tar.gz"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("mine.tar.gz: there is another file already"), "{}", stderr(&output));
    assert_eq!(fs::read(folder.path().join("mine.tar.gz")).unwrap(), b"mine");
    assert_eq!(names(folder.path()), ["mine.tar.gz"]);
}

#[test]
fn shells_take_the_completions() {
    let folder = tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = succeeds(&mut trainer(&folder, &["completions", shell]));
        assert!(script.contains("no-cache") && script.contains("synthetic"), "{script}");
        let file = folder.path().join(shell);
        fs::write(&file, script).unwrap();
        match Command::new(shell).arg("-n").arg(&file).output() {
            Ok(output) => assert!(output.status.success(), "{}", stderr(&output)),
            // Past the test runner's capture, so that it is seen although the test passes.
            Err(_) => writeln!(std::io::stdout(), "skipped: {shell} is not here to read its completions").unwrap(),
        }
    }
    let output = trainer(&folder, &["completions", "tcsh"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("bash"), "{}", stderr(&output));
}

#[test]
fn the_manual_is_printed_or_written() {
    let folder = tempdir().unwrap();
    let page = succeeds(&mut trainer(&folder, &["man"]));
    let written = succeeds(&mut trainer(&folder, &["man", "--output", "man1"]));
    assert_eq!(fs::read_to_string(folder.path().join("man1/trainer.1")).unwrap(), page);
    assert!(written.lines().any(|line| Path::new(line) == Path::new("man1/trainer-data-fetch.1")), "{written}");
    assert_eq!(written.lines().count(), names(&folder.path().join("man1")).len());
}
