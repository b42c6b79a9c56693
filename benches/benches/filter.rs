//! What does each kind of filter cost an event that passes it (M3–M5)? One that does not is never
//! dearer. The broker asks of an envelope it has not decoded, a bus inside a process of the event itself.

use std::hint::black_box;

use bus_benches::sample;
use criterion::{Criterion, criterion_group, criterion_main};
use daemoneye_eventbus::benching::{encode_frame, envelope_of};
use daemoneye_eventbus::contract::{Attributes, Matcher};
use daemoneye_eventbus::{
    BusEvent, CorrelationFilter, CorrelationMetadata, EventEnvelope, EventFilter, EventKind,
    EventSubscription, Priority, TopicFilter,
};

/// Two topics that do not match come before the one that does.
const TOPICS: [&str; 3] = ["events.network.#", "control.#", "events.process.lifecycle"];

fn subscription() -> EventSubscription {
    EventSubscription::new("bench").with_pattern("events.process.#")
}

fn of_event(filter: EventFilter) -> Matcher {
    let wanted = EventSubscription { event_filter: Some(filter), ..subscription() };
    Matcher::compile(&wanted).expect("a filter")
}

fn of_correlation(filter: CorrelationFilter) -> Matcher {
    let wanted = EventSubscription { correlation_filter: Some(filter), ..subscription() };
    Matcher::compile(&wanted).expect("a filter")
}

/// What each asks of an event, the last of three values being the right one.
fn event_filters() -> Vec<(&'static str, Matcher)> {
    let none = EventFilter::default;
    vec![
        ("none", Matcher::compile(&subscription()).expect("no filter")),
        (
            "kinds",
            of_event(EventFilter {
                event_types: vec![EventKind::Network, EventKind::Filesystem, EventKind::Process],
                ..none()
            }),
        ),
        ("processes", of_event(EventFilter { pids: vec![1, 2, 4711], ..none() })),
        ("priority", of_event(EventFilter { min_priority: Some(Priority::Normal), ..none() })),
        (
            "sources",
            of_event(EventFilter {
                source_collectors: vec!["netmond".into(), "fsmond".into(), "procmond".into()],
                ..none()
            }),
        ),
        (
            "metadata",
            of_event(EventFilter { metadata: vec![("host".into(), "db-1".into())], ..none() }),
        ),
    ]
}

fn correlation_filters() -> Vec<(&'static str, Matcher)> {
    let none = CorrelationFilter::default;
    let tags = || vec![("tenant".into(), "t3".into())];
    vec![
        (
            "id",
            of_correlation(CorrelationFilter { correlation_id: Some("scan-7-1".into()), ..none() }),
        ),
        (
            "beginning of an id",
            of_correlation(CorrelationFilter { correlation_id: Some("scan-7*".into()), ..none() }),
        ),
        (
            "parent",
            of_correlation(CorrelationFilter { parent_id: Some("scan-7".into()), ..none() }),
        ),
        ("root", of_correlation(CorrelationFilter { root_id: Some("scan-7".into()), ..none() })),
        ("stage", of_correlation(CorrelationFilter { stage: Some("hash".into()), ..none() })),
        ("all tags", of_correlation(CorrelationFilter { all_tags: tags(), ..none() })),
        ("any tag", of_correlation(CorrelationFilter { any_tags: tags(), ..none() })),
        ("sequence", of_correlation(CorrelationFilter { sequence: Some(1..=9), ..none() })),
        (
            "correlated process",
            of_correlation(CorrelationFilter { process_ids: vec![4711], ..none() }),
        ),
    ]
}

/// One that every filter here lets through.
fn event() -> BusEvent {
    let mut event = sample::published("procmond", sample::typical());
    let header = event.event.header_mut();
    header.metadata = vec![("zone".into(), "eu".into()), ("host".into(), "db-1".into())];
    let mut correlation = CorrelationMetadata::root("scan-7").child("scan-7-1");
    correlation.stage = Some("hash".into());
    correlation.tags = vec![("tenant".into(), "t3".into())];
    BusEvent { correlation, ..event }
}

fn ask(criterion: &mut Criterion, question: &str, event: &impl Attributes) {
    let mut group = criterion.benchmark_group(question);
    for (name, matcher) in event_filters().into_iter().chain(correlation_filters()) {
        assert!(matcher.matches_attributes(event), "{name}: it passes");
        group.bench_function(name, |bencher| {
            bencher.iter(|| matcher.matches_attributes(black_box(event)));
        });
    }
    group.finish();
}

fn what_does_a_filter_cost(criterion: &mut Criterion) {
    let event = event();
    let mut frame = Vec::new();
    encode_frame(&mut frame, &event, Some(&event.correlation));
    let envelope = envelope_of(&frame).expect("a frame of an event");
    let envelope = EventEnvelope::parse(envelope).expect("an envelope");
    ask(criterion, "what does a filter cost, asked of an envelope?", &envelope);
    ask(criterion, "what does a filter cost, asked of an event?", &event);
}

fn what_does_a_filter_on_topics_cost(criterion: &mut Criterion) {
    let event = event();
    let topics = || TOPICS.map(str::to_owned).to_vec();
    let include = TopicFilter { include: topics(), ..TopicFilter::default() };
    let exclude = TopicFilter { exclude: topics()[..2].to_vec(), ..TopicFilter::default() };
    let mut group = criterion.benchmark_group("what does a filter on topics cost?");
    for (name, filter) in [("excluded by two", exclude), ("included by the third", include)] {
        let wanted = EventSubscription { topic_filter: Some(filter), ..subscription() };
        let matcher = Matcher::compile(&wanted).expect("a filter");
        assert!(matcher.passes_filter(&event.topic));
        group.bench_function(name, |bencher| {
            bencher.iter(|| matcher.passes_filter(black_box(&event.topic)));
        });
    }
    group.finish();
}

criterion_group!(questions, what_does_a_filter_cost, what_does_a_filter_on_topics_cost);
criterion_main!(questions);
