//! A collector as a program: one source on a bus (`watching`), the same as a process and as a
//! thread, and what it looks into when it is asked (`worker`).

mod door;
mod error;
mod handover;
mod orphan;
mod watching;
mod worker;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::rpc::Registration;
use daemoneye_eventbus::{Credential, EventBus};
use tracing::debug;

use crate::analysis::AnalysisWorker;
use crate::config::{CollectorName, EventBusConfig, Settings};
use crate::control::{AgentLink, HealthAnnouncer, Steering};
use crate::factory::EventBusFactory;
use crate::ready::CollectorReady;
use crate::runtime::{Collector, CollectorStatus, RunError, StatusWatch};
use crate::source::Loss;
use crate::sources::FirstScan;
use crate::spool::{OpenError, Spool};
use handover::Handover;
use orphan::Orphan;
use watching::Watching;
use worker::worker;

pub use error::ProgramError;
pub use orphan::{AgentDeath, OrphanEnd};

/// What a stop may take longer for answers that others wait for; what is not done then is refused.
const DOOR_LIMIT: Duration = Duration::from_secs(2);

/// A collector, what does its tasks, and what changes it while it runs.
type Parts = (Collector, Arc<AnalysisWorker>, Steering);

/// How a collector gets at its bus.
#[expect(missing_debug_implementations, reason = "`EventBus` has none")]
pub enum WayToBus {
    /// A bus that others use too; it is left open.
    Shared(Arc<dyn EventBus>),
    /// The bus of the settings, under the collector's name; it is closed at the end.
    Own {
        /// Proof of the name (A4).
        credential: Credential,
        /// When it becomes an orphan (R5).
        agent_death: AgentDeath,
    },
}

/// Runs a collector until `stop` completes, or until its agent asks it to end; calls `on_ready`
/// once what it found at first is published, or kept on disk. One whose agent died ends when its
/// place is taken, or its `orphan_limit` over (R5).
///
/// On a bus of its own it joins the agent (CONTRACT §6); on a shared one it answers alone. Either
/// way it does the tasks it is asked to do, changes what of its configuration it can change while
/// it runs, pauses and goes on, and tells of itself on `control.health.status`. Where the
/// configuration says so, it answers programs that are not on the bus as well, from before it
/// begins until it has ended.
pub async fn run(
    name: CollectorName,
    settings: &Settings,
    way: WayToBus,
    stop: impl Future<Output = ()>,
    on_ready: impl FnOnce(CollectorReady),
) -> Result<CollectorStatus, ProgramError> {
    let Watching { source, first_scan, live } = Watching::of(name, settings);
    let mut collector = Collector::new(settings.collector_named(name.as_str()));
    collector.register(source).map_err(RunError::from)?;
    let worker = Arc::new(worker(name));
    let steering = Steering::new(name, settings, live);
    tokio::pin!(stop);
    let handover = Handover::begin(settings);
    let door = tokio::select! {
        door = door::open(name, settings, &collector, Arc::clone(&worker), handover) => door?,
        () = &mut stop => return Ok(collector.watch_status().current()),
    };
    let announced = announce(name, first_scan, collector.watch_status(), on_ready);
    // Boxed: it is large, and whoever runs a collector need not know.
    let running = Box::pin(async {
        let status = collector.watch_status();
        let collector = tokio::select! {
            collector = with_spool(name, settings, collector, handover) => collector?,
            () = &mut stop => return Ok(status.current()),
        };
        let parts = (collector, worker, steering);
        match way {
            WayToBus::Shared(bus) => run_on_shared_bus(name, settings, bus, parts, stop)
                .await
                .map_err(ProgramError::from),
            WayToBus::Own { credential, agent_death } => {
                let orphan = Orphan::new(agent_death, settings.agent.orphan_limit);
                run_on_own_bus(name, settings, (credential, orphan), parts, stop).await
            }
        }
    });
    let ran = tokio::select! {
        ran = running => ran,
        never = announced => match never {},
    };
    if let Some(mut door) = door {
        // Last, so that it can be watched to the end.
        door.end(DOOR_LIMIT.min(settings.collector.shutdown_timeout)).await;
    }
    ran
}

async fn run_on_shared_bus(
    name: CollectorName,
    settings: &Settings,
    bus: Arc<dyn EventBus>,
    (collector, worker, steering): Parts,
    stop: impl Future<Output = ()>,
) -> Result<CollectorStatus, RunError> {
    let registration = registration(name, &collector, worker.task_limit());
    let _announcer = announcer(name, settings, &bus, &collector, &steering);
    // Before anything is published: what is asked because of that must be heard.
    let status = collector.watch_status();
    let link =
        AgentLink::serve(Arc::clone(&bus), registration, status, worker, Some(steering)).await?;
    let ran = run_linked(&link, collector.with_bus(bus), stop).await;
    link.end(settings.collector.shutdown_timeout).await;
    ran
}

