//! Recordings: what a running bus carried, event by event, without what the events said.
//!
//! A recording lies beside the scenario that replays it, as JSON Lines (`scenarios/RECORDINGS.md`).
//! Here is what one holds and how much; `read` and `write` are the file, `told` is
//! what people are told of one.

mod read;
mod told;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use daemoneye_eventbus::topic::TopicTrie;
use daemoneye_eventbus::{EventKind, OverflowPolicy, Priority, Topic, TopicPattern};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The word that tells a recording from other files.
const FORMAT: &str = "equivalence-recording";
/// The version of its lines.
const VERSION: u32 = 1;
/// How the name of a recording ends.
pub const RECORDING_EXTENSION: &str = "jsonl";
/// Largest file, bytes: the most of everything, each on its longest line.
pub const MAX_RECORDING_BYTES: u64 = 64 << 20;
/// Longest line, bytes: the first tells what was listened to, up to 256 patterns of 255 bytes.
pub const MAX_LINE_BYTES: usize = 80 << 10;
/// Most events: every process of a trial is told when each of them is published.
pub const MAX_RECORDED_EVENTS: usize = 100_000;
/// Most sorts of events: for each the padding is worked out in every process that makes them.
pub const MAX_RECORDED_SORTS: usize = 4096;
/// Most publishers, and most subscriptions: as many as a case may have.
pub const MAX_RECORDED_ROLES: usize = 1000;
/// Longest time between the first and the last event, nanoseconds: as long as a phase publishes.
pub const MAX_RECORDED_NS: u64 = 600_000_000_000;
/// Largest payload, bytes: as in a scenario.
const MAX_BYTES: usize = 16 << 20;

/// Recordings of a scenario by the names it gives them, each read or with the reason why not.
pub type Recordings = BTreeMap<String, Result<Recording, RecordingError>>;

/// One recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// How it came to be.
    pub about: About,
    /// Names of publishers, in the order of their first events.
    pub publishers: Vec<String>,
    /// Subscriptions that were there meanwhile, in the order of their names.
    pub subscribers: Vec<RecordedSubscription>,
    sorts: Vec<RecordedSort>,
    events: Vec<RecordedEvent>,
    /// Where each sort stands in `sorts`.
    known: HashMap<RecordedSort, u32>,
}

/// How a recording came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What was listened to.
    pub patterns: Vec<String>,
    /// How long, seconds.
    pub seconds: f64,
    /// What ended it.
    pub ended: Ended,
    /// Events that were published meanwhile and are not in it.
    pub lost: u64,
    /// Events whose payload is larger here than it was: none of their kind can be made so small.
    pub enlarged: u64,
    /// Whether the broker told its subscriptions.
    pub inspected: bool,
}

#[cfg(test)]
impl About {
    /// Of a recording that lacks nothing.
    pub(crate) fn sample() -> Self {
        Self {
            patterns: vec!["events.#".to_owned()],
            seconds: 1.0,
            ended: Ended::Interrupt,
            lost: 0,
            enlarged: 0,
            inspected: true,
        }
    }
}

/// What ended a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The user.
    Interrupt,
    /// The time asked for.
    Time,
    /// The number of events asked for, or the most a recording has.
    Events,
    /// More sorts of events than a recording has.
    Sorts,
    /// More publishers than a recording has.
    Publishers,
    /// The broker: what it had not delivered is missing.
    Broker,
}

/// One subscription that was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedSubscription {
    /// Its name.
    pub subscriber: String,
    /// Its patterns, or those of its capabilities.
    pub patterns: Vec<String>,
    /// Whether it had conditions besides; these are not recorded, as they may name what events say.
    pub filtered: bool,
    /// What happened at a full queue.
    pub policy: OverflowPolicy,
    /// Events held for it.
    pub capacity: usize,
}

/// What events have in common that nobody could tell apart by their outside.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordedSort {
    /// Where to.
    pub topic: String,
    /// Of which kind.
    pub kind: EventKind,
    /// Encoded size of the payload.
    pub bytes: usize,
    /// The priority said, if any.
    pub priority: Option<Priority>,
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedEvent {
    /// When it was published, nanoseconds after the first.
    pub at_ns: u64,
    /// By whom: an index into the publishers.
    pub publisher: u32,
    /// An index into the sorts.
    pub sort: u32,
    /// Whether it carried a correlation that its publisher gave it.
    pub correlated: bool,
}

/// Why there is no recording.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// Its path.
        path: String,
        /// The system's reason.
        cause: String,
    },
    /// The file is larger than any recording.
    #[error("{path} has {bytes} bytes, a recording has at most {MAX_RECORDING_BYTES}")]
    TooLarge {
        /// Its path.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// A line is wrong.
    #[error("{path}:{line}: {what}")]
    Line {
        /// Its path.
        path: String,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it, and what to do.
        what: String,
    },
}

/// Why an event is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Full {
    /// There are as many as a recording has.
    #[error("a recording has at most {MAX_RECORDED_EVENTS} events")]
    Events,
    /// It would be of one sort too many.
    #[error("a recording has at most {MAX_RECORDED_SORTS} sorts of events")]
    Sorts,
}

