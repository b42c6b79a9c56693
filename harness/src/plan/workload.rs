//! The events of a publisher, made from its case and a running number alone.
//!
//! Same case, same publisher, same number: the same event, on every bus and in every process. What
//! decides the shape (parts, padding) is worked out once; strings are made fresh for every event,
//! as a real source would. Stamps (`observed_*`) are the driver's to fill in: they have a fixed
//! width on the wire, so the size stays what was planned.

mod content;

use daemoneye_eventbus::topic::default_topic;
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventHeader, EventKind, Topic, TopicError,
};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use super::{Case, Correlate, MixPart};
use content::{Body, Detail};

/// Key of the metadata entry that pads an event to its size.
const PAD_KEY: &str = "pad";
/// Widths a varint of 64 bits can have, bytes; the sequence number is the only field whose width
/// changes from event to event.
const VARINT_WIDTHS: usize = 10;
/// Single bytes tried beside the padding entry, to reach the sizes a longer length prefix skips.
const MAX_SUFFIX_BYTES: usize = 24;

/// One event ready to be published.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedEvent {
    /// Where to; `None` leaves it to the kind's default topic (T8).
    pub topic: Option<Topic>,
    /// What.
    pub event: CollectionEvent,
    /// How it belongs to others; `None` lets the bus make a fresh root (C8).
    pub correlation: Option<CorrelationMetadata>,
}

/// Everything one publisher will publish.
#[derive(Debug, Clone)]
pub struct Workload {
    publisher: String,
    correlate: Correlate,
    parts: Vec<Part>,
    /// One cycle of the mix, or all that is replayed: indices into `parts`.
    order: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Part {
    spec: MixPart,
    /// What it rotates over, in order; empty where the kind's default topic is meant.
    topics: Vec<Topic>,
    /// The default topic of its kind.
    own_topic: Topic,
    /// By width of the sequence number, narrowest first.
    fits: [Fit; VARINT_WIDTHS],
}

/// How an event is brought to its size.
#[derive(Debug, Clone, Copy)]
struct Fit {
    detail: Detail,
    /// Length of the padding entry's value; `None` for no entry.
    pad_bytes: Option<usize>,
    suffix_bytes: usize,
}

/// Why a publisher's events cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WorkloadError {
    /// There is no such publisher in the case.
    #[error("case has no publisher {index}")]
    NoPublisher {
        /// The index asked for.
        index: usize,
    },
    /// The publisher has nothing to publish.
    #[error("publisher {publisher:?} has an empty mix")]
    EmptyMix {
        /// Its name.
        publisher: String,
    },
    /// Even the smallest event of the kind is larger than asked.
    #[error("a {kind} event of {publisher:?} has at least {smallest_bytes} bytes, not {bytes}")]
    TooSmall {
        /// The publisher's name.
        publisher: String,
        /// The kind of event.
        kind: &'static str,
        /// Size asked for.
        bytes: usize,
        /// Size of the smallest there is.
        smallest_bytes: usize,
    },
    /// A part names a topic that is none.
    #[error("publisher {publisher:?}: {cause}")]
    Topic {
        /// The publisher's name.
        publisher: String,
        /// What is wrong with it.
        cause: TopicError,
    },
}

impl Workload {
    /// Works out sizes and order; `size` tells the encoded size of an event's payload, bytes.
    pub fn new(
        case: &Case,
        publisher: usize,
        size: &dyn Fn(&CollectionEvent) -> usize,
    ) -> Result<Self, WorkloadError> {
        let spec = case
            .topology
            .publishers
            .get(publisher)
            .ok_or(WorkloadError::NoPublisher { index: publisher })?;
        let parts = spec
            .mix
            .iter()
            .map(|part| Part::new(&spec.name, part, size))
            .collect::<Result<Vec<_>, _>>()?;
        let order = match &spec.replay {
            Some(replay) => replay.order.clone(),
            None => interleaving(&spec.mix, case.seed ^ publisher as u64),
        };
        if order.is_empty() {
            return Err(WorkloadError::EmptyMix { publisher: spec.name.clone() });
        }
        Ok(Self { publisher: spec.name.clone(), correlate: spec.correlate.clone(), parts, order })
    }

