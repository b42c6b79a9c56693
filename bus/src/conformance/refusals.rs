//! What is refused, and that a refusal changes nothing (C9, M1, M2, T1–T5 through `subscribe`).

use std::time::Duration;

use super::stage::{Failure, Stage, ensure, ensure_eq, refusal, subscription};
use super::{Case, Conditions, stage};
use crate::contract::{BreakerConfig, MAX_CAPACITY_EVENTS, MAX_PATTERNS, MAX_SUBSCRIBER_ID_BYTES};
use crate::{
    EventSubscription, OverflowPolicy, PatternError, SourceCaps, SubscribeError, TopicFilter,
    UnsubscribeError,
};

/// Small enough to fill in a test.
const SUBSCRIBER_LIMIT: usize = 3;

pub(super) const CASES: &[Case] = &[
    Case::new("a_duplicate_id_is_refused_and_the_first_untouched", &["C9"], |stage| {
        Box::pin(a_duplicate_id_is_refused(stage))
    }),
    Case::new("malformed_subscriptions_are_refused", &["C9", "M1"], |stage| {
        Box::pin(malformed_subscriptions_are_refused(stage))
    }),
    Case::new("capabilities_that_name_no_kind_are_refused", &["C9", "M1"], |stage| {
        Box::pin(capabilities_that_name_no_kind_are_refused(stage))
    }),
    Case::new("invalid_patterns_are_refused_with_the_reason", &["C9", "T1", "T2", "T4", "T5"], {
        |stage| Box::pin(invalid_patterns_are_refused(stage))
    }),
    Case::new("wildcards_are_refused_where_disabled", &["M2"], |stage| {
        Box::pin(wildcards_are_refused_where_disabled(stage))
    }),
    Case::new("unsubscribing_nobody_is_an_error_of_its_own", &["C9"], |stage| {
        Box::pin(unsubscribing_nobody_is_an_error(stage))
    }),
    Case::new("the_subscriber_limit_refuses_and_evicts_nobody", &["C9"], |stage| {
        Box::pin(the_subscriber_limit_refuses(stage))
    })
    .under(Conditions::subscribers(SUBSCRIBER_LIMIT)),
];

async fn a_duplicate_id_is_refused(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("first").await?;
    let mut first = stage::listen_on(&*bus, subscription("taken", &["events.process.#"])).await?;
    let stranger = stage.handle("second").await?;
    for same_or_other in [&bus, &stranger] {
        let error = refusal(&**same_or_other, subscription("taken", &["events.#"])).await?;
        ensure_eq("refusal", &error, &SubscribeError::DuplicateId { id: "taken".into() })?;
    }
    let mut publisher = stage.publisher("first").await?;
    publisher.send("events.network.dns").await?;
    let wanted = publisher.send("events.process.lifecycle").await?;
    first.expect(&wanted).await?;
    first.expect_nothing()?;
    stage::unsubscribe(&*bus, "taken").await?;
    // Once it is free, the id can be used again.
    let mut second = stage::listen_on(&*bus, subscription("taken", &["events.network.#"])).await?;
    let wanted = publisher.send("events.network.dns").await?;
    second.expect(&wanted).await.map(drop)
}

async fn malformed_subscriptions_are_refused(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("careless").await?;
    let usual = || subscription("careless", &["events.#"]);
    let long_id = "x".repeat(MAX_SUBSCRIBER_ID_BYTES + 1);
    let invalid_capacity =
        |events| SubscribeError::InvalidCapacity { events, limit_events: MAX_CAPACITY_EVENTS };
    let breaking = |config| usual().with_policy(OverflowPolicy::CircuitBreak(config));
    let without_losses = breaking(BreakerConfig { losses: 0, ..BreakerConfig::default() });
    let without_window =
        breaking(BreakerConfig { window: Duration::ZERO, ..BreakerConfig::default() });
    let without_cool_down =
        breaking(BreakerConfig { cool_down: Duration::ZERO, ..BreakerConfig::default() });
    let too_many = vec!["events.process.tree".to_owned(); MAX_PATTERNS + 1];
    let expectations = [
        (subscription("", &["events.#"]), SubscribeError::EmptyId),
        (
            subscription(&long_id, &["events.#"]),
            SubscribeError::IdTooLong {
                bytes: long_id.len(),
                limit_bytes: MAX_SUBSCRIBER_ID_BYTES,
            },
        ),
        (EventSubscription::new("nothing"), SubscribeError::NoPattern),
        (usual().with_capacity(0), invalid_capacity(0)),
        (usual().with_capacity(MAX_CAPACITY_EVENTS + 1), invalid_capacity(MAX_CAPACITY_EVENTS + 1)),
        (
            usual().with_capacity(4).replay_last(5),
            SubscribeError::ReplayTooLong { events: 5, capacity: 4 },
        ),
        (without_losses, SubscribeError::InvalidBreaker),
        (without_window, SubscribeError::InvalidBreaker),
        (without_cool_down, SubscribeError::InvalidBreaker),
        (
            EventSubscription { topic_patterns: too_many, ..usual() },
            SubscribeError::TooManyPatterns { patterns: MAX_PATTERNS + 1, limit: MAX_PATTERNS },
        ),
    ];
    for (subscription, expected) in expectations {
        ensure_eq("refusal", &refusal(&*bus, subscription).await?, &expected)?;
    }
    let figures = stage::statistics(&*bus).await?;
    ensure_eq("subscribers after refusals", &figures.active_subscribers, &0)
}

