//! Random publishers, and what they and the filters of subscribers have in common: a small world,
//! so that filters meet what they ask for.

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::{EventKind, Priority};
use proptest::prelude::{Strategy, any as anything};
use proptest::{collection, option, sample};

use crate::plan::{Correlate, MixPart, PublisherSpec};

/// Topics of both lanes.
pub(super) const TOPICS: [&str; 8] = [
    "events.process.lifecycle",
    "events.process.anomaly",
    "events.network.dns",
    "events.network.connections",
    "events.filesystem.operations",
    "events.performance.system",
    "control.health.status",
    "control.collector.lifecycle",
];
pub(super) const PIDS: [u32; 3] = [1, 4242, 100_003];
pub(super) const PRIORITIES: [Priority; 4] =
    [Priority::Low, Priority::Normal, Priority::High, Priority::Critical];
/// Metadata, and of it what filters ask for.
pub(super) const METADATA: [(&str, &str); 3] = [("zone", "a"), ("zone", "b"), ("host", "x.y")];
/// Encoded sizes, bytes: the least one holds every kind with all its metadata.
const PAYLOAD_BYTES: std::ops::Range<usize> = 400..2048;

pub(super) fn any(most: usize) -> impl Strategy<Value = Vec<PublisherSpec>> {
    let publisher = (collection::vec(part(), 1..=3), anything::<bool>());
    collection::vec(publisher, 1..=most).prop_map(|drafts| {
        let spec = |(index, (mix, numbered)): (usize, (Vec<MixPart>, bool))| PublisherSpec {
            name: name(index),
            role: Role::Agent,
            mix,
            confirm: Confirmation::Fire,
            correlate: if numbered { Correlate::Numbered } else { Correlate::Fresh },
            table: 0,
            replay: None,
        };
        drafts.into_iter().enumerate().map(spec).collect()
    })
}

/// The name of the publisher with this index.
pub(super) fn name(index: usize) -> String {
    format!("p{index}")
}

fn part() -> impl Strategy<Value = MixPart> {
    let about = (
        sample::select(EventKind::ALL.to_vec()),
        option::of(sample::select(TOPICS.to_vec())),
        option::of(sample::select(PIDS.to_vec())),
    );
    let rest = (
        1_u32..=4,
        PAYLOAD_BYTES,
        option::of(sample::select(PRIORITIES.to_vec())),
        option::of(sample::select(METADATA.to_vec())),
    );
    (about, rest).prop_map(|((kind, topic, pid), (weight, payload_bytes, priority, metadata))| {
        MixPart {
            kind,
            topic: topic.map(str::to_owned),
            topics: None,
            weight,
            payload_bytes,
            priority,
            pid,
            metadata: metadata.map(|(key, value)| (key.into(), value.into())).into_iter().collect(),
        }
    })
}
