//! Which lines of the code under attack the corpora of the fuzzer reach.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Failure,
    steps::{output, root, step},
};

/// What each target attacks: what it asserts something about, without what that rests on.
const ATTACKED: [(&str, &[&str]); 8] = [
    (
        "model",
        &[
            "shared/src/arithmetic.rs",
            "shared/src/classifier.rs",
            "shared/src/crc.rs",
            "shared/src/kernel",
            "shared/src/layer.rs",
            "shared/src/logits.rs",
            "shared/src/model.rs",
            "shared/src/numeric.rs",
            "shared/src/reader.rs",
            "shared/src/scratch.rs",
        ],
    ),
    ("words", &["shared/src/fold.rs", "shared/src/scan", "shared/src/vocabulary.rs", "shared/src/words.rs"]),
    ("link", &["shared/src/link"]),
    ("archive", &["trainer/src/data/archive.rs", "trainer/src/data/reviews.rs"]),
    ("npz", &["trainer/src/data/keras"]),
    (
        "table",
        // Not class folders: it gives files.
        &[
            "trainer/src/data/own/bad_rows.rs",
            "trainer/src/data/own/bytes.rs",
            "trainer/src/data/own/dialect.rs",
            "trainer/src/data/own/guidance.rs",
            "trainer/src/data/own/labels.rs",
            "trainer/src/data/own/layout.rs",
            "trainer/src/data/own/mod.rs",
            "trainer/src/data/own/records",
            "trainer/src/data/own/records.rs",
            "trainer/src/data/own/survey.rs",
        ],
    ),
    ("recipe", &["trainer/src/recipe", "trainer/src/recipe.rs"]),
    ("resume", &["trainer/src/checkpoint.rs", "trainer/src/run", "trainer/src/run.rs"]),
];

/// Builds the targets with a counter a line, runs them on what is in `fuzz/corpus`, prints a table, and leaves the lines that
/// no file of a target's corpus reaches in `fuzz/coverage/NAME/missed.txt`.
pub(crate) fn run(chosen: &[&str], features: &[&str]) -> Result<(), Failure> {
    let tools = Tools::find()?;
    let mut rows = String::new();
    for name in chosen {
        let corpus = root().join("fuzz/corpus").join(name);
        if !corpus.is_dir() {
            return Err(Failure::missing(format!(
                "{}: there is no corpus\n  run: cargo xtask fuzz --target {name}",
                corpus.display()
            )));
        }
        let arguments = ["+nightly", "fuzz", "coverage", "--sanitizer", "none", "--release"];
        step("fuzz", &[&arguments[..], features, &[name]].concat(), &[("RUST_BACKTRACE", "0")])?;
        let files = tools.lines(name)?;
        let missed = root().join("fuzz/coverage").join(name).join("missed.txt");
        fs::write(&missed, list_missed(&files))
            .map_err(|error| Failure::missing(format!("{}: {error}", missed.display())))?;
        let lines: usize = files.iter().map(|file| file.lines.len()).sum();
        let reached: usize = files.iter().map(File::reached).sum();
        let share = 100.0 * reached as f64 / lines.max(1) as f64;
        let _ = writeln!(rows, "| `{name}` | {} | {lines} | {reached} | {share:.1} % |", count(&corpus));
    }
    println!("\n| target | corpus | lines | reached | share |\n|---|--:|--:|--:|--:|\n{rows}");
    Ok(())
}

/// A source file's lines of code, and how often each ran.
#[derive(Debug, Default, PartialEq)]
struct File {
    path: String,
    lines: Vec<(usize, u64)>,
}

impl File {
    fn reached(&self) -> usize {
        self.lines.iter().filter(|(_, count)| *count > 0).count()
    }
}

/// LLVM's reader of counters, which comes with the nightly compiler, and the machine that it is built for.
struct Tools {
    llvm_cov: PathBuf,
    triple: String,
}

