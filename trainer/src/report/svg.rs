//! SVG as text: shapes whose looks come from classes, so that one drawing serves a page in light and dark as well as a
//! file of its own.

use std::fmt::{Display, Write};

/// A drawing that is being made.
#[derive(Debug, Clone, Default)]
pub(super) struct Svg(String);

/// Where a text is anchored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// The widest that a character of a label is taken to be, at 12 px, so that fonts of any system fit.
pub(super) const CHARACTER: f64 = 7.4;

impl Svg {
    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = write!(self.0, r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#);
    }

    /// A line through points, with the dashes of a style.
    pub(super) fn path(&mut self, class: &str, dashes: &str, points: &[(f64, f64)]) {
        let mut d = String::new();
        for (i, (x, y)) in points.iter().enumerate() {
            let _ = write!(d, "{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" });
        }
        let dashes = if dashes.is_empty() { String::new() } else { format!(r#" stroke-dasharray="{dashes}""#) };
        let _ = write!(self.0, r#"<path class="{class}"{dashes} d="{d}"/>"#);
    }

    pub(super) fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64)) {
        let ((x, y), (width, height)) = (at, size);
        let _ =
            write!(self.0, r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}"/>"#);
    }

    /// A marker of one of three shapes, so that it is told from others without colour.
    pub(super) fn marker(&mut self, class: &str, shape: usize, (x, y): (f64, f64)) {
        let _ = match shape {
            0 => write!(self.0, r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="4"/>"#),
            1 => {
                write!(self.0, r#"<rect class="{class}" x="{:.1}" y="{:.1}" width="7" height="7"/>"#, x - 3.5, y - 3.5)
            }
            _ => write!(self.0, r#"<path class="{class}" d="M{x:.1} {:.1}l5 5l-5 5l-5 -5z"/>"#, y - 5.0),
        };
    }

    pub(super) fn text(&mut self, class: &str, anchor: Anchor, (x, y): (f64, f64), text: impl Display) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(&text.to_string());
        let _ = write!(self.0, r#"<text class="{class}" text-anchor="{anchor}" x="{x:.1}" y="{y:.1}">{text}</text>"#);
    }

    /// Another drawing at a place in this one.
    pub(super) fn nested(&mut self, (x, y): (f64, f64), inner: &str) {
        let _ = write!(self.0, r#"<g transform="translate({x:.1} {y:.1})">{inner}</g>"#);
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Text as it may stand in HTML and SVG, attributes included.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML has no way to write other control characters.
            c if c.is_control() && c != '\n' && c != '\t' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The width that a label takes at most.
pub(super) fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER
}

/// Breaks a text into lines of at most so many characters, at spaces.
pub(super) fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_element() {
        let mut svg = Svg::default();
        svg.text("t", Anchor::Start, (0.0, 0.0), "<script>\"a\" & 'b'\u{1}");
        let text = svg.finish();
        assert!(text.contains("&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;\u{fffd}</text>"), "{text}");
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("unbreakable", 3), ["unbreakable"]);
        assert!(wrap(" ", 3).is_empty());
    }
}
