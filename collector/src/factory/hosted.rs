//! The bus of the process that owns it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::acl::Principal;
use daemoneye_eventbus::{DaemoneyeBroker, EventBus, Secret, ShutdownError, SocketAddress};

use super::FactoryError;

/// A bus, and the broker behind it if there is one.
pub struct HostedBus {
    bus: Arc<dyn EventBus>,
    broker: Option<HostedBroker>,
}

struct HostedBroker {
    broker: DaemoneyeBroker,
    socket_path: PathBuf,
    key_path: PathBuf,
}

impl HostedBus {
    pub(super) fn local(bus: Arc<dyn EventBus>) -> Self {
        Self { bus, broker: None }
    }

    pub(super) fn broker(
        bus: Arc<dyn EventBus>,
        broker: DaemoneyeBroker,
        address: &SocketAddress,
    ) -> Self {
        let (socket_path, key_path) = (address.path().to_owned(), address.key_path());
        Self { bus, broker: Some(HostedBroker { broker, socket_path, key_path }) }
    }

    /// A handle for publishing and subscribing in this process.
    pub fn bus(&self) -> &Arc<dyn EventBus> {
        &self.bus
    }

    /// Where the broker listens; `None` for a bus inside this process.
    pub fn socket_path(&self) -> Option<&Path> {
        self.broker.as_ref().map(|hosted| hosted.socket_path.as_path())
    }

    /// A token for a collector that is about to be started; it is good once and for `lifetime`.
    /// `None` for a bus inside this process, which asks nobody.
    pub fn issue_token(
        &self,
        collector: Principal,
        lifetime: Duration,
    ) -> Result<Option<Secret>, FactoryError> {
        let issue = |hosted: &HostedBroker| hosted.broker.issue_token(collector, lifetime);
        Ok(self.broker.as_ref().map(issue).transpose()?)
    }

    /// The broker, if there is one.
    pub(super) fn hosted_broker(&self) -> Option<&DaemoneyeBroker> {
        self.broker.as_ref().map(|hosted| &hosted.broker)
    }

    /// Ends the bus for everybody: hands over what was accepted, ends all receivers, removes the
    /// socket (C13).
    pub async fn shutdown(self, deadline: Duration) -> Result<(), ShutdownError> {
        // The broker first: ending the own handle first would end its receivers before what
        // other processes have sent was routed to them.
        let ended = match &self.broker {
            Some(hosted) => {
                let ended = hosted.broker.shutdown(deadline).await;
                // It opens nothing any more. One that stays is replaced by the next host.
                let _ = std::fs::remove_file(&hosted.key_path);
                ended
            }
            None => Ok(()),
        };
        ended.and(self.bus.shutdown(deadline).await)
    }
}

impl std::fmt::Debug for HostedBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostedBus").field("socket_path", &self.socket_path()).finish()
    }
}
