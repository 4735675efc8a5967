//! A deployment that is not what was trained is caught, and the reason that is given is the right one.

use std::{
    fs,
    path::{Path, PathBuf},
};

use edgefit::{arithmetic::requantise_factor, format::crc32};
use edgefit_tests::cargo_trainer;
use edgefit_trainer::model_file::ModelFile;
use serde_json::Value;
use tempfile::{TempDir, tempdir};

const DATA: &str = "synthetic:1500";

/// A trained run and its exported file.
struct Trained(TempDir);

impl Trained {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let mut train = cargo_trainer();
        train.args([
            "train",
            "--data",
            DATA,
            "--recipe",
            "baseline",
            "--epochs",
            "6",
            "--batch-size",
            "64",
            "--output",
        ]);
        train.arg(folder.path().join("run")).assert().success();
        let trained = Self(folder);
        trained.export("8");
        trained
    }

    fn export(&self, bits: &str) {
        let mut export = cargo_trainer();
        export.arg("export").arg(self.run()).args(["--bits", bits, "--output"]).arg(self.file()).assert().success();
    }

    fn run(&self) -> PathBuf {
        self.0.path().join("run")
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("model.edgefit")
    }

    /// Changes the bytes of the file and makes its CRC right again.
    fn spoil(&self, change: impl FnOnce(&ModelFile, &mut [u8])) {
        let file = ModelFile::read(&self.file()).unwrap();
        let mut bytes = file.bytes().to_vec();
        change(&file, &mut bytes);
        assert_ne!(bytes, file.bytes());
        let crc = crc32(&bytes[16..]).to_le_bytes();
        bytes[12..16].copy_from_slice(&crc);
        fs::write(self.file(), bytes).unwrap();
    }
}

/// What `verify` says of some models, with the exit code that it must have: the failures, as one text.
fn verify(models: &[PathBuf], board: Option<&Path>, code: i32) -> (String, Value) {
    let mut trainer = cargo_trainer();
    trainer.args(["verify", "--json", "--data", DATA]).args(models);
    if let Some(firmware) = board {
        trainer.args(["--board", "qemu:mps2-an386", "--documents", "50", "--firmware"]).arg(firmware);
        // The image is built from the folder that is named, in a target folder of its own.
        trainer.env_remove("CARGO_TARGET_DIR");
    }
    let assert = trainer.assert().code(code);
    let json: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();
    (json["failures"].to_string(), json)
}

/// Where the weights of the first layer are in the file.
fn first_weights(file: &ModelFile) -> std::ops::Range<usize> {
    let model = file.model().unwrap();
    let weights = model.layers().next().unwrap().stored_weights();
    let start = weights.as_ptr() as usize - file.bytes().as_ptr() as usize;
    start..start + weights.len()
}

/// Makes every factor of a layer 5% smaller.
fn shrink(file: &ModelFile, bytes: &mut [u8], layer: usize) {
    let model = file.model().unwrap();
    let header = &model.header().layers;
    let arena = first_weights(file).start - header[0].weights as usize;
    for (unit, (multiplier, shift)) in model.layers().nth(layer).unwrap().factors().enumerate() {
        let factor = f64::from(multiplier) / 2f64.powi(shift.into());
        let (multiplier, shift) = requantise_factor(0.95 * factor).unwrap();
        let at = arena + header[layer].records as usize + 12 * unit + 4;
        bytes[at..at + 4].copy_from_slice(&multiplier.to_le_bytes());
        bytes[at + 4] = shift;
    }
}

#[test]
fn a_sound_file_passes_alone_and_beside_its_run() {
    let trained = Trained::new();
    let (failures, json) = verify(&[trained.file(), trained.run()], None, 0);
    assert_eq!(failures, "[]");
    assert_eq!(json["models"][0]["integer"]["flips"], json["models"][1]["integer"]["flips"]);
    assert_eq!(verify(&[trained.file()], None, 0).0, "[]");
}