    /// The event with this running number, counted from 1.
    pub fn event(&self, sequence: u64) -> PlannedEvent {
        let (part, round) = self.turn(sequence);
        let fit = part.fits[varint_bytes(sequence) - 1];
        PlannedEvent {
            topic: part.topic(round).cloned(),
            event: build(&self.publisher, &part.spec, sequence, fit),
            correlation: match self.correlate {
                Correlate::Fresh => None,
                Correlate::Numbered => Some(numbered(&self.publisher, sequence)),
            },
        }
    }

    /// The topic of the event with this running number, without making it.
    pub fn topic(&self, sequence: u64) -> &Topic {
        let (part, round) = self.turn(sequence);
        part.topic(round).unwrap_or(&part.own_topic)
    }

    /// The part whose turn it is, and the round of the mix.
    fn turn(&self, sequence: u64) -> (&Part, u64) {
        let cycle = self.order.len() as u64;
        let (round, turn) =
            (sequence.saturating_sub(1) / cycle, sequence.saturating_sub(1) % cycle);
        let turn = usize::try_from(turn).expect("turns fit the order");
        (&self.parts[self.order[turn] as usize], round)
    }
}

impl Part {
    fn new(
        publisher: &str,
        spec: &MixPart,
        size: &dyn Fn(&CollectionEvent) -> usize,
    ) -> Result<Self, WorkloadError> {
        let topics = topics(spec)
            .map_err(|cause| WorkloadError::Topic { publisher: publisher.to_owned(), cause })?;
        let mut fits = [Fit { detail: Detail::Full, pad_bytes: None, suffix_bytes: 0 }; 10];
        for (index, fit) in fits.iter_mut().enumerate() {
            // The narrowest number of this width stands for all of them.
            let sequence = 1 << (7 * index);
            *fit = search(publisher, spec, sequence, size)?;
        }
        Ok(Self { spec: spec.clone(), topics, own_topic: own_topic(spec), fits })
    }

    /// The topic of its events in a round of the mix.
    fn topic(&self, round: u64) -> Option<&Topic> {
        let turn = round.checked_rem(self.topics.len() as u64)?;
        self.topics.get(usize::try_from(turn).expect("turns fit the topics"))
    }
}

