//! The scenario that replays a recording exactly: every event when it was published, before the
//! subscriptions that were there and one that receives everything.

use daemoneye_eventbus::EventSubscription;

use super::sketch::Sketch;
use crate::plan::limits::DEFAULT_BUDGET_MS;
use crate::plan::{
    Claim, Correlate, Count, Phase, Publish, PublisherSpec, Rate, SubscriberSpec, Topology, replay,
};
use crate::scenario::Recording;

/// The subscriber that receives everything, unless one of this name was recorded.
const EVERYTHING: &str = "everything";
const MS_PER_MINUTE: u64 = 60_000;

/// The sketch of the scenario of this name that replays a file beside it.
pub fn replayed(name: &str, file: &str, recording: &Recording) -> Sketch {
    let replays = recording.publishers.iter().enumerate();
    let publishers: Vec<PublisherSpec> = replays
        .map(|(number, publisher)| {
            let (mix, replay) = replay(file, recording, number);
            let (correlate, replay) = (correlate(recording, number), Some(replay));
            PublisherSpec { mix, correlate, replay, ..PublisherSpec::bare(publisher) }
        })
        .collect();
    let replays = publishers.iter().filter_map(|publisher| publisher.replay.as_ref());
    let publish = replays.enumerate().map(|(publisher, replay)| {
        let (count, rate) = (Count::Events(replay.events()), Rate::AsRecorded(replay.lasts_ms()));
        Publish { publisher, count, rate }
    });
    let phase = Phase { publish: publish.collect(), ..Phase::bare("replay") };
    sketch(name, summary(file, recording), publishers, recording, phase)
}

/// A sketch of what a recording is about.
pub(super) fn sketch(
    name: &str,
    summary: String,
    publishers: Vec<PublisherSpec>,
    recording: &Recording,
    phase: Phase,
) -> Sketch {
    let planned = phase.planned().as_millis();
    let planned_ms = u64::try_from(planned).expect("a recording is short");
    // In whole minutes, for people.
    let minutes = planned_ms / MS_PER_MINUTE;
    Sketch {
        name: name.to_owned(),
        claims: claims(recording),
        summary,
        topology: Topology {
            publishers,
            subscribers: subscribers(recording),
            ..Topology::default()
        },
        phases: vec![phase],
        wild: false,
        not_applicable: Vec::new(),
        budget_ms: DEFAULT_BUDGET_MS + minutes * MS_PER_MINUTE,
    }
}

/// What a replay shows: nothing is lost or repeated, and what comes is what was sent; where a publisher
/// has more than one event, in order.
fn claims(recording: &Recording) -> Vec<Claim> {
    let mut of = 0..recording.publishers.len();
    let has_order = of.any(|publisher| recording.events_of(publisher).nth(1).is_some());
    let shown = ["C1", "C3", "C4", "C6"].into_iter().filter(|claim| *claim != "C4" || has_order);
    shown.map(|claim| Claim::parse(claim).expect("a number of the contract")).collect()
}

/// Whether most of a publisher's events carried a correlation of its own.
pub(super) fn correlate(recording: &Recording, publisher: usize) -> Correlate {
    let (mut own, mut all) = (0, 0);
    for event in recording.events_of(publisher) {
        own += u64::from(event.correlated);
        all += 1;
    }
    if own * 2 > all { Correlate::Numbered } else { Correlate::Fresh }
}

/// One that receives everything, and those that were there and had something to receive.
fn subscribers(recording: &Recording) -> Vec<SubscriberSpec> {
    let mut everything = EventSubscription::new(everything(recording));
    everything.topic_patterns.clone_from(&recording.about.patterns);
    let there = recording.reached().0.into_iter().map(|row| {
        let mut wanted = EventSubscription::new(row.subscriber.clone());
        wanted.topic_patterns.clone_from(&row.patterns);
        wanted.policy = row.policy;
        wanted.capacity = row.capacity;
        wanted
    });
    std::iter::once(everything).chain(there).map(SubscriberSpec::bare).collect()
}

/// A name that no recorded subscription has.
fn everything(recording: &Recording) -> String {
    let mut name = EVERYTHING.to_owned();
    while recording.subscribers.iter().any(|row| row.subscriber == name) {
        name.push('-');
    }
    name
}

fn summary(file: &str, recording: &Recording) -> String {
    let (extent, seconds) = (recording.extent(), recording.span_ns() as f64 / 1e9);
    let mut lines = vec![format!(
        "Replays {file}, which `equivalence record` wrote: {extent} in {seconds:.1} s, each event again \
         when it was published."
    )];
    lines.extend(recording.lacks());
    lines.push("Events by topic:".to_owned());
    lines.extend(recording.topics().iter().map(|(topic, events)| format!("  {topic}: {events}")));
    lines.extend(otherwise(recording));
    lines.join("\n") + "\n"
}

