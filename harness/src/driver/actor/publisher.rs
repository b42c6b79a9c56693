//! One publisher: a thread that does its share of every phase, and fences when told to.
//!
//! Open loops sleep to absolute deadlines and stamp `start = max(planned, wake)`, so that a
//! publish that is late because an earlier one waited is late in the figures too (METHOD §2).

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use daemoneye_eventbus::{CollectionEvent, EventBus};

use super::assignment::Assignment;
use super::credits::Credits;
use super::executor::Executor;
use super::link::Link;
use super::pacing::sleep_until;
use super::protocol::{Notice, Share};
use super::stream::{Stamped, Stream};
use super::tally::Tally;
use crate::driver::bus::{outcome, outcome_code};
use crate::driver::records::{Recorder, Timing, names, write_all};
use crate::plan::{Count, Fence, Publish, Rate, TrialKind, Trigger, Victim, digest, table};
use crate::record::{Outcome, Published};

/// A closed loop without credit looks at its deadline this often.
const CREDIT_LOOK: Duration = Duration::from_millis(50);
/// A closed loop without an end in time gives up after so long without credit (C14).
const CREDIT_LIMIT: Duration = Duration::from_secs(20);
/// The first planned moment of an open loop lies this far ahead, so that it is not late at birth.
const LEAD_NS: u64 = 2_000_000;
/// Records reserved in advance when the plan does not say how many there will be.
const RESERVED_RECORDS: usize = 16 * 1024;

/// What a publisher's thread is told.
#[derive(Debug)]
pub(super) enum PublisherOrder {
    /// Do the share of this phase.
    Run { phase: u32 },
    /// Send one fence.
    Fence { fence: Fence, phase: u32 },
    /// Publish one more event, as an action.
    One { id: u64, phase: u32 },
    /// Write the records and end.
    Finish,
}

pub(super) struct Publisher {
    index: usize,
    assignment: Arc<Assignment>,
    /// `None` in the void.
    bus: Option<Arc<dyn EventBus>>,
    executor: Executor,
    link: Link,
    credits: Credits,
    /// Measured events of open loops begun so far.
    tally: Tally,
    stream: Stream,
    /// What a collector holds besides; nothing reads it, it is there to be weighed.
    table: Vec<CollectionEvent>,
    /// Behaviour: every publish, in memory until the end.
    published: Vec<Published>,
    /// Behaviour, where the plan kills it: every publish before and after its call, at once.
    announced: Option<Recorder<Published>>,
    /// Open loops: the stamps of every publish, through a small buffer.
    timing: Option<Recorder<Timing>>,
    /// The running number of the next event.
    next: u64,
    /// What `tally` tells.
    begun: u64,
    /// The return of the most recent sleep, ns.
    wake_ns: u64,
}

impl Publisher {
    /// A publisher on the calling thread.
    pub(super) fn new(
        index: usize,
        assignment: Arc<Assignment>,
        bus: Option<Arc<dyn EventBus>>,
        link: Link,
        credits: Credits,
        tally: Tally,
    ) -> Result<Self, String> {
        let kind = assignment.case.kind;
        let timing = match kind {
            TrialKind::Paced => Some(
                Recorder::create(&names::timing(&assignment.directory, index))
                    .map_err(|cause| format!("timing records: {cause}"))?,
            ),
            _ => None,
        };
        let announced = if assignment.case.kills(Victim::Publisher(index)) {
            let recorder = Recorder::through(&names::published(&assignment.directory, index));
            Some(recorder.map_err(|cause| format!("records: {cause}"))?)
        } else {
            None
        };
        let spec = &assignment.case.topology.publishers[index];
        let reserved = if kind == TrialKind::Behaviour { RESERVED_RECORDS } else { 0 };
        Ok(Self {
            index,
            table: table(&spec.name, spec.table),
            stream: Stream::new(&assignment.case, index).map_err(|cause| cause.to_string())?,
            assignment,
            bus,
            executor: Executor::for_this_thread(),
            link,
            credits,
            tally,
            published: Vec::with_capacity(reserved),
            announced,
            timing,
            next: 1,
            begun: 0,
            wake_ns: monotonic_ns(),
        })
    }

