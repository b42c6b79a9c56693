//! A record of a collector that keeps its promises, and the same with one thing wrong.

use daemoneye_eventbus::{
    BusEvent, CollectionEvent, CorrelationMetadata, EventId, EventSubscription, Topic,
};

use super::*;
use crate::check::report::Judgement;
use crate::plan::chaos::{Chaos, CollectorSpec, SourceSpec};
use crate::plan::control::Health;
use crate::plan::{TrialKind, claims};
use crate::record::{PartTold, SourceReport};

/// When the first event was sent, nanoseconds.
const SENT_NS: u64 = 1_000_000_000;
/// How long a batch of these records waits, milliseconds.
const TIMEOUT_MS: u64 = 20;

fn source(name: &str, events: u64, undeclared: u64, then: Then) -> SourceSpec {
    SourceSpec { name: name.to_owned(), events, rate_per_s: None, undeclared, then }
}

/// One well-behaved source, and one of each sort of misbehaving ones.
fn case(reading: Reading) -> Case {
    let sources = vec![
        source("witness", 3, 0, Then::Waits),
        source("fails", 0, 0, Then::Fails),
        source("panics", 2, 0, Then::Panics),
        source("hangs", 2, 0, Then::Hangs),
        source("oversteps", 2, 2, Then::Waits),
        source("ends", 1, 0, Then::Ends),
    ];
    let collector = CollectorSpec {
        batch_events: 100,
        batch_timeout_ms: TIMEOUT_MS,
        buffer_events: 100,
        threshold_events: 100,
        shutdown_timeout_ms: 2000,
    };
    let subscription = EventSubscription::new("agent").with_pattern("events.#");
    let subscriber = SubscriberSpec { reading, ..SubscriberSpec::bare(subscription) };
    Case {
        claims: claims::judged(TrialKind::Chaos).to_vec(),
        kind: TrialKind::Chaos,
        chaos: Chaos { collector, sources },
        ..Case::bare("chaos/doctored", Vec::new(), vec![subscriber])
    }
}

fn seen(spec: &SourceSpec, number: u64, place: u64) -> BusEvent {
    let mut event = spec.event(number);
    event.header_mut().observed_monotonic_ns = SENT_NS + place;
    BusEvent {
        id: EventId { publisher: "chaos".into(), incarnation: 1, sequence: place + 1 },
        topic: Topic::new("events.process.lifecycle").expect("a topic"),
        published_monotonic_ns: SENT_NS + TIMEOUT_MS * NS_PER_MS + place,
        correlation: CorrelationMetadata::root("c"),
        event,
    }
}

fn reported(spec: &SourceSpec) -> SourceReport {
    let (end, reason) = match spec.then {
        Then::Waits | Then::Ends => (SourceEnd::Ended, None),
        Then::Fails => (SourceEnd::Failed, Some(spec.last_words())),
        Then::Panics => (SourceEnd::Panicked, Some(spec.last_words())),
        Then::Hangs => (SourceEnd::Aborted, None),
    };
    let (accepted, refused) = (spec.events, spec.undeclared);
    SourceReport { name: spec.name.clone(), end, reason, accepted, refused }
}

fn told_while_it_ran(spec: &SourceSpec) -> PartTold {
    let health = spec.health();
    let reason = (health != Health::Healthy).then(|| format!("it broke: {}", spec.last_words()));
    PartTold { name: spec.name.clone(), health, reason }
}

/// Everything that was declared arrives, source by source.
fn right(case: &Case) -> ChaosHistory {
    let sources = &case.chaos.sources;
    let declared = sources.iter().flat_map(|spec| {
        let numbers = (1..=spec.sends()).filter(move |number| spec.declares(*number));
        numbers.map(move |number| (spec, number))
    });
    let received = declared.zip(0..).map(|((spec, number), place)| seen(spec, number, place));
    let all = case.chaos.delivers();
    let stalls = case.topology.subscribers[0].reading == Reading::Stopped;
    ChaosHistory {
        received: received.collect(),
        before_stop: all,
        health: sources.iter().map(told_while_it_ran).collect(),
        held_back: if stalls { vec![true, false] } else { Vec::new() },
        report: Some(CollectorReport {
            accepted: all,
            published: all,
            lost: 0,
            backpressure_episodes: u64::from(stalls),
            error: None,
            sources: sources.iter().map(reported).collect(),
        }),
        end: AgentEnd::InOrder,
    }
}

fn judge(case: &Case, history: &ChaosHistory) -> Judgement {
    match check_chaos(case, Bus::Process, history) {
        Report::Judged(judgement) => judgement,
        Report::Broken(why) => panic!("{why:?}"),
    }
}

