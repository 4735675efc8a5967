//! The kinds of charts: lines over epochs, intervals around zero, bars.

use super::{
    scale::{Scale, padded, range, spread, ticks},
    svg::{Anchor, Svg, width_of},
};

/// The width of a chart in units of its own; at 12 units a letter it can be read on a phone.
pub(super) const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 270.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 40.0;
const LEFT: f64 = 44.0;
/// The distance of labels beside each other's lines.
const LABEL: f64 = 14.0;
/// The room for a piece of a line, with its dashes, before its label.
const SAMPLE: f64 = 24.0;

/// How many styles there are.
pub(super) const STYLES: usize = 8;
/// The dashes of mean lines by style, beside the colours, for those who do not see these.
const DASHES: [&str; STYLES] = ["", "8 3", "2 3", "10 3 2 3", "5 2", "1 3", "12 4", "6 2 1 2 1 2"];

/// A chart without its frame.
#[derive(Debug, Clone)]
pub(super) struct Drawing {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) body: String,
}

/// Lines of one name: one a seed, thin, and their mean, thick.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) name: String,
    /// Which colour and which dashes, below [`STYLES`].
    pub(super) style: usize,
    pub(super) thin: Vec<Vec<(f64, f64)>>,
    pub(super) mean: Vec<(f64, f64)>,
}

/// A line chart.
#[derive(Debug, Clone)]
pub(super) struct Lines {
    /// What is plotted upwards, with its unit; stands above the chart.
    pub(super) title: String,
    /// What is plotted to the right.
    pub(super) x_label: String,
    /// The ticks to the right, where they are not plain numbers.
    pub(super) x_ticks: Option<Vec<(f64, String)>>,
    pub(super) series: Vec<Series>,
}

impl Lines {
    pub(super) fn draw(&self) -> Drawing {
        let points = || self.series.iter().flat_map(|s| s.thin.iter().flatten().chain(&s.mean));
        let x_range = range(points().map(|p| p.0)).unwrap_or((0.0, 1.0));
        let y_range = padded(range(points().map(|p| p.1)).unwrap_or((0.0, 1.0)));
        let right = self.series.iter().map(|series| width_of(&series.name)).fold(40.0, f64::max) + SAMPLE + 16.0;
        let (bottom, end) = (HEIGHT - BOTTOM, WIDTH - right);
        let (x, y) = (Scale::new(x_range, (LEFT, end)), Scale::new(y_range, (bottom, TOP)));

        let mut svg = Svg::default();
        svg.text("head", Anchor::Start, (0.0, 14.0), &self.title);
        let (y_ticks, decimals) = ticks(y_range, 5);
        for tick in y_ticks {
            svg.line("grid", (LEFT, y.at(tick)), (end, y.at(tick)));
            svg.text("tick", Anchor::End, (LEFT - 6.0, y.at(tick) + 4.0), format!("{tick:.decimals$}"));
        }
        svg.line("axis", (LEFT, bottom), (end, bottom));
        for (tick, label) in self.x_ticks.clone().unwrap_or_else(|| number_ticks(x_range)) {
            svg.line("axis", (x.at(tick), bottom), (x.at(tick), bottom + 4.0));
            svg.text("tick", Anchor::Middle, (x.at(tick), bottom + 17.0), label);
        }
        svg.text("tick", Anchor::Middle, (f64::midpoint(LEFT, end), HEIGHT - 5.0), &self.x_label);

        let place = |points: &[(f64, f64)]| points.iter().map(|&(a, b)| (x.at(a), y.at(b))).collect::<Vec<_>>();
        for series in &self.series {
            for line in &series.thin {
                svg.path(&format!("thin s{}", series.style), "", &place(line));
            }
        }
        for Series { style, mean, .. } in &self.series {
            svg.path(&format!("mean s{style}"), DASHES[*style], &place(mean));
            if let Some(&(a, b)) = mean.last() {
                svg.marker(&format!("dot s{style}"), 0, (x.at(a), y.at(b)));
            }
        }
        let ends: Vec<(f64, f64)> =
            self.series.iter().map(|s| s.mean.last().map_or((end, bottom), |&(a, b)| (x.at(a), y.at(b)))).collect();
        let heights: Vec<f64> = ends.iter().map(|&(_, height)| height).collect();
        let labels = spread(&heights, LABEL, (TOP, bottom));
        for ((series, label), place) in self.series.iter().zip(labels).zip(ends) {
            if place.0 < end - 1.0 || (label - place.1).abs() > 3.0 {
                svg.line(&format!("leader s{}", series.style), (place.0 + 4.0, place.1), (end + 9.0, label));
            }
            let sample = [(end + 10.0, label), (end + 10.0 + SAMPLE, label)];
            svg.path(&format!("mean s{}", series.style), DASHES[series.style], &sample);
            let at = (end + 14.0 + SAMPLE, label + 4.0);
            svg.text(&format!("name t{}", series.style), Anchor::Start, at, &series.name);
        }
        Drawing { width: WIDTH, height: HEIGHT, body: svg.finish() }
    }
}

