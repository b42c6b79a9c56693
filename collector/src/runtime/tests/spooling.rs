//! A bus that is away holds nobody up and costs nothing: events go to disk, and come from there in
//! order, in this run or the next.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::{CollectionEvent, EventHeader, ProcessEvent, PublishError, SourceCaps};
use tempfile::TempDir;

use super::{boxed, pids, process_source, processes};
use crate::config::{SpoolConfig, SpoolSync};
use crate::runtime::{Collector, CollectorStatus, RunError, StatusWatch};
use crate::source::Loss;
use crate::spool::{Recovered, Spool};
use crate::test_utils::{MockEventSource, ScriptedBus, TestCollector, create_test_config};

/// Room for every event of a test.
const ROOMY_BYTES: u64 = 4 << 20;

fn spool(folder: &Path, limit_bytes: u64) -> (Spool, Recovered) {
    let config = SpoolConfig::default().with_sync(SpoolSync::Never).with_limit_bytes(limit_bytes);
    Spool::open(&config.with_folder(folder), "test").unwrap()
}

/// A running collector that keeps events in this folder.
fn start(
    folder: &TempDir,
    limit_bytes: u64,
    bus: &Arc<ScriptedBus>,
    source: &MockEventSource,
) -> TestCollector {
    let (spool, recovered) = spool(folder.path(), limit_bytes);
    let config = create_test_config().with_backpressure_threshold(8);
    let collector = Collector::new(config).with_bus(bus.clone());
    let mut collector = collector.with_spool(spool, &recovered);
    collector.register(boxed(source)).unwrap();
    TestCollector::run(collector)
}

