//! Counts with and without a planted loss.

use bytestring::ByteString;
use daemoneye_eventbus::{EventFilter, EventKind, EventSubscription};

use super::*;
use crate::check::PlannedAttributes;
use crate::plan::{MixPart, Phase, Publish, fence_case};

/// Of four events three are about processes and one is not, in that order.
struct Mixed;

impl Planned for Mixed {
    fn attributes(&self, _: usize, sequence: u64) -> Option<PlannedAttributes> {
        let topic = if sequence.is_multiple_of(4) { "network" } else { "process" };
        Some(PlannedAttributes {
            topic: ByteString::from(format!("events.{topic}.any")),
            kind: EventKind::Process,
            pid: Some(u32::try_from(sequence % 10).expect("small")),
            priority: None,
            source: ByteString::from_static("p0"),
            metadata: Vec::new(),
            correlation: None,
        })
    }
}

fn case(subscription: EventSubscription) -> Case {
    let mut case = fence_case(subscription, &[None]);
    let part = case.topology.publishers[0].mix[0].clone();
    case.topology.publishers[0].mix =
        vec![MixPart { weight: 3, ..part.clone() }, MixPart { weight: 1, ..part }];
    case.phases = vec![Phase { measured: true, ..Phase::bare("window") }];
    case
}

fn processes() -> EventSubscription {
    EventSubscription::new("s").with_pattern("events.process.#")
}

/// Of 1 000 events 750 match [`processes`].
fn delivered(unique: u64) -> Delivered {
    Delivered { subscriber: 0, publisher: 0, called: 1_000, accepted: 1_000, unique, repeated: 0 }
}

fn told(case: &Case, one: Delivered) -> (u64, Vec<String>) {
    let counted = check_counts(case, Bus::Process, &[one], &Mixed);
    (counted.owed, counted.violations.into_iter().map(|one| one.sentence).collect())
}

#[test]
fn what_matches_and_did_not_arrive_is_lost_and_told_in_numbers() {
    let case = case(processes());
    assert_eq!(told(&case, delivered(750)), (750, Vec::new()));
    let (owed, lost) = told(&case, delivered(749));
    assert_eq!(owed, 750);
    assert!(lost[0].ends_with("749 of the 750 events it is owed, 1 are lost (C1)"), "{lost:?}");
}

#[test]
fn cycles_of_the_mix_count_as_every_event_does() {
    let case = case(processes());
    for called in [1, 3, 4, 5, 8, 999, 1_003] {
        let (owed, _) = told(&case, Delivered { called, accepted: called, ..delivered(0) });
        let one_by_one = (1..=called).filter(|sequence| !sequence.is_multiple_of(4)).count();
        assert_eq!(owed, one_by_one as u64, "{called}");
    }
}

#[test]
fn a_filter_that_no_cycle_repeats_is_asked_about_every_event() {
    let filter = EventFilter { pids: vec![7], ..EventFilter::default() };
    let wanted = EventSubscription::new("s").with_pattern("events.#").with_event_filter(filter);
    let (owed, lost) = told(&case(wanted), delivered(99));
    assert_eq!(owed, 100);
    assert!(lost[0].contains("99 of the 100"), "{lost:?}");
}

#[test]
fn a_refused_event_may_arrive_or_not() {
    let case = case(processes());
    let refused = |unique| Delivered { accepted: 990, ..delivered(unique) };
    for unique in [740, 745, 750] {
        assert_eq!(told(&case, refused(unique)).1, Vec::<String>::new(), "{unique}");
    }
    assert!(told(&case, refused(739)).1[0].contains("1 are lost"));
}

#[test]
fn what_came_late_or_twice_is_no_loss_and_told_for_what_it_is() {
    let case = case(processes());
    let (_, twice) = told(&case, Delivered { repeated: 3, ..delivered(750) });
    assert!(twice[0].ends_with("3 events a second time (C3)"), "{twice:?}");
    let (_, late) = told(&case, Delivered { repeated: 3, ..delivered(747) });
    assert_eq!(late.len(), 1);
    assert!(late[0].ends_with("after a later one, or a second time (C4)"), "{late:?}");
}

#[test]
fn who_may_lose_does_not_read_or_is_not_fenced_is_owed_nothing() {
    let spoils: [fn(&mut Case); 4] = [
        |case| case.topology.subscribers[0].subscription.policy = OverflowPolicy::DropNewest,
        |case| case.topology.subscribers[0].reading = Reading::Stopped,
        |case| case.topology.subscribers[0].from_start = false,
        |case| {
            let count = crate::plan::Count::Events(1);
            let rate = crate::plan::Rate::Max;
            case.phases[0].fence = false;
            case.phases[0].publish = vec![Publish { publisher: 0, count, rate }];
        },
    ];
    for spoil in spoils {
        let mut case = case(processes());
        spoil(&mut case);
        assert_eq!(told(&case, delivered(0)), (0, Vec::new()));
    }
}