impl Tools {
    fn find() -> Result<Self, Failure> {
        let version = output("rustc", &["+nightly", "-vV"])?;
        let triple = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
        let sysroot = output("rustc", &["+nightly", "--print", "sysroot"])?;
        let llvm_cov = Path::new(sysroot.trim()).join("lib/rustlib").join(&triple).join("bin/llvm-cov");
        Ok(Self { llvm_cov, triple })
    }

    /// The lines of what a target attacks.
    fn lines(&self, name: &str) -> Result<Vec<File>, Failure> {
        let sources = ATTACKED.iter().find(|(target, _)| *target == name).map(|(_, sources)| *sources);
        let sources =
            sources.ok_or_else(|| Failure::missing(format!("{name}: coverage.rs does not name what it attacks")))?;
        let (target, coverage) = (root().join("fuzz/target"), root().join("fuzz/coverage").join(name));
        let program = target.join(&self.triple).join("coverage").join(&self.triple).join("release").join(name);
        let mut command = Command::new(&self.llvm_cov);
        command
            .args(["export", "-format=lcov"])
            .arg(program)
            .arg("-instr-profile")
            .arg(coverage.join("coverage.profdata"));
        command.args(sources.iter().map(|source| root().join(source)));
        let exported =
            command.output().map_err(|error| Failure::missing(format!("{}: {error}", self.llvm_cov.display())))?;
        if !exported.status.success() {
            return Err(Failure::missing(format!("llvm-cov: {}", String::from_utf8_lossy(&exported.stderr))));
        }
        Ok(read_lcov(&String::from_utf8_lossy(&exported.stdout)))
    }
}

/// Reads the trace file of `lcov` (geninfo(1)): of its records, `SF` names a file and `DA` gives a line and how often it ran.
fn read_lcov(text: &str) -> Vec<File> {
    let mut files = Vec::<File>::new();
    for line in text.lines() {
        match line.split_once(':') {
            Some(("SF", path)) => files.push(File { path: path.to_owned(), lines: Vec::new() }),
            Some(("DA", record)) => {
                let mut numbers = record.split(',').map(str::parse);
                if let (Some(file), Some(Ok(line)), Some(Ok(count))) =
                    (files.last_mut(), numbers.next(), numbers.next())
                {
                    file.lines.push((line as usize, count));
                }
            }
            _ => {}
        }
    }
    files
}

/// The lines that never ran, a line each, as `FILE:LINE: TEXT`.
fn list_missed(files: &[File]) -> String {
    let mut list = String::new();
    for File { path, lines } in files {
        let source = fs::read_to_string(path).unwrap_or_default();
        let source: Vec<&str> = source.lines().collect();
        let short = Path::new(path).strip_prefix(root()).unwrap_or(Path::new(path)).display();
        for (line, _) in lines.iter().filter(|(_, count)| *count == 0) {
            let _ = writeln!(list, "{short}:{line}: {}", source.get(line - 1).unwrap_or(&"").trim());
        }
    }
    list
}

/// How many files a folder has.
fn count(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_gives_the_lines_of_each_file() {
        let trace = "SF:/a.rs\nFN:1,f\nFNDA:2,f\nDA:1,2\nDA:3,0\nLF:2\nLH:1\nend_of_record\nSF:/b.rs\nDA:7,18446744073709551615\nend_of_record\n";
        let files = read_lcov(trace);
        let expected = [
            File { path: "/a.rs".to_owned(), lines: vec![(1, 2), (3, 0)] },
            File { path: "/b.rs".to_owned(), lines: vec![(7, u64::MAX)] },
        ];
        assert_eq!(files, expected);
        assert_eq!(files[0].reached(), 1);
        assert_eq!(list_missed(&files), "/a.rs:3: \n");
    }

    #[test]
    fn what_is_attacked_is_there() {
        for (target, sources) in ATTACKED {
            for source in sources {
                assert!(root().join(source).exists(), "{target}: {source}");
            }
        }
    }
}
