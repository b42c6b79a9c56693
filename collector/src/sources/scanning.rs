//! Sources that look at the system at intervals: one loop, whatever they look at.
//!
//! A [`Scanner`] looks once and tells what changed; a [`ScanningSource`] calls it off the runtime's
//! thread at every interval, signs and numbers what it told, and sends it. What takes long is left
//! for after a scan and done in pieces, so that neither this scan nor the next waits for it. What
//! begins and ends between two scans is not seen: that is what scanning costs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::clock::monotonic_ns;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout_at};
use tracing::{debug, warn};

use super::first_scan::{FirstScan, FirstScanSender};
use super::orders::{Orders, OrdersSender};
use super::outlet::{ChannelClosed, Outlet, Unsent};
use crate::source::{CollectionEvent, EventSource, Loss, SourceCaps};

/// How often the shutdown signal is looked at between scans, for a caller that does not also call
/// `stop`.
const SIGNAL_POLL: Duration = Duration::from_millis(250);
/// Intervals without a scan after which the source is unhealthy.
const MISSED_SCANS: u32 = 3;
/// What a scan may take beyond its intervals before it is missed.
const SCAN_GRACE: Duration = Duration::from_secs(5);

/// Looks at a part of the system, again and again.
pub trait Scanner: Send + Sized + 'static {
    /// What can be set.
    type Config: Clone + fmt::Debug + Send + Sync;

    /// Name of the source, with which its events are signed.
    const NAME: &'static str;
    /// What it can do.
    const CAPABILITIES: SourceCaps;

    /// Time from the start of one scan to the start of the next.
    fn interval(config: &Self::Config) -> Duration;

    /// Opens what it looks at. Blocks.
    fn open(config: &Self::Config) -> anyhow::Result<Self>;

    /// Takes what it can of a new configuration; what is left of it holds once it is opened anew.
    /// The interval is not its own to keep. Called between two scans; must not block.
    fn configure(&mut self, _config: &Self::Config) {}

    /// Looks, and tells what changed since the last time; blocks for some milliseconds. After an
    /// error the next scan is tried as if there had been none.
    fn scan(&mut self) -> anyhow::Result<Scanned>;

    /// Does a piece of what a scan has left to do, and tells what came of it; `None` when nothing
    /// is left. Blocks for some milliseconds.
    ///
    /// Called once when the events of a scan are sent, and again until it returns `None` or the
    /// next scan is due.
    fn after(&mut self) -> Option<Scanned> {
        None
    }
}

/// What one scan tells.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scanned {
    /// When it began: wall clock, nanoseconds since the epoch.
    pub observed_unix_ns: u64,
    /// The same moment, monotonic, nanoseconds.
    pub observed_monotonic_ns: u64,
    /// What changed, in the order to publish; their headers are completed by the source.
    pub events: Vec<CollectionEvent>,
}

/// A source that scans at intervals.
#[derive(Debug)]
pub struct ScanningSource<S: Scanner> {
    orders: OrdersSender<S::Config>,
    stop: Notify,
    first_scan: FirstScanSender,
    /// When the last good scan began, monotonic nanoseconds; 0 before the first.
    last_scan_ns: AtomicU64,
    /// Why the last scan failed, if it did. Written by the loop and read by health checks; never
    /// held across an await.
    failure: Mutex<Option<String>>,
    /// When it began to scan, or to do so in another time, monotonic nanoseconds; 0 before.
    started_ns: AtomicU64,
    unsent: Unsent,
}

/// What a source does next.
enum Next {
    /// The next scan is due.
    Scan,
    /// It is not, and the last one has left something to do.
    After,
    /// There are new orders.
    Obey,
    /// The source shall end.
    End,
}

impl<S: Scanner> ScanningSource<S> {
    /// A source that has looked at nothing yet.
    pub fn new(config: S::Config) -> Self {
        Self {
            orders: OrdersSender::new(config),
            stop: Notify::new(),
            first_scan: FirstScanSender::new(),
            last_scan_ns: AtomicU64::new(0),
            failure: Mutex::new(None),
            started_ns: AtomicU64::new(0),
            unsent: Unsent::default(),
        }
    }

    /// Tells when the first scan has been sent. Take it before registering the source.
    pub fn first_scan(&self) -> FirstScan {
        self.first_scan.subscribe()
    }

    /// How it is told to look otherwise while it runs.
    pub(crate) fn orders(&self) -> OrdersSender<S::Config> {
        self.orders.clone()
    }

    /// Waits until there is something to do: for the next tick, unless work is left. In a pause
    /// there is nothing to do.
    async fn next(
        &self,
        ticks: &mut Interval,
        orders: &mut watch::Receiver<Orders<S::Config>>,
        signal: &AtomicBool,
        work_is_left: bool,
    ) -> Next {
        let is_paused = orders.borrow().is_paused;
        let work_is_left = work_is_left && !is_paused;
        let patience = if work_is_left { Duration::ZERO } else { SIGNAL_POLL };
        loop {
            if signal.load(Ordering::Acquire) {
                return Next::End;
            }
            let look_again = Instant::now() + patience;
            tokio::select! {
                () = self.stop.notified() => return Next::End,
                Ok(()) = orders.changed() => return Next::Obey,
                ticked = timeout_at(look_again, next_tick(ticks, is_paused)) => match ticked {
                    Ok(()) => return Next::Scan,
                    Err(_) if work_is_left => return Next::After,
                    Err(_) => {}
                },
            }
        }
    }

