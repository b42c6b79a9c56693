//! What is told, how often, and what becomes of it when the bus does not take it. The clock is
//! paused.

use std::time::Duration;

use daemoneye_eventbus::{PublishError, SourceCaps};
use tokio::sync::watch;

use super::*;
use crate::config::HealthConfig;
use crate::runtime::Collector;
use crate::test_utils::{MockEventSource, ScriptedBus, create_test_config};

/// What was told, once it is so many times at least.
async fn told(bus: &ScriptedBus, times: usize) -> Vec<Announcement> {
    let events = bus.until_accepted(times).await;
    events.iter().map(|event| Announcement::of(event).expect("nothing else")).collect()
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
    // As many looks as it takes until all that is wrong is known.
    let full = PublishError::Timeout { waited: Duration::ZERO };
    let bus = Arc::new(ScriptedBus::new(std::iter::repeat_n(full, 9)));
    let _announcer = start(&bus, true, false);
    told(&bus, 1).await;
    // Fifty further looks find the same.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = told(&bus, 1).await;
    let [Announcement::Status(status)] = &told[..] else { panic!("{told:?}") };
    assert_eq!(status.sequence, 1);
    let part = status.report.parts.iter().find(|part| part.name == "error_rate").unwrap();
    assert_eq!(part.status, HealthStatus::Degraded);
    assert!(part.reason.as_ref().unwrap().contains("the limit is 50 %"), "{part:?}");
}

#[tokio::test(start_paused = true)]
async fn telemetry_is_told_at_every_look_with_growing_numbers() {
    let bus = Arc::new(ScriptedBus::new([]));
    let _announcer = start(&bus, false, true);
    let mut last = 0;
    for announcement in told(&bus, 5).await {
        let Announcement::Telemetry(telemetry) = announcement else { panic!("{announcement:?}") };
        assert!(telemetry.sequence > last, "{telemetry:?} after {last}");
        assert!(telemetry.counters.checks > 0);
        last = telemetry.sequence;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_well_and_tells_no_telemetry_says_nothing() {
    let bus = Arc::new(ScriptedBus::new([]));
    let _announcer = start(&bus, false, false);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(told(&bus, 0).await, []);
}

#[tokio::test(start_paused = true)]
async fn what_a_source_says_is_told_though_no_figure_has_crossed_a_limit() {
    let bus = Arc::new(ScriptedBus::new([]));
    let _announcer = start(&bus, true, false);
    let told = told(&bus, 1).await;
    let Announcement::Status(status) = &told[0] else { panic!("{told:?}") };
    assert_eq!(status.report.reasons().as_deref(), Some("s: on purpose"));
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_told_at_once_and_so_is_its_end() {
    let bus = Arc::new(ScriptedBus::new([]));
    // One that does not run takes no look.
    let mut collector = Collector::new(create_test_config());
    collector.register(Box::new(MockEventSource::new("s", SourceCaps::PROCESS))).unwrap();
    let (status, pause) = (collector.watch_status(), watch::Sender::new(false));
    let pauses = Pauses::of(&pause);
    let _announcer = HealthAnnouncer::begin(bus.clone(), "test-collector", true, status, pauses);
    for (is_paused, reasons) in [(true, Some("collecting: paused")), (false, None)] {
        pause.send_replace(is_paused);
        let told = told(&bus, if is_paused { 1 } else { 2 }).await;
        let Some(Announcement::Status(status)) = told.last() else { panic!("{told:?}") };
        assert_eq!(status.report.reasons().as_deref(), reasons);
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_bus_is_its_end() {
    let bus = Arc::new(ScriptedBus::new([PublishError::Closed]));
    let mut announcer = start(&bus, false, true);
    (&mut announcer.telling).await.unwrap();
    assert_eq!(told(&bus, 0).await, []);
}
