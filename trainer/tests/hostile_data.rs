//! Files that no honest program writes, and some that one does: each gives a clear message and exit code 2, or a right result.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output},
};

use tempfile::{TempDir, tempdir};

fn trainer(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("trainer"));
    command.current_dir(folder).args(arguments).env("EDGEFIT_CACHE", "off").output().unwrap()
}

fn train(folder: &Path, file: &str, more: &[&str]) -> Output {
    let arguments = ["train", "--data", file, "--recipe", "linear", "--epochs", "40", "--batch-size", "4"];
    let _ = fs::remove_dir_all(folder.join("run"));
    trainer(folder, &[&arguments, more, &["--output", "run"]].concat())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// Twenty rows of text, of two classes.
fn rows(separator: &str, end: &str) -> String {
    (0..20).map(|i| format!("some words about {i}{separator}{}{end}", ["no", "yes"][i % 2])).collect()
}

/// Twenty rows of three numbers with a class, one of them with `odd` in its second column.
fn numbers(odd: &str) -> String {
    let row = |i: usize| {
        let second = if i == 10 { odd.to_owned() } else { format!("{}", i * 7 % 5) };
        format!("{}.5,{second},-{i},{}\n", i * 3, ["off", "on"][i % 2])
    };
    (0..20).map(row).collect()
}

/// Name, contents, and what the message says.
fn refused() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let table = || rows(",", "\n");
    let with = |row: &[u8]| [b"text,label\n", table().as_bytes(), row].concat();
    let packed = gzip(&with(b""));
    let ids: String = (0..200).map(|i| format!("a text with words,{i}\n")).collect();
    let quantities: String = (0..600).map(|i| format!("a text with {i} words,{}.25\n", i % 100)).collect();
    let long_line = "x".repeat(10 << 20);
    let utf16: Vec<u8> = "\u{feff}text,label\na,b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("empty.csv", Vec::new(), &["it is empty"]),
        ("empty.csv.gz", gzip(b""), &["it is empty"]),
        ("blank.tsv", b"\n\n \r\n".to_vec(), &["blank lines alone"]),
        ("bom-only.csv", b"\xef\xbb\xbf".to_vec(), &["blank lines alone"]),
        ("header-only.csv", b"text,label\n".to_vec(), &["names columns, but has no row"]),
        ("one-row.csv", b"text,label\nall there is,yes\n".to_vec(), &["all 1 documents have the label `yes`"]),
        ("one-row-no-header.tsv", b"ham\tall there is to read\n".to_vec(), &["--label-column"]),
        ("all-one-label.csv", rows(",", "\n").replace(",no", ",yes").into_bytes(), &["label"]),
        ("nul.csv", with(b"a\0b,yes\n"), &["line 22, column 1", "a byte 0"]),
        ("nul-everywhere.csv", vec![0; 4_096], &["nothing that separates its rows into columns"]),
        ("one-long-line.csv", long_line.clone().into_bytes(), &["nothing that separates"]),
        ("long-field.csv", format!("text,label\n{long_line},yes\n").into_bytes(), &["all 1 documents"]),
        ("mixed.csv", with(b"other words;yes\n"), &["line 22: 1 fields, where 2 are expected"]),
        ("too-many.csv", with(b"one, two,yes\n"), &["line 22: 3 fields, where 2 are expected"]),
        ("latin1.csv", with(b"caf\xe9,yes\n"), &["line 22, column 1", "0xe9, is not UTF-8", "--encoding windows-1252"]),
        ("bad-label.csv", with(b"fine,\xff\n"), &["line 22, column 2", "not UTF-8"]),
        ("no-label.csv", with(b"fine,\n"), &["line 22, column 2: the label is missing"]),
        (
            "open-quote.csv",
            with(b"\"never closed,yes\nmore, of it, here\n"),
            &["line 22", "do not balance", "--quotes no"],
        ),
        ("ids.csv", ids.into_bytes(), &["label"]),
        ("quantities.csv", format!("text,label\n{quantities}").into_bytes(), &["100 different labels", "regression"]),
        ("utf16.csv", utf16, &["it is UTF-16", "iconv"]),
        ("sheet.csv", b"PK\x03\x04rest".to_vec(), &["spreadsheet"]),
        ("cut.csv.gz", packed[..packed.len() - 9].to_vec(), &["damaged or cut short"]),
        ("no-gzip.csv.gz", b"\x1f\x8bnot at all".to_vec(), &["damaged or cut short"]),
        ("array.json", b"[{\"text\": \"a\", \"label\": 1}]".to_vec(), &["one JSON array", "jq"]),
        (
            "broken.jsonl",
            b"{\"text\": \"a b\", \"label\": 1}\n{\"text\": \n".to_vec(),
            &["line 2, column", "no JSON object"],
        ),
        (
            "nested.jsonl",
            b"{\"text\": \"a b\", \"label\": 0}\n{\"text\": {\"x\": 1}, \"label\": 1}\n".to_vec(),
            &["line 2", "`text` is neither"],
        ),
        ("no-object.jsonl", b"1\n2\n".to_vec(), &["no JSON object with a text"]),
        ("no-keys.jsonl", b"{}\n{}\n".to_vec(), &["no JSON object with a text"]),
        (
            "wordless.csv",
            (0..20).map(|i| format!("?!?! ... !!{},{}\n", "!".repeat(i), i % 2)).collect::<String>().into_bytes(),
            &["no word"],
        ),
        ("infinite.csv", numbers("1e999").into_bytes(), &["line 11, column 2: `1e999` is not a finite number"]),
        ("nan.csv", numbers("nan").into_bytes(), &["line 11, column 2", "missing", "--impute mean"]),
        ("hex.csv", numbers("0x10").into_bytes(), &["line 11, column 2: `0x10` is not a number"]),
        ("huge.csv", numbers("9".repeat(500).as_str()).into_bytes(), &["line 11, column 2", "not a finite number"]),
        ("tiny.csv", b"a b,x\nc d,y\n".to_vec(), &["several columns look like a label"]),
        ("two-rows.csv", b"text,label\na b c,x\nc d e,y\n".to_vec(), &["too few"]),
    ]
}