/// The least payload that events of a part can be given exactly, from the part's own on, bytes.
pub fn least_payload(
    publisher: &str,
    part: &MixPart,
    size: &dyn Fn(&CollectionEvent) -> usize,
) -> Result<usize, WorkloadError> {
    let mut spec = part.clone();
    loop {
        match Part::new(publisher, &spec, size) {
            Ok(_) => return Ok(spec.payload_bytes),
            Err(WorkloadError::TooSmall { bytes, smallest_bytes, .. }) => {
                spec.payload_bytes = smallest_bytes.max(bytes + 1);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Finds detail and padding that give exactly the size asked for, richest event first.
fn search(
    publisher: &str,
    spec: &MixPart,
    sequence: u64,
    size: &dyn Fn(&CollectionEvent) -> usize,
) -> Result<Fit, WorkloadError> {
    let wanted = spec.payload_bytes;
    let measure = |fit| size(&build(publisher, spec, sequence, fit));
    for detail in Detail::ALL {
        for suffix_bytes in 0..=MAX_SUFFIX_BYTES {
            let bare = Fit { detail, pad_bytes: None, suffix_bytes };
            let bare_bytes = measure(bare);
            if bare_bytes > wanted {
                break;
            }
            if bare_bytes == wanted {
                return Ok(bare);
            }
            let padded = |bytes| Fit { pad_bytes: Some(bytes), ..bare };
            // Growing the value never shrinks the event: the exact length, if any, is a boundary.
            let (mut low, mut high) = (0, wanted);
            while low < high {
                let middle = usize::midpoint(low, high);
                if measure(padded(middle)) < wanted { low = middle + 1 } else { high = middle }
            }
            if measure(padded(low)) == wanted {
                return Ok(padded(low));
            }
        }
    }
    let smallest = Fit { detail: Detail::Bare, pad_bytes: None, suffix_bytes: 0 };
    Err(WorkloadError::TooSmall {
        publisher: publisher.to_owned(),
        kind: spec.kind.as_str(),
        bytes: wanted,
        smallest_bytes: measure(smallest),
    })
}

fn build(publisher: &str, spec: &MixPart, sequence: u64, fit: Fit) -> CollectionEvent {
    let mut metadata: Vec<_> = spec
        .metadata
        .iter()
        .map(|(key, value)| (key.clone().into(), value.clone().into()))
        .collect();
    if let Some(bytes) = fit.pad_bytes {
        metadata.push((PAD_KEY.into(), "x".repeat(bytes).into()));
    }
    let header = EventHeader {
        source: publisher.into(),
        source_sequence: sequence,
        priority: spec.priority,
        metadata,
        ..content::unstamped_header()
    };
    content::event(Body {
        kind: spec.kind,
        detail: fit.detail,
        header,
        pid: spec.pid,
        suffix_bytes: fit.suffix_bytes,
    })
}

/// The first topic the events of a part are published on; `None` for one that names no topic.
pub(super) fn topic_of(part: &MixPart) -> Option<Topic> {
    let first = MixPart { topics: part.topics.map(|_| 1), ..part.clone() };
    match topics(&first).ok()?.pop() {
        Some(topic) => Some(topic),
        None => Some(own_topic(part)),
    }
}

/// The default topic of a part's kind.
pub(super) fn own_topic(part: &MixPart) -> Topic {
    let fit = Fit { detail: Detail::Bare, pad_bytes: None, suffix_bytes: 0 };
    default_topic(&build("", part, 1, fit))
}

/// Every topic a part rotates over, all of one length; none where only the default one is meant.
pub(super) fn topics(part: &MixPart) -> Result<Vec<Topic>, TopicError> {
    let named = part.topic.as_deref().map(Topic::new).transpose()?;
    let Some(many) = part.topics else { return Ok(named.into_iter().collect()) };
    let base = named.unwrap_or_else(|| own_topic(part));
    (0..many).map(|number| Topic::new(format!("{base}.t{number:04}"))).collect()
}

/// The process records a collector of this name holds: one for each process it watches.
pub fn table(publisher: &str, entries: usize) -> Vec<CollectionEvent> {
    let record = |number| {
        let header = EventHeader {
            source: publisher.into(),
            source_sequence: number,
            ..content::unstamped_header()
        };
        let (kind, detail) = (EventKind::Process, Detail::Full);
        content::event(Body { kind, detail, header, pid: None, suffix_bytes: 0 })
    };
    (1..=entries as u64).map(record).collect()
}

/// A correlation in which every part can be told from its neighbours' ([`Correlate::Numbered`]).
fn numbered(publisher: &str, sequence: u64) -> CorrelationMetadata {
    let parity = if sequence.is_multiple_of(2) { "even" } else { "odd" };
    CorrelationMetadata {
        id: format!("{publisher}-{sequence}").into(),
        parent: Some(format!("{publisher}-{}", sequence.saturating_sub(1)).into()),
        root: format!("{publisher}-0").into(),
        trace: Some(format!("trace-{publisher}").into()),
        stage: Some(format!("stage-{}", sequence % 3).into()),
        sequence,
        tags: vec![
            ("parity".into(), parity.into()),
            ("publisher".into(), publisher.to_owned().into()),
        ],
    }
}

/// One cycle of the mix: every part as often as its weight, in an order the seed gives.
fn interleaving(mix: &[MixPart], seed: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..)
        .zip(mix)
        .flat_map(|(index, part)| std::iter::repeat_n(index, part.weight as usize))
        .collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order
}

/// Width of a number as the wire writes it, bytes: seven bits each, at least one.
fn varint_bytes(number: u64) -> usize {
    let bits = (u64::BITS - number.leading_zeros()).max(1);
    bits.div_ceil(7) as usize
}

#[cfg(test)]
mod tests;
