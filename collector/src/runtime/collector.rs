//! [`Collector`]: registers sources and runs them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::{Credential, EventBus, SourceCaps};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::{JoinError, JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use super::board::{Board, StatusWatch};
use super::intake::{Batch, Intake, Lane};
use super::publisher::Publisher;
use super::source_set::SourceSet;
use super::spooling::SpoolingPublisher;
use super::status::{CollectorStatus, SourceState, SourceStatus};
use super::{RegisterError, RunError, check};
use crate::causes::with_causes;
use crate::config::CollectorConfig;
use crate::factory::EventBusFactory;
use crate::source::{EventSource, Loss};
use crate::spool::{LossNote, Recovered, Spool};

/// Share of the time for a stop that sources get; publishing what they sent gets the rest.
const SOURCES_SHARE_OF_STOP: u32 = 2;

/// A set of sources and the way from them to a bus.
///
/// ```
/// use std::sync::Arc;
///
/// use collector_core::test_utils::{MockEnding, MockEventSource};
/// use collector_core::{Collector, CollectorConfig, SourceCaps};
/// use daemoneye_eventbus::{BrokerConfig, DaemoneyeBroker, DaemoneyeEventBus};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> anyhow::Result<()> {
///     let config = CollectorConfig::new()
///         .with_component_name("my-collector")
///         .with_max_event_sources(4)
///         .with_event_buffer_size(2000);
///     // A bus of its own; without one it opens the bus that its configuration means.
///     let broker = DaemoneyeBroker::new(BrokerConfig::default());
///     let bus = DaemoneyeEventBus::from_broker(&broker, "my-collector");
///     let mut collector = Collector::new(config).with_bus(Arc::new(bus));
///
///     let processes = MockEventSource::new("processes", SourceCaps::PROCESS);
///     let network = MockEventSource::new("network", SourceCaps::NETWORK);
///     collector.register(Box::new(processes.with_ending(MockEnding::AtOnce)))?;
///     collector.register(Box::new(network.with_ending(MockEnding::AtOnce)))?;
///     assert_eq!(collector.capabilities(), SourceCaps::PROCESS | SourceCaps::NETWORK);
///
///     let status = collector.run().await?;
///     assert_eq!(status.events_lost, 0);
///     Ok(())
/// }
/// ```
pub struct Collector {
    config: CollectorConfig,
    sources: Vec<Arc<dyn EventSource>>,
    bus: Option<Arc<dyn EventBus>>,
    credential: Credential,
    spool: Option<Spool>,
    /// For the next run; held to the end of this one, and with it the spool's lock.
    loss_note: Option<Arc<LossNote>>,
    board: Board,
}

/// The two tasks between sources and bus.
struct Pipeline {
    intake: JoinHandle<()>,
    publisher: JoinHandle<Result<(), RunError>>,
    close_lanes: Arc<Notify>,
    /// Raised by a publisher that keeps what there is: the bus is gone.
    bus_gone: Arc<Notify>,
    permits: Arc<Semaphore>,
}

/// How the publisher's task ended.
type Published = Result<Result<(), RunError>, JoinError>;

impl Collector {
    /// A collector without sources. The configuration's limits hold from here on.
    pub fn new(config: CollectorConfig) -> Self {
        let board = Board::new(CollectorStatus::new(&config.component_name));
        let credential = Credential::None;
        let (bus, spool, loss_note) = (None, None, None);
        Self { config, sources: Vec::new(), bus, credential, spool, loss_note, board }
    }

    /// Publishes on a bus that others use too; the collector will not shut it down.
    #[must_use]
    pub fn with_bus(mut self, bus: Arc<dyn EventBus>) -> Self {
        self.bus = Some(bus);
        self
    }

    /// Proves the component's name with this where it opens the bus of the configuration itself (A4).
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    /// Keeps events in this spool while the bus does not take them. What is in it already is of
    /// earlier runs, and is published first; what was lost of it counts as lost in this run, and so
    /// does what the last run could not keep when it ended. The first event of this run says how
    /// much that is, in its metadata: `lost_before`, a number, and `lost_before_uncounted` where
    /// there may be more.
    ///
    /// The bus must not count an event as accepted that may still be lost with its connection:
    /// a client's `Fire` does.
    #[must_use]
    pub fn with_spool(mut self, spool: Spool, recovered: &Recovered) -> Self {
        let damaged = Loss { events: recovered.lost_events, uncounted: false };
        let lost = damaged + recovered.given_up;
        if !recovered.given_up.is_none() {
            warn!(events = %recovered.given_up, "earlier runs could not keep all they had to tell");
        }
        if recovered.damaged_bytes > 0 {
            warn!(?recovered, "a part of what was kept on disk cannot be read any more");
        } else if recovered.events > 0 {
            info!(?recovered, "events of earlier runs are on disk");
        }
        self.board.update(|status| {
            status.events_accepted += lost.events;
            status.events_lost += lost.events;
            status.lost_before = lost;
        });
        self.loss_note = Some(spool.loss_note());
        self.spool = Some(spool);
        self
    }

