//! Every target on its seeds and on some thousands of fixed mutations of them: what the fuzzer does for longer.

use edgefit_fuzz_targets::{TARGETS, Target};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// Values at which lengths and signs turn.
const EDGES: [u8; 9] = [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff, b'0'];

/// One change of a seed.
#[derive(Debug, Clone)]
enum Edit {
    Flip(prop::sample::Index, u8),
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Copy(prop::sample::Index, prop::sample::Index, usize),
    Cut(prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = any::<prop::sample::Index>;
    let byte = || prop_oneof![any::<u8>(), prop::sample::select(&EDGES[..])];
    prop_oneof![
        3 => (at(), 0u8..8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        4 => (at(), byte()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        2 => (at(), vec(byte(), 1..5)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        2 => (at(), 1usize..9).prop_map(|(at, len)| Edit::Remove(at, len)),
        2 => (at(), at(), 1usize..17).prop_map(|(from, to, len)| Edit::Copy(from, to, len)),
        1 => at().prop_map(Edit::Cut),
    ]
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            bytes.push(0);
        }
        let len = bytes.len();
        let piece = |at: usize, most: usize| at..(at + most).min(len);
        match self {
            Self::Flip(at, bit) => bytes[at.index(len)] ^= 1 << bit,
            Self::Set(at, byte) => bytes[at.index(len)] = *byte,
            Self::Insert(at, more) => drop(bytes.splice(at.index(len)..at.index(len), more.iter().copied())),
            Self::Remove(at, most) => drop(bytes.drain(piece(at.index(len), *most))),
            Self::Copy(from, to, most) => {
                let copied = bytes[piece(from.index(len), *most)].to_vec();
                bytes.splice(to.index(len)..to.index(len), copied);
            }
            Self::Cut(at) => bytes.truncate(at.index(len)),
        }
    }
}

/// Runs a target on `cases` mutations of its seeds, the same ones each time.
fn mutate(target: &Target, cases: u32) {
    let seeds = (target.seeds)();
    for seed in &seeds {
        (target.run)(seed);
    }
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[1; 32]);
    let config = Config { failure_persistence: None, max_shrink_iters: 200, ..Config::with_cases(cases) };
    let strategy = (prop::sample::select(seeds), vec(edit(), 1..6)).prop_map(|(mut bytes, edits)| {
        for edit in &edits {
            edit.apply(&mut bytes);
        }
        bytes
    });
    let outcome = TestRunner::new_with_rng(config, rng).run(&strategy, |bytes| {
        (target.run)(&bytes);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("target {}: {failure}", target.name));
}

fn target(name: &str) -> &'static Target {
    TARGETS.iter().find(|target| target.name == name).expect("a target of this name")
}

#[test]
fn model() {
    mutate(target("model"), 4_000);
}

#[test]
fn words() {
    mutate(target("words"), 2_000);
}

#[test]
fn link() {
    mutate(target("link"), 3_000);
}

#[cfg(feature = "readers")]
mod readers {
    use super::{mutate, target};

    #[test]
    fn archive() {
        mutate(target("archive"), 1_500);
    }

    #[test]
    fn npz() {
        mutate(target("npz"), 1_500);
    }

    #[test]
    fn table() {
        mutate(target("table"), 2_000);
    }

    #[test]
    fn recipe() {
        mutate(target("recipe"), 1_500);
    }

    #[test]
    fn resume() {
        mutate(target("resume"), 500);
    }
}

#[test]
fn every_target_is_a_program_of_the_fuzzer() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz_targets");
    for Target { name, .. } in TARGETS {
        let path = format!("{folder}/{name}.rs");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(text.contains(&format!("{name}::run(bytes)")), "{path} runs {name}");
    }
}
