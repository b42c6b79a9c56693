//! What arrives is what was sent, and every event has a correlation (C6, C8, T8).
//! Stamps keep their nanoseconds, arguments their bounds, ids their text (V8).

use std::collections::HashSet;

use super::stage::{Failure, Stage, ensure, ensure_eq};
use super::{Case, events, stage};
use crate::topic::default_topic;
use crate::{CollectionEvent, CorrelationMetadata, EventKind};

pub(super) const CASES: &[Case] = &[
    Case::new("every_field_of_every_kind_arrives", &["C6", "C8"], |stage| {
        Box::pin(arrives_unchanged(stage, EventKind::ALL.map(events::full).to_vec()))
    }),
    Case::new("absent_fields_stay_absent", &["C6"], |stage| {
        Box::pin(arrives_unchanged(stage, EventKind::ALL.map(events::bare).to_vec()))
    }),
    Case::new("extreme_values_and_empty_texts_arrive", &["C6"], |stage| {
        Box::pin(arrives_unchanged(stage, events::awkward()))
    }),
    Case::new("an_event_of_32_kib_arrives", &["C6"], |stage| {
        Box::pin(arrives_unchanged(stage, vec![events::process_of_size(32 * 1024)]))
    }),
    Case::new("every_kind_goes_to_its_default_topic", &["C6", "T8"], |stage| {
        Box::pin(every_kind_goes_to_its_default_topic(stage))
    }),
    Case::new("identity_and_stamp_are_filled_in", &["C6"], |stage| {
        Box::pin(identity_and_stamp_are_filled_in(stage))
    }),
    Case::new("a_missing_correlation_becomes_a_fresh_root", &["C8"], |stage| {
        Box::pin(a_missing_correlation_becomes_a_fresh_root(stage))
    }),
    Case::new("a_given_correlation_is_preserved", &["C8"], |stage| {
        Box::pin(a_given_correlation_is_preserved(stage))
    }),
];

async fn arrives_unchanged(stage: Stage, sent: Vec<CollectionEvent>) -> Result<(), Failure> {
    let mut listener = stage.listen_to("reader", &["#"]).await?;
    let bus = stage.handle("writer").await?;
    for event in sent {
        let topic = default_topic(&event);
        let correlation = events::full_correlation();
        let publishing = bus.publish_to(topic.clone(), event.clone(), Some(correlation.clone()));
        let outcome = stage::within("publishing", publishing).await?;
        outcome.map_err(|error| Failure::new(format!("publishing {event:?}: {error}")))?;
        let arrived = listener.next().await?;
        ensure_eq("event", &arrived.event, &event)?;
        // Text tells -0.0 from 0.0, which are equal as numbers.
        ensure_eq("event as text", &format!("{:?}", arrived.event), &format!("{event:?}"))?;
        ensure_eq("topic", &arrived.topic, &topic)?;
        ensure_eq("correlation", &arrived.correlation, &correlation)?;
    }
    Ok(())
}

async fn every_kind_goes_to_its_default_topic(stage: Stage) -> Result<(), Failure> {
    let mut listener = stage.listen_to("reader", &["#"]).await?;
    let bus = stage.handle("writer").await?;
    for kind in EventKind::ALL {
        let event = events::bare(kind);
        let outcome = stage::within("publishing", bus.publish(event.clone(), None)).await?;
        outcome.map_err(|error| Failure::new(format!("publishing {kind:?}: {error}")))?;
        let arrived = listener.next().await?;
        ensure_eq("topic", &arrived.topic, &default_topic(&event))?;
        ensure_eq("event", &arrived.event, &event)?;
    }
    Ok(())
}

async fn identity_and_stamp_are_filled_in(stage: Stage) -> Result<(), Failure> {
    let mut listener = stage.listen_to("reader", &["events.#"]).await?;
    let mut publisher = stage.publisher("writer").await?;
    let mut ids = HashSet::new();
    let mut previous = None;
    for _ in 0..20 {
        let before_ns = crate::clock::monotonic_ns();
        let sent = publisher.send("events.process.lifecycle").await?;
        let after_ns = crate::clock::monotonic_ns();
        let event = listener.expect(&sent).await?;
        ensure(event.id.sequence > 0, || format!("{:?} is not numbered from 1", event.id))?;
        ensure(ids.insert(event.id.clone()), || format!("{:?} came twice", event.id))?;
        ensure(previous.is_none_or(|last| event.id.sequence > last), || {
            format!("{:?} does not follow {previous:?}", event.id)
        })?;
        previous = Some(event.id.sequence);
        let stamp_ns = event.published_monotonic_ns;
        ensure((before_ns..=after_ns).contains(&stamp_ns), || {
            format!("published at {stamp_ns} ns, called between {before_ns} and {after_ns}")
        })?;
    }
    Ok(())
}

async fn a_missing_correlation_becomes_a_fresh_root(stage: Stage) -> Result<(), Failure> {
    let mut one = stage.listen_to("one", &["events.#"]).await?;
    let mut other = stage.listen_to("other", &["events.#"]).await?;
    let mut publisher = stage.publisher("writer").await?;
    let mut ids = HashSet::new();
    for _ in 0..20 {
        let sent = publisher.send("events.process.lifecycle").await?;
        let correlation = one.expect(&sent).await?.correlation.clone();
        let id = correlation.id.to_byte_string();
        ensure(!id.is_empty(), || "the fresh id is empty".to_owned())?;
        ensure_eq("fresh correlation", &correlation, &CorrelationMetadata::root(id.clone()))?;
        ensure(ids.insert(id.clone()), || format!("the id {id} was given twice"))?;
        let twin = other.expect(&sent).await?;
        ensure_eq("correlation for the other subscriber", &twin.correlation, &correlation)?;
    }
    Ok(())
}

async fn a_given_correlation_is_preserved(stage: Stage) -> Result<(), Failure> {
    let mut listener = stage.listen_to("reader", &["events.#"]).await?;
    let mut publisher = stage.publisher("writer").await?;
    let full = events::full_correlation();
    let child = CorrelationMetadata { sequence: 7, ..full.clone() }.child("scan-7/step-8");
    for given in [CorrelationMetadata::root("plain"), child, full] {
        let event = events::process(1);
        let sent =
            publisher.send_with("events.process.lifecycle", event, Some(given.clone())).await?;
        let arrived = listener.expect(&sent).await?;
        ensure_eq("correlation", &arrived.correlation, &given)?;
    }
    Ok(())
}
