//! What each process did and used as the window went on: events, processor time, and its share of memory.

use std::fmt::Write as _;

use super::draw::{colour, drawn, legend, mark, rule, sideways, text};
use super::frame::{Frame, Span};
use crate::plan::gates::Metric;
use crate::record::{Counted, Moment};
use crate::report::figure::figure;

const WIDTH: f64 = 720.0;
const PANEL: f64 = 210.0;
const HEAD: f64 = 64.0;
const LEFT: f64 = 92.0;
const RIGHT: f64 = 24.0;
const BELOW: f64 = 54.0;
const MIB: f64 = 1_048_576.0;

/// One process.
pub(in crate::report) struct Used<'a> {
    /// Its name.
    pub(in crate::report) name: &'a str,
    /// What it had used, in order.
    pub(in crate::report) moments: &'a [Moment],
    /// How far it had come, in order.
    pub(in crate::report) counted: &'a [Counted],
}

struct Panel {
    label: &'static str,
    /// Points of a process: seconds, and the figure.
    read: fn(&Used<'_>) -> Vec<(f64, f64)>,
    tick: fn(f64) -> String,
}

const PANELS: [Panel; 3] = [
    Panel {
        label: "events a second",
        read: |used| pace(used.counted),
        tick: |per_s| figure(Metric::Throughput, per_s),
    },
    Panel {
        label: "share of a processor",
        read: |used| rates(used.moments),
        tick: |share| format!("{:.0} %", share * 100.0),
    },
    Panel {
        label: "memory (PSS)",
        read: |used| {
            used.moments.iter().map(|one| (one.at_s, one.pss_bytes as f64 / MIB)).collect()
        },
        tick: |mib| format!("{mib} MiB"),
    },
];

/// The picture of one trial.
pub(in crate::report) fn series(title: &str, used: &[Used<'_>]) -> String {
    let height = HEAD + PANEL * PANELS.len() as f64;
    drawn((WIDTH, height), title, |svg| {
        text(svg, (LEFT, 24.0), "text title", "start", title);
        legend(svg, (LEFT, 44.0), used.iter().map(|one| one.name));
        for (number, panel) in PANELS.iter().enumerate() {
            draw(svg, used, panel, HEAD + PANEL * number as f64);
        }
    })
}

/// Processor time between two looks, at the later of the two.
fn rates(moments: &[Moment]) -> Vec<(f64, f64)> {
    let rate = |pair: &[Moment]| {
        let took_s = pair[1].at_s - pair[0].at_s;
        let spent_s = pair[1].cpu_s? - pair[0].cpu_s?;
        (took_s > 0.0).then(|| (pair[1].at_s, spent_s / took_s))
    };
    moments.windows(2).filter_map(rate).collect()
}

/// Events between two answers, at the later of the two; nothing of a process that has none.
fn pace(counted: &[Counted]) -> Vec<(f64, f64)> {
    let rate = |pair: &[Counted]| {
        let took_s = pair[1].at_s - pair[0].at_s;
        let events = pair[1].events.saturating_sub(pair[0].events);
        (took_s > 0.0).then(|| (pair[1].at_s, events as f64 / took_s))
    };
    let has_some = counted.last().is_some_and(|last| last.events > 0);
    counted.windows(2).filter(|_| has_some).filter_map(rate).collect()
}

fn draw(svg: &mut String, used: &[Used<'_>], panel: &Panel, top: f64) {
    let lines: Vec<Vec<(f64, f64)>> = used.iter().map(|one| (panel.read)(one)).collect();
    let points = || lines.iter().flatten();
    let along = Span::from_zero(points().map(|(at_s, _)| *at_s));
    let up = Span::from_zero(points().map(|(_, figure)| *figure));
    let (Some(along), Some(up)) = (along, up) else {
        let middle = (WIDTH / 2.0, top + PANEL / 2.0);
        return text(svg, middle, "text", "middle", &format!("{}: nothing was read", panel.label));
    };
    let frame = Frame {
        left: LEFT,
        right: WIDTH - RIGHT,
        top: top + 8.0,
        bottom: top + PANEL - BELOW,
        along,
        up,
    };
    grid(svg, panel, &frame);
    for (number, line) in lines.iter().enumerate() {
        let mut path = String::new();
        for (place, (at_s, figure)) in line.iter().enumerate() {
            let step = if place == 0 { 'M' } else { 'L' };
            let point = (frame.x(*at_s), frame.y(*figure));
            // Writing to a string cannot fail.
            let _ = write!(path, "{step}{:.1} {:.1}", point.0, point.1);
            mark(svg, number, point);
        }
        let _ = writeln!(svg, "<path class=\"line\" stroke=\"{}\" d=\"{path}\"/>", colour(number));
    }
}

fn grid(svg: &mut String, panel: &Panel, frame: &Frame) {
    for tick in frame.up.ticks() {
        let y = frame.y(tick);
        rule(svg, "grid", (frame.left, y), (frame.right, y));
        text(svg, (frame.left - 8.0, y + 4.5), "text", "end", &(panel.tick)(tick));
    }
    rule(svg, "axis", (frame.left, frame.bottom), (frame.right, frame.bottom));
    for tick in frame.along.ticks() {
        let x = frame.x(tick);
        rule(svg, "axis", (x, frame.bottom), (x, frame.bottom + 5.0));
        text(svg, (x, frame.bottom + 20.0), "text", "middle", &format!("{tick} s"));
    }
    sideways(svg, (16.0, f64::midpoint(frame.top, frame.bottom)), panel.label);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(at_s: f64, cpu_s: Option<f64>) -> Moment {
        Moment { at_s, cpu_s, pss_bytes: 1 << 20 }
    }

    #[test]
    fn a_rate_is_what_was_spent_between_two_looks() {
        let moments = [
            moment(0.0, Some(0.0)),
            moment(0.5, Some(0.25)),
            moment(1.0, None),
            moment(1.5, Some(1.0)),
        ];
        assert_eq!(rates(&moments), [(0.5, 0.5)]);
    }

    #[test]
    fn events_between_two_answers_are_a_rate() {
        let counted = [(0.0, 0), (0.5, 100), (1.0, 100)];
        let counted = counted.map(|(at_s, events)| Counted { at_s, events });
        assert_eq!(pace(&counted), [(0.5, 200.0), (1.0, 0.0)], "standing still is seen");
        assert_eq!(pace(&[Counted::default(); 3]), [], "a broker publishes nothing itself");
    }

    #[test]
    fn each_process_has_a_line_in_every_panel() {
        let moments = [moment(0.0, Some(0.0)), moment(0.5, Some(0.25)), moment(1.0, Some(0.5))];
        let counted =
            [0.0, 0.5].map(|at_s| Counted { at_s, events: if at_s > 0.0 { 500 } else { 0 } });
        let used =
            ["broker", "procmond"].map(|name| Used { name, moments: &moments, counted: &counted });
        let svg = series("a trial", &used);
        assert_eq!(svg.matches("<path class=\"line\"").count(), 6);
        assert!(svg.contains(">0.5 MiB<") && svg.contains(">1 MiB<"), "{svg}");
    }

    #[test]
    fn what_the_host_could_not_tell_is_said() {
        let moments = [moment(0.0, None), moment(0.5, None)];
        let svg = series("a trial", &[Used { name: "broker", moments: &moments, counted: &[] }]);
        assert!(svg.contains("share of a processor: nothing was read"), "{svg}");
    }
}
