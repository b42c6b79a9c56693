//! Settings of the crossbeam bus. Defaults are the figures of the old bus where it had one.

use std::time::Duration;

use daemoneye_eventbus::duration;
use daemoneye_eventbus::hops::HopLog;
use serde::{Deserialize, Serialize};

/// Events the central queue holds by default; the old bus's figure.
pub const DEFAULT_CENTRAL_CAPACITY_EVENTS: usize = 8192;
/// Subscribers at the same time; the old bus's figure.
pub const DEFAULT_SUBSCRIBER_LIMIT: usize = 1000;
/// How long `publish` waits for room. Long enough for a subscriber to come back from a pause of
/// the host, short enough that a collector notices within one scan cycle of 30 s.
pub const DEFAULT_PUBLISH_LIMIT: Duration = Duration::from_secs(30);
/// How long the old bus waited for one full subscriber before it gave the event up (V5).
pub const DEFAULT_HAND_OFF_LIMIT: Duration = Duration::from_secs(99);

/// How a [`LocalEventBus`](super::LocalEventBus) is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrossbeamConfig {
    /// Events between publishers and the routing thread, at least 1; `None` has no bound, as the
    /// migration document describes it. In a file: a number or `"unbounded"`.
    #[serde(with = "capacity")]
    pub central_capacity: Option<usize>,
    /// Subscribers at the same time; one more is refused (C9).
    pub subscriber_limit: usize,
    /// How long `publish` waits for room before it gives up (C11, C14).
    #[serde(with = "duration")]
    pub publish_limit: Duration,
    /// How the routing thread waits.
    pub hand_off: HandOff,
    /// What several subscribers get of one event.
    pub sharing: Sharing,
    /// Whether the divergences V1–V5 of the old bus are reproduced.
    pub faithful: bool,
    /// How long the routing thread waits for a full `block` subscriber when
    /// [`faithful`](Self::faithful); without it a `block` subscriber never loses an event.
    #[serde(with = "duration")]
    pub hand_off_limit: Duration,
    /// Where it notes when a hop of an event ended; `None` costs nothing. In no file.
    #[serde(skip)]
    pub hops: Option<HopLog>,
}

/// How the routing thread waits for events and for room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandOff {
    /// It sleeps in the channel until there is something to do.
    #[default]
    Blocking,
    /// It spins with `crossbeam::utils::Backoff`: faster wake-ups for one whole core.
    Spinning,
}

/// What several subscribers get of one event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// The same event, counted by reference.
    #[default]
    Arc,
    /// A copy each, as in the migration document.
    Clone,
}

impl Default for CrossbeamConfig {
    fn default() -> Self {
        Self {
            central_capacity: Some(DEFAULT_CENTRAL_CAPACITY_EVENTS),
            subscriber_limit: DEFAULT_SUBSCRIBER_LIMIT,
            publish_limit: DEFAULT_PUBLISH_LIMIT,
            hand_off: HandOff::Blocking,
            sharing: Sharing::Arc,
            faithful: false,
            hand_off_limit: DEFAULT_HAND_OFF_LIMIT,
            hops: None,
        }
    }
}

/// A number of events or the word `unbounded`: TOML has no null.
mod capacity {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    const UNBOUNDED: &str = "unbounded";

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum AsSaid {
        Events(usize),
        Word(String),
    }

    #[expect(clippy::ref_option, reason = "the signature serde calls")]
    pub(super) fn serialize<S: Serializer>(
        capacity: &Option<usize>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match capacity {
            Some(events) => events.serialize(serializer),
            None => UNBOUNDED.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<usize>, D::Error> {
        match AsSaid::deserialize(deserializer)? {
            AsSaid::Events(events) => Ok(Some(events)),
            AsSaid::Word(word) if word == UNBOUNDED => Ok(None),
            AsSaid::Word(word) => Err(D::Error::custom(format!(
                "central capacity {word:?} is neither a number of events nor {UNBOUNDED:?}"
            ))),
        }
    }
}