async fn run_on_own_bus(
    name: CollectorName,
    settings: &Settings,
    (credential, mut orphan): (Credential, Orphan),
    (collector, worker, steering): Parts,
    mut stop: impl Future<Output = ()> + Unpin,
) -> Result<CollectorStatus, ProgramError> {
    let status = collector.watch_status();
    let (event_bus, reconnect) = (event_bus(settings), orphan::reconnect(orphan.limit()));
    let open = EventBusFactory::open(&event_bus, name.as_str(), credential, reconnect);
    let own = tokio::select! {
        own = open => own.map_err(RunError::from)?,
        () = &mut stop => return Ok(status.current()),
    };
    let bus = own.bus();
    let registration = registration(name, &collector, worker.task_limit());
    let announcer = announcer(name, settings, bus, &collector, &steering);
    let (own_bus, watch) = (Arc::clone(bus), status.clone());
    let link = AgentLink::start(own_bus, registration, watch, worker, Some(steering));
    let stop = async {
        tokio::select! {
            () = stop => {}
            () = orphan.over(own.ended()) => {}
        }
    };
    let ran = run_linked(&link, collector.with_bus(Arc::clone(bus)), stop).await;
    drop(announcer);
    if let Some(end) = orphan.end(&ran) {
        drop(link);
        let undelivered = orphan::leave(bus.as_ref()).await;
        // Whatever the bus had not confirmed is on disk.
        let with_bus = if settings.spool.enabled { 0 } else { undelivered };
        let lost = status.current().lost() + Loss { events: with_bus, uncounted: false };
        return Err(ProgramError::Orphaned { end, lost });
    }
    let limit = settings.collector.shutdown_timeout;
    link.end(limit).await;
    let closed = bus.shutdown(limit).await;
    let status = ran?;
    match closed {
        // As above.
        Err(error) if settings.spool.enabled => debug!(%error, "the bus did not close in order"),
        closed => closed.map_err(RunError::from)?,
    }
    Ok(status)
}

/// Tells of the collector as soon as it runs.
fn announcer(
    name: CollectorName,
    settings: &Settings,
    bus: &Arc<dyn EventBus>,
    collector: &Collector,
    steering: &Steering,
) -> HealthAnnouncer {
    let with_telemetry = settings.collector.enable_telemetry;
    let (bus, status) = (Arc::clone(bus), collector.watch_status());
    HealthAnnouncer::start_steered(bus, name.as_str(), with_telemetry, status, steering)
}

/// Runs until `stop` completes or the agent asks for the end.
async fn run_linked(
    link: &AgentLink,
    collector: Collector,
    stop: impl Future<Output = ()>,
) -> Result<CollectorStatus, RunError> {
    let status = collector.watch_status();
    let stop = async {
        tokio::select! {
            () = stop => {}
            _ = link.told_to_end() => {}
        }
    };
    tokio::select! {
        // First, so that one who is to end at once does not begin to drain.
        biased;
        waited = cut_off(link) => {
            Err(RunError::Deadline { lost: status.current().events_missing(), waited })
        }
        ran = collector.run_until(stop) => ran,
    }
}

/// Events that were kept come first; those the bus does not take are kept from now on.
async fn with_spool(
    name: CollectorName,
    settings: &Settings,
    collector: Collector,
    handover: Handover,
) -> Result<Collector, RunError> {
    if !settings.spool.enabled {
        return Ok(collector);
    }
    let open = async || Spool::open(&settings.spool, name.as_str());
    let is_taken = |error: &OpenError| matches!(error, OpenError::InUse { .. });
    let (spool, recovered) = handover.once_free(open, is_taken).await?;
    Ok(collector.with_spool(spool, &recovered))
}

/// With a spool the bus must say when an event can be forgotten.
fn event_bus(settings: &Settings) -> EventBusConfig {
    let event_bus = settings.event_bus.clone();
    if settings.spool.enabled { event_bus.confirmed() } else { event_bus }
}

/// Completes when the time is up in which the agent has asked the collector to end, and tells it.
async fn cut_off(link: &AgentLink) -> Duration {
    let within = link.told_to_end().await;
    if !within.is_zero() {
        tokio::time::sleep(within).await;
    }
    within
}

fn registration(name: CollectorName, collector: &Collector, task_limit: u32) -> Registration {
    Registration {
        member: name.as_str().to_owned(),
        kind: name.kind(),
        capabilities: collector.capabilities(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        task_limit,
    }
}

/// Tells once when everything of the first scan went to the bus, or is kept behind what has to go
/// there first, and the collector has looked at itself; never ends.
async fn announce(
    name: CollectorName,
    mut first_scan: FirstScan,
    mut status: StatusWatch,
    on_ready: impl FnOnce(CollectorReady),
) -> Infallible {
    if let Some(events) = first_scan.sent().await {
        let is_through = |status: &CollectorStatus| status.events_settled() >= events;
        // Whoever asks from now on is told how it is, and not that nobody has looked yet.
        if status.wait_for(is_through).await.is_some() && status.look().await.is_some() {
            on_ready(CollectorReady {
                ready: name.as_str().to_owned(),
                pid: std::process::id(),
                first_scan_events: events,
            });
        }
    }
    std::future::pending().await
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::config::EventBusType;

    #[tokio::test]
    async fn a_collector_that_is_told_to_end_ends_in_order_though_its_broker_is_silent() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bus");
        let _silent = UnixListener::bind(&socket).unwrap();
        let event_bus = EventBusConfig::default().with_bus_type(EventBusType::DaemonEye);
        let event_bus = event_bus.with_socket_path(&socket);
        let settings = Settings { event_bus, ..Settings::default() };
        let agent_death = AgentDeath::when(std::future::pending());
        let way = WayToBus::Own { credential: Credential::None, agent_death };
        let told = std::future::ready(());
        let ran = run(CollectorName::Perfmond, &settings, way, told, |_| {}).await;
        assert!(ran.is_ok(), "{ran:?}");
    }
}