#[test]
fn weights_of_two_bits_are_caught_by_their_accuracy_and_named_by_their_noise() {
    let trained = Trained::new();
    trained.spoil(|file, bytes| {
        for weight in &mut bytes[first_weights(file)] {
            // -127, 0 and 127: two bits.
            let value = i16::from(*weight) - 128;
            *weight = (128 + value.signum() * if value.abs() > 63 { 127 } else { 0 }) as u8;
        }
    });
    let (alone, _) = verify(&[trained.file()], None, 1);
    assert!(alone.contains("the file states an accuracy of"), "{alone}");
    let (beside, _) = verify(&[trained.file(), trained.run()], None, 1);
    assert!(beside.contains("decisions flip") && beside.contains("layer 1 is too coarse"), "{beside}");
}

#[test]
fn halves_of_bytes_that_change_places_are_caught_in_a_layer_of_four_bits() {
    let trained = Trained::new();
    trained.export("4");
    assert_eq!(verify(&[trained.file()], None, 0).0, "[]");
    trained.spoil(|file, bytes| {
        for pair in &mut bytes[first_weights(file)] {
            *pair = pair.rotate_left(4);
        }
    });
    let (alone, _) = verify(&[trained.file()], None, 1);
    assert!(alone.contains("the file states an accuracy of"), "{alone}");
    let (beside, _) = verify(&[trained.file(), trained.run()], None, 1);
    assert!(beside.contains("decisions flip"), "{beside}");
}

#[test]
fn a_scale_that_is_off_by_a_twentieth_is_caught_though_no_accuracy_shows_it() {
    let trained = Trained::new();
    trained.spoil(|file, bytes| shrink(file, bytes, 2));
    // Logits that are all a little smaller decide alike: only the float network can tell.
    assert_eq!(verify(&[trained.file()], None, 0).0, "[]");
    let (beside, json) = verify(&[trained.file(), trained.run()], None, 1);
    assert!(beside.contains("RMS error") && !beside.contains("flip"), "{beside}");
    let reason = "layer 3 has a wrong scale: its weights come out 0.950 times the network's";
    assert!(beside.contains(reason), "{beside}");
    assert_eq!(json["models"][0]["integer"]["test_accuracy"], json["models"][1]["integer"]["test_accuracy"]);
}

#[test]
fn a_scale_in_the_middle_is_named_by_its_layer() {
    let trained = Trained::new();
    trained.spoil(|file, bytes| shrink(file, bytes, 1));
    let (beside, _) = verify(&[trained.file(), trained.run()], None, 1);
    assert!(beside.contains("RMS error") && beside.contains("layer 2 has a wrong scale"), "{beside}");
}

#[test]
fn a_board_that_splits_words_otherwise_is_caught_at_its_words() {
    let trained = Trained::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert_eq!(verify(&[trained.file()], Some(&root.join("firmware")), 0).0, "[]");
    // The same firmware, but for one rule of its tokeniser: the letter e separates words.
    let copy = tempdir().unwrap();
    for folder in ["firmware", "shared"] {
        copy_sources(&root.join(folder), &copy.path().join(folder));
    }
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let members = workspace.lines().find(|line| line.starts_with("members")).unwrap();
    let alone =
        workspace.replace(members, "members = [\"shared\"]").replace("edgefit-trainer = { path = \"trainer\" }", "");
    fs::write(copy.path().join("Cargo.toml"), alone).unwrap();
    let words = copy.path().join("shared/src/words.rs");
    let source = fs::read_to_string(&words).unwrap();
    let changed =
        source.replacen("if b.is_ascii_alphanumeric() ||", "if (b.is_ascii_alphanumeric() && b != b'e') ||", 1);
    assert_ne!(changed, source, "the rule is where it was");
    fs::write(&words, changed).unwrap();

    let (failures, json) = verify(&[trained.file()], Some(&copy.path().join("firmware")), 1);
    assert!(json["models"][0]["board"]["logit_mismatches"].as_u64().unwrap() > 0, "{json}");
    assert!(failures.contains("differs from the host") && failures.contains("they part at the words"), "{failures}");
}

/// A folder without what has been built in it.
fn copy_sources(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if name == "target" || name == "own" {
            continue;
        }
        if path.is_dir() {
            copy_sources(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
