//! How many events a second does a collector bring from its source to a subscriber, and how late is
//! each? The budgets are more than 1000 a second, and less than 100 ms an event.
//!
//! `cargo bench -p bus-benches --bench collector_pass`, with the collector's defaults, on the bus inside
//! its process: the way through the framework, and as little as possible beyond it. Below criterion's
//! figures each budget stands with what was found.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bus_benches::sample;
use collector_core::sources::{Scanned, Scanner, ScanningSource};
use collector_core::test_utils::{MockEnding, MockEventSource, TestCollector};
use collector_core::{
    CollectorConfig, EventBusConfig, EventBusFactory, EventBusType, EventSource, SourceCaps,
};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use daemoneye_eventbus::{EventBus, EventReceiver, EventSubscription};
use hdrhistogram::Histogram;
use tokio::runtime::{Builder, Runtime};

/// What a source sends at once, events.
const FLOOD_EVENTS: u32 = 10_000;
/// Events a second of the source that goes steadily.
const STEADY_PER_S: u32 = 1000;
/// Events a second that are asked for at least.
const BUDGET_PER_S: f64 = 1000.0;
/// What 99 of 100 events must stay below, milliseconds.
const BUDGET_MS: f64 = 100.0;
/// A later event counts as this late, nanoseconds.
const LATEST_NS: u64 = 60_000_000_000;
/// How long a bus may take to end.
const END_LIMIT: Duration = Duration::from_secs(5);
const SAMPLES: usize = 20;
const NS_PER_MS: f64 = 1e6;

/// Sees one event whenever it looks.
struct Steady;

impl Scanner for Steady {
    type Config = ();

    const NAME: &'static str = "steady";
    const CAPABILITIES: SourceCaps = SourceCaps::PROCESS;

    fn interval(_config: &()) -> Duration {
        Duration::from_secs(1) / STEADY_PER_S
    }

    fn open(_config: &()) -> anyhow::Result<Self> {
        Ok(Self)
    }

    fn scan(&mut self) -> anyhow::Result<Scanned> {
        Ok(Scanned {
            observed_unix_ns: unix_ns(),
            observed_monotonic_ns: monotonic_ns(),
            events: vec![sample::typical()],
        })
    }
}

/// A bus of its own, a collector with a source on it, and who receives what that sends.
struct Line {
    bus: Arc<dyn EventBus>,
    collector: TestCollector,
    receiver: EventReceiver,
}

impl Line {
    async fn start(source: Box<dyn EventSource>) -> Self {
        let local = EventBusConfig::default().with_bus_type(EventBusType::Local);
        let bus = EventBusFactory::create(&local, "bench").await.expect("a bus in this process");
        let wanted = EventSubscription::new("all").with_pattern("events.#");
        let receiver = bus.subscribe(wanted).await.expect("within the limit");
        let collector = TestCollector::start(CollectorConfig::new(), Arc::clone(&bus), [source]);
        Self { bus, collector, receiver }
    }

    async fn end(self) {
        self.collector.stop().await.expect("it ends in order");
        self.bus.shutdown(END_LIMIT).await.expect("its receiver has room");
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// From the start of a collector to the last of its events.
async fn flood(source: MockEventSource) -> Duration {
    let begun = Instant::now();
    let mut line = Line::start(Box::new(source)).await;
    for _ in 0..FLOOD_EVENTS {
        black_box(line.receiver.recv().await.expect("the bus is open"));
    }
    let taken = begun.elapsed();
    line.end().await;
    taken
}

/// How late so many events were, all together: from the look that saw each.
async fn steady(count: u64, lateness: &mut Histogram<u64>) -> Duration {
    let mut line = Line::start(Box::new(ScanningSource::<Steady>::new(()))).await;
    let mut total = Duration::ZERO;
    for _ in 0..count {
        let event = line.receiver.recv().await.expect("the bus is open");
        let late_ns = monotonic_ns() - event.event.header().observed_monotonic_ns;
        lateness.saturating_record(late_ns);
        total += Duration::from_nanos(late_ns);
    }
    line.end().await;
    total
}

fn standing(is_met: bool) -> &'static str {
    if is_met { "met" } else { "missed" }
}

fn how_many_events_does_a_collector_bring(criterion: &mut Criterion) {
    let runtime = runtime();
    let events = (0..FLOOD_EVENTS).map(|_| sample::typical());
    let source = MockEventSource::new("flood", SourceCaps::PROCESS).with_events(events);
    let source = source.with_ending(MockEnding::AtOnce);
    let (mut events, mut seconds) = (0.0, 0.0);
    let mut group = criterion.benchmark_group("how many events does a collector bring?");
    group.throughput(Throughput::Elements(u64::from(FLOOD_EVENTS)));
    group.sampling_mode(SamplingMode::Flat).sample_size(SAMPLES);
    group.bench_function("as fast as it can", |bencher| {
        bencher.iter_custom(|count| {
            let taken: Duration = (0..count).map(|_| runtime.block_on(flood(source.clone()))).sum();
            events += count as f64 * f64::from(FLOOD_EVENTS);
            seconds += taken.as_secs_f64();
            taken
        });
    });
    group.finish();
    if seconds > 0.0 {
        let rate = events / seconds;
        let standing = standing(rate > BUDGET_PER_S);
        println!("{rate:.0} events a second; budget > {BUDGET_PER_S} a second: {standing}\n");
    }
}

fn how_late_is_an_event(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut lateness = Histogram::<u64>::new_with_max(LATEST_NS, 3).expect("three digits");
    let mut group = criterion.benchmark_group("how late is an event?");
    group.sampling_mode(SamplingMode::Flat).sample_size(SAMPLES);
    group.bench_function("of a thousand a second", |bencher| {
        bencher.iter_custom(|count| runtime.block_on(steady(count, &mut lateness)));
    });
    group.finish();
    if !lateness.is_empty() {
        let at = |quantile| lateness.value_at_quantile(quantile) as f64 / NS_PER_MS;
        println!(
            "p50 {:.1} ms, p99 {:.1} ms, {} events; budget < {BUDGET_MS} ms: {}\n",
            at(0.5),
            at(0.99),
            lateness.len(),
            standing(at(0.99) < BUDGET_MS),
        );
    }
}

criterion_group!(questions, how_many_events_does_a_collector_bring, how_late_is_an_event);
criterion_main!(questions);
