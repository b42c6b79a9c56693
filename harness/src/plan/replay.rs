//! From a recording to what one publisher of it replays.
//!
//! A recording becomes an ordinary mix, whose weights are how often each sort came. Beside it stand
//! only the order and the moments, which a mix without one makes up.

use super::{MixPart, Replay};
use crate::scenario::Recording;

/// The mix of one publisher of a recording, and when which part of it comes; `file` is what a scenario
/// calls the recording.
pub fn replay(file: &str, recording: &Recording, publisher: usize) -> (Vec<MixPart>, Replay) {
    let mut parts: Vec<Option<u32>> = vec![None; recording.sorts().len()];
    let mut mix: Vec<MixPart> = Vec::new();
    let mut replay = Replay { file: file.to_owned(), order: Vec::new(), moments_ns: Vec::new() };
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
