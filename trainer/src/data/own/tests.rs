use std::{fs, io::Write, path::PathBuf};

use tempfile::TempDir;

use super::super::source::{Delimiter, YesNo};
use super::*;

/// A folder with one file, and the source that names it.
fn file(name: &str, contents: impl AsRef<[u8]>) -> (TempDir, Source) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, contents).unwrap();
    let source = path.to_str().unwrap().into();
    (folder, source)
}

fn read(name: &str, contents: impl AsRef<[u8]>, change: impl Fn(&mut Reading)) -> Result<Dataset> {
    let (_folder, mut source) = file(name, contents);
    change(&mut source.reading);
    Dataset::open(&source)
}

fn message(name: &str, contents: impl AsRef<[u8]>, change: impl Fn(&mut Reading)) -> String {
    read(name, contents, change).map_or_else(|error| error.to_string(), |_| String::new())
}

fn as_it_is(_: &mut Reading) {}

/// All documents with their labels, in order.
fn documents(dataset: &Dataset) -> Vec<(String, String)> {
    let of = |split: &Split| {
        let text = |i| String::from_utf8(split.text(i).to_vec()).unwrap();
        (0..split.len()).map(|i| (text(i), dataset.labels[usize::from(split.label(i))].clone())).collect::<Vec<_>>()
    };
    let mut all = [of(&dataset.train), of(&dataset.test)].concat();
    all.sort();
    all
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// Ten messages with their labels.
fn messages() -> Vec<(String, String)> {
    let one = |i: usize| {
        let label = if i.is_multiple_of(3) { "spam" } else { "ham" };
        (format!("message number {i}, with \"words\" in it"), label.to_owned())
    };
    let mut all: Vec<_> = (0..10).map(one).collect();
    all.sort();
    all
}

fn table(delimiter: char, quoted: bool, header: Option<[&str; 2]>, bom: bool) -> String {
    let mut out = if bom { "\u{feff}".to_owned() } else { String::new() };
    if let Some([a, b]) = header {
        out += &format!("{a}{delimiter}{b}\r\n");
    }
    for (text, label) in messages() {
        let text = if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text };
        out += &format!("{label}{delimiter}{text}\r\n");
    }
    out
}

#[test]
fn the_same_documents_come_from_every_kind_of_file() {
    let json: String = messages()
        .iter()
        .map(|(text, label)| serde_json::json!({ "label": label, "id": 3, "text": text }).to_string() + "\n\n")
        .collect();
    let header = Some(["label", "text"]);
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("a.csv", table(',', true, header, false).into()),
        ("bom.csv", table(',', true, header, true).into()),
        ("no-header.csv", table(',', true, None, false).into()),
        ("odd-header.csv", table(',', true, Some(["v1", "v2"]), false).into()),
        ("semicolon.csv", table(';', true, header, false).into()),
        ("a.tsv", table('\t', false, header, false).into()),
        ("quoted.tsv", table('\t', true, None, false).into()),
        ("SMSSpamCollection", table('\t', false, None, false).into()),
        ("bom.txt", table('\t', false, None, true).into()),
        ("a.jsonl", json.clone().into()),
        ("json.data", json.clone().into()),
        ("a.csv.gz", gzipped(table(',', true, header, true).as_bytes())),
        ("a.tsv.gz", gzipped(table('\t', false, None, false).as_bytes())),
        ("a.jsonl.gz", gzipped(json.as_bytes())),
        ("misnamed.csv", gzipped(table(',', true, header, false).as_bytes())),
    ];
    let first = read("a.csv", &files[0].1, as_it_is).unwrap();
    assert_eq!(documents(&first), messages());
    assert_eq!(
        (first.labels.as_slice(), first.train.len(), first.test.len()),
        (&["ham".into(), "spam".into()][..], 8, 2)
    );
    for (name, contents) in files {
        let dataset = read(name, contents, as_it_is).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(documents(&dataset), messages(), "{name}");
        assert_eq!(dataset.sha256, first.sha256, "{name}");
    }
}

