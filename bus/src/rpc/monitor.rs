//! Watching members over a bus: heartbeats to a [`HealthBoard`], silence too (R2).

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Duration, Instant};

use super::codec::decode_heartbeat;
use super::health::{
    BoardFull, HealthBoard, HealthChange, HealthConfig, HealthReport, HealthStatus, Heartbeat,
    changes,
};
use super::heart::HEARTBEAT;
use super::nanoseconds;
use crate::clock::reached;
use crate::contract::{
    BusEvent, EventBus, EventReceiver, EventSubscription, OverflowPolicy, SubscribeError,
};
use crate::event::{CollectionEvent, ControlSubject};

/// Where heartbeats arrive.
const TOPIC: &str = "control.health.heartbeat";

/// Knows the health of every member it was told of. Dropping it ends its subscription.
///
/// Time is tokio's, so that a paused clock pauses it.
pub struct HealthMonitor {
    /// The subscription is this handle's.
    _bus: Arc<dyn EventBus>,
    watched: Arc<Watched>,
    watching: JoinHandle<()>,
}

#[derive(Debug)]
struct Watched {
    began: Instant,
    /// Shared, because members come and go while the task hears them; never held across an await.
    board: Mutex<HealthBoard>,
    /// Counts whatever may have changed a member's health.
    news: watch::Sender<u64>,
}

/// What has changed since it was last asked; nothing is lost by asking late, and nothing queues.
#[derive(Debug)]
pub struct HealthChanges {
    watched: Arc<Watched>,
    news: watch::Receiver<u64>,
    seen: BTreeMap<String, HealthStatus>,
}

impl HealthMonitor {
    /// Subscribes to heartbeats under this name. Must be called inside a tokio runtime, on which
    /// its task then runs.
    ///
    /// Cancelling it leaves nothing behind.
    pub async fn start(
        bus: Arc<dyn EventBus>,
        name: &str,
        config: HealthConfig,
    ) -> Result<Self, SubscribeError> {
        // The newest signs of life are those that count, and nobody waits to give one.
        let wanted = EventSubscription::new(format!("rpc.health.{name}"))
            .with_pattern(TOPIC)
            .with_policy(OverflowPolicy::DropOldest);
        let receiver = bus.subscribe(wanted).await?;
        let watched = Arc::new(Watched {
            began: Instant::now(),
            board: Mutex::new(HealthBoard::new(config)),
            news: watch::Sender::new(0),
        });
        let watching = tokio::spawn(watch_members(receiver, Arc::clone(&watched)));
        Ok(Self { _bus: bus, watched, watching })
    }

    /// Lets a member in; from now on it has to show life.
    pub fn admit(&self, member: &str) -> Result<(), BoardFull> {
        let now_ns = self.watched.now_ns();
        self.watched.board.lock().admit(member, now_ns)?;
        self.watched.tell();
        Ok(())
    }

    /// Forgets a member that left.
    pub fn remove(&self, member: &str) {
        self.watched.board.lock().remove(member);
        self.watched.tell();
    }

    /// The health of a member; `None` for a stranger.
    pub fn status(&self, member: &str) -> Option<HealthStatus> {
        self.watched.board.lock().status(member)
    }

    /// Whether a member may be given tasks (R2).
    pub fn takes_tasks(&self, member: &str) -> bool {
        self.watched.board.lock().takes_tasks(member)
    }

    /// The whole is as its worst member (R1).
    pub fn overall(&self) -> HealthStatus {
        self.watched.board.lock().overall()
    }

    /// Every member as a part of the whole.
    pub fn report(&self) -> HealthReport {
        self.watched.board.lock().report()
    }

    /// Completes once a member has been lost for so long without a sign of life; never for one that
    /// is none. Cancel safe.
    pub async fn lost_for(&self, member: &str, limit: Duration) {
        let mut news = self.watched.news.subscribe();
        loop {
            self.watched.until(&mut news, |board| board.is_lost(member)).await;
            let found = self.watched.until(&mut news, |board| !board.is_lost(member));
            if tokio::time::timeout(limit, found).await.is_err() {
                return;
            }
        }
    }

    /// Changes from now on, the members there are included as new.
    pub fn changes(&self) -> HealthChanges {
        let mut news = self.watched.news.subscribe();
        news.mark_changed();
        HealthChanges { watched: Arc::clone(&self.watched), news, seen: BTreeMap::new() }
    }
}

impl Drop for HealthMonitor {
    fn drop(&mut self) {
        self.watching.abort();
    }
}

impl HealthChanges {
    /// Waits until somebody's health differs from when it was last asked. Cancel safe.
    pub async fn next(&mut self) -> Vec<HealthChange> {
        loop {
            self.news.changed().await.expect("the sender is held here as well");
            let now = self.watched.board.lock().snapshot();
            let changed = changes(&self.seen, &now);
            self.seen = now;
            if !changed.is_empty() {
                return changed;
            }
        }
    }
}

impl Watched {
    fn now_ns(&self) -> u64 {
        nanoseconds(self.began.elapsed())
    }

    fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    /// Waits until the board is like this.
    async fn until(&self, news: &mut watch::Receiver<u64>, is_so: impl Fn(&HealthBoard) -> bool) {
        while !is_so(&self.board.lock()) {
            news.changed().await.expect("the sender is held here as well");
        }
    }

    fn heard(&self, event: &BusEvent) {
        let Some(beat) = heartbeat_of(event) else { return };
        if self.board.lock().heard(&event.id.publisher, &beat, self.now_ns()) {
            self.tell();
        }
    }

    fn look(&self) {
        if self.board.lock().look(self.now_ns()) {
            self.tell();
        }
    }

    /// When to look again; `None` when only news of another kind can make it worth while.
    fn next_look(&self) -> Option<Instant> {
        let at_ns = self.board.lock().next_look_ns()?;
        self.began.checked_add(Duration::from_nanos(at_ns))
    }
}

async fn watch_members(mut receiver: EventReceiver, watched: Arc<Watched>) {
    let mut news = watched.news.subscribe();
    let mut is_open = true;
    loop {
        let next_look = watched.next_look();
        tokio::select! {
            event = receiver.recv(), if is_open => match event {
                Some(event) => watched.heard(&event),
                // Without a bus everybody falls silent, which is what is seen from here.
                None => is_open = false,
            },
            () = reached(next_look) => watched.look(),
            _ = news.changed() => {}
        }
    }
}

fn heartbeat_of(event: &BusEvent) -> Option<Heartbeat> {
    let CollectionEvent::Control(message) = &event.event else { return None };
    let is_beat = message.subject == ControlSubject::Heartbeat && message.operation == HEARTBEAT;
    is_beat.then(|| decode_heartbeat(&message.body).ok()).flatten()
}
