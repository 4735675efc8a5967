//! Writes the seeds of each target into a folder of its name: `seeds FOLDER [TARGET]`.

use std::{env, fs, io, path::PathBuf};

use edgefit_fuzz_targets::TARGETS;

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let Some(folder) = arguments.next().map(PathBuf::from) else {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "name the folder of the corpora: seeds FOLDER [TARGET]",
        ));
    };
    let only = arguments.next();
    for target in TARGETS.iter().filter(|target| only.as_deref().is_none_or(|name| name == target.name)) {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