#[test]
fn a_folder_a_class_is_read_in_one_part_or_two() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, bytes: &[u8]| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    for i in 0..10 {
        write(&format!("one/cats and dogs/{i}.txt"), format!("woof {i}").as_bytes());
        write(&format!("one/\u{1f41f}/{i}.txt.gz"), &gzipped(format!("blub {i}").as_bytes()));
        let part = if i < 7 { "train" } else { "test" };
        write(&format!("two/{part}/neg/{i}.txt"), format!("dull {i}").as_bytes());
        write(&format!("two/{part}/pos/{i}.txt"), format!("bright {i}").as_bytes());
    }
    let open = |name: &str| Dataset::open(folder.path().join(name).to_str().unwrap());
    let one = open("one").unwrap();
    assert_eq!(one.labels, ["cats and dogs", "\u{1f41f}"]);
    assert_eq!((one.train.class_counts(2), one.test.class_counts(2)), (vec![8, 8], vec![2, 2]));
    assert!(documents(&one).contains(&("blub 3".to_owned(), "\u{1f41f}".to_owned())));
    let two = open("two").unwrap();
    assert_eq!((two.labels.as_slice(), two.train.len(), two.test.len()), (&["neg".into(), "pos".into()][..], 14, 6));
    write("two/test/other/1.txt", b"?");
    let error = open("two").unwrap_err().to_string();
    assert!(error.contains("`other`"), "{error}");
    write("one/\u{1f41f}/bad.txt", b"caf\xe9");
    let error = open("one").unwrap_err().to_string();
    assert!(error.contains("bad.txt") && error.contains("--encoding"), "{error}");
}

