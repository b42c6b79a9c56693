//! The construction of each bus: the only place that names their types.

use std::path::Path;
use std::sync::Arc;

use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{DaemoneyeBroker, DaemoneyeEventBus, EventBus, SocketAddress};
use legacy_buses::crossbeam::LocalEventBus;

use super::{FactoryError, HostedBus};
use crate::config::{EventBusConfig, prepare_private_folder};

pub(super) fn local(config: &EventBusConfig) -> Result<Arc<dyn EventBus>, FactoryError> {
    let limits = config.crossbeam.clone().unwrap_or_default();
    Ok(Arc::new(LocalEventBus::new(&limits)?))
}

pub(super) async fn connect(
    config: &EventBusConfig,
    name: &str,
) -> Result<Arc<dyn EventBus>, FactoryError> {
    let address = address(config)?;
    let limits = config.daemoneye.clone().unwrap_or_default();
    let connected = DaemoneyeEventBus::connect(&address, limits.client(name)).await;
    let bus = connected.map_err(|source| FactoryError::Connect {
        socket_path: address.path().to_owned(),
        source,
    })?;
    Ok(Arc::new(bus))
}

pub(super) fn host(config: &EventBusConfig, name: &str) -> Result<HostedBus, FactoryError> {
    let address = address(config)?;
    if let Some(folder) = address.path().parent().filter(|folder| *folder != Path::new("")) {
        prepare_private_folder(folder)?;
    }
    let broker = DaemoneyeBroker::new(config.daemoneye.clone().unwrap_or_default().broker());
    broker.serve(Listener::bind(&address)?)?;
    let bus = Arc::new(DaemoneyeEventBus::from_broker(&broker, name.to_owned()));
    Ok(HostedBus::broker(bus, broker, address.path().to_owned()))
}

fn address(config: &EventBusConfig) -> Result<SocketAddress, FactoryError> {
    let path = config.socket_path.clone().ok_or(FactoryError::NoSocketPath)?;
    Ok(SocketAddress::from_path(path)?)
}
