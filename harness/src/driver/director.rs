//! What the driver knows while a trial runs: who is subscribed, who reads, what was done.

use std::collections::BTreeMap;
use std::time::Duration;

use daemoneye_eventbus::EventBusStatistics;
use tokio::time::Instant;

use super::actor::assignment::Part;
use super::actor::protocol::{Notice, Order, Share};
use super::error::DriveError;
use super::session::Session;
use crate::plan::{Bus, Case, Operation, Reading};
use crate::record::Operated;

/// An action ends within the publish limit of any bus plus a shutdown's deadline.
pub(super) const OPERATION_LIMIT: Duration = Duration::from_mins(1);
/// Counters are told within this time.
const STATISTICS_LIMIT: Duration = Duration::from_secs(15);
/// After the last fences, what a broker holds back is handed over, and counted, within this time.
const QUIESCENCE_LIMIT: Duration = Duration::from_secs(10);
/// Between two readings of the counters while they still move.
const QUIESCENCE_POLL: Duration = Duration::from_millis(2);
/// Phase number of what happens before the first phase.
pub(super) const BEFORE: u32 = u32::MAX;

/// The state of one trial.
pub(super) struct Director {
    pub(super) case: Case,
    pub(super) bus: Bus,
    pub(super) void: bool,
    pub(super) session: Session,
    pub(super) operations: Vec<Operated>,
    pub(super) samples: Vec<EventBusStatistics>,
    /// The bus's counters when the last fences had arrived; only then is it quiescent (C12).
    pub(super) after_fence: Option<EventBusStatistics>,
    /// Why the trial may not be what it should be.
    pub(super) doubts: Vec<String>,
    /// What publishers did, by phase.
    pub(super) shares: Vec<(u32, usize, Share)>,
    pub(super) fence_round: u64,
    /// Total received, by subscriber, as last told.
    pub(super) totals: Vec<u64>,
    /// Published in this phase, by publisher, as last told.
    pub(super) sent: Vec<u64>,
    live: Vec<bool>,
    reading: Vec<bool>,
    pub(super) shut_down: bool,
    pending: BTreeMap<u64, Pending>,
    next_id: u64,
}

/// An action under way.
struct Pending {
    operation: Operation,
    phase: u32,
    /// `None` for the driver's own, which no history holds.
    expect: Option<String>,
}

impl Director {
    pub(super) fn new(case: Case, bus: Bus, void: bool, session: Session) -> Self {
        let subscribers = &case.topology.subscribers;
        Self {
            live: vec![false; subscribers.len()],
            reading: subscribers.iter().map(|spec| spec.reading == Reading::Prompt).collect(),
            totals: vec![0; subscribers.len()],
            sent: vec![0; case.topology.publishers.len()],
            case,
            bus,
            void,
            session,
            operations: Vec::new(),
            samples: Vec::new(),
            after_fence: None,
            doubts: Vec::new(),
            shares: Vec::new(),
            fence_round: 0,
            shut_down: false,
            pending: BTreeMap::new(),
            next_id: 0,
        }
    }

    /// Subscribers that would take a fence now.
    pub(super) fn reading_subscribers(&self) -> Vec<usize> {
        if self.shut_down { Vec::new() } else { self.readers() }
    }

    /// Subscribers that are subscribed and read.
    pub(super) fn readers(&self) -> Vec<usize> {
        (0..self.live.len()).filter(|index| self.live[*index] && self.reading[*index]).collect()
    }

    /// Whether anybody that is subscribed has stopped reading.
    pub(super) fn somebody_stalls(&self) -> bool {
        (0..self.live.len()).any(|index| self.live[index] && !self.reading[index])
    }

    /// Begins an action; its answer is noted when it comes.
    pub(super) async fn begin(
        &mut self,
        operation: Operation,
        phase: u32,
        expect: Option<String>,
    ) -> Result<u64, DriveError> {
        let part = match operation {
            Operation::Subscribe(subscriber)
            | Operation::Unsubscribe(subscriber)
            | Operation::DropReceiver(subscriber)
            | Operation::StopReading(subscriber)
            | Operation::ResumeReading(subscriber) => Part::Subscriber(subscriber),
            Operation::UnsubscribeUnknown => Part::Subscriber(0),
            Operation::Shutdown(_) => Part::Bus,
            Operation::PublishOne(publisher) => Part::Publisher(publisher),
        };
        let id = self.next_id;
        self.next_id += 1;
        let order = Order::Operate { id, operation: operation.clone(), phase };
        self.pending.insert(id, Pending { operation, phase, expect });
        self.session.tell(part, &order).await?;
        Ok(id)
    }

    /// Does an action and waits for its answer.
    pub(super) async fn operate(
        &mut self,
        operation: Operation,
        phase: u32,
        expect: Option<String>,
    ) -> Result<(), DriveError> {
        let id = self.begin(operation, phase, expect).await?;
        let until = Instant::now() + OPERATION_LIMIT;
        while self.pending.contains_key(&id) {
            let (_, notice) =
                self.session.hear("the end of an action", OPERATION_LIMIT, until).await?;
            self.note(&notice);
        }
        Ok(())
    }

