//! Each question of a soak fails on the defect it is for, and on nothing else.

use super::*;
use crate::record::{Churned, SequenceRun};

const EVENTS_PER_ROUND: u64 = 25_000;

/// A soak of so many rounds, the broker growing by so many bytes an event and holding so many
/// descriptors more with each round. Page by page, as the kernel counts.
fn soak(rounds: u64, bytes_per_event: f64, descriptors_per_round: f64) -> SoakRecord {
    const PAGE_BYTES: u64 = 4096;
    let sample = |round: u64| {
        let events = round * EVENTS_PER_ROUND;
        // A few pages more or less, as caches fill and empty.
        let wobble = (round * 7 % 5) * PAGE_BYTES;
        let grown = bytes_per_event * events as f64 / PAGE_BYTES as f64;
        let more = (descriptors_per_round * round as f64).floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
        let held = Held {
            anonymous_bytes: 5_000_000 + wobble + grown as u64 * PAGE_BYTES,
            descriptors: 20 + more as u64,
        };
        SoakSample { at_s: round as f64 * 5.0, events, rounds: round, held: vec![Some(held)] }
    };
    let published = rounds * EVENTS_PER_ROUND;
    let run =
        SequenceRun { first: 1, last: published, unique: published, ..SequenceRun::default() };
    SoakRecord {
        rate: 5000.0,
        seconds: rounds as f64 * 5.0,
        processes: vec!["broker".to_owned()],
        samples: (1..=rounds).map(sample).collect(),
        published: vec![published],
        stayed: vec![Reading { name: "s0".to_owned(), runs: vec![run], foreign: 0, lagged: 0 }],
        churned: Churned { left: rounds, killed: rounds, ..Churned::default() },
        reconnected: rounds,
        ..SoakRecord::default()
    }
}

fn verdicts(record: &SoakRecord) -> Vec<(String, Verdict)> {
    judge_soak(record).into_iter().map(|row| (row.about, row.verdict)).collect()
}

/// The one row that does not pass.
fn objection(record: &SoakRecord) -> (String, Verdict) {
    let objecting: Vec<_> =
        verdicts(record).into_iter().filter(|(_, verdict)| *verdict != Verdict::Pass).collect();
    assert_eq!(objecting.len(), 1, "{objecting:?}");
    objecting.into_iter().next().expect("one")
}

fn failed(about: &str) -> (String, Verdict) {
    (about.to_owned(), Verdict::Fail)
}

#[test]
fn a_soak_that_loses_nothing_and_grows_nowhere_passes_throughout() {
    let verdicts = verdicts(&soak(360, 0.0, 0.0));
    assert!(verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Pass), "{verdicts:?}");
    assert_eq!(verdicts.len(), 6);
}

#[test]
fn planted_growth_beyond_the_limit_fails_and_below_it_passes() {
    assert_eq!(objection(&soak(360, 0.25, 0.0)), failed("memory broker"));
    assert_eq!(objection(&soak(360, 1024.0, 0.0)), failed("memory broker"));
    let verdicts = verdicts(&soak(360, 0.1, 0.0));
    assert!(verdicts.iter().all(|(_, verdict)| *verdict == Verdict::Pass), "{verdicts:?}");
}

#[test]
fn a_soak_too_short_to_tell_passes_no_judgement_on_growth() {
    let few = Verdict::Inconclusive(Reason::TooFewSamples);
    let undecided = verdicts(&soak(5, 0.0, 0.0)).into_iter().filter(|(_, verdict)| *verdict == few);
    assert_eq!(undecided.count(), 2);
    // Memory that goes up and down by megabytes says as little about 0.2 bytes an event.
    let mut noisy = soak(360, 0.0, 0.0);
    for sample in &mut noisy.samples {
        let wave = sample.rounds * 37 % 61 * 1_000_000;
        let held = sample.held[0].as_mut().expect("it was read");
        held.anonymous_bytes += wave;
    }
    let noise = Verdict::Inconclusive(Reason::Noise);
    assert_eq!(objection(&noisy), ("memory broker".to_owned(), noise));
}

#[test]
fn a_descriptor_left_behind_by_one_round_in_fifty_fails() {
    assert_eq!(objection(&soak(360, 0.0, 1.0)), failed("descriptors broker"));
    assert_eq!(objection(&soak(360, 0.0, 0.02)), failed("descriptors broker"));
}

#[test]
fn one_event_lost_twice_foreign_or_last_fails_the_loss_row() {
    type Defect = fn(&mut SoakRecord);
    let defects: [Defect; 7] = [
        |record| record.stayed[0].runs[0].missing = 1,
        |record| record.stayed[0].runs[0].repeated = 1,
        |record| record.stayed[0].runs[0].first = 2,
        |record| record.stayed[0].runs[0].last -= 1,
        |record| record.stayed[0].foreign = 1,
        |record| record.stayed[0].lagged = 1,
        |record| record.refused = 1,
    ];
    for (number, defect) in defects.into_iter().enumerate() {
        let mut record = soak(360, 0.0, 0.0);
        defect(&mut record);
        assert_eq!(objection(&record), failed("loss"), "defect {number}");
    }
}

#[test]
fn a_broken_life_or_no_churn_at_all_fails_the_churn_row() {
    let mut record = soak(360, 0.0, 0.0);
    record.churned.broken = 1;
    assert_eq!(objection(&record), failed("churn"));
    let mut record = soak(360, 0.0, 0.0);
    record.churned.killed = 0;
    assert_eq!(objection(&record), failed("churn"));
}

#[test]
fn what_remains_and_what_was_not_published_in_time_are_told() {
    let mut record = soak(360, 0.0, 0.0);
    record.left.push("a socket".to_owned());
    assert_eq!(objection(&record), failed("left behind"));
    let mut record = soak(360, 0.0, 0.0);
    record.rate *= 1.02;
    let late = Verdict::Inconclusive(Reason::GeneratorLate);
    assert_eq!(objection(&record), ("rate".to_owned(), late));
}

#[test]
fn a_host_that_tells_nothing_is_not_taken_for_one_without_growth() {
    let mut record = soak(360, 0.0, 0.0);
    record.samples[300].held[0] = None;
    let unread = verdicts(&record).into_iter().filter(|(_, verdict)| *verdict == unread());
    assert_eq!(unread.count(), 2);
}