    /// A new interval holds at once, and a pause ends with a scan. The time before is no miss.
    fn keep_time(&self, ticks: &mut Interval, new: &Orders<S::Config>, was_paused: bool) {
        let interval = S::interval(&new.config);
        if interval != ticks.period() || (was_paused && !new.is_paused) {
            *ticks = every(interval);
            self.started_ns.store(monotonic_ns(), Ordering::Relaxed);
        }
    }

    /// What is wrong with it at this moment, monotonic nanoseconds.
    fn health_at(&self, now_ns: u64) -> anyhow::Result<()> {
        let started = self.started_ns.load(Ordering::Relaxed);
        anyhow::ensure!(started > 0, "it has not begun to scan");
        let orders = self.orders.current();
        if orders.is_paused {
            return Ok(());
        }
        let last = self.last_scan_ns.load(Ordering::Relaxed).max(started);
        let silent_ns = now_ns.saturating_sub(last);
        let silent = Duration::from_millis(silent_ns / 1_000_000);
        let limit = scan_limit(S::interval(&orders.config));
        anyhow::ensure!(silent <= limit, "no scan for {silent:?}, {limit:?} is the limit");
        match &*self.failure.lock() {
            Some(failure) => Err(anyhow::anyhow!("the last scan failed: {failure}")),
            None => Ok(()),
        }
    }
}

/// How long there may be no scan.
fn scan_limit(interval: Duration) -> Duration {
    interval * MISSED_SCANS + SCAN_GRACE
}

/// Ticks, the first at once.
fn every(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// The next tick; in a pause there is none.
async fn next_tick(ticks: &mut Interval, is_paused: bool) {
    if is_paused {
        std::future::pending::<()>().await;
    }
    ticks.tick().await;
}

/// Sends what a scan told.
async fn send(mut scanned: Scanned, outlet: &mut Outlet) -> Result<(), ChannelClosed> {
    for event in &mut scanned.events {
        let header = event.header_mut();
        header.observed_unix_ns = scanned.observed_unix_ns;
        header.observed_monotonic_ns = scanned.observed_monotonic_ns;
    }
    outlet.send_all(scanned.events).await
}

/// Off the runtime's thread: opening reads, and may fail.
async fn open<S: Scanner>(config: S::Config) -> anyhow::Result<S> {
    tokio::task::spawn_blocking(move || S::open(&config)).await?
}

/// Off the runtime's thread: reading takes milliseconds.
async fn blocking<S: Scanner, T: Send + 'static>(
    mut scanner: S,
    work: fn(&mut S) -> T,
) -> anyhow::Result<(S, T)> {
    let worked = tokio::task::spawn_blocking(move || {
        let outcome = work(&mut scanner);
        (scanner, outcome)
    });
    Ok(worked.await?)
}

#[async_trait]
impl<S: Scanner> EventSource for ScanningSource<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn capabilities(&self) -> SourceCaps {
        S::CAPABILITIES
    }

    async fn start(
        &self,
        tx: mpsc::Sender<CollectionEvent>,
        shutdown_signal: Arc<AtomicBool>,
    ) -> anyhow::Result<()> {
        let mut orders = self.orders.subscribe();
        let mut current = orders.borrow_and_update().clone();
        let mut scanner = open::<S>(current.config.clone()).await?;
        let mut ticks = every(S::interval(&current.config));
        self.started_ns.store(monotonic_ns(), Ordering::Relaxed);
        let mut outlet = Outlet::new(S::NAME, tx, self.unsent.clone());
        let mut work_is_left = false;
        loop {
            match self.next(&mut ticks, &mut orders, &shutdown_signal, work_is_left).await {
                Next::End => return Ok(()),
                Next::Obey => {
                    let new = orders.borrow_and_update().clone();
                    scanner.configure(&new.config);
                    self.keep_time(&mut ticks, &new, current.is_paused);
                    current = new;
                    continue;
                }
                Next::After => {}
                Next::Scan => {
                    let scanned;
                    (scanner, scanned) = blocking(scanner, S::scan).await?;
                    let failure = scanned.as_ref().err().map(|error| format!("{error:#}"));
                    self.failure.lock().clone_from(&failure);
                    let Ok(scanned) = scanned else {
                        warn!(source = S::NAME, error = failure, "scan failed");
                        continue;
                    };
                    debug!(source = S::NAME, events = scanned.events.len(), "scanned");
                    let began_ns = scanned.observed_monotonic_ns;
                    if send(scanned, &mut outlet).await.is_err() {
                        return Ok(());
                    }
                    self.last_scan_ns.store(began_ns, Ordering::Relaxed);
                    self.first_scan.sent(outlet.sent());
                }
            }
            // After every scan at least once: scans that are always due do not keep it for ever.
            let piece;
            (scanner, piece) = blocking(scanner, S::after).await?;
            work_is_left = piece.is_some();
            if send(piece.unwrap_or_default(), &mut outlet).await.is_err() {
                return Ok(());
            }
        }
    }

    async fn stop(&self) -> anyhow::Result<()> {
        self.stop.notify_one();
        Ok(())
    }

    async fn health_check(&self) -> anyhow::Result<()> {
        self.health_at(monotonic_ns())
    }

    fn unsent(&self) -> Loss {
        self.unsent.loss()
    }
}

#[cfg(test)]
mod tests;