    /// Whether an action is under way.
    pub(super) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes in whatever an actor said.
    pub(super) fn note(&mut self, notice: &Notice) {
        match notice {
            Notice::Operated { id, call_ns, return_ns, outcome } => {
                if let Some(pending) = self.pending.remove(id) {
                    self.operated(pending, *call_ns, *return_ns, outcome);
                }
            }
            Notice::Progress { subscriber, total } | Notice::Phased { subscriber, total } => {
                self.totals[*subscriber] = *total;
            }
            Notice::Sent { publisher, count } => self.sent[*publisher] = *count,
            // A fence that comes after its limit changes nothing; the history has it.
            Notice::Fenced { .. }
            | Notice::FenceSent { .. }
            | Notice::Counted { .. }
            | Notice::Ready
            | Notice::Finished { .. }
            | Notice::Counters { .. }
            | Notice::Draining { .. }
            | Notice::Drained { .. }
            | Notice::Done(_)
            | Notice::Failed { .. } => {}
        }
    }

    fn operated(&mut self, pending: Pending, call_ns: u64, return_ns: u64, outcome: &str) {
        let Pending { operation, phase, expect } = pending;
        let ok = outcome == "ok";
        match operation {
            Operation::Subscribe(subscriber) if ok => self.live[subscriber] = true,
            Operation::Unsubscribe(subscriber) | Operation::DropReceiver(subscriber) if ok => {
                self.live[subscriber] = false;
            }
            Operation::StopReading(subscriber) => self.reading[subscriber] = false,
            Operation::ResumeReading(subscriber) => self.reading[subscriber] = true,
            Operation::Shutdown(_) => self.shut_down = true,
            _ => {}
        }
        if let Some(expect) = expect {
            let outcome = outcome.to_owned();
            self.operations.push(Operated {
                operation,
                phase,
                call_ns,
                return_ns,
                outcome,
                expect,
            });
        }
    }

    /// The bus's counters when they rest: two readings in a row agree, and nothing is held back for
    /// anybody who reads. After the limit, as they are: the checks say what is wrong with them.
    pub(super) async fn statistics_at_rest(
        &mut self,
    ) -> Result<Option<EventBusStatistics>, DriveError> {
        let until = Instant::now() + QUIESCENCE_LIMIT;
        let mut before = None;
        loop {
            let Some(now) = self.statistics().await? else { return Ok(None) };
            let is_at_rest = !self.holds_back(&now)
                && before.as_ref().is_some_and(|before| counts_agree(before, &now));
            if is_at_rest || Instant::now() >= until {
                return Ok(Some(now));
            }
            before = Some(now);
            self.idle(QUIESCENCE_POLL).await?;
        }
    }

    /// Lets time pass that belongs to the workload.
    pub(super) async fn idle(&mut self, time: Duration) -> Result<(), DriveError> {
        let until = Instant::now() + time;
        loop {
            match self.session.hear("quiet time", time, until).await {
                Ok((_, notice)) => self.note(&notice),
                Err(DriveError::Limit { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether something is queued for a subscription that is being read.
    fn holds_back(&self, statistics: &EventBusStatistics) -> bool {
        let subscribers = self.case.topology.subscribers.iter().zip(&self.reading);
        let stalled: Vec<&str> = subscribers
            .filter(|(_, reads)| !**reads)
            .map(|(spec, _)| spec.subscription.subscriber_id.as_str())
            .collect();
        let mut rows = statistics.subscriptions.iter();
        rows.any(|row| row.queued > 0 && !stalled.contains(&row.subscriber_id.as_str()))
    }

    /// The bus's counters now; `None` with a doubt when the bus does not tell.
    pub(super) async fn statistics(&mut self) -> Result<Option<EventBusStatistics>, DriveError> {
        if self.void {
            return Ok(None);
        }
        self.session.tell(Part::Bus, &Order::Statistics).await?;
        let until = Instant::now() + STATISTICS_LIMIT;
        loop {
            let (_, notice) = self.session.hear("counters", STATISTICS_LIMIT, until).await?;
            match notice {
                Notice::Counters { statistics, why } => {
                    if statistics.is_none() && !self.shut_down {
                        self.doubts.push(format!("no counters: {why}"));
                    }
                    return Ok(statistics);
                }
                other => self.note(&other),
            }
        }
    }
}

/// Whether two readings differ in nothing but their time.
fn counts_agree(one: &EventBusStatistics, other: &EventBusStatistics) -> bool {
    let EventBusStatistics {
        events_published,
        events_delivered,
        events_dropped,
        active_subscribers,
        uptime: _,
        subscriptions,
    } = one;
    *events_published == other.events_published
        && *events_delivered == other.events_delivered
        && *events_dropped == other.events_dropped
        && *active_subscribers == other.active_subscribers
        && *subscriptions == other.subscriptions
}
