//! The broker's figures for the `metrics` facade, and as Prometheus text on a loopback port.
//!
//! Nothing is recorded while events are routed: the hub's own counters are read when somebody
//! asks. Histograms are therefore of what a look saw, one value for each subscription.

mod endpoint;
mod figures;

use std::net::TcpListener;
use std::sync::Arc;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusRecorder};
use thiserror::Error;

use super::server::Server;
use super::{DaemoneyeBroker, Phase, ServeError};

/// Limits of the buckets for events that wait for a subscription.
const QUEUED_BUCKETS: [f64; 6] = [0.0, 1.0, 16.0, 256.0, 4096.0, 65_536.0];
/// Limits of the buckets for how far behind a subscription is, seconds.
const LAG_BUCKETS: [f64; 6] = [0.0, 0.001, 0.01, 0.1, 1.0, 10.0];

/// Why there are no metrics.
#[derive(Debug, Error)]
pub enum MetricsError {
    /// Others on the network could ask.
    #[error("metrics are served on loopback addresses alone, and {address} is none")]
    NotLoopback {
        /// Where the listener is.
        address: std::net::SocketAddr,
    },
    /// The recorder could not be made.
    #[error("cannot record metrics")]
    Recorder(#[from] BuildError),
    /// The listener could not be used.
    #[error("cannot serve metrics")]
    Serve(#[from] ServeError),
    /// The listener could not be asked for its address.
    #[error("cannot use the listener of the metrics")]
    Listener(#[source] std::io::Error),
}

impl DaemoneyeBroker {
    /// Hands the broker's figures to the `metrics` recorder in force; call it whenever they are
    /// wanted, as for [`inspect`](Self::inspect). Counters are absolute.
    pub fn record_metrics(&self) {
        figures::record(self.shared.as_ref());
    }

    /// Serves `GET /metrics` as Prometheus text on a bound listener, on a thread of its own, until
    /// shutdown. Needs no recorder of the process.
    pub fn serve_metrics(&self, listener: TcpListener) -> Result<(), MetricsError> {
        let address = listener.local_addr().map_err(MetricsError::Listener)?;
        if !address.ip().is_loopback() {
            return Err(MetricsError::NotLoopback { address });
        }
        listener.set_nonblocking(true).map_err(MetricsError::Listener)?;
        let recorder = recorder()?;
        let weak = Arc::downgrade(&self.shared);
        let phase = self.shared.phase.subscribe();
        let mut servers = self.shared.servers.lock();
        if *self.shared.phase.borrow() != Phase::Running {
            return Err(ServeError::Closed.into());
        }
        let prepare = || tokio::net::TcpListener::from_std(listener);
        let serve = move |listener| endpoint::serve(weak, recorder, listener, phase);
        servers.push(Server::spawn("eventbus-metrics", prepare, serve)?);
        Ok(())
    }
}

fn recorder() -> Result<PrometheusRecorder, BuildError> {
    let buckets = |builder: PrometheusBuilder, name: &str, buckets: &[f64]| {
        builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)
    };
    let builder = buckets(PrometheusBuilder::new(), figures::SUBSCRIPTION_QUEUED, &QUEUED_BUCKETS)?;
    Ok(buckets(builder, figures::SUBSCRIPTION_LAG, &LAG_BUCKETS)?.build_recorder())
}
