//! What is kept of a case that does not hold, for whoever must understand it: in the folder of its trial, beside
//! what its processes wrote and said.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use super::show;
use crate::plan::expand::explain;
use crate::plan::{Bus, Case};
use crate::record::History;
use crate::report::{Behaviour, BehaviourRow, chronicle};
use crate::scenario::{Profile, Scenario};

/// Says what is wrong, what lies beside it, and what was run.
pub(super) const CASE_FILE: &str = "case.txt";
/// What happened, a line of JSON each.
pub(super) const HISTORY_FILE: &str = "history.jsonl";

/// What lies in the folder; files nobody wrote are not there.
const CONTENTS: &str = "\
In this folder:
  history.jsonl             who published, received and did what, a line of JSON each, in order of time
  NAME.stderr               what an actor said on standard error; one without it said nothing
  *.published, *.received   the same history as the actors wrote it, in binary
reports/README.md of the project says more, under `What is kept of a case`.
";

/// What stands in the file of a case.
pub(super) struct Page<'a> {
    /// What is to be said of the case, the verdict first.
    pub(super) told: String,
    /// The bus whose folder has the same of the other side, if there is one.
    pub(super) beside: Option<Bus>,
    /// Every value of the case with its origin.
    pub(super) effective: &'a str,
}

impl Page<'_> {
    fn text(&self) -> String {
        let beside = self.beside.map_or_else(String::new, |bus| {
            format!("The same case on {bus}, to be compared: ../{bus}\n", bus = bus.as_str())
        });
        format!("{}\n{CONTENTS}{beside}\nAs it was run:\n\n{}", self.told, self.effective)
    }
}

/// Writes the page, and the history if there is one; `named` are the events of the witnesses.
pub(super) fn keep(
    directory: &Path,
    page: &Page<'_>,
    case: &Case,
    history: Option<&History>,
    named: &[String],
) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    fs::write(directory.join(CASE_FILE), page.text())?;
    if let Some(history) = history {
        let mut out = BufWriter::new(File::create(directory.join(HISTORY_FILE))?);
        chronicle(&mut out, case, history, named)?;
        out.flush()?;
    }
    Ok(())
}

/// All there is to say of a row: every witness, what each was set beside, and how to see it again.
pub(super) fn told(row: &BehaviourRow) -> String {
    let mut lines = vec![format!("{} {} on {}", row.outcome.word(), row.case, row.bus.as_str())];
    if let Behaviour::NotExercised(why) | Behaviour::Broken(why) = &row.outcome {
        lines.push(format!("  {why}"));
    }
    for witness in &row.violations {
        lines.push(format!("  {}: {}", witness.rule, witness.told()));
        if !witness.messages.is_empty() {
            lines.push(format!("    shown by {}", witness.messages.join(", ")));
        }
    }
    for one in &row.differences {
        let words = one.colour.in_words();
        lines.push(format!("  beside the baseline, {words}: {}", one.sentence));
    }
    lines.push(format!("  again: {}\n", row.rerun));
    lines.join("\n")
}

/// The events that the witnesses of a row name.
pub(super) fn named(row: &BehaviourRow) -> Vec<String> {
    let declared = row.divergences.iter().filter_map(|one| one.witness.as_ref());
    let witnesses = row.violations.iter().chain(declared);
    witnesses.flat_map(|witness| witness.messages.iter().cloned()).collect()
}

/// Every value of a case as it was run, with the line it comes from; nothing where its scenario is not known.
pub(super) fn effective(
    scenarios: &[Scenario],
    (profile, seed): (Profile, u64),
    case: &Case,
) -> String {
    let scenario = scenarios.iter().find(|scenario| scenario.name == case.scenario);
    let Some(scenario) = scenario else { return String::new() };
    let cases = explain(scenario, profile, seed).unwrap_or_default();
    let mut text = Vec::new();
    for own in cases.iter().filter(|own| own.case.id == case.id) {
        // Memory takes whatever is written to it.
        let _ = show::write_case(&mut text, scenario, own);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::failing;

    #[test]
    fn the_page_of_a_case_says_what_is_wrong_where_the_twin_is_and_what_was_run() {
        let folder = tempfile::tempdir().unwrap();
        let row = failing(Bus::Process);
        assert_eq!(named(&row), ["p0#18", "p0#17"]);
        let (told, beside) = (told(&row), Some(Bus::Crossbeam));
        let page = Page { told, beside, effective: "case ordering/one\n" };
        let case = Case::bare("ordering/one", Vec::new(), Vec::new());
        keep(&folder.path().join("new"), &page, &case, Some(&History::default()), &[]).unwrap();
        let text = fs::read_to_string(folder.path().join("new").join(CASE_FILE)).unwrap();
        assert!(text.starts_with("FAIL ordering/one on process\n  C4: s0 received"), "{text}");
        for part in ["shown by p0#18, p0#17", "again: eq", "../crossbeam", "\ncase ordering/one"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(folder.path().join("new").join(HISTORY_FILE).exists());
    }
}
