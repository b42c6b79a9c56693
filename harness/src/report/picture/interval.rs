//! A ratio, its interval and its limit, as small as a cell of a table.
//!
//! The axis is logarithmic and the same for all, so that cells below each other compare at a glance:
//! 1 in the middle, half and double equally far from it. What lies beyond its ends is drawn at them, as an arrow.

use std::fmt::Write as _;

use crate::gate::{Direction, Estimate, Limit};

const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 26.0;
/// The smallest and the largest ratio that have a place.
const ENDS: [f64; 2] = [0.125, 8.0];
/// Ratios with a line of the grid.
const GRID: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
/// Half the height of what is drawn.
const HALF: f64 = 5.0;
const MIDDLE: f64 = HEIGHT / 2.0;

/// The picture of an estimate; `limit` where one is set, `class` for its colour.
///
/// Colours are the page's: a picture for a place in its text, of no use by itself.
pub(in crate::report) fn interval(
    estimate: &Estimate,
    limit: Option<Limit>,
    class: &str,
) -> String {
    let mut svg = format!(
        "<svg class=\"interval {class}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\">"
    );
    if let Some(limit) = limit {
        allowed(&mut svg, limit);
    }
    for ratio in GRID {
        let weight = if (ratio - 1.0).abs() < f64::EPSILON { "one" } else { "tick" };
        line(&mut svg, weight, (x(ratio), 1.0), (x(ratio), HEIGHT - 1.0));
    }
    if let Some(limit) = limit {
        line(&mut svg, "edge", (x(limit.ratio), 0.0), (x(limit.ratio), HEIGHT));
    }
    if let Some(bounds) = estimate.interval {
        let (low, high) = (x(bounds.low), x(bounds.high));
        line(&mut svg, "reach", (low, MIDDLE), (high, MIDDLE));
        for (ratio, at) in [(bounds.low, low), (bounds.high, high)] {
            if beyond(ratio).is_none() {
                line(&mut svg, "reach", (at, MIDDLE - HALF), (at, MIDDLE + HALF));
            }
        }
    }
    if beyond(estimate.ratio).is_none() {
        // Writing to a string cannot fail.
        let _ = write!(svg, "<circle cx=\"{:.1}\" cy=\"{MIDDLE}\" r=\"4\"/>", x(estimate.ratio));
    }
    let ends = estimate.interval.map(|bounds| [bounds.low, bounds.high]);
    for end in ends.into_iter().flatten().chain([estimate.ratio]).filter_map(beyond) {
        arrow(&mut svg, end);
    }
    svg.push_str("</svg>");
    svg
}

/// The side on which a ratio passes.
fn allowed(svg: &mut String, limit: Limit) {
    let (from, to) = match limit.direction {
        Direction::AtLeast => (x(limit.ratio), WIDTH),
        Direction::AtMost => (0.0, x(limit.ratio)),
    };
    let width = to - from;
    let _ = write!(
        svg,
        "<rect class=\"allowed\" x=\"{from:.1}\" y=\"0\" width=\"{width:.1}\" height=\"{HEIGHT}\"/>"
    );
}

#[derive(Debug, Clone, Copy)]
enum End {
    Lower,
    Upper,
}

/// The end beyond which a ratio lies.
fn beyond(ratio: f64) -> Option<End> {
    match ratio {
        ratio if ratio < ENDS[0] => Some(End::Lower),
        ratio if ratio > ENDS[1] => Some(End::Upper),
        _ => None,
    }
}

fn arrow(svg: &mut String, end: End) {
    let (from, by) = match end {
        End::Lower => (2.0 * HALF, -2.0 * HALF),
        End::Upper => (WIDTH - 2.0 * HALF, 2.0 * HALF),
    };
    let (top, bottom) = (MIDDLE - HALF, MIDDLE + HALF);
    let _ =
        write!(svg, "<path class=\"beyond\" d=\"M{from} {top}l{by} {HALF}L{from} {bottom}z\"/>");
}

fn x(ratio: f64) -> f64 {
    let [low, high] = ENDS;
    let share = (ratio.clamp(low, high) / low).ln() / (high / low).ln();
    share * WIDTH
}

fn line(svg: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = write!(
        svg,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Interval;

    fn drawn(low: f64, ratio: f64, high: f64) -> String {
        let bounds = Some(Interval { low, high, detectable: 1.1 });
        let limit = Limit { direction: Direction::AtMost, ratio: 2.0 };
        interval(&Estimate { ratio, blocks: 6, interval: bounds }, Some(limit), "pass")
    }

    #[test]
    fn one_is_in_the_middle_and_the_limit_where_it_belongs() {
        let svg = drawn(0.9, 1.0, 1.1);
        assert!(svg.contains("<circle cx=\"100.0\""), "{svg}");
        assert!(svg.contains("<line class=\"edge\" x1=\"133.3\""), "{svg}");
        assert!(svg.contains("<rect class=\"allowed\" x=\"0.0\""), "what is below passes: {svg}");
        assert!(!svg.contains("beyond"), "{svg}");
    }

    #[test]
    fn what_lies_beyond_an_end_is_an_arrow() {
        assert_eq!(drawn(0.01, 1.0, 1.1).matches("beyond").count(), 1);
        assert_eq!(drawn(0.01, 1.0, 90.0).matches("beyond").count(), 2);
        assert!(!drawn(9.0, 10.0, 11.0).contains("<circle"));
    }

    #[test]
    fn without_an_interval_there_is_a_point_alone() {
        let svg = interval(&Estimate { ratio: 2.0, blocks: 1, interval: None }, None, "open");
        assert!(!svg.contains("reach") && !svg.contains("edge"), "{svg}");
        assert!(svg.contains("<circle cx=\"133.3\""), "{svg}");
    }
}
