//! What happens in a case, step by step. Each phase ends with fences through every publisher.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Deed, Fault};

/// One phase: everybody publishes, actions happen when triggered, then the phase is fenced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name, for witnesses and progress lines.
    pub name: String,
    /// Who publishes how much, concurrently.
    pub publish: Vec<Publish>,
    /// What else happens meanwhile.
    pub actions: Vec<Action>,
    /// Quiet time after the fence, milliseconds: part of the workload, never a synchronisation.
    pub idle_ms: u64,
    /// Whether fences end the phase; off only where a bus is shut down or stalled on purpose.
    pub fence: bool,
    /// For performance kinds: whether the phase is measured or only warms up.
    pub measured: bool,
}

impl Phase {
    /// How long publishing takes by the plan alone; nothing for shares limited by the bus.
    pub fn planned(&self) -> Duration {
        let longest = self.publish.iter().map(Publish::planned_ms).max();
        Duration::from_millis(longest.unwrap_or_default())
    }

    /// Milliseconds for which nobody is in the broker's place, all its restarts together: they happen one
    /// after the other, and the phase ends behind the last of them.
    pub fn away_ms(&self) -> u64 {
        let faults = self.actions.iter().filter_map(|action| action.operation.fault());
        let away = faults.map(|fault| match fault.deed {
            Deed::Restart(pause_ms) => pause_ms,
            _ => 0,
        });
        away.fold(0, u64::saturating_add)
    }
}

/// One publisher's share of a phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Publish {
    /// Index into the topology's publishers.
    pub publisher: usize,
    /// How much.
    pub count: Count,
    /// How fast.
    pub rate: Rate,
}

/// How much is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Count {
    /// This many events.
    Events(u64),
    /// As many as fit in this time, milliseconds.
    ForMs(u64),
    /// Until a publish errs or waits for longer than the publish limit.
    UntilRefused,
}

/// How fast is published.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rate {
    /// As fast as the bus accepts.
    Max,
    /// Closed loop: at most this many events in flight (METHOD §1).
    Window(u64),
    /// Open loop at absolute deadlines, events per second over all of this publisher.
    PerSecond(f64, Arrivals),
    /// Open loop at the moments its publisher was recorded at, the last of them so many milliseconds
    /// after the first of the recording.
    AsRecorded(u64),
}

/// Distribution of the planned moments of an open loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Evenly spaced.
    #[default]
    Constant,
    /// Exponential gaps from the seed.
    Poisson,
    /// This many at once, then quiet, at the same mean rate.
    Burst(u32),
}

/// Something done besides publishing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// When.
    pub trigger: Trigger,
    /// What.
    pub operation: Operation,
    /// The outcome it must have: `ok`, or the code of an error such as `duplicate-id`.
    pub expect: String,
}

impl Operation {
    /// The fault it is, if it is one.
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Fault(fault) => Some(*fault),
            _ => None,
        }
    }
}

/// When an action happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// Before anybody publishes in the phase.
    Start,
    /// Once this publisher has published so many events of the phase.
    AfterPublished(usize, u64),
    /// Once this subscriber has received so many events in all.
    AfterReceived(usize, u64),
    /// When all publishers of the phase are done, before the fence.
    End,
}

/// What an action does; publishers and subscribers are named by their index in the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// This subscriber subscribes.
    Subscribe(usize),
    /// This subscriber unsubscribes, and drains.
    Unsubscribe(usize),
    /// `unsubscribe` with an id nobody has.
    UnsubscribeUnknown,
    /// This subscriber drops its receiver without unsubscribing.
    DropReceiver(usize),
    /// This subscriber stops reading.
    StopReading(usize),
    /// This subscriber reads again.
    ResumeReading(usize),
    /// The bus is shut down with this deadline, milliseconds.
    Shutdown(u64),
    /// This publisher publishes one more event.
    PublishOne(usize),
    /// Something befalls a process.
    Fault(Fault),
}
