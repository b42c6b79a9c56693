//! How long does it take to say whether somebody may publish on a topic? The contract's aim is under
//! 200 ns for a topic that was asked about before.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use daemoneye_eventbus::Topic;
use daemoneye_eventbus::acl::{AccessControl, Action, CollectorKind, Principal, Role};

fn how_long_does_an_access_check_take(criterion: &mut Criterion) {
    let topic = |text: &str| -> Topic { text.parse().expect("a valid topic") };
    let allowed = topic("control.collector.result.process");
    let refused = topic("control.collector.result.network");
    let procmond = Principal::new("procmond", Role::Collector(CollectorKind::Process));
    let mut access = AccessControl::standard().access_of(&procmond.expect("an id"));
    assert!(
        access.may_publish(&allowed).is_allowed() && !access.may_publish(&refused).is_allowed()
    );

    let mut group = criterion.benchmark_group("how long does an access check take?");
    group.bench_function("known, allowed", |bencher| {
        bencher.iter(|| access.may_publish(black_box(&allowed)));
    });
    group.bench_function("known, refused", |bencher| {
        bencher.iter(|| access.may_publish(black_box(&refused)));
    });
    group.bench_function("from the table", |bencher| {
        bencher.iter(|| access.may(Action::Publish, black_box(&refused)));
    });
    let pattern = "control.collector.+".parse().expect("a valid pattern");
    group.bench_function("a pattern, refused", |bencher| {
        bencher.iter(|| access.may_subscribe(black_box(&pattern)));
    });
    group.finish();
}

criterion_group!(benches, how_long_does_an_access_check_take);
criterion_main!(benches);
