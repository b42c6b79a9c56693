//! A violation as a ladder: what was published on the left, what a subscriber received on the right.
//!
//! Time goes down, a step for each happening and not to scale: microseconds beside seconds would hide
//! each other. The moment stands below each step. What did not arrive is hollow.

use std::fmt::Write as _;

use super::draw::{drawn, escaped, hollow, mark, rule, text};
use crate::plan::gates::Metric;
use crate::report::figure::figure;
use crate::report::{Passage, Timeline};

/// A telephone shows all of it at about its own size.
const WIDTH: f64 = 400.0;
/// The legend and the names of the lanes.
const HEAD: f64 = 132.0;
/// Two lines of text.
const STEP: f64 = 36.0;
/// Where the two lanes run.
const LEFT: f64 = 172.0;
const RIGHT: f64 = 228.0;
/// From a lane to its words.
const GAP: f64 = 10.0;
/// Colours of what the witness names, and of its neighbours: places in the palette.
const NAMED: usize = 5;
const BESIDE: usize = 0;

/// Most letters of a name; its end is what tells events apart.
const MOST_LETTERS: usize = 18;

/// One thing that happened.
struct Happening<'a> {
    at_ns: u64,
    passage: &'a Passage,
    /// Which of its arrivals; `None` for its publish.
    arrival: Option<usize>,
}

/// The picture of a timeline.
pub(in crate::report) fn lanes(timeline: &Timeline) -> String {
    let happenings = happenings(&timeline.events);
    let height = HEAD + STEP * happenings.len() as f64;
    let title = format!("what {} received", timeline.subscriber);
    drawn((WIDTH, height), &title, |svg| {
        legend(svg);
        text(svg, (LEFT + GAP / 2.0, HEAD - 26.0), "text title", "end", "published");
        let (x, name) = (RIGHT - GAP / 2.0, short(&timeline.subscriber));
        text(svg, (x, HEAD - 44.0), "text title", "start", "received by");
        text(svg, (x, HEAD - 26.0), "text title", "start", &name);
        for x in [LEFT, RIGHT] {
            rule(svg, "axis", (x, HEAD - 18.0), (x, height - STEP / 2.0));
        }
        for (step, happening) in happenings.iter().enumerate() {
            if let Some(arrival) = happening.arrival {
                let from = happenings.iter().position(|one| is_publish_of(one, happening.passage));
                let class = if happening.passage.is_witness { "limit" } else { "way" };
                rule(svg, class, (LEFT, y(from.unwrap_or(step))), (RIGHT, y(step)));
                arrived(svg, step, happening, arrival);
            } else {
                published(svg, step, happening);
            }
        }
    })
}

/// What the marks mean.
fn legend(svg: &mut String) {
    mark(svg, NAMED, (GAP, 12.0));
    text(svg, (44.0, 16.5), "text", "start", "named by the violation");
    mark(svg, BESIDE, (GAP, 32.0));
    text(svg, (44.0, 36.5), "text", "start", "around it, of the same publisher");
    hollow(svg, NAMED, (GAP, 52.0));
    hollow(svg, BESIDE, (GAP + 16.0, 52.0));
    text(svg, (44.0, 56.5), "text", "start", "did not arrive");
}

/// Everything in order of time; of one moment, what was published first.
fn happenings(events: &[Passage]) -> Vec<Happening<'_>> {
    let mut all: Vec<Happening<'_>> = Vec::new();
    for passage in events {
        all.push(Happening { at_ns: passage.called_ns, passage, arrival: None });
        let arrivals = passage.received_ns.iter().enumerate();
        all.extend(arrivals.map(|(number, at)| Happening {
            at_ns: *at,
            passage,
            arrival: Some(number),
        }));
    }
    all.sort_by_key(|one| (one.at_ns, one.arrival.is_some()));
    all
}

fn is_publish_of(one: &Happening<'_>, passage: &Passage) -> bool {
    one.arrival.is_none() && one.passage.event == passage.event
}

fn y(step: usize) -> f64 {
    HEAD + STEP * step as f64
}

fn shape(passage: &Passage) -> usize {
    if passage.is_witness { NAMED } else { BESIDE }
}

