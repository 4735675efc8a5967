//! Resuming a run whose folder somebody has been at.
//!
//! The first byte names the file, and whether its checksum is mended; the rest is what it holds now. Or else the rest says
//! what is done to a network, to the inputs or to the state, which are then written as they should be. Whatever can be resumed
//! trains to its end, and what comes of it is exported; all else is refused.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use edgefit_trainer::{
    Result,
    cache::Cache,
    cell::Cell,
    checkpoint,
    data::Inputs,
    export::export,
    prepared::Prepared,
    quantise::WeightBits,
    recipe::Recipe,
    run::{Checkpoint, EpochChoice, Protocol, Run, RunInfo},
    train::{EpochRecord, Job, Optimiser, Stop, fit},
};
use tempfile::tempdir;

use super::says_what_to_do;

/// The files of a run folder, of one that is complete and of one that is not.
const FILES: [&str; 7] = [
    "state.bin",
    "checkpoints/epoch-1.bin",
    "checkpoints/epoch-2.bin",
    "inputs.bin",
    "recipe.toml",
    "history.csv",
    "run.json",
];

/// Whether a file ends with a checksum.
fn is_sealed(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "bin")
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A small run, before and after its second and last epoch.
struct Base {
    cell: Cell,
    data: Prepared,
    halfway: Files,
    complete: Files,
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let source = "synthetic:24";
    let mut source = edgefit_trainer::data::Source::from(source);
    source.reading.vocabulary = Some(20);
    let data = Prepared::open(source, Protocol::HeldOut, &Cache::off()).expect("the embedded corpus");
    let recipe = Recipe {
        hidden: vec![3],
        dropout: vec![0.5],
        epochs: 2,
        batch_size: 8,
        ..Recipe::named("dropout").expect("a name of the list")
    };
    let cell = Cell { recipe, seed: 5 };
    let folder = tempdir().expect("a folder for a run");
    let (begun, whole) = (folder.path().join("begun"), folder.path().join("whole"));
    begin(&cell, &data, &begun).expect("an epoch");
    cell.train(&data, &whole, false, |_| ()).expect("two epochs");
    let mut complete = files(&whole);
    complete.remove(Path::new("timing.json"));
    Base { halfway: files(&begun), complete, cell, data }
});

/// Trains the first epoch alone, as a run that was interrupted then.
fn begin(cell: &Cell, data: &Prepared, folder: &Path) -> Result<()> {
    let info = RunInfo {
        schema: 1,
        seed: cell.seed,
        protocol: data.protocol,
        dataset: data.info.clone(),
        edgefit: edgefit::VERSION.to_owned(),
    };
    let mut run = Run::create(folder, &cell.recipe, info, &data.inputs)?;
    let job = Job {
        recipe: &cell.recipe,
        seed: cell.seed,
        rows: data.inputs.rows(),
        outputs: 1,
        train: &data.train,
        validation: data.validation(),
    };
    fit(&job, None, |record, checkpoint, optimiser| run.add_epoch(record, &checkpoint, optimiser).map(|()| Stop::Here))
}

fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    for place in [folder.to_owned(), folder.join("checkpoints")] {
        for entry in fs::read_dir(&place).expect("a run folder") {
            let path = entry.expect("a run folder").path();
            if path.is_file() {
                let name = path.strip_prefix(folder).expect("it lies there").to_owned();
                found.insert(name, fs::read(&path).expect("a file of the run"));
            }
        }
    }
    found
}

/// Reads a value, lets it be changed three bytes a time (what, where, by how much), and writes it again.
fn change<T: serde::Serialize + serde::de::DeserializeOwned>(
    path: &Path,
    changes: &[u8],
    change: impl Fn(&mut T, u8, usize, u8),
) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let mut value = checkpoint::read(path)?;
    for &[what, place, by] in changes.as_chunks().0.iter().take(8) {
        change(&mut value, what, place.into(), by);
    }
    checkpoint::write(path, &value)
}

/// Does what the bytes say to what a run goes on from.
fn tamper(folder: &Path, which: usize, changes: &[u8]) -> Result<()> {
    match which % 4 {
        0 => change(&folder.join("inputs.bin"), changes, tamper_inputs),
        1 => change(&folder.join("state.bin"), changes, tamper_state),
        epoch => change(&folder.join(format!("checkpoints/epoch-{}.bin", epoch - 1)), changes, tamper_network),
    }
}

/// One value more, or one less, or another one.
fn tamper_list<T: Clone>(list: &mut Vec<T>, place: usize, by: u8, other: impl Fn(&T) -> T) {
    match by % 4 {
        0 => drop(list.pop()),
        1 => list.extend(list.first().cloned()),
        2 => list.clear(),
        _ => {
            let count = list.len().max(1);
            if let Some(value) = list.get_mut(place % count) {
                *value = other(value);
            }
        }
    }
}

const ODD: [f32; 6] = [f32::NAN, f32::INFINITY, -1.0, 0.0, 3e38, 1e-40];

