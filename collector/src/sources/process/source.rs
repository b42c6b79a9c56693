//! [`ProcessSource`]: scans at intervals and sends what changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::clock::monotonic_ns;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tracing::{debug, warn};

use super::census::{Census, Change, Thresholds};
use super::event::{SOURCE_NAME, Stamp, event};
use super::observation::Scan;
use super::reader::{ReadError, Reader, system_reader};
use crate::config::ProcmondConfig;
use crate::source::{CollectionEvent, EventSource, SourceCaps};

/// How often the shutdown signal is looked at between scans, for a caller that does not also call
/// `stop`.
const SIGNAL_POLL: Duration = Duration::from_millis(250);
/// Intervals without a scan after which the source is unhealthy.
const MISSED_SCANS: u32 = 3;
/// What a scan may take beyond its intervals before it is missed.
const SCAN_GRACE: Duration = Duration::from_secs(5);

/// Watches the processes of this host.
#[derive(Debug)]
pub struct ProcessSource {
    config: ProcmondConfig,
    shared: Arc<Shared>,
}

/// What the first scan found.
#[derive(Debug, Clone)]
pub struct FirstScan {
    events: watch::Receiver<Option<u64>>,
}

#[derive(Debug)]
struct Shared {
    stop: Notify,
    /// Events of the first scan, once all are sent.
    first_scan: watch::Sender<Option<u64>>,
    /// When the last good scan began, monotonic nanoseconds; 0 before the first.
    last_scan_ns: AtomicU64,
    /// When the source started, monotonic nanoseconds; 0 before.
    started_ns: AtomicU64,
}

/// What ends a source before its time.
enum Ended {
    /// Nobody receives any more.
    ChannelClosed,
}

impl ProcessSource {
    /// A source that has read nothing yet.
    pub fn new(config: ProcmondConfig) -> Self {
        let shared = Arc::new(Shared {
            stop: Notify::new(),
            first_scan: watch::Sender::new(None),
            last_scan_ns: AtomicU64::new(0),
            started_ns: AtomicU64::new(0),
        });
        Self { config, shared }
    }

    /// Tells when the first scan has been sent. Take it before registering the source.
    pub fn first_scan(&self) -> FirstScan {
        FirstScan { events: self.shared.first_scan.subscribe() }
    }

    fn thresholds(&self) -> Thresholds {
        Thresholds {
            cpu_percent: self.config.cpu_change_percent,
            memory_percent: self.config.memory_change_percent,
            memory_bytes: self.config.memory_change_bytes,
        }
    }

    /// Waits for the next tick; false when the source shall end.
    async fn wait(&self, ticks: &mut tokio::time::Interval, signal: &AtomicBool) -> bool {
        loop {
            if signal.load(Ordering::Acquire) {
                return false;
            }
            let look_again = Instant::now() + SIGNAL_POLL;
            tokio::select! {
                () = self.shared.stop.notified() => return false,
                tick = timeout_at(look_again, ticks.tick()) => if tick.is_ok() { return true },
            }
        }
    }

    async fn send(
        &self,
        changes: Vec<Change>,
        mut stamp: Stamp,
        tx: &mpsc::Sender<CollectionEvent>,
    ) -> Result<Stamp, Ended> {
        for change in changes {
            stamp.sequence += 1;
            tx.send(event(change, stamp)).await.map_err(|_| Ended::ChannelClosed)?;
        }
        Ok(stamp)
    }
}

impl FirstScan {
    /// Waits until all events of the first scan were sent, and returns how many there are; `None`
    /// when the source is gone before. Cancel safe.
    pub async fn sent(&mut self) -> Option<u64> {
        *self.events.wait_for(Option::is_some).await.ok()?
    }
}

/// Scans off the runtime's thread: reading takes milliseconds.
async fn scan(
    mut reader: Box<dyn Reader>,
) -> anyhow::Result<(Box<dyn Reader>, Result<Scan, ReadError>)> {
    let scanned = tokio::task::spawn_blocking(move || {
        let scan = reader.scan();
        (reader, scan)
    });
    Ok(scanned.await?)
}

#[async_trait]
impl EventSource for ProcessSource {
    fn name(&self) -> &'static str {
        SOURCE_NAME
    }

    fn capabilities(&self) -> SourceCaps {
        SourceCaps::PROCESS | SourceCaps::SYSTEM_WIDE
    }

    async fn start(
        &self,
        tx: mpsc::Sender<CollectionEvent>,
        shutdown_signal: Arc<AtomicBool>,
    ) -> anyhow::Result<()> {
        let mut reader = system_reader()?;
        let mut census = Census::default();
        let mut stamp = Stamp { observed_unix_ns: 0, observed_monotonic_ns: 0, sequence: 0 };
        let mut ticks = interval(self.config.scan_interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.shared.started_ns.store(monotonic_ns(), Ordering::Relaxed);
        while self.wait(&mut ticks, &shutdown_signal).await {
            let scanned;
            (reader, scanned) = scan(reader).await?;
            let scan = match scanned {
                Ok(scan) => scan,
                Err(error) => {
                    warn!(%error, "scan failed");
                    continue;
                }
            };
            stamp.observed_unix_ns = scan.observed_unix_ns;
            stamp.observed_monotonic_ns = scan.observed_monotonic_ns;
            let changes = census.advance(scan, self.thresholds());
            debug!(changes = changes.len(), "scanned");
            match self.send(changes, stamp, &tx).await {
                Ok(after) => stamp = after,
                Err(Ended::ChannelClosed) => return Ok(()),
            }
            self.shared.last_scan_ns.store(stamp.observed_monotonic_ns, Ordering::Relaxed);
            self.shared.first_scan.send_if_modified(|first| {
                let is_first = first.is_none();
                first.get_or_insert(stamp.sequence);
                is_first
            });
        }
        Ok(())
    }

    async fn stop(&self) -> anyhow::Result<()> {
        self.shared.stop.notify_one();
        Ok(())
    }

    async fn health_check(&self) -> anyhow::Result<()> {
        let started = self.shared.started_ns.load(Ordering::Relaxed);
        let last = self.shared.last_scan_ns.load(Ordering::Relaxed).max(started);
        let silent = Duration::from_nanos(monotonic_ns().saturating_sub(last));
        let limit = self.config.scan_interval * MISSED_SCANS + SCAN_GRACE;
        anyhow::ensure!(silent <= limit, "no scan for {silent:?}, {limit:?} is the limit");
        Ok(())
    }
}

#[cfg(test)]
mod tests;
