//! The buses inside a process: their construction, and why there may be none.
//!
//! It goes with the feature `legacy`; what is left then is `lean`.

use std::sync::Arc;

use daemoneye_eventbus::EventBus;
use legacy_buses::broadcast::{BroadcastEventBus, EventError};
use legacy_buses::crossbeam::{self, LocalEventBus};
use legacy_buses::sharing::{self, SharingEventBus};
use thiserror::Error;

use crate::config::{EventBusConfig, EventBusType};

/// Why there is no bus inside this process.
#[derive(Debug, Error)]
pub enum InProcessError {
    /// The threads of `local` did not start.
    #[error("the in-process bus does not start")]
    Local(#[from] crossbeam::StartError),
    /// The ring of `broadcast` cannot be made.
    #[error("the broadcast bus cannot be made")]
    Broadcast(#[from] EventError),
    /// The worker of `sharing` did not start.
    #[error("the sharing bus does not start")]
    Sharing(#[from] sharing::StartError),
}

impl InProcessError {
    /// Whether the configuration must be changed; otherwise the system must.
    pub(super) fn is_configuration(&self) -> bool {
        matches!(
            self,
            Self::Local(crossbeam::StartError::NoCapacity)
                | Self::Broadcast(EventError::InvalidCapacity { .. })
                | Self::Sharing(sharing::StartError::InvalidCapacity { .. })
        )
    }
}

/// A new bus inside this process, if that is what is configured.
pub(super) fn open(config: &EventBusConfig) -> Option<Result<Arc<dyn EventBus>, InProcessError>> {
    match config.bus_type {
        EventBusType::Local => Some(local(config)),
        EventBusType::Broadcast => Some(broadcast(config)),
        EventBusType::Sharing => Some(sharing(config)),
        EventBusType::DaemonEye => None,
    }
}

fn local(config: &EventBusConfig) -> Result<Arc<dyn EventBus>, InProcessError> {
    let limits = config.crossbeam.clone().unwrap_or_default();
    Ok(Arc::new(LocalEventBus::new(&limits)?))
}

fn broadcast(config: &EventBusConfig) -> Result<Arc<dyn EventBus>, InProcessError> {
    let limits = config.broadcast.clone().unwrap_or_default();
    Ok(Arc::new(BroadcastEventBus::new(&limits)?))
}

fn sharing(config: &EventBusConfig) -> Result<Arc<dyn EventBus>, InProcessError> {
    let limits = config.sharing.clone().unwrap_or_default();
    Ok(Arc::new(SharingEventBus::new(&limits)?))
}
