//! Mutation testing: what is changed in the code, one place at a time, must be noticed by a test.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    Failure,
    steps::{cargo, root, step, succeeds},
};

/// The version that the figures in `mutants.md` come from.
const CARGO_MUTANTS: &str = "27.1.0";
/// The page on which a survivor is argued away.
const PAGE: &str = include_str!("../mutants.md");
/// The files that cargo-mutants writes, a mutant a line, in the order of a row's counts.
const OUTCOMES: [&str; 4] = ["caught.txt", "timeout.txt", "missed.txt", "unviable.txt"];

/// What is mutated: the two packages on which all conclusions rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Package {
    /// The runtime crate, `shared`
    Edgefit,
    /// The statistics
    EdgefitEvidence,
}

impl Package {
    /// Its name, and the arguments of its tests. The study of coverage simulates thousands of worlds, which takes a minute, and
    /// rests on functions that other tests compare with published figures.
    const fn tests(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Edgefit => ("edgefit", &["--lib", "--tests"]),
            Self::EdgefitEvidence => ("edgefit-evidence", &["--lib", "--", "--skip", "coverage"]),
        }
    }
}

/// Mutates the packages, or one of them, or a share of the mutants, and prints what became of them. A survivor that
/// `mutants.md` does not name is a failure.
pub(crate) fn run(package: Option<Package>, shard: Option<&str>, jobs: u32) -> Result<(), Failure> {
    if !succeeds("cargo", &["mutants", "--version"]) {
        step(".", &["install", "--locked", "cargo-mutants", "--version", CARGO_MUTANTS], &[])?;
    }
    let packages = package.map_or(vec![Package::Edgefit, Package::EdgefitEvidence], |package| vec![package]);
    let mut survivors = Vec::new();
    for package in packages {
        survivors.extend(mutate(package, shard, jobs)?);
    }
    let new: Vec<&str> = survivors.iter().map(String::as_str).filter(|mutant| !is_argued(PAGE, mutant)).collect();
    if new.is_empty() {
        return Ok(());
    }
    Err(Failure::check(format!(
        "no test notices these mutants, and xtask/mutants.md does not name them:\n  {}\n  write a test that fails for each, or \
         say there why none can",
        new.join("\n  ")
    )))
}

/// Mutates one package, prints its table, and returns the survivors.
fn mutate(package: Package, shard: Option<&str>, jobs: u32) -> Result<Vec<String>, Failure> {
    let (name, tests) = package.tests();
    let output = root().join("target/mutation").join(name);
    fs::create_dir_all(&output).map_err(|error| Failure::missing(format!("{}: {error}", output.display())))?;
    let (output_text, jobs) = (output.to_string_lossy(), jobs.to_string());
    let mut arguments = vec![
        "mutants",
        "--package",
        name,
        "--output",
        &output_text,
        "--jobs",
        &jobs,
        "--no-shuffle",
        "--cargo-arg=--locked",
    ];
    arguments.extend(shard.into_iter().flat_map(|shard| ["--sharding", "round-robin", "--shard", shard]));
    let command = [&arguments[..], &["--"], tests].concat();
    eprintln!("\n==> cargo {}", command.join(" "));
    // The same cases each time, so that a score is one of the code; none is made smaller, since nobody reads it.
    let environment =
        [("PROPTEST_RNG_SEED", "1"), ("PROPTEST_MAX_SHRINK_ITERS", "0"), ("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")];
    let status = cargo(".", &command).envs(environment).status();
    // 2: some were missed; 3: some ran out of time. Anything else says that there is nothing to count.
    match status.map(|status| status.code()) {
        Ok(Some(0 | 2 | 3)) => {}
        Ok(_) => return Err(Failure::missing("cargo mutants could not run, see above")),
        Err(error) => return Err(Failure::missing(format!("cargo does not start: {error}"))),
    }
    let lists = OUTCOMES.map(|outcome| lines(&output.join("mutants.out").join(outcome)));
    let share = shard.map_or(String::new(), |shard| format!(", shard {shard}"));
    println!("\n{name}{share}\n\n{}", table(&lists));
    let [_, _, missed, _] = lists;
    Ok(missed)
}

