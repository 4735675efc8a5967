//! Every board is built, takes what its facts say, and, where QEMU emulates it, answers as the host does.

use std::{fmt::Write, fs, path::Path, process::Command};

use edgefit::{Aligned, Classifier, Model, Scratch, link::SELF_TEST_STRIDE, seen_words};
use edgefit_trainer::board::{Board, Document, Session, Unit, document_cost};

static MODEL: Aligned<[u8; include_bytes!("../../shared/golden/tiny.edgefit").len()]> =
    Aligned(*include_bytes!("../../shared/golden/tiny.edgefit"));

/// By how much of itself a figure may differ from what was linked.
const TOLERANCE: f64 = 0.03;

type Answers<'a> = &'a mut dyn FnMut(&mut Classifier<'_, '_>);

fn on_host(document: Answers<'_>) -> Vec<i32> {
    let model = Model::from_bytes(&MODEL.0).unwrap();
    let mut scratch = Scratch::<{ seen_words(64) }, 4>::new();
    let mut classifier = Classifier::new(&model, &mut scratch).unwrap();
    document(&mut classifier);
    classifier.finish().values().to_vec()
}

/// Runs the golden model on an emulated board and returns the deepest that its stack has been.
fn answers_like_the_host(board: &Board) -> u32 {
    let rows = Model::from_bytes(&MODEL.0).unwrap().rows();
    let name = board.name();
    let mut session = Session::start(board, &MODEL.0).unwrap_or_else(|error| panic!("{error}"));
    for text in ["", "a truly wonderful film", "awful caf\u{e9} plot <br /> wonderful", &"worst film ".repeat(200)] {
        let expected = on_host(&mut |classifier| classifier.text(text.as_bytes()));
        assert_eq!(session.classify_text(text.as_bytes()).unwrap(), expected, "{name}: {text}");
    }
    let every_seventh = on_host(&mut |classifier| {
        (0..rows).step_by(SELF_TEST_STRIDE).for_each(|row| classifier.row(row as u16).unwrap());
    });
    assert_eq!(session.self_test().unwrap(), every_seventh, "{name}");
    let timing = session.bench().unwrap();
    assert!(timing.input > 0 && timing.finish > 0, "{name}: its clock stands still: {timing:?}");
    let info = session.info().unwrap();
    assert_eq!((info.documents, info.region as usize), (4, board.model_region_len()), "{name}");
    assert!(info.stack_used > 0 && info.stack_used < info.stack, "{name}: {info:?}");
    let logs = session.finish().unwrap();
    assert_eq!(logs.len(), 2, "{name}: {logs:?}");
    assert!(logs[0].message.starts_with(&format!("{}: model tiny", name.trim_start_matches("qemu:"))), "{}", logs[0]);
    info.stack_used
}

#[test]
fn every_board_is_built_and_takes_what_its_facts_say_and_answers_like_the_host() {
    let model = Model::from_bytes(&MODEL.0).unwrap();
    let mut wrong = String::new();
    for board in Board::all(None).unwrap() {
        let linked = board.built_size().unwrap_or_else(|error| panic!("{error}"));
        let stack = if board.is_emulated() { Some(answers_like_the_host(&board)) } else { None };
        let fit = board.fit(&model).unwrap();
        let part = |name: &str| fit.parts.iter().find(|part| part.name == name).map_or(0, |part| part.needed);
        let statics = part("scratch") + part("link, logs, other");
        let near = |stated: u64, found: u64| stated.abs_diff(found) as f64 <= TOLERANCE * found as f64;
        // The report adds a quarter, which no run has needed.
        let stack_is_near = stack.is_none_or(|found| near(part("stack") * 4 / 5, found.into()));
        if !near(part("code"), linked.flash) || !near(statics, linked.ram) || !stack_is_near {
            let (name, flash, ram) = (board.name(), linked.flash, linked.ram);
            let _ = writeln!(wrong, "{name}: [image] should say flash = {flash}, ram = {ram}, stack = {stack:?}");
        }
    }
    assert!(wrong.is_empty(), "board.toml does not tell the linked truth:\n{wrong}");
}

