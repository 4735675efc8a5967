//! What the sources may not hold: unsafe code outside a few named files, and in the runtime crate whatever can panic
//! or count in floats. The compiler's lints see most of it; this list makes an exception a change that is read.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The files with unsafe code.
const UNSAFE_FILES: [&str; 27] = [
    "firmware/bench/src/timer.rs",
    "firmware/no-panic/src/main.rs",
    "firmware/src/arch/cortex_m.rs",
    "firmware/src/arch/riscv.rs",
    "firmware/src/boot.rs",
    "firmware/src/region.rs",
    "firmware/src/registers.rs",
    "firmware/src/stack.rs",
    "firmware/src/transport/rtt.rs",
    "firmware/src/transport/uart/logger.rs",
    "shared/src/kernel/dsp.rs",
    "shared/src/kernel/dsp/chain.rs",
    "shared/src/kernel/dsp/clear.rs",
    "shared/src/kernel/dsp/dense.rs",
    "shared/src/kernel/dsp/direct.rs",
    "shared/src/kernel/dsp/lanes.rs",
    "shared/src/kernel/dsp/list.rs",
    "shared/src/kernel/dsp/rows.rs",
    "shared/src/kernel/dsp/units.rs",
    "shared/src/kernel/thumb1.rs",
    "shared/src/kernel/thumb1/clear.rs",
    "shared/src/kernel/thumb1/dense.rs",
    "shared/src/kernel/thumb1/lanes.rs",
    "shared/src/kernel/thumb1/list.rs",
    "shared/src/kernel/thumb1/rows.rs",
    "shared/src/kernel/thumb1/units.rs",
    "shared/src/scan/assembly.rs",
];

/// Lines of the runtime crate that index and yet cannot panic, and why.
const HARMLESS_INDICES: [(&str, &str); 4] = [
    // Runs in the compiler alone; the loop ends at 16.
    ("crc.rs", "table[value] = crc;"),
    // A remainder of its own length.
    ("crc.rs", "REMAINDERS[crc as usize % REMAINDERS.len()] ^ crc >> 4"),
    // Runs in the compiler alone; the loop ends at 256.
    ("words.rs", "table[byte] = b.to_ascii_lowercase();"),
    // A table of 256 items at a u8.
    ("words.rs", "WORD_BYTE[usize::from(byte)]"),
];

/// Files of the runtime crate that compute before the logits, and the lines of each that may name a float.
const INTEGER_FILES: [(&str, &[&str]); 29] = [
    ("scan.rs", &[]),
    ("scan/assembly.rs", &[]),
    ("scan/branchless.rs", &[]),
    ("scan/portable.rs", &[]),
    ("kernel.rs", &[]),
    ("kernel/dsp.rs", &[]),
    ("kernel/dsp/chain.rs", &[]),
    ("kernel/dsp/clear.rs", &[]),
    ("kernel/dsp/dense.rs", &[]),
    ("kernel/dsp/direct.rs", &[]),
    ("kernel/dsp/lanes.rs", &[]),
    ("kernel/dsp/list.rs", &[]),
    ("kernel/dsp/rows.rs", &[]),
    ("kernel/dsp/units.rs", &[]),
    ("kernel/plain.rs", &[]),
    ("kernel/portable.rs", &[]),
    ("kernel/thumb1.rs", &[]),
    ("kernel/thumb1/clear.rs", &[]),
    ("kernel/thumb1/dense.rs", &[]),
    ("kernel/thumb1/lanes.rs", &[]),
    ("kernel/thumb1/list.rs", &[]),
    ("kernel/thumb1/rows.rs", &[]),
    ("kernel/thumb1/units.rs", &[]),
    ("layer.rs", &[]),
    ("vocabulary.rs", &[]),
    ("words.rs", &[]),
    ("scratch.rs", &[]),
    // Handed through to the logits.
    ("classifier.rs", &["logit_scale: f32,"]),
    // For the exporter: the factor's integers are what a file holds.
    (
        "arithmetic.rs",
        &[
            "pub fn requantise_factor(factor: f64) -> Option<(i32, u8)> {",
            "while multiplier < f64::from(MULTIPLIER_MIN) && shift < SHIFT_MAX {",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the repository").to_owned()
}

/// Every Rust file below `folder` (from the root), as (path from the root, text), without what builds and tools made.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("the folder can be read").path();
            let made = path.ends_with("target") || is_hidden(&path);
            if path.is_dir() && !made {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let name = path.strip_prefix(root()).expect("it lies below the root").to_string_lossy().into_owned();
                found.insert(name, text);
            }
        }
    }
    found
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// The lines of code, trimmed, without comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split("//").next().unwrap_or_default().trim()).filter(|line| !line.is_empty())
}

