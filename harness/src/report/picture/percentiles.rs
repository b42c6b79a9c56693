//! Latency by percentile, a line for each bus: how long the best, the usual and the worst events take.
//!
//! The axis along is that of HdrHistogram's plots: equal distances for 90, 99 and 99.9 %, since each leaves
//! a tenth of the one before. The largest value has no place on it and is not drawn.

use std::fmt::Write as _;

use super::draw::{colour, drawn, legend, mark, rule, text};
use super::frame::{Frame, Span};
use crate::plan::gates::Metric;
use crate::report::figure::figure;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
/// Room above for title and legend.
const HEAD: f64 = 64.0;
const LEFT: f64 = 92.0;
const RIGHT: f64 = 24.0;
const BELOW: f64 = 58.0;
/// Percentiles with a label.
const LABELS: [f64; 6] = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99];

/// One bus: percentile, and latency in nanoseconds.
pub(in crate::report) struct Line {
    /// Its name.
    pub(in crate::report) name: String,
    /// In order.
    pub(in crate::report) values: Vec<(f64, f64)>,
}

/// The picture of one case.
pub(in crate::report) fn percentiles(title: &str, lines: &[Line]) -> String {
    drawn((WIDTH, HEIGHT), title, |svg| {
        text(svg, (LEFT, 24.0), "text title", "start", title);
        legend(svg, (LEFT, 44.0), lines.iter().map(|line| line.name.as_str()));
        let points =
            || lines.iter().flat_map(|line| line.values.iter().filter(|own| has_place(own)));
        let along = Span::of(points().map(|(percentile, _)| place(*percentile)));
        let up = Span::of(points().map(|(_, ns)| *ns));
        let (Some(along), Some(up)) = (along, up) else {
            return text(svg, (WIDTH / 2.0, HEIGHT / 2.0), "text", "middle", "nothing was read");
        };
        let (bottom, right) = (HEIGHT - BELOW, WIDTH - RIGHT);
        let frame = Frame { left: LEFT, right, top: HEAD, bottom, along, up };
        let last = points().map(|(percentile, _)| *percentile).fold(0.0, f64::max);
        grid(svg, &frame, last);
        for (number, line) in lines.iter().enumerate() {
            series(svg, number, line, &frame);
        }
    })
}

/// One of so many events takes longer.
fn place(percentile: f64) -> f64 {
    1.0 / (1.0 - percentile / 100.0)
}

fn has_place((percentile, ns): &(f64, f64)) -> bool {
    *percentile < 100.0 && *ns > 0.0
}

fn grid(svg: &mut String, frame: &Frame, last: f64) {
    for tick in frame.up.ticks() {
        let y = frame.y(tick);
        rule(svg, "grid", (frame.left, y), (frame.right, y));
        let told = figure(Metric::LatencyP50, tick);
        text(svg, (frame.left - 8.0, y + 4.5), "text", "end", &told);
    }
    rule(svg, "axis", (frame.left, frame.bottom), (frame.right, frame.bottom));
    for label in LABELS.into_iter().filter(|label| *label <= last) {
        let x = frame.x(place(label));
        rule(svg, "grid", (x, frame.top), (x, frame.bottom));
        rule(svg, "axis", (x, frame.bottom), (x, frame.bottom + 5.0));
        text(svg, (x, frame.bottom + 20.0), "text", "middle", &format!("{label} %"));
    }
    let middle = f64::midpoint(frame.left, frame.right);
    text(
        svg,
        (middle, frame.bottom + 42.0),
        "text",
        "middle",
        "share of the deliveries that took no longer",
    );
}

fn series(svg: &mut String, number: usize, line: &Line, frame: &Frame) {
    let at = |(percentile, ns): &(f64, f64)| (frame.x(place(*percentile)), frame.y(*ns));
    let points: Vec<(f64, f64)> = line.values.iter().filter(|own| has_place(own)).map(at).collect();
    let mut path = String::new();
    for (place, (x, y)) in points.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
    }
    let _ = writeln!(svg, "<path class=\"line\" stroke=\"{}\" d=\"{path}\"/>", colour(number));
    for point in points {
        mark(svg, number, point);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, factor: f64) -> Line {
        let values = [(0.0, 1e3), (50.0, 1e4), (99.0, 1e5), (100.0, 1e9)];
        let values = values.map(|(percentile, ns)| (percentile, ns * factor)).to_vec();
        Line { name: name.to_owned(), values }
    }

    #[test]
    fn each_bus_has_a_line_up_to_what_has_a_place() {
        let svg = percentiles("perf/paced", &[line("crossbeam", 1.0), line("process", 2.0)]);
        assert_eq!(svg.matches("<path class=\"line\"").count(), 2);
        assert_eq!(
            svg.matches("<path fill").count(),
            2 * 3 + 2,
            "three points each, and the legend"
        );
        assert!(svg.contains(">99 %<") && !svg.contains(">99.9 %<"), "{svg}");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn without_figures_it_says_so() {
        assert!(percentiles("perf/paced", &[]).contains("nothing was read"));
    }
}
