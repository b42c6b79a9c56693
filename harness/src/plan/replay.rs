//! What a publisher replays: the sorts of events it was recorded with, and which came when.
//!
//! A recording becomes an ordinary mix, whose weights are how often each sort came. Beside it stand
//! only the order and the moments, which a mix without one makes up.

use serde::{Deserialize, Serialize};

use super::MixPart;
use crate::scenario::Recording;

const NS_PER_MS: u64 = 1_000_000;

/// The order and the moments of a publisher's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The recording's file, beside the scenario's.
    pub file: String,
    /// By event: its part, an index into the mix.
    pub order: Vec<u32>,
    /// By event: when it was published, nanoseconds after the first event of the recording.
    pub moments_ns: Vec<u64>,
}

impl Replay {
    /// The mix of one publisher of a recording, and when which part of it comes.
    pub fn of(file: &str, recording: &Recording, publisher: usize) -> (Vec<MixPart>, Self) {
        let mut parts: Vec<Option<u32>> = vec![None; recording.sorts().len()];
        let mut mix: Vec<MixPart> = Vec::new();
        let mut replay = Self { file: file.to_owned(), order: Vec::new(), moments_ns: Vec::new() };
        for event in recording.events_of(publisher) {
            let sort = event.sort as usize;
            let part = *parts[sort].get_or_insert_with(|| {
                let sort = &recording.sorts()[sort];
                mix.push(MixPart {
                    kind: sort.kind,
                    topic: Some(sort.topic.clone()),
                    weight: 0,
                    payload_bytes: sort.bytes,
                    priority: sort.priority,
                    ..MixPart::bare()
                });
                u32::try_from(mix.len() - 1).expect("a recording has few sorts")
            });
            mix[part as usize].weight += 1;
            replay.order.push(part);
            replay.moments_ns.push(event.at_ns);
        }
        (mix, replay)
    }

    /// How many events there are.
    pub fn events(&self) -> u64 {
        self.order.len() as u64
    }

    /// When the last one comes, milliseconds after the first of the recording, rounded up.
    pub fn lasts_ms(&self) -> u64 {
        self.moments_ns.last().map_or(0, |last| last.div_ceil(NS_PER_MS))
    }
}
