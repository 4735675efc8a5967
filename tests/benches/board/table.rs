//! The figures, and how they compare with those kept.

use std::{collections::BTreeMap, error::Error, fmt, fs, path::Path};

use crate::machine::Machine;

/// A figure may be worse than the one kept by this fraction.
const TOLERANCE: f64 = 0.02;
const COLUMNS: &str = "board,core,kernel,case,value";

/// What is measured, in the order of the table: its name, how many decimals are kept, whether more is better, and
/// whether it depends on the documents.
pub(crate) const CASES: [Case; 9] = [
    Case::new("load", 0),
    Case::new("ids-142", 0).of_documents(),
    Case::new("ids-233", 0).of_documents(),
    Case::new("repeats-142", 0).of_documents(),
    Case::new("repeats-233", 0).of_documents(),
    Case::new("text-per-byte", 2).of_documents(),
    Case { more_is_better: true, ..Case::new("dense-512-mac-per-instruction", 3) },
    Case::new("code-bytes", 0),
    Case::new("ram-bytes", 0),
];

/// One column of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) decimals: usize,
    more_is_better: bool,
    needs_documents: bool,
}

impl Case {
    const fn new(name: &'static str, decimals: usize) -> Self {
        Self { name, decimals, more_is_better: false, needs_documents: false }
    }

    const fn of_documents(self) -> Self {
        Self { needs_documents: true, ..self }
    }

    fn named(name: &str) -> Option<&'static Self> {
        CASES.iter().find(|case| case.name == name)
    }
}

/// Where a figure belongs: board, core, kernel, case.
pub(crate) type Key = [String; 4];

/// The figures of all boards.
#[derive(Debug, Default)]
pub(crate) struct Table {
    figures: BTreeMap<Key, f64>,
}

/// A figure that is not as it was.
#[derive(Debug, PartialEq)]
pub(crate) enum Finding {
    /// Worse by more than the tolerance.
    Worse(Key, f64, f64),
    /// Better by more than the tolerance: to be kept by `--update`.
    Better(Key, f64, f64),
    /// Not among those kept.
    New(Key),
    /// Depends on documents that are not here.
    Skipped(Key),
}

impl Finding {
    pub(crate) const fn fails(&self) -> bool {
        matches!(self, Self::Worse(..) | Self::New(_))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Worse(key, kept, now) => write!(f, "worse: {}: {kept} before, {now} now", key.join(" ")),
            Self::Better(key, kept, now) => {
                write!(f, "better: {}: {kept} before, {now} now; keep it by --update", key.join(" "))
            }
            Self::New(key) => write!(f, "new: {}: keep it by --update", key.join(" ")),
            Self::Skipped(key) => write!(f, "skipped: {} needs the real reviews", key.join(" ")),
        }
    }
}

impl Table {
    pub(crate) fn extend(&mut self, machine: &Machine, kernel: &str, figures: Vec<(&'static Case, f64)>) {
        for (case, value) in figures {
            let unit = 10f64.powi(case.decimals as i32);
            self.figures.insert(
                [machine.board, machine.core, kernel, case.name].map(str::to_owned),
                (value * unit).round() / unit,
            );
        }
    }

    /// One figure.
    pub(crate) fn get(&self, board: &str, core: &str, kernel: &str, case: &str) -> Option<f64> {
        self.figures.get(&[board, core, kernel, case].map(str::to_owned)).copied()
    }

    /// Each board with its core and kernel, once.
    pub(crate) fn rows(&self) -> Vec<[&str; 3]> {
        let mut rows: Vec<[&str; 3]> =
            self.figures.keys().map(|[board, core, kernel, _]| [&**board, core, kernel]).collect();
        // By core first: M0, M3, M33, M4, M7 are a reader's order.
        rows.sort_unstable_by_key(|&[board, core, kernel]| (core, board, kernel));
        rows.dedup();
        rows
    }

    /// Reads the figures that are kept.
    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}; make it by --update", path.display()))?;
        Self::parse(&text).map_err(|(line, problem)| format!("{}:{line}: {problem}", path.display()).into())
    }

    fn parse(text: &str) -> Result<Self, (usize, &'static str)> {
        let mut lines = text.lines().zip(1..);
        if lines.next().is_none_or(|(line, _)| line != COLUMNS) {
            return Err((1, "the columns are not board,core,kernel,case,value"));
        }
        let mut figures = BTreeMap::new();
        for (line, number) in lines {
            let fields: Vec<&str> = line.split(',').collect();
            let [board, core, kernel, case, value] = fields[..] else { return Err((number, "not five fields")) };
            let value = value.parse().map_err(|_| (number, "the value is no number"))?;
            figures.insert([board, core, kernel, case].map(str::to_owned), value);
        }
        Ok(Self { figures })
    }

    /// The text that [`Table::read`] reads.
    pub(crate) fn to_csv(&self) -> String {
        let mut text = format!("{COLUMNS}\n");
        for [board, core, kernel] in self.rows() {
            for case in &CASES {
                if let Some(value) = self.get(board, core, kernel, case.name) {
                    text += &format!("{board},{core},{kernel},{},{value:.*}\n", case.name, case.decimals);
                }
            }
        }
        text
    }

    /// What is not as it was kept.
    pub(crate) fn compare(&self, kept: &Self, with_documents: bool) -> Vec<Finding> {
        self.figures
            .iter()
            .filter_map(|(key, &now)| judge(key, kept.figures.get(key).copied(), now, with_documents))
            .collect()
    }
}

fn judge(key: &Key, kept: Option<f64>, now: f64, with_documents: bool) -> Option<Finding> {
    let case = Case::named(&key[3])?;
    if case.needs_documents && !with_documents {
        return Some(Finding::Skipped(key.clone()));
    }
    let Some(kept) = kept else { return Some(Finding::New(key.clone())) };
    let growth = if case.more_is_better { kept / now } else { now / kept } - 1.0;
    match growth {
        growth if growth > TOLERANCE => Some(Finding::Worse(key.clone(), kept, now)),
        growth if growth < -TOLERANCE => Some(Finding::Better(key.clone(), kept, now)),
        _ => None,
    }
}
