//! A build without the feature `legacy`: there is no bus inside a process, and so no reason why one
//! could not be made.

use std::sync::Arc;

use daemoneye_eventbus::EventBus;
use thiserror::Error;

use crate::config::EventBusConfig;

/// Why there is no bus inside this process; there is no such error where none is ever made.
#[derive(Debug, Error)]
#[error("this build has no in-process bus")]
pub enum InProcessError {}

impl InProcessError {
    /// Whether the configuration must be changed; otherwise the system must.
    pub(super) fn is_configuration(&self) -> bool {
        match *self {}
    }
}

/// A new bus inside this process, if that is what is configured: it cannot be.
pub(super) fn open(_config: &EventBusConfig) -> Option<Result<Arc<dyn EventBus>, InProcessError>> {
    None
}