fn number_ticks(range: (f64, f64)) -> Vec<(f64, String)> {
    let (values, decimals) = ticks(range, 5);
    values.into_iter().map(|value| (value, format!("{value:.decimals$}"))).collect()
}

/// An estimate with the ends of its interval.
#[derive(Debug, Clone)]
pub(super) struct Estimate {
    /// Which of [`Intervals::deployments`].
    pub(super) deployment: usize,
    pub(super) points: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Intervals around zero, some a row.
#[derive(Debug, Clone)]
pub(super) struct Intervals {
    pub(super) title: String,
    pub(super) x_label: String,
    /// The names of what is told apart within a row.
    pub(super) deployments: Vec<String>,
    /// The name of each row, its estimates, and a word at its end.
    pub(super) rows: Vec<(String, Vec<Estimate>, String)>,
}

/// What charts of one kind have in common, so that they can be compared.
#[derive(Debug, Clone, Copy)]
struct Frame {
    limits: (f64, f64),
    left: f64,
    right: f64,
}

impl Intervals {
    /// Draws charts on one scale.
    pub(super) fn draw(charts: &[Self]) -> Vec<Drawing> {
        let rows = || charts.iter().flat_map(|chart| &chart.rows);
        let all = || rows().flat_map(|row| &row.1);
        // An interval of few seeds may be as wide as the page: beyond three times the estimates it is cut, with an arrow.
        let reach = all().map(|e| e.points.abs()).fold(0.2, f64::max) * 3.0 + 0.5;
        let inside = all().flat_map(|e| [e.low.max(-reach), e.high.min(reach)]).chain([0.0]);
        let frame = Frame {
            limits: padded(range(inside).unwrap_or((-1.0, 1.0))),
            left: rows().map(|row| width_of(&row.0)).fold(40.0, f64::max) + 8.0,
            right: rows().map(|row| width_of(&row.2)).fold(20.0, f64::max) + 12.0,
        };
        charts.iter().map(|chart| chart.draw_in(frame)).collect()
    }

