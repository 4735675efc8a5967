//! Archives made to do harm, given to the program with little memory: each is refused with the place and the reason, or read
//! for what is sound in it, and nothing is written but what was asked for. What each costs is printed, and bounded:
//!
//! ```text
//! cargo test --release --locked --package edgefit-trainer --test hostile_archives -- --nocapture
//! ```
#![cfg(unix)]

use std::{
    fs,
    io::{self, Read},
    path::Path,
    process::{Command, ExitStatus, Stdio},
};

use flate2::{Compression, write::GzEncoder};
use tar::{Builder, EntryType, Header};
use tempfile::tempdir;
use wait4::Wait4;

/// The address space that the program gets, in KiB: half of what the largest of these archives unpack to.
const ADDRESS_SPACE: u64 = 512 << 10;
/// The most memory in use, in bytes: the program itself, its network, and a review of 16 MiB, the longest that is taken.
const PEAK_MEMORY: u64 = 64 << 20;
/// The most that is kept of a dataset of so few words, in bytes: run folder and cache together.
const ON_DISK: u64 = 256 << 10;
const GIB: u64 = 1 << 30;

/// An archive in the making: in a file, since Linux counts what this program has in memory to the one that it starts.
type Archive = Builder<GzEncoder<fs::File>>;

/// Appends a member of any name, as no library would.
fn add(archive: &mut Archive, name: &[u8], kind: EntryType, size: u64, contents: impl Read) {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    archive.append(&header, contents).unwrap();
}

fn add_text(archive: &mut Archive, name: &[u8], text: &str) {
    add(archive, name, EntryType::Regular, text.len() as u64, text.as_bytes());
}

/// Enough reviews for a dataset.
fn add_reviews(archive: &mut Archive) {
    for half in ["train", "test"] {
        for (class, word) in [("neg", "dull"), ("pos", "fine")] {
            for i in 0..10 {
                let name = format!("aclImdb/{half}/{class}/{i}_5.txt");
                add_text(archive, name.as_bytes(), &format!("a {word} film, number {i}"));
            }
        }
    }
}

/// A name for it, what is added to a sound archive, and what the message says; nothing where it is read.
type Case = (&'static str, fn(&mut Archive), Option<&'static str>);

const CASES: [Case; 11] = [
    ("paths out of the folder", paths_out, None),
    ("links elsewhere", |archive| link(archive, b"aclImdb/train/pos/list", "/etc"), None),
    (
        "a link for a review",
        |archive| link(archive, b"aclImdb/train/pos/99_9.txt", "/etc/passwd"),
        Some("99_9.txt: a link"),
    ),
    ("a device for a review", device, Some("98_9.txt: a link or device")),
    (
        "a review of a gigabyte",
        |archive| zeros(archive, b"aclImdb/test/pos/97_9.txt"),
        Some("97_9.txt: longer than 16 MiB"),
    ),
    ("another member of a gigabyte", |archive| zeros(archive, b"aclImdb/train/unsupBow.feat"), None),
    ("a name of a gigabyte", long_name, None),
    ("a size beyond any disk", absurd_size, Some("damaged or cut short")),
    ("a hundred thousand empty members", empty_members, None),
    ("names that are no text", no_text, None),
    ("a million reviews of one name", many_reviews, Some("_1.txt: more than 250000 reviews")),
];

fn paths_out(archive: &mut Archive) {
    for name in [
        &b"../escaped.txt"[..],
        b"/tmp/edgefit-escaped.txt",
        b"aclImdb/../../escaped.txt",
        b"aclImdb/train/pos/../../../e",
    ] {
        add_text(archive, name, "out");
    }
}

fn link(archive: &mut Archive, name: &[u8], target: &str) {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(EntryType::Symlink);
    header.set_link_name(target).unwrap();
    header.set_size(0);
    header.set_cksum();
    archive.append(&header, io::empty()).unwrap();
}

fn device(archive: &mut Archive) {
    add(archive, b"aclImdb/train/pos/98_9.txt", EntryType::Char, 0, io::empty());
}

fn zeros(archive: &mut Archive, name: &[u8]) {
    add(archive, name, EntryType::Regular, GIB, io::repeat(b'a').take(GIB));
}

fn long_name(archive: &mut Archive) {
    add(archive, b"././@LongLink", EntryType::GNULongName, GIB, io::repeat(b'n').take(GIB));
    add_text(archive, b"aclImdb/train/unsup/1_0.txt", "whose name that would be");
}

