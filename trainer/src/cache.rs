//! The cache: files that can be made again, each whole, with a checksum, or not there.
//!
//! It lies in `edgefit` in the user's cache folder (`$XDG_CACHE_HOME` or `~/.cache` on Linux, `~/Library/Caches` on
//! macOS, the local application data on Windows). `EDGEFIT_CACHE` names another folder, or `off` for none.
//!
//! A file is eight bytes of magic, the CRC-32 of what follows (u32, little-endian), four zeros, and the contents. It is
//! written beside its place and renamed into it, so that programs that run at the same time see a whole file or none.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    time::SystemTime,
};

use crate::{Result, files};

/// The variable that moves the cache, or turns it off.
pub const VARIABLE: &str = "EDGEFIT_CACHE";

/// How many files of a kind are kept. The corpora of the IMDB reviews take 14 MB.
const KEPT: usize = 16;

const MAGIC: [u8; 8] = *b"edgefitC";
const HEADER: usize = 16;

/// A folder for what can be made again, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache(Option<PathBuf>);

impl Cache {
    /// The user's cache: where [`VARIABLE`] says, else in the system's usual place.
    #[must_use]
    pub fn of_user() -> Self {
        let usual = || {
            use etcetera::BaseStrategy as _;
            etcetera::base_strategy::choose_native_strategy().ok().map(|strategy| strategy.cache_dir())
        };
        Self::resolve(std::env::var_os(VARIABLE).as_deref(), usual)
    }

    /// No cache: nothing is read and nothing is written.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// The cache in this folder, which need not be there yet.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(Some(folder.into()))
    }

    fn resolve(variable: Option<&OsStr>, usual: impl FnOnce() -> Option<PathBuf>) -> Self {
        match variable {
            Some(off) if off.eq_ignore_ascii_case("off") => Self::off(),
            Some(folder) if !folder.is_empty() => Self::at(folder),
            _ => Self(usual().map(|folder| folder.join("edgefit"))),
        }
    }

    /// The folder, if there is a cache.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// The contents of the file `name` of a kind; `None` if there is no such file, or it is damaged.
    #[must_use]
    pub fn read(&self, kind: &str, name: &str) -> Option<Vec<u8>> {
        let mut file = File::open(self.path(kind, name)?).ok()?;
        let mut header = [0; HEADER];
        file.read_exact(&mut header).ok()?;
        let length = usize::try_from(file.metadata().ok()?.len()).ok()?;
        let mut contents = Vec::with_capacity(length.saturating_sub(HEADER));
        file.read_to_end(&mut contents).ok()?;
        if header != header_of(&contents) {
            return None;
        }
        // When it was last used decides how long it stays; where that cannot be noted, it goes a little earlier.
        let _ = file.set_modified(SystemTime::now());
        Some(contents)
    }

    /// Keeps `contents` as the file `name` of a kind, and lets go of the files of that kind not used for longest.
    ///
    /// # Errors
    ///
    /// A folder that cannot be made or written. The caller can go on without.
    pub fn write(&self, kind: &str, name: &str, contents: &[u8]) -> Result<()> {
        let (Some(path), Some(folder)) = (self.path(kind, name), self.folder()) else { return Ok(()) };
        let folder = folder.join(kind);
        files::create_folder(&folder)?;
        files::write_with(&path, |file| {
            file.write_all(&header_of(contents))?;
            file.write_all(contents)
        })?;
        prune(&folder);
        Ok(())
    }

    fn path(&self, kind: &str, name: &str) -> Option<PathBuf> {
        Some(self.folder()?.join(kind).join(name))
    }
}

fn header_of(contents: &[u8]) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&crc32fast::hash(contents).to_le_bytes());
    header
}

