//! procmond: a collector with the one process source, the same as a process and as a thread.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use daemoneye_eventbus::EventBus;

use super::event::SOURCE_NAME;
use super::{FirstScan, ProcessSource};
use crate::config::Settings;
use crate::ready::CollectorReady;
use crate::runtime::{Collector, CollectorStatus, RunError, StatusWatch};

/// Runs procmond until `stop` completes; calls `on_ready` once the first scan is published.
///
/// On a given bus, which is left open; else on the bus of the settings, which is closed at the
/// end.
pub async fn run_procmond(
    settings: &Settings,
    bus: Option<Arc<dyn EventBus>>,
    stop: impl Future<Output = ()>,
    on_ready: impl FnOnce(CollectorReady),
) -> Result<CollectorStatus, RunError> {
    let source = ProcessSource::new(settings.procmond.clone());
    let first_scan = source.first_scan();
    let mut collector = Collector::new(settings.collector_named(SOURCE_NAME));
    if let Some(bus) = bus {
        collector = collector.with_bus(bus);
    }
    collector.register(Box::new(source))?;
    let status = collector.watch_status();
    tokio::select! {
        result = collector.run_until(stop) => result,
        never = announce(first_scan, status, on_ready) => match never {},
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
