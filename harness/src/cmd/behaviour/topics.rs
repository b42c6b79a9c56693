//! How many events went over each topic, by what the plan says of each: the content of an arrival is for
//! the checks.

use std::collections::BTreeMap;

use super::CasePlan;
use crate::record::{FENCE, History, Outcome};
use crate::report::TopicRow;

/// One row per topic that something was published on or received from, fences left out.
pub(super) fn rows(plan: &CasePlan<'_>, history: &History) -> Vec<TopicRow> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let topic = |publisher: usize, sequence: u64| {
        let workload = plan.workloads.get(publisher).filter(|_| sequence & FENCE == 0)?;
        Some(workload.topic(sequence).as_str())
    };
    for (publisher, log) in history.publishers.iter().enumerate() {
        for published in log.published.iter().filter(|one| one.outcome == Outcome::Ok) {
            if let Some(topic) = topic(publisher, published.sequence) {
                counts.entry(topic).or_default().0 += 1;
            }
        }
    }
    for received in history.subscribers.iter().flat_map(|log| &log.received) {
        if let Some(topic) = topic(received.publisher.into(), received.sequence) {
            counts.entry(topic).or_default().1 += 1;
        }
    }
    let row = |(topic, (published, received)): (&str, (u64, u64))| TopicRow {
        topic: topic.to_owned(),
        published,
        received,
    };
    counts.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::EventSubscription;

    use super::*;
    use crate::plan::{Fence, Lane, fence_case};
    use crate::record::{Published, PublisherLog, Received, SubscriberLog};

    #[test]
    fn events_are_counted_by_their_topic_and_fences_are_not() {
        let wanted = EventSubscription::new("s").with_pattern("events.#");
        let case = fence_case(wanted, &[Some("events.process.a"), Some("events.process.b")]);
        let plan = CasePlan::new(&case).expect("a plan");
        let fence = Fence { subscriber: 0, lane: Lane::ALL[0], number: 1 }.sequence();
        let published = |sequence, outcome| Published {
            sequence,
            phase: 0,
            call_ns: 0,
            return_ns: 0,
            outcome,
            digest: 0,
        };
        let received = |sequence| Received {
            publisher: 0,
            subscription: 0,
            sequence,
            receive_ns: 0,
            position: 0,
            digest: 0,
            correlation: 0,
            is_root: true,
        };
        let calls =
            [(1, Outcome::Ok), (2, Outcome::Ok), (3, Outcome::Timeout), (fence, Outcome::Ok)];
        let history = History {
            publishers: vec![PublisherLog {
                published: calls.map(|(sequence, outcome)| published(sequence, outcome)).into(),
                ..PublisherLog::default()
            }],
            subscribers: vec![SubscriberLog {
                received: [1, 1, fence].map(received).into(),
                ..SubscriberLog::default()
            }],
            ..History::default()
        };
        let rows = rows(&plan, &history);
        let first = plan.workloads[0].topic(1).as_str();
        let mut counts: Vec<_> =
            rows.iter().map(|row| (row.topic == first, row.published, row.received)).collect();
        counts.sort_unstable();
        assert_eq!(counts, [(false, 1, 0), (true, 1, 2)]);
    }
}
