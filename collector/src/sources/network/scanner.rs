//! [`NetworkScanner`]: a scan of the sockets, compared with the one before, and judged.

use std::time::Duration;

use daemoneye_eventbus::clock::unix_ns;
use tracing::warn;

use super::anomaly::{Anomaly, Rules};
use super::census::{Admission, Census};
use super::event::{of_anomaly, of_change};
use super::reader::{Reader, system_reader};
use super::wanted::Wanted;
use crate::config::{CollectorName, NetmondConfig};
use crate::source::SourceCaps;
use crate::sources::scanning::{Scanned, Scanner};

/// Most connections watched at once: with all that is kept about them some 20 MiB. New ones beyond
/// it are counted and told as an anomaly, not one by one.
const MAX_CONNECTIONS: usize = 65_536;

/// Looks at the connections of this host.
pub struct NetworkScanner {
    reader: Box<dyn Reader>,
    census: Census,
    rules: Rules,
}

impl Scanner for NetworkScanner {
    type Config = NetmondConfig;

    const NAME: &'static str = CollectorName::Netmond.as_str();
    const CAPABILITIES: SourceCaps = SourceCaps::NETWORK.union(SourceCaps::SYSTEM_WIDE);

    fn interval(config: &NetmondConfig) -> Duration {
        config.scan_interval
    }

    fn open(config: &NetmondConfig) -> anyhow::Result<Self> {
        let admission = Admission { limit: MAX_CONNECTIONS, over: config.time_wait };
        Ok(Self {
            reader: system_reader(Wanted::new(config))?,
            // No two runs on a host begin in the same nanosecond.
            census: Census::new(unix_ns(), admission),
            rules: Rules::new(config.burst_connections, MAX_CONNECTIONS),
        })
    }

    fn configure(&mut self, config: &NetmondConfig) {
        self.rules.set_burst_connections(config.burst_connections);
    }

    fn scan(&mut self) -> anyhow::Result<Scanned> {
        let scan = self.reader.scan()?;
        let difference = self.census.advance(scan.sockets);
        let anomalies = self.rules.judge(&difference);
        for anomaly in &anomalies {
            warn_of_limit(anomaly);
        }
        let changes = difference.changes.into_iter().map(of_change);
        let events = changes.chain(anomalies.into_iter().map(of_anomaly)).collect();
        Ok(Scanned {
            observed_unix_ns: scan.observed_unix_ns,
            observed_monotonic_ns: scan.observed_monotonic_ns,
            events,
        })
    }
}

/// The limit is the collector's own, hence a matter for whoever runs it.
fn warn_of_limit(anomaly: &Anomaly) {
    if let Anomaly::ConnectionLimit { untold, limit } = *anomaly {
        warn!(untold, limit, "more connections than are watched at once; new ones are not told");
    }
}

#[cfg(all(test, any(target_os = "linux", windows)))]
mod tests;
