//! A history as lines of JSON in the order in which it happened: for people with an editor, and for `grep`.
//!
//! Moments are nanoseconds since the first of them. An event is called as witnesses call it, `p0#17`; a fence
//! says whom it is for.

use std::io::{self, Write};

use daemoneye_eventbus::EventBusStatistics;
use serde::Serialize;

use crate::plan::{Case, Fence, Operation};
use crate::record::{History, Operated, Outcome, Published, Received, Resumption};

/// Most lines of what happened, of about 200 bytes each. Beyond them only events that a witness names have
/// some, and the last line says how many are left out.
const MOST_LINES: usize = 100_000;

/// Writes the history of a case; `named` are the events of its witnesses, which are never left out.
pub fn chronicle(
    out: &mut impl Write,
    case: &Case,
    history: &History,
    named: &[String],
) -> io::Result<()> {
    Chronicle { case, history }.write(out, named, MOST_LINES)
}

/// One thing that happened.
#[derive(Debug, Clone, Copy)]
enum Happening<'a> {
    Operated(&'a Operated),
    /// By the publisher of this index.
    Published(usize, &'a Published),
    /// By the subscriber of this index.
    Received(usize, &'a Received),
}

impl Happening<'_> {
    /// When it began, and what comes first of one moment.
    fn order(&self) -> (u64, u8) {
        match self {
            Self::Operated(one) => (one.call_ns, 0),
            Self::Published(_, one) => (one.call_ns, 1),
            Self::Received(_, one) => (one.receive_ns, 2),
        }
    }
}

/// A line of something that happened.
#[derive(Debug, Serialize)]
struct Line<'a> {
    at_ns: u64,
    who: &'a str,
    #[serde(flatten)]
    did: Did<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "did", rename_all = "kebab-case")]
enum Did<'a> {
    Operated {
        operation: &'a Operation,
        phase: &'a str,
        until_ns: u64,
        outcome: &'a str,
        expect: &'a str,
    },
    Published {
        event: String,
        phase: &'a str,
        until_ns: u64,
        outcome: Outcome,
        digest: String,
    },
    Received {
        event: String,
        subscription: u16,
        position: u64,
        digest: String,
        correlation: String,
        is_root: bool,
    },
}

/// What somebody says at the end.
#[derive(Debug, Serialize)]
struct End<'a> {
    who: &'a str,
    did: &'static str,
    resumed: Resumption,
    /// Of a subscriber alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    lagged: Option<u64>,
    /// Of a subscriber alone: whether its receiver ended before tear-down.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<bool>,
}

/// The counters of the bus, when they were asked for.
#[derive(Debug, Serialize)]
struct Counters<'a> {
    who: &'static str,
    did: &'static str,
    counters: &'a EventBusStatistics,
}

#[derive(Debug, Serialize)]
struct LeftOut {
    left_out: usize,
    why: String,
}

struct Chronicle<'a> {
    case: &'a Case,
    history: &'a History,
}

impl Chronicle<'_> {
    fn write(&self, out: &mut impl Write, named: &[String], most: usize) -> io::Result<()> {
        let happenings = self.happenings();
        let first = happenings.first().map_or(0, |one| one.order().0);
        let mut left_out = 0;
        for (number, one) in happenings.iter().enumerate() {
            let (at_ns, who, did) = (one.order().0 - first, self.who(one), self.did(one, first));
            let line = Line { at_ns, who, did };
            if number < most || line.did.is_of(named) {
                put(out, &line)?;
            } else {
                left_out += 1;
            }
        }
        self.ends(out)?;
        if left_out > 0 {
            let why = format!("{most} lines at most, and those of events that a witness names");
            put(out, &LeftOut { left_out, why })?;
        }
        Ok(())
    }

    fn happenings(&self) -> Vec<Happening<'_>> {
        let operated = self.history.operations.iter().map(Happening::Operated);
        let published = self.history.publishers.iter().enumerate().flat_map(|(by, log)| {
            log.published.iter().map(move |one| Happening::Published(by, one))
        });
        let received =
            self.history.subscribers.iter().enumerate().flat_map(|(by, log)| {
                log.received.iter().map(move |one| Happening::Received(by, one))
            });
        let mut all: Vec<Happening<'_>> = operated.chain(published).chain(received).collect();
        all.sort_by_key(Happening::order);
        all
    }

    fn who(&self, one: &Happening<'_>) -> &str {
        match one {
            Happening::Operated(_) => "the harness",
            Happening::Published(by, _) => &self.history.publishers[*by].name,
            Happening::Received(by, _) => &self.history.subscribers[*by].name,
        }
    }

    fn did<'b>(&'b self, one: &Happening<'b>, first: u64) -> Did<'b> {
        match *one {
            Happening::Operated(one) => Did::Operated {
                operation: &one.operation,
                phase: self.phase(one.phase),
                until_ns: one.return_ns.saturating_sub(first),
                outcome: &one.outcome,
                expect: &one.expect,
            },
            Happening::Published(by, one) => Did::Published {
                event: self.event(by, one.sequence),
                phase: self.phase(one.phase),
                until_ns: one.return_ns.saturating_sub(first),
                outcome: one.outcome,
                digest: hexadecimal(one.digest),
            },
            Happening::Received(_, one) => Did::Received {
                event: self.event(usize::from(one.publisher), one.sequence),
                subscription: one.subscription,
                position: one.position,
                digest: hexadecimal(one.digest),
                correlation: hexadecimal(one.correlation),
                is_root: one.is_root,
            },
        }
    }

    /// Everybody's end, and the counters of the bus.
    fn ends(&self, out: &mut impl Write) -> io::Result<()> {
        for log in &self.history.publishers {
            let (who, resumed) = (log.name.as_str(), log.resumed);
            put(out, &End { who, did: "ended", resumed, lagged: None, ended: None })?;
        }
        for log in &self.history.subscribers {
            let (who, resumed) = (log.name.as_str(), log.resumed);
            let (lagged, ended) = (Some(log.lagged), Some(log.ended));
            put(out, &End { who, did: "ended", resumed, lagged, ended })?;
        }
        for counters in self.history.statistics_samples.iter().chain(&self.history.statistics) {
            put(out, &Counters { who: "the bus", did: "counted", counters })?;
        }
        Ok(())
    }

    fn phase(&self, index: u32) -> &str {
        self.case.phases.get(index as usize).map_or("before the first", |phase| phase.name.as_str())
    }

    fn event(&self, publisher: usize, sequence: u64) -> String {
        let logs = &self.history.publishers;
        let name = logs.get(publisher).map_or("nobody", |log| log.name.as_str());
        let Some(fence) = Fence::of(sequence) else { return format!("{name}#{sequence}") };
        let logs = &self.history.subscribers;
        let whom = logs.get(fence.subscriber).map_or("nobody", |log| log.name.as_str());
        format!("{name}#fence {} for {whom}", fence.number)
    }
}