impl Recording {
    /// One without events.
    pub fn new(about: About) -> Self {
        let (publishers, subscribers) = (Vec::new(), Vec::new());
        let (sorts, events, known) = (Vec::new(), Vec::new(), HashMap::new());
        Self { about, publishers, subscribers, sorts, events, known }
    }

    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, RecordingError> {
        read::load(path)
    }

    /// Reads the text of a file; `path` is for messages.
    pub fn parse(path: &str, text: &str) -> Result<Self, RecordingError> {
        read::parse(path, text)
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        write::text(self)
    }

    /// Adds an event. Until it is [`settled`](Self::settled) its moment may be counted from anywhere, and
    /// lie before that of the last.
    pub fn push(
        &mut self,
        at_ns: u64,
        publisher: u32,
        sort: RecordedSort,
        correlated: bool,
    ) -> Result<(), Full> {
        if self.events.len() >= MAX_RECORDED_EVENTS {
            return Err(Full::Events);
        }
        let sort = match self.known.get(&sort) {
            Some(number) => *number,
            None if self.sorts.len() >= MAX_RECORDED_SORTS => return Err(Full::Sorts),
            None => {
                let number = u32::try_from(self.sorts.len()).expect("the limit is small");
                self.known.insert(sort.clone(), number);
                self.sorts.push(sort);
                number
            }
        };
        self.events.push(RecordedEvent { at_ns, publisher, sort, correlated });
        Ok(())
    }

    /// The same with its events in the order they were published, their moments counted from the first, and
    /// of its publishers those that have an event, in the order of these.
    #[must_use]
    pub fn settled(mut self) -> Self {
        // Events of one moment stay as they came.
        self.events.sort_by_key(|event| event.at_ns);
        let first_ns = self.events.first().map_or(0, |first| first.at_ns);
        let mut numbers: Vec<Option<u32>> = vec![None; self.publishers.len()];
        let mut publishers = Vec::new();
        for event in &mut self.events {
            event.at_ns -= first_ns;
            let old = event.publisher as usize;
            event.publisher = *numbers[old].get_or_insert_with(|| {
                publishers.push(self.publishers[old].clone());
                u32::try_from(publishers.len() - 1).expect("the limit is small")
            });
        }
        self.publishers = publishers;
        self
    }

    /// Every event, in the order they were published.
    pub fn events(&self) -> &[RecordedEvent] {
        &self.events
    }

    /// Every sort, in the order of their first events.
    pub fn sorts(&self) -> &[RecordedSort] {
        &self.sorts
    }

    /// The events of one publisher.
    pub fn events_of(&self, publisher: usize) -> impl Iterator<Item = &RecordedEvent> {
        self.events.iter().filter(move |event| event.publisher as usize == publisher)
    }

    /// The number of a publisher.
    pub fn publisher(&self, name: &str) -> Option<usize> {
        self.publishers.iter().position(|own| own == name)
    }

    /// Time between the first and the last event, nanoseconds.
    pub fn span_ns(&self) -> u64 {
        self.events.last().map_or(0, |last| last.at_ns)
    }

    /// How many events were published on each topic.
    pub fn topics(&self) -> BTreeMap<&str, u64> {
        let mut topics = BTreeMap::new();
        for event in &self.events {
            *topics.entry(&*self.sorts[event.sort as usize].topic).or_default() += 1;
        }
        topics
    }

    /// Subscriptions of which a pattern matches something that was published, and the others.
    pub fn reached(&self) -> (Vec<&RecordedSubscription>, Vec<&RecordedSubscription>) {
        let mut wanted = TopicTrie::new();
        for (number, row) in self.subscribers.iter().enumerate() {
            let patterns = row.patterns.iter().filter_map(|text| TopicPattern::new(text).ok());
            patterns.for_each(|pattern| wanted.insert(&pattern, number));
        }
        let topics: BTreeSet<&str> = self.sorts.iter().map(|sort| &*sort.topic).collect();
        let mut reached = BTreeSet::new();
        for topic in topics.into_iter().filter_map(|topic| Topic::new(topic).ok()) {
            wanted.for_each_match(&topic, |number| {
                reached.insert(*number);
            });
        }
        let (there, elsewhere): (Vec<_>, Vec<_>) =
            self.subscribers.iter().enumerate().partition(|(number, _)| reached.contains(number));
        let rows = |all: Vec<(usize, _)>| all.into_iter().map(|(_, row)| row).collect();
        (rows(there), rows(elsewhere))
    }

    /// Whether it has everything that was published while it was made.
    pub fn is_complete(&self) -> bool {
        self.about.lost == 0 && self.about.ended != Ended::Broker
    }
}

/// Whether a text names a file beside the scenario, and nothing elsewhere.
pub(crate) fn is_beside(name: &str) -> bool {
    let is_letter =
        |byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    !name.starts_with('.') && !name.is_empty() && name.bytes().all(is_letter)
}

#[cfg(test)]
mod tests;
