//! Isolation, order, refusal, backpressure and a stop that loses nothing.

mod spooling;

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::{CollectionEvent, NetworkEvent, ProcessEvent, PublishError, SourceCaps};

use super::*;
use crate::source::EventSource;
use crate::test_utils::{
    MockEnding, MockEventSource, ScriptedBus, TestCollector, create_test_config,
};

fn processes(pids: std::ops::Range<u32>) -> Vec<CollectionEvent> {
    pids.map(|pid| CollectionEvent::Process(ProcessEvent { pid, ..ProcessEvent::default() }))
        .collect()
}

fn process_source(name: &'static str, pids: std::ops::Range<u32>) -> MockEventSource {
    MockEventSource::new(name, SourceCaps::PROCESS).with_events(processes(pids))
}

fn boxed(source: &MockEventSource) -> Box<dyn EventSource> {
    Box::new(source.clone())
}

fn pids(events: &[CollectionEvent]) -> Vec<u32> {
    events.iter().filter_map(CollectionEvent::pid).collect()
}

#[test]
fn a_duplicate_name_is_refused() {
    let mut collector = Collector::new(create_test_config());
    collector.register(boxed(&process_source("a", 0..0))).unwrap();
    let again = collector.register(boxed(&process_source("a", 0..0)));
    assert_eq!(again, Err(RegisterError::DuplicateName { name: "a" }));
}

#[test]
fn the_source_beyond_the_limit_is_refused() {
    let mut collector = Collector::new(create_test_config().with_max_event_sources(1));
    collector.register(boxed(&process_source("a", 0..0))).unwrap();
    let second = collector.register(boxed(&process_source("b", 0..0)));
    assert_eq!(second, Err(RegisterError::LimitReached { limit: 1 }));
}

#[test]
fn a_source_without_capabilities_is_refused() {
    let mut collector = Collector::new(create_test_config());
    let idle = MockEventSource::new("idle", SourceCaps::empty());
    let refused = collector.register(boxed(&idle));
    assert_eq!(refused, Err(RegisterError::NoCapability { name: "idle" }));
}

#[test]
fn capabilities_are_those_of_all_sources() {
    let mut collector = Collector::new(create_test_config());
    assert_eq!(collector.capabilities(), SourceCaps::empty());
    for (name, capability) in [("a", SourceCaps::PROCESS), ("b", SourceCaps::NETWORK)] {
        collector.register(Box::new(MockEventSource::new(name, capability))).unwrap();
    }
    assert_eq!(collector.capabilities(), SourceCaps::PROCESS | SourceCaps::NETWORK);
}

#[tokio::test]
async fn a_run_without_sources_is_refused() {
    let result = Collector::new(create_test_config()).run().await;
    assert!(matches!(result, Err(RunError::NoSource)), "{result:?}");
}

#[tokio::test]
async fn a_configuration_out_of_bounds_is_refused() {
    let mut collector = Collector::new(create_test_config().with_event_buffer_size(0));
    collector.register(boxed(&process_source("a", 0..0))).unwrap();
    let error = collector.run().await.unwrap_err();
    assert!(error.to_string().ends_with("event_buffer_size: 0 is outside 1 to 1048576"), "{error}");
}

#[tokio::test]
async fn events_of_one_source_are_published_in_order() {
    let bus = Arc::new(ScriptedBus::new([]));
    let source = process_source("a", 0..250).with_ending(MockEnding::AtOnce);
    let collector = TestCollector::start(create_test_config(), bus.clone(), [boxed(&source)]);
    let status = collector.wait().await.unwrap();
    assert_eq!(pids(&bus.accepted()), (0..250).collect::<Vec<_>>());
    assert_eq!((status.events_accepted, status.events_published), (250, 250));
}

#[tokio::test]
async fn a_graceful_stop_publishes_everything_that_was_sent() {
    // More than a source's channel holds, so that some are still on their way when it stops.
    let config = create_test_config()
        .with_event_buffer_size(400)
        .with_batch_timeout(Duration::from_hours(1))
        .with_max_batch_size(64);
    let bus = Arc::new(ScriptedBus::new([]));
    let source = process_source("a", 0..100);
    let mut collector = TestCollector::start(config, bus.clone(), [boxed(&source)]);
    collector.wait_for(|status| status.events_accepted > 0).await;
    let status = collector.stop().await.unwrap();
    assert_eq!(pids(&bus.accepted()), (0..100).collect::<Vec<_>>());
    assert_eq!(status.events_lost, 0);
    assert_eq!(source.stops(), 1);
}

