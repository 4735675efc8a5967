//! The emulated machines: building the images, running them, weighing them.

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use edgefit_trainer::board::Board;
use serde::Deserialize;

use crate::{
    jobs::{self, Job, Work},
    table::{CASES, Case},
};

/// The kernels: what the target gets by itself, and what every target can have.
pub(crate) const KERNELS: [&str; 2] = ["best", "portable"];

/// A board and its core.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) board: &'static str,
    pub(crate) core: &'static str,
    /// The board that runs the image with the large dense layers, which not every board has the memory for. Its core
    /// executes the same instructions, and they are those of the image's target.
    dense: &'static str,
}

/// The machines, by core.
pub(crate) const MACHINES: [Machine; 5] = [
    Machine { board: "microbit", core: "cortex-m0", dense: "mps2-an385" },
    Machine { board: "mps2-an385", core: "cortex-m3", dense: "mps2-an385" },
    Machine { board: "mps2-an386", core: "cortex-m4f", dense: "mps2-an386" },
    Machine { board: "mps2-an500", core: "cortex-m7", dense: "mps2-an500" },
    Machine { board: "mps2-an505", core: "cortex-m33", dense: "mps2-an505" },
];

/// What `board.toml` says of a board, as far as it matters here.
#[derive(Deserialize)]
struct Facts {
    target: String,
    model: Region,
    qemu: Qemu,
}

#[derive(Deserialize)]
struct Region {
    origin: u64,
}

#[derive(Deserialize)]
struct Qemu {
    program: String,
    machine: String,
}

fn firmware() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware")
}

fn facts(board: &str) -> Result<Facts, Box<dyn Error>> {
    let path = firmware().join("boards").join(board).join("board.toml");
    let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()).into())
}

/// All figures of a machine with one kernel.
pub(crate) fn measure(
    machine: &Machine,
    kernel: &str,
    work: &Work,
) -> Result<Vec<(&'static Case, f64)>, Box<dyn Error>> {
    let target = facts(machine.board)?.target;
    let folder = tempfile::tempdir()?;
    let images = Images::build(machine.board, &target, kernel, folder.path())?;

    let mut figures = instructions(&images.measure, machine.board, &work.model, &work.jobs)?;
    let dense = Images::build(machine.dense, &target, kernel, folder.path())?;
    let steps = instructions(&dense.measure, machine.dense, &work.dense_models, &work.dense_jobs)?;
    let layer = steps.get("long").zip(steps.get("short")).map(|(long, short)| long - short);
    figures.extend(layer.map(|instructions| ("dense-512-mac-per-instruction", 512.0 * 512.0 / instructions)));
    // Weighed after the images of `dense` have been built in the same place: these are copies.
    figures.extend(weigh(machine.board, &images, &work.model)?);
    Ok(CASES.iter().filter_map(|case| Some((case, *figures.get(case.name)?))).collect())
}

/// The linked images.
struct Images {
    measure: PathBuf,
    whole: PathBuf,
    empty: PathBuf,
}

impl Images {
    fn build(board: &str, target: &str, kernel: &str, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--quiet", "--release", "--locked", "--target", target]);
        if kernel == "portable" {
            cargo.args(["--features", "portable"]);
        }
        cargo.current_dir(firmware().join("bench")).env("BOARD", board).env_remove("RUSTFLAGS").stdin(Stdio::null());
        // The target folder of the host's build is not that of the boards.
        cargo.env_remove("CARGO_TARGET_DIR");
        if !cargo.status()?.success() {
            return Err(format!("firmware/bench does not build for {board} with kernel {kernel}, see above").into());
        }
        let built = firmware().join("target").join(target).join("release");
        let copy = |name: &str| -> Result<PathBuf, Box<dyn Error>> {
            let copy = folder.join(format!("{board}-{name}.elf"));
            fs::copy(built.join(name), &copy).map_err(|e| format!("{}: {e}", built.join(name).display()))?;
            Ok(copy)
        };
        Ok(Self { measure: copy("measure")?, whole: copy("whole")?, empty: copy("empty")? })
    }
}

