//! The figures as bars, one panel a case, one bar a core and kernel.

use std::fmt::Write;

use crate::table::{CASES, Table};

const WIDTH: usize = 340;
const BAR: usize = 15;
const LABEL: usize = 150;
const COLUMNS: usize = 3;

/// A drawing that any browser shows.
pub(crate) fn svg(table: &Table) -> String {
    let rows = table.rows();
    let panel = 34 + rows.len() * BAR;
    let (width, height) = (COLUMNS * WIDTH, CASES.len().div_ceil(COLUMNS) * panel);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" \
         font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for (i, case) in CASES.iter().enumerate() {
        let (x, y) = (i % COLUMNS * WIDTH, i / COLUMNS * panel);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text>", x + 8, y + 20, case.name);
        let figures: Vec<Option<f64>> =
            rows.iter().map(|[board, core, kernel]| table.get(board, core, kernel, case.name)).collect();
        let largest = figures.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
        for (line, (row, figure)) in rows.iter().zip(&figures).enumerate() {
            let Some(figure) = figure else { continue };
            let top = y + 28 + line * BAR;
            let length = figure / largest * (WIDTH - LABEL - 80) as f64;
            let colour = if row[2] == "best" { "#1f6feb" } else { "#9aa4b2" };
            let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\">{} {}</text>", x + 8, top + 10, row[1], row[2]);
            let left = x + LABEL;
            let _ = writeln!(
                svg,
                "<rect x=\"{left}\" y=\"{top}\" width=\"{length:.1}\" height=\"{}\" fill=\"{colour}\"/>",
                BAR - 3
            );
            let end = left as f64 + length + 4.0;
            let _ = writeln!(svg, "<text x=\"{end:.1}\" y=\"{}\">{figure:.*}</text>", top + 10, case.decimals);
        }
    }
    svg + "</svg>\n"
}
