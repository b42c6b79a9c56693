//! procmond: a collector with the one process source, the same as a process and as a thread.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use daemoneye_eventbus::{Credential, EventBus};

use super::event::SOURCE_NAME;
use super::{FirstScan, ProcessSource};
use crate::config::Settings;
use crate::ready::CollectorReady;
use crate::runtime::{Collector, CollectorStatus, RunError, StatusWatch};

/// How procmond gets at its bus.
#[expect(missing_debug_implementations, reason = "`EventBus` has none")]
pub enum WayToBus {
    /// A bus that others use too; it is left open.
    Shared(Arc<dyn EventBus>),
    /// The bus of the settings, under its own name and with this proof of it (A4); it is closed at
    /// the end.
    Own(Credential),
}

/// Runs procmond until `stop` completes; calls `on_ready` once the first scan is published.
pub async fn run_procmond(
    settings: &Settings,
    way: WayToBus,
    stop: impl Future<Output = ()>,
    on_ready: impl FnOnce(CollectorReady),
) -> Result<CollectorStatus, RunError> {
    let source = ProcessSource::new(settings.procmond.clone());
    let first_scan = source.first_scan();
    let collector = Collector::new(settings.collector_named(SOURCE_NAME));
    let mut collector = match way {
        WayToBus::Shared(bus) => collector.with_bus(bus),
        WayToBus::Own(credential) => collector.with_credential(credential),
    };
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
