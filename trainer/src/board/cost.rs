//! What documents cost on a board, counted by its own clock.

use serde::Serialize;

use super::{Board, Document, Session};
use crate::Result;

/// What the clock of a board counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Instructions, of an emulated core, which has no pipeline and no wait states.
    Instructions,
    /// Cycles of a real core.
    Cycles,
}

impl Unit {
    /// Its name: `instructions` or `cycles`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Cycles => "cycles",
        }
    }
}

/// What a document costs on a board, from its first byte there to its logits, without the way there: means over some.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DocumentCost {
    /// What was counted.
    pub unit: Unit,
    /// Over how many documents.
    pub documents: usize,
    /// For the text, or the numbers, and the layer that takes them as they come.
    pub input: f64,
    /// For what is left at the end of the document.
    pub finish: f64,
}

impl DocumentCost {
    /// For all of a document.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.input + self.finish
    }
}

/// What these documents cost on the board with this model, one by one; none if there are no documents, or the facts of an
/// emulated board do not say how fast its timer is.
///
/// # Errors
///
/// Board, as [`Session::start`] and [`Session::classify`].
pub fn document_cost(board: &Board, model: &[u8], documents: &[Document<'_>]) -> Result<Option<DocumentCost>> {
    let counts = match &board.facts.qemu {
        Some(qemu) => qemu.instructions_a_tick().map(|a_tick| (Unit::Instructions, a_tick)),
        None => Some((Unit::Cycles, 1.0)),
    };
    let (Some((unit, a_tick)), false) = (counts, documents.is_empty()) else { return Ok(None) };
    let mut session = Session::counting(board, model)?;
    let (mut input, mut finish) = (0, 0);
    for &document in documents {
        session.classify(document)?;
        let timing = session.bench()?;
        input += u64::from(timing.input);
        finish += u64::from(timing.finish);
    }
    session.finish()?;
    let mean = |ticks: u64| ticks as f64 * a_tick / documents.len() as f64;
    Ok(Some(DocumentCost { unit, documents: documents.len(), input: mean(input), finish: mean(finish) }))
}