/// Who subscribed, and is here otherwise or not at all.
fn otherwise(recording: &Recording) -> Vec<String> {
    let (there, elsewhere) = recording.reached();
    let filtered = there.iter().filter(|row| row.filtered).map(|row| {
        let name = &row.subscriber;
        format!(
            "{name} had conditions beside its patterns, which are not recorded: here it has none."
        )
    });
    let mut lines: Vec<String> = filtered.collect();
    match elsewhere.len() {
        0 => {}
        1 => lines.push("A subscription to none of these topics is left out.".to_owned()),
        many => lines.push(format!("{many} subscriptions to none of these topics are left out.")),
    }
    lines
}

#[cfg(test)]
pub(super) mod tests {
    use daemoneye_eventbus::{EventKind, OverflowPolicy};

    use super::*;
    use crate::plan::expand;
    use crate::scenario::{
        About, Profile, RecordedSort, RecordedSubscription, Recordings, Scenario, Source,
    };

    pub(in crate::explore) const PROCESS: &str = "events.process.lifecycle";
    pub(in crate::explore) const NETWORK: &str = "events.network.connections";

    pub(in crate::explore) fn sort(topic: &str, bytes: usize) -> RecordedSort {
        let (topic, kind) = (topic.to_owned(), EventKind::Process);
        RecordedSort { topic, kind, bytes, priority: None }
    }

    /// Events of one publisher at these moments, each with its sort.
    pub(in crate::explore) fn recording(events: &[(u64, RecordedSort)]) -> Recording {
        let mut recording = Recording::new(About::sample());
        recording.publishers.push("procmond".to_owned());
        for (at_ns, sort) in events {
            recording.push(*at_ns, 0, sort.clone(), false).expect("room");
        }
        recording
    }

    fn subscription(name: &str, pattern: &str, filtered: bool) -> RecordedSubscription {
        RecordedSubscription {
            subscriber: name.to_owned(),
            patterns: vec![pattern.to_owned()],
            filtered,
            policy: OverflowPolicy::DropNewest,
            capacity: 7,
        }
    }

    #[test]
    fn the_file_of_a_replay_means_what_was_recorded() {
        let events = [(0, sort(PROCESS, 200)), (5, sort(NETWORK, 300)), (9, sort(PROCESS, 200))];
        let mut recording = recording(&events);
        recording.subscribers.push(subscription("agent", "events.process.#", false));
        let sketch = replayed("recorded/x", "x.jsonl", &recording);
        let source = Source { path: "x.toml".to_owned(), text: sketch.text() };
        let read = Ok(recording.clone());
        let recordings = Recordings::from([("x.jsonl".to_owned(), read)]);
        let scenario = Scenario::parse(source).expect("TOML").with_recordings(recordings);
        let cases = expand(&scenario, Profile::Pr, 1).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(cases[0].topology, sketch.topology);
        assert_eq!(cases[0].phases, sketch.phases);
        let replay = cases[0].topology.publishers[0].replay.as_ref().expect("it replays");
        assert_eq!((&*replay.order, &*replay.moments_ns), (&[0, 1, 0][..], &[0, 5, 9][..]));
        let names: Vec<&str> =
            cases[0].topology.subscribers.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["everything", "agent"]);
        assert_eq!(cases[0].topology.subscribers[1].subscription.capacity, 7);
    }

    #[test]
    fn what_a_recording_lacks_is_said_in_the_summary() {
        let mut recording = recording(&[(0, sort(PROCESS, 200))]);
        let whole = replayed("recorded/x", "x.jsonl", &recording).summary;
        assert!(whole.contains("1 event of 1 publisher on 1 topic in 0.0 s"), "{whole}");
        assert!(whole.contains("events.process.lifecycle: 1\n"), "{whole}");
        assert!(!whole.contains("INCOMPLETE"), "{whole}");
        recording.about.lost = 3;
        recording.subscribers.push(subscription("filtered", "events.#", true));
        recording.subscribers.push(subscription("elsewhere", "control.#", false));
        let told = replayed("recorded/x", "x.jsonl", &recording).summary;
        for part in [
            "INCOMPLETE: missed 3 events",
            "filtered had conditions",
            "A subscription to none of these topics is left out.",
        ] {
            assert!(told.contains(part), "{told} has no {part:?}");
        }
    }

    #[test]
    fn order_is_claimed_only_where_there_is_one() {
        let shows = |events: &[(u64, RecordedSort)]| {
            let claims = replayed("recorded/x", "x.jsonl", &recording(events)).claims;
            claims.iter().map(|claim| claim.as_ref().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(shows(&[(0, sort(PROCESS, 200))]), ["C1", "C3", "C6"]);
        let two = [(0, sort(PROCESS, 200)), (1, sort(PROCESS, 200))];
        assert_eq!(shows(&two), ["C1", "C3", "C4", "C6"]);
    }

    #[test]
    fn correlations_are_replayed_where_most_events_had_one() {
        let mut recording = recording(&[(0, sort(PROCESS, 200))]);
        assert_eq!(correlate(&recording, 0), Correlate::Fresh);
        for at_ns in 1..=2 {
            recording.push(at_ns, 0, sort(PROCESS, 200), true).expect("room");
        }
        assert_eq!(correlate(&recording, 0), Correlate::Numbered);
    }
}