#[test]
fn boards_of_one_core_count_the_same_instructions_and_the_same_ones_each_time() {
    // What is counted has a granularity, a tick of each board's timer; over these documents it is far below this.
    const NEAR: f64 = 0.01;
    let texts: Vec<String> = (1..=40).map(|n| "a truly wonderful film, worst plot".repeat(n)).collect();
    let documents: Vec<Document<'_>> = texts.iter().map(|text| text.as_bytes().into()).collect();
    let cost = |board: &str| {
        let board = Board::parse(board).unwrap();
        document_cost(&board, &MODEL.0, &documents).unwrap().expect("how fast its timer is, is known")
    };
    for [one, other] in [["mps2-an386", "netduinoplus2"], ["mps2-an385", "lm3s6965evb"]] {
        let (first, again, there) = (cost(one), cost(one), cost(other));
        assert_eq!(first, again, "{one}");
        assert_eq!((first.unit, first.documents), (Unit::Instructions, 40));
        assert!((first.total() / there.total() - 1.0).abs() < NEAR, "{one} {first:?}, {other} {there:?}");
    }
    // At least an instruction a byte, and a core without the other's instructions takes more.
    let bytes = texts.iter().map(String::len).sum::<usize>() as f64 / 40.0;
    assert!(bytes < cost("mps2-an386").input && cost("mps2-an386").input < cost("mps2-an385").input);
    assert_eq!(document_cost(&Board::parse("mps2-an386").unwrap(), &MODEL.0, &[]).unwrap(), None);
}

/// Copies a folder without what was built in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            if entry.file_name() != "target" {
                copy(&entry.path(), &to);
            }
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn a_board_is_added_by_adding_a_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let home = tempfile::tempdir().unwrap();
    let firmware = home.path().join("firmware");
    copy(&root.join("firmware"), &firmware);
    // The same runtime crate and the same libraries, which are built already.
    let manifest = fs::read_to_string(firmware.join("Cargo.toml")).unwrap();
    let runtime = format!("path = {:?}", root.join("shared").canonicalize().unwrap());
    fs::write(firmware.join("Cargo.toml"), manifest.replace("path = \"../shared\"", &runtime)).unwrap();
    fs::create_dir_all(root.join("firmware/target")).unwrap();
    std::os::unix::fs::symlink(root.join("firmware/target"), firmware.join("target")).unwrap();
    fs::create_dir(firmware.join("boards/toaster")).unwrap();
    let facts = "name = \"toaster\"\ndescription = \"a toaster\"\ntarget = \"thumbv7em-none-eabihf\"\n\
        cpu = \"cortex-m4\"\ntransport = \"semihosting\"\nflash = { origin = 0, length = 0x20000, erase-size = 0x2000 }\n\
        model = { origin = 0x20000, length = 0x2000 }\nram = { origin = 0x2000_0000, length = 0x6000 }\n\
        scratch = { rows = 100, units = 8 }\nqemu = { program = \"qemu-system-arm\", machine = \"mps2-an386\" }\n";
    fs::write(firmware.join("boards/toaster/board.toml"), facts).unwrap();

    let board = Board::parse_in("qemu:toaster", Some(&firmware)).unwrap();
    answers_like_the_host(&board);
    let fit = board.fit(&Model::from_bytes(&MODEL.0).unwrap()).unwrap();
    assert!(fit.fits() && fit.measured_on.is_some_and(|other| other != "toaster"));
    let message = Session::start(&board, &[0; 0x2001]).unwrap_err().to_string();
    assert!(message.contains("room for 8192"), "{message}");
}

#[test]
fn an_unsound_board_is_refused_at_build_time_with_the_reason() {
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("firmware");
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--locked", "--target", "thumbv7m-none-eabi"])
        .current_dir(firmware)
        .env("BOARD", "microbit");
    let message = String::from_utf8(cargo.output().unwrap().stderr).unwrap();
    assert!(message.contains("boards/microbit/board.toml: the target is thumbv6m-none-eabi"), "{message}");
}

#[test]
fn the_bare_example_of_firmware_of_ones_own_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("firmware/own/bare");
    let output = Command::new("cargo").args(["run", "--release", "--locked"]).current_dir(folder).output().unwrap();
    let (said, problem) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(said, "A truly wonderful film. pos\nAwful: the worst plot ever. neg\n", "{problem}");
}
