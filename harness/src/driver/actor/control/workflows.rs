//! The workflows the desk follows: every request for a task, and every reply (R6).

use std::sync::Arc;

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::event::{ControlMessage, ControlSubject, ReplyAddress};
use daemoneye_eventbus::rpc::{CorrelationTracker, TimelineEntry, TrackingConfig};
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventBus, EventReceiver, EventSubscription,
};
use tokio::sync::watch;

use super::fault::ControlFault;
use super::notes::Notes;
use crate::plan::control::DESK;
use crate::record::{Fact, Happened};

/// Where requests for tasks are seen.
const REQUESTS: &str = "control.collector.task.#";
/// Where replies are seen.
const REPLIES: &str = "control.rpc.reply.#";
/// Workflows of a desk that never forgets.
const ALL: usize = 1_000_000;

/// Follows workflows beside everything else the desk does.
pub(super) struct Workflows {
    bus: Arc<dyn EventBus>,
    /// Shared with the task that hears; told whenever it has seen one more event.
    tracker: watch::Receiver<CorrelationTracker>,
}

impl Workflows {
    /// Follows from now on, and keeps so many.
    pub(super) async fn follow(
        bus: &Arc<dyn EventBus>,
        workflow_limit: usize,
        fault: Option<ControlFault>,
    ) -> Result<Self, String> {
        let mut wanted = EventSubscription::new("desk.workflows").with_pattern(REQUESTS);
        // The desk's own is where it hears that it has heard everything.
        let own = format!("control.rpc.reply.{DESK}");
        let misses = fault == Some(ControlFault::MissesReplies);
        wanted = wanted.with_pattern(if misses { own } else { REPLIES.to_owned() });
        let events = bus.subscribe(wanted).await.map_err(|cause| cause.to_string())?;
        let never = fault == Some(ControlFault::NeverForgets);
        let workflow_limit = if never { ALL } else { workflow_limit };
        let config = TrackingConfig { workflow_limit, ..TrackingConfig::default() };
        let (tracking, tracker) = watch::channel(CorrelationTracker::new(config));
        tokio::spawn(observe(events, tracking));
        Ok(Self { bus: Arc::clone(bus), tracker })
    }

    /// Notes every workflow, once everything that was published before has been seen: one more
    /// event of the desk's own says so (C5).
    pub(super) async fn tell(&mut self, step: usize, notes: &Notes) {
        let root = format!("fence/{step}");
        if let Err(cause) = self.bus.publish(fence(), Some(CorrelationMetadata::root(&*root))).await
        {
            eprintln!("the desk cannot say that it has heard everything: {cause}");
            return;
        }
        let has_come =
            |tracker: &CorrelationTracker| !tracker.timeline(&root.as_str().into()).is_empty();
        let Ok(tracker) = self.tracker.wait_for(has_come).await else { return };
        for root in tracker.roots() {
            let timeline = tracker.timeline(&root.clone().into()).iter().map(happened).collect();
            notes.note(Fact::Workflow { root: root.to_string(), timeline });
        }
        notes.note(Fact::Kept {
            workflows: tracker.roots().count(),
            entries: tracker.entries(),
            forgotten: tracker.forgotten(),
        });
    }
}

async fn observe(mut events: EventReceiver, tracking: watch::Sender<CorrelationTracker>) {
    while let Some(event) = events.recv().await {
        tracking.send_modify(|tracker| tracker.observe(&event, monotonic_ns()));
    }
}

/// A reply to nobody's request.
fn fence() -> CollectionEvent {
    let address = ReplyAddress::new(DESK).expect("the desk's name is an address");
    let subject = ControlSubject::Reply(address);
    CollectionEvent::Control(ControlMessage { subject, ..ControlMessage::default() })
}

fn happened(entry: &TimelineEntry) -> Happened {
    Happened {
        publisher: entry.event.publisher.to_string(),
        topic: entry.topic.to_string(),
        parent: entry.parent.as_ref().map(ToString::to_string),
        sequence: entry.sequence,
    }
}