    /// Obeys until told to finish; `complaints` are what could not be written.
    pub(super) fn run(mut self, orders: &Receiver<PublisherOrder>) -> Vec<String> {
        while let Ok(order) = orders.recv() {
            match order {
                PublisherOrder::Run { phase } => {
                    let share = self.share_of(phase);
                    self.link.tell(&Notice::Finished { publisher: self.index, share });
                }
                PublisherOrder::Fence { fence, phase } => self.fence(fence, phase),
                PublisherOrder::One { id, phase } => self.one(id, phase),
                PublisherOrder::Finish => break,
            }
        }
        self.finish()
    }

    fn share_of(&mut self, phase: u32) -> Share {
        let assignment = Arc::clone(&self.assignment);
        let plan = &assignment.case.phases[phase as usize];
        let Some(publish) = plan.publish.iter().find(|publish| publish.publisher == self.index)
        else {
            return Share::default();
        };
        let marks = Marks::of(&assignment, phase, publish);
        if let Some(planned) = self.stream.schedule(publish, phase) {
            return self.open_loop(phase, &planned, &marks);
        }
        let credits = matches!(publish.rate, Rate::Window(_)).then(|| self.credits.clone());
        self.closed_loop(phase, publish.count, credits.as_ref(), &marks)
    }

    /// Publishes as fast as the bus, and the credit if there is one, allow.
    fn closed_loop(
        &mut self,
        phase: u32,
        count: Count,
        credits: Option<&Credits>,
        marks: &Marks,
    ) -> Share {
        let began = monotonic_ns();
        let (most, until_ns) = bounds(count, began);
        let mut share = Share::default();
        let mut allowed = if credits.is_some() { 0 } else { u64::MAX };
        while share.called < most {
            if let Some(credits) = credits.filter(|_| share.called >= allowed) {
                let look = if until_ns == u64::MAX { CREDIT_LIMIT } else { CREDIT_LOOK };
                allowed = credits.beyond(share.called, look);
                self.wake_ns = monotonic_ns();
                if share.called >= allowed && (until_ns == u64::MAX || self.wake_ns >= until_ns) {
                    break;
                }
                if share.called >= allowed {
                    continue;
                }
            }
            let now = monotonic_ns();
            if now >= until_ns {
                break;
            }
            let call = self.publish(phase, now);
            share.called += 1;
            share.accepted += u64::from(call.outcome == Outcome::Ok);
            marks.tell(&self.link, self.index, share.called);
            if is_final(call.outcome, count) {
                break;
            }
        }
        share.elapsed_ns = monotonic_ns() - began;
        share
    }

    /// Publishes at planned moments, `planned` being offsets from a common start, ns.
    fn open_loop(&mut self, phase: u32, planned: &[u64], marks: &Marks) -> Share {
        let base = monotonic_ns() + LEAD_NS;
        let measured = self.assignment.case.phases[phase as usize].measured;
        let mut share = Share::default();
        for offset in planned {
            let planned_ns = base + offset;
            if let Some(woke) = sleep_until(planned_ns) {
                self.wake_ns = woke;
            }
            let start_ns = planned_ns.max(self.wake_ns);
            let sequence = self.next;
            self.begun += u64::from(measured);
            self.tally.set(self.begun);
            let Call { outcome, call_ns, return_ns } = self.publish(phase, start_ns);
            share.called += 1;
            share.accepted += u64::from(outcome == Outcome::Ok);
            share.inside_ns += return_ns - call_ns;
            share.elapsed_ns = return_ns.saturating_sub(base);
            let wake_ns = self.wake_ns;
            if let Some(timing) = &mut self.timing {
                // A full disk shows as a torn file when the driver reads it.
                let _ =
                    timing.record(&Timing { sequence, planned_ns, wake_ns, call_ns, return_ns });
            }
            marks.tell(&self.link, self.index, share.called);
            if is_final(outcome, Count::Events(0)) {
                break;
            }
        }
        share.planned_ns = planned.last().copied().unwrap_or_default();
        share
    }

    fn publish(&mut self, phase: u32, start_ns: u64) -> Call {
        let sequence = self.next;
        self.next += 1;
        let stamped = self.stream.event(sequence, start_ns, unix_ns());
        self.hand_over(phase, sequence, stamped)
    }

