//! The construction of the broker and of handles to it: the only place that knows how.

use std::path::Path;
use std::sync::Arc;

use daemoneye_eventbus::acl::{Policy, Principal, Role};
use daemoneye_eventbus::client::Reconnect;
use daemoneye_eventbus::identity::{OPERATOR, write_key_file};
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, Credential, DaemoneyeBroker, DaemoneyeEventBus, SocketAddress,
};

use super::{FactoryError, HostedBus};
use crate::config::{EventBusConfig, prepare_folder_of};

pub(super) async fn connect(
    config: &EventBusConfig,
    name: &str,
    credential: Credential,
    reconnect: Reconnect,
) -> Result<DaemoneyeEventBus, FactoryError> {
    let address = address(config)?;
    let limits = config.daemoneye.clone().unwrap_or_default();
    let client = limits.client(name).with_credential(credential);
    let client = client.with_reconnect(Some(reconnect));
    let connected = DaemoneyeEventBus::connect(&address, client).await;
    connected
        .map_err(|source| FactoryError::Connect { socket_path: address.path().to_owned(), source })
}

pub(super) fn host(config: &EventBusConfig, name: &str) -> Result<HostedBus, FactoryError> {
    let address = address(config)?;
    let broker = serve(&address, broker_config(config)?)?;
    write_operator_key(&broker, &address.key_path())?;
    let bus = Arc::new(DaemoneyeEventBus::from_broker(&broker, name.to_owned()));
    Ok(HostedBus::broker(bus, broker, &address))
}

/// A broker that listens, in a folder that is this user's alone.
pub(super) fn serve(
    address: &SocketAddress,
    config: BrokerConfig,
) -> Result<DaemoneyeBroker, FactoryError> {
    prepare_folder_of(address.path())?;
    let broker = DaemoneyeBroker::new(config);
    broker.serve(Listener::bind(address)?)?;
    Ok(broker)
}

fn broker_config(config: &EventBusConfig) -> Result<BrokerConfig, FactoryError> {
    let settings = config.daemoneye.clone().unwrap_or_default();
    let Some(file) = &settings.policy_file else { return Ok(settings.broker()) };
    let policy = Policy::read(file).map_err(FactoryError::Policy)?;
    Ok(settings.broker().with_access(policy.access).with_unidentified(policy.unidentified))
}

/// Whoever can read the file is the operator, and may do what the agent may.
fn write_operator_key(broker: &DaemoneyeBroker, path: &Path) -> Result<(), FactoryError> {
    let operator = Principal::new(OPERATOR, Role::Agent).expect("a level of a topic");
    let key = broker.issue_key(operator)?;
    write_key_file(path, &key)
        .map_err(|source| FactoryError::OperatorKey { path: path.to_owned(), source })
}

fn address(config: &EventBusConfig) -> Result<SocketAddress, FactoryError> {
    let path = config.socket_path.clone().ok_or(FactoryError::NoSocketPath)?;
    Ok(SocketAddress::from_path(path)?)
}
