//! A curve: what a delivery costs, or how long it takes, along an axis, on every bus.
//!
//! Both axes are logarithmic, so that a power law is a straight line and its exponent the slope.
//! Nothing is drawn that is not in the row.

use std::fmt::Write as _;

use super::draw::{colour, drawn, legend, mark, rule, sideways, text};
use super::frame::{Frame, Span};
use crate::gate::{CurvePoint, Spread};
use crate::plan::gates::Metric;
use crate::plan::{Asks, Scale};
use crate::report::CurveRow;
use crate::report::curves::place;
use crate::report::figure::figure;

/// Width of the picture, in its own units: it scales to whatever room there is.
const WIDTH: f64 = 720.0;
/// Height of one panel with its axis.
const PANEL: f64 = 300.0;
/// Room above the first panel: title and legend.
const HEAD: f64 = 64.0;
/// Room left of a panel for its labels, and right of it.
const LEFT: f64 = 92.0;
const RIGHT: f64 = 24.0;
/// Room below a panel for the labels of its axis.
const BELOW: f64 = 58.0;
/// Least distance of two labels along the axis.
const LABEL: f64 = 58.0;

/// What one panel shows.
struct Panel {
    metric: Metric,
    /// The quantity and its unit, along the panel's side.
    label: &'static str,
    figure: fn(&CurvePoint) -> Option<Spread>,
    /// A line across, in the metric's unit.
    limit: Option<f64>,
}

/// The picture of a curve.
pub(in crate::report) fn curve(row: &CurveRow) -> String {
    let panels = panels(row.axis.asks);
    let height = HEAD + PANEL * panels.len() as f64;
    drawn((WIDTH, height), &row.scenario, |svg| {
        text(svg, (LEFT, 24.0), "text title", "start", &row.scenario);
        legend(svg, (LEFT, 44.0), row.lines.iter().map(|line| line.bus.as_str()));
        for (number, panel) in panels.iter().enumerate() {
            draw(svg, row, panel, HEAD + PANEL * number as f64);
        }
    })
}

fn panels(asks: Asks) -> Vec<Panel> {
    let cost = Panel {
        metric: Metric::Cpu,
        label: "CPU time a delivery, µs",
        figure: |point| point.cpu_s_per_million,
        limit: None,
    };
    match asks {
        Asks::Knee(limit_ns) => vec![
            Panel {
                metric: Metric::LatencyP99,
                label: "p99 of the latency",
                figure: |point| point.p99_ns,
                limit: Some(limit_ns as f64),
            },
            cost,
        ],
        Asks::Flat | Asks::Growth => vec![
            cost,
            Panel {
                metric: Metric::Throughput,
                label: "deliveries a second",
                figure: |point| point.throughput_per_s,
                limit: None,
            },
        ],
    }
}

fn draw(svg: &mut String, row: &CurveRow, panel: &Panel, top: f64) {
    let bottom = top + PANEL - BELOW;
    let points = || row.lines.iter().flat_map(|line| &line.points);
    let spreads = points().filter_map(panel.figure).flat_map(|own| [own.low, own.high]);
    let (Some(along), Some(up)) =
        (Span::of(points().map(|point| point.at)), Span::of(spreads.chain(panel.limit)))
    else {
        let middle = (WIDTH / 2.0, f64::midpoint(top, bottom));
        return text(svg, middle, "text", "middle", &format!("{}: nothing was read", panel.label));
    };
    let frame = Frame { left: LEFT, right: WIDTH - RIGHT, top: top + 16.0, bottom, along, up };
    grid(svg, row, panel, &frame);
    if let Some(limit) = panel.limit {
        let y = frame.y(limit);
        rule(svg, "limit", (frame.left, y), (frame.right, y));
        let told = format!("limit {}", figure(panel.metric, limit));
        text(svg, (frame.right, y - 5.0), "text", "end", &told);
    }
    for (number, line) in row.lines.iter().enumerate() {
        series(svg, number, &line.points, panel.figure, &frame);
    }
}

fn grid(svg: &mut String, row: &CurveRow, panel: &Panel, frame: &Frame) {
    for tick in frame.up.ticks() {
        let y = frame.y(tick);
        rule(svg, "grid", (frame.left, y), (frame.right, y));
        let told = match panel.metric {
            // The unit is along the side.
            Metric::Cpu => format!("{tick}"),
            metric => figure(metric, tick),
        };
        text(svg, (frame.left - 8.0, y + 4.5), "text", "end", &told);
    }
    rule(svg, "axis", (frame.left, frame.bottom), (frame.right, frame.bottom));
    let mut last = f64::NEG_INFINITY;
    for at in places(row) {
        let x = frame.x(at);
        rule(svg, "axis", (x, frame.bottom), (x, frame.bottom + 5.0));
        if x - last >= LABEL {
            last = x;
            let told = place(row.axis.scale, at);
            text(svg, (x, frame.bottom + 20.0), "text", "middle", &told);
        }
    }
    let middle = f64::midpoint(frame.left, frame.right);
    text(svg, (middle, frame.bottom + 40.0), "text", "middle", &along(row));
    sideways(svg, (20.0, f64::midpoint(frame.top, frame.bottom)), panel.label);
}

/// The label of the axis; sizes and rates have their unit at each place.
fn along(row: &CurveRow) -> String {
    match row.axis.scale {
        Scale::Count => format!("{} (how many)", row.axis.label),
        Scale::Bytes | Scale::PerSecond => row.axis.label.clone(),
    }
}

/// Every place some bus has a point at.
fn places(row: &CurveRow) -> Vec<f64> {
    let all = row.lines.iter().flat_map(|line| &line.points);
    let mut places: Vec<f64> = all.map(|point| point.at).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

/// Medians joined by a line where points follow each other, each with the range of its trials.
fn series(
    svg: &mut String,
    number: usize,
    points: &[CurvePoint],
    read: fn(&CurvePoint) -> Option<Spread>,
    frame: &Frame,
) {
    let colour = colour(number);
    let mut line = String::new();
    let mut known = Vec::new();
    let mut step = 'M';
    for point in points {
        // A gap is a gap: nothing is known of what lies between.
        let Some(own) = read(point) else {
            step = 'M';
            continue;
        };
        let x = frame.x(point.at);
        // Writing to a string cannot fail.
        let _ = write!(line, "{step}{x:.1} {:.1}", frame.y(own.median));
        step = 'L';
        known.push((x, own));
    }
    let _ = writeln!(svg, "<path class=\"line\" stroke=\"{colour}\" d=\"{line}\"/>");
    for (x, own) in known {
        let (low, high) = (frame.y(own.low), frame.y(own.high));
        let _ = writeln!(
            svg,
            "<path stroke=\"{colour}\" stroke-width=\"1.5\" d=\"M{x:.1} {low:.1}V{high:.1}\
             M{:.1} {low:.1}h8M{:.1} {high:.1}h8\"/>",
            x - 4.0,
            x - 4.0
        );
        mark(svg, number, (x, frame.y(own.median)));
    }
}

#[cfg(test)]
mod tests;
