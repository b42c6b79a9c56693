//! What a report says that somebody has to decide about: each broken promise, each declaration that no
//! longer holds and each difference nobody is to blame for, once for a scenario and a bus.

use crate::check::divergence::Standing;
use crate::plan::refusals::Refusal;
use crate::plan::{Bus, Divergence, scenario_of};
use crate::report::{BehaviourRow, DivergenceRow, Run};

/// What a refusal calls a difference that breaks no promise.
const DIFFERENCE: &str = "difference";

/// One thing to decide about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// The scenario it shows in; what is declared is declared for all of its cases.
    pub(super) scenario: String,
    pub(super) bus: Bus,
    pub(super) what: What,
    /// What the scenario declared in that run, where the finding is that it does not hold.
    pub(super) declared: Option<Divergence>,
    /// The cases it shows in.
    pub(super) cases: Vec<String>,
    /// What happened in the first of them.
    pub(super) witness: String,
    /// The events that show it there.
    pub(super) messages: Vec<String>,
    /// The command that runs the first of them again.
    pub(super) rerun: String,
}

/// Of what sort it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A promise was broken, by its number; `expect` is what the scenario itself demands.
    Broken(String),
    /// A declared divergence, by its id, is past its last day.
    Expired(String),
    /// A declared divergence, by its id, must show and did not.
    NotObserved(String),
    /// The buses differ, and neither is shown to be wrong.
    Difference,
}

impl What {
    /// As a refusal calls it.
    pub(super) fn rule(&self) -> &str {
        match self {
            Self::Broken(rule) | Self::Expired(rule) | Self::NotObserved(rule) => rule,
            Self::Difference => DIFFERENCE,
        }
    }

    /// In one clause.
    fn told(&self) -> String {
        match self {
            Self::Broken(rule) => format!("breaks {rule}"),
            Self::Expired(id) => format!("departs as {id} declares, which has expired"),
            Self::NotObserved(id) => format!("does not depart as {id} declares"),
            Self::Difference => "differs from the baseline".to_owned(),
        }
    }
}

impl Finding {
    /// The head of its page: `process breaks C4 in ordering/one`.
    pub(super) fn head(&self) -> String {
        format!("{} {} in {}", self.bus.as_str(), self.what.told(), self.scenario)
    }

    /// Whether this is what was refused.
    pub(super) fn is_of(&self, refusal: &Refusal) -> bool {
        (self.scenario.as_str(), self.bus, self.what.rule())
            == (refusal.scenario.as_str(), refusal.bus, refusal.rule.as_str())
    }

    /// All there is to know about it.
    pub(super) fn page(&self) -> String {
        let mut lines = vec![self.head(), format!("  {}", self.witness)];
        if !self.messages.is_empty() {
            lines.push(format!("  shown by {}", self.messages.join(", ")));
        }
        if let [_, others @ ..] = &self.cases[..]
            && !others.is_empty()
        {
            lines.push(format!("  and so in {}", others.join(", ")));
        }
        lines.push(format!("  again: {}", self.rerun));
        lines.join("\n")
    }
}

/// Everything to decide about in a report, in its order.
pub(super) fn findings(run: &Run) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for found in run.behaviour.iter().flat_map(of_row) {
        let is_same = |known: &&mut Finding| {
            (&known.scenario, known.bus, &known.what) == (&found.scenario, found.bus, &found.what)
        };
        match all.iter_mut().find(is_same) {
            Some(known) if known.cases.contains(&found.cases[0]) => {}
            Some(known) => known.cases.extend(found.cases),
            None => all.push(found),
        }
    }
    all
}