#[test]
fn columns_go_by_name_or_number_and_several_are_joined() {
    let rows: String = (0..20).map(|i| format!("{i},title {i},\"line one\nline {i}\",{}\n", i % 4)).collect();
    let csv = format!("id,head,story,kind\n{rows}");
    let by = |texts: &'static [&'static str], label: &'static str| {
        read("news.csv", &csv, move |reading| {
            reading.text_column = texts.iter().map(|&text| text.to_owned()).collect();
            reading.label_column = Some(label.to_owned());
        })
    };
    let named = by(&["head", "story"], "kind").unwrap();
    assert_eq!(documents(&named)[0], ("title 0\nline one\nline 0".to_owned(), "0".to_owned()));
    assert_eq!(by(&["2", "3"], "4").unwrap().sha256, named.sha256);
    assert_eq!(by(&["HEAD", "story"], "Kind").unwrap().sha256, named.sha256);
    for (texts, label, part) in [
        (&["body"][..], "kind", "`body`"),
        (&["5"], "kind", "`5`"),
        (&["0"], "kind", "`0`"),
        (&["kind"], "kind", "both"),
    ] {
        let error = by(texts, label).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_label_that_is_not_obvious_is_asked_for() {
    let rows: String = (0..40).map(|i| format!("{},{},{}\n", i % 3, i % 7, i % 2)).collect();
    let error = message("a.csv", &rows, as_it_is);
    assert!(error.contains("several columns look like a label") && error.contains("--label-column"), "{error}");
    let named = read("a.csv", &rows, |reading| reading.label_column = Some("3".into())).unwrap();
    assert_eq!(named.features, Some(vec!["1".to_owned(), "2".to_owned()]));
}

#[test]
fn a_table_of_numbers_has_its_label_at_an_end() {
    let rows: String = (0..40).map(|i| format!("{}.5,{},{}\n", i, i * 3, ["a", "b"][i % 2])).collect();
    let dataset = read("a.csv", &rows, as_it_is).unwrap();
    assert_eq!(
        (dataset.features.as_ref().map(Vec::len), dataset.labels),
        (Some(2), vec!["a".to_owned(), "b".to_owned()])
    );
    let rows: String = (0..40).map(|i| format!("{},0,{}.5,{}\n", i % 10, i * 3, i)).collect();
    let dataset = read("a.csv", &rows, as_it_is).unwrap();
    assert_eq!((dataset.labels.len(), dataset.labels[9].as_str()), (10, "9"));
    let first: Vec<f32> =
        dataset.train.text(0).chunks_exact(4).map(|value| f32::from_le_bytes(value.try_into().unwrap())).collect();
    assert_eq!(first.len(), 3);
}

#[test]
fn rows_that_cannot_be_read_are_named_and_left_out_on_request() {
    let csv = b"text,label\r\ngood thing,1\r\n\r\n\"two\nlines\",0\r\none field\r\nb\xffd,1\r\nno label, \r\nfine,0\r\nzero\0,1\r\nx,1\r\ny,0\r\nz,1\r\n";
    let error = message("bad.csv", csv, as_it_is);
    for part in [
        "bad.csv, line 6: 1 fields, where 2 are expected",
        "line 7, column 1: byte 2 of the field, 0xff, is not UTF-8",
        "line 8, column 2: the label is missing",
        "line 10, column 1: a byte 0",
        "4 of 10 rows",
        "--skip-bad-rows",
        "--encoding windows-1252",
    ] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
    let dataset = read("bad.csv", csv, |reading| reading.skip_bad_rows = true).unwrap();
    assert_eq!(documents(&dataset).len(), 6);
    assert!(dataset.notes.iter().any(|note| note.contains("4 of 10 rows are left out")), "{:?}", dataset.notes);
    let json = "{\"text\":\"a b\",\"label\":1}\n{\"text\":\n{\"text\":[1],\"label\":0}\n{\"text\":\"x\",\"label\":0}\n";
    let error = message("bad.jsonl", json, as_it_is);
    for part in ["line 2, column", "no JSON object", "line 3, column 2: `text` is neither", "2 of 4 rows"] {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
}

#[test]
fn an_object_may_lack_what_others_have() {
    let row = |i: usize| {
        let label = ["on", "off"][i % 2];
        match i % 3 {
            0 => format!("{{\"y\":\"{label}\",\"b\":{i},\"a\":-1.5}}\n"),
            1 => format!("{{\"a\":{i},\"y\":\"{label}\",\"more\":[1,{{}}],\"b\":null}}\n"),
            _ => format!("{{\"y\":\"{label}\",\"b\":\"{i}\"}}\n"),
        }
    };
    let rows: String = (0..30).map(row).collect();
    assert!(message("a.jsonl", &rows, as_it_is).contains("a.jsonl, line 2, column 2: the number is missing"));
    let dataset = read("a.jsonl", &rows, |reading| reading.impute = Some(Impute::Mean)).unwrap();
    assert_eq!(dataset.features, Some(vec!["a".to_owned(), "b".to_owned()]));
    let mut numbers: Vec<String> = [&dataset.train, &dataset.test]
        .iter()
        .flat_map(|split| (0..split.len()).map(|i| format!("{:?}", split.numbers(i).collect::<Vec<_>>())))
        .collect();
    numbers.sort();
    let mut expected: Vec<String> = (0..30)
        .map(|i| match i % 3 {
            0 => format!("[-1.5, {i}.0]"),
            1 => format!("[{i}.0, NaN]"),
            _ => format!("[NaN, {i}.0]"),
        })
        .collect();
    expected.sort();
    assert_eq!(numbers, expected);
}

#[test]
fn windows_1252_is_read_on_request_and_utf_8_beside_it() {
    let rows: Vec<u8> = [&b"text\tlabel\n"[..], b"caf\xe9 \x80 noir\ta\n", "caf\u{e9} blanc\tb\n".as_bytes()].concat();
    let rows = [&rows[..], b"c\ta\nd\tb\n"].concat();
    assert!(message("a.tsv", &rows, as_it_is).contains("not UTF-8"));
    let dataset = read("a.tsv", &rows, |reading| reading.encoding = Some(Encoding::Windows1252)).unwrap();
    let texts: Vec<String> = documents(&dataset).into_iter().map(|(text, _)| text).collect();
    assert!(texts.contains(&"caf\u{e9} \u{20ac} noir".to_owned()) && texts.contains(&"caf\u{e9} blanc".to_owned()));
}

#[test]
fn numbers_that_are_none_are_refused_by_row_unless_imputed() {
    let row = |x: &str| {
        let rows: String = (0..20).map(|i| format!("{i}.5,{},{}\n", i * i, ["on", "off"][i % 2])).collect();
        format!("{rows}1.0,{x},on\n")
    };
    for (field, why) in [
        ("1e999", "`1e999` is not a finite number"),
        ("nan", "missing"),
        ("", "missing"),
        ("0x10", "`0x10` is not a number"),
        ("-inf", "finite"),
    ] {
        let error = message("a.csv", row(field), as_it_is);
        assert!(error.contains("line 21, column 2") && error.contains(why), "{error}");
    }
    let imputed = read("a.csv", row("?"), |reading| reading.impute = Some(Impute::Mean)).unwrap();
    assert_eq!(imputed.train.len() + imputed.test.len(), 21);
}

#[test]
fn a_test_file_has_the_same_columns_in_any_order_and_no_new_label() {
    let (folder, mut source) = file("train.csv", "text,label\na b,x\nc d,y\ne f,x\ng h,y\n");
    let test = |contents: &str| {
        let path: PathBuf = folder.path().join("test.csv");
        fs::write(&path, contents).unwrap();
        Some(path.to_str().unwrap().to_owned())
    };
    source.reading.test = test("label,more,text\ny,1,a b\nx,2,i j\n");
    let dataset = Dataset::open(&source).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len(), dataset.test.text(0)), (4, 2, &b"a b"[..]));
    assert_eq!(dataset.labels[usize::from(dataset.test.label(0))], "y");
    assert!(
        dataset.notes.iter().any(|note| note.starts_with("1 of 2 test documents are among")),
        "{:?}",
        dataset.notes
    );
    source.reading.test = test("text,label\nq,z\n");
    let error = Dataset::open(&source).unwrap_err().to_string();
    assert!(error.contains("test.csv, line 2, column 2") && error.contains("`z`"), "{error}");
    source.reading.test = test("words,label\nq,x\n");
    let error = Dataset::open(&source).unwrap_err().to_string();
    assert!(error.contains("`text`"), "{error}");
}

