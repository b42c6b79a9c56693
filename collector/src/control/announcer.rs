//! [`HealthAnnouncer`]: a collector tells unasked what has changed, and what it has done.

use std::sync::Arc;

use daemoneye_eventbus::EventBus;
use daemoneye_eventbus::rpc::{AnnounceError, Announcement, HealthStatus, StatusReport, announce};
use tokio::task::JoinHandle;
use tracing::{debug, warn};

use super::figures::telemetry;
use crate::health::report;
use crate::runtime::{CollectorStatus, StatusWatch};

/// Tells on `control.health.status`, at every look a collector takes at itself.
///
/// When a figure has crossed one of its limits, or is back, the whole health report is told, once;
/// with telemetry, the counters and figures are told at every look. What the bus does not take is
/// told at the next look, a change of status as long as it takes. Dropping it ends that.
///
/// ```
/// use std::sync::Arc;
///
/// use collector_core::control::HealthAnnouncer;
/// use collector_core::test_utils::{MockEventSource, create_test_config};
/// use collector_core::{Collector, SourceCaps};
/// use daemoneye_eventbus::rpc::Announcement;
/// use daemoneye_eventbus::{
///     BrokerConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventSubscription,
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let broker = DaemoneyeBroker::new(BrokerConfig::default());
/// let bus = DaemoneyeEventBus::from_broker(&broker, "my-collector");
/// let bus: Arc<dyn EventBus> = Arc::new(bus);
/// let wanted = EventSubscription::new("health").with_pattern("control.health.status");
/// let mut announcements = bus.subscribe(wanted).await?;
///
/// let mut collector = Collector::new(create_test_config()).with_bus(Arc::clone(&bus));
/// collector.register(Box::new(MockEventSource::new("processes", SourceCaps::PROCESS)))?;
/// let status = collector.watch_status();
/// let _announcer = HealthAnnouncer::start(Arc::clone(&bus), "my-collector", true, status);
/// tokio::spawn(collector.run());
///
/// let event = announcements.recv().await.expect("the bus is open");
/// assert!(matches!(Announcement::of(&event), Some(Announcement::Telemetry(_))));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct HealthAnnouncer {
    telling: JoinHandle<()>,
}

/// What was told.
struct Telling {
    bus: Arc<dyn EventBus>,
    source: String,
    /// How the figures stood when that was last told.
    told: [HealthStatus; 3],
    reports: u64,
    /// Whether it was told that the bus takes nothing.
    is_refused: bool,
}

impl HealthAnnouncer {
    /// Begins to tell, signed by this source; `with_telemetry` also the figures. Must be called
    /// inside a tokio runtime, on which its task then runs.
    pub fn start(
        bus: Arc<dyn EventBus>,
        source: &str,
        with_telemetry: bool,
        status: StatusWatch,
    ) -> Self {
        let telling = Telling {
            bus,
            source: source.to_owned(),
            told: [HealthStatus::Healthy; 3],
            reports: 0,
            is_refused: false,
        };
        Self { telling: tokio::spawn(telling.tell_all(status, with_telemetry)) }
    }
}

impl Drop for HealthAnnouncer {
    fn drop(&mut self) {
        self.telling.abort();
    }
}

/// The bus has ended.
struct Ended;

impl Telling {
    async fn tell_all(mut self, mut status: StatusWatch, with_telemetry: bool) {
        while let Some(now) = status.next_look().await {
            if self.tell_change(&now).await.is_err() {
                return;
            }
            let told = Announcement::Telemetry(telemetry(&now));
            if with_telemetry && self.tell(&told).await.is_err() {
                return;
            }
        }
    }

    /// Tells how the collector is, if that has changed since it was told.
    async fn tell_change(&mut self, now: &CollectorStatus) -> Result<(), Ended> {
        let stands = now.own.findings().map(|(_, finding)| finding.status);
        if stands == self.told {
            return Ok(());
        }
        let sequence = self.reports + 1;
        let status = StatusReport { sequence, report: report(now) };
        if self.tell(&Announcement::Status(status)).await? {
            self.reports = sequence;
            self.told = stands;
        }
        Ok(())
    }

    /// Whether it was told.
    async fn tell(&mut self, announcement: &Announcement) -> Result<bool, Ended> {
        match announce(&*self.bus, &self.source, announcement).await {
            Ok(()) => {
                self.is_refused = false;
                Ok(true)
            }
            Err(error) if error.is_final() => {
                debug!(%error, "nobody can be told any more");
                Err(Ended)
            }
            Err(error) => {
                self.warn_once(&error);
                Ok(false)
            }
        }
    }

    /// Once for as long as it lasts.
    fn warn_once(&mut self, error: &AnnounceError) {
        if !std::mem::replace(&mut self.is_refused, true) {
            warn!(%error, "the bus does not take what this collector tells of itself");
        }
    }
}

#[cfg(test)]
mod tests;
