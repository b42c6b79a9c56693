//! The broker's metrics on a port of this host, for a program built with the feature `metrics`.

use std::net::SocketAddr;

use super::{FactoryError, HostedBus};

impl HostedBus {
    /// Serves the broker's metrics as Prometheus text on a loopback address until shutdown.
    /// Returns the address: for port 0 the system chooses one.
    pub fn serve_metrics(&self, address: SocketAddr) -> Result<SocketAddr, FactoryError> {
        let no = |reason| FactoryError::NoMetrics { address, reason };
        if !address.ip().is_loopback() {
            return Err(no("others could read them; name a loopback address, as 127.0.0.1:9464"));
        }
        match self.hosted_broker() {
            Some(broker) => serve(broker, address),
            None => Err(no("a bus inside this process has none; `--bus daemoneye` has")),
        }
    }
}

#[cfg(feature = "metrics")]
fn serve(
    broker: &daemoneye_eventbus::DaemoneyeBroker,
    address: SocketAddr,
) -> Result<SocketAddr, FactoryError> {
    let cannot = |reason| FactoryError::Metrics { address, reason };
    let listener =
        std::net::TcpListener::bind(address).map_err(|error| cannot(error.to_string()))?;
    let bound = listener.local_addr().map_err(|error| cannot(error.to_string()))?;
    broker.serve_metrics(listener).map_err(|error| cannot(error.to_string()))?;
    Ok(bound)
}

#[cfg(not(feature = "metrics"))]
fn serve(
    _broker: &daemoneye_eventbus::DaemoneyeBroker,
    address: SocketAddr,
) -> Result<SocketAddr, FactoryError> {
    let reason = "this program was built without them; build it with `--features metrics`";
    Err(FactoryError::NoMetrics { address, reason })
}
