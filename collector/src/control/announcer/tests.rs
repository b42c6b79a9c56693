//! What is told, how often, and what becomes of it when the bus does not take it. The clock is
//! paused.

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::{
    BusEvent, CollectionEvent, CorrelationMetadata, EventBusStatistics, EventId, EventReceiver,
    EventSubscription, PublishError, ShutdownError, SourceCaps, StatisticsError, SubscribeError,
    Topic, UnsubscribeError,
};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::*;
use crate::config::HealthConfig;
use crate::runtime::Collector;
use crate::test_utils::{MockEventSource, create_test_config};

/// Takes events, unless its script says otherwise for the next ones.
#[derive(Default)]
struct ScriptedBus {
    script: Mutex<VecDeque<PublishError>>,
    taken: Mutex<Vec<BusEvent>>,
    took: Notify,
}

impl ScriptedBus {
    fn new(script: impl IntoIterator<Item = PublishError>) -> Arc<Self> {
        Arc::new(Self { script: Mutex::new(script.into_iter().collect()), ..Self::default() })
    }

    fn taken(&self) -> Vec<Announcement> {
        let events = self.taken.lock();
        events.iter().map(|event| Announcement::of(event).expect("nothing else")).collect()
    }

    async fn until_taken(&self, many: usize) {
        while self.taken.lock().len() < many {
            self.took.notified().await;
        }
    }
}

#[async_trait]
impl EventBus for ScriptedBus {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        _correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        if let Some(error) = self.script.lock().pop_front() {
            return Err(error);
        }
        let id = EventId { publisher: "p".into(), incarnation: 1, sequence: 1 };
        let correlation = CorrelationMetadata::derived(&id);
        let event = BusEvent { id, topic, published_monotonic_ns: 0, correlation, event };
        self.taken.lock().push(event);
        self.took.notify_one();
        Ok(())
    }

    async fn subscribe(&self, _: EventSubscription) -> Result<EventReceiver, SubscribeError> {
        Err(SubscribeError::Closed)
    }

    async fn unsubscribe(&self, id: &str) -> Result<(), UnsubscribeError> {
        Err(UnsubscribeError::Unknown { id: id.to_owned() })
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        Ok(EventBusStatistics::default())
    }

    async fn shutdown(&self, _deadline: Duration) -> Result<(), ShutdownError> {
        Ok(())
    }
}

/// A collector whose only source fails every check, or none; told of on this bus.
fn start(bus: &Arc<ScriptedBus>, is_ill: bool, with_telemetry: bool) -> HealthAnnouncer {
    let health = HealthConfig::default()
        .with_error_rates(0.5, 0.0)
        .with_cpu_percent_limit(0.0)
        .with_memory_limit_bytes(0);
    let mut collector = Collector::new(create_test_config().with_health(health));
    let source = MockEventSource::new("s", SourceCaps::PROCESS);
    let source = if is_ill { source.with_failing_health("on purpose") } else { source };
    collector.register(Box::new(source)).unwrap();
    let status = collector.watch_status();
    tokio::spawn(collector.with_bus(bus.clone()).run());
    HealthAnnouncer::start(bus.clone(), "test-collector", with_telemetry, status)
}

#[tokio::test(start_paused = true)]
async fn a_change_the_bus_does_not_take_is_told_until_it_does_and_then_no_more() {
    let full = PublishError::Timeout { waited: Duration::ZERO };
    let bus = ScriptedBus::new([full.clone(), full.clone(), full]);
    let _announcer = start(&bus, true, false);
    bus.until_taken(1).await;
    // Fifty further looks find the same.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let taken = bus.taken();
    let [Announcement::Status(status)] = &taken[..] else { panic!("{taken:?}") };
    assert_eq!(status.sequence, 1);
    let part = status.report.parts.iter().find(|part| part.name == "error_rate").unwrap();
    assert_eq!(part.status, HealthStatus::Degraded);
    assert!(part.reason.as_ref().unwrap().contains("the limit is 50 %"), "{part:?}");
}

#[tokio::test(start_paused = true)]
async fn telemetry_is_told_at_every_look_with_growing_numbers() {
    let bus = ScriptedBus::new([]);
    let _announcer = start(&bus, false, true);
    bus.until_taken(5).await;
    let mut last = 0;
    for announcement in bus.taken() {
        let Announcement::Telemetry(telemetry) = announcement else { panic!("{announcement:?}") };
        assert!(telemetry.sequence > last, "{telemetry:?} after {last}");
        assert!(telemetry.counters.checks > 0);
        last = telemetry.sequence;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_well_and_tells_no_telemetry_says_nothing() {
    let bus = ScriptedBus::new([]);
    let _announcer = start(&bus, false, false);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bus.taken(), []);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_bus_is_its_end() {
    let bus = ScriptedBus::new([PublishError::Closed]);
    let mut announcer = start(&bus, false, true);
    (&mut announcer.telling).await.unwrap();
    assert_eq!(bus.taken(), []);
}