fn of_row(row: &BehaviourRow) -> Vec<Finding> {
    let finding = |what: What, witness: String, messages: &[String]| Finding {
        scenario: scenario_of(&row.case).to_owned(),
        bus: row.bus,
        what,
        declared: None,
        cases: vec![row.case.clone()],
        witness,
        messages: messages.to_vec(),
        rerun: row.rerun.clone(),
    };
    let no_longer_hold = row.divergences.iter().filter_map(|one| Some((one, lapsed(one)?)));
    let mut all: Vec<Finding> = no_longer_hold
        .map(|(one, what)| {
            let declared = &one.declared;
            let said = format!("{} until {}: {}", declared.owner, declared.until, declared.reason);
            let seen = one.witness.as_ref().map(|witness| format!("; {}", witness.sentence));
            let told = format!("{said}{}", seen.unwrap_or_default());
            Finding { declared: Some(declared.clone()), ..finding(what, told, &[]) }
        })
        .collect();
    let is_declared =
        |rule: &str| row.divergences.iter().any(|one| lapsed(one).is_some() && covers(one, rule));
    for witness in row.violations.iter().filter(|witness| !is_declared(&witness.rule)) {
        let what = What::Broken(witness.rule.clone());
        if all.iter().all(|known| known.what != what) {
            all.push(finding(what, witness.told(), &witness.messages));
        }
    }
    let open = row.open_difference().map(|open| open.sentence.clone());
    all.extend(open.map(|told| finding(What::Difference, told, &[])));
    all
}

/// What a declaration comes to that does not hold.
fn lapsed(row: &DivergenceRow) -> Option<What> {
    let id = row.declared.id.clone();
    match row.standing {
        Standing::Expired => Some(What::Expired(id)),
        Standing::NotObserved => Some(What::NotObserved(id)),
        Standing::Observed | Standing::Absent => None,
    }
}

/// Whether a violation is the complaint about a declaration, or what it declares.
fn covers(row: &DivergenceRow, rule: &str) -> bool {
    row.declared.id == rule || row.declared.rule == rule
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Day, Observe};
    use crate::report::sample::{differing, failing, passing, run};

    fn told(rows: Vec<BehaviourRow>) -> Vec<String> {
        let run = Run { behaviour: rows, ..run() };
        findings(&run).iter().map(Finding::head).collect()
    }

    #[test]
    fn a_promise_broken_in_two_cases_is_one_thing_to_decide() {
        let of = |case: &str| BehaviourRow { case: case.to_owned(), ..failing(Bus::Process) };
        let rows = vec![passing(Bus::Crossbeam), of("ordering/one[a=1]"), of("ordering/one[a=2]")];
        let run = Run { behaviour: rows, ..run() };
        let [one] = &findings(&run)[..] else { panic!("one") };
        assert_eq!(one.head(), "process breaks C4 in ordering/one");
        assert_eq!(one.cases, ["ordering/one[a=1]", "ordering/one[a=2]"]);
        let page = one.page();
        assert!(page.contains("and so in ordering/one[a=2]"), "{page}");
        assert!(page.contains("again: equivalence --scenario ordering/one"), "{page}");
    }

    #[test]
    fn other_rules_other_buses_and_differences_are_things_of_their_own() {
        let mut other = failing(Bus::Process);
        other.violations[0].rule = "C1".to_owned();
        let rows =
            vec![failing(Bus::Process), other, failing(Bus::Agent), differing(Bus::Embedded)];
        assert_eq!(
            told(rows),
            [
                "process breaks C4 in ordering/one",
                "process breaks C1 in ordering/one",
                "agent breaks C4 in ordering/one",
                "embedded differs from the baseline in ordering/one",
            ]
        );
    }

    #[test]
    fn a_declaration_that_does_not_hold_is_one_thing_with_what_it_declares() {
        let declared = Divergence {
            id: "V2".to_owned(),
            rule: "C4".to_owned(),
            bus: Bus::Process,
            reason: "known".to_owned(),
            owner: "bus".to_owned(),
            until: Day::of("2026-01-01").expect("a day"),
            observe: Observe::Always,
        };
        let mut row = failing(Bus::Process);
        let mut complaint = row.violations[0].clone();
        complaint.rule = "V2".to_owned();
        row.violations.push(complaint);
        let witness = Some(row.violations[0].clone());
        let standing = Standing::Expired;
        row.divergences = vec![DivergenceRow { declared, standing, violations: 1, witness }];
        let head = "process departs as V2 declares, which has expired in ordering/one";
        assert_eq!(told(vec![row.clone()]), [head]);
        row.divergences[0].standing = Standing::Observed;
        assert_eq!(told(vec![row]).len(), 2, "one that holds explains no other rule");
    }
}
