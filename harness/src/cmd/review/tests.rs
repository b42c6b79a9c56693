//! Decisions and what they leave in the files.

use tempfile::TempDir;

use super::*;
use crate::plan::Bus;
use crate::report::sample::{differing, failing, run};

/// 30 November 2026.
const TODAY: u64 = 1_795_996_800;

const SCENARIO: &str = r#"# Why it is so.
format = 1
name = "ordering/one"
claims = ["C4"]
kind = "behaviour"
summary = "One publisher, one reader."

[[topology.publisher]]
name = "p"

[[topology.subscriber]]
name = "s"
patterns = ["events.#"]

[[phase]]
name = "burst"
publish = [{ count = 10 }]
"#;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("ordering")).expect("made");
    fs::write(folder.path().join("ordering/one.toml"), SCENARIO).expect("written");
    folder
}

/// Walks what a report with these rows has to be decided; what was shown, and how many are open.
fn walked(
    folder: &TempDir,
    rows: Vec<crate::report::BehaviourRow>,
    typed: &str,
) -> (String, usize) {
    let run = crate::report::Run { behaviour: rows, ..run() };
    let open = findings(&run);
    let mut desk = Desk { folder: folder.path(), today: TODAY, undecided: open.len() };
    let (mut input, mut output) = (typed.as_bytes(), Vec::new());
    desk.walk(&open, &mut Terminal::new(&mut input, &mut output)).expect("answered");
    (String::from_utf8(output).expect("UTF-8"), desk.undecided)
}

fn scenario(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("ordering/one.toml")).expect("it is there")
}

#[test]
fn what_is_accepted_is_declared_and_excuses_the_next_run() {
    let folder = folder();
    let typed = "accept\n\nA race.\nbus\n\nmay\n";
    let (shown, undecided) = walked(&folder, vec![failing(Bus::Process)], typed);
    assert!(shown.contains("[1/1]") && shown.contains("accepted until 2027-03-01"), "{shown}");
    assert_eq!(undecided, 0);
    let text = scenario(&folder);
    assert!(text.starts_with(SCENARIO), "{text}");
    let source = Source { path: "one.toml".to_owned(), text };
    let read = Scenario::parse(source).expect("TOML");
    let cases = expand(&read, Profile::Pr, 0).expect("valid");
    let [declared] = &cases[0].divergences[..] else { panic!("one") };
    assert_eq!((declared.bus, declared.rule.as_str()), (Bus::Process, "C4"));
}

#[test]
fn what_is_refused_is_known_and_the_scenario_stays() {
    let folder = folder();
    let typed = "refuse\nA defect.\nbus\n";
    let (_, undecided) = walked(&folder, vec![failing(Bus::Process)], typed);
    assert_eq!((undecided, scenario(&folder).as_str()), (0, SCENARIO));
    let refusals = refusals::load(folder.path(), &["ordering/one"]).expect("written by us");
    let run = crate::report::Run { behaviour: vec![failing(Bus::Process)], ..run() };
    assert!(is_of(&refusals[0], &findings(&run)[0]));
    assert_eq!(refusals[0].day.to_string(), "2026-11-30");
}

#[test]
fn what_a_scenario_cannot_declare_is_not_accepted() {
    let folder = folder();
    let mut row = failing(Bus::Process);
    row.violations[0].rule = "expect".to_owned();
    let (shown, undecided) = walked(&folder, vec![row, differing(Bus::Agent)], "\n\n");
    assert!(shown.contains("expect is no number of the contract"), "{shown}");
    assert!(shown.contains("no promise is broken"), "{shown}");
    assert_eq!(undecided, 2);
}

#[test]
fn a_scenario_that_would_be_wrong_stays_as_it_is() {
    let folder = folder();
    let twice = format!(
        "{SCENARIO}\n[[divergence]]\nid = \"V2\"\nrule = \"C4\"\nbus = \"process\"\nreason = \"a\"\n\
         owner = \"b\"\nuntil = \"2027-01-01\"\n"
    );
    fs::write(folder.path().join("ordering/one.toml"), &twice).expect("written");
    let typed = "accept\n\nA race.\nbus\n\n\n";
    let (shown, undecided) = walked(&folder, vec![failing(Bus::Process)], typed);
    assert!(shown.contains("declared twice") && shown.contains("stays as it is"), "{shown}");
    assert_eq!((undecided, scenario(&folder)), (1, twice));
}

#[test]
fn who_quits_leaves_the_rest_undecided() {
    let folder = folder();
    let rows = vec![failing(Bus::Process), failing(Bus::Agent)];
    let (_, undecided) = walked(&folder, rows, "quit\n");
    assert_eq!(undecided, 2);
}