impl Did<'_> {
    /// Whether it is about one of these events.
    fn is_of(&self, named: &[String]) -> bool {
        match self {
            Self::Operated { .. } => false,
            Self::Published { event, .. } | Self::Received { event, .. } => named.contains(event),
        }
    }
}

/// Whole numbers of 64 bits lose their end in many readers of JSON.
fn hexadecimal(digest: u64) -> String {
    format!("{digest:016x}")
}

fn put(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::EventSubscription;
    use serde_json::{Value, json};

    use super::*;
    use crate::plan::{Lane, fence_case};
    use crate::record::{PublisherLog, SubscriberLog};

    fn published(sequence: u64, call_ns: u64) -> Published {
        let (return_ns, outcome) = (call_ns + 1, Outcome::Ok);
        Published { sequence, phase: u32::MAX, call_ns, return_ns, outcome, digest: 255 }
    }

    fn received(sequence: u64, receive_ns: u64) -> Received {
        Received {
            publisher: 0,
            subscription: 0,
            sequence,
            receive_ns,
            position: 1,
            digest: 255,
            correlation: 1,
            is_root: true,
        }
    }

    /// `p0` publishes 1, 2 and a fence; `s0` receives 2 and the fence.
    fn history() -> History {
        let fence = Fence { subscriber: 0, lane: Lane::Events, number: 3 }.sequence();
        History {
            publishers: vec![PublisherLog {
                name: "p0".to_owned(),
                published: vec![published(1, 1_000), published(2, 1_010), published(fence, 1_020)],
                ..PublisherLog::default()
            }],
            subscribers: vec![SubscriberLog {
                name: "s0".to_owned(),
                received: vec![received(2, 1_015), received(fence, 1_030)],
                lagged: 1,
                ..SubscriberLog::default()
            }],
            operations: vec![Operated {
                operation: Operation::Subscribe(0),
                phase: u32::MAX,
                call_ns: 990,
                return_ns: 999,
                outcome: "ok".to_owned(),
                expect: "ok".to_owned(),
            }],
            statistics: Some(EventBusStatistics::default()),
            ..History::default()
        }
    }

    fn lines(named: &[&str], most: usize) -> Vec<Value> {
        let case = fence_case(EventSubscription::new("s0").with_pattern("#"), &[None]);
        let (history, mut out) = (history(), Vec::new());
        let named: Vec<String> = named.iter().map(|&event| event.to_owned()).collect();
        let chronicle = Chronicle { case: &case, history: &history };
        chronicle.write(&mut out, &named, most).expect("memory takes it");
        let text = String::from_utf8(out).expect("JSON is UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    #[test]
    fn what_happened_is_told_in_order_by_the_names_that_witnesses_use() {
        let lines = lines(&[], MOST_LINES);
        let told: Vec<(u64, &str, &str, &str)> = lines
            .iter()
            .filter_map(|line| {
                let text = |key: &str| line[key].as_str().unwrap_or_default();
                Some((line["at_ns"].as_u64()?, text("who"), text("did"), text("event")))
            })
            .collect();
        let expected = [
            (0, "the harness", "operated", ""),
            (10, "p0", "published", "p0#1"),
            (20, "p0", "published", "p0#2"),
            (25, "s0", "received", "p0#2"),
            (30, "p0", "published", "p0#fence 3 for s0"),
            (40, "s0", "received", "p0#fence 3 for s0"),
        ];
        assert_eq!(told, expected);
        assert_eq!(lines[1]["digest"], "00000000000000ff");
        assert_eq!((&lines[1]["until_ns"], &lines[1]["outcome"]), (&json!(11), &json!("ok")));
        let ends: Vec<&Value> = lines[6..].iter().map(|line| &line["who"]).collect();
        assert_eq!(ends, [&json!("p0"), &json!("s0"), &json!("the bus")]);
        assert_eq!(lines[7]["lagged"], 1);
    }

    #[test]
    fn a_long_history_is_cut_but_for_what_a_witness_names_and_says_so() {
        let lines = lines(&["p0#2"], 2);
        let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
        assert_eq!(events, ["p0#1", "p0#2", "p0#2"]);
        assert_eq!(lines.last().map(|last| &last["left_out"]), Some(&json!(2)));
    }
}
