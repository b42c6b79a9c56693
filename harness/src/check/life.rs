//! Subscriptions in time: when each began, how it ended, whether it was read to the end.
//!
//! A subscriber that subscribes twice has two lives; each accepted `Subscribe` begins one.

use std::collections::BTreeSet;

use daemoneye_eventbus::OverflowPolicy;

use crate::plan::{Case, Operation, Reading, Victim};
use crate::record::{History, Operated};

/// One subscription from its acceptance to its end.
#[derive(Debug)]
pub(crate) struct Life {
    /// Index of the subscriber.
    pub(crate) subscriber: usize,
    /// Phase it began in; 0 also for what subscribed before the first.
    pub(crate) phase: u32,
    /// When `subscribe` was called, ns.
    pub(crate) call_ns: u64,
    /// When it returned, ns.
    pub(crate) return_ns: u64,
    /// `None` while nothing in the case ended it.
    pub(crate) end: Option<End>,
    /// Whether the receiver is read until nothing is left: a stopped or dropped one is not.
    pub(crate) reads_all: bool,
    /// Whether its policy loses nothing (C11).
    pub(crate) lossless: bool,
    /// What it must receive of what was before it.
    pub(crate) recalled: Recalled,
    /// Arrivals of events and fences somebody published, in order.
    pub(crate) arrivals: Vec<Arrival>,
    /// Arrivals nobody published: indices into the subscriber's log.
    pub(crate) strangers: Vec<u32>,
}

/// What a life must receive of what was before it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Recalled {
    /// Nothing, as usual.
    #[default]
    Nothing,
    /// These items.
    These(BTreeSet<u32>),
    /// Nobody can tell which.
    Unclear,
}

/// How a life ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// Phase it ended in.
    pub(crate) phase: u32,
    /// By what.
    pub(crate) by: EndedBy,
    /// When the ending was called, ns.
    pub(crate) call_ns: u64,
    /// When it returned, ns.
    pub(crate) return_ns: u64,
    /// Whether everything accepted was handed over, as the bus itself says.
    pub(crate) orderly: bool,
}

/// What ends a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// `unsubscribe`; what was queued is still read.
    Unsubscribe,
    /// The receiver was dropped, queue and all.
    Drop,
    /// The bus was shut down.
    Shutdown,
    /// It has no way to the bus any more: its process was killed, its connection was cut, or the
    /// broker is gone. What had come that far may still be read.
    CutOff,
}

/// One arrival of a published event or fence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// Which event: index into the trace's items.
    pub(crate) item: u32,
    /// Where it stands in the subscriber's log.
    pub(crate) at: u32,
    /// How it stands to the arrivals before it.
    pub(crate) order: Order,
}

/// How an arrival stands to those before it, per publisher and lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// In order, or a fence.
    Kept,
    /// The same event arrived before.
    Repeated,
    /// A later event arrived before.
    Overtaken,
    /// A later fence that passes this subscription arrived before.
    AfterFence,
}

/// All lives of a history, in order of their beginning.
pub(crate) fn lives(case: &Case, history: &History) -> Vec<Life> {
    let mut lives: Vec<Life> = Vec::new();
    for operated in history.operations.iter().filter(|operated| was_done(operated)) {
        match operated.operation {
            Operation::Subscribe(subscriber) => lives.push(begin(case, subscriber, operated)),
            Operation::Unsubscribe(subscriber) => {
                let id = id_of(case, subscriber);
                let named = |life: &&mut Life| id_of(case, life.subscriber) == id;
                if let Some(life) = open(&mut lives).find(named) {
                    life.end = Some(end(EndedBy::Unsubscribe, operated));
                }
            }
            Operation::DropReceiver(subscriber) => {
                if let Some(life) = open(&mut lives).find(|life| life.subscriber == subscriber) {
                    life.end = Some(end(EndedBy::Drop, operated));
                }
            }
            Operation::Shutdown(_) => {
                open(&mut lives).for_each(|life| life.end = Some(end(EndedBy::Shutdown, operated)));
            }
            Operation::Fault(fault) if fault.deed.cuts_off() => {
                let concerned = |life: &&mut Life| {
                    [Victim::Subscriber(life.subscriber), Victim::Broker].contains(&fault.victim)
                };
                open(&mut lives)
                    .filter(concerned)
                    .for_each(|life| life.end = Some(end(EndedBy::CutOff, operated)));
            }
            Operation::Fault(_)
            | Operation::StopReading(_)
            | Operation::ResumeReading(_)
            | Operation::UnsubscribeUnknown
            | Operation::PublishOne(_) => {}
        }
    }
    let reading = reading(case, history, u32::MAX);
    for life in &mut lives {
        life.reads_all = match life.end.map(|end| end.by) {
            Some(EndedBy::Unsubscribe) => true,
            Some(EndedBy::Drop | EndedBy::CutOff) => false,
            Some(EndedBy::Shutdown) | None => reading[life.subscriber],
        };
    }
    lives
}

/// By subscriber: whether it reads when this phase has ended.
pub(crate) fn reading(case: &Case, history: &History, phase: u32) -> Vec<bool> {
    let mut reading: Vec<bool> =
        case.topology.subscribers.iter().map(|spec| spec.reading == Reading::Prompt).collect();
    let done = history.operations.iter().filter(|operated| was_done(operated));
    for operated in done.filter(|operated| operated.phase <= phase) {
        match operated.operation {
            Operation::StopReading(subscriber) => reading[subscriber] = false,
            Operation::ResumeReading(subscriber) => reading[subscriber] = true,
            _ => {}
        }
    }
    reading
}

/// A shutdown closes the bus even when it errs; everything else is undone by an error.
fn was_done(operated: &Operated) -> bool {
    operated.outcome == "ok" || matches!(operated.operation, Operation::Shutdown(_))
}

fn begin(case: &Case, subscriber: usize, operated: &Operated) -> Life {
    let policy = case.topology.subscribers[subscriber].subscription.policy;
    Life {
        subscriber,
        phase: if operated.phase == u32::MAX { 0 } else { operated.phase },
        call_ns: operated.call_ns,
        return_ns: operated.return_ns,
        end: None,
        reads_all: false,
        lossless: policy == OverflowPolicy::Block,
        recalled: Recalled::Nothing,
        arrivals: Vec::new(),
        strangers: Vec::new(),
    }
}

fn end(by: EndedBy, operated: &Operated) -> End {
    End {
        phase: operated.phase,
        by,
        call_ns: operated.call_ns,
        return_ns: operated.return_ns,
        orderly: operated.outcome == "ok",
    }
}

fn open(lives: &mut [Life]) -> impl Iterator<Item = &mut Life> {
    lives.iter_mut().filter(|life| life.end.is_none())
}

fn id_of(case: &Case, subscriber: usize) -> &str {
    &case.topology.subscribers[subscriber].subscription.subscriber_id
}
