//! How long is an event on its way from a handle to another, both in the broker's process? From the
//! call of `publish` to what `recv` returns.

use bus_benches::hop::hop;
use bus_benches::sample;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use daemoneye_eventbus::{
    BrokerConfig, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventSubscription,
};

/// Events on their way at once.
const BURSTS: [u64; 2] = [1, 64];

fn how_long_is_an_event_on_its_way_in_one_process(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    let bus = DaemoneyeEventBus::from_broker(&broker, "bench");
    let wanted = EventSubscription::new("all").with_pattern("events.#");
    let mut receiver = runtime.block_on(bus.subscribe(wanted)).expect("within the limit");
    let event = sample::typical();
    let mut group = criterion.benchmark_group("how long is an event on its way in one process?");
    for burst in BURSTS {
        group.throughput(Throughput::Elements(burst));
        group.bench_function(BenchmarkId::new("on their way", burst), |bencher| {
            bencher.iter(|| runtime.block_on(hop(&bus, &mut receiver, &event, burst)));
        });
    }
    group.finish();
}

criterion_group!(questions, how_long_is_an_event_on_its_way_in_one_process);
criterion_main!(questions);
