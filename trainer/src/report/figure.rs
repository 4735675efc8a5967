//! A figure: charts under one title, with what they say in words and in numbers.

use super::{
    chart::Drawing,
    png,
    svg::{Anchor, Svg, escape, wrap},
};
use crate::{Error, Result, files};
use std::path::Path;

/// What a file of its own looks like; the page has its own, in light and dark.
const STYLE: &str = include_str!("figure.css");
/// The room around the charts of a file.
const GAP: f64 = 24.0;
/// How many characters of a title fit above a chart.
const TITLE_CHARACTERS: usize = 52;
const NOTE_CHARACTERS: usize = 62;

/// Rows of cells under heads.
#[derive(Debug, Clone, Default)]
pub(super) struct Grid {
    pub(super) heads: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Grid {
    pub(super) fn new<const N: usize>(heads: [&str; N]) -> Self {
        Self { heads: heads.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(Vec::from(cells));
    }

    pub(super) fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&self.heads).chain(&self.rows) {
            writer.write_record(row).expect("rows are as long as their heads");
        }
        writer.into_inner().expect("a buffer in memory flushes")
    }
}

/// A chart with what it says in words.
#[derive(Debug, Clone)]
pub(super) struct Panel {
    pub(super) drawing: Drawing,
    /// For those who do not see it.
    pub(super) description: String,
}

/// Charts under one title.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    /// Its name in files and links.
    pub(super) id: String,
    /// What it shows.
    pub(super) title: String,
    /// What else is to be said of it; may be empty.
    pub(super) note: String,
    pub(super) panels: Vec<Panel>,
    /// The numbers that are plotted, all of them.
    pub(super) data: Grid,
    /// What to show of them on the page.
    pub(super) summary: Grid,
}

impl Figure {
    /// Its charts for a page that has the styles.
    pub(super) fn inline(&self) -> String {
        let panels = self.panels.iter().enumerate().map(|(index, panel)| {
            let Drawing { width, height, body } = &panel.drawing;
            let id = format!("{}-{index}", self.id);
            let description = escape(&panel.description);
            format!(
                r#"<svg role="img" aria-labelledby="{id}" viewBox="0 0 {width:.0} {height:.0}"><title id="{id}">{description}</title>{body}</svg>"#
            )
        });
        panels.collect()
    }

    /// As a file: charts beside each other, title above, note below.
    pub(super) fn standalone(&self) -> String {
        let columns = self.panels.len().clamp(1, 2);
        let panel_width = self.panels.iter().map(|panel| panel.drawing.width).fold(0.0, f64::max);
        let width = columns as f64 * panel_width + (columns as f64 + 1.0) * GAP;
        let mut svg = Svg::default();
        let mut y = GAP + 10.0;
        for line in wrap(&self.title, TITLE_CHARACTERS * columns) {
            svg.text("title", Anchor::Start, (GAP, y), line);
            y += 20.0;
        }
        for pair in self.panels.chunks(columns) {
            for (column, panel) in pair.iter().enumerate() {
                svg.nested((GAP + column as f64 * (panel_width + GAP), y), &panel.drawing.body);
            }
            y += pair.iter().map(|panel| panel.drawing.height).fold(0.0, f64::max) + GAP;
        }
        for line in wrap(&self.note, NOTE_CHARACTERS * columns) {
            svg.text("tick", Anchor::Start, (GAP, y), line);
            y += 16.0;
        }
        let height = y + 4.0;
        let description: Vec<&str> = self.panels.iter().map(|panel| panel.description.as_str()).collect();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\"><title>{}</title><desc>{}</desc><style>{STYLE}</style>\
             <rect class=\"page\" width=\"100%\" height=\"100%\"/>{}</svg>\n",
            escape(&self.title),
            escape(&description.join(" ")),
            svg.finish(),
        )
    }

    /// Writes it as SVG, PNG and CSV into a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let svg = self.standalone();
        let path = |extension: &str| folder.join(format!("{}.{extension}", self.id));
        files::write(&path("svg"), svg.as_bytes())?;
        files::write(&path("csv"), &self.data.csv())?;
        let png = png::render(&svg).map_err(|problem| {
            Error::input(
                path("png").display(),
                problem,
                "report this figure: its SVG beside it is what could not be drawn",
            )
        })?;
        files::write(&path("png"), &png)
    }
}
