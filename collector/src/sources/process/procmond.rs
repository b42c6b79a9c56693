//! procmond: a collector with the one process source, the same as a process and as a thread.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::rpc::Registration;
use daemoneye_eventbus::{Credential, EventBus};

use super::event::SOURCE_NAME;
use super::{FirstScan, ProcessSource};
use crate::config::Settings;
use crate::control::AgentLink;
use crate::factory::EventBusFactory;
use crate::ready::CollectorReady;
use crate::runtime::{Collector, CollectorStatus, RunError, StatusWatch};

/// Tasks procmond takes at once: it has none to do, it watches.
const TASKS: u32 = 0;

/// How procmond gets at its bus.
#[expect(missing_debug_implementations, reason = "`EventBus` has none")]
pub enum WayToBus {
    /// A bus that others use too; it is left open.
    Shared(Arc<dyn EventBus>),
    /// The bus of the settings, under its own name and with this proof of it (A4); it is closed at
    /// the end.
    Own(Credential),
}

/// Runs procmond until `stop` completes, or until its agent asks it to end; calls `on_ready` once
/// the first scan is published.
///
/// On a bus of its own it joins the agent (CONTRACT §6).
pub async fn run_procmond(
    settings: &Settings,
    way: WayToBus,
    stop: impl Future<Output = ()>,
    on_ready: impl FnOnce(CollectorReady),
) -> Result<CollectorStatus, RunError> {
    let source = ProcessSource::new(settings.procmond.clone());
    let first_scan = source.first_scan();
    let mut collector = Collector::new(settings.collector_named(SOURCE_NAME));
    collector.register(Box::new(source))?;
    let announced = announce(first_scan, collector.watch_status(), on_ready);
    match way {
        WayToBus::Shared(bus) => tokio::select! {
            result = collector.with_bus(bus).run_until(stop) => result,
            never = announced => match never {},
        },
        WayToBus::Own(credential) => tokio::select! {
            result = run_on_own_bus(settings, credential, collector, stop) => result,
            never = announced => match never {},
        },
    }
}

async fn run_on_own_bus(
    settings: &Settings,
    credential: Credential,
    collector: Collector,
    stop: impl Future<Output = ()>,
) -> Result<CollectorStatus, RunError> {
    let bus = EventBusFactory::create_as(&settings.event_bus, SOURCE_NAME, credential).await?;
    let status = collector.watch_status();
    let link = AgentLink::start(Arc::clone(&bus), registration(&collector), status.clone());
    let stop = async {
        tokio::select! {
            () = stop => {}
            _ = link.told_to_end() => {}
        }
    };
    let ran = tokio::select! {
        // First, so that one who is to end at once does not begin to drain.
        biased;
        waited = cut_off(&link) => {
            let status = status.current();
            let lost = status.events_accepted.saturating_sub(status.events_published);
            Err(RunError::Deadline { lost, waited })
        }
        ran = collector.with_bus(Arc::clone(&bus)).run_until(stop) => ran,
    };
    let limit = settings.collector.shutdown_timeout;
    link.end(limit).await;
    let closed = bus.shutdown(limit).await;
    let status = ran?;
    closed?;
    Ok(status)
}

/// Completes when the time is up in which the agent has asked procmond to end, and tells it.
async fn cut_off(link: &AgentLink) -> Duration {
    let within = link.told_to_end().await;
    if !within.is_zero() {
        tokio::time::sleep(within).await;
    }
    within
}

fn registration(collector: &Collector) -> Registration {
    Registration {
        member: SOURCE_NAME.to_owned(),
        kind: CollectorKind::Process,
        capabilities: collector.capabilities(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        task_limit: TASKS,
    }
}

/// Tells once when everything of the first scan went to the bus; never ends.
async fn announce(
    mut first_scan: FirstScan,
    mut status: StatusWatch,
    on_ready: impl FnOnce(CollectorReady),
) -> Infallible {
    if let Some(events) = first_scan.sent().await {
        let through =
            |status: &CollectorStatus| status.events_published + status.events_lost >= events;
        if status.wait_for(through).await.is_some() {
            on_ready(CollectorReady {
                ready: SOURCE_NAME.to_owned(),
                pid: std::process::id(),
                first_scan_events: events,
            });
        }
    }
    std::future::pending().await
}
