//! Files that appear whole or not at all.

#[cfg(unix)]
use std::fs::TryLockError;
use std::{
    io::{Read, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// How the name of a file that is being written begins.
const UNFINISHED: &str = ".edgefit-";

/// Writes `bytes` to `path`: to a temporary file beside it, synced, then renamed over it. What a killed program left of an
/// earlier attempt at the same file is removed.
///
/// # Errors
///
/// What the system says; whatever stood at `path` before stands there still.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// Like [`write()`], of what `fill` writes.
///
/// # Errors
///
/// As [`write()`], and what `fill` returns.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let prefix = unfinished(path);
    remove_dead(folder, &prefix);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    // A temporary file is private by default; a finished one is as any other, less the umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = locked(&builder, folder).map_err(Error::io("write", path))?;
    fill(&mut file).map_err(Error::io("write", path))?;
    file.as_file().sync_all().map_err(Error::io("write", path))?;
    file.persist(path).map_err(|failed| Error::io("write", path)(failed.error))?;
    Ok(())
}

/// How the names of temporary files for `path` begin: of a fixed length, since its own name may be as long as names can be.
fn unfinished(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    format!("{UNFINISHED}{:08x}-", crc32fast::hash(name))
}

/// A temporary file, locked as long as it is open: so it is told from one whose program was killed.
fn locked(builder: &tempfile::Builder<'_, '_>, folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    loop {
        let file = builder.tempfile_in(folder)?;
        // Another program may take it for dead in the moment before it is locked, and remove it.
        #[cfg(unix)]
        if matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock))
            || std::os::unix::fs::MetadataExt::nlink(&file.as_file().metadata()?) == 0
        {
            continue;
        }
        return Ok(file);
    }
}

/// Removes the files whose names begin so and that nobody has locked; on systems other than Unix, none. What cannot be seen or
/// removed stays.
fn remove_dead(folder: &Path, prefix: &str) {
    #[cfg(unix)]
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_file = || entry.file_type().is_ok_and(|kind| kind.is_file());
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes())
            && is_file()
            && let Ok(file) = std::fs::File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    #[cfg(not(unix))]
    let _ = (folder, prefix);
}

/// A folder that no other process writes in while this is alive; the system lets go of it when the process ends, however it
/// does. Nothing is written for it: the folder itself is locked. On systems other than Unix, folders cannot be, and are not.
#[derive(Debug)]
#[must_use = "the folder is free again when this is dropped"]
pub struct FolderLock(
    #[cfg(unix)]
    #[expect(dead_code, reason = "it is held, not used")]
    std::fs::File,
);

impl FolderLock {
    /// Makes a folder, if it is not there, and takes it.
    ///
    /// # Errors
    ///
    /// Another process that has taken it, or what the system says.
    pub fn take(folder: &Path) -> Result<Self> {
        create_folder(folder)?;
        #[cfg(unix)]
        {
            let file = std::fs::File::open(folder).map_err(Error::io("open", folder))?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => Err(Error::usage(
                    format!("another process is writing in {}", folder.display()),
                    "wait until it has ended, or name another folder with --output",
                )),
                // Some network file systems have no locks.
                Err(TryLockError::Error(error)) if error.kind() != std::io::ErrorKind::Unsupported => {
                    Err(Error::io("lock", folder)(error))
                }
                _ => Ok(Self(file)),
            }
        }
        #[cfg(not(unix))]
        Ok(Self())
    }
}

/// Removes a file, if it is there.
///
/// # Errors
///
/// What the system says.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a folder if it is there and empty.
pub fn remove_empty_folder(path: &Path) {
    let _ = std::fs::remove_dir(path);
}

/// Removes what a killed program was writing in a folder.
///
/// # Errors
///
/// What the system says.
pub fn remove_unfinished(folder: &Path) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Adds all that can be read to a hash, and says how many bytes that was.
///
/// # Errors
///
/// What the system says.
pub fn hash(mut from: impl Read, sha256: &mut Sha256) -> std::io::Result<u64> {
    let (mut buffer, mut length) = (vec![0; 256 << 10], 0);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(length),
            Ok(n) => {
                sha256.update(&buffer[..n]);
                length += n as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes a folder and those above it.
///
/// # Errors
///
/// What the system says.
pub fn create_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(Error::io("create the folder", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::create_dir(&taken).unwrap();
        assert!(write(&taken, b"x").is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_write_replaces_the_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"long old text").unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }

    #[cfg(unix)]
    #[test]
    fn a_write_removes_what_a_killed_one_of_the_same_file_left_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let beside = |name: &str| folder.path().join(name);
        let (dead, alive) = (unfinished(&path) + "dead", unfinished(&path) + "alive");
        let others = unfinished(&beside("other")) + "dead";
        for name in [&dead, &alive, &others, ".edgefit-notes"] {
            std::fs::write(beside(name), b"half").unwrap();
        }
        // As a program that is writing it has it.
        let writing = std::fs::File::open(beside(&alive)).unwrap();
        writing.try_lock().unwrap();
        write(&path, b"new").unwrap();
        assert!(!beside(&dead).exists());
        assert!([&alive, &others, ".edgefit-notes", "file"].iter().all(|name| beside(name).exists()));
        drop(writing);
        write(&path, b"newer").unwrap();
        assert!(!beside(&alive).exists());
        assert_eq!(std::fs::read(&path).unwrap(), b"newer");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_being_written_is_left_to_its_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_with(&path, |file| {
            write(&path, b"meanwhile").unwrap();
            file.write_all(b"at last")
        })
        .unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"at last");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
