//! Promises that performance trials put to the test on their way: counts, judged (C1, C3, C4).
//!
//! A broken one is a failure of behaviour, whatever the gates say; the trial that shows it is invalid
//! besides, so that its figures decide nothing.

use crate::check::{Check, Counted, Violation};
use crate::cmd::behaviour::{row, witness};
use crate::cmd::selection::Wanted;
use crate::plan::{Bus, Case, Claim};
use crate::report::{Behaviour, BehaviourRow, CheckedRow, Witness};

/// The number that is shown only where some subscriber may lose nothing.
const LOSSLESS: Claim = Claim::C1;

/// What the trials of one case showed, by bus.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Promises {
    buses: Vec<Kept>,
}

/// What the trials on one bus showed.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    bus: Bus,
    trials: u32,
    /// Trials in which something was broken.
    broken: u32,
    /// Events that had to arrive, over all trials.
    owed: u64,
    /// What the first such trial broke.
    violations: Vec<Violation>,
}

impl Promises {
    /// Notes one trial.
    pub fn note(&mut self, bus: Bus, counted: Counted) {
        let at = self.buses.iter().position(|kept| kept.bus == bus).unwrap_or_else(|| {
            self.buses.push(Kept { bus, trials: 0, broken: 0, owed: 0, violations: Vec::new() });
            self.buses.len() - 1
        });
        let kept = &mut self.buses[at];
        kept.trials += 1;
        kept.owed += counted.owed;
        if !counted.violations.is_empty() {
            kept.broken += 1;
            if kept.broken == 1 {
                kept.violations = counted.violations;
            }
        }
    }

    /// Everything broken, in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let told = |kept: &Kept| {
            let (bus, broken, trials) = (kept.bus.as_str(), kept.broken, kept.trials);
            let sentence = kept.violations.first()?.sentence.clone();
            Some(format!("{bus}: {sentence}, and so in {broken} of {trials} trial(s)"))
        };
        self.buses.iter().filter_map(told).collect()
    }

    /// A row for each bus that broke something, or on which a claim had nothing to look at.
    pub fn rows(&self, case: &Case, wanted: &Wanted) -> Vec<BehaviourRow> {
        self.buses.iter().filter_map(|kept| kept.row(case, wanted)).collect()
    }
}

impl Kept {
    fn row(&self, case: &Case, wanted: &Wanted) -> Option<BehaviourRow> {
        let is_claimed = case.claims.contains(&LOSSLESS);
        let outcome = if self.broken > 0 {
            Behaviour::Fail
        } else if is_claimed && self.owed == 0 {
            let claim = LOSSLESS.as_str();
            let why = format!("{claim}: no subscriber had to receive anything");
            Behaviour::NotExercised(why)
        } else {
            return None;
        };
        let mut row = row(case, self.bus, wanted, outcome);
        row.violations = self.violations.iter().map(|one| self.witness(one)).collect();
        let found = self.violations.len() as u64;
        let check = Check::Delivery.name().to_owned();
        row.checked = vec![CheckedRow { check, items: self.owed, violations: found }];
        Some(row)
    }

    fn witness(&self, violation: &Violation) -> Witness {
        let told = witness(violation);
        let (broken, trials) = (self.broken, self.trials);
        let sentence = format!("{}; {broken} of {trials} trial(s) break a promise", told.sentence);
        Witness { sentence, ..told }
    }
}
