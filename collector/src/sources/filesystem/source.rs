//! The filesystem source: waits for notices, for what is due and for its end, lets the tracker
//! work off the runtime's thread, and sends what it tells.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::FilesystemEvent;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::event::FilesystemOperation;
use thiserror::Error;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;
use tracing::debug;

use super::coverage::Coverage;
use super::dialect::Dialect;
use super::local::{Feed, LocalSystem};
use super::notice::{Notice, Stamp};
use super::roots::{NoDefault, roots};
use super::scope::Scope;
use super::tracker::{Advanced, Tracker};
use crate::config::{CollectorName, FsmondConfig};
use crate::source::{CollectionEvent, EventSource, Limited, Loss, SourceCaps};
use crate::sources::first_scan::{FirstScan, FirstScanSender};
use crate::sources::orders::OrdersSender;
use crate::sources::outlet::{ChannelClosed, Outlet, Unsent};

/// How often the shutdown signal is looked at, for a caller that does not also call `stop`.
const SIGNAL_POLL: Duration = Duration::from_millis(250);
/// Name of the source, with which its events are signed.
const NAME: &str = CollectorName::Fsmond.as_str();

/// Watches folders and files of this host, as the system tells what happens to them.
///
/// What is there at first is not told: [`first_scan`](Self::first_scan) says when everything is
/// watched, and everything that happens after that is told.
#[derive(Debug)]
pub struct FilesystemSource {
    orders: OrdersSender<FsmondConfig>,
    stop: Notify,
    first_scan: FirstScanSender,
    /// What the tracker thought of its work after its last step; `None` before everything is
    /// watched.
    coverage: watch::Sender<Option<Coverage>>,
    /// How many losses the last health check has told of.
    overflows_told: AtomicU64,
    unsent: Unsent,
    /// Whether earlier runs have lost what nobody was told of.
    follows_loss: AtomicBool,
}