/// Removes all but the [`KEPT`] files used last. A file that cannot be removed stays, and so does what is none of the cache's:
/// [`VARIABLE`] may name a folder that has other things in it.
fn prune(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let used = |entry: &fs::DirEntry| {
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        let mut magic = [0; MAGIC.len()];
        File::open(entry.path()).and_then(|mut file| file.read_exact(&mut magic)).ok()?;
        if magic == MAGIC { metadata.modified().ok() } else { None }
    };
    let mut files: Vec<(SystemTime, PathBuf)> =
        entries.flatten().filter_map(|entry| Some((used(&entry)?, entry.path()))).collect();
    files.sort_unstable();
    for (_, path) in &files[..files.len().saturating_sub(KEPT)] {
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_variable_moves_the_cache_or_turns_it_off() {
        let resolve = |variable: Option<&str>| Cache::resolve(variable.map(OsStr::new), || Some("/usual".into()));
        for unset in [None, Some("")] {
            assert_eq!(resolve(unset), Cache::at("/usual/edgefit"));
        }
        assert_eq!(resolve(Some("/there")), Cache::at("/there"));
        assert_eq!(resolve(Some("OFF")), Cache::off());
        assert_eq!(Cache::resolve(None, || None), Cache::off());
    }

    #[test]
    fn what_is_written_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("not/there/yet"));
        assert_eq!(cache.read("kind", "name"), None);
        for contents in [&b"first"[..], b"second", b""] {
            cache.write("kind", "name", contents).unwrap();
            assert_eq!(cache.read("kind", "name").as_deref(), Some(contents));
        }
        assert_eq!((cache.read("kind", "other"), cache.read("other", "name")), (None, None));
    }

    #[test]
    fn a_file_that_is_damaged_or_cut_short_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        cache.write("kind", "name", b"contents").unwrap();
        let path = folder.path().join("kind/name");
        let whole = fs::read(&path).unwrap();
        for bit in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, damaged).unwrap();
            assert_eq!(cache.read("kind", "name"), None, "bit {bit}");
        }
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(cache.read("kind", "name"), None, "{length} bytes");
        }
        fs::write(&path, &whole).unwrap();
        assert!(cache.read("kind", "name").is_some());
    }

    #[test]
    fn without_a_cache_nothing_is_kept_and_nothing_fails() {
        Cache::off().write("kind", "name", b"contents").unwrap();
        assert_eq!(Cache::off().read("kind", "name"), None);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "in the way").unwrap();
        let error = Cache::at(&file).write("kind", "name", b"contents").unwrap_err().to_string();
        assert!(error.contains(&*file.join("kind").to_string_lossy()), "{error}");
        assert_eq!(Cache::at(&file).read("kind", "name"), None);
    }

    #[test]
    fn the_files_used_last_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        for i in 0..KEPT {
            cache.write("kind", &i.to_string(), b"x").unwrap();
            let file = File::options().write(true).open(folder.path().join("kind").join(i.to_string())).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + i as u64)).unwrap();
        }
        assert!(cache.read("kind", "0").is_some(), "the oldest, which is used now");
        cache.write("kind", "new", b"x").unwrap();
        let there = |name: &str| folder.path().join("kind").join(name).exists();
        assert!(there("0") && there("new") && there("2") && !there("1"));
        assert_eq!(fs::read_dir(folder.path().join("kind")).unwrap().count(), KEPT);
    }

    #[test]
    fn what_is_none_of_the_cache_s_stays() {
        let folder = tempfile::tempdir().unwrap();
        let kind = folder.path().join("kind");
        fs::create_dir_all(kind.join("folder")).unwrap();
        for name in ["notes.txt", "empty"] {
            let file = File::create(kind.join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        fs::write(kind.join("notes.txt"), "somebody's notes").unwrap();
        let cache = Cache::at(folder.path());
        for i in 0..=KEPT {
            cache.write("kind", &i.to_string(), b"x").unwrap();
        }
        assert_eq!(fs::read(kind.join("notes.txt")).unwrap(), b"somebody's notes");
        assert_eq!(fs::read_dir(&kind).unwrap().count(), KEPT + 3);
    }
}
