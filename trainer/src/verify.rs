//! Verification: the same documents through the host's integers and the board, logit for logit.

use std::num::NonZeroUsize;

use crate::{
    Result,
    board::{self, Board, Document, Parting, Session},
    classes::decisions,
    data::Split,
    evaluate::Evaluated,
    integer, network, parallel,
    results::{BoardRow, FitRow, ModelRow},
};

/// How many documents to run on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Documents {
    /// All of them.
    All,
    /// This many, evenly spaced over the test documents.
    Some(NonZeroUsize),
}

impl std::str::FromStr for Documents {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::Some).map_err(|_| "expected `all` or a number of documents from 1".to_owned()),
        }
    }
}

impl std::fmt::Display for Documents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Some(count) => count.fmt(f),
        }
    }
}

impl Documents {
    /// Which of `len` documents to run: evenly spaced, so that every class has its share however they are sorted.
    #[must_use]
    pub fn indices(self, len: usize) -> Vec<usize> {
        match self {
            Self::Some(count) if count.get() < len => (0..count.get()).map(|i| i * len / count.get()).collect(),
            _ => (0..len).collect(),
        }
    }
}

/// What a document costs is counted on so many of those that run.
const COUNTED: Documents = Documents::Some(NonZeroUsize::new(100).expect("it is not zero"));

/// Runs each model on the board and fills in its row. `done` hears of each, with a line for people.
///
/// # Errors
///
/// A board that cannot be started or does not answer. A wrong answer is no error: it is counted.
pub fn on_board(
    models: &mut [Evaluated],
    board: &Board,
    documents: Documents,
    test: &Split,
    threads: NonZeroUsize,
    done: impl Fn(&ModelRow, &BoardRow, &str) + Sync,
) -> Result<()> {
    let indices = documents.indices(test.len());
    let rows = parallel::map(models, threads, |model| {
        let outcome = run(model, board, test, &indices)?;
        done(&model.row, &outcome.row, &describe(model, &outcome.row));
        Ok(outcome)
    })?;
    for (model, outcome) in models.iter_mut().zip(rows) {
        let fit = board.fit(&model.file.model().expect("an evaluated file has been loaded once"))?;
        let (flash, ram) = (fit.needed("flash"), fit.needed("RAM"));
        model.row.fit = Some(FitRow { name: board.name(), fits: fit.fits(), flash, ram });
        model.row.board = Some(outcome.row);
        model.board_correctness = outcome.correctness;
        model.mismatch = outcome.mismatch;
    }
    Ok(())
}

/// What came of a model on a board.
struct Outcome {
    row: BoardRow,
    correctness: Option<Vec<f32>>,
    mismatch: Option<Mismatch>,
}

/// The first document whose logits differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The document's number in the test half, from 0.
    pub document: usize,
    /// The host's integer logits.
    pub host: Vec<i32>,
    /// The board's.
    pub board: Vec<i32>,
    /// Where in the model they part, if that could be found.
    pub parting: Option<Parting>,
}

fn run(evaluated: &Evaluated, board: &Board, test: &Split, indices: &[usize]) -> Result<Outcome> {
    let model = evaluated.file.model().expect("an evaluated file has been loaded once");
    let fit = board.fit(&model)?;
    if !fit.fits() {
        let row = BoardRow::Refused {
            name: board.name(),
            error: "does not fit".to_owned(),
            obstacles: fit.obstacles,
            needed: evaluated.file.bytes().len(),
            available: board.model_region_len(),
        };
        return Ok(Outcome { row, correctness: None, mismatch: None });
    }
    let documents = board::Documents::of(test, &model);
    let documents: Vec<Document<'_>> = indices.iter().map(|&document| documents.get(document)).collect();
    let host = integer::logits_of_documents(&model, &documents);
    let mut session = Session::start(board, evaluated.file.bytes())?;
    let mut logits = Vec::with_capacity(indices.len());
    let mut logit_mismatches = 0;
    let mut mismatch = None;
    session.classify_all(&documents, |i, answer| {
        let host = &host[i * model.outputs()..][..model.outputs()];
        logits.extend_from_slice(&answer);
        if answer != host {
            logit_mismatches += 1;
            let host = host.to_vec();
            mismatch.get_or_insert_with(|| (i, Mismatch { document: indices[i], host, board: answer, parting: None }));
        }
    })?;
    session.finish()?;
    let counted: Vec<Document<'_>> = COUNTED.indices(documents.len()).into_iter().map(|i| documents[i]).collect();
    let cost = board::document_cost(board, evaluated.file.bytes(), &counted)?;
    if let Some((i, Mismatch { parting, .. })) = &mut mismatch {
        let file = evaluated.file.bytes();
        *parting = board::parting(board, file, file, documents[*i])?;
    }
    let labels: Vec<u16> = indices.iter().map(|&document| test.label(document)).collect();
    let right = |(decision, label): (u16, &u16)| f32::from(decision == *label);
    let row = BoardRow::Ran {
        name: board.name(),
        documents: indices.len(),
        logit_mismatches,
        test_accuracy: network::accuracy(&logits, &labels),
        cost,
    };
    Ok(Outcome {
        row,
        correctness: Some(decisions(&logits, labels.len()).into_iter().zip(&labels).map(right).collect()),
        mismatch: mismatch.map(|(_, mismatch)| mismatch),
    })
}

fn describe(model: &Evaluated, row: &BoardRow) -> String {
    let cell = format!("{}, seed {}", model.row.recipe, model.row.seed);
    match row {
        BoardRow::Ran { documents, logit_mismatches: 0, cost, .. } => {
            let cost = cost.map(|cost| format!("; {:.0} {} a document", cost.total(), cost.unit.name()));
            format!("{cell}: all logits of {documents} documents equal the host's{}", cost.unwrap_or_default())
        }
        BoardRow::Ran { documents, logit_mismatches, .. } => {
            format!("{cell}: the logits of {logit_mismatches} of {documents} documents DIFFER from the host's")
        }
        BoardRow::Refused { error, obstacles, .. } => format!("{cell}: {error}: {}", obstacles.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_evenly_spaced() {
        let some = |n| Documents::Some(NonZeroUsize::new(n).unwrap());
        assert_eq!(some(4).indices(10), [0, 2, 5, 7]);
        assert_eq!(some(10).indices(3), [0, 1, 2]);
        assert_eq!(Documents::All.indices(3), [0, 1, 2]);
        assert_eq!("all".parse(), Ok(Documents::All));
        assert_eq!("12".parse(), Ok(some(12)));
        assert!("0".parse::<Documents>().is_err() && "-1".parse::<Documents>().is_err());
    }
}
