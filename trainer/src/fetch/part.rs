//! The part of a file that has been received so far.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Seek, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use tempfile::TempPath;

use crate::{Error, Result, files};

/// A file beside the target, named like it with `.edgefit-part` added, a name that no other program gives. It is locked: one
/// program at a time receives a file.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    file: File,
    length: u64,
    /// Of all its bytes so far.
    sha256: Sha256,
}

impl Part {
    /// Opens the part of a target, with what an earlier attempt left in it.
    pub(super) fn open(target: &Path) -> Result<Self> {
        let mut path = target.as_os_str().to_owned();
        path.push(".edgefit-part");
        let path = PathBuf::from(path);
        // What a link leads to is not for this to write, and a pipe would have it wait.
        if fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file()) {
            let next = "remove it, or name another place with --output";
            return Err(Error::input(path.display(), "this is no file, and a download goes through one here", next));
        }
        let options = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(Error::io("write", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let next = "wait for it to end, or name another place with --output";
                return Err(Error::input(path.display(), "another program is downloading this file", next));
            }
            // A file system without locks: two programs would spoil each other's part, and the SHA-256 would tell.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
        }
        let mut sha256 = Sha256::new();
        let length = files::hash(&mut file, &mut sha256).map_err(Error::io("read", &path))?;
        Ok(Self { path, file, length, sha256 })
    }

    /// How many bytes are here.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The SHA-256 of the bytes that are here.
    pub(super) fn sha256(&self) -> [u8; 32] {
        self.sha256.clone().finalize().into()
    }

    /// Adds bytes at the end.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(Error::io("write", &self.path))?;
        self.sha256.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Forgets all bytes.
    pub(super) fn clear(&mut self) -> Result<()> {
        self.file.set_len(0).and_then(|()| self.file.rewind()).map_err(Error::io("write", &self.path))?;
        (self.length, self.sha256) = (0, Sha256::new());
        Ok(())
    }

    /// Makes the part the target, unless something has come to be there meanwhile.
    pub(super) fn finish(self, target: &Path) -> Result<()> {
        self.file.sync_all().map_err(Error::io("write", &self.path))?;
        let part = TempPath::try_from_path(&self.path).map_err(Error::io("write", &self.path))?;
        part.persist_noclobber(target).map_err(|failed| {
            // Not removed with the error: the bytes are right.
            let _ = failed.path.keep();
            Error::io("write", target)(failed.error)
        })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // A part of nothing is nothing to go on with.
        if self.length == 0 {
            let _ = fs::remove_file(&self.path);
        }
    }
}