/// The one thing that is told of a right record after it was doctored, and its rule.
fn told(reading: Reading, doctor: impl FnOnce(&mut ChaosHistory)) -> (Check, String) {
    let case = case(reading);
    let mut history = right(&case);
    doctor(&mut history);
    let violations = judge(&case, &history).violations;
    let [one] = &violations[..] else { panic!("{violations:?}") };
    (one.check, one.sentence.clone())
}

fn wrong(doctor: impl FnOnce(&mut ChaosHistory)) -> (Check, String) {
    told(Reading::Prompt, doctor)
}

fn report(history: &mut ChaosHistory) -> &mut CollectorReport {
    history.report.as_mut().expect("a right record has one")
}

/// Of a right record, where the event of this number of a source stands.
fn place(history: &ChaosHistory, source: &str, number: u64) -> usize {
    let is_it = |one: &BusEvent| {
        let header = one.event.header();
        header.source == source && header.source_sequence == number
    };
    history.received.iter().position(is_it).expect("it is there")
}

#[test]
fn a_right_record_passes_and_exercises_every_claim() {
    let case = case(Reading::Stopped);
    let judgement = judge(&case, &right(&case));
    assert_eq!(judgement.violations, []);
    assert_eq!(judgement.unexercised, []);
}

#[test]
fn behind_a_prompt_subscriber_nobody_has_to_be_held_back() {
    let case = case(Reading::Prompt);
    let judgement = judge(&case, &right(&case));
    assert_eq!(judgement.violations, []);
    let idle: Vec<&str> = judgement.unexercised.iter().map(|one| one.claim.as_str()).collect();
    assert_eq!(idle, ["C11"]);
}

#[test]
fn an_event_that_is_missing_breaks_c1() {
    let (check, sentence) = wrong(|history| {
        let lost = place(history, "witness", 2);
        history.received.remove(lost);
    });
    assert_eq!(check, Check::Delivery);
    assert_eq!(sentence, "event 2 of witness was never received (C1)");
}

#[test]
fn an_event_that_is_counted_as_lost_was_not_received_all_the_same() {
    let (check, _) = wrong(|history| {
        let lost = place(history, "panics", 1);
        history.received.remove(lost);
        report(history).published -= 1;
        report(history).lost += 1;
    });
    assert_eq!(check, Check::Delivery);
}

#[test]
fn an_event_that_comes_twice_breaks_c3() {
    let (check, sentence) = wrong(|history| {
        let at = place(history, "hangs", 1);
        let again = history.received[at].clone();
        history.received.push(again);
    });
    assert_eq!(check, Check::Duplicates);
    assert_eq!(sentence, "event 1 of hangs was received again (C3)");
}

#[test]
fn an_event_that_is_overtaken_breaks_c4() {
    let (check, sentence) = wrong(|history| {
        let (second, third) = (place(history, "witness", 2), place(history, "witness", 3));
        history.received.swap(second, third);
    });
    assert_eq!(check, Check::Fifo);
    assert_eq!(sentence, "event 2 of witness was received after its event 3 (C4)");
}

#[test]
fn an_event_that_is_changed_breaks_c6() {
    let (check, _) = wrong(|history| {
        let at = place(history, "witness", 1);
        let CollectionEvent::Process(event) = &mut history.received[at].event else {
            panic!("a witness declares what it sends");
        };
        event.pid += 1;
    });
    assert_eq!(check, Check::Content);
}

#[test]
fn an_event_that_was_not_declared_breaks_c2() {
    let case = case(Reading::Prompt);
    let spec = &case.chaos.sources[4];
    let undeclared = (1..=spec.sends()).find(|number| !spec.declares(*number)).expect("two");
    let (check, sentence) = wrong(|history| history.received.push(seen(spec, undeclared, 99)));
    assert_eq!(check, Check::Foreign);
    let told = format!("event {undeclared} of oversteps was received, which it does not declare");
    assert_eq!(sentence, format!("{told} (C2)"));
}

#[test]
fn an_event_of_a_stranger_breaks_c2() {
    let stranger = source("stranger", 1, 0, Then::Waits);
    let (check, _) = wrong(|history| history.received.push(seen(&stranger, 1, 99)));
    assert_eq!(check, Check::Foreign);
}

#[test]
fn a_count_that_is_off_by_one_breaks_c12() {
    let doctors: [fn(&mut CollectorReport); 4] = [
        |report| report.published -= 1,
        |report| {
            report.published -= 1;
            report.lost += 1;
        },
        |report| report.sources[4].refused -= 1,
        |report| {
            report.accepted += 1;
            report.published += 1;
        },
    ];
    for doctor in doctors {
        let (check, sentence) = wrong(|history| doctor(report(history)));
        assert_eq!(check, Check::Conservation, "{sentence}");
        assert!(sentence.ends_with("(C12)"), "{sentence}");
    }
}

