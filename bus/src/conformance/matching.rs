//! Which events a subscription gets: a hit and a miss for every part of it (M1–M5).

use super::stage::{Failure, Stage, subscription};
use super::{Case, events, stage};
use crate::event::ProcessEvent;
use crate::{
    CollectionEvent, CorrelationFilter, CorrelationMetadata, EventFilter, EventKind,
    EventSubscription, Priority, SourceCaps, TopicFilter,
};

const TOPIC: &str = "events.process.lifecycle";

pub(super) const CASES: &[Case] = &[
    Case::new("patterns_follow_the_truth_table", &["M1", "T3", "T4", "T6"], |stage| {
        Box::pin(patterns_follow_the_truth_table(stage))
    }),
    Case::new("capabilities_select_their_topics", &["M1"], |stage| {
        Box::pin(capabilities_select_their_topics(stage))
    }),
    Case::new("patterns_win_over_capabilities", &["M1"], |stage| {
        Box::pin(patterns_win_over_capabilities(stage))
    }),
    Case::new("event_filters_select_by_each_field", &["M3"], |stage| {
        Box::pin(each_pair(stage, event_filter_pairs()))
    }),
    Case::new("an_event_without_priority_counts_as_normal", &["M3"], |stage| {
        Box::pin(an_event_without_priority_is_normal(stage))
    }),
    Case::new("topic_filters_exclude_before_they_include", &["M4"], |stage| {
        Box::pin(topic_filters_exclude_first(stage))
    }),
    Case::new("correlation_filters_select_by_each_field", &["M5"], |stage| {
        Box::pin(each_pair(stage, correlation_filter_pairs()))
    }),
    Case::new("all_parts_of_a_subscription_must_hold", &["M1", "M3", "M4", "M5"], |stage| {
        Box::pin(all_parts_must_hold(stage))
    }),
];

/// A subscription with one event that it must miss and one that it must get.
struct Pair {
    subscription: EventSubscription,
    miss: Sent,
    hit: Sent,
}

/// An event with its correlation.
type Sent = (CollectionEvent, CorrelationMetadata);

/// Every miss is published before its hit, so the hit arriving first proves the miss.
async fn each_pair(stage: Stage, pairs: Vec<Pair>) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let mut publisher = stage.publisher("first").await?;
    for (index, pair) in pairs.into_iter().enumerate() {
        let id = format!("filter-{index}");
        let said = format!("{:?}", pair.subscription);
        let subscription = EventSubscription { subscriber_id: id.clone(), ..pair.subscription };
        let mut listener = stage::listen_on(&*bus, subscription).await?;
        publish(&mut publisher, pair.miss).await?;
        let hit = publish(&mut publisher, pair.hit).await?;
        let outcome = listener.expect(&hit).await;
        outcome.map_err(|failure| Failure::new(format!("{failure}; subscribed with {said}")))?;
        stage::unsubscribe(&*bus, &id).await?;
    }
    Ok(())
}

async fn publish(
    publisher: &mut stage::Publisher,
    (event, correlation): Sent,
) -> Result<stage::Origin, Failure> {
    publisher.send_with(TOPIC, event, Some(correlation)).await
}

async fn patterns_follow_the_truth_table(stage: Stage) -> Result<(), Failure> {
    const ROWS: &[(&str, &[&str], &[&str])] = &[
        ("events.#", &["events", "events.process", "events.a.b.c"], &["control.health.status"]),
        ("events.process.#", &["events.process", "events.process.tree.update"], &["events"]),
        (
            "events.process.+",
            &["events.process.tree"],
            &["events.process", "events.process.tree.update", "events.network.dns"],
        ),
        (
            "events.+.lifecycle",
            &["events.process.lifecycle", "events.network.lifecycle"],
            &["events.lifecycle", "events.process.tree.lifecycle", "events.process.tree"],
        ),
        ("+.health.#", &["control.health", "control.health.status"], &["events.process.health"]),
        (
            "events.process.tree",
            &["events.process.tree"],
            &["events.process.tree2", "events.process"],
        ),
        ("#", &["events", "control.a", "admin.a.b.c.d.e.f.g"], &[]),
        ("events.+.#", &["events.process", "events.a.b.c"], &["events"]),
    ];
    let bus = stage.handle("subscribers").await?;
    let mut publisher = stage.publisher("writer").await?;
    for (index, (pattern, hits, misses)) in ROWS.iter().enumerate() {
        let id = format!("row-{index}");
        let mut listener = stage::listen_on(&*bus, subscription(&id, &[pattern])).await?;
        for miss in *misses {
            publisher.send(miss).await?;
        }
        for hit in *hits {
            let sent = publisher.send(hit).await?;
            let outcome = listener.expect(&sent).await;
            outcome.map_err(|failure| {
                Failure::new(format!("{failure}; pattern {pattern}, topic {hit}"))
            })?;
        }
        stage::unsubscribe(&*bus, &id).await?;
    }
    Ok(())
}