#[tokio::test]
async fn a_batch_that_does_not_fill_is_published_in_time() {
    let config = create_test_config().with_max_batch_size(1000);
    let bus = Arc::new(ScriptedBus::new([]));
    let source = process_source("a", 0..3);
    let mut collector = TestCollector::start(config, bus, [boxed(&source)]);
    collector.wait_for(|status| status.events_published == 3).await;
    collector.stop().await.unwrap();
}

#[tokio::test]
async fn a_panicking_and_a_failing_source_harm_no_other() {
    let bus = Arc::new(ScriptedBus::new([]));
    let sources = [
        process_source("good", 0..50),
        process_source("panics", 100..101).with_ending(MockEnding::Panics("boom")),
        process_source("fails", 200..201).with_ending(MockEnding::Fails("no such device")),
    ];
    let mut collector = TestCollector::start(create_test_config(), bus, sources.iter().map(boxed));
    let status = collector
        .wait_for(|status| {
            let over = status.sources.iter().filter(|source| source.state.is_over()).count();
            over == 2 && status.events_published == 52
        })
        .await;
    let state = |name: &str| status.source(name).unwrap().state.clone();
    assert_eq!(state("good"), SourceState::Running);
    assert_eq!(state("panics"), SourceState::Panicked { message: "boom".to_owned() });
    assert_eq!(state("fails"), SourceState::Failed { error: "no such device".to_owned() });
    collector.stop().await.unwrap();
}

#[tokio::test]
async fn when_every_source_has_failed_the_run_says_so() {
    let bus = Arc::new(ScriptedBus::new([]));
    let source = process_source("a", 0..1).with_ending(MockEnding::Fails("no such device"));
    let collector = TestCollector::start(create_test_config(), bus, [boxed(&source)]);
    let error = collector.wait().await.unwrap_err();
    assert_eq!(error.to_string(), "every source failed: a: no such device");
}

#[tokio::test]
async fn events_outside_the_declared_capabilities_are_refused_and_counted() {
    let bus = Arc::new(ScriptedBus::new([]));
    let foreign = CollectionEvent::Network(NetworkEvent::default());
    let source = process_source("a", 0..2)
        .with_events([foreign.clone(), foreign])
        .with_events(processes(2..3))
        .with_ending(MockEnding::AtOnce);
    let collector = TestCollector::start(create_test_config(), bus.clone(), [boxed(&source)]);
    let status = collector.wait().await.unwrap();
    assert_eq!(pids(&bus.accepted()), [0, 1, 2]);
    assert_eq!(bus.accepted().len(), 3);
    assert_eq!(status.source("a").unwrap().events_refused, 2);
    assert_eq!(status.events_accepted, 3);
}

#[tokio::test]
async fn an_event_the_bus_has_no_room_for_is_published_later() {
    let full = PublishError::Timeout { waited: Duration::ZERO };
    let bus = Arc::new(ScriptedBus::new([full.clone(), full]));
    let source = process_source("a", 0..5).with_ending(MockEnding::AtOnce);
    let collector = TestCollector::start(create_test_config(), bus.clone(), [boxed(&source)]);
    let status = collector.wait().await.unwrap();
    assert_eq!(pids(&bus.accepted()), [0, 1, 2, 3, 4]);
    assert_eq!(status.publish_retries, 2);
}

#[tokio::test]
async fn an_event_that_is_too_large_is_lost_alone_and_counted() {
    let too_large = PublishError::TooLarge { bytes: 2, limit_bytes: 1 };
    let bus = Arc::new(ScriptedBus::new([too_large]));
    let source = process_source("a", 0..3).with_ending(MockEnding::AtOnce);
    let collector = TestCollector::start(create_test_config(), bus.clone(), [boxed(&source)]);
    let status = collector.wait().await.unwrap();
    assert_eq!(pids(&bus.accepted()), [1, 2]);
    assert_eq!((status.events_published, status.events_lost), (2, 1));
}

