//! Which bus a configuration means: one value changes, nothing else does.
//!
//! Everything past this room holds an `Arc<dyn EventBus>`. What differs between buses, their
//! construction, is in `wiring` for the broker and in `legacy` for those inside a process; in a build
//! that has none `lean` stands in its place. Callers that come from the old bus find theirs in
//! [`DaemoneyeEventBusAdapter`].

mod adapter;
mod hosted;
#[cfg(not(feature = "legacy"))]
mod lean;
#[cfg(feature = "legacy")]
mod legacy;
mod metrics;
mod own_bus;
mod wiring;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use daemoneye_eventbus::acl::PolicyError;
use daemoneye_eventbus::broker::{IssueError, ServeError};
use daemoneye_eventbus::client::{ConnectError, Reconnect};
use daemoneye_eventbus::transport::{AddressError, BindError};
use daemoneye_eventbus::{Credential, EventBus};
use thiserror::Error;

#[cfg(doc)]
use crate::config::EventBusType;
use crate::config::{EventBusConfig, FolderError};
#[cfg(not(feature = "legacy"))]
use lean as in_process;
#[cfg(feature = "legacy")]
use legacy as in_process;

pub use adapter::DaemoneyeEventBusAdapter;
pub use hosted::HostedBus;
pub use in_process::InProcessError;
pub(crate) use own_bus::OwnBus;

/// Makes buses from configuration.
#[derive(Debug)]
pub struct EventBusFactory;

/// Why there is no bus.
#[derive(Debug, Error)]
pub enum FactoryError {
    /// The broker's socket is not named, and this user has no home to put it in.
    #[error("no socket path is configured, and this user has no home for a default")]
    NoSocketPath,
    /// There is no bus inside this process.
    #[error(transparent)]
    InProcess(#[from] InProcessError),
    /// The socket path cannot be an address.
    #[error("the socket path is no address")]
    Address(#[from] AddressError),
    /// The socket's folder is not private or cannot be made.
    #[error("the socket's folder cannot be used")]
    Folder(#[from] FolderError),
    /// The name is taken, or cannot be bound.
    #[error("the broker cannot listen")]
    Bind(#[from] BindError),
    /// The broker's thread did not start.
    #[error("the broker does not serve")]
    Serve(#[from] ServeError),
    /// The policy file cannot be used.
    #[error("{0}")]
    Policy(PolicyError),
    /// The operator's key could not be made or written.
    #[error("cannot write the operator's key to {}", path.display())]
    OperatorKey {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no token for a collector.
    #[error("no token for a collector")]
    Token(#[from] IssueError),
    /// The broker cannot be reached.
    #[error("no connection to the broker at {}", socket_path.display())]
    Connect {
        /// Where it was looked for.
        socket_path: PathBuf,
        /// Why.
        source: ConnectError,
    },
    /// Metrics were asked for where there can be none.
    #[error("no metrics at {address}: {reason}")]
    NoMetrics {
        /// Where.
        address: SocketAddr,
        /// Why not.
        reason: &'static str,
    },
    /// The metrics' address cannot be bound or served.
    #[error("cannot serve metrics at {address}: {reason}")]
    Metrics {
        /// Where.
        address: SocketAddr,
        /// Why.
        reason: String,
    },
}

impl FactoryError {
    /// Whether the configuration must be changed; otherwise the system or another process must.
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::InProcess(error) => error.is_configuration(),
            Self::NoSocketPath | Self::Address(_) | Self::Policy(_) | Self::NoMetrics { .. } => {
                true
            }
            _ => false,
        }
    }
}

impl EventBusFactory {
    /// The configured bus for a component of this name: a connection to the agent's broker for
    /// [`DaemonEye`](EventBusType::DaemonEye), a new in-process bus for all others, where this build
    /// has others.
    pub async fn create(
        config: &EventBusConfig,
        name: &str,
    ) -> Result<Arc<dyn EventBus>, FactoryError> {
        Self::create_as(config, name, Credential::None).await
    }

    /// The same for a component that proves its name to the broker (A4); without a proof it may
    /// only observe. A bus in this process asks nobody.
    pub async fn create_as(
        config: &EventBusConfig,
        name: &str,
        credential: Credential,
    ) -> Result<Arc<dyn EventBus>, FactoryError> {
        let own = Self::open(config, name, credential, Reconnect::default()).await?;
        Ok(Arc::clone(own.bus()))
    }

    /// The same for a component that wants to know when its connection is gone for good, having
    /// been sought as said here.
    pub(crate) async fn open(
        config: &EventBusConfig,
        name: &str,
        credential: Credential,
        reconnect: Reconnect,
    ) -> Result<OwnBus, FactoryError> {
        if let Some(bus) = in_process::open(config) {
            return Ok(OwnBus::local(bus?));
        }
        let bus = wiring::connect(config, name, credential, reconnect).await?;
        Ok(OwnBus::connected(Arc::new(bus)))
    }

    /// The configured bus for its host, the agent: a new in-process bus, or a broker that listens
    /// and a handle to it. Must be called inside a runtime.
    pub fn host(config: &EventBusConfig, name: &str) -> Result<HostedBus, FactoryError> {
        match in_process::open(config) {
            Some(bus) => Ok(HostedBus::local(bus?)),
            None => wiring::host(config, name),
        }
    }
}
