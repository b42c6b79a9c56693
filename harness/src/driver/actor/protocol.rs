//! The lines between the harness and an actor, over the actor's standard streams.
//!
//! Rare messages are JSON lines. Credits, progress and the roll call, the only ones sent while a
//! trial is measured, are fixed text a few bytes long: `C 0 2048`, `P 3 16384`, `N`. The same channel serves
//! every deployment and the void floor alike, so its cost cancels out.

use daemoneye_eventbus::EventBusStatistics;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::assignment::Part;
use crate::plan::control::{Health, Overreach, Update};
use crate::plan::{Fence, Operation};
use crate::record::{ContextSwitches, Noted};

/// What the harness tells an actor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Order {
    /// `C publisher allowed`: events the publisher may have sent in this phase, in all.
    Credit { publisher: usize, allowed: u64 },
    /// `N`: the roll call, answered at once with [`Notice::Counted`], whatever the roles do.
    Count,
    /// `G subscriber published`: void floor only, events the subscriber may make in all.
    Grant { subscriber: usize, events: u64 },
    /// A phase begins; answered with [`Notice::Phased`].
    Phase { subscriber: usize, phase: u32 },
    /// The publisher does its share of a phase; answered with [`Notice::Finished`].
    Run { publisher: usize, phase: u32 },
    /// The publisher sends one fence; answered with [`Notice::FenceSent`].
    Fence { publisher: usize, fence: Fence, phase: u32 },
    /// An action; answered with [`Notice::Operated`] under the same id.
    Operate { id: u64, operation: Operation, phase: u32 },
    /// The bus's counters; answered with [`Notice::Counters`].
    Statistics,
    /// The subscriber reads on, whatever it was told before, until its subscriptions end;
    /// answered with [`Notice::Draining`] at once and [`Notice::Drained`] in the end. `by_case`: the
    /// case has shut the bus down, so an end is still the bus's doing and not tear-down's.
    Drain { subscriber: usize, by_case: bool },
    /// To a role of the control plane; answered with [`Notice::Obeyed`] when it is done.
    Control { part: Part, order: ControlOrder },
    /// Roles write their files and end, the bus is closed; answered with [`Notice::Done`].
    Finish,
}

/// What the harness tells a role of the control plane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ControlOrder {
    /// A member introduces itself to the desk, and shows life from then on.
    Register,
    /// A member answers nobody before it has been asked by so many.
    Together { askers: usize },
    /// A member finishes no task.
    Hold,
    /// A member finishes what it was held from.
    Release,
    /// A member says from now on that it is so.
    Say(Health),
    /// Callers ask a member.
    Call { step: usize, member: String, rounds: u64 },
    /// Callers ask once more, and then say what else they received.
    Reckon { step: usize, member: String, round: u64 },
    /// Callers ask the desk how everybody is.
    AskHealth,
    /// The desk gives out so many tasks, numbered from the first.
    Assign { first: u64, tasks: u64 },
    /// The desk changes a member's configuration, and asks what is in force.
    Configure { step: usize, member: String, update: Update },
    /// The desk gathers answers of all members.
    Gather { step: usize, within_ms: u64 },
    /// The desk tells of the workflows it has followed.
    TellWorkflows { step: usize },
    /// Callers connect once more and say that they are a member.
    Impersonate { step: usize, member: String },
    /// A member asks for what it may not have.
    Overstep { wanted: Overreach, times: u64 },
    /// The role closes everything and ends.
    Finish,
}

/// What an actor tells the harness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Notice {
    /// `P subscriber total`: events received so far, fences left out.
    Progress { subscriber: usize, total: u64 },
    /// `N published received`: measured events begun by the open loops of this process, and received
    /// by its subscribers, since they started.
    Counted { published: u64, received: u64 },
    /// `S publisher count`: events published in this phase so far.
    Sent { publisher: usize, count: u64 },
    /// `F subscriber sequence publisher`: a fence for this subscriber arrived.
    Fenced { subscriber: usize, sequence: u64, publisher: u16 },
    /// A server was started in the place of this process, and is measured for it.
    Serves { pid: u32 },
    /// All roles are up and connected.
    Ready,
    /// The subscriber knows of the phase and has received so much before it.
    Phased { subscriber: usize, total: u64 },
    /// The publisher is done with its share of the phase.
    Finished { publisher: usize, share: Share },
    /// A fence was handed to the bus.
    FenceSent { publisher: usize, accepted: bool },
    /// An action was done.
    Operated { id: u64, call_ns: u64, return_ns: u64, outcome: String },
    /// The bus's counters, or why there are none.
    Counters { statistics: Option<EventBusStatistics>, why: String },
    /// The subscriber has begun to drain.
    Draining { subscriber: usize },
    /// The subscriber's subscriptions have ended and are drained.
    Drained { subscriber: usize },
    /// A role of the control plane has done what it was told.
    Obeyed { part: Part },
    /// A role of the control plane noted something.
    Noted(Noted),
    /// Everything is closed and written; the process ends next.
    Done(Done),
    /// The actor cannot go on.
    Failed { reason: String },
}

/// What a publisher did in one phase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Share {
    /// Publishes that were accepted.
    pub accepted: u64,
    /// Publishes that were called.
    pub called: u64,
    /// From the first planned moment to the last return, ns.
    pub elapsed_ns: u64,
    /// Length of the schedule, ns; 0 for closed loops.
    pub planned_ns: u64,
    /// Time spent inside `publish`, ns; open loops only.
    pub inside_ns: u64,
}