#[test]
fn a_split_is_stratified_seeded_and_keeps_duplicates_on_one_side() {
    let rows: String = (0..400)
        .map(|i| format!("the text {}\t{}\n", if i < 80 { i % 8 } else { i }, if i % 4 == 0 { "a" } else { "b" }))
        .collect();
    let split = |seed, share| {
        read("a.tsv", &rows, |reading| (reading.split_seed, reading.test_share) = (Some(seed), Some(share))).unwrap()
    };
    let dataset = split(1, 0.25);
    assert_eq!((dataset.train.class_counts(2), dataset.test.class_counts(2)), (vec![75, 225], vec![25, 75]));
    let train: std::collections::HashSet<&[u8]> = dataset.train.texts().collect();
    assert!(dataset.test.texts().all(|text| !train.contains(text)));
    assert_eq!(split(1, 0.25), dataset);
    assert_ne!(split(2, 0.25).sha256, dataset.sha256);
    assert_eq!(split(1, 0.5).test.len(), 200);
}

#[test]
fn what_was_guessed_can_be_overruled() {
    let rows = "label,text\nlabel,more text here\nother,some text there\nlabel,a text\nother,the text\n";
    let header = read("a.csv", rows, |reading| reading.header = Some(YesNo::Yes)).unwrap();
    assert_eq!(documents(&header).len(), 4);
    let none = read("a.csv", rows, |reading| {
        (reading.header, reading.label_column) = (Some(YesNo::No), Some("1".into()));
        reading.delimiter = Some(Delimiter::Comma);
    });
    assert_eq!(documents(&none.unwrap()).len(), 5);
    let quoted = |quotes| {
        let rows = "a b\t\"x\nc d\ty\"\na c\tz\nb d\tz\n";
        read("a.tsv", rows, |reading| {
            (reading.quotes, reading.label_column, reading.header) = (quotes, Some("2".into()), Some(YesNo::No));
        })
    };
    assert_eq!(quoted(None).unwrap().labels.len(), 3);
    // A label that goes over several lines stands in tables on one.
    assert_eq!(quoted(Some(YesNo::Yes)).unwrap().labels, ["x c d y", "z"]);
}

#[test]
fn flags_for_tables_are_refused_elsewhere() {
    let mut source = Source::from("synthetic:100");
    source.reading.label_column = Some("x".into());
    let error = Dataset::open(&source).unwrap_err().to_string();
    assert!(error.contains("--label-column makes no sense for `synthetic:100`"), "{error}");
}
