//! What somebody looked at and does not accept: `scenarios/refused.toml`, which `review` writes.
//!
//! A refusal excuses nothing. It keeps a failure from being asked about again, and says whose it is to mend.

use std::io::ErrorKind;
use std::path::Path;

use super::named::bus;
use super::{Bus, Day};
use crate::scenario::{
    At, Problems, Source, StrictError, Table, load_strictly, parse_strictly, suggestion,
};

/// Name of the file in the folder of scenarios.
pub const REFUSED_FILE: &str = "refused.toml";

/// One difference that is a defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The scenario it shows in.
    pub scenario: String,
    /// The bus it shows on.
    pub bus: Bus,
    /// What it is told as: a number of the contract, `expect`, the id of a divergence, or `difference`.
    pub rule: String,
    /// Why it is not accepted.
    pub reason: String,
    /// Who answers for its repair.
    pub owner: String,
    /// When that was said.
    pub day: Day,
}

/// Reads those of a folder of scenarios with these names; a folder without the file has none.
pub fn load(folder: &Path, scenarios: &[&str]) -> Result<Vec<Refusal>, StrictError> {
    match load_strictly(&folder.join(REFUSED_FILE), |table| refusals(table, scenarios)) {
        Err(StrictError::Read { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
            Ok(Vec::new())
        }
        read => read,
    }
}

/// Reads the text of the file, or tells all its mistakes; one that is about none of these scenarios is one.
pub fn parse(source: Source, scenarios: &[&str]) -> Result<Vec<Refusal>, Problems> {
    parse_strictly(source, |table| refusals(table, scenarios))
}

fn refusals(table: &Table<'_>, scenarios: &[&str]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for one in table.tables("refused", "refused") {
        refusals.extend(refusal(&one, scenarios));
        one.finish();
    }
    refusals
}

fn refusal(table: &Table<'_>, scenarios: &[&str]) -> Option<Refusal> {
    // All of it is read before any of it is given up: every mistake is told.
    let scenario = table.required("scenario", |at| known(at, scenarios));
    let bus = table.required("bus", bus);
    let rule = table.required("rule", At::text);
    let reason = table.required("reason", At::text);
    let owner = table.required("owner", At::text);
    let day = table.required("day", Day::at);
    let (scenario, bus, rule) = (scenario?, bus?, rule?);
    Some(Refusal { scenario, bus, rule, reason: reason?, owner: owner?, day: day? })
}

fn known(at: &At<'_>, scenarios: &[&str]) -> Option<String> {
    let name = at.text()?;
    if scenarios.contains(&name.as_str()) {
        return Some(name);
    }
    let label = suggestion(&name, scenarios.iter().copied()).map_or_else(
        || "take the entry out if the scenario is gone".to_owned(),
        |near| format!("did you mean {near:?}?"),
    );
    at.refuse(format!("there is no scenario {name:?}"), label);
    None
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(text: &str) -> Result<Vec<Refusal>, String> {
        let source = Source { path: REFUSED_FILE.to_owned(), text: text.to_owned() };
        parse(source, &["ordering/one"]).map_err(|problems| problems.to_string())
    }

    const ONE: &str = r#"format = 1
[[refused]]
scenario = "ordering/one"
bus = "process"
rule = "C4"
reason = "a race of the reader"
owner = "bus"
day = "2026-11-30"
"#;

    #[test]
    fn what_was_refused_is_read_whole() {
        let [one] = &read(ONE).expect("valid")[..] else { panic!("one") };
        assert_eq!(
            (one.scenario.as_str(), one.bus, one.rule.as_str()),
            ("ordering/one", Bus::Process, "C4")
        );
        assert_eq!(one.day.to_string(), "2026-11-30");
        assert!(read("format = 1\n").expect("valid").is_empty());
    }

    #[test]
    fn a_mistake_is_told_at_its_place() {
        for (right, wrong, told) in [
            ("\"process\"", "\"proces\"", "did you mean"),
            ("2026-11-30", "2026-11-31", "expected a day"),
            ("owner = ", "owners = ", "owner"),
            ("ordering/one", "ordering/on", "did you mean \"ordering/one\"?"),
            ("ordering/one", "gone", "take the entry out"),
        ] {
            let error = read(&ONE.replace(right, wrong)).expect_err(wrong);
            assert!(error.contains(told) && error.contains("refused.toml:"), "{error}");
        }
    }

    #[test]
    fn a_folder_without_the_file_has_none() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(load(folder.path(), &[]).expect("none").is_empty());
        fs::create_dir(folder.path().join(REFUSED_FILE)).expect("made");
        assert!(matches!(load(folder.path(), &[]), Err(StrictError::Read { .. })));
    }
}