fn in_order(bus: &ScriptedBus, expected: std::ops::Range<u32>) {
    assert_eq!(pids(&bus.accepted()), expected.collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_takes_events_leaves_the_disk_alone() {
    let (folder, bus) = (tempfile::tempdir().unwrap(), Arc::new(ScriptedBus::new([])));
    let source = process_source("a", 0..100);
    let mut collector = start(&folder, ROOMY_BYTES, &bus, &source);
    collector.wait_for(|status| status.events_published == 100).await;
    collector.stop().await.unwrap();
    in_order(&bus, 0..100);
    let (mut spool, recovered) = spool(folder.path(), ROOMY_BYTES);
    assert_eq!(recovered, Recovered::default());
    // The next number is the first there is: none was ever kept.
    let event = processes(0..1);
    assert_eq!(spool.append(&event).unwrap().first, 1);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_bus_does_not_hold_sources_back_and_gets_everything_in_order_later() {
    let (folder, bus) = (tempfile::tempdir().unwrap(), Arc::new(ScriptedBus::stalled()));
    let source = process_source("a", 0..100);
    let mut collector = start(&folder, ROOMY_BYTES, &bus, &source);
    let held = collector.wait_for(|status| status.events_spooled == 100).await;
    assert_eq!((held.events_accepted, held.events_published), (100, 0));
    bus.open();
    let free = |status: &CollectorStatus| status.events_published == 100 && !status.backpressure;
    let status = collector.wait_for(free).await;
    assert_eq!((status.events_lost, status.events_replayed), (0, 0));
    let last = collector.stop().await.unwrap();
    assert_eq!((last.events_spooled, last.events_lost), (0, 0));
    in_order(&bus, 0..100);
    assert_eq!(spool(folder.path(), ROOMY_BYTES).1.events, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_on_disk_at_a_stop_is_published_by_the_next_run_before_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let stalled = Arc::new(ScriptedBus::stalled());
    let first = start(&folder, ROOMY_BYTES, &stalled, &process_source("a", 0..30));
    let status = first.stop().await.unwrap();
    assert_eq!((status.events_accepted, status.events_spooled, status.events_lost), (30, 30, 0));

    let bus = Arc::new(ScriptedBus::new([]));
    let mut next = start(&folder, ROOMY_BYTES, &bus, &process_source("a", 30..40));
    let status = next.wait_for(|status| status.events_published == 10).await;
    assert_eq!(status.events_replayed, 30);
    next.stop().await.unwrap();
    in_order(&bus, 0..40);
    assert_eq!(spool(folder.path(), ROOMY_BYTES).1.events, 0);
}

/// An event as a source numbers and stamps it.
fn observed(number: u32) -> CollectionEvent {
    let (source_sequence, at_ns) = (u64::from(number) + 1, u64::from(number) * 1000);
    let header = EventHeader {
        source: "a".into(),
        source_sequence,
        observed_unix_ns: at_ns + 7,
        observed_monotonic_ns: at_ns,
        metadata: vec![("key".into(), "value".into())],
        ..EventHeader::default()
    };
    CollectionEvent::Process(ProcessEvent { header, pid: number, ..ProcessEvent::default() })
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_under_way_at_the_end_comes_again_alone_and_the_same_in_every_field() {
    let (folder, mute) = (tempfile::tempdir().unwrap(), Arc::new(ScriptedBus::mute()));
    let source = MockEventSource::new("a", SourceCaps::PROCESS).with_events((0..30).map(observed));
    let first = start(&folder, ROOMY_BYTES, &mute, &source);
    let status = first.stop().await.unwrap();
    assert_eq!((status.events_published, status.events_spooled), (0, 30));
    assert_eq!(mute.accepted(), [observed(0)]);

    let bus = Arc::new(ScriptedBus::new([]));
    let mut next = start(&folder, ROOMY_BYTES, &bus, &process_source("a", 0..0));
    next.wait_for(|status| status.events_replayed == 30).await;
    next.stop().await.unwrap();
    assert_eq!(bus.accepted(), (0..30).map(observed).collect::<Vec<_>>());
    assert_eq!(spool(folder.path(), ROOMY_BYTES).1.events, 0);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_is_gone_ends_the_run_and_leaves_everything_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let bus = Arc::new(ScriptedBus::new([PublishError::Closed]));
    let collector = start(&folder, ROOMY_BYTES, &bus, &process_source("a", 0..50));
    let watch = collector.watch_status();
    let error = collector.wait().await.unwrap_err();
    let RunError::BusLost { source, lost } = error else { panic!("{error}") };
    assert_eq!((source, lost), (PublishError::Closed, 0));
    let status = watch.current();
    assert_eq!(status.events_spooled, status.events_accepted);

    let (mut spool, recovered) = spool(folder.path(), ROOMY_BYTES);
    assert_eq!(recovered.events, status.events_accepted);
    let records = spool.read_after(0, 100).unwrap().records;
    let kept: Vec<CollectionEvent> =
        records.into_iter().map(|record| record.event.unwrap()).collect();
    let many = u32::try_from(kept.len()).unwrap();
    assert!(many > 0);
    assert_eq!(pids(&kept), (0..many).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_spool_at_its_limit_holds_sources_back_and_loses_nothing() {
    let (folder, bus) = (tempfile::tempdir().unwrap(), Arc::new(ScriptedBus::stalled()));
    let source = process_source("a", 0..300);
    let mut collector = start(&folder, 4 << 10, &bus, &source);
    // Some forty fit; then one batch waits in memory, and the intake for its permits.
    let is_full = |status: &CollectorStatus| status.backpressure && status.events_spooled > 30;
    let held = collector.wait_for(is_full).await;
    assert!(held.events_accepted < 100, "{held:?}");
    bus.open();
    collector.wait_for(|status| status.events_published == 300).await;
    let status = collector.stop().await.unwrap();
    assert_eq!(status.events_lost, 0);
    in_order(&bus, 0..300);
}

/// A run that has a small disk full when its bus is gone, with 300 events of its source: what it
/// was to the end.
async fn run_with_full_disk(folder: &TempDir, source: &MockEventSource) -> StatusWatch {
    let no_room = PublishError::Timeout { waited: Duration::ZERO };
    // Each is followed by a pause, in which everything else comes to rest.
    let answers = std::iter::repeat_n(no_room, 5).chain([PublishError::Closed]);
    let collector = start(folder, 4 << 10, &Arc::new(ScriptedBus::new(answers)), source);
    let status = collector.watch_status();
    let error = collector.wait().await.unwrap_err();
    assert!(matches!(error, RunError::BusLost { .. }), "{error}");
    status
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_room_is_counted_to_the_last_event_and_told_by_the_next_run_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = run_with_full_disk(&folder, &process_source("a", 0..300)).await.current();
    assert_eq!((first.events_accepted, first.events_spooled + first.events_lost), (300, 300));
    let lost = Loss { events: first.events_lost, uncounted: false };
    assert!(lost.events > 200 && first.lost() == lost, "{first:?}");

    // One that tells nothing leaves it to the one after it.
    let stalled = Arc::new(ScriptedBus::stalled());
    let idle = start(&folder, ROOMY_BYTES, &stalled, &process_source("a", 0..0));
    assert_eq!(idle.stop().await.unwrap().lost_before, lost);
    let bus = Arc::new(ScriptedBus::new([]));
    let mut next = start(&folder, ROOMY_BYTES, &bus, &process_source("a", 300..303));
    next.wait_for(|status| status.events_published == 3).await;
    let status = next.stop().await.unwrap();
    assert_eq!((status.lost_before, status.lost()), (lost, Loss::default()));
    assert_eq!(status.events_replayed, first.events_spooled);

    let is_first = |event: &CollectionEvent| event.pid() == Some(300);
    for event in bus.accepted() {
        let told = event.header().metadata_value("lost_before").map(ToString::to_string);
        assert_eq!(told, is_first(&event).then(|| lost.events.to_string()), "{event:?}");
    }
    assert_eq!(spool(folder.path(), ROOMY_BYTES).1.given_up, Loss::default(), "it was told");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_held_back_until_it_is_aborted_may_lose_more_than_it_had_made() {
    let (folder, bus) = (tempfile::tempdir().unwrap(), Arc::new(ScriptedBus::stalled()));
    let buffered = u32::try_from(create_test_config().event_buffer_size).unwrap();
    let made = 2 * buffered;
    let mut collector = start(&folder, 4 << 10, &bus, &process_source("a", 0..made));
    collector.wait_for(|status| status.backpressure && status.events_spooled > 30).await;
    let watch = collector.watch_status();
    let error = collector.stop().await.unwrap_err();
    assert!(matches!(error, RunError::Deadline { .. }), "{error}");
    let status = watch.current();
    let accounted = status.events_spooled + status.events_lost;
    assert_eq!((status.events_accepted, accounted), (made.into(), made.into()));
    assert_eq!(status.lost(), Loss { events: status.events_lost, uncounted: true });
}

#[tokio::test(start_paused = true)]
async fn an_event_the_bus_never_takes_is_lost_alone_from_the_disk_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let too_large = PublishError::TooLarge { bytes: 2, limit_bytes: 1 };
    let no_room = PublishError::Timeout { waited: Duration::ZERO };
    // The first event finds no room, goes to disk with the others, and is refused from there.
    let bus = Arc::new(ScriptedBus::new([no_room, too_large]));
    let source = process_source("a", 0..5);
    let mut collector = start(&folder, ROOMY_BYTES, &bus, &source);
    collector.wait_for(|status| status.events_published == 4).await;
    let status = collector.stop().await.unwrap();
    assert_eq!((status.events_lost, status.publish_retries), (1, 1));
    in_order(&bus, 1..5);
}
