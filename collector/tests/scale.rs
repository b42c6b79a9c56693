//! As many sources, as much room and as large batches as the collector's document names: nothing is
//! lost, and what each source sent stays in order.

use std::sync::Arc;
use std::time::Duration;

use collector_core::test_utils::{MockEnding, MockEventSource, TestCollector, create_test_config};
use collector_core::{CollectionEvent, EventSource, SourceCaps};
use daemoneye_eventbus::{
    BrokerConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventReceiver, EventSubscription,
    ProcessEvent,
};

/// Sixteen, the document's number.
const SOURCES: [&str; 16] = [
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14",
    "s15",
];
/// Events of each.
const EACH: u32 = 500;
const LIMIT: Duration = Duration::from_secs(30);

/// Sends its own range of process ids, in order.
fn source(number: u32, name: &'static str) -> Box<dyn EventSource> {
    let pids = number * EACH..(number + 1) * EACH;
    let event = |pid| CollectionEvent::Process(ProcessEvent { pid, ..ProcessEvent::default() });
    let source = MockEventSource::new(name, SourceCaps::PROCESS).with_events(pids.map(event));
    Box::new(source.with_ending(MockEnding::AtOnce))
}

/// How many events of each source came, each the next of its own.
async fn received(mut receiver: EventReceiver) -> [u32; SOURCES.len()] {
    let mut counts = [0; SOURCES.len()];
    while let Some(event) = receiver.recv().await {
        let pid = event.event.pid().expect("a process");
        let source = usize::try_from(pid / EACH).expect("a small number");
        assert_eq!(pid % EACH, counts[source], "of source {source}");
        counts[source] += 1;
    }
    counts
}

#[tokio::test]
async fn sixteen_sources_lose_nothing_with_the_least_and_the_most_room_and_batches() {
    for (buffer_events, batch_events) in [(1000, 100), (1000, 1000), (10_000, 100), (10_000, 1000)]
    {
        let broker = DaemoneyeBroker::new(BrokerConfig::default());
        let bus = Arc::new(DaemoneyeEventBus::from_broker(&broker, "test"));
        let all = SOURCES.len() * 500;
        let wanted = EventSubscription::new("test").with_pattern("events.#").with_capacity(all);
        let receiver = bus.subscribe(wanted).await.unwrap();
        let config = create_test_config()
            .with_event_buffer_size(buffer_events)
            .with_max_batch_size(batch_events);
        let sources = (0..).zip(SOURCES).map(|(number, name)| source(number, name));
        let status = TestCollector::start(config, bus.clone(), sources).wait().await.unwrap();
        bus.shutdown(LIMIT).await.unwrap();

        let about = format!("{buffer_events} in the buffer, {batch_events} in a batch");
        assert_eq!((status.events_accepted, status.events_lost), (8000, 0), "{about}");
        assert_eq!(received(receiver).await, [EACH; SOURCES.len()], "{about}");
    }
}
