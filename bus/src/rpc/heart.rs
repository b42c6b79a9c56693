//! Showing life: a member's heartbeats on `control.health.heartbeat` (R2).

use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::codec::encode_heartbeat;
use super::health::{HealthStatus, Heartbeat};
use crate::contract::{EventBus, PublishError};
use crate::event::{CollectionEvent, ControlMessage, ControlSubject, EventHeader};

/// As messages name a heartbeat.
pub(super) const HEARTBEAT: &str = "heartbeat";

/// What a member says of itself with every heartbeat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vitals {
    /// How it is.
    pub status: HealthStatus,
    /// Tasks it is at.
    pub running_tasks: u32,
}

/// Shows life until it is dropped or the bus has ended.
#[derive(Debug)]
pub struct Heart {
    beating: JoinHandle<()>,
    /// A beat is wanted before its time.
    wanted: Arc<Notify>,
}

impl Heart {
    /// Beats at once and then once per interval, saying what `vitals` returns. Must be called
    /// inside a tokio runtime, on which its task then runs.
    ///
    /// Whose heart it is, receivers learn from the name of the bus handle (A4).
    ///
    /// # Panics
    ///
    /// With an interval of zero.
    pub fn start(
        bus: Arc<dyn EventBus>,
        every: Duration,
        vitals: impl Fn() -> Vitals + Send + Sync + 'static,
    ) -> Self {
        let mut ticks = tokio::time::interval(every);
        // A late heart does not make up for beats nobody can use.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let wanted = Arc::new(Notify::new());
        let early = Arc::clone(&wanted);
        let beating = tokio::spawn(async move {
            for sequence in 1.. {
                tokio::select! {
                    _ = ticks.tick() => {}
                    () = early.notified() => {}
                }
                let Vitals { status, running_tasks } = vitals();
                let beat = Heartbeat { sequence, status, running_tasks };
                if let Err(error) = bus.publish(announcement(&beat), None).await
                    && is_final(&error)
                {
                    break;
                }
            }
        });
        Self { beating, wanted }
    }

    /// Beats once more, now, for news that should not wait for the next beat.
    pub fn beat(&self) {
        self.wanted.notify_one();
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.beating.abort();
    }
}

fn announcement(beat: &Heartbeat) -> CollectionEvent {
    CollectionEvent::Control(ControlMessage {
        header: EventHeader { source_sequence: beat.sequence, ..EventHeader::default() },
        subject: ControlSubject::Heartbeat,
        operation: ByteString::from_static(HEARTBEAT),
        body: encode_heartbeat(beat),
        ..ControlMessage::default()
    })
}

/// A beat without room is a beat missed; the next one may do better.
fn is_final(error: &PublishError) -> bool {
    matches!(error, PublishError::Closed | PublishError::Disconnected { .. })
}
