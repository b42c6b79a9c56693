//! What a test provides: a bus in one of its deployments, and what that deployment promises.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::{EventBus, EventBusStatistics, ShutdownError};

/// A bus under test; opened afresh for every case.
#[async_trait]
pub trait Subject: Send + Sync {
    /// Its name in messages, for example `crossbeam-blocking-arc`.
    fn name(&self) -> String;

    /// What its deployment promises beyond or below the common contract.
    fn traits(&self) -> Traits;

    /// A fresh bus. Panics when it cannot be built: that is no verdict on the contract.
    async fn open(&self, conditions: Conditions) -> Box<dyn Fixture>;
}

/// One bus while one case runs.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// A way to the bus: another connection of that name, or the same bus again.
    async fn handle(&self, name: &str) -> Arc<dyn EventBus>;

    /// Shuts the whole bus down, not only what belongs to one handle, and takes its figures then.
    /// By default a handle's `shutdown` does that; a broker's fixture asks the broker.
    async fn end(&self, deadline: Duration) -> Ending {
        let bus = self.handle("the end").await;
        let outcome = bus.shutdown(deadline).await;
        let figures = bus.statistics().await.expect("a bus that was shut down has figures");
        Ending { outcome, figures }
    }

    /// Ends the bus, unless it has ended, and everything that belongs to it; called once, after the
    /// case.
    async fn close(&self);
}

/// How a bus ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What its shutdown said.
    pub outcome: Result<(), ShutdownError>,
    /// Its figures afterwards.
    pub figures: EventBusStatistics,
}

/// Limits a case needs; the fixture builds the bus with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// Subscribers the whole bus accepts.
    pub subscriber_limit: usize,
    /// How long a `publish` waits for room.
    pub publish_limit: Duration,
}

/// What a deployment promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// How many publishes a stopped `block` subscriber leaves room for.
    pub stall: Stall,
    /// Where the events wait that a subscriber has not read.
    pub queue: Queue,
    /// Whether the `drop-oldest` policy is there.
    pub drops_oldest: bool,
    /// Whether every handle is a connection of its own, so that `shutdown` ends only that, and
    /// publishing returns before the bus has put the event in its order (`fire`).
    pub several_connections: bool,
}

/// How many publishes succeed while one `block` subscriber reads nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stall {
    /// Exactly the subscription's capacity and this many more.
    Exact {
        /// Events in the bus beyond the subscriber's queue.
        beyond_capacity: usize,
    },
    /// At most this many bytes of events: buffers between processes are counted in bytes.
    Bytes {
        /// All buffers on the way, bytes, with generous rounding.
        limit: usize,
    },
    /// All of them: its publishers wait for no subscriber, and one that asks for `block` loses.
    Never,
}

/// Where unread events of a subscription wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// In a queue of exactly the subscription's capacity.
    Exact,
    /// In that queue and in buffers on the way, of at most this many bytes in all.
    Bytes {
        /// All buffers on the way, bytes, with generous rounding.
        limit: usize,
    },
    /// In one ring for all, whose oldest event goes when it is full: a subscription has neither a
    /// capacity nor a policy of its own.
    Shared,
}

impl Traits {
    /// Why it does not promise what is asked of a `block` subscriber that stops reading.
    pub(super) fn why_no_stall(&self) -> Option<&'static str> {
        (self.stall == Stall::Never).then_some("its publishers wait for no subscriber")
    }

    /// Why it does not promise what is asked of a policy that loses.
    pub(super) fn why_no_policies(&self) -> Option<&'static str> {
        (self.queue == Queue::Shared).then_some("one ring for all has one policy, the ring's")
    }
}

impl Conditions {
    /// For cases that ask for nothing special.
    pub const USUAL: Self = Self { subscriber_limit: 64, publish_limit: Duration::from_secs(20) };

    /// With another limit of subscribers.
    pub(super) const fn subscribers(limit: usize) -> Self {
        Self { subscriber_limit: limit, ..Self::USUAL }
    }

    /// With a publish limit short enough to wait for it.
    pub(super) const fn impatient() -> Self {
        Self { publish_limit: Duration::from_millis(250), ..Self::USUAL }
    }
}
