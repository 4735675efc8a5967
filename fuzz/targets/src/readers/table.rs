//! The readers of one's own data: CSV, TSV and JSON Lines, with what the user may say of them.
//!
//! The first byte chooses the name of the file, the next two what is said of it.

use std::io::Write;

use edgefit_trainer::data::{Delimiter, Encoding, Impute, Reading, YesNo};
use flate2::{Compression, write::GzEncoder};

use super::{open, texts};

const NAMES: [&str; 5] = ["own.csv", "own.tsv", "own.jsonl", "own.txt", "own.csv.gz"];

/// See the module.
pub fn run(bytes: &[u8]) {
    let Some((&[name, said, more], rest)) = bytes.split_first_chunk() else { return };
    let name = NAMES[usize::from(name) % NAMES.len()];
    let reading = reading(said, more);
    let mut packed = Vec::new();
    if name == "own.csv.gz" {
        let mut gzip = GzEncoder::new(&mut packed, Compression::fast());
        gzip.write_all(rest).and_then(|()| gzip.finish().map(drop)).expect("memory can be written");
    }
    let file = if packed.is_empty() { rest } else { &packed };
    let Some(dataset) = open(&[(name, file)], &reading) else { return };
    let as_written = name != "own.jsonl" && reading.quotes == Some(YesNo::No) && reading.encoding.is_none();
    if as_written && dataset.features.is_none() && rest.first() != Some(&b'{') {
        // Several columns of text are joined by line breaks.
        for part in texts(&dataset).flat_map(|text| text.split(|&byte| byte == b'\n')) {
            let is_there = part.is_empty() || rest.windows(part.len()).any(|window| window == part);
            assert!(is_there, "not in the file: {}", part.escape_ascii());
        }
    }
}

/// What the fuzzer starts from.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let rows = |separator: char, end: &str| -> String {
        (0..14).map(|i| format!("some words about {i}{separator}{}{end}", ["no", "yes"][i % 2])).collect()
    };
    let numbers = |i: usize| format!("{}.5,{},-{i},{}\n", i * 3, i * 7 % 5, ["off", "on"][i % 2]);
    let quoted = |i: usize| format!("\"a, \"\"b\"\" {i}\nmore\",{}\r\n", ["x", "y"][i % 2]);
    let object = |i: usize| format!("{{\"text\": \"w\\u00f6rds {i}\", \"label\": {}, \"id\": {i}}}\n", i % 2);
    let csv = format!("text,label\n{}", rows(',', "\n"));
    let tsv = rows('\t', "\r\n");
    let numbers: String = (0..14).map(numbers).collect();
    let quoted: String = (0..10).map(quoted).collect();
    let json: String = (0..10).map(object).collect();
    let latin: Vec<u8> = csv.bytes().map(|byte| if byte == b'o' { 0xf6 } else { byte }).collect();
    let files: [(u8, u8, u8, &[u8]); 11] = [
        (0, 0, 0, csv.as_bytes()),
        (0, 0b10_0000, 0b100, csv.as_bytes()),
        (1, 0, 0, tsv.as_bytes()),
        (1, 0b1_0000, 0b10, tsv.as_bytes()),
        (2, 0, 0, json.as_bytes()),
        (3, 0, 0, numbers.as_bytes()),
        (0, 0, 0, quoted.as_bytes()),
        (0, 0b1000_0000, 0, &latin),
        (4, 0, 0, csv.as_bytes()),
        (3, 0, 0b1_0000, rows('|', "\n").leak().as_bytes()),
        (0, 0, 0b1000, format!("{csv}one, two,yes\n\"open,no\n").leak().as_bytes()),
    ];
    files.into_iter().map(|(name, said, more, bytes)| [&[name, said, more], bytes].concat()).collect()
}

/// What is said of a file; most of it is left to be guessed.
fn reading(said: u8, more: u8) -> Reading {
    let yes_no = |bits: u8| [None, None, Some(YesNo::Yes), Some(YesNo::No)][usize::from(bits % 4)];
    let delimiters = [Delimiter::Comma, Delimiter::Tab, Delimiter::Semicolon, Delimiter::Pipe];
    let column = |bits: u8, name: &str| match bits % 4 {
        1 => Some("1".to_owned()),
        2 => Some("2".to_owned()),
        3 => Some(name.to_owned()),
        _ => None,
    };
    Reading {
        header: yes_no(said),
        text_column: column(said >> 2, "text").into_iter().collect(),
        label_column: column(said >> 4, "label"),
        impute: (said & 0x40 != 0).then_some(Impute::Mean),
        encoding: (said & 0x80 != 0).then_some(Encoding::Windows1252),
        quotes: yes_no(more),
        delimiter: (more & 4 != 0).then(|| delimiters[usize::from(more >> 4) % 4]),
        skip_bad_rows: more & 8 != 0,
        ..Reading::default()
    }
}
