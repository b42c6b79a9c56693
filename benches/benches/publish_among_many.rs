//! What does a publish pay for 10 000 patterns that do not match (T9)? The trie alone is asked in
//! `topic_match`; here the broker routes: its kept routes, and the lookup when there is none.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use daemoneye_eventbus::{
    BrokerConfig, CollectionEvent, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventReceiver,
    EventSubscription, ProcessEvent, Topic,
};
use tokio::runtime::Runtime;

/// Patterns in the large broker (T9).
const PATTERNS: usize = 10_000;
/// Topics published on in turn: more than a broker keeps routes of, so that none is kept when its
/// turn comes again.
const FORGOTTEN_TOPICS: usize = 5000;

/// So many subscriptions at a broker, each with a pattern of its own.
fn subscribe(runtime: &Runtime, bus: &DaemoneyeEventBus, patterns: usize) -> Vec<EventReceiver> {
    let subscribed = (0..patterns).map(|number| {
        let pattern = match number % 10 {
            0 => format!("events.+.metric{number}"),
            1 => format!("events.process.tenant{number}.#"),
            _ => format!("events.process.tenant{number}.host{}", number % 97),
        };
        let wanted = EventSubscription::new(format!("s{number}")).with_pattern(pattern);
        runtime.block_on(bus.subscribe(wanted)).expect("within the limit")
    });
    subscribed.collect()
}

fn topics(count: usize) -> Vec<Topic> {
    let topic = |number| format!("events.process.tenant3.unknown{number}");
    (0..count).map(|number| topic(number).parse().expect("a topic")).collect()
}

fn what_does_a_publish_pay_for_patterns(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for (question, count) in [("its route is kept", 1), ("its route is not", FORGOTTEN_TOPICS)] {
        let topics = topics(count);
        let title = format!("what does a publish pay for patterns when {question}?");
        let mut group = criterion.benchmark_group(title);
        for patterns in [0, 100, PATTERNS] {
            let config = BrokerConfig::default().with_subscriber_limit(PATTERNS);
            let broker = DaemoneyeBroker::new(config);
            let bus = DaemoneyeEventBus::from_broker(&broker, "bench");
            let _receivers = subscribe(&runtime, &bus, patterns);
            let mut turn = topics.iter().cycle();
            group.bench_function(BenchmarkId::from_parameter(patterns), |bencher| {
                bencher.iter(|| {
                    let topic = turn.next().expect("a cycle").clone();
                    let event = CollectionEvent::Process(ProcessEvent::default());
                    runtime.block_on(bus.publish_to(topic, event, None))
                });
            });
        }
        group.finish();
    }
}

criterion_group!(questions, what_does_a_publish_pay_for_patterns);
criterion_main!(questions);