    /// Adds a source; it starts when the collector runs.
    pub fn register(&mut self, source: Box<dyn EventSource>) -> Result<(), RegisterError> {
        let (name, capabilities) = (source.name(), source.capabilities());
        if self.sources.iter().any(|other| other.name() == name) {
            return Err(RegisterError::DuplicateName { name });
        }
        if capabilities.is_empty() {
            return Err(RegisterError::NoCapability { name });
        }
        if self.sources.len() >= self.config.max_event_sources {
            return Err(RegisterError::LimitReached { limit: self.config.max_event_sources });
        }
        self.sources.push(source.into());
        self.board.update(|status| {
            status.sources.push(SourceStatus::new(name, capabilities));
        });
        Ok(())
    }

    /// What the sources can do, all together.
    pub fn capabilities(&self) -> SourceCaps {
        self.sources.iter().fold(SourceCaps::empty(), |all, source| all | source.capabilities())
    }

    /// Follows the status; outlives the run.
    pub fn watch_status(&self) -> StatusWatch {
        self.board.watch()
    }

    /// Runs until every source has ended by itself. See [`run_until`](Self::run_until).
    pub async fn run(self) -> Result<CollectorStatus, RunError> {
        self.run_until(std::future::pending()).await
    }

    /// Runs until `stop` completes, every source has ended, or the bus is gone; then stops
    /// gracefully within `shutdown_timeout` and returns the last status.
    ///
    /// Without [`with_bus`](Self::with_bus) the bus of the configuration is opened first and shut
    /// down last. Dropping the future aborts the sources; what they had sent is still published.
    pub async fn run_until(
        mut self,
        stop: impl Future<Output = ()>,
    ) -> Result<CollectorStatus, RunError> {
        self.check()?;
        let (bus, owned) = match &self.bus {
            Some(bus) => (Arc::clone(bus), false),
            None => (self.open_bus().await?, true),
        };
        let spool = self.spool.take();
        let result = self.run_on(&bus, spool, stop).await;
        if !owned {
            return result;
        }
        let closed = bus.shutdown(self.config.shutdown_timeout).await;
        let status = result?;
        closed?;
        Ok(status)
    }

    fn check(&self) -> Result<(), RunError> {
        let problems = self.config.problems();
        if !problems.is_empty() {
            let problems: Vec<_> =
                problems.iter().map(|(key, message)| format!("{key}: {message}")).collect();
            return Err(RunError::Configuration { problems: problems.join("; ") });
        }
        if self.sources.is_empty() { Err(RunError::NoSource) } else { Ok(()) }
    }

    async fn open_bus(&self) -> Result<Arc<dyn EventBus>, RunError> {
        let (name, credential) = (&self.config.component_name, self.credential.clone());
        Ok(EventBusFactory::create_as(&self.config.event_bus, name, credential).await?)
    }

    async fn run_on(
        &self,
        bus: &Arc<dyn EventBus>,
        spool: Option<Spool>,
        stop: impl Future<Output = ()>,
    ) -> Result<CollectorStatus, RunError> {
        let (mut sources, lanes) = SourceSet::start(&self.sources, &self.config, &self.board);
        let mut pipeline = self.start_pipeline(bus, spool, lanes);
        // In a set of its own, which aborts it when this run ends or is dropped.
        let mut checks = JoinSet::new();
        checks.spawn(check::repeat(self.sources.clone(), self.config.clone(), self.board.clone()));
        let mut bus_result = None;
        tokio::select! {
            () = stop => info!(collector = %self.config.component_name, "stopping"),
            () = sources.wait_all() => warn!("every source has ended"),
            result = &mut pipeline.publisher => bus_result = Some(result),
            // What sources have in hand is kept, too, as far as there is room.
            () = pipeline.bus_gone.notified() => info!("the bus is gone"),
        }
        drop(checks);
        let deadline = Instant::now() + self.config.shutdown_timeout;
        sources.stop(self.config.shutdown_timeout / SOURCES_SHARE_OF_STOP).await;
        let published = pipeline.finish(bus_result, deadline, self.config.shutdown_timeout).await;
        let lost = self.count_lost();
        self.leave_word(lost).await;
        self.conclude(published)
    }

