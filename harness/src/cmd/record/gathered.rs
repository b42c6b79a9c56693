//! What was taken so far: of each event what can be seen from outside, and nothing of what it says.

use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::contract::SubscriptionInspection;
use daemoneye_eventbus::{BusEvent, CorrelationMetadata, wire};

use super::names::Names;
use crate::plan::{MixPart, WorkloadError, least_payload};
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
    /// small are larger, and counted.
    pub(super) fn finished(self) -> Result<(Recording, Vec<(String, String)>), WorkloadError> {
        let Self { recording, publishers, subscribers, .. } = self;
        let renamed = publishers.renamed().chain(subscribers.renamed()).collect();
        Ok((enlarged(recording.settled())?, renamed))
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
fn enlarged(recording: Recording) -> Result<Recording, WorkloadError> {
    let mut least: Vec<Vec<Option<usize>>> =
        vec![vec![None; recording.sorts().len()]; recording.publishers.len()];
    let mut made = Recording::new(recording.about.clone());
    for event in recording.events() {
        let sort = &recording.sorts()[event.sort as usize];
        let known = &mut least[event.publisher as usize][event.sort as usize];
        let bytes = if let Some(bytes) = *known {
            bytes
        } else {
            let publisher = &recording.publishers[event.publisher as usize];
            *known.insert(least_payload(publisher, &part(sort), &wire::payload_bytes)?)
        };
        made.about.enlarged += u64::from(bytes > sort.bytes);
        let sort = RecordedSort { bytes, ..sort.clone() };
        let pushed = made.push(event.at_ns, event.publisher, sort, event.correlated);
        // Publishers may differ in what they make of one sort: then there are more than before.
        if pushed.is_err() {
            made.about.ended = Ended::Sorts;
            break;
        }
    }
    made.publishers = recording.publishers;
    made.subscribers = recording.subscribers;
    Ok(made)
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
mod tests {
    use bytestring::ByteString;
    use daemoneye_eventbus::contract::{EventId, SubscriptionStatistics};
    use daemoneye_eventbus::{
        CollectionEvent, EventHeader, OverflowPolicy, Priority, ProcessEvent, Topic,
    };

    use super::*;

    /// What nobody may find in a recording.
    const SECRET: &str = "hunter2";

    fn secret() -> ByteString {
        ByteString::from(SECRET)
    }

    /// An event that has the secret wherever it can have text, and a number that is one.
    fn event(publisher: &str, published_monotonic_ns: u64) -> BusEvent {
        let id = EventId { publisher: publisher.into(), incarnation: 1, sequence: 1 };
        let header = EventHeader {
            source: secret(),
            priority: Some(Priority::High),
            metadata: vec![(secret(), secret())],
            ..EventHeader::default()
        };
        let process = ProcessEvent {
            pid: 271_828,
            ppid: Some(271_828),
            name: secret(),
            executable_path: Some(secret()),
            arguments: vec![secret(); 4],
            user_id: Some(secret()),
            user_name: Some(secret()),
            executable_sha256: Some(secret()),
            header,
            ..ProcessEvent::default()
        };
        let mut correlation = CorrelationMetadata::root(secret());
        correlation.parent = Some(secret().into());
        correlation.trace = Some(secret());
        correlation.stage = Some(secret());
        correlation.tags = vec![(secret(), secret())];
        let topic = Topic::new("events.process.lifecycle").expect("a topic");
        let event = CollectionEvent::Process(process);
        BusEvent { id, topic, published_monotonic_ns, correlation, event }
    }

    fn gathered(wanted: Option<u64>) -> Gathered {
        Gathered::new(&["events.#".to_owned()], wanted)
    }

    fn row(id: &str, filters: &str) -> SubscriptionInspection {
        let subscriber_id = id.to_owned();
        SubscriptionInspection {
            counters: SubscriptionStatistics { subscriber_id, ..Default::default() },
            topic_patterns: vec!["events.process.#".to_owned()],
            filters: filters.to_owned(),
            capacity: 16,
            policy: OverflowPolicy::Block,
            ..Default::default()
        }
    }

    #[test]
    fn nothing_that_an_event_says_is_in_the_file() {
        let mut gathered = gathered(None);
        assert!(gathered.take(&event("procmond", monotonic_ns())));
        gathered.subscriptions(Some(vec![row("agent", &format!("metadata {SECRET}={SECRET}"))]));
        let bytes = wire::payload_bytes(&event("procmond", 0).event);
        let (recording, renamed) = gathered.finished().expect("it can be replayed");
        let text = recording.text();
        assert!(!text.contains(SECRET) && !text.contains("271828"), "{text}");
        let line = format!(
            r#""topic":"events.process.lifecycle","kind":"process","bytes":{bytes},"priority":"high","correlated":true"#
        );
        assert!(text.contains(&line), "{text}");
        assert!(recording.subscribers[0].filtered);
        assert_eq!(renamed, []);
        assert!(Recording::parse("x.jsonl", &text).is_ok());
    }

    #[test]
    fn a_moment_is_when_it_was_published_and_not_beyond_the_recording() {
        let mut gathered = gathered(None);
        let began_ns = gathered.began_ns;
        for published_ns in [began_ns + 7, 0, u64::MAX] {
            assert!(gathered.take(&event("procmond", published_ns)));
        }
        let now_ns = monotonic_ns();
        let events = gathered.recording.events();
        assert_eq!((events[0].at_ns, events[1].at_ns), (began_ns + 7, began_ns));
        assert!(events[2].at_ns <= now_ns);
    }

    #[test]
    fn a_correlation_the_bus_made_is_none_of_the_publisher() {
        let mut gathered = gathered(None);
        let mut fresh = event("procmond", 0);
        fresh.correlation = CorrelationMetadata::derived(&fresh.id);
        gathered.take(&fresh);
        assert!(!gathered.recording.events()[0].correlated);
    }

    #[test]
    fn it_ends_itself_after_the_events_asked_for() {
        let mut gathered = gathered(Some(2));
        assert!(gathered.take(&event("procmond", 0)) && !gathered.is_full());
        assert!(!gathered.take(&event("procmond", 0)) && gathered.is_full());
        assert!(!gathered.take(&event("procmond", 0)));
        assert_eq!(gathered.recording.events().len(), 2);
        assert_eq!(gathered.recording.about.ended, Ended::Events);
    }

    #[test]
    fn publishers_end_where_a_recording_has_no_more() {
        let mut gathered = gathered(None);
        for number in 0..MAX_RECORDED_ROLES {
            assert!(gathered.take(&event(&format!("p{number}"), 0)));
        }
        assert!(!gathered.take(&event("one-more", 0)));
        assert_eq!(gathered.recording.about.ended, Ended::Publishers);
        assert_eq!(gathered.recording.publishers.len(), MAX_RECORDED_ROLES);
    }

    #[test]
    fn what_cannot_be_made_so_small_is_larger_and_counted() {
        let mut gathered = gathered(None);
        let mut small = event("a-publisher-of-some-length", 0);
        small.event = CollectionEvent::Process(ProcessEvent::default());
        let bytes = wire::payload_bytes(&small.event);
        gathered.take(&small);
        gathered.take(&event("a-publisher-of-some-length", 0));
        let (recording, _) = gathered.finished().expect("it can be replayed");
        assert_eq!(recording.about.enlarged, 1);
        let sizes: Vec<usize> = recording.sorts().iter().map(|sort| sort.bytes).collect();
        assert!(sizes.iter().all(|size| *size > bytes), "{sizes:?} and {bytes}");
    }

    #[test]
    fn subscriptions_that_come_later_are_there_too_and_once() {
        let mut gathered = gathered(None);
        gathered.subscriptions(None);
        assert!(!gathered.recording.about.inspected);
        gathered.subscriptions(Some(vec![row("b", "")]));
        gathered.subscriptions(Some(vec![row("a", ""), row("b", "")]));
        let names: Vec<&str> =
            gathered.recording.subscribers.iter().map(|row| row.subscriber.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(gathered.recording.about.inspected);
    }
}
