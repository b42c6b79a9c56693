//! Whether a history can have happened at all: indices in range, stamps in order, nothing missing.
//!
//! What fails here is a defect of the recording, never a verdict on the bus. What a bus could have
//! caused (an altered identity, an arrival of something unpublished) is left to the rules.

use crate::plan::{Case, Count, Operation, Victim};
use crate::record::{
    FENCE, FENCE_SUBSCRIBER, History, Operated, Outcome, Published, PublisherLog, Received,
    SubscriberLog, UNKNOWN_PUBLISHER,
};

/// Most defects listed: one is enough to distrust a history.
const MAX_DEFECTS: usize = 20;

/// Every defect found, as sentences; empty for a history fit to be judged.
pub(crate) fn lint(case: &Case, history: &History) -> Vec<String> {
    let mut defects = Vec::new();
    lint_names(case, history, &mut defects);
    lint_operations(case, history, &mut defects);
    if defects.is_empty() {
        for (index, log) in history.publishers.iter().enumerate() {
            lint_publisher(case, log, &mut defects);
            lint_counts(case, index, log, history.killed_in(index), &mut defects);
        }
        if defects.is_empty() {
            let calls = Calls::of(history);
            for (index, log) in history.subscribers.iter().enumerate() {
                lint_subscriber(&calls, index, log, &mut defects);
            }
        }
    }
    defects.truncate(MAX_DEFECTS);
    defects
}

fn lint_names(case: &Case, history: &History, defects: &mut Vec<String>) {
    let planned = case.topology.publishers.iter().map(|spec| spec.name.as_str());
    if !planned.eq(history.publishers.iter().map(|log| log.name.as_str())) {
        defects.push("the publishers of the history are not those of the case".to_owned());
    }
    let planned = case.topology.subscribers.iter().map(|spec| spec.name.as_str());
    if !planned.eq(history.subscribers.iter().map(|log| log.name.as_str())) {
        defects.push("the subscribers of the history are not those of the case".to_owned());
    }
    if history.publishers.len() >= usize::from(UNKNOWN_PUBLISHER) {
        defects.push("the case has more publishers than an arrival can name".to_owned());
    }
}

fn lint_operations(case: &Case, history: &History, defects: &mut Vec<String>) {
    let (publishers, subscribers) =
        (case.topology.publishers.len(), case.topology.subscribers.len());
    let mut last_call_ns = 0;
    for (number, operated) in history.operations.iter().enumerate() {
        let known = match operated.operation {
            Operation::Subscribe(index)
            | Operation::Unsubscribe(index)
            | Operation::DropReceiver(index)
            | Operation::StopReading(index)
            | Operation::ResumeReading(index) => index < subscribers,
            Operation::PublishOne(index) => index < publishers,
            Operation::Fault(fault) => match fault.victim {
                Victim::Broker => true,
                Victim::Publisher(index) => index < publishers,
                Victim::Subscriber(index) => index < subscribers,
            },
            Operation::UnsubscribeUnknown | Operation::Shutdown(_) => true,
        };
        if !known {
            defects.push(format!("operation {number} names nobody in the case"));
        }
        if operated.call_ns > operated.return_ns {
            defects.push(format!("operation {number} returned before it was called"));
        }
        if operated.call_ns < last_call_ns {
            defects.push(format!("operation {number} was called before the one listed before it"));
        }
        if !phase_exists(case, operated) {
            defects.push(format!("operation {number} belongs to no phase of the case"));
        }
        last_call_ns = operated.call_ns;
    }
    for (index, spec) in case.topology.subscribers.iter().enumerate() {
        let subscribes = |operated: &Operated| operated.operation == Operation::Subscribe(index);
        if spec.from_start && !history.operations.iter().any(subscribes) {
            defects.push(format!("{} never tried to subscribe", spec.name));
        }
    }
}

fn phase_exists(case: &Case, operated: &Operated) -> bool {
    let before_start =
        operated.phase == u32::MAX && matches!(operated.operation, Operation::Subscribe(_));
    before_start || (operated.phase as usize) < case.phases.len()
}