/// Why nothing is watched.
#[derive(Debug, Error)]
enum OpenError {
    /// Accesses are wanted where nobody tells of them.
    #[error("{} tells nothing of accesses; unset `fsmond.include_access`", std::env::consts::OS)]
    Accesses,
    /// Nothing is named, and nothing of the default is there.
    #[error(transparent)]
    Roots(#[from] NoDefault),
    /// A pattern is wrong; the configuration's own check says so before.
    #[error("`fsmond.exclude`")]
    Exclude(#[from] globset::Error),
    /// The system gives no watcher. On Linux a user has only so many.
    #[error("cannot make a watcher (on Linux `fs.inotify.max_user_instances` limits them)")]
    Watcher(#[from] notify::Error),
}

/// Why the loop wakes.
enum Woken {
    ToWork,
    ToEnd,
    /// The system's watcher has ended, and nobody tells anything any more.
    Alone,
}

impl FilesystemSource {
    /// A source that watches nothing yet.
    pub fn new(config: FsmondConfig) -> Self {
        Self {
            orders: OrdersSender::new(config),
            stop: Notify::new(),
            first_scan: FirstScanSender::new(),
            coverage: watch::Sender::new(None),
            overflows_told: AtomicU64::new(0),
            unsent: Unsent::default(),
            follows_loss: AtomicBool::new(false),
        }
    }

    /// Tells when everything is watched; it never counts an event. Take it before registering the
    /// source.
    pub fn first_scan(&self) -> FirstScan {
        self.first_scan.subscribe()
    }

    /// How it is told to pause; its configuration holds as long as it runs.
    ///
    /// What the system tells in a pause waits, as far as there is room, and is told afterwards.
    pub(crate) fn orders(&self) -> OrdersSender<FsmondConfig> {
        self.orders.clone()
    }

    /// Everything is watched, and this is how well.
    fn note(&self, coverage: Coverage) {
        self.coverage.send_if_modified(|noted| {
            let is_news = noted.as_ref() != Some(&coverage);
            *noted = Some(coverage);
            is_news
        });
        self.first_scan.sent(0);
    }

    /// Sends events. Of those that nobody receives, one that says that notices were lost stands for
    /// any number.
    async fn send(
        &self,
        events: Vec<FilesystemEvent>,
        outlet: &mut Outlet,
    ) -> Result<(), ChannelClosed> {
        let tells_loss = events.iter().any(|event| event.operation == FilesystemOperation::Bulk);
        let events = events.into_iter().map(CollectionEvent::Filesystem).collect();
        let sent = outlet.send_all(events).await;
        if sent.is_err() && tells_loss {
            self.unsent.may_be_more();
        }
        sent
    }

    /// Waits for notices, until something is due, or until the source shall end; through a pause.
    async fn wait(
        &self,
        feed: &mut Feed,
        notices: &mut Vec<Notice>,
        due_ns: Option<u64>,
        signal: &AtomicBool,
    ) -> Woken {
        let mut orders = self.orders.subscribe();
        loop {
            if signal.load(Ordering::Acquire) {
                return Woken::ToEnd;
            }
            let is_paused = orders.borrow_and_update().is_paused;
            if is_paused {
                tokio::select! {
                    () = self.stop.notified() => return Woken::ToEnd,
                    _ = timeout(SIGNAL_POLL, orders.changed()) => {}
                }
                continue;
            }
            let left_ns = due_ns.map_or(u64::MAX, |due_ns| due_ns.saturating_sub(monotonic_ns()));
            if left_ns == 0 {
                return Woken::ToWork;
            }
            let look_again = SIGNAL_POLL.min(Duration::from_nanos(left_ns));
            tokio::select! {
                () = self.stop.notified() => return Woken::ToEnd,
                Ok(()) = orders.changed() => {}
                waited = timeout(look_again, feed.wait(notices)) => match waited {
                    Ok(0) => return Woken::Alone,
                    Ok(_) => return Woken::ToWork,
                    Err(_) => {}
                },
            }
        }
    }
}

/// Finds what shall be watched, and gets a watcher for it. Blocks.
fn open(
    config: &FsmondConfig,
    follows_loss: bool,
) -> Result<(Tracker<LocalSystem>, Feed), OpenError> {
    let dialect = Dialect::of_this_system();
    if config.include_access && !dialect.tells_accesses() {
        return Err(OpenError::Accesses);
    }
    let scope = Scope::new(roots(config.paths.as_deref())?, config.recursive, config.excluded()?);
    let (system, feed) = LocalSystem::open(dialect, config.recursive, config.include_access)?;
    let mut tracker = Tracker::new(system, dialect, scope, config);
    if follows_loss {
        tracker.tell_earlier_loss(Stamp::now());
    }
    Ok((tracker, feed))
}

/// One step, off the runtime's thread: looking and listing takes its time.
async fn advance(
    mut tracker: Tracker<LocalSystem>,
    notices: Vec<Notice>,
) -> anyhow::Result<(Tracker<LocalSystem>, Advanced)> {
    let step = tokio::task::spawn_blocking(move || {
        let progress = tracker.advance(notices, Stamp::now());
        (tracker, progress)
    });
    Ok(step.await?)
}

#[async_trait]
impl EventSource for FilesystemSource {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> SourceCaps {
        SourceCaps::FILESYSTEM | SourceCaps::REALTIME
    }

    async fn start(
        &self,
        tx: mpsc::Sender<CollectionEvent>,
        shutdown_signal: Arc<AtomicBool>,
    ) -> anyhow::Result<()> {
        let config = self.orders.current().config;
        let follows_loss = self.follows_loss.load(Ordering::Relaxed);
        let opened = tokio::task::spawn_blocking(move || open(&config, follows_loss)).await?;
        let (mut tracker, mut feed) = opened?;
        let mut outlet = Outlet::new(NAME, tx, self.unsent.clone());
        let mut notices = Vec::new();
        loop {
            let progress;
            (tracker, progress) = advance(tracker, mem::take(&mut notices)).await?;
            debug!(source = NAME, events = progress.events.len(), "advanced");
            if self.send(progress.events, &mut outlet).await.is_err() {
                break;
            }
            if progress.is_more {
                if shutdown_signal.load(Ordering::Acquire) {
                    break;
                }
                continue;
            }
            self.note(tracker.coverage());
            match self.wait(&mut feed, &mut notices, tracker.due_ns(), &shutdown_signal).await {
                Woken::ToWork => feed.take_batch(&mut notices),
                Woken::ToEnd => break,
                Woken::Alone => anyhow::bail!("the system's watcher has ended"),
            }
        }
        feed.take_rest(&mut notices);
        let finish = move || tracker.finish(notices, Stamp::now());
        let rest = tokio::task::spawn_blocking(finish).await?;
        // Where nobody receives any more, this counts what would have been told.
        let _ = self.send(rest, &mut outlet).await;
        Ok(())
    }

    async fn stop(&self) -> anyhow::Result<()> {
        self.stop.notify_one();
        Ok(())
    }

    async fn health_check(&self) -> anyhow::Result<()> {
        let coverage = self.coverage.borrow().clone();
        let Some(coverage) = coverage else { anyhow::bail!("not everything is watched yet") };
        let overflows_before = self.overflows_told.swap(coverage.overflows, Ordering::Relaxed);
        let what = coverage.problems(overflows_before).join("; ");
        if what.is_empty() {
            return Ok(());
        }
        anyhow::ensure!(!coverage.has_failed(overflows_before), "{what}");
        Err(Limited { what }.into())
    }

    fn unsent(&self) -> Loss {
        self.unsent.loss()
    }

    fn follows_loss(&self, _lost: Loss) {
        self.follows_loss.store(true, Ordering::Relaxed);
    }
}

// What is promised in every detail is promised where the system tells every step.
#[cfg(all(test, target_os = "linux"))]
mod tests;
