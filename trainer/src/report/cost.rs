//! The figure of what a document costs: counted on the board where models have run on one, else by their own arithmetic.

use super::{
    Study,
    chart::Bars,
    curves::mean,
    figure::{Figure, Grid, Panel},
    scale,
    words::{self, rounded, thousands},
};
use crate::{
    board::{DocumentCost, Unit},
    results::{BoardRow, CostRow, ModelRow},
};

/// What a document costs with the models of a recipe.
struct Row {
    name: String,
    /// By the model's own arithmetic; the same for every seed.
    arithmetic: CostRow,
    fits: bool,
    /// On the board: the mean over the models that have run.
    counted: Option<DocumentCost>,
}

impl Row {
    fn of(name: String, models: &[&ModelRow]) -> Option<Self> {
        let counts: Vec<DocumentCost> = models.iter().filter_map(|model| counted(model)).collect();
        let over = |part: fn(&DocumentCost) -> f64| mean(&counts.iter().map(part).collect::<Vec<_>>());
        Some(Self {
            name,
            arithmetic: models.first()?.cost,
            fits: models.iter().all(|model| model.fit.as_ref().is_none_or(|fit| fit.fits)),
            counted: counts.first().map(|first| DocumentCost {
                input: over(|cost| cost.input),
                finish: over(|cost| cost.finish),
                ..*first
            }),
        })
    }

    fn operations(&self) -> f64 {
        self.arithmetic.additions + self.arithmetic.multiplications as f64
    }
}

fn counted(model: &ModelRow) -> Option<DocumentCost> {
    match &model.board {
        Some(BoardRow::Ran { cost, .. }) => *cost,
        _ => None,
    }
}

/// The figure, if there is a model that has room on the board.
pub(super) fn figure(study: &Study<'_>) -> Option<Figure> {
    let rows: Vec<Row> = study.whole_models().into_iter().filter_map(|(name, models)| Row::of(name, &models)).collect();
    let on_board = study.results.models.iter().find_map(|model| match &model.board {
        Some(BoardRow::Ran { name, cost: Some(cost), .. }) => Some((name.as_str(), *cost)),
        _ => None,
    });
    match on_board {
        Some((board, cost)) => counts(&rows, board, cost.unit, cost.documents),
        None => operations(&rows),
    }
}

/// What the board has counted.
fn counts(rows: &[Row], board: &str, unit: Unit, documents: usize) -> Option<Figure> {
    let unit = unit.name();
    let mut data = Grid::new(["recipe", "input_mean", "finish_mean", "distinct_words_mean", "multiplications"]);
    let mut summary =
        Grid::new(["recipe", "for the text or numbers", "at the end", "distinct words, mean", "multiplications"]);
    let mut bars = Vec::new();
    let mut at_the_end = 0f64;
    for row in rows {
        let Some(cost) = row.counted else { continue };
        let CostRow { words, multiplications, .. } = row.arithmetic;
        let cells = [format!("{:.1}", cost.input), format!("{:.1}", cost.finish), format!("{words:.2}")];
        let [input, finish, words] = cells;
        data.row([row.name.clone(), input, finish, words.clone(), multiplications.to_string()]);
        let (input, finish) = (rounded(cost.input), rounded(cost.finish));
        summary.row([row.name.clone(), input, finish, words, thousands(multiplications)]);
        at_the_end = at_the_end.max(cost.finish / cost.total());
        bars.push((row.name.clone(), cost.total(), rounded(cost.total()), false));
    }
    let title = format!("On {board} a document costs {}", ends(&bars, unit)?);
    let mut note = format!(
        "The mean over {documents} of the test documents and all seeds, counted by the board's own timer from the document's first \
         byte there to its logits. At most {:.0} % of it is for the layers at the end; the rest is to take the document in.",
        100.0 * at_the_end
    );
    if unit == Unit::Instructions.name() {
        note += " An emulated core has no pipeline and no wait states: instructions are not cycles.";
    }
    let refused: Vec<&str> = rows.iter().filter(|row| !row.fits).map(|row| row.name.as_str()).collect();
    if !refused.is_empty() {
        let verb = if refused.len() == 1 { "does" } else { "do" };
        note += &format!(" {} {verb} not fit there.", words::list(&refused));
    }
    let head = format!("A document, {unit}");
    Some(draw(title, note, &Bars { title: head, rows: bars, limit: None }, data, summary))
}

/// What the models' own arithmetic is.
fn operations(rows: &[Row]) -> Option<Figure> {
    let mut data = Grid::new(["recipe", "distinct_words_mean", "additions_mean", "multiplications"]);
    let mut bars = Vec::new();
    for row in rows {
        let CostRow { words, additions, multiplications } = row.arithmetic;
        data.row([row.name.clone(), format!("{words:.2}"), format!("{additions:.1}"), multiplications.to_string()]);
        let word = if row.fits { "" } else { ": does not fit" };
        let text = format!("{} + {} ×{word}", rounded(additions), thousands(multiplications));
        bars.push((row.name.clone(), row.operations(), text, !row.fits));
    }
    let title = format!("A document costs {}", ends(&bars, "operations")?);
    let note = "The mean over the test documents of the model's own arithmetic: one addition a distinct word and unit of the first \
                layer, one multiplication a weight after it. To split and look up the words comes on top, the same for all."
        .to_owned();
    let head = "Additions + multiplications a document".to_owned();
    Some(draw(title, note, &Bars { title: head, rows: bars, limit: None }, data.clone(), data))
}

/// The least and the most of what fits, with their names: `10 instructions with linear, 20 with baseline`.
fn ends(bars: &[(String, f64, String, bool)], unit: &str) -> Option<String> {
    let fitting = || bars.iter().filter(|bar| !bar.3);
    let (least, most) = scale::range(fitting().map(|bar| bar.1))?;
    let named = |wanted: f64| fitting().find(|bar| bar.1.total_cmp(&wanted).is_eq()).map(|bar| bar.0.as_str());
    let (cheapest, dearest) = (named(least)?, named(most)?);
    let first = format!("{} {unit} with {cheapest}", rounded(least));
    Some(if cheapest == dearest { first } else { format!("{first}, {} with {dearest}", rounded(most)) })
}

fn draw(title: String, note: String, bars: &Bars, data: Grid, summary: Grid) -> Figure {
    let said: Vec<String> = bars.rows.iter().map(|bar| format!("{}: {}", bar.0, bar.2)).collect();
    let description = format!("Bar chart. {}. {}.", bars.title, said.join("; "));
    Figure {
        id: "cost".to_owned(),
        title,
        note,
        panels: vec![Panel { drawing: bars.draw(), description }],
        data,
        summary,
    }
}
