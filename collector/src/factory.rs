//! Which bus a configuration means (seed 000): one value changes, nothing else does.
//!
//! Everything past this room holds an `Arc<dyn EventBus>`. What differs between buses, their
//! construction, is in `wiring`.

mod wiring;

use std::path::PathBuf;
use std::sync::Arc;

use daemoneye_eventbus::EventBus;
use thiserror::Error;

use crate::config::{EventBusConfig, EventBusType};

/// Makes buses from configuration.
#[derive(Debug)]
pub struct EventBusFactory;

/// Why there is no bus.
#[derive(Debug, Error)]
pub enum FactoryError {
    /// The broker's socket is not named, and this user has no home to put it in.
    #[error("no socket path is configured, and this user has no home for a default")]
    NoSocketPath,
    /// This build lacks the bus.
    #[error("bus_type {bus_type} is not part of this build")]
    Missing {
        /// The bus.
        bus_type: EventBusType,
    },
    /// The broker cannot be reached.
    #[error("cannot connect to the broker at {}: {reason}", socket_path.display())]
    Connect {
        /// Where it was looked for.
        socket_path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl EventBusFactory {
    /// The configured bus for a component of this name: a new in-process bus for
    /// [`Local`](EventBusType::Local), a connection to the agent's broker for
    /// [`DaemonEye`](EventBusType::DaemonEye).
    pub async fn create(
        config: &EventBusConfig,
        name: &str,
    ) -> Result<Arc<dyn EventBus>, FactoryError> {
        match config.bus_type {
            EventBusType::Local => wiring::local(config),
            EventBusType::DaemonEye => wiring::connect(config, name).await,
        }
    }
}
