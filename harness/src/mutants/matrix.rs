//! The kill matrix: who caught which mutant, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Catch, CheckerMatrix, Guard, Mutant};

/// What running the mutants came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KillMatrix {
    /// Revision of the project whose checks these are, or `unknown`.
    #[serde(default)]
    pub revision: String,
    /// The sound bus, bare and behind the wrapper, on every case that is used.
    pub reference: Vec<TrialRow>,
    /// Every mutant that was run.
    pub mutants: Vec<MutantRow>,
    /// Whether all mutants there are were judged; only then can a guard be said to catch none.
    pub complete: bool,
    /// Broken checkers, and what unmasks them.
    pub checkers: CheckerMatrix,
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialRow {
    /// What ran.
    pub name: String,
    /// On which case.
    pub case: String,
    /// What came of it.
    pub shown: Shown,
}

/// What came of one trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shown {
    /// It was run and judged.
    Judged(Catch),
    /// It could not be run: no verdict on the mutant, nor on the harness's checks.
    NotRun(String),
    /// The user interrupted before it was judged.
    Interrupted,
}

/// One mutant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MutantRow {
    /// What it does wrong, to follow "the bus".
    pub summary: String,
    /// The contract number it breaks.
    pub rule: String,
    /// Who judges that.
    pub guards: BTreeSet<Guard>,
    /// Its trial.
    pub trial: TrialRow,
}

impl MutantRow {
    /// A mutant and what came of its trial.
    pub fn new(mutant: &Mutant, shown: Shown) -> Self {
        Self {
            summary: mutant.fault.summary().to_owned(),
            rule: mutant.rule.to_owned(),
            guards: mutant.guards.iter().copied().collect(),
            trial: TrialRow {
                name: mutant.fault.name().to_owned(),
                case: mutant.case.to_owned(),
                shown,
            },
        }
    }

    /// Whether it ran and was caught by one who judges its promise.
    pub fn is_caught(&self) -> bool {
        matches!(self.trial.shown, Shown::Judged(_)) && self.complaint().is_none()
    }

    /// What is wrong with it; `None` for a mutant that was caught by one who judges its promise.
    pub fn complaint(&self) -> Option<String> {
        let TrialRow { name, case, shown } = &self.trial;
        let Shown::Judged(catch) = shown else { return None };
        if catch.kills.keys().any(|guard| self.guards.contains(guard)) {
            return None;
        }
        let others: Vec<&str> = catch.kills.keys().map(|guard| guard.name()).collect();
        let wanted: Vec<&str> = self.guards.iter().map(|guard| guard.name()).collect();
        let wanted = wanted.join(", ");
        Some(match &catch.broken {
            Some(why) => format!("{name} on {case} gave a history that is no evidence: {why}"),
            None if others.is_empty() => {
                format!("{name} survived {case}: {wanted} should have caught it")
            }
            None => format!(
                "{name} was caught on {case} by {} alone, which does not judge {}: {wanted} \
                 should have",
                others.join(", "),
                self.rule
            ),
        })
    }
}

impl KillMatrix {
    /// Everything that makes it fail, in sentences.
    pub fn complaints(&self) -> Vec<String> {
        let reference = self.reference.iter().filter_map(|row| {
            let Shown::Judged(Catch { kills, witnesses, broken }) = &row.shown else { return None };
            let why = witnesses.values().next().or(broken.as_ref())?;
            let guards: Vec<&str> = kills.keys().map(|guard| guard.name()).collect();
            let TrialRow { name, case, .. } = row;
            Some(format!("{name} breaks nothing, but {} on {case}: {why}", guards.join(", ")))
        });
        let mutants = self.mutants.iter().filter_map(MutantRow::complaint);
        let idle = self.idle_guards().into_iter().map(|guard| {
            format!("{} ({}) caught no mutant that it is for", guard.name(), guard.rule())
        });
        reference.chain(mutants).chain(idle).chain(self.checkers.complaints()).collect()
    }

    /// Trials that could not be run, in sentences.
    pub fn not_run(&self) -> Vec<String> {
        self.trials()
            .filter_map(|TrialRow { name, case, shown }| match shown {
                Shown::NotRun(why) => Some(format!("{name} on {case} was not run: {why}")),
                Shown::Judged(_) | Shown::Interrupted => None,
            })
            .collect()
    }

    /// Whether the user interrupted before every trial was judged.
    pub fn is_interrupted(&self) -> bool {
        self.trials().any(|row| row.shown == Shown::Interrupted)
    }

    /// Notes whether every mutant of the project, and each reference trial, was judged.
    pub fn settle(&mut self, are_all_chosen: bool) {
        let judged = |row: &TrialRow| matches!(row.shown, Shown::Judged(_));
        self.complete = are_all_chosen && self.trials().all(judged);
    }

    fn trials(&self) -> impl Iterator<Item = &TrialRow> {
        self.reference.iter().chain(self.mutants.iter().map(|row| &row.trial))
    }