    fn draw_in(&self, Frame { limits, left, right }: Frame) -> Drawing {
        let step = 15.0;
        let row = step * self.deployments.len() as f64 + 14.0;
        let top = TOP + 22.0;
        let bottom = top + row * self.rows.len() as f64;
        let x = Scale::new(limits, (left, WIDTH - right));

        let mut svg = Svg::default();
        svg.text("head", Anchor::Start, (0.0, 14.0), &self.title);
        let mut at = left;
        for (index, name) in self.deployments.iter().enumerate() {
            svg.marker(&format!("mark d{index}"), index, (at + 5.0, TOP + 4.0));
            svg.text("tick", Anchor::Start, (at + 14.0, TOP + 8.0), name);
            at += width_of(name) + 28.0;
        }
        let (values, decimals) = ticks(limits, 5);
        for tick in values {
            svg.line("grid", (x.at(tick), top), (x.at(tick), bottom));
            let text = if tick.abs() < 1e-9 { "0".to_owned() } else { format!("{tick:+.decimals$}") };
            svg.text("tick", Anchor::Middle, (x.at(tick), bottom + 15.0), text);
        }
        svg.line("zero", (x.at(0.0), top), (x.at(0.0), bottom));
        svg.text("tick", Anchor::Middle, (f64::midpoint(left, WIDTH - right), bottom + 32.0), &self.x_label);
        for (index, (name, estimates, word)) in self.rows.iter().enumerate() {
            let middle = top + row * (index as f64 + 0.5);
            svg.text("name", Anchor::Start, (0.0, middle + 4.0), name);
            svg.text("name", Anchor::End, (WIDTH - 2.0, middle + 4.0), word);
            for estimate in estimates {
                let offset = estimate.deployment as f64 - (self.deployments.len() as f64 - 1.0) / 2.0;
                interval(&mut svg, estimate, limits, &x, middle + step * offset);
            }
        }
        Drawing { width: WIDTH, height: bottom + 40.0, body: svg.finish() }
    }
}

fn interval(svg: &mut Svg, estimate: &Estimate, (low, high): (f64, f64), x: &Scale, y: f64) {
    let class = format!("bar d{}", estimate.deployment);
    let (from, to) = (x.at(estimate.low.max(low)), x.at(estimate.high.min(high)));
    svg.line(&class, (from, y), (to, y));
    for (cut, at, toward) in [(estimate.low < low, from, 4.0), (estimate.high > high, to, -4.0)] {
        if cut {
            svg.path(&class, "", &[(at + toward, y - 4.0), (at, y), (at + toward, y + 4.0)]);
        } else {
            svg.line(&class, (at, y - 3.0), (at, y + 3.0));
        }
    }
    let at = x.at(estimate.points.clamp(low, high));
    svg.marker(&format!("mark d{}", estimate.deployment), estimate.deployment, (at, y));
}

/// Horizontal bars from zero, with a limit.
#[derive(Debug, Clone)]
pub(super) struct Bars {
    pub(super) title: String,
    /// Name, value, what stands at its end, and whether it is beyond the limit.
    pub(super) rows: Vec<(String, f64, String, bool)>,
    /// A value with its name.
    pub(super) limit: Option<(f64, String)>,
}

impl Bars {
    pub(super) fn draw(&self) -> Drawing {
        let row = 24.0;
        let left = self.rows.iter().map(|row| width_of(&row.0)).fold(40.0, f64::max) + 8.0;
        let right = self.rows.iter().map(|row| width_of(&row.2)).fold(20.0, f64::max) + 10.0;
        let top = TOP + if self.limit.is_some() { 18.0 } else { 0.0 };
        let bottom = top + row * self.rows.len() as f64;
        let limit = self.limit.as_ref().map_or(0.0, |limit| limit.0);
        let inside = self.rows.iter().filter(|row| !row.3).map(|row| row.1).fold(limit, f64::max);
        // What is beyond ends beyond all others, and says itself how far.
        let longest = if self.rows.iter().any(|row| row.3) { 1.25 * inside } else { inside };
        let x = Scale::new((0.0, longest.max(1e-9)), (left, WIDTH - right));
        let mut svg = Svg::default();
        svg.text("head", Anchor::Start, (0.0, 14.0), &self.title);
        for (index, (name, value, text, beyond)) in self.rows.iter().enumerate() {
            let y = top + row * index as f64;
            let end = x.at(value.min(longest));
            svg.text("name", Anchor::Start, (0.0, y + 16.0), name);
            svg.rect(if *beyond { "over" } else { "fill d1" }, (left, y + 4.0), ((end - left).max(1.0), row - 8.0));
            svg.text("tick", Anchor::Start, (end + 6.0, y + 16.0), text);
        }
        svg.line("axis", (left, top), (left, bottom));
        if let Some((value, name)) = &self.limit {
            svg.line("limit", (x.at(*value), top - 4.0), (x.at(*value), bottom));
            svg.text("tick", Anchor::End, (x.at(*value).max(width_of(name)), top - 8.0), name);
        }
        Drawing { width: WIDTH, height: bottom + 8.0, body: svg.finish() }
    }
}
