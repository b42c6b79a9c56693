//! Collectors of an agent that was killed, where the next one has no broker (R5).
//!
//! Orphans look for a broker, and end when another than their own refuses them. An agent on the
//! in-process bus has none, so one is there for a moment, for them alone. Without it they would
//! watch beside this agent's own collectors for `orphan_limit`, and keep from them what only one
//! can have: their spools and doors.

use std::path::PathBuf;
use std::time::Duration;

use daemoneye_eventbus::SocketAddress;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::{debug, warn};

use crate::causes::with_causes;
use crate::config::{EventBusConfig, EventBusType};
use crate::control::AGENT_NAME;
use crate::factory::{EventBusFactory, HostedBus};

/// How long the broker is there: several times as long as an orphan pauses between two looks.
const CALL_LIMIT: Duration = Duration::from_secs(5);
/// How long its end may take, which owes nothing to anybody.
const END_LIMIT: Duration = Duration::from_secs(1);

/// The broker that refuses orphans. Dropping it ends that.
pub(super) struct Summons {
    stop: oneshot::Sender<()>,
    calling: JoinHandle<()>,
}

impl Summons {
    /// Begins to call, where an agent was killed and this one has no broker. Must be called inside
    /// a tokio runtime.
    pub(super) fn begin(event_bus: &EventBusConfig) -> Option<Self> {
        if event_bus.bus_type == EventBusType::DaemonEye || !was_one_killed(event_bus) {
            return None;
        }
        let mut there = EventBusConfig::default().with_bus_type(EventBusType::DaemonEye);
        there.socket_path.clone_from(&event_bus.socket_path);
        match EventBusFactory::host(&there, AGENT_NAME) {
            Ok(hosted) => {
                warn!("an agent was killed here; its collectors are told to end");
                // Operators are to find no agent here, rather than one that does not answer.
                if let Some(key) = key_path(event_bus) {
                    let _ = std::fs::remove_file(key);
                }
                let (stop, stopped) = oneshot::channel();
                Some(Self { stop, calling: tokio::spawn(call(hosted, stopped)) })
            }
            Err(error) => {
                let cause = with_causes(&error);
                warn!(cause, "collectors of another agent may watch beside those of this one");
                None
            }
        }
    }

    /// Ends it, and waits until nothing of it is left.
    pub(super) async fn end(self) {
        // One that has ended by itself hears nothing.
        let _ = self.stop.send(());
        let _ = self.calling.await;
    }
}

async fn call(hosted: HostedBus, stopped: oneshot::Receiver<()>) {
    let _ = tokio::time::timeout(CALL_LIMIT, stopped).await;
    if let Err(error) = hosted.shutdown(END_LIMIT).await {
        debug!(%error, "the broker for orphans was cut off");
    }
}

/// An agent with a broker leaves a key beside its socket, and takes it away when it ends in order.
fn was_one_killed(event_bus: &EventBusConfig) -> bool {
    key_path(event_bus).is_some_and(|key| key.exists())
}

fn key_path(event_bus: &EventBusConfig) -> Option<PathBuf> {
    let address = SocketAddress::from_path(event_bus.socket_path.clone()?).ok()?;
    Some(address.key_path())
}
