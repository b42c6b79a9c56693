//! A case in which somebody is cut off, somebody leaves meanwhile and the bus is shut down at last, as
//! an instrument would record it on a bus that bears all that: what the corpus doctors besides the
//! comparison.
//!
//! No other bus stands beside it: connections are cut where roles are processes of their own, and
//! nowhere else.

use daemoneye_eventbus::EventSubscription;

use super::notes::{STEP_NS, published, received, subscribed};
use crate::plan::{
    Action, Case, Count, Deed, Fault, Fence, Lane, Operation, Phase, Publish, PublisherSpec, Rate,
    SubscriberSpec, Trigger, Victim,
};
use crate::record::{
    History, Operated, Outcome, Published, PublisherLog, Resumption, SubscriberLog,
};

/// Events until the fence.
const EVENTS: u64 = 100;
/// Events after it that are accepted, and as many that come too late.
const MORE: u64 = 5;
/// How long a shutdown may take, milliseconds; this one takes no time.
const DEADLINE_MS: u64 = 1000;
/// The subscribers, by what becomes of them.
const NAMES: [&str; 3] = ["stays", "cut-off", "leaves"];
const STAYS: usize = 0;
const CUT_OFF: usize = 1;
const LEAVES: usize = 2;

/// The case and its history.
#[derive(Debug, Clone)]
pub(super) struct Struck {
    pub(super) case: Case,
    pub(super) history: History,
}

impl Struck {
    /// Everything happens in the middle of publishing.
    pub(super) fn right() -> Self {
        Self::after(EVENTS / 2, EVENTS / 4)
    }

    /// The connection is cut when there is nothing left for it to lose.
    pub(super) fn cut_off_late() -> Self {
        Self::after(EVENTS, EVENTS / 4)
    }

    /// The one that leaves has received all there was.
    pub(super) fn left_late() -> Self {
        Self::after(EVENTS / 2, EVENTS)
    }

    /// One is cut off once so many events were published, another leaves once so many were.
    fn after(cut: u64, left: u64) -> Self {
        let mut operations: Vec<Operated> = (0..NAMES.len()).map(subscribed).collect();
        operations.push(operated(cut_off(), 0, cut));
        operations.push(operated(Operation::Unsubscribe(LEAVES), 0, left));
        // The fence has a place of its own.
        operations.push(operated(Operation::Shutdown(DEADLINE_MS), 1, EVENTS + 1 + MORE));
        operations.sort_by_key(|operated| operated.call_ns);
        let published = all();
        let log = |(name, most): (&str, u64)| SubscriberLog {
            name: name.to_owned(),
            received: (1..=most)
                .zip(&published)
                .map(|(place, one)| received(one.sequence, place))
                .collect(),
            ended: true,
            ..SubscriberLog::default()
        };
        let subscribers = NAMES.into_iter().zip([EVENTS + 1 + MORE, cut, left]).map(log).collect();
        let history = History {
            publishers: vec![PublisherLog {
                name: "p0".to_owned(),
                published,
                resumed: Resumption::default(),
            }],
            subscribers,
            operations,
            ..History::default()
        };
        Self { case: case(), history }
    }

    /// Whether what is told under this name was a fault.
    pub(super) fn is_fault(&self, what: &str) -> bool {
        let mut faults = self.case.faults().map(|(_, fault)| Operation::Fault(fault));
        faults.any(|fault| fault.told(&self.case) == what)
    }

    /// The receiver of the one that was cut off waits for ever.
    pub(super) fn forget_the_cut_off(&mut self) {
        self.history.subscribers[CUT_OFF].ended = false;
    }

    /// The receiver of the one that stayed does.
    pub(super) fn forget_the_last(&mut self) {
        self.history.subscribers[STAYS].ended = false;
    }

    /// A bus that is down takes an event.
    pub(super) fn accept_the_last(&mut self) {
        let last = self.history.publishers[0].published.last_mut();
        last.expect("events were published").outcome = Outcome::Ok;
    }
}

fn case() -> Case {
    let subscriber =
        |name| SubscriberSpec::bare(EventSubscription::new(name).with_pattern("events.#"));
    let subscribers = NAMES.into_iter().map(subscriber).collect();
    let meanwhile = |operation| Action {
        // As early as may be: how late it was is the history's to tell.
        trigger: Trigger::AfterPublished(0, 1),
        operation,
        expect: "ok".to_owned(),
    };
    let phase = |name, events, actions: Vec<Operation>| Phase {
        publish: vec![Publish { publisher: 0, count: Count::Events(events), rate: Rate::Max }],
        actions: actions.into_iter().map(meanwhile).collect(),
        ..Phase::bare(name)
    };
    let struck = phase("struck", EVENTS, vec![cut_off(), Operation::Unsubscribe(LEAVES)]);
    let shut = phase("shut down", 2 * MORE, vec![Operation::Shutdown(DEADLINE_MS)]);
    Case {
        phases: vec![struck, Phase { fence: false, ..shut }],
        ..Case::bare("struck", vec![PublisherSpec::bare("p0")], subscribers)
    }
}

fn cut_off() -> Operation {
    Operation::Fault(Fault { deed: Deed::Reset, victim: Victim::Subscriber(CUT_OFF) })
}

/// Everything that is published, a fence for the one that stays in the middle.
fn all() -> Vec<Published> {
    let fence = Fence { subscriber: STAYS, lane: Lane::Events, number: 1 }.sequence();
    let before = (1..=EVENTS).chain([fence]).zip(1..);
    let after = (EVENTS + 1..=EVENTS + 2 * MORE).zip(EVENTS + 2..);
    let outcome = |sequence| if sequence > EVENTS + MORE { Outcome::Closed } else { Outcome::Ok };
    let before = before.map(|(sequence, place)| published(sequence, place));
    let after = after.map(|(sequence, place)| Published {
        phase: 1,
        outcome: outcome(sequence),
        ..published(sequence, place)
    });
    before.chain(after).collect()
}

/// What was done between the publish at this place and the next.
fn operated(operation: Operation, phase: u32, place: u64) -> Operated {
    let call_ns = place * STEP_NS + STEP_NS / 2;
    Operated { operation, phase, call_ns, return_ns: call_ns + 1, ..subscribed(0) }
}