fn tamper_network(checkpoint: &mut Checkpoint, what: u8, place: usize, by: u8) {
    let odd = |_: &f32| ODD[place % ODD.len()];
    let count = checkpoint.network.layers.len().max(1);
    let layer = checkpoint.network.layers.get_mut(place % count);
    match (what % 4, layer) {
        (0, Some(layer)) => tamper_list(&mut layer.kernel, place, by, odd),
        (1, Some(layer)) => tamper_list(&mut layer.bias, place, by, odd),
        (2, _) => tamper_list(&mut checkpoint.network.layers, place, by, Clone::clone),
        _ => tamper_list(&mut checkpoint.peaks, place, by, odd),
    }
}

fn tamper_inputs(inputs: &mut Inputs, what: u8, place: usize, by: u8) {
    let Inputs::Words(tables) = inputs else { return };
    let other = |value: &u16| value.wrapping_add(by.into());
    match what % 6 {
        0 => tamper_list(&mut tables.displacements, place, by, other),
        1 => tamper_list(&mut tables.fingerprints, place, by, other),
        2 => tamper_list(&mut tables.words, place, by, |_| b"two words".as_slice().into()),
        3 => tables.seed = tables.seed.wrapping_add(by.into()),
        4 => tables.strangers = usize::MAX - place,
        _ => tables.foreign = !tables.foreign,
    }
}

fn tamper_state((info, history, _): &mut (RunInfo, Vec<EpochRecord>, Optimiser), what: u8, place: usize, by: u8) {
    let epoch = [0, 1, 2, u32::from(by), u32::MAX - 1, u32::MAX][place % 6];
    match what % 4 {
        0 => tamper_list(history, place, by, |record| EpochRecord { epoch, ..*record }),
        1 => tamper_list(history, place, 3, |record| EpochRecord { validation_data_loss: f64::NAN, ..*record }),
        2 => tamper_list(&mut info.dataset.labels, place, by, |_| "other".to_owned()),
        _ => info.dataset.sha256 = "x".repeat(place),
    }
}

/// Exports the last epoch of a run from its files, as `trainer export` does.
fn export_of(run: &Run, data: &Prepared) -> Result<()> {
    let epoch = run.epoch(EpochChoice::Last)?;
    let inputs = run.inputs()?;
    let checkpoint = run.checkpoint(epoch, &inputs)?;
    export(run, &inputs, epoch, &checkpoint, WeightBits::Eight, Some(&data.test))?;
    export(run, &inputs, epoch, &checkpoint, WeightBits::Four, None).map(drop)
}

/// See the module.
pub fn run(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let base = &*BASE;
    let (which, mends, is_complete) = (usize::from(first & 0x3f), first & 0x40 != 0, first & 0x80 != 0);
    let before = if is_complete { &base.complete } else { &base.halfway };
    let folder = tempdir().expect("a folder for the run");
    let folder = folder.path().join("run");
    fs::create_dir_all(folder.join("checkpoints")).expect("a folder for the run");
    for (name, contents) in before {
        fs::write(folder.join(name), contents).expect("the folder can be written");
    }
    if let Some(name) = FILES.get(which) {
        let mut contents = rest.to_vec();
        if mends && is_sealed(name) {
            contents.extend(edgefit::format::crc32(rest).to_le_bytes());
        }
        fs::write(folder.join(name), contents).expect("the folder can be written");
    } else {
        tamper(&folder, which, rest).expect("what is sound can be read and written");
    }
    let as_before = files(&folder) == *before;
    let outcome = base.cell.train(&base.data, &folder, true, |_| ()).and_then(|run| export_of(&run, &base.data));
    match outcome {
        Ok(()) => {
            if as_before {
                let mut now = files(&folder);
                now.remove(Path::new("timing.json"));
                assert!(now == base.complete, "resumed to the same bits");
            }
        }
        Err(error) => {
            assert!(!as_before, "a folder as it was left: {error}");
            // A name that stands for a folder, and the network of a checkpoint, are places, too.
            let text = error.to_string();
            assert!(text.contains('\n') || text.contains("cannot"), "no next step: {text}");
            if !text.contains("cannot") {
                says_what_to_do(&error, FILES.into_iter().chain(["network", "run"]));
            }
        }
    }
}

/// What the fuzzer starts from.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let base = &*BASE;
    let mut all = Vec::new();
    for (number, name) in (0..).zip(FILES) {
        for (state, files) in [(0, &base.halfway), (0x80, &base.complete)] {
            let Some(contents) = files.get(Path::new(name)) else { continue };
            all.push([&[number | state], &contents[..]].concat());
            if is_sealed(name) {
                all.push([&[number | state | 0x40], &contents[..contents.len() - 4]].concat());
            }
        }
    }
    for which in FILES.len() as u8..FILES.len() as u8 + 4 {
        for state in [0, 0x80] {
            all.extend((0..10).map(|what| vec![which | state, what, 0, 1, what, 1, 2]));
        }
    }
    all
}
