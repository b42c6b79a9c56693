//! Following workflows: what happened under one root, in order, as far as memory allows (R6).

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use bytestring::ByteString;

use super::nanoseconds;
use crate::clock::monotonic_ns;
use crate::contract::{BusEvent, CorrelationId, EventId, EventReceiver};
use crate::topic::Topic;

/// Steps kept of all workflows together, by default (R6).
pub const DEFAULT_ENTRY_LIMIT: usize = 10_000;
/// Workflows kept, by default (R6).
pub const DEFAULT_WORKFLOW_LIMIT: usize = 1_000;
/// How long a workflow is kept after its last step, by default (R6).
pub const DEFAULT_WORKFLOW_AGE: Duration = Duration::from_mins(5);

/// Settings of a [`CorrelationTracker`].
#[derive(Debug, Clone, Copy)]
pub struct TrackingConfig {
    /// Steps kept of all workflows together.
    pub entry_limit: usize,
    /// Workflows kept. At either limit the one goes that has been quiet for longest, of those of
    /// one step first: most events belong to no workflow but their own.
    pub workflow_limit: usize,
    /// How long a workflow is kept after its last step.
    pub age: Duration,
}

impl Default for TrackingConfig {
    fn default() -> Self {
        Self {
            entry_limit: DEFAULT_ENTRY_LIMIT,
            workflow_limit: DEFAULT_WORKFLOW_LIMIT,
            age: DEFAULT_WORKFLOW_AGE,
        }
    }
}

/// Timelines of the workflows seen last.
#[derive(Debug, Default)]
pub struct CorrelationTracker {
    config: TrackingConfig,
    /// By the text of their roots.
    workflows: HashMap<ByteString, Workflow>,
    /// Who goes first.
    leaving: BTreeSet<Leaving>,
    entries: usize,
    forgotten: u64,
}

#[derive(Debug)]
struct Workflow {
    steps: VecDeque<TimelineEntry>,
    place: Leaving,
}

/// Orders workflows by when they go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Leaving {
    /// Has several steps; those that do not go first.
    is_long: bool,
    touched_ns: u64,
    root: ByteString,
}

/// One step of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// Which event.
    pub event: EventId,
    /// Where it was published.
    pub topic: Topic,
    /// When: `CLOCK_MONOTONIC`, nanoseconds.
    pub published_monotonic_ns: u64,
    /// Its own correlation.
    pub id: CorrelationId,
    /// What caused it.
    pub parent: Option<CorrelationId>,
    /// The stage of the workflow.
    pub stage: Option<ByteString>,
    /// Its number within the workflow.
    pub sequence: u64,
}

impl CorrelationTracker {
    /// Has seen nothing yet.
    pub fn new(config: TrackingConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Observes everything a receiver brings until it ends. Cancel safe: an event that was taken
    /// was observed.
    pub async fn follow(&mut self, events: &mut EventReceiver) {
        while let Some(event) = events.recv().await {
            self.observe(&event, monotonic_ns());
        }
    }

    /// Adds an event to its workflow, and forgets what is too old or too much.
    pub fn observe(&mut self, event: &BusEvent, now_ns: u64) {
        self.expire(now_ns);
        let root = event.correlation.root.to_byte_string();
        let mut steps = self.take(&root);
        steps.push_back(TimelineEntry::of(event));
        while steps.len() > self.config.entry_limit {
            steps.pop_front();
            self.forgotten += 1;
        }
        while self.is_over(steps.len()) && self.forget_first() {}
        self.put(root, steps, now_ns);
    }

    /// Forgets workflows that have been quiet for too long.
    pub fn expire(&mut self, now_ns: u64) {
        let age_ns = nanoseconds(self.config.age);
        let is_old = |place: &Leaving| now_ns.saturating_sub(place.touched_ns) >= age_ns;
        for is_long in [false, true] {
            while let Some(oldest) = self.oldest(is_long).filter(|oldest| is_old(oldest)).cloned() {
                self.forgotten += self.take(&oldest.root).len() as u64;
            }
        }
    }

    /// The steps of a workflow in the order they arrived; none when it is not, or no longer, known.
    pub fn timeline(&self, root: &CorrelationId) -> Vec<TimelineEntry> {
        let workflow = self.workflows.get(&root.to_byte_string());
        workflow.map(|workflow| workflow.steps.iter().cloned().collect()).unwrap_or_default()
    }

    /// Roots of the workflows that are known, those that go first first.
    pub fn roots(&self) -> impl Iterator<Item = &ByteString> {
        self.leaving.iter().map(|place| &place.root)
    }

    /// Steps that are kept.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Steps that were observed and are no longer kept.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Whether another workflow of so many steps would be too much.
    fn is_over(&self, steps: usize) -> bool {
        self.workflows.len() >= self.config.workflow_limit
            || self.entries + steps > self.config.entry_limit
    }

    fn forget_first(&mut self) -> bool {
        let Some(first) = self.leaving.first().cloned() else { return false };
        self.forgotten += self.take(&first.root).len() as u64;
        true
    }

    fn oldest(&self, is_long: bool) -> Option<&Leaving> {
        let from = Leaving { is_long, touched_ns: 0, root: ByteString::new() };
        self.leaving.range(from..).next().filter(|place| place.is_long == is_long)
    }

    /// Takes a workflow out; none of its steps when there is none.
    fn take(&mut self, root: &ByteString) -> VecDeque<TimelineEntry> {
        let Some(workflow) = self.workflows.remove(root) else { return VecDeque::new() };
        self.leaving.remove(&workflow.place);
        self.entries -= workflow.steps.len();
        workflow.steps
    }

    fn put(&mut self, root: ByteString, steps: VecDeque<TimelineEntry>, touched_ns: u64) {
        self.entries += steps.len();
        let place = Leaving { is_long: steps.len() > 1, touched_ns, root: root.clone() };
        self.leaving.insert(place.clone());
        self.workflows.insert(root, Workflow { steps, place });
    }
}

impl TimelineEntry {
    fn of(event: &BusEvent) -> Self {
        Self {
            event: event.id.clone(),
            topic: event.topic.clone(),
            published_monotonic_ns: event.published_monotonic_ns,
            id: event.correlation.id.clone(),
            parent: event.correlation.parent.clone(),
            stage: event.correlation.stage.clone(),
            sequence: event.correlation.sequence,
        }
    }
}

#[cfg(test)]
mod tests;
