//! The figures for people: tables in the documentation, the file that is kept, and its chart.

use std::{
    error::Error,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    chart,
    table::{CASES, Table},
};

/// Pages that hold the table between two comments.
const PAGES: [&str; 2] = ["README.md", "shared/benches/README.md"];
const START: &str = "<!-- cargo xtask bench board -->\n";
const END: &str = "<!-- end -->\n";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// Where the figures are kept.
pub(crate) fn csv() -> PathBuf {
    root().join("shared/benches/board.csv")
}

/// The figures as a table: a line a core and kernel.
pub(crate) fn markdown(table: &Table) -> String {
    let mut text = String::from("| core | kernel |");
    let mut rule = String::from("\n|---|---|");
    for case in &CASES {
        let _ = write!(text, " {} |", case.name.replace("dense-512-mac-per-instruction", "dense-512"));
        rule += "--:|";
    }
    text = text + &rule + "\n";
    for [board, core, kernel] in table.rows() {
        let _ = write!(text, "| {core} | {kernel} |");
        for case in &CASES {
            let figure = table.get(board, core, kernel, case.name);
            let _ = write!(text, " {} |", figure.map_or(String::new(), |figure| grouped(figure, case.decimals)));
        }
        text.push('\n');
    }
    text
}

/// A number with a comma at each thousand.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut out = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

/// Writes the file that is kept, its chart, and the tables of the documentation.
pub(crate) fn write(table: &Table) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(root().join("shared/benches"))?;
    fs::write(csv(), table.to_csv())?;
    fs::write(csv().with_extension("svg"), chart::svg(table))?;
    let lines = markdown(table);
    for page in PAGES {
        let path = root().join(page);
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let start = text.find(START).map(|at| at + START.len());
        let Some((start, end)) = start.and_then(|start| Some((start, start + text[start..].find(END)?))) else {
            return Err(format!("{} has no lines {START} and {END} for the table to go between", path.display()).into());
        };
        fs::write(&path, format!("{}{lines}{}", &text[..start], &text[end..]))?;
    }
    Ok(())
}
