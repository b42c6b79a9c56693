//! Hearing what members tell unasked: the last word of each is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::announcing::Announcement;
use super::status::{LastTelemetry, StatusReport};
use super::telemetry::Telemetry;
use crate::contract::{EventBus, EventReceiver, EventSubscription, OverflowPolicy, SubscribeError};

/// Where announcements arrive.
const TOPIC: &str = "control.health.status";
/// Members whose last word is kept, as many as a broker has subscribers; that of another is not.
pub const MAX_HEARD_MEMBERS: usize = 1000;

/// Keeps the last status report and the last telemetry of every member. Dropping it ends its
/// subscription.
///
/// Time is tokio's, so that a paused clock pauses it.
pub struct StatusMonitor {
    /// The subscription is this handle's.
    _bus: Arc<dyn EventBus>,
    /// Shared, because members are asked about while the task hears them; never held across an
    /// await.
    heard: Arc<Mutex<Heard>>,
    listening: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Heard {
    members: BTreeMap<String, Member>,
    /// Whether it was told that there are too many.
    is_full: bool,
}

#[derive(Debug, Default)]
struct Member {
    status: Option<StatusReport>,
    telemetry: Option<(Telemetry, Instant)>,
}

impl StatusMonitor {
    /// Subscribes to announcements under this name. Must be called inside a tokio runtime, on which
    /// its task then runs.
    ///
    /// Cancelling it leaves nothing behind.
    pub async fn start(bus: Arc<dyn EventBus>, name: &str) -> Result<Self, SubscribeError> {
        // The newest words are those that count, and nobody waits to say one.
        let wanted = EventSubscription::new(format!("rpc.status.{name}"))
            .with_pattern(TOPIC)
            .with_policy(OverflowPolicy::DropOldest);
        let receiver = bus.subscribe(wanted).await?;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let listening = tokio::spawn(listen(receiver, Arc::clone(&heard)));
        Ok(Self { _bus: bus, heard, listening })
    }

    /// What a member said of itself when that had last changed; `None` if it never did.
    pub fn last_status(&self, member: &str) -> Option<StatusReport> {
        self.heard.lock().members.get(member)?.status.clone()
    }

    /// What a member last told of its work and of what it uses.
    pub fn last_telemetry(&self, member: &str) -> Option<LastTelemetry> {
        let (telemetry, heard) = self.heard.lock().members.get(member)?.telemetry?;
        Some(LastTelemetry { telemetry, age: heard.elapsed() })
    }

    /// Forgets a member that has ended; the next of its name begins anew.
    pub fn forget(&self, member: &str) {
        let mut heard = self.heard.lock();
        heard.members.remove(member);
        heard.is_full = false;
    }
}

impl Drop for StatusMonitor {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Heard {
    fn take(&mut self, member: &str, announcement: Announcement) {
        let is_known = self.members.contains_key(member);
        if !is_known && self.members.len() >= MAX_HEARD_MEMBERS {
            if !std::mem::replace(&mut self.is_full, true) {
                tracing::warn!(member, limit = MAX_HEARD_MEMBERS, "what members tell is not kept");
            }
            return;
        }
        let known = self.members.entry(member.to_owned()).or_default();
        match announcement {
            Announcement::Status(status) => known.status = Some(status),
            Announcement::Telemetry(telemetry) => {
                known.telemetry = Some((telemetry, Instant::now()));
            }
        }
    }
}

async fn listen(mut receiver: EventReceiver, heard: Arc<Mutex<Heard>>) {
    let mut is_lossy = false;
    while let Some(event) = receiver.recv().await {
        if receiver.lagged() > 0 && !std::mem::replace(&mut is_lossy, true) {
            tracing::warn!("members tell more than is heard: the last word of some may be lost");
        }
        let publisher = &event.id.publisher;
        if let Some(announcement) = Announcement::of(&event) {
            heard.lock().take(publisher, announcement);
        } else {
            tracing::debug!(by = %publisher, "no announcement");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_too_many_is_not_kept_and_those_that_are_stay() {
        let mut heard = Heard::default();
        let says =
            |sequence| Announcement::Status(StatusReport { sequence, ..StatusReport::default() });
        for number in 0..=MAX_HEARD_MEMBERS {
            heard.take(&format!("member-{number}"), says(1));
        }
        heard.take("member-0", says(2));
        assert_eq!(heard.members.len(), MAX_HEARD_MEMBERS);
        let last = heard.members["member-0"].status.clone();
        assert_eq!(last.map(|status| status.sequence), Some(2));
        assert!(heard.is_full, "it was told, once");
    }

    #[test]
    fn status_and_telemetry_of_one_member_do_not_displace_each_other() {
        let mut heard = Heard::default();
        heard.take("m", Announcement::Telemetry(Telemetry { sequence: 4, ..Telemetry::default() }));
        heard.take("m", Announcement::Status(StatusReport::default()));
        let member = &heard.members["m"];
        assert!(member.status.is_some());
        assert_eq!(member.telemetry.map(|(telemetry, _)| telemetry.sequence), Some(4));
    }
}
