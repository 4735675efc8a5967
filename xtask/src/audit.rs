//! What the project depends on.

use crate::{
    Failure,
    steps::{root, step, succeeds},
};

/// Licences, sources and advisories; what is named but not used; the bill of materials.
const TOOLS: [(&str, &str); 3] = [("cargo-deny", "0.20.2"), ("cargo-machete", "0.9.2"), ("cargo-cyclonedx", "0.5.9")];

/// The workspaces with a lock file of their own.
const WORKSPACES: [&str; 7] =
    [".", "firmware", "firmware/bench", "firmware/no-panic", "firmware/own/bare", "firmware/own/embassy-uart", "fuzz"];

/// Installs the tools, where they are missing, and checks all workspaces. `offline` leaves the advisories out, for which their
/// database is fetched.
pub(crate) fn run(offline: bool) -> Result<(), Failure> {
    for (tool, version) in TOOLS {
        let verb = tool.trim_start_matches("cargo-");
        if !succeeds("cargo", &[verb, "--version"]) {
            step(".", &["install", "--locked", tool, "--version", version], &[])?;
        }
    }
    let checks: &[&str] = if offline { &["bans", "licenses", "sources"] } else { &[] };
    let config = root().join("deny.toml");
    let arguments = ["deny", "--locked", "--config", &config.to_string_lossy(), "check", "--hide-inclusion-graph"];
    for folder in WORKSPACES {
        step(folder, &[&arguments[..], checks].concat(), &[])?;
    }
    if offline {
        eprintln!("skipped: advisories, whose database is on the network");
    }
    // Not `fuzz`: between its targets and the workspace that they are of lies another one, which cargo-machete takes for theirs.
    step(".", &["machete", "shared", "trainer", "tests", "xtask", "firmware"], &[])?;
    // One file a package, `edgefit-trainer.cdx.json` and so on, beside its manifest.
    WORKSPACES.iter().try_for_each(|folder| step(folder, &["cyclonedx", "--format", "json", "--target", "all"], &[]))
}
