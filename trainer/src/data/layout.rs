//! How the IMDB reviews are laid out in files, and how a folder says that its files are generated.

use std::{fs::File, io::Read, path::Path};

use super::reviews;

/// The folder that holds the two halves.
pub(crate) const ROOT: &str = reviews::ROOT;
/// The folders of the two halves.
pub(crate) const HALVES: [&str; 2] = reviews::HALVES;

/// The file that says so.
pub(crate) const README: &str = "README.md";
/// Its first line then.
pub(crate) const SYNTHETIC: &str = "# A synthetic corpus\n";

/// Whether a folder of reviews says that they are generated.
pub(super) fn is_synthetic(root: &Path) -> bool {
    let path = root.join(README);
    let mut start = Vec::new();
    // Asked before it is opened: to open a named pipe is to wait for its writer.
    path.is_file()
        && File::open(path).and_then(|file| file.take(SYNTHETIC.len() as u64).read_to_end(&mut start)).is_ok()
        && start == SYNTHETIC.as_bytes()
}