    /// Guards, in contract order, with the mutants each has caught, related or not.
    pub fn kills_by_guard(&self) -> BTreeMap<Guard, Vec<&str>> {
        let mut kills: BTreeMap<Guard, Vec<&str>> =
            Guard::all().into_iter().map(|guard| (guard, Vec::new())).collect();
        for row in &self.mutants {
            if let Shown::Judged(catch) = &row.trial.shown {
                for guard in catch.kills.keys() {
                    kills.entry(*guard).or_default().push(&row.trial.name);
                }
            }
        }
        kills
    }

    fn idle_guards(&self) -> Vec<Guard> {
        if !self.complete {
            return Vec::new();
        }
        let caught = |row: &MutantRow, guard: Guard| {
            matches!(&row.trial.shown, Shown::Judged(catch) if catch.kills.contains_key(&guard))
                && row.guards.contains(&guard)
        };
        let all = Guard::all().into_iter();
        all.filter(|guard| !self.mutants.iter().any(|row| caught(row, *guard))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Check;
    use crate::mutants::{MUTANTS, Remains, SOUND};

    const DELIVERY: Guard = Guard::Check(Check::Delivery);
    const LEFT: Guard = Guard::TearDown(Remains::Failure);

    fn catch(guards: &[Guard]) -> Shown {
        Shown::Judged(Catch {
            kills: guards.iter().map(|guard| (*guard, 1)).collect(),
            witnesses: guards.iter().map(|guard| (*guard, "it broke".to_owned())).collect(),
            broken: None,
        })
    }

    fn matrix(shown: Shown) -> KillMatrix {
        let mutants = vec![MutantRow::new(&MUTANTS[0], shown)];
        KillMatrix { mutants, ..KillMatrix::default() }
    }

    #[test]
    fn a_mutant_caught_by_one_who_judges_its_promise_is_no_complaint() {
        let matrix = matrix(catch(&[DELIVERY, LEFT]));
        assert_eq!(matrix.complaints(), Vec::<String>::new());
    }

    #[test]
    fn a_survivor_is_a_complaint() {
        let complaints = matrix(catch(&[])).complaints();
        assert!(complaints[0].contains("survived"), "{complaints:?}");
    }

    #[test]
    fn a_mutant_caught_by_an_unrelated_guard_alone_is_a_complaint() {
        let complaints = matrix(catch(&[LEFT])).complaints();
        assert!(complaints[0].contains("ended-badly alone"), "{complaints:?}");
    }

    #[test]
    fn a_history_that_is_no_evidence_catches_nothing() {
        let broken = Some("it cannot have happened".to_owned());
        let complaints = matrix(Shown::Judged(Catch { broken, ..Catch::default() })).complaints();
        assert!(complaints[0].contains("no evidence"), "{complaints:?}");
    }

    #[test]
    fn a_reference_that_is_caught_is_a_complaint() {
        let row = TrialRow {
            name: "the reference".to_owned(),
            case: SOUND.case.to_owned(),
            shown: catch(&[DELIVERY]),
        };
        let matrix = KillMatrix { reference: vec![row], ..KillMatrix::default() };
        assert!(matrix.complaints()[0].contains("it broke"), "{:?}", matrix.complaints());
    }

    #[test]
    fn a_guard_that_catches_no_mutant_of_its_own_is_a_complaint_once_all_have_run() {
        let mut matrix = matrix(catch(&[DELIVERY, LEFT]));
        matrix.complete = true;
        let complaints = matrix.complaints();
        assert_eq!(complaints.len(), Guard::all().len() - 1, "{complaints:?}");
        let told = |guard: &str| complaints.iter().any(|one| one.starts_with(guard));
        assert!(told("ended-badly") && !told("delivery"), "{complaints:?}");
    }

    #[test]
    fn an_interrupted_trial_is_no_survivor_and_leaves_no_guard_idle() {
        let mut matrix = matrix(Shown::Interrupted);
        matrix.settle(true);
        assert!(matrix.is_interrupted() && !matrix.complete);
        assert_eq!(matrix.complaints(), Vec::<String>::new());
        assert_eq!(matrix.not_run(), Vec::<String>::new());
    }

    #[test]
    fn only_a_matrix_of_judged_trials_is_complete() {
        let mut unrun = matrix(Shown::NotRun("no thread".to_owned()));
        unrun.settle(true);
        assert!(!unrun.complete);
        let mut judged = matrix(catch(&[DELIVERY]));
        judged.settle(false);
        assert!(!judged.complete);
        judged.settle(true);
        assert!(judged.complete);
    }

    #[test]
    fn a_trial_that_was_not_run_is_neither_a_kill_nor_a_survivor() {
        let matrix = matrix(Shown::NotRun("no thread".to_owned()));
        assert_eq!(matrix.complaints(), Vec::<String>::new());
        assert_eq!(matrix.not_run().len(), 1);
    }
}
