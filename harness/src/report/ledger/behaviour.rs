//! What cases of behaviour say about a criterion.

use super::super::figure::counted;
use super::super::{Behaviour, BehaviourRow, LeftBehind, Run};
use super::{Finding, State};
use crate::plan::{Bus, Claim};

/// What became of some cases on a bus.
#[derive(Default)]
struct Tally {
    held: usize,
    declared: usize,
    not_applicable: usize,
    /// What is against it, one sentence each.
    against: Vec<String>,
    /// What leaves it open, one sentence each.
    open: Vec<String>,
}

/// Every one of these cases must hold; the second list has scenarios that are not part of the profile.
pub(super) fn cases(
    run: &Run,
    bus: Bus,
    said: &str,
    (cases, absent): (&[String], &[String]),
) -> Finding {
    let mut tally = Tally::of(run, bus, cases, &|_| true);
    for case in cases.iter().filter(|case| leaves_something(run, bus, case)) {
        tally.against.push(format!("{case} leaves something behind"));
    }
    let left_out = |name: &String| format!("{name} is not part of profile {}", run.profile);
    tally.open.extend(absent.iter().map(left_out));
    tally.finding(said)
}

/// Nothing may break this number in any case, and every case that claims it must hold.
pub(super) fn claim(
    run: &Run,
    bus: Bus,
    (number, is_reported): (&str, bool),
    cases: &[String],
) -> Finding {
    let is_about_it = |row: &BehaviourRow| !is_reported || breaks(row, number);
    let mut tally = Tally::of(run, bus, cases, &is_about_it);
    // A case that does not claim the number may break it all the same.
    let elsewhere = run.behaviour.iter().filter(|row| {
        row.bus == bus && row.outcome == Behaviour::Fail && !cases.contains(&row.case)
    });
    let elsewhere = elsewhere.filter(|row| breaks(row, number));
    tally.against.extend(elsewhere.map(|row| format!("{} fails ({number})", row.case)));
    if number == Claim::C13.as_str() {
        let left = run.left_behind.iter().filter(|left| left.bus == Some(bus));
        let left = left.filter(|left| !left.tear_down.is_clean());
        tally.against.extend(left.map(|left| format!("{} leaves something behind", left.case)));
    }
    tally.finding(number)
}

/// Whether a failed case breaks a number of the contract, or what is declared against it no longer holds.
fn breaks(row: &BehaviourRow, number: &str) -> bool {
    row.violations.iter().any(|witness| witness.rule == number)
        || row
            .divergences
            .iter()
            .any(|one| one.declared.rule == number && one.standing.is_failure())
}

fn leaves_something(run: &Run, bus: Bus, case: &str) -> bool {
    let left =
        |row: &LeftBehind| row.bus == Some(bus) && row.case == case && !row.tear_down.is_clean();
    run.left_behind.iter().any(left)
}

impl Tally {
    /// `counts`: whether a row that failed is against what is asked.
    fn of(run: &Run, bus: Bus, cases: &[String], counts: &dyn Fn(&BehaviourRow) -> bool) -> Self {
        let mut tally = Self::default();
        let mut not_run = Vec::new();
        for case in cases {
            let mut rows =
                run.behaviour.iter().filter(|row| row.bus == bus && row.case == *case).peekable();
            if rows.peek().is_none() {
                not_run.push(format!("{case} was not run"));
            }
            rows.for_each(|row| tally.note(row, counts));
        }
        tally.open.extend(not_run);
        tally
    }

    fn note(&mut self, row: &BehaviourRow, counts: &dyn Fn(&BehaviourRow) -> bool) {
        let case = &row.case;
        match &row.outcome {
            Behaviour::Pass | Behaviour::Diverges if row.open_difference().is_some() => {
                let told = "the buses differ in it, and neither is shown to be wrong";
                self.open.push(format!("{case}: {told}"));
            }
            Behaviour::Pass => self.held += 1,
            Behaviour::Diverges => self.declared += 1,
            Behaviour::NotApplicable(_) => self.not_applicable += 1,
            Behaviour::NotExercised(what) => {
                self.open.push(format!("{case} was not exercised: {what}"));
            }
            Behaviour::Broken(why) => self.open.push(format!("{case} could not be judged: {why}")),
            Behaviour::Fail if counts(row) => {
                self.against.push(format!("{case} fails ({})", rule(row)));
            }
            Behaviour::Fail => {
                self.open.push(format!("{case} fails by another number ({})", rule(row)));
            }
        }
    }

    fn finding(self, said: &str) -> Finding {
        let against = Finding::first_of(State::Missed, &self.against);
        let open = || Finding::first_of(State::Open, &self.open);
        let mut found = against.or_else(open).unwrap_or_else(|| self.conclusion());
        found.told = format!("{said}: {}", found.told);
        found
    }

    /// Of cases that all were run, and of which none fails.
    fn conclusion(&self) -> Finding {
        let mut told = counted(self.held, "case holds", "cases hold");
        if self.declared > 0 {
            told = format!("{told}, {} as declared", self.declared);
        }
        if self.not_applicable > 0 {
            told = format!("{told}, {} not applicable", self.not_applicable);
        }
        // What applies nowhere shows nothing.
        let state = if self.held > 0 { State::Met } else { State::Open };
        Finding { state, told }
    }
}

fn rule(row: &BehaviourRow) -> &str {
    row.violations.first().map_or("its expectations", |witness| witness.rule.as_str())
}