fn lines(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The counts of each file and of all, as a table in Markdown. The score is the share of the viable ones, those that compile,
/// that a test noticed, by failing or by not coming to an end.
fn table(lists: &[Vec<String>; 4]) -> String {
    let mut rows = BTreeMap::<&str, [usize; 4]>::new();
    let mut all = [0; 4];
    for (outcome, mutants) in lists.iter().enumerate() {
        for mutant in mutants {
            let file = mutant.split(':').next().unwrap_or_default();
            rows.entry(file).or_default()[outcome] += 1;
            all[outcome] += 1;
        }
    }
    let row = |name: &str, [caught, timeout, missed, unviable]: [usize; 4]| {
        let (noticed, viable) = (caught + timeout, caught + timeout + missed);
        let score =
            if viable == 0 { "–".to_owned() } else { format!("{:.1} %", 100.0 * noticed as f64 / viable as f64) };
        format!("| {name} | {caught} | {timeout} | {missed} | {unviable} | {score} |\n")
    };
    let mut text = "| file | caught | timeout | missed | unviable | score |\n|---|--:|--:|--:|--:|--:|\n".to_owned();
    text.extend(rows.iter().map(|(file, counts)| row(&format!("`{file}`"), *counts)));
    text.push_str(&row("all", all));
    text
}

/// Whether a page names a mutant, `FILE:LINE:COLUMN: WHAT`, by its file and what was changed, as code; lines and columns move.
/// All values that a function may be made to return are named by the function alone.
fn is_argued(page: &str, mutant: &str) -> bool {
    let Some((place, what)) = mutant.split_once(": ") else { return false };
    let file = place.split(':').next().unwrap_or_default();
    let function = what.split(" -> ").next().unwrap_or_default();
    [what, function].iter().any(|what| page.contains(&format!("`{file}: {what}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSED: &str = "shared/src/crc.rs:12:9: replace ^ with | in step";

    #[test]
    fn the_score_is_of_those_that_compile() {
        let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let lists = [
            of(&["shared/src/crc.rs:1:1: a", "shared/src/words.rs:1:1: b"]),
            of(&["shared/src/words.rs:2:1: c"]),
            of(&[MISSED]),
            of(&["shared/src/words.rs:3:1: d"]),
        ];
        let table = table(&lists);
        assert!(table.contains("| `shared/src/crc.rs` | 1 | 0 | 1 | 0 | 50.0 % |"), "{table}");
        assert!(table.contains("| `shared/src/words.rs` | 1 | 1 | 0 | 1 | 100.0 % |"), "{table}");
        assert!(table.ends_with("| all | 2 | 1 | 1 | 1 | 75.0 % |\n"), "{table}");
        assert!(super::table(&Default::default()).ends_with("| all | 0 | 0 | 0 | 0 | – |\n"));
    }

    #[test]
    fn a_survivor_is_argued_away_by_its_file_and_change() {
        assert!(is_argued("- `shared/src/crc.rs: replace ^ with | in step`: the bits differ.", MISSED));
        assert!(!is_argued("- `shared/src/words.rs: replace ^ with | in step`: the bits differ.", MISSED));
        assert!(!is_argued("- `shared/src/crc.rs: replace ^ with & in step`: the bits differ.", MISSED));
        let returned = "shared/src/crc.rs:40:9: replace Crc::tables -> (u8, u8) with (0, 1)";
        assert!(is_argued("- `shared/src/crc.rs: replace Crc::tables`: for boards alone.", returned));
        assert!(!is_argued("- `shared/src/crc.rs: replace Crc`: for boards alone.", returned));
    }
}