#[test]
fn what_cannot_be_used_is_refused_with_the_place_and_the_reason() {
    let folder = tempdir().unwrap();
    for (name, contents, parts) in refused() {
        fs::write(folder.path().join(name), contents).unwrap();
        for output in [train(folder.path(), name, &[]), trainer(folder.path(), &["data", "info", "--data", name])] {
            let stderr = String::from_utf8_lossy(&output.stderr);
            if name == "wordless.csv" && output.status.success() {
                // To look at it is no error.
                continue;
            }
            assert_eq!(output.status.code(), Some(2), "{name}: {stderr}");
            for part in parts.iter().chain(&[name]).filter(|part| **part != "wordless.csv") {
                assert!(stderr.contains(part), "{name}: no {part:?} in {stderr}");
            }
        }
        assert!(!folder.path().join("run").exists(), "{name} left a run");
    }
}

#[test]
fn a_small_file_that_unpacks_to_more_than_any_dataset_is_refused() {
    let folder = tempdir().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let block = vec![b'a'; 1 << 20];
    gzip.write_all(b"text,label\nx,y\n").unwrap();
    for _ in 0..1_025 {
        gzip.write_all(&block).unwrap();
    }
    fs::write(folder.path().join("bomb.csv.gz"), gzip.finish().unwrap()).unwrap();
    let output = train(folder.path(), "bomb.csv.gz", &[]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && stderr.contains("more than 1 GiB"), "{stderr}");
}

/// A packed file in which `start` is followed by `block`, again and again.
fn packed(start: &str, block: &str, times: usize, end: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let blocks = std::iter::repeat_n(block, times);
    std::iter::once(start).chain(blocks).chain([end]).for_each(|part| gzip.write_all(part.as_bytes()).unwrap());
    gzip.finish().unwrap()
}

/// An object with a number for each of these keys, and no end.
fn object(keys: std::ops::Range<usize>) -> String {
    format!("{{{}", keys.map(|i| format!("\"k{i:05}\":1")).collect::<Vec<_>>().join(","))
}

/// Small files that stand for more memory than there is, or for hours of work: name, contents, what the message says.
fn bombs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let table = format!("text,label\n{}", rows(",", "\n"));
    let commas = ",".repeat(1 << 20);
    let text = "a".repeat(1 << 20);
    let objects: String = (0..20).map(|i| format!("{{\"text\":\"a b {i}\",\"label\":{}}}\n", i % 2)).collect();
    let array = format!("{objects}{{\"label\":1,\"text\":[0");
    let keys: String = (0..100).map(|line| object(line * 1_000..(line + 1) * 1_000) + "}\n").collect();
    let numbers = format!("{},\"label\":0}}\n{},\"label\":1}}\n", object(0..60_000), object(0..60_000));
    vec![
        ("wide-row.csv.gz", packed(&table, &commas, 60, "\n"), "line 22: more than 65536 fields"),
        ("wide-first-row.tsv.gz", packed("a\tb", &"\t".repeat(1 << 20), 60, "\n"), "line 1: more than 65536 fields"),
        ("long-row.csv.gz", packed(&table, &text, 500, ",yes\n"), "line 22: a row longer than 64 MiB"),
        ("short-rows.csv.gz", packed("text,label\n", &"a,x\nb,y\n".repeat(1_000), 4_000, ""), "more than 5000000 rows"),
        ("keys.jsonl.gz", packed(&object(0..400_000), "", 0, "}\n"), "line 1: more than 65536 keys"),
        ("more-keys.jsonl", keys.into_bytes(), "line 66: more than 65536 different keys"),
        ("array.jsonl.gz", packed(&array, &",0".repeat(1 << 20), 30, "]}\n"), "line 21, column 2: `text` is neither"),
        (
            "empty-objects.jsonl.gz",
            packed(&(object(0..60_000) + "}\n"), &"{}\n".repeat(1_000), 5_000, ""),
            "no column looks like a label",
        ),
        (
            "bad-objects.jsonl.gz",
            packed(&numbers, &"{\"label\":1,\"k59999\":\"1e999\"}\n".repeat(1_000), 5_000, ""),
            "more than 1 GiB of texts or numbers",
        ),
    ]
}