/// The lines of code before the unit tests, which end a file.
fn tested_code(text: &str) -> impl Iterator<Item = &str> {
    code(text.split("#[cfg(test)]\nmod ").next().unwrap_or_default())
}

/// The files of the runtime crate as (name below `src`, text), those of unit tests aside.
fn runtime() -> Vec<(String, String)> {
    let files = sources("shared/src").into_iter().filter(|(path, _)| !path.ends_with("/tests.rs"));
    files.map(|(path, text)| (path.trim_start_matches("shared/src/").to_owned(), text)).collect()
}

fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

/// Whether something is indexed: a bracket right after a name, a call or another index; the whole, `[..]`, aside.
fn indexes(line: &str) -> bool {
    let follows = |before: u8| before.is_ascii_alphanumeric() || matches!(before, b'_' | b')' | b']' | b'?');
    // An attribute's bracket follows `#`, a macro's `!`, a type's or a pattern's none of the above.
    line.replace("[..]", "").as_bytes().windows(2).any(|pair| pair[1] == b'[' && follows(pair[0]))
}

#[test]
fn unsafe_code_is_where_the_list_says() {
    let word = concat!("un", "safe");
    let lint = concat!("un", "safe_code");
    let own = concat!("tests/tests/un", "safe_code.rs");
    let names = |line: &str| has_word(line, word) || line.contains(lint);
    let found: Vec<String> = sources("")
        .into_iter()
        .filter(|(path, text)| path != own && code(text).any(names))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(found, UNSAFE_FILES);
}

#[test]
fn unsafe_code_is_denied_elsewhere() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    for path in ["Cargo.toml", "firmware/Cargo.toml"] {
        assert!(read(path).contains("unsafe_code = \"deny\""), "{path}");
    }
    for path in ["shared", "tests", "trainer", "xtask"].map(|folder| format!("{folder}/Cargo.toml")) {
        assert!(read(&path).contains("[lints]\nworkspace = true"), "{path}");
    }
}

#[test]
fn the_runtime_crate_has_nothing_that_panics() {
    const PANICS: [&str; 6] = [".unwrap()", ".expect(", "panic!", "todo!", "unimplemented!", "unreachable!"];
    for (file, text) in runtime() {
        for line in tested_code(&text) {
            assert!(!PANICS.iter().any(|panic| line.contains(panic)), "{file} can panic: {line}");
            let harmless = HARMLESS_INDICES.contains(&(file.as_str(), line));
            assert!(harmless || !indexes(line), "{file} indexes; use `get`: {line}");
        }
    }
}

#[test]
fn there_are_no_floats_before_the_logits() {
    let files: BTreeMap<String, String> = runtime().into_iter().collect();
    for (file, may) in INTEGER_FILES {
        let text = files.get(file).unwrap_or_else(|| panic!("shared/src/{file} is not there"));
        let floats: Vec<&str> =
            tested_code(text).filter(|line| has_word(line, "f32") || has_word(line, "f64")).collect();
        assert_eq!(floats, may, "{file}");
    }
}

#[test]
fn every_exception_is_still_needed() {
    let files: BTreeMap<String, String> = runtime().into_iter().collect();
    for (file, line) in HARMLESS_INDICES {
        assert!(tested_code(&files[file]).any(|found| found == line), "{file}: {line}");
    }
}

#[test]
fn the_checks_see_what_they_look_for() {
    for line in ["a[0]", "f(x)[1]", "a[0][1]", "x?[2..]", "self.table[i] += 1;"] {
        assert!(indexes(line), "{line}");
    }
    for line in [
        "#[inline]",
        "vec![0; 4]",
        "&'a [u8]",
        "[0; SEEN]",
        "fn f(x: &[u8])",
        "Option<[u8; 4]>",
        "let [a] = b;",
        "x[..]",
    ] {
        assert!(!indexes(line), "{line}");
    }
    assert!(has_word("unsafe { f() }", concat!("un", "safe")) && !has_word("unsafe_code", concat!("un", "safe")));
    let text = "a();\n// b()\nc(); // d\n#[cfg(test)]\nmod tests {\n}\n";
    assert_eq!(tested_code(text).collect::<Vec<_>>(), ["a();", "c();"]);
}
