//! One ratio over the runs that are kept: each with its interval, beside the limit.

use std::fmt::Write as _;

use super::draw::{colour, drawn, mark, rule, text};
use super::frame::{Frame, Span};
use crate::gate::{Estimate, Limit};
use crate::report::figure::ratio;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const HEAD: f64 = 36.0;
const BELOW: f64 = 34.0;
/// Half the width of the ends of an interval.
const END: f64 = 4.0;

/// The picture of one ratio; `estimates` in the order of the runs, `None` where a run has none.
pub(in crate::report) fn trend(
    title: &str,
    limit: Option<Limit>,
    estimates: &[Option<Estimate>],
) -> String {
    drawn((WIDTH, HEIGHT), title, |svg| {
        text(svg, (LEFT, 22.0), "text title", "start", title);
        let known = || estimates.iter().flatten();
        let bounds = known().filter_map(|one| one.interval).flat_map(|own| [own.low, own.high]);
        let ratios = known().map(|one| one.ratio).chain(limit.map(|limit| limit.ratio));
        let up = Span::of(bounds.chain(ratios).chain([1.0]));
        let along = Span::from_zero([estimates.len() as f64 + 1.0].into_iter());
        let (Some(along), Some(up)) = (along, up) else { return };
        let (bottom, right) = (HEIGHT - BELOW, WIDTH - RIGHT);
        let frame = Frame { left: LEFT, right, top: HEAD, bottom, along, up };
        grid(svg, &frame, limit);
        for (number, estimate) in estimates.iter().enumerate() {
            let x = frame.x(number as f64 + 1.0);
            if let Some(estimate) = estimate {
                point(svg, &frame, x, estimate);
            }
        }
        let told = "runs that are kept, oldest first";
        text(svg, (f64::midpoint(LEFT, right), HEIGHT - 10.0), "text", "middle", told);
    })
}

fn grid(svg: &mut String, frame: &Frame, limit: Option<Limit>) {
    for tick in frame.up.ticks() {
        let y = frame.y(tick);
        rule(svg, "grid", (frame.left, y), (frame.right, y));
        text(svg, (frame.left - 8.0, y + 4.5), "text", "end", &ratio(tick));
    }
    rule(svg, "axis", (frame.left, frame.y(1.0)), (frame.right, frame.y(1.0)));
    if let Some(limit) = limit {
        let y = frame.y(limit.ratio);
        rule(svg, "limit", (frame.left, y), (frame.right, y));
    }
}

fn point(svg: &mut String, frame: &Frame, x: f64, estimate: &Estimate) {
    if let Some(bounds) = estimate.interval {
        let (low, high) = (frame.y(bounds.low), frame.y(bounds.high));
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<path stroke=\"{}\" stroke-width=\"1.5\" d=\"M{x:.1} {low:.1}V{high:.1}\
             M{:.1} {low:.1}h{width}M{:.1} {high:.1}h{width}\"/>",
            colour(0),
            x - END,
            x - END,
            width = 2.0 * END
        );
    }
    mark(svg, 0, (x, frame.y(estimate.ratio)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Direction, Interval};

    #[test]
    fn every_run_with_a_ratio_has_a_mark_and_its_interval() {
        let interval = Some(Interval { low: 0.9, high: 1.2, detectable: 1.1 });
        let one = Some(Estimate { ratio: 1.0, blocks: 6, interval });
        let bare = Some(Estimate { ratio: 1.1, blocks: 1, interval: None });
        let limit = Limit { direction: Direction::AtMost, ratio: 2.0 };
        let svg = trend("cpu", Some(limit), &[one, None, bare]);
        assert_eq!(svg.matches("<path fill").count(), 2);
        assert_eq!(svg.matches("<path stroke").count(), 1);
        assert_eq!(svg.matches("class=\"limit\"").count(), 1);
    }
}