#[cfg(unix)]
#[test]
fn a_small_file_takes_neither_much_memory_nor_hours() {
    let folder = tempdir().unwrap();
    let info = |data: &str, name: &str, message: &str| {
        let script = "ulimit -v 524288 && exec \"$0\" data info --impute mean --data \"$1\"";
        let mut command = Command::new("sh");
        command.current_dir(folder.path()).env("EDGEFIT_CACHE", "off");
        command.args(["-c", script, env!("CARGO_BIN_EXE_trainer"), data]);
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {stderr}");
        assert!(stderr.contains(name) && stderr.contains(message), "{name}: no {message:?} in {stderr}");
    };
    for (name, contents, message) in bombs() {
        assert!(contents.len() < 8 << 20, "{name} has {} bytes", contents.len());
        fs::write(folder.path().join(name), contents).unwrap();
        info(name, name, message);
    }
}

#[cfg(unix)]
#[test]
fn nothing_waits_for_a_pipe_or_reads_a_device() {
    let folder = tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for class in ["classes/a", "classes/b"] {
        fs::create_dir_all(at(class)).unwrap();
        (0..10).for_each(|i| fs::write(at(class).join(format!("{i}.txt")), format!("a text {i}")).unwrap());
    }
    for pipe in ["reviews.tar.gz", "table.csv", "imdb.npz", "classes/a/pipe"] {
        assert!(Command::new("mkfifo").arg(at(pipe)).status().unwrap().success());
    }
    std::os::unix::fs::symlink("/dev/zero", at("classes/b/zero")).unwrap();
    for (data, parts) in [
        ("reviews.tar.gz", &["reviews.tar.gz", "neither a regular file nor a folder"][..]),
        ("table.csv", &["table.csv", "neither a regular file nor a folder"]),
        ("imdb.npz", &["imdb.npz", "neither a regular file nor a folder"]),
        ("/dev/zero", &["/dev/zero", "neither a regular file nor a folder"]),
        ("classes", &["classes, pipe: not a regular file", "zero: not a regular file"]),
    ] {
        let output = trainer(folder.path(), &["data", "info", "--data", data]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{data}: {stderr}");
        assert!(parts.iter().all(|part| stderr.contains(part)), "{data}: {stderr}");
    }
    fs::remove_file(at("classes/a/pipe")).unwrap();
    fs::remove_file(at("classes/b/zero")).unwrap();
    std::os::unix::fs::symlink("loop", at("classes/b/loop")).unwrap();
    let output = trainer(folder.path(), &["data", "info", "--data", "classes"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && stderr.contains("cannot read classes/b/loop"), "{stderr}");
}

/// The class of a text by a model made from a file.
fn predicted(folder: &TempDir, file: &str, more: &[&str], text: &str) -> String {
    let output = train(folder.path(), file, more);
    assert_eq!(output.status.code(), Some(0), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    let model = ["export", "run", "--output", "model.edgefit"];
    assert_eq!(trainer(folder.path(), &model).status.code(), Some(0));
    let output = trainer(folder.path(), &["predict", "model.edgefit", text]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().split('\t').next().unwrap_or_default().to_owned()
}

#[test]
fn what_is_odd_but_sound_is_learnt_from() {
    let folder = tempdir().unwrap();
    let fruits = |label: [&str; 2], separator: &str, end: &str| -> Vec<u8> {
        let row = |i: usize| {
            let (word, label) = [("apples and pears", label[0]), ("hammers and nails", label[1])][i % 2];
            format!("I bought {word} today {i}{separator}{label}{end}")
        };
        (0..60).map(row).collect::<String>().into_bytes()
    };
    let odd = ["\u{1f34e} fresh, sweet", "hard \"ware\""];
    let quoted = ["\"\u{1f34e} fresh, sweet\"", "\"hard \"\"ware\"\"\""];
    let files: [(&str, Vec<u8>, &[&str]); 5] = [
        ("emoji.csv", fruits(quoted, ",", "\r\n"), &[]),
        ("emoji.tsv", fruits(odd, "\t", "\n"), &["--quotes", "no"]),
        ("old-mac.csv", fruits(quoted, ",", "\r"), &["--quotes", "yes"]),
        ("bad-rows.csv", [fruits(quoted, ",", "\n"), b"a\xff,b\nlonely\n".to_vec()].concat(), &["--skip-bad-rows"]),
        ("packed.data", gzip(&fruits(quoted, "|", "\n")), &[]),
    ];
    for (name, contents, more) in files {
        fs::write(folder.path().join(name), contents).unwrap();
        assert_eq!(predicted(&folder, name, more, "apples and pears"), odd[0], "{name}");
        assert_eq!(predicted(&folder, name, more, "hammers and nails"), odd[1], "{name}");
    }
}
