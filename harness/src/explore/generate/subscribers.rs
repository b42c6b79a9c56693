//! Random subscribers: patterns with and without wildcards, every filter, every policy.

use std::time::Duration;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::contract::BreakerConfig;
use daemoneye_eventbus::{
    ByteString, CorrelationFilter, EventFilter, EventKind, EventSubscription, OverflowPolicy,
    SourceCaps, TopicFilter,
};
use proptest::prelude::{Just, Strategy, any as anything, prop_oneof};
use proptest::{collection, option, sample};

use super::publishers::{METADATA, PIDS, PRIORITIES, TOPICS, name};
use crate::plan::{Reading, SubscriberSpec};

/// Small enough to overflow, and large enough never to.
const CAPACITIES: [usize; 5] = [1, 4, 16, 64, 1024];
/// Pace of a slow one, events per second: hundreds of events still take a fraction of a second.
const PACE_PER_S: f64 = 2_000.0;
/// Tags of numbered correlations; a table of tags has each key once.
const TAGS: [(&str, &str); 2] = [("parity", "odd"), ("publisher", "p0")];

pub(super) fn any(most: usize) -> impl Strategy<Value = Vec<SubscriberSpec>> {
    let subscriber = (
        wanted(),
        (event_filter(), topic_filter(), correlation_filter()),
        sample::select(CAPACITIES.to_vec()),
        policy(),
        (anything::<bool>(), sample::select(vec![true, true, true, false])),
        option::weighted(0.1, Just(PACE_PER_S)),
    );
    collection::vec(subscriber, 1..=most).prop_map(|drafts| {
        let named = |(index, draft)| {
            let (wanted, filters, capacity, policy, (stopped, from_start), pace_per_s) = draft;
            let (event_filter, topic_filter, correlation_filter) = filters;
            let Wanted { patterns, capabilities, wildcards } = wanted;
            let name = format!("s{index}");
            let subscription = EventSubscription {
                subscriber_id: name.clone(),
                topic_patterns: patterns,
                capabilities,
                enable_wildcards: wildcards,
                event_filter,
                topic_filter,
                correlation_filter,
                capacity,
                policy,
                replay_last: 0,
            };
            // One that waits must read, or its publishers wait for their limit and the case for them.
            let stopped = stopped && policy != OverflowPolicy::Block;
            let reading = if stopped { Reading::Stopped } else { Reading::Prompt };
            // Somebody subscribes in every sketch: see `ALWAYS_JUDGED`.
            let from_start = from_start || index == 0;
            SubscriberSpec {
                name,
                role: Role::Agent,
                subscription,
                reading,
                pace_per_s,
                from_start,
                idle_subscriptions: 0,
            }
        };
        drafts.into_iter().enumerate().map(named).collect()
    })
}

#[derive(Debug, Clone)]
struct Wanted {
    patterns: Vec<String>,
    capabilities: SourceCaps,
    wildcards: bool,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let of_patterns = |wildcards: bool| {
        move |patterns: Vec<String>| Wanted {
            patterns,
            capabilities: SourceCaps::default(),
            wildcards,
        }
    };
    let literal = sample::select(TOPICS.to_vec()).prop_map(str::to_owned);
    let capabilities = sample::select(vec![
        SourceCaps::PROCESS,
        SourceCaps::NETWORK,
        SourceCaps::FILESYSTEM,
        SourceCaps::PERFORMANCE,
        SourceCaps::PROCESS | SourceCaps::NETWORK,
    ]);
    prop_oneof![
        6 => collection::vec(pattern(), 1..=3).prop_map(of_patterns(true)),
        1 => collection::vec(literal, 1..=2).prop_map(of_patterns(false)),
        1 => capabilities.prop_map(|capabilities| Wanted {
            patterns: Vec::new(),
            capabilities,
            wildcards: true,
        }),
    ]
}