fn lint_publisher(case: &Case, log: &PublisherLog, defects: &mut Vec<String>) {
    let name = &log.name;
    let (mut expected, mut last_call_ns, mut last_phase) = (1, 0, 0);
    for published in &log.published {
        let Published { sequence, phase, call_ns, return_ns, .. } = *published;
        if sequence & FENCE == 0 {
            if sequence != expected {
                defects.push(format!("{name}#{sequence} stands where {name}#{expected} belongs"));
                return;
            }
            expected += 1;
        } else if sequence & FENCE_SUBSCRIBER >= case.topology.subscribers.len() as u64 {
            defects.push(format!("{name} fenced a subscriber that the case does not have"));
        }
        if call_ns > return_ns {
            defects.push(format!("{name}#{} returned before it was called", sequence & !FENCE));
        }
        if call_ns < last_call_ns {
            defects.push(format!("{name}#{} was called before its forerunner", sequence & !FENCE));
        }
        if phase < last_phase || phase as usize >= case.phases.len() {
            defects.push(format!("{name}#{} belongs to no later phase", sequence & !FENCE));
        }
        if sequence & FENCE == 0 && published.digest == 0 {
            defects.push(format!("{name}#{sequence} was recorded without a digest"));
        }
        (last_call_ns, last_phase) = (call_ns, phase);
    }
}

/// A publisher that was never refused, and lived, published all it was told to.
fn lint_counts(
    case: &Case,
    index: usize,
    log: &PublisherLog,
    died_in: Option<u32>,
    defects: &mut Vec<String>,
) {
    let phases = (0_u32..).zip(&case.phases);
    for (number, phase) in phases.filter(|(number, _)| died_in.is_none_or(|died| *number < died)) {
        let in_phase =
            || log.published.iter().filter(|one| one.phase == number && one.sequence & FENCE == 0);
        if in_phase().any(|published| published.outcome != Outcome::Ok) {
            continue;
        }
        let told = phase.publish.iter().filter(|publish| publish.publisher == index);
        let events: u64 = told
            .map(|publish| match publish.count {
                Count::Events(events) => events,
                Count::ForMs(_) | Count::UntilRefused => 0,
            })
            .sum();
        let found = in_phase().count() as u64;
        if found < events {
            defects.push(format!(
                "{} published {found} of {events} events in phase {:?} and was never refused",
                log.name, phase.name
            ));
        }
    }
}

/// When things were called, ns: nothing arrives before.
struct Calls {
    /// By subscriber: each of its accepted subscribes.
    subscribes: Vec<Vec<u64>>,
    /// By publisher: each of its events, by sequence − 1.
    publishes: Vec<Vec<u64>>,
}

impl Calls {
    fn of(history: &History) -> Self {
        let subscribes_of = |index: usize| {
            let accepted = history.operations.iter().filter(move |operated| {
                operated.operation == Operation::Subscribe(index) && operated.outcome == "ok"
            });
            accepted.map(|operated| operated.call_ns).collect()
        };
        let publishes_of = |log: &PublisherLog| {
            let events = log.published.iter().filter(|one| one.sequence & FENCE == 0);
            events.map(|published| published.call_ns).collect()
        };
        Self {
            subscribes: (0..history.subscribers.len()).map(subscribes_of).collect(),
            publishes: history.publishers.iter().map(publishes_of).collect(),
        }
    }

    /// `None` for fences and for what nobody published.
    fn publish_ns(&self, received: &Received) -> Option<u64> {
        let index = usize::try_from(received.sequence.checked_sub(1)?).ok()?;
        self.publishes.get(usize::from(received.publisher))?.get(index).copied()
    }
}

fn lint_subscriber(calls: &Calls, index: usize, log: &SubscriberLog, defects: &mut Vec<String>) {
    let mut last_ns = 0;
    for (number, received) in log.received.iter().enumerate() {
        let defect = |what: &str| format!("arrival {number} of {} {what}", log.name);
        if received.publisher != UNKNOWN_PUBLISHER
            && usize::from(received.publisher) >= calls.publishes.len()
        {
            defects.push(defect("names a publisher that does not exist"));
        }
        match calls.subscribes[index].get(usize::from(received.subscription)) {
            None => defects.push(defect("came on a subscription that never began")),
            Some(begun) if received.receive_ns < *begun => {
                defects.push(defect("came before its subscription was called"));
            }
            Some(_) => {}
        }
        if received.receive_ns < last_ns {
            defects.push(defect("is stamped before the one before it"));
        }
        if calls.publish_ns(received).is_some_and(|called| received.receive_ns < called) {
            defects.push(defect("came before its event was published"));
        }
        if received.digest == 0 && received.sequence & FENCE == 0 {
            defects.push(defect("was recorded without a digest"));
        }
        if defects.len() >= MAX_DEFECTS {
            return;
        }
        last_ns = received.receive_ns;
    }
}
