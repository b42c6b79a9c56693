//! What was taken so far: of each event what can be seen from outside, and nothing of what it says.

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::contract::SubscriptionInspection;
use daemoneye_eventbus::{BusEvent, CorrelationMetadata, wire};

use super::names::Names;
use crate::plan::{MixPart, least_payload};
use crate::scenario::{
    About, Ended, Full, MAX_RECORDED_NS, MAX_RECORDED_ROLES, RecordedSort, RecordedSubscription,
    Recording,
};

/// A recording as it grows.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) recording: Recording,
    publishers: Names,
    subscribers: Names,
    /// Events asked for.
    wanted: Option<u64>,
    /// When it began.
    began_ns: u64,
    is_full: bool,
}

impl Gathered {
    /// Begins now; ends itself after so many events, if any number is given.
    pub(super) fn new(patterns: &[String], wanted: Option<u64>) -> Self {
        let about = About {
            patterns: patterns.to_vec(),
            seconds: 0.0,
            ended: Ended::Interrupt,
            lost: 0,
            enlarged: 0,
            inspected: false,
        };
        Self {
            recording: Recording::new(about),
            publishers: Names::default(),
            subscribers: Names::default(),
            wanted,
            began_ns: monotonic_ns(),
            is_full: false,
        }
    }

    /// Takes an event, if there is room for it; whether there is for another.
    pub(super) fn take(&mut self, event: &BusEvent) -> bool {
        if self.is_full {
            return false;
        }
        let Some(publisher) = self.publisher(&event.id.publisher) else {
            return self.end(Ended::Publishers);
        };
        let sort = RecordedSort {
            topic: event.topic.to_string(),
            kind: event.event.kind(),
            bytes: wire::payload_bytes(&event.event),
            priority: event.event.header().priority,
        };
        let correlated = event.correlation != CorrelationMetadata::derived(&event.id);
        match self.recording.push(self.moment_ns(event), publisher, sort, correlated) {
            Ok(()) => {}
            Err(Full::Events) => return self.end(Ended::Events),
            Err(Full::Sorts) => return self.end(Ended::Sorts),
        }
        let taken = self.recording.events().len() as u64;
        if self.wanted.is_some_and(|wanted| taken >= wanted) {
            return self.end(Ended::Events);
        }
        true
    }

    /// Whether it takes no more.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Adds subscriptions that are there; `None` where the broker did not tell.
    pub(super) fn subscriptions(&mut self, seen: Option<Vec<SubscriptionInspection>>) {
        let Some(seen) = seen else { return };
        self.recording.about.inspected = true;
        for row in seen {
            let subscriber = self.subscribers.of(&row.counters.subscriber_id).to_owned();
            let known = &self.recording.subscribers;
            if known.len() >= MAX_RECORDED_ROLES
                || known.iter().any(|other| other.subscriber == subscriber)
            {
                continue;
            }
            self.recording.subscribers.push(RecordedSubscription {
                subscriber,
                patterns: row.topic_patterns,
                filtered: !row.filters.is_empty(),
                policy: row.policy,
                capacity: row.capacity,
            });
        }
        self.recording.subscribers.sort_by(|one, other| one.subscriber.cmp(&other.subscriber));
    }

    /// The recording as it is written, and who is called otherwise in it. Payloads that cannot be made so
    /// small are larger, and counted; a publisher of whose events there was no room for any is left out.
    pub(super) fn finished(self) -> (Recording, Vec<(String, String)>) {
        let Self { recording, publishers, subscribers, .. } = self;
        let renamed = publishers.renamed().chain(subscribers.renamed()).collect();
        (enlarged(recording.settled()), renamed)
    }

    fn end(&mut self, ended: Ended) -> bool {
        self.recording.about.ended = ended;
        self.is_full = true;
        false
    }

    /// The number of a publisher; `None` for one too many.
    fn publisher(&mut self, name: &str) -> Option<u32> {
        let name = self.publishers.of(name);
        let known = &mut self.recording.publishers;
        let number = known.iter().position(|other| other == name).unwrap_or_else(|| {
            known.push(name.to_owned());
            known.len() - 1
        });
        let fits = number < MAX_RECORDED_ROLES;
        if !fits {
            known.pop();
        }
        u32::try_from(number).ok().filter(|_| fits)
    }

    /// When it was published, as its publisher says: not before this began, nor later than now, whatever
    /// stamp a stranger's client writes.
    fn moment_ns(&self, event: &BusEvent) -> u64 {
        let latest_ns = monotonic_ns().min(self.began_ns + MAX_RECORDED_NS);
        event.published_monotonic_ns.clamp(self.began_ns, latest_ns)
    }
}

/// The same with every payload as small as it was, or as events of its kind can be made.
fn enlarged(recording: Recording) -> Recording {
    let least = |sort: &RecordedSort| {
        // Who publishes an event is no part of its payload.
        let least = least_payload("", &part(sort), &wire::payload_bytes);
        least.expect("what was published has a topic, and a size that can grow")
    };
    let sorts: Vec<RecordedSort> = recording
        .sorts()
        .iter()
        .map(|sort| RecordedSort { bytes: least(sort), ..sort.clone() })
        .collect();
    let mut made = Recording::new(recording.about.clone());
    for event in recording.events() {
        let (before, now) = (&recording.sorts()[event.sort as usize], &sorts[event.sort as usize]);
        made.about.enlarged += u64::from(now.bytes > before.bytes);
        let pushed = made.push(event.at_ns, event.publisher, now.clone(), event.correlated);
        pushed.expect("there are as many events as before, and no more sorts");
    }
    made.publishers = recording.publishers;
    made.subscribers = recording.subscribers;
    made
}

fn part(sort: &RecordedSort) -> MixPart {
    MixPart {
        kind: sort.kind,
        topic: Some(sort.topic.clone()),
        payload_bytes: sort.bytes,
        priority: sort.priority,
        ..MixPart::bare()
    }
}

#[cfg(test)]
mod tests;