#[tokio::test]
async fn an_event_that_some_may_not_get_is_published_and_not_sent_again() {
    let unconfirmed = PublishError::Unconfirmed { waited: Duration::ZERO };
    let bus = Arc::new(ScriptedBus::new([PublishError::Undelivered, unconfirmed]));
    let source = process_source("a", 0..3).with_ending(MockEnding::AtOnce);
    let collector = TestCollector::start(create_test_config(), bus.clone(), [boxed(&source)]);
    let status = collector.wait().await.unwrap();
    // Of the first two the script alone has told.
    assert_eq!(pids(&bus.accepted()), [2]);
    assert_eq!((status.events_published, status.events_lost, status.publish_retries), (3, 0, 0));
}

#[tokio::test]
async fn a_bus_that_is_gone_ends_the_run_with_the_count_of_losses() {
    let bus = Arc::new(ScriptedBus::new([PublishError::Closed]));
    let source = process_source("a", 0..3);
    let collector = TestCollector::start(create_test_config(), bus, [boxed(&source)]);
    let error = collector.wait().await.unwrap_err();
    let RunError::BusLost { source: cause, lost } = error else { panic!("{error}") };
    assert_eq!((cause, lost), (PublishError::Closed, 3));
    assert_eq!(source.stops(), 1);
}

#[tokio::test]
async fn backpressure_begins_at_the_threshold_and_clears_by_itself() {
    let config = create_test_config().with_backpressure_threshold(8).with_event_buffer_size(4);
    let bus = Arc::new(ScriptedBus::stalled());
    let source = process_source("a", 0..100);
    let mut collector = TestCollector::start(config, bus.clone(), [boxed(&source)]);
    let held = collector.wait_for(|status| status.backpressure).await;
    // The threshold, and the one event that found no permit.
    assert_eq!((held.events_accepted, held.events_published), (9, 0));
    bus.open();
    let free =
        collector.wait_for(|status| status.events_published == 100 && !status.backpressure).await;
    assert!(free.backpressure_episodes >= 1);
    collector.stop().await.unwrap();
    assert_eq!(pids(&bus.accepted()), (0..100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_hanging_source_is_aborted_and_what_it_sent_is_published() {
    let bus = Arc::new(ScriptedBus::new([]));
    let source = process_source("a", 0..7).with_ending(MockEnding::Hangs);
    let mut collector = TestCollector::start(create_test_config(), bus.clone(), [boxed(&source)]);
    collector.wait_for(|status| status.events_accepted == 7).await;
    let status = collector.stop().await.unwrap();
    assert_eq!(status.source("a").unwrap().state, SourceState::Aborted);
    assert_eq!(pids(&bus.accepted()), (0..7).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_stop_against_a_stalled_bus_ends_at_its_limit_and_counts_the_losses() {
    let bus = Arc::new(ScriptedBus::stalled());
    let source = process_source("a", 0..7);
    // Two events are under way, one waits for a permit, and four are left in the channel.
    let config = create_test_config().with_backpressure_threshold(2);
    let mut collector = TestCollector::start(config, bus, [boxed(&source)]);
    collector.wait_for(|status| status.events_accepted == 3).await;
    let error = collector.stop().await.unwrap_err();
    let RunError::Deadline { lost, waited } = error else { panic!("{error}") };
    assert_eq!((lost, waited), (7, Duration::from_secs(5)));
}

#[tokio::test]
async fn health_is_asked_for_and_failures_are_counted() {
    let bus = Arc::new(ScriptedBus::new([]));
    let well = process_source("well", 0..0);
    let ill = process_source("ill", 0..0).with_failing_health("disk on fire");
    let mut collector =
        TestCollector::start(create_test_config(), bus, [boxed(&well), boxed(&ill)]);
    let status =
        collector.wait_for(|status| status.source("ill").unwrap().failed_checks == 3).await;
    assert_eq!(status.source("well").unwrap().failed_checks, 0);
    let failure = status.source("ill").unwrap().last_failure.clone();
    assert_eq!(failure.as_deref(), Some("disk on fire"));
    assert!(well.health_checks() >= 2);
    collector.stop().await.unwrap();
}