#[test]
fn a_collector_that_counts_one_too_many_everywhere_breaks_c12() {
    let (check, sentence) = wrong(|history| {
        let report = report(history);
        report.sources[0].accepted += 1;
        report.accepted += 1;
        report.published += 1;
    });
    assert_eq!(check, Check::Conservation);
    assert_eq!(sentence, "source witness sent 3 events that it declared, 4 were accepted (C12)");
}

#[test]
fn a_failure_that_is_not_told_breaks_r1() {
    let (check, sentence) = wrong(|history| history.health[1].health = Health::Healthy);
    assert_eq!(check, Check::WorstOf);
    assert_eq!(sentence, "source fails fails, and was told to be healthy, not unhealthy (R1)");
    let (check, sentence) = wrong(|history| history.health[2].reason = Some("ill".to_owned()));
    assert_eq!(check, Check::WorstOf);
    assert_eq!(sentence, "why source panics is unhealthy was told as Some(\"ill\") (R1)");
    let (check, _) = wrong(|history| history.health[4].reason = None);
    assert_eq!(check, Check::WorstOf);
    let (check, _) = wrong(|history| drop(history.health.remove(4)));
    assert_eq!(check, Check::WorstOf);
    let (check, _) = wrong(|history| report(history).sources[2].end = SourceEnd::Failed);
    assert_eq!(check, Check::WorstOf);
    let (check, _) = wrong(|history| report(history).sources[1].reason = None);
    assert_eq!(check, Check::WorstOf);
}

#[test]
fn a_good_source_that_is_told_to_have_failed_breaks_r1() {
    let (check, sentence) = wrong(|history| report(history).sources[0].end = SourceEnd::Aborted);
    assert_eq!(check, Check::WorstOf);
    assert_eq!(sentence, "at the end source witness was told as aborted, not as ended (R1)");
}

#[test]
fn an_abandoned_source_that_is_not_told_breaks_c13() {
    let (check, sentence) = wrong(|history| report(history).sources[3].end = SourceEnd::Ended);
    assert_eq!(check, Check::Shutdown);
    let told = "source hangs did not end when it was asked, and was told as ended (C13)";
    assert_eq!(sentence, told);
}

#[test]
fn a_collector_that_does_not_end_well_breaks_c13() {
    let (check, _) = wrong(|history| report(history).error = Some("the bus is gone".to_owned()));
    assert_eq!(check, Check::Shutdown);
    let (check, _) = wrong(|history| {
        let (how, last_words) = ("ended unasked".to_owned(), String::new());
        history.end = AgentEnd::Failed { how, last_words };
    });
    assert_eq!(check, Check::Shutdown);
    let (check, sentence) = wrong(|history| {
        history.end = AgentEnd::Killed { waited: Duration::from_mins(1) };
        // Nothing else is known of it.
        history.report = None;
        history.received.clear();
    });
    assert_eq!(check, Check::Shutdown);
    assert_eq!(sentence, "the collector was silent for 60s and was killed (C13)");
}

#[test]
fn a_threshold_that_is_not_told_or_told_twice_breaks_c11() {
    let stopped = |doctor: fn(&mut ChaosHistory)| told(Reading::Stopped, doctor);
    let doctors: [fn(&mut ChaosHistory); 5] = [
        |history| history.held_back.clear(),
        |history| history.held_back.truncate(1),
        |history| history.held_back.extend([true, false]),
        |history| report(history).backpressure_episodes = 2,
        |history| report(history).backpressure_episodes = 0,
    ];
    for doctor in doctors {
        let (check, sentence) = stopped(doctor);
        assert_eq!(check, Check::Losses, "{sentence}");
        assert!(sentence.ends_with("(C11)"), "{sentence}");
    }
}

#[test]
fn a_batch_that_goes_before_its_timeout_or_at_the_stop_breaks_c14() {
    let (check, sentence) = wrong(|history| history.before_stop -= 1);
    assert_eq!(check, Check::Waits);
    assert!(sentence.contains("9 had come before the collector was asked to end"), "{sentence}");
    let (check, _) = wrong(|history| history.received[0].published_monotonic_ns -= 1);
    assert_eq!(check, Check::Waits);
}

#[test]
fn a_report_of_other_sources_is_no_evidence() {
    let case = case(Reading::Prompt);
    let mut history = right(&case);
    report(&mut history).sources.pop();
    assert!(matches!(check_chaos(&case, Bus::Process, &history), Report::Broken(_)));
}
