//! Declared divergences as people read them: a section of their own, with owner and last day.

use super::{BehaviourRow, DivergenceRow, Run};

/// Names of the columns of [`cells`].
pub(super) const HEADS: [&str; 9] =
    ["id", "case", "bus", "rule", "found", "standing", "owner", "until", "reason, and a witness"];

/// Every declared divergence of a run, with the row it was declared in.
pub(super) fn declared(run: &Run) -> impl Iterator<Item = (&BehaviourRow, &DivergenceRow)> {
    run.behaviour.iter().flat_map(|row| row.divergences.iter().map(move |one| (row, one)))
}

/// One declared divergence as text.
pub(super) fn cells(row: &BehaviourRow, one: &DivergenceRow) -> [String; 9] {
    let declared = &one.declared;
    let witness = one.witness.as_ref().map_or_else(String::new, |w| format!("; {}", w.told()));
    [
        declared.id.clone(),
        row.case.clone(),
        row.bus.as_str().to_owned(),
        declared.rule.clone(),
        one.violations.to_string(),
        one.standing.in_words().to_owned(),
        declared.owner.clone(),
        declared.until.to_string(),
        format!("{}{witness}", declared.reason),
    ]
}

/// The section of the terminal; nothing where nothing is declared.
pub(super) fn lines(run: &Run) -> Vec<String> {
    let mut lines: Vec<String> = declared(run).flat_map(|(row, one)| entry(row, one)).collect();
    if !lines.is_empty() {
        lines.insert(0, "declared divergences:".to_owned());
        lines.insert(0, String::new());
    }
    lines
}

fn entry(row: &BehaviourRow, one: &DivergenceRow) -> Vec<String> {
    let declared = &one.declared;
    let standing = if one.standing.is_failure() {
        one.standing.in_words().to_uppercase()
    } else {
        one.standing.in_words().to_owned()
    };
    let mut lines = vec![format!(
        "  {} {} on {}: {standing}, {} of {}; {} until {}: {}",
        declared.id,
        row.case,
        row.bus.as_str(),
        one.violations,
        declared.rule,
        declared.owner,
        declared.until,
        declared.reason,
    )];
    lines.extend(one.witness.as_ref().map(|witness| format!("    {}", witness.told())));
    lines
}

#[cfg(test)]
mod tests {
    use super::super::{Behaviour, Witness, sample, summary, table};
    use super::*;
    use crate::check::divergence::Standing;
    use crate::plan::{Bus, Day, Divergence, Observe};

    /// A run in which the bus of old did what is declared.
    fn run(standing: Standing) -> Run {
        let declared = Divergence {
            id: "V2".to_owned(),
            rule: "C10".to_owned(),
            bus: Bus::CrossbeamFaithful,
            reason: "dead receivers stay".to_owned(),
            owner: "the bus".to_owned(),
            until: Day::of("2027-12-31").expect("a day"),
            observe: Observe::Always,
        };
        let witness = Witness {
            rule: "C10".to_owned(),
            sentence: "it still counts for s0".to_owned(),
            subscriber: None,
            twin: None,
            messages: Vec::new(),
        };
        let row = DivergenceRow { declared, standing, violations: 3, witness: Some(witness) };
        let mut run = sample::run();
        run.behaviour.push(BehaviourRow {
            outcome: Behaviour::Diverges,
            divergences: vec![row],
            ..sample::passing(Bus::CrossbeamFaithful)
        });
        run
    }

    #[test]
    fn a_divergence_is_shown_apart_with_owner_last_day_and_witness() {
        let told = table(&run(Standing::Observed));
        assert!(told.contains("behaviour on crossbeam-faithful: 1 as declared"), "{told}");
        let entry = "  V2 ordering/one on crossbeam-faithful: observed, 3 of C10; the bus until \
                     2027-12-31: dead receivers stay\n    it still counts for s0";
        assert!(told.contains(entry), "{told}");
        assert!(!told.contains("FAIL"), "{told}");
        let page = summary(&run(Standing::Observed));
        let row = "| V2 | ordering/one | crossbeam-faithful | C10 | 3 | observed | the bus | \
                   2027-12-31 | dead receivers stay; it still counts for s0 |";
        assert!(page.contains("## Declared divergences") && page.contains(row), "{page}");
    }

    #[test]
    fn one_that_does_not_hold_is_told_loudly() {
        let told = table(&run(Standing::Expired));
        assert!(told.contains("EXPIRED"), "{told}");
    }

    #[test]
    fn nothing_declared_takes_no_room() {
        assert!(lines(&sample::run()).is_empty());
        assert!(!summary(&sample::run()).contains("eclared"));
    }
}
