//! The construction of each bus.

use std::sync::Arc;

use daemoneye_eventbus::EventBus;

use super::FactoryError;
use crate::config::EventBusConfig;

pub(super) fn local(config: &EventBusConfig) -> Result<Arc<dyn EventBus>, FactoryError> {
    Err(FactoryError::Missing { bus_type: config.bus_type })
}

#[expect(clippy::unused_async, reason = "connecting waits")]
pub(super) async fn connect(
    config: &EventBusConfig,
    _name: &str,
) -> Result<Arc<dyn EventBus>, FactoryError> {
    Err(FactoryError::Missing { bus_type: config.bus_type })
}
