//! How long does it take to find who wants a topic (T9)? The contract's aim is under 1 µs at
//! 10 000 patterns, growing with depth and not with their number.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use daemoneye_eventbus::topic::TopicTrie;
use daemoneye_eventbus::{Topic, TopicPattern};

/// Patterns in the large trie (T9).
const PATTERNS: usize = 10_000;

/// `count` different patterns as a large installation would have them: mostly one of many literal
/// topics, some with a wildcard in the middle or at the end, a few that match nearly everything.
fn patterns(count: usize) -> impl Iterator<Item = TopicPattern> {
    (0..count).map(|index| {
        let text = match index % 10 {
            0 => format!("events.+.metric{index}"),
            1 => format!("events.process.tenant{index}.#"),
            2 => format!("+.process.tenant{index}.+"),
            _ => format!("events.process.tenant{index}.host{}", index % 97),
        };
        text.parse().expect("a valid pattern")
    })
}

fn trie_of(count: usize) -> TopicTrie<usize> {
    let mut trie = TopicTrie::new();
    for (value, pattern) in patterns(count).enumerate() {
        trie.insert(&pattern, value);
    }
    // Five that match what is looked up, whatever else is stored.
    for text in ["events.#", "events.process.#", "events.+.lifecycle", "events.process.+", "#"] {
        trie.insert(&text.parse().expect("a valid pattern"), count);
    }
    trie
}

fn matches_found(trie: &TopicTrie<usize>, topic: &Topic) -> usize {
    let mut count = 0;
    trie.for_each_match(topic, |value| {
        black_box(value);
        count += 1;
    });
    count
}

fn how_does_a_route_lookup_grow_with_the_number_of_patterns(criterion: &mut Criterion) {
    let topic: Topic = "events.process.lifecycle".parse().expect("a valid topic");
    let mut group = criterion.benchmark_group("how does a route lookup grow with patterns?");
    for count in [10, 100, 1000, PATTERNS] {
        let trie = trie_of(count);
        assert_eq!(matches_found(&trie, &topic), 5);
        group.bench_with_input(BenchmarkId::from_parameter(count), &trie, |bencher, trie| {
            bencher.iter(|| matches_found(trie, black_box(&topic)));
        });
    }
    group.finish();
}

fn how_does_a_route_lookup_grow_with_depth(criterion: &mut Criterion) {
    let trie = trie_of(PATTERNS);
    let mut group = criterion.benchmark_group("how does a route lookup in 10 000 grow with depth?");
    for (levels, text) in [
        (1, "events"),
        (2, "events.process"),
        (3, "events.process.tenant3"),
        (4, "events.process.tenant3.host3"),
        (8, "events.process.tenant11.a.b.c.d.e"),
    ] {
        let topic: Topic = text.parse().expect("a valid topic");
        assert!(matches_found(&trie, &topic) >= 2);
        group.bench_with_input(BenchmarkId::from_parameter(levels), &topic, |bencher, topic| {
            bencher.iter(|| matches_found(&trie, black_box(topic)));
        });
    }
    group.finish();
}

fn how_long_does_one_pattern_take(criterion: &mut Criterion) {
    let topic: Topic = "events.process.lifecycle".parse().expect("a valid topic");
    let mut group = criterion.benchmark_group("how long does one pattern take?");
    for text in ["events.process.lifecycle", "events.+.lifecycle", "events.#", "control.#"] {
        let pattern: TopicPattern = text.parse().expect("a valid pattern");
        group.bench_with_input(BenchmarkId::from_parameter(text), &pattern, |bencher, pattern| {
            bencher.iter(|| black_box(pattern).matches(black_box(&topic)));
        });
    }
    group.finish();
}

fn how_long_does_parsing_take(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("how long does parsing take?");
    group.bench_function("pattern", |bencher| {
        bencher.iter(|| black_box("events.+.lifecycle").parse::<TopicPattern>());
    });
    group.bench_function("topic", |bencher| {
        bencher.iter(|| black_box("events.process.lifecycle").parse::<Topic>());
    });
    group.finish();
}

criterion_group!(
    questions,
    how_does_a_route_lookup_grow_with_the_number_of_patterns,
    how_does_a_route_lookup_grow_with_depth,
    how_long_does_one_pattern_take,
    how_long_does_parsing_take,
);
criterion_main!(questions);