async fn capabilities_select_their_topics(stage: Stage) -> Result<(), Failure> {
    const TOPICS: [(&str, SourceCaps); 5] = [
        ("control.trigger.request", SourceCaps::REALTIME),
        ("events.process.tree", SourceCaps::PROCESS),
        ("events.network.dns", SourceCaps::NETWORK),
        ("events.filesystem.access", SourceCaps::FILESYSTEM),
        ("events.performance.system", SourceCaps::PERFORMANCE),
    ];
    let bus = stage.handle("subscribers").await?;
    for (index, capabilities) in [
        SourceCaps::PROCESS,
        SourceCaps::NETWORK | SourceCaps::SYSTEM_WIDE,
        SourceCaps::FILESYSTEM | SourceCaps::PERFORMANCE,
        SourceCaps::PROCESS | SourceCaps::REALTIME,
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("capable-{index}");
        let subscription = EventSubscription::new(&*id).with_capabilities(capabilities);
        let mut listener = stage::listen_on(&*bus, subscription).await?;
        let mut publisher = stage.publisher(&format!("writer-{index}")).await?;
        for (topic, needed) in TOPICS {
            let sent = publisher.send(topic).await?;
            // At once, because the two lanes have no order between each other (C4).
            if capabilities.contains(needed) {
                listener.expect(&sent).await?;
            }
        }
        stage::unsubscribe(&*bus, &id).await?;
        listener.expect_end().await?;
    }
    Ok(())
}

async fn patterns_win_over_capabilities(stage: Stage) -> Result<(), Failure> {
    let both = subscription("both", &["events.network.#"]).with_capabilities(SourceCaps::PROCESS);
    let mut listener = stage.listen(both).await?;
    let mut publisher = stage.publisher("writer").await?;
    publisher.send("events.process.tree").await?;
    let wanted = publisher.send("events.network.dns").await?;
    listener.expect(&wanted).await.map(drop)
}

fn event_filter_pairs() -> Vec<Pair> {
    let plain = || events::process(7);
    let pair = |filter, miss, hit| Pair {
        subscription: subscription("", &["events.#"]).with_event_filter(filter),
        miss: (miss, "any".into()),
        hit: (hit, "any".into()),
    };
    let empty = EventFilter::default;
    let with_metadata = |value: &str| {
        let mut event = plain();
        event.header_mut().metadata = vec![("zone".into(), value.into())];
        event
    };
    let network = events::full(EventKind::Network);
    let audit = events::bare(EventKind::Audit);
    vec![
        pair(EventFilter { event_types: vec![EventKind::Process], ..empty() }, network, plain()),
        pair(EventFilter { pids: vec![1, 7], ..empty() }, events::process(2), plain()),
        pair(EventFilter { pids: vec![7], ..empty() }, audit, plain()),
        pair(
            EventFilter { min_priority: Some(Priority::High), ..empty() },
            with_priority(Some(Priority::Normal)),
            with_priority(Some(Priority::Critical)),
        ),
        pair(
            EventFilter { metadata: vec![("zone".into(), "a".into())], ..empty() },
            with_metadata("b"),
            with_metadata("a"),
        ),
        pair(
            EventFilter { metadata: vec![("zone".into(), "a".into())], ..empty() },
            plain(),
            with_metadata("a"),
        ),
    ]
}

fn with_priority(priority: Option<Priority>) -> CollectionEvent {
    let mut event = events::process(7);
    event.header_mut().priority = priority;
    event
}

async fn an_event_without_priority_is_normal(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("subscribers").await?;
    let at_least = |id: &str, priority| {
        let filter = EventFilter { min_priority: Some(priority), ..EventFilter::default() };
        subscription(id, &["events.#"]).with_event_filter(filter)
    };
    let mut normal = stage::listen_on(&*bus, at_least("normal", Priority::Normal)).await?;
    let mut high = stage::listen_on(&*bus, at_least("high", Priority::High)).await?;
    let other = EventFilter { source_collectors: vec!["second".into()], ..EventFilter::default() };
    let other = subscription("other", &["events.#"]).with_event_filter(other);
    let mut by_source = stage::listen_on(&*bus, other).await?;
    let mut publisher = stage.publisher("first").await?;
    publisher.send_with(TOPIC, with_priority(Some(Priority::Low)), None).await?;
    let unnamed = publisher.send_with(TOPIC, with_priority(None), None).await?;
    let urgent = publisher.send_with(TOPIC, with_priority(Some(Priority::High)), None).await?;
    normal.expect_all(&[unnamed, urgent.clone()]).await?;
    high.expect(&urgent).await?;
    let from_netmond = stage.publisher("second").await?.send(TOPIC).await?;
    by_source.expect(&from_netmond).await.map(drop)
}