/// A topic, some of its levels opened, the rest perhaps cut off behind a `#`.
fn pattern() -> impl Strategy<Value = String> {
    let opened = (sample::select(TOPICS.to_vec()), anything::<[bool; 3]>(), 0_usize..=4);
    let any_of_a_topic = opened.prop_map(|(topic, open, cut)| {
        let levels = topic.split('.').zip(open);
        // The first level stays: an opened one asks for topics of every namespace.
        let mut levels: Vec<&str> = levels
            .enumerate()
            .map(|(depth, (level, open))| if open && depth > 0 { "+" } else { level })
            .collect();
        if cut < levels.len() {
            levels.truncate(cut);
            levels.push("#");
        }
        levels.join(".")
    });
    prop_oneof![1 => Just("#".to_owned()), 1 => Just("events.#".to_owned()), 4 => any_of_a_topic]
}

fn policy() -> impl Strategy<Value = OverflowPolicy> {
    let breaker = (1_u32..20, 1_u64..30).prop_map(|(losses, seconds)| BreakerConfig {
        losses,
        window: Duration::from_secs(10),
        cool_down: Duration::from_secs(seconds),
    });
    prop_oneof![
        3 => Just(OverflowPolicy::Block),
        1 => Just(OverflowPolicy::DropNewest),
        1 => Just(OverflowPolicy::DropOldest),
        1 => breaker.prop_map(OverflowPolicy::CircuitBreak),
    ]
}

fn event_filter() -> impl Strategy<Value = Option<EventFilter>> {
    let lists = (
        sample::subsequence(EventKind::ALL.to_vec(), 0..=3),
        sample::subsequence(PIDS.to_vec(), 0..=2),
        sample::subsequence(vec![0_usize, 1, 2], 0..=2),
    );
    let rest = (
        option::of(sample::select(PRIORITIES.to_vec())),
        sample::subsequence(METADATA[1..].to_vec(), 0..=1),
    );
    let filter = (lists, rest).prop_map(|((event_types, pids, sources), (least, metadata))| {
        let source_collectors = sources.into_iter().map(|index| name(index).into()).collect();
        let metadata = pairs(&metadata);
        EventFilter { event_types, pids, min_priority: least, source_collectors, metadata }
    });
    option::weighted(0.3, filter)
}

fn topic_filter() -> impl Strategy<Value = Option<TopicFilter>> {
    let lists = (collection::vec(pattern(), 0..=2), collection::vec(pattern(), 0..=2));
    option::weighted(0.3, lists.prop_map(|(exclude, include)| TopicFilter { exclude, include }))
}

fn correlation_filter() -> impl Strategy<Value = Option<CorrelationFilter>> {
    let texts = (
        option::weighted(0.3, sample::select(vec!["p0-1*", "p1-*", "p0-7"])),
        option::weighted(0.1, sample::select(vec!["p0-3", "p1-1"])),
        option::weighted(0.3, sample::select(vec!["p0-0", "p1-0"])),
        option::weighted(0.3, sample::select(vec!["stage-0", "stage-1"])),
    );
    let rest = (
        sample::subsequence(TAGS.to_vec(), 0..=1),
        sample::subsequence(TAGS.to_vec(), 0..=2),
        option::weighted(0.3, (0_u64..10, 0_u64..40)),
        sample::subsequence(PIDS.to_vec(), 0..=2),
    );
    let filter = (texts, rest).prop_map(|((id, parent, root, stage), rest)| {
        let (all_tags, any_tags, sequence, process_ids) = rest;
        CorrelationFilter {
            correlation_id: id.map(ByteString::from),
            parent_id: parent.map(ByteString::from),
            root_id: root.map(ByteString::from),
            stage: stage.map(ByteString::from),
            all_tags: pairs(&all_tags),
            any_tags: pairs(&any_tags),
            sequence: sequence.map(|(first, more)| first..=first + more),
            process_ids,
        }
    });
    option::weighted(0.25, filter)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(ByteString, ByteString)> {
    pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}