fn published(svg: &mut String, step: usize, happening: &Happening<'_>) {
    let passage = happening.passage;
    let draw = if passage.received_ns.is_empty() { hollow } else { mark };
    draw(svg, shape(passage), (LEFT, y(step)));
    let fate = match (&passage.refused, passage.received_ns.is_empty()) {
        (Some(why), _) => why.as_str(),
        (None, true) => "never received",
        (None, false) => "",
    };
    label(svg, (LEFT - GAP, y(step)), "end", happening, fate);
}

fn arrived(svg: &mut String, step: usize, happening: &Happening<'_>, arrival: usize) {
    mark(svg, shape(happening.passage), (RIGHT, y(step)));
    let again = if arrival > 0 { "again" } else { "" };
    label(svg, (RIGHT + GAP, y(step)), "start", happening, again);
}

/// The beginning and the end of a long name.
fn short(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= MOST_LETTERS {
        return name.to_owned();
    }
    let half = MOST_LETTERS / 2;
    let (first, last) = (&letters[..half], &letters[letters.len() - half..]);
    format!("{}…{}", first.iter().collect::<String>(), last.iter().collect::<String>())
}

fn label(
    svg: &mut String,
    (x, y): (f64, f64),
    anchor: &str,
    happening: &Happening<'_>,
    fate: &str,
) {
    let at = figure(Metric::LatencyP50, happening.at_ns as f64);
    let weight = if happening.passage.is_witness { " font-weight=\"600\"" } else { "" };
    let event = escaped(&short(&happening.passage.event));
    // Writing to a string cannot fail.
    let _ = writeln!(
        svg,
        "<text class=\"text\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{:.1}\"{weight}>{event}</text>",
        y + 1.0
    );
    let comma = if fate.is_empty() { "" } else { ", " };
    text(svg, (x, y + 15.0), "text", anchor, &format!("{fate}{comma}+{at}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(event: &str, called_ns: u64, received_ns: &[u64]) -> Passage {
        Passage {
            event: event.to_owned(),
            is_witness: event == "p0#2",
            called_ns,
            refused: None,
            received_ns: received_ns.to_vec(),
        }
    }

    fn timeline() -> Timeline {
        let events = vec![
            passage("p0#1", 0, &[3_000]),
            passage("p0#2", 1_000, &[2_000, 4_000]),
            passage("p0#3", 1_500, &[]),
        ];
        Timeline { subscriber: "s1".to_owned(), events, left_out: 0 }
    }

    #[test]
    fn time_goes_down_and_every_arrival_hangs_on_its_publish() {
        let timeline = timeline();
        let order: Vec<(u64, bool)> = happenings(&timeline.events)
            .iter()
            .map(|one| (one.at_ns, one.arrival.is_some()))
            .collect();
        let expected = [
            (0, false),
            (1_000, false),
            (1_500, false),
            (2_000, true),
            (3_000, true),
            (4_000, true),
        ];
        assert_eq!(order, expected);
        let svg = lanes(&timeline);
        assert_eq!(
            svg.matches("class=\"limit\"").count(),
            2,
            "both arrivals of the witness's event"
        );
        assert_eq!(svg.matches("class=\"way\"").count(), 1);
    }

    #[test]
    fn what_did_not_arrive_is_hollow_whoever_names_it_and_a_legend_says_so() {
        let mut timeline = timeline();
        let hollow = |timeline: &Timeline| {
            let svg = lanes(timeline);
            assert!(svg.contains("did not arrive") && svg.contains("named by the violation"));
            svg.matches("<path class=\"ground\"").count()
        };
        assert_eq!(hollow(&timeline), 2 + 1, "two of the legend, and p0#3");
        timeline.events[1].received_ns.clear();
        assert_eq!(hollow(&timeline), 2 + 2);
    }

    #[test]
    fn what_became_of_an_event_is_said() {
        let svg = lanes(&timeline());
        assert!(svg.contains(">never received, +1.50 µs<"), "{svg}");
        assert!(svg.contains(">again, +4.00 µs<"), "{svg}");
    }

    #[test]
    fn a_long_name_keeps_its_ends() {
        let name = format!("{}#17", "p".repeat(70));
        assert_eq!(short(&name), format!("{}…{}#17", "p".repeat(9), "p".repeat(6)));
        assert_eq!(short("procmond#17"), "procmond#17");
    }
}