async fn topic_filters_exclude_first(stage: Stage) -> Result<(), Failure> {
    let filter = TopicFilter {
        exclude: vec!["events.+.tree".into()],
        include: vec!["events.process.#".into(), "events.network.dns".into()],
    };
    let filtered = subscription("filtered", &["events.#"]).with_topic_filter(filter);
    let mut filtered = stage.listen(filtered).await?;
    let exclude_only = TopicFilter { exclude: vec!["events.process.#".into()], include: vec![] };
    let exclude_only = subscription("exclude", &["events.#"]).with_topic_filter(exclude_only);
    let mut exclude_only = stage.listen(exclude_only).await?;
    let mut publisher = stage.publisher("writer").await?;
    publisher.send("events.process.tree").await?;
    let traffic = publisher.send("events.network.traffic").await?;
    let lifecycle = publisher.send("events.process.lifecycle").await?;
    let dns = publisher.send("events.network.dns").await?;
    filtered.expect_all(&[lifecycle, dns.clone()]).await?;
    exclude_only.expect_all(&[traffic, dns]).await
}

fn correlation_filter_pairs() -> Vec<Pair> {
    let base = || CorrelationMetadata {
        sequence: 5,
        tags: vec![("team".into(), "red".into()), ("case".into(), "42".into())],
        ..events::full_correlation()
    };
    let pair = |filter, miss, hit| Pair {
        subscription: subscription("", &["events.#"]).with_correlation_filter(filter),
        miss: (events::process(7), miss),
        hit: (events::process(7), hit),
    };
    let empty = CorrelationFilter::default;
    let tag = |value: &str| ("team".into(), value.into());
    let id = |id: &str| CorrelationMetadata { id: id.into(), ..base() };
    let sequence = |sequence| CorrelationMetadata { sequence, ..base() };
    let only_case = CorrelationMetadata { tags: vec![("case".into(), "42".into())], ..base() };
    let orphan = CorrelationMetadata { parent: None, ..base() };
    let mut pairs = vec![
        pair(
            CorrelationFilter { correlation_id: Some("scan-7".into()), ..empty() },
            id("scan-70"),
            id("scan-7"),
        ),
        pair(
            CorrelationFilter { correlation_id: Some("scan-7*".into()), ..empty() },
            id("scan-6"),
            id("scan-70"),
        ),
        pair(
            CorrelationFilter { parent_id: base().parent.map(Into::into), ..empty() },
            orphan,
            base(),
        ),
        pair(
            CorrelationFilter { root_id: Some("scan-7".into()), ..empty() },
            CorrelationMetadata { root: "scan-8".into(), ..base() },
            base(),
        ),
        pair(
            CorrelationFilter { stage: Some("enrichment".into()), ..empty() },
            CorrelationMetadata { stage: None, ..base() },
            base(),
        ),
        pair(
            CorrelationFilter {
                all_tags: vec![tag("red"), ("case".into(), "42".into())],
                ..empty()
            },
            only_case.clone(),
            base(),
        ),
        pair(
            CorrelationFilter { any_tags: vec![tag("blue"), tag("red")], ..empty() },
            only_case,
            base(),
        ),
        pair(CorrelationFilter { sequence: Some(3..=5), ..empty() }, sequence(6), sequence(5)),
        pair(CorrelationFilter { sequence: Some(3..=5), ..empty() }, sequence(2), sequence(3)),
    ];
    let by_process = CorrelationFilter { process_ids: vec![7], ..empty() };
    pairs.push(Pair { miss: (events::process(8), base()), ..pair(by_process, base(), base()) });
    pairs
}

async fn all_parts_must_hold(stage: Stage) -> Result<(), Failure> {
    let strict = subscription("strict", &["events.process.#"])
        .with_event_filter(EventFilter { pids: vec![7], ..EventFilter::default() })
        .with_topic_filter(TopicFilter {
            exclude: vec!["events.process.tree".into()],
            include: vec![],
        })
        .with_correlation_filter(CorrelationFilter {
            stage: Some("enrichment".into()),
            ..CorrelationFilter::default()
        });
    let mut listener = stage.listen(strict).await?;
    let mut publisher = stage.publisher("writer").await?;
    let right = || Some(events::full_correlation());
    let wrong = || Some(CorrelationMetadata::root("scan-7"));
    let event = |pid| CollectionEvent::Process(ProcessEvent { pid, ..ProcessEvent::default() });
    publisher.send_with("events.network.dns", event(7), right()).await?;
    publisher.send_with(TOPIC, event(8), right()).await?;
    publisher.send_with("events.process.tree", event(7), right()).await?;
    publisher.send_with(TOPIC, event(7), wrong()).await?;
    let hit = publisher.send_with(TOPIC, event(7), right()).await?;
    listener.expect(&hit).await.map(drop)
}