/// The last words of an actor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    /// Descriptors held now beyond those held at the start.
    pub extra_descriptors: i64,
    /// Threads beyond those an actor needs to say goodbye.
    pub extra_threads: i64,
    /// Child processes that were still running, or that nobody had waited for; each was ended.
    #[serde(default)]
    pub left_children: Vec<String>,
    /// From its own `getrusage`, `None` where the host cannot tell.
    pub context_switches: Option<ContextSwitches>,
    /// What went wrong while closing, one line each.
    pub complaints: Vec<String>,
}

/// Why a line was not understood.
#[derive(Debug, Error)]
pub(crate) enum LineError {
    /// Fixed text with a missing or non-numeric field.
    #[error("malformed line {line:?}")]
    Malformed {
        /// The line.
        line: String,
    },
    /// JSON that is not a message.
    #[error("unknown message {line:?}: {cause}")]
    Unknown {
        /// The line.
        line: String,
        /// What the parser said.
        cause: serde_json::Error,
    },
}

impl Order {
    /// The order as one line, newline included.
    pub(crate) fn to_line(&self) -> String {
        match self {
            Self::Credit { publisher, allowed } => format!("C {publisher} {allowed}\n"),
            Self::Grant { subscriber, events } => format!("G {subscriber} {events}\n"),
            Self::Count => "N\n".to_owned(),
            other => json_line(other),
        }
    }

    /// The order of a line.
    pub(crate) fn parse(line: &str) -> Result<Self, LineError> {
        match line.as_bytes().first() {
            Some(b'C') => {
                let [publisher, allowed] = numbers(line)?;
                Ok(Self::Credit { publisher: index(publisher), allowed })
            }
            Some(b'G') => {
                let [subscriber, events] = numbers(line)?;
                Ok(Self::Grant { subscriber: index(subscriber), events })
            }
            Some(b'N') => numbers(line).map(|[]| Self::Count),
            _ => parse_json(line),
        }
    }
}

impl Notice {
    /// The notice as one line, newline included.
    pub(crate) fn to_line(&self) -> String {
        match self {
            Self::Progress { subscriber, total } => format!("P {subscriber} {total}\n"),
            Self::Sent { publisher, count } => format!("S {publisher} {count}\n"),
            Self::Counted { published, received } => format!("N {published} {received}\n"),
            Self::Fenced { subscriber, sequence, publisher } => {
                format!("F {subscriber} {sequence} {publisher}\n")
            }
            other => json_line(other),
        }
    }

    /// The notice of a line.
    pub(crate) fn parse(line: &str) -> Result<Self, LineError> {
        match line.as_bytes().first() {
            Some(b'P') => {
                let [subscriber, total] = numbers(line)?;
                Ok(Self::Progress { subscriber: index(subscriber), total })
            }
            Some(b'S') => {
                let [publisher, count] = numbers(line)?;
                Ok(Self::Sent { publisher: index(publisher), count })
            }
            Some(b'N') => {
                let [published, received] = numbers(line)?;
                Ok(Self::Counted { published, received })
            }
            Some(b'F') => {
                let [subscriber, sequence, publisher] = numbers(line)?;
                let publisher = u16::try_from(publisher).unwrap_or(u16::MAX);
                Ok(Self::Fenced { subscriber: index(subscriber), sequence, publisher })
            }
            _ => parse_json(line),
        }
    }
}

fn json_line(message: &impl Serialize) -> String {
    let mut line = serde_json::to_string(message).expect("messages have string keys only");
    line.push('\n');
    line
}

fn parse_json<T: serde::de::DeserializeOwned>(line: &str) -> Result<T, LineError> {
    serde_json::from_str(line).map_err(|cause| LineError::Unknown { line: line.to_owned(), cause })
}

fn numbers<const N: usize>(line: &str) -> Result<[u64; N], LineError> {
    let malformed = || LineError::Malformed { line: line.to_owned() };
    let mut fields = line.split_ascii_whitespace().skip(1);
    let mut found = [0; N];
    for slot in &mut found {
        let field = fields.next().ok_or_else(malformed)?;
        *slot = field.parse().map_err(|_| malformed())?;
    }
    if fields.next().is_some() { Err(malformed()) } else { Ok(found) }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_and_progress_are_fixed_text() {
        let credit = Order::Credit { publisher: 2, allowed: 2048 };
        assert_eq!(credit.to_line(), "C 2 2048\n");
        assert_eq!(Order::parse("C 2 2048").expect("a credit"), credit);
        let progress = Notice::Progress { subscriber: 1, total: 16_384 };
        assert_eq!(progress.to_line(), "P 1 16384\n");
        assert_eq!(Notice::parse("P 1 16384").expect("progress"), progress);
        assert_eq!(Order::parse(Order::Count.to_line().trim_end()).expect("a call"), Order::Count);
        let counted = Notice::Counted { published: 7, received: 5 };
        assert_eq!(Notice::parse("N 7 5").expect("an answer"), counted);
        assert_eq!(counted.to_line(), "N 7 5\n");
    }

    #[test]
    fn rare_messages_survive_their_line() {
        let order = Order::Operate { id: 7, operation: Operation::Unsubscribe(3), phase: 1 };
        assert_eq!(Order::parse(order.to_line().trim_end()).expect("an order"), order);
        let done = Notice::Done(Done { extra_threads: 1, ..Done::default() });
        assert_eq!(Notice::parse(done.to_line().trim_end()).expect("a notice"), done);
    }

    #[test]
    fn torn_lines_are_refused_with_the_line() {
        for line in ["C 1", "C 1 2 3", "P x 1", "N 1", "{\"nonsense\":1}", ""] {
            assert!(Order::parse(line).is_err(), "{line:?} was taken for an order");
            assert!(Notice::parse(line).is_err(), "{line:?} was taken for a notice");
        }
    }
}