fn absurd_size(archive: &mut Archive) {
    add(archive, b"aclImdb/train/unsup/2_0.txt", EntryType::Regular, u64::MAX >> 1, io::empty());
}

fn empty_members(archive: &mut Archive) {
    for i in 0..100_000 {
        add(archive, format!("aclImdb/train/unsup/{i}_0.txt").as_bytes(), EntryType::Regular, 0, io::empty());
    }
}

fn many_reviews(archive: &mut Archive) {
    let name = format!("aclImdb/train/neg/{}_1.txt", "1".repeat(70));
    for _ in 0..1_000_000 {
        add(archive, name.as_bytes(), EntryType::Regular, 0, io::empty());
    }
}

fn no_text(archive: &mut Archive) {
    for name in [&b"aclImdb/train/pos/\xff\xfe_9.txt"[..], b"\xf0\x28\x8c\xbc", b"aclImdb/test/neg/7_\x80.txt"] {
        add_text(archive, name, "no name");
    }
}

/// How the program ended, what it said, and its peak memory in bytes.
struct Trained {
    status: ExitStatus,
    stderr: String,
    peak_memory: u64,
}

/// Trains on `reviews.tar.gz` in a folder. What is written for a moment, and the cache, are in that folder too.
fn train(folder: &Path) -> Trained {
    let script = format!("ulimit -v {ADDRESS_SPACE} && exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.current_dir(folder).env("EDGEFIT_CACHE", folder.join("cache")).env("TMPDIR", folder);
    command.args(["-c", &script, env!("CARGO_BIN_EXE_trainer")]);
    command.args(["train", "--data", "reviews.tar.gz", "--recipe", "linear", "--epochs", "2", "--output", "run"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let ended = child.wait4().unwrap();
    Trained { status: ended.status, stderr, peak_memory: ended.rusage.maxrss }
}

/// The names in a folder, and the bytes of all files in it and below.
fn contents(folder: &Path) -> (Vec<String>, u64) {
    let (mut names, mut bytes) = (Vec::new(), 0);
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        names.push(entry.file_name().into_string().unwrap());
        let metadata = fs::symlink_metadata(entry.path()).unwrap();
        bytes += if metadata.is_dir() { contents(&entry.path()).1 } else { metadata.len() };
    }
    names.sort();
    (names, bytes)
}

#[test]
fn archives_made_to_do_harm_do_none() {
    println!("| harm | archive, bytes | outcome | peak memory, MB | written, KB |\n|---|--:|---|--:|--:|");
    let nothing: Case = ("no harm, to compare with", |_| (), None);
    for (name, harm, refused) in std::iter::once(nothing).chain(CASES) {
        let folder = tempdir().unwrap();
        // The folder in which it works lies in another, so that a way out would be seen.
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let file = fs::File::create(inner.join("reviews.tar.gz")).unwrap();
        let mut archive = Builder::new(GzEncoder::new(file, Compression::fast()));
        add_reviews(&mut archive);
        harm(&mut archive);
        archive.into_inner().unwrap().finish().unwrap();
        let (_, before) = contents(&inner);

        let Trained { status, stderr, peak_memory } = train(&inner);
        let (names, after) = contents(&inner);
        let written = after - before;
        println!(
            "| {name} | {before} | {} | {:.0} | {:.0} |",
            if refused.is_some() { "refused" } else { "read" },
            peak_memory as f64 / 1e6,
            written as f64 / 1e3
        );
        match refused {
            None => {
                assert!(status.success(), "{name}: {stderr}");
                assert_eq!(names, ["cache", "reviews.tar.gz", "run"], "{name}");
                assert!(written <= ON_DISK, "{name}: {written} bytes written");
            }
            Some(message) => {
                assert_eq!(status.code(), Some(2), "{name}: {stderr}");
                assert!(stderr.contains(message), "{name}: {stderr}");
                assert_eq!((names, written), (vec!["reviews.tar.gz".to_owned()], 0), "{name}");
            }
        }
        // A wrong way to ask would say nothing, which is little.
        assert!((1 << 20..=PEAK_MEMORY).contains(&peak_memory), "{name}: {peak_memory} bytes of memory");
        assert_eq!(contents(folder.path()).0, ["inner"], "{name}");
        assert!(!Path::new("/tmp/edgefit-escaped.txt").exists());
    }
}
