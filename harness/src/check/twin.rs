//! What the other bus did with the events of a witness: one clause, from its history alone.
//!
//! For the reader of a violation; nothing is judged by it.

use super::Observed;
use crate::record::{FENCE, Outcome, PublisherLog, Received, SubscriberLog};

/// Events named in a clause; a witness with more is told by its first ones.
const MAX_NAMED: usize = 3;

/// The clause about these events, each a publisher's name and a number, at this subscriber.
///
/// `on crossbeam, s0 received p0#17, then p0#18`. `None` where the witness names no event, or the
/// other bus's history knows nobody of that name.
pub fn twin(
    other: Observed<'_>,
    subscriber: Option<&str>,
    events: &[(&str, u64)],
) -> Option<String> {
    let events = &events[..events.len().min(MAX_NAMED)];
    let told = if let Some(name) = subscriber {
        let log = other.history.subscribers.iter().find(|log| log.name == name)?;
        at_subscriber(other, log, events)?
    } else {
        let each: Option<Vec<String>> = events.iter().map(|one| published(other, one)).collect();
        each.filter(|each| !each.is_empty())?.join(", ")
    };
    Some(format!("on {}, {told}", other.bus.as_str()))
}

fn at_subscriber(
    other: Observed<'_>,
    log: &SubscriberLog,
    events: &[(&str, u64)],
) -> Option<String> {
    let mut arrived: Vec<(usize, &(&str, u64))> = Vec::new();
    let mut others = Vec::new();
    for event in events {
        match place(other, log, event) {
            Some(place) => arrived.push((place, event)),
            None => others.push(absent(other, event)?),
        }
    }
    arrived.sort_by_key(|(place, _)| *place);
    let names: Vec<String> = arrived.iter().map(|(_, event)| named(event)).collect();
    let received =
        (!names.is_empty()).then(|| format!("{} received {}", log.name, names.join(", then ")));
    let missed =
        (!others.is_empty()).then(|| format!("{} did not receive {}", log.name, others.join(", ")));
    let clauses: Vec<String> = received.into_iter().chain(missed).collect();
    (!clauses.is_empty()).then(|| clauses.join(" and "))
}

/// Where an event stands in a subscriber's log, if it is there.
fn place(other: Observed<'_>, log: &SubscriberLog, event: &(&str, u64)) -> Option<usize> {
    let publisher =
        other.history.publishers.iter().position(|publisher| publisher.name == event.0)?;
    let is_it = |one: &Received| {
        usize::from(one.publisher) == publisher && one.sequence & !FENCE == event.1
    };
    log.received.iter().position(is_it)
}

/// An event that did not arrive, and whether that is because it was never accepted.
fn absent(other: Observed<'_>, event: &(&str, u64)) -> Option<String> {
    Some(match outcome(log_of(other, event.0)?, event.1) {
        Some(Outcome::Ok) => format!("{}, which was accepted", named(event)),
        Some(outcome) => format!("{}, which ended with {outcome:?}", named(event)),
        None => format!("{}, which was not published", named(event)),
    })
}

fn published(other: Observed<'_>, event: &(&str, u64)) -> Option<String> {
    Some(match outcome(log_of(other, event.0)?, event.1) {
        Some(outcome) => format!("{} ended with {outcome:?}", named(event)),
        None => format!("{} was not published", named(event)),
    })
}

fn log_of<'a>(other: Observed<'a>, publisher: &str) -> Option<&'a PublisherLog> {
    other.history.publishers.iter().find(|log| log.name == publisher)
}

fn outcome(log: &PublisherLog, sequence: u64) -> Option<Outcome> {
    let published = log.published.iter().find(|one| one.sequence & !FENCE == sequence)?;
    Some(published.outcome)
}

fn named((publisher, sequence): &(&str, u64)) -> String {
    format!("{publisher}#{sequence}")
}
