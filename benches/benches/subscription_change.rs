//! How long do a subscribe and an unsubscribe take inside a broker that holds 10 000 subscriptions?
//! The aim is a p99 under 100 µs.
//!
//! `cargo bench -p bus-benches --bench subscription_change` prints means as criterion does, and
//! below each the quantiles of the single calls: a mean does not tell what the slowest one in a
//! hundred waits.

use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use daemoneye_eventbus::{
    BrokerConfig, CollectionEvent, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventReceiver,
    EventSubscription, ProcessEvent, Topic,
};
use hdrhistogram::Histogram;
use tokio::runtime::Runtime;

/// Subscriptions there are beside the one that comes and goes.
const OTHERS: usize = 10_000;
/// Topics whose routes the broker keeps: what it forgets at a change is never more.
const KEPT_ROUTES: usize = 4096;
/// A longer call counts as one of this length, nanoseconds.
const LONGEST_NS: u64 = 1_000_000_000;
/// The subscription that comes and goes.
const PASSING: &str = "passing";

/// A broker with many subscriptions, and the receivers that keep them.
struct Crowd {
    runtime: Runtime,
    _broker: DaemoneyeBroker,
    bus: DaemoneyeEventBus,
    _receivers: Vec<EventReceiver>,
    /// What is published before each call, so that its routes are kept.
    warm: Vec<Topic>,
    passing: EventSubscription,
}

/// Which of the two calls is timed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Timed {
    Subscribe,
    Unsubscribe,
}

impl Crowd {
    /// One whose `pattern` is that of the subscriber with this number.
    fn of(pattern: impl Fn(usize) -> String) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let config = BrokerConfig::default().with_subscriber_limit(OTHERS + 1);
        let broker = DaemoneyeBroker::new(config);
        let bus = DaemoneyeEventBus::from_broker(&broker, "bench");
        let wanted = |id: String, number| EventSubscription::new(id).with_pattern(pattern(number));
        let receivers = (0..OTHERS).map(|number| {
            let subscribed = bus.subscribe(wanted(format!("s{number}"), number));
            runtime.block_on(subscribed).expect("within the limit")
        });
        let receivers = receivers.collect();
        let passing = wanted(PASSING.to_owned(), OTHERS);
        Self { runtime, _broker: broker, bus, _receivers: receivers, warm: Vec::new(), passing }
    }

    /// Publishes on many topics nobody wants before each call.
    fn with_kept_routes(mut self) -> Self {
        let topic = |number| format!("events.network.t{number}").parse();
        self.warm = (0..KEPT_ROUTES).map(|number| topic(number).expect("a topic")).collect();
        self
    }

    /// The time of one call, with its counterpart before or after it.
    async fn change(&self, timed: Timed) -> Duration {
        let receiver = if timed == Timed::Subscribe { None } else { Some(self.subscribe().await) };
        for topic in &self.warm {
            let event = CollectionEvent::Process(ProcessEvent::default());
            self.bus.publish_to(topic.clone(), event, None).await.expect("nobody to wait for");
        }
        if receiver.is_some() {
            return self.unsubscribe().await;
        }
        let begun = Instant::now();
        let receiver = self.subscribe().await;
        let taken = begun.elapsed();
        self.unsubscribe().await;
        drop(receiver);
        taken
    }

    async fn subscribe(&self) -> EventReceiver {
        self.bus.subscribe(self.passing.clone()).await.expect("within the limit")
    }

    async fn unsubscribe(&self) -> Duration {
        let begun = Instant::now();
        self.bus.unsubscribe(PASSING).await.expect("it is there");
        begun.elapsed()
    }
}

fn ask(criterion: &mut Criterion, situation: &str, crowd: &Crowd) {
    let mut group = criterion.benchmark_group(format!("how long does a change take, {situation}?"));
    if !crowd.warm.is_empty() {
        // Thousands of publishes before each call take far longer than it.
        group.sampling_mode(SamplingMode::Flat);
    }
    for (name, timed) in [("subscribe", Timed::Subscribe), ("unsubscribe", Timed::Unsubscribe)] {
        let mut calls = Histogram::<u64>::new_with_max(LONGEST_NS, 3).expect("three digits");
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                crowd.runtime.block_on(async {
                    let mut total = Duration::ZERO;
                    for _ in 0..count {
                        let taken = crowd.change(timed).await;
                        calls.saturating_record(taken.as_nanos().try_into().unwrap_or(LONGEST_NS));
                        total += taken;
                    }
                    total
                })
            });
        });
        if calls.is_empty() {
            continue; // Not asked for on the command line.
        }
        let at = |quantile| calls.value_at_quantile(quantile) as f64 / 1000.0;
        println!(
            "{situation}, {name}: p50 {:.1} µs, p99 {:.1} µs, p99.9 {:.1} µs, {} calls\n",
            at(0.5),
            at(0.99),
            at(0.999),
            calls.len(),
        );
    }
    group.finish();
}

fn how_long_does_a_change_take(criterion: &mut Criterion) {
    let own = |number| format!("events.process.tenant{}.host{number}", number % 100);
    ask(criterion, "each with a pattern of its own", &Crowd::of(own));
    ask(criterion, "all with one pattern", &Crowd::of(|_| "events.process.#".to_owned()));
    let kept = Crowd::of(own).with_kept_routes();
    ask(criterion, "after events on 4096 topics", &kept);
}

criterion_group!(questions, how_long_does_a_change_take);
criterion_main!(questions);