/// Runs an image with a model in its region and a file of jobs beside it; what it prints.
fn run(image: &Path, board: &str, model: &[u8], jobs: &[u8]) -> Result<String, Box<dyn Error>> {
    let Facts { model: Region { origin }, qemu, .. } = facts(board)?;
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("model"), model)?;
    fs::write(folder.path().join("bench.jobs"), jobs)?;
    let mut command = Command::new(&qemu.program);
    command.args(["-M", &qemu.machine, "-nographic", "-monitor", "none", "-serial", "none", "-icount", "shift=0"]);
    command.args(["-semihosting-config", "enable=on,target=native"]);
    command.args(["-device", &format!("loader,file=model,addr={origin:#x},force-raw=on"), "-kernel"]).arg(image);
    let output = command.current_dir(folder.path()).stdin(Stdio::null()).output();
    let output = output.map_err(|e| format!("{} does not start: {e}; run: cargo xtask setup", qemu.program))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} under QEMU: {} {}", image.display(), text.trim_end(), complaint.trim_end()).into());
    }
    Ok(text)
}

/// The numbers after a word at the start of each line that has it.
fn numbers<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = Vec<f64>> + 'a {
    let rest = text.lines().filter_map(move |line| line.strip_prefix(word)?.strip_prefix(' '));
    rest.map(|rest| rest.split(' ').filter_map(|number| number.parse().ok()).collect())
}

/// Instructions of each case, a unit: the mean over its jobs.
fn instructions(
    image: &Path,
    board: &str,
    model: &[u8],
    jobs: &[Job],
) -> Result<BTreeMap<&'static str, f64>, Box<dyn Error>> {
    let text = run(image, board, model, &jobs::file(jobs))?;
    let calibration = numbers(&text, "calibration").next().unwrap_or_default();
    let [known, ticks] = calibration[..] else {
        return Err(format!("{board} has said nothing of its clock:\n{text}").into());
    };
    let per_tick = known / ticks;
    let answers: Vec<Vec<f64>> = numbers(&text, "job").collect();
    if answers.len() != jobs.len() {
        return Err(format!("{board} has done {} of {} jobs", answers.len(), jobs.len()).into());
    }
    let mut sums: BTreeMap<&'static str, (f64, f64)> = BTreeMap::new();
    for (job, answer) in jobs.iter().zip(answers) {
        let [ticks, logit] = answer[..] else { return Err(format!("{board} has answered {answer:?}").into()) };
        if job.logit.is_some_and(|expected| expected != logit as i32) {
            return Err(format!("{board}, {}: the logit is {logit}, the host's {:?}", job.case, job.logit).into());
        }
        let sum = sums.entry(job.case).or_default();
        *sum = (sum.0 + ticks * per_tick, sum.1 + job.units);
    }
    Ok(sums.into_iter().map(|(case, (instructions, units))| (case, instructions / units)).collect())
}

/// Flash and RAM: what the linked image takes more than one without edgefit, and the deepest stack of the call.
fn weigh(board: &str, images: &Images, model: &[u8]) -> Result<[(&'static str, f64); 2], Box<dyn Error>> {
    let facts = Board::parse(board)?;
    let size = |path: &Path| -> Result<_, Box<dyn Error>> { Ok(facts.size_of(&fs::read(path)?)?) };
    let (whole, empty) = (size(&images.whole)?, size(&images.empty)?);
    let text = run(&images.whole, board, model, &[])?;
    let number = |word| numbers(&text, word).next().and_then(|numbers| numbers.first().copied());
    let (Some(answer), Some(stack)) = (number("answer"), number("stack")) else {
        return Err(format!("{board} has not told its stack:\n{text}").into());
    };
    if answer > 1.0 {
        return Err(format!("{board} could not classify: error {}", answer - 100.0).into());
    }
    let ram = (whole.ram - empty.ram) as f64 + stack;
    Ok([("code-bytes", (whole.flash - empty.flash) as f64), ("ram-bytes", ram)])
}
