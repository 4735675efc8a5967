//! Runs test runners, passes on what they print, and adds up their summaries.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use crate::Failure;

/// What the test runners have said so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: usize,
    failed: usize,
    skipped: Vec<String>,
    unsuccessful: bool,
}

impl Tally {
    /// Runs a test runner to its end, whatever comes of it.
    pub(crate) fn run(&mut self, mut command: Command) -> Result<(), Failure> {
        let missing = |error: std::io::Error| Failure::missing(format!("cargo does not run: {error}"));
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(missing)?;
        let stdout = child.stdout.take().expect("stdout is piped");
        for line in BufReader::new(stdout).lines() {
            let line = line.map_err(missing)?;
            println!("{line}");
            self.read(&line);
        }
        self.unsuccessful |= !child.wait().map_err(missing)?.success();
        Ok(())
    }

    /// Reads one line: `test result: ok. 3 passed; 0 failed; ...`, or `skipped: NAME needs ...`.
    fn read(&mut self, line: &str) {
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += count(result, "passed");
            self.failed += count(result, "failed");
        }
        if let Some((_, skipped)) = line.split_once("skipped: ") {
            self.skipped.push(skipped.to_owned());
        }
    }

    /// Prints the sum; an error if any test failed, or none ran.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        for skipped in &self.skipped {
            println!("skipped: {skipped}");
        }
        println!("\n{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped.len());
        match (self.unsuccessful || self.failed > 0, self.passed) {
            (true, _) => Err(Failure::check("a test failed, see above")),
            (false, 0) => Err(Failure::check("no test ran")),
            (false, _) => Ok(()),
        }
    }
}

/// The number before a word: 3 for `passed` in `ok. 3 passed; 0 failed`.
fn count(result: &str, word: &str) -> usize {
    let words: Vec<&str> = result.split([' ', ';']).collect();
    let at = words.iter().position(|w| *w == word);
    at.and_then(|at| words.get(at.checked_sub(1)?)?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_add_up_and_skips_are_kept_by_name() {
        let mut tally = Tally::default();
        tally.read("test result: ok. 31 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s");
        tally.read("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out");
        tally.read("test x ... skipped: counts needs ../shared/data/aclImdb_v1.tar.gz");
        tally.read("running 3 tests");
        assert_eq!((tally.passed, tally.failed), (33, 1));
        assert_eq!(tally.skipped, ["counts needs ../shared/data/aclImdb_v1.tar.gz"]);
        assert!(tally.finish().is_err());
    }

    #[test]
    fn no_test_is_a_failure() {
        assert!(Tally::default().finish().is_err());
    }
}