    fn start_pipeline(
        &self,
        bus: &Arc<dyn EventBus>,
        spool: Option<Spool>,
        lanes: Vec<Lane>,
    ) -> Pipeline {
        let permits = Arc::new(Semaphore::new(self.config.backpressure_threshold));
        // A batch holds at least one permit, so that sending one never waits.
        let (batches, receiver) = mpsc::channel::<Batch>(self.config.backpressure_threshold);
        let close_lanes = Arc::new(Notify::new());
        let intake = Intake::new(
            lanes,
            &self.config,
            Arc::clone(&permits),
            batches,
            self.board.clone(),
            Arc::clone(&close_lanes),
        );
        let intake = tokio::spawn(intake.run());
        let (bus, board) = (Arc::clone(bus), self.board.clone());
        let (own_permits, bus_gone) = (Arc::clone(&permits), Arc::new(Notify::new()));
        let publisher = if let Some(spool) = spool {
            let (permits, config) = (own_permits, &self.config);
            let gone = Arc::clone(&bus_gone);
            let publisher =
                SpoolingPublisher::new(bus, receiver, permits, gone, config, board, spool);
            tokio::spawn(publisher.run())
        } else {
            let publisher = Publisher::new(bus, receiver, own_permits, &self.config, board);
            tokio::spawn(publisher.run())
        };
        Pipeline { intake, publisher, close_lanes, bus_gone, permits }
    }

    /// Accounts for what is lost at the end: what was left over, and what sources had in hand. One
    /// that was aborted may have had more.
    fn count_lost(&self) -> Loss {
        let mut lost: Loss = self.sources.iter().map(|source| source.unsent()).sum();
        self.board.update(|status| {
            let is_aborted = |source: &SourceStatus| source.state == SourceState::Aborted;
            lost.uncounted |= status.sources.iter().any(is_aborted);
            status.events_accepted += lost.events;
            let missing = status.events_missing();
            let before = std::mem::replace(&mut status.events_lost, missing);
            lost.events = missing.saturating_sub(before);
            status.lost_uncounted |= lost.uncounted;
            status.backpressure = false;
        });
        lost
    }

    /// Writes down for the next run what is lost at the end of this one, and what was before it if
    /// no event has told it.
    async fn leave_word(&self, lost: Loss) {
        let Some(note) = self.loss_note.clone() else { return };
        let status = self.board.current();
        let has_told = status.events_published + status.events_spooled > 0;
        let lost = if has_told { lost } else { lost + status.lost_before };
        if let Ok(Err(error)) = spawn_blocking(move || note.write(lost)).await {
            let error = with_causes(&error);
            warn!(error, events = %lost, "the next run does not learn how many events are lost");
        }
    }

    /// Judges the run.
    fn conclude(&self, published: Result<(), RunError>) -> Result<CollectorStatus, RunError> {
        let status = self.board.current();
        match published {
            Ok(()) => {}
            Err(RunError::BusLost { source, .. }) => {
                return Err(RunError::BusLost { source, lost: status.events_lost });
            }
            Err(RunError::Deadline { waited, .. }) => {
                return Err(RunError::Deadline { lost: status.events_lost, waited });
            }
            Err(other) => return Err(other),
        }
        if status.sources.iter().all(|source| has_failed(&source.state)) {
            let failures = status.sources.iter().map(describe_failure).collect::<Vec<_>>();
            return Err(RunError::AllSourcesFailed { failures: failures.join("; ") });
        }
        Ok(status)
    }
}

impl Pipeline {
    /// Drains what the sources sent and publishes it by the deadline, unless publishing is over.
    async fn finish(
        mut self,
        published: Option<Published>,
        deadline: Instant,
        waited: Duration,
    ) -> Result<(), RunError> {
        // A source may have left a sender behind, in a thread of its own: closing is what ends.
        self.close_lanes.notify_one();
        let published = match published {
            Some(published) => Some(published),
            None => timeout_at(deadline, &mut self.publisher).await.ok(),
        };
        if published.is_none() {
            self.publisher.abort();
            let _ = self.publisher.await;
        }
        // Without permits the intake counts what is left and ends; only then are counters read.
        self.permits.close();
        let _ = self.intake.await;
        published.map_or(Err(RunError::Deadline { lost: 0, waited }), flatten)
    }
}

/// The publisher calls only the bus; a panic of that is passed on.
fn flatten(joined: Published) -> Result<(), RunError> {
    match joined {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Ok(()),
        },
    }
}

fn has_failed(state: &SourceState) -> bool {
    matches!(state, SourceState::Failed { .. } | SourceState::Panicked { .. })
}

fn describe_failure(source: &SourceStatus) -> String {
    match &source.state {
        SourceState::Failed { error } => format!("{}: {error}", source.name),
        SourceState::Panicked { message } => format!("{} panicked: {message}", source.name),
        other => format!("{}: {other:?}", source.name),
    }
}
