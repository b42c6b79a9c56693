//! A subscriber one step simpler: fewer patterns, fewer conditions, a plainer queue.

use daemoneye_eventbus::{
    CorrelationFilter, EventFilter, EventSubscription, OverflowPolicy, TopicFilter,
};

use super::below;
use crate::plan::{Reading, SubscriberSpec};

pub(super) fn simpler(subscriber: &SubscriberSpec) -> Vec<SubscriberSpec> {
    let asked = &subscriber.subscription;
    let mut found: Vec<SubscriberSpec> = wanted(asked)
        .into_iter()
        .chain(queues(asked))
        .map(|subscription| SubscriberSpec { subscription, ..subscriber.clone() })
        .collect();
    found.push(SubscriberSpec { reading: Reading::Prompt, ..subscriber.clone() });
    found.push(SubscriberSpec { pace_per_s: None, ..subscriber.clone() });
    found.push(SubscriberSpec { from_start: true, ..subscriber.clone() });
    found.retain(|simpler| simpler != subscriber);
    found
}

fn wanted(asked: &EventSubscription) -> Vec<EventSubscription> {
    let mut found = vec![
        EventSubscription { event_filter: None, ..asked.clone() },
        EventSubscription { topic_filter: None, ..asked.clone() },
        EventSubscription { correlation_filter: None, ..asked.clone() },
    ];
    for index in (0..asked.topic_patterns.len()).filter(|_| asked.topic_patterns.len() > 1) {
        let mut fewer = asked.clone();
        fewer.topic_patterns.remove(index);
        found.push(fewer);
    }
    let event = asked.event_filter.iter().flat_map(event_filters);
    found.extend(event.map(|one| EventSubscription { event_filter: Some(one), ..asked.clone() }));
    let topic = asked.topic_filter.iter().flat_map(topic_filters);
    found.extend(topic.map(|one| EventSubscription { topic_filter: Some(one), ..asked.clone() }));
    let correlation = asked.correlation_filter.iter().flat_map(correlation_filters);
    found.extend(
        correlation.map(|one| EventSubscription { correlation_filter: Some(one), ..asked.clone() }),
    );
    found
}

fn queues(asked: &EventSubscription) -> Vec<EventSubscription> {
    let capacities = below(asked.capacity as u64, 1).into_iter();
    let smaller = capacities.filter_map(|events| {
        Some(EventSubscription { capacity: usize::try_from(events).ok()?, ..asked.clone() })
    });
    let waits = EventSubscription { policy: OverflowPolicy::Block, ..asked.clone() };
    std::iter::once(waits).chain(smaller).collect()
}

fn event_filters(filter: &EventFilter) -> Vec<EventFilter> {
    vec![
        EventFilter { event_types: Vec::new(), ..filter.clone() },
        EventFilter { pids: Vec::new(), ..filter.clone() },
        EventFilter { min_priority: None, ..filter.clone() },
        EventFilter { source_collectors: Vec::new(), ..filter.clone() },
        EventFilter { metadata: Vec::new(), ..filter.clone() },
    ]
}

fn topic_filters(filter: &TopicFilter) -> Vec<TopicFilter> {
    let without = |list: &[String], index: usize| {
        let mut fewer = list.to_vec();
        fewer.remove(index);
        fewer
    };
    let excludes = (0..filter.exclude.len())
        .map(|index| TopicFilter { exclude: without(&filter.exclude, index), ..filter.clone() });
    let includes = (0..filter.include.len())
        .map(|index| TopicFilter { include: without(&filter.include, index), ..filter.clone() });
    excludes.chain(includes).collect()
}

fn correlation_filters(filter: &CorrelationFilter) -> Vec<CorrelationFilter> {
    vec![
        CorrelationFilter { correlation_id: None, ..filter.clone() },
        CorrelationFilter { parent_id: None, ..filter.clone() },
        CorrelationFilter { root_id: None, ..filter.clone() },
        CorrelationFilter { stage: None, ..filter.clone() },
        CorrelationFilter { all_tags: Vec::new(), ..filter.clone() },
        CorrelationFilter { any_tags: Vec::new(), ..filter.clone() },
        CorrelationFilter { sequence: None, ..filter.clone() },
        CorrelationFilter { process_ids: Vec::new(), ..filter.clone() },
    ]
}