    fn hand_over(&mut self, phase: u32, sequence: u64, stamped: Stamped) -> Call {
        let Some(bus) = &self.bus else {
            // The void: the event was built and stamped, and goes nowhere.
            let call_ns = monotonic_ns();
            std::hint::black_box(stamped);
            return Call { outcome: Outcome::Ok, call_ns, return_ns: monotonic_ns() };
        };
        let Stamped { topic, event, correlation } = stamped;
        let kept = self.assignment.case.kind == TrialKind::Behaviour;
        let digest = if kept { digest(&topic, &event, correlation.as_ref()) } else { 0 };
        if let Some(recorder) = &mut self.announced {
            let now = monotonic_ns();
            let (call_ns, return_ns, outcome) = (now, now, Outcome::Unknown);
            let call = Published { sequence, phase, call_ns, return_ns, outcome, digest };
            // A full disk shows as an arrival of what nobody published.
            let _ = recorder.record(&call);
        }
        let call_ns = monotonic_ns();
        let result = self.executor.block_on(bus.publish_to(topic, event, correlation));
        let return_ns = monotonic_ns();
        let outcome = outcome(&result);
        if kept {
            let published = Published { sequence, phase, call_ns, return_ns, outcome, digest };
            match &mut self.announced {
                Some(recorder) => drop(recorder.record(&published)),
                None => self.published.push(published),
            }
        }
        Call { outcome, call_ns, return_ns }
    }

    fn fence(&mut self, fence: Fence, phase: u32) {
        let stamped = self.stream.fence(fence, monotonic_ns());
        let accepted = self.hand_over(phase, fence.sequence(), stamped).outcome == Outcome::Ok;
        self.link.tell(&Notice::FenceSent { publisher: self.index, accepted });
    }

    fn one(&mut self, id: u64, phase: u32) {
        let Call { outcome, call_ns, return_ns } = self.publish(phase, monotonic_ns());
        let outcome = outcome_code(outcome).to_owned();
        self.link.tell(&Notice::Operated { id, call_ns, return_ns, outcome });
    }

    fn finish(self) -> Vec<String> {
        // Held until here, whatever the optimiser thinks of a table nobody reads.
        std::hint::black_box(&self.table);
        let mut complaints = Vec::new();
        if self.assignment.case.kind == TrialKind::Behaviour && self.announced.is_none() {
            let path = names::published(&self.assignment.directory, self.index);
            if let Err(cause) = write_all(&path, &self.published) {
                complaints.push(format!("{}: {cause}", path.display()));
            }
        }
        if let Some(Err(cause)) = self.timing.map(Recorder::finish) {
            complaints.push(format!("timing records: {cause}"));
        }
        complaints
    }
}

/// One call of `publish`, as it went.
struct Call {
    outcome: Outcome,
    call_ns: u64,
    return_ns: u64,
}

/// The counts a publisher tells the harness about: those triggers wait for, and in the void
/// every eighth of the window, from which subscribers learn how many events to make.
struct Marks {
    at: Vec<u64>,
    every: Option<u64>,
}

impl Marks {
    fn of(assignment: &Assignment, phase: u32, publish: &Publish) -> Self {
        let actions = &assignment.case.phases[phase as usize].actions;
        let at = actions.iter().filter_map(|action| match action.trigger {
            Trigger::AfterPublished(publisher, count) if publisher == publish.publisher => {
                Some(count)
            }
            _ => None,
        });
        let every = match publish.rate {
            Rate::Window(window) if assignment.void => Some((window / 8).max(1)),
            _ => None,
        };
        Self { at: at.collect(), every }
    }

    fn tell(&self, link: &Link, publisher: usize, count: u64) {
        let due = self.every.is_some_and(|every| count.is_multiple_of(every));
        if due || self.at.contains(&count) {
            link.tell(&Notice::Sent { publisher, count });
        }
    }
}

/// The most events and the latest moment a count allows.
fn bounds(count: Count, began_ns: u64) -> (u64, u64) {
    match count {
        Count::Events(events) => (events, u64::MAX),
        Count::ForMs(milliseconds) => (u64::MAX, began_ns + milliseconds * 1_000_000),
        Count::UntilRefused => (u64::MAX, u64::MAX),
    }
}

/// Whether a publisher stops here: the bus is gone, or a refusal was what it waited for.
fn is_final(ended: Outcome, count: Count) -> bool {
    match ended {
        Outcome::Ok => false,
        Outcome::Closed | Outcome::Unknown => true,
        _ => count == Count::UntilRefused,
    }
}