async fn capabilities_that_name_no_kind_are_refused(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("vague").await?;
    let vague = SourceCaps::REALTIME | SourceCaps::KERNEL_LEVEL | SourceCaps::SYSTEM_WIDE;
    for capabilities in [SourceCaps::REALTIME, SourceCaps::SYSTEM_WIDE, vague] {
        let subscription = EventSubscription::new("vague").with_capabilities(capabilities);
        ensure_eq("refusal", &refusal(&*bus, subscription).await?, &SubscribeError::NoPattern)?;
    }
    Ok(())
}

async fn invalid_patterns_are_refused(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("careless").await?;
    let long_level = format!("events.{}", "x".repeat(65));
    let too_deep = ["events"; 9].join(".");
    let invalid = [
        "",
        "events..lifecycle",
        ".events",
        "events.",
        "events.*",
        "*",
        "events.process.life*",
        "events.pro+",
        "events.#.lifecycle",
        "events.process#",
        "Events.process",
        "events.größe",
        "events.process lifecycle",
        "metrics.process",
        &long_level,
        &too_deep,
    ];
    for text in invalid {
        let Err(cause) = text.parse::<crate::TopicPattern>() else {
            return Err(Failure::new(format!("{text:?} counts as a valid pattern")));
        };
        let expected = SubscribeError::InvalidPattern { pattern: text.into(), cause };
        // A valid pattern beside it does not save the subscription, nor does the other place.
        let among_valid = subscription("careless", &["events.#", text]);
        let as_filter = subscription("careless", &["events.#"])
            .with_topic_filter(TopicFilter { exclude: vec![text.into()], include: Vec::new() });
        for subscription in [among_valid, as_filter] {
            ensure_eq("refusal", &refusal(&*bus, subscription).await?, &expected)?;
        }
    }
    let error = refusal(&*bus, subscription("careless", &["events.*"])).await?;
    ensure(error.to_string().contains("write `+`"), || format!("no advice in {error}"))
}

async fn wildcards_are_refused_where_disabled(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("literal").await?;
    for (pattern, level, text) in
        [("events.#", 2, "#"), ("events.+.lifecycle", 2, "+"), ("#", 1, "#")]
    {
        let literal = EventSubscription {
            enable_wildcards: false,
            ..subscription("literal", &["events.process.tree", pattern])
        };
        let cause = PatternError::WildcardsDisabled { level, text: text.into() };
        let expected = SubscribeError::InvalidPattern { pattern: pattern.into(), cause };
        ensure_eq("refusal", &refusal(&*bus, literal).await?, &expected)?;
    }
    let literal = EventSubscription {
        enable_wildcards: false,
        ..subscription("literal", &["events.process.tree"])
    };
    let mut listener = stage::listen_on(&*bus, literal).await?;
    let mut publisher = stage.publisher("first").await?;
    publisher.send("events.process.lifecycle").await?;
    let wanted = publisher.send("events.process.tree").await?;
    listener.expect(&wanted).await.map(drop)
}

async fn unsubscribing_nobody_is_an_error(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("forgetful").await?;
    let unknown = |id: &str| Err(UnsubscribeError::Unknown { id: id.into() });
    let outcome = stage::within("unsubscribing", bus.unsubscribe("nobody")).await?;
    ensure_eq("unsubscribing nobody", &outcome, &unknown("nobody"))?;
    let _listener = stage::listen_on(&*bus, subscription("somebody", &["events.#"])).await?;
    stage::unsubscribe(&*bus, "somebody").await?;
    let outcome = stage::within("unsubscribing", bus.unsubscribe("somebody")).await?;
    ensure_eq("unsubscribing twice", &outcome, &unknown("somebody"))
}

async fn the_subscriber_limit_refuses(stage: Stage) -> Result<(), Failure> {
    let bus = stage.handle("crowd").await?;
    let mut accepted = Vec::new();
    for number in 0..SUBSCRIBER_LIMIT {
        let wanted = subscription(&format!("member-{number}"), &["events.#"]);
        accepted.push(stage::listen_on(&*bus, wanted).await?);
    }
    let error = refusal(&*bus, subscription("one-too-many", &["events.#"])).await?;
    let expected = SubscribeError::LimitReached { limit: SUBSCRIBER_LIMIT };
    ensure_eq("refusal", &error, &expected)?;
    let mut publisher = stage.publisher("first").await?;
    let sent = publisher.send("events.process.lifecycle").await?;
    for listener in &mut accepted {
        listener.expect(&sent).await?;
    }
    stage::unsubscribe(&*bus, "member-0").await?;
    stage::listen_on(&*bus, subscription("one-more", &["events.#"])).await.map(drop)
}
