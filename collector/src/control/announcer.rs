//! [`HealthAnnouncer`]: a collector tells unasked what has changed, and what it has done.

use std::sync::Arc;

use daemoneye_eventbus::EventBus;
use daemoneye_eventbus::rpc::{
    AnnounceError, Announcement, HealthPart, HealthReport, HealthStatus, StatusReport, announce,
};
use tokio::task::JoinHandle;
use tracing::{debug, warn};

use super::Steering;
use super::figures::telemetry;
use super::pauses::Pauses;
use crate::health::report;
use crate::runtime::{CollectorStatus, StatusWatch};

/// Tells on `control.health.status`, at every look a collector takes at itself, and of a pause at
/// once.
///
/// When a part of it is better or worse than when that was last told, a figure that has crossed one
/// of its limits for one, or a source has something else to say, the whole health report is told,
/// once; with telemetry, the counters and figures are told at every look. What the bus does not take
/// is told at the next look, a change of status as long as it takes. Dropping it ends that.
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
    pauses: Pauses,
    /// How things stood when that was last told; `None` before, when all was well.
    told: Option<HealthReport>,
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
        Self::begin(bus, source, with_telemetry, status, Pauses::none())
    }

    /// The same of a collector that this can pause.
    pub(crate) fn start_steered(
        bus: Arc<dyn EventBus>,
        source: &str,
        with_telemetry: bool,
        status: StatusWatch,
        steering: &Steering,
    ) -> Self {
        Self::begin(bus, source, with_telemetry, status, steering.pauses())
    }

    fn begin(
        bus: Arc<dyn EventBus>,
        source: &str,
        with_telemetry: bool,
        status: StatusWatch,
        pauses: Pauses,
    ) -> Self {
        let telling = Telling {
            bus,
            source: source.to_owned(),
            pauses,
            told: None,
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
        loop {
            let has_looked = tokio::select! {
                looked = status.next_look() => match looked {
                    Some(_) => true,
                    None => return,
                },
                () = self.pauses.changed() => false,
            };
            let now = status.current();
            if self.tell_change(&now).await.is_err() {
                return;
            }
            let told = Announcement::Telemetry(telemetry(&now));
            if has_looked && with_telemetry && self.tell(&told).await.is_err() {
                return;
            }
        }
    }

    /// Tells how the collector is, if that has changed since it was told.
    async fn tell_change(&mut self, now: &CollectorStatus) -> Result<(), Ended> {
        let mut report = report(now);
        report.parts.extend(self.pauses.part());
        let stands = without_counts(&report, now);
        let is_news = match &self.told {
            Some(told) => *told != stands,
            None => report.overall() != HealthStatus::Healthy,
        };
        if !is_news {
            return Ok(());
        }
        let sequence = self.reports + 1;
        if self.tell(&Announcement::Status(StatusReport { sequence, report })).await? {
            self.reports = sequence;
            self.told = Some(stands);
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

/// How each part is, and what sources say. The words of the others count and measure, and differ at
/// every look.
fn without_counts(report: &HealthReport, now: &CollectorStatus) -> HealthReport {
    let is_source = |part: &HealthPart| now.sources.iter().any(|source| source.name == part.name);
    let parts = report.parts.iter().map(|part| HealthPart {
        reason: part.reason.clone().filter(|_| is_source(part)),
        ..part.clone()
    });
    HealthReport { parts: parts.collect() }
}

#[cfg(test)]
mod tests;
