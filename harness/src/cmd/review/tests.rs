//! Decisions, and what they leave in the files.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::finding::Finding;
use super::*;
use crate::check::divergence::Standing;
use crate::plan::refusals::REFUSED_FILE;
use crate::plan::{Bus, Divergence, Observe, expand};
use crate::report::sample::{differing, failing, run};
use crate::report::{BehaviourRow, DivergenceRow};
use crate::scenario::{Profile, load};

/// 30 November 2026, seconds since 1970.
const NOW_UNIX_S: u64 = 1_795_996_800;

/// What is typed to accept a broken promise.
const ACCEPTED: &str = "accept\n\nA race.\nbus\n\nmay\n";

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

/// The same with some of the files of a recorded scenario of the project.
fn with_recorded(files: &[&str]) -> TempDir {
    let folder = folder();
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/recorded");
    let copies = folder.path().join("recorded");
    fs::create_dir(&copies).expect("made");
    for file in files {
        fs::copy(ours.join(file), copies.join(file)).expect("copied");
    }
    folder
}

/// What a report with these rows leaves to decide.
fn found(rows: Vec<BehaviourRow>) -> Vec<Finding> {
    findings(&crate::report::Run { behaviour: rows, ..run() })
}

/// The same row of another scenario.
fn of(scenario: &str, row: BehaviourRow) -> BehaviourRow {
    BehaviourRow { case: scenario.to_owned(), ..row }
}

/// Walks what a report with these rows leaves to decide; what was shown, and how many are open.
fn walked(folder: &TempDir, rows: Vec<BehaviourRow>, typed: &str) -> (String, usize) {
    let open = found(rows);
    let mut problems = ScenariosError::default();
    let scenarios = load_all(folder.path(), &[], &mut problems);
    let scenarios = problems.or(scenarios).expect("they can be read");
    let desk = Desk { folder: folder.path(), scenarios: &scenarios, now_unix_s: NOW_UNIX_S };
    let (mut input, mut output) = (typed.as_bytes(), Vec::new());
    let decided = desk.walk(&open, &mut Terminal::new(&mut input, &mut output));
    let shown = String::from_utf8(output).expect("UTF-8");
    (shown, open.len() - decided.expect("answered"))
}

fn scenario(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("ordering/one.toml")).expect("it is there")
}

fn declares_c4_of_process(path: &Path) -> bool {
    let cases = expand(&load(path).expect("TOML"), Profile::Pr, 0).expect("valid");
    cases.iter().all(|case| match &case.divergences[..] {
        [declared] => (declared.bus, declared.rule.as_str()) == (Bus::Process, "C4"),
        _ => false,
    })
}

#[test]
fn what_is_accepted_is_declared_and_excuses_the_next_run() {
    let folder = folder();
    let (shown, undecided) = walked(&folder, vec![failing(Bus::Process)], ACCEPTED);
    assert!(shown.contains("[1/1]") && shown.contains("accepted until 2027-03-01"), "{shown}");
    assert_eq!(undecided, 0);
    let text = scenario(&folder);
    assert!(text.starts_with(SCENARIO), "{text}");
    assert!(declares_c4_of_process(&folder.path().join("ordering/one.toml")));
}

#[test]
fn a_scenario_that_replays_a_recording_accepts_as_others_do() {
    let folder = with_recorded(&["agent.toml", "agent.jsonl"]);
    let rows = vec![of("recorded/agent", failing(Bus::Process))];
    let (shown, undecided) = walked(&folder, rows, ACCEPTED);
    assert!(shown.contains("accepted until 2027-03-01"), "{shown}");
    assert_eq!(undecided, 0);
    assert!(declares_c4_of_process(&folder.path().join("recorded/agent.toml")));
}

#[test]
fn a_scenario_with_a_mistake_is_told_before_anybody_is_asked_in_vain() {
    let folder = with_recorded(&["agent.toml"]);
    let rows = vec![of("recorded/agent", failing(Bus::Process))];
    let (shown, undecided) = walked(&folder, rows, ACCEPTED);
    assert!(shown.contains("it cannot be accepted: ") && shown.contains("agent.jsonl"), "{shown}");
    assert!(!shown.contains("reason: "), "{shown}");
    assert_eq!(undecided, 1);
}

#[test]
fn a_scenario_that_is_gone_takes_no_decision_and_leaves_the_file_of_refusals_valid() {
    let folder = folder();
    let rows = vec![of("ordering/gone", failing(Bus::Process)), failing(Bus::Process)];
    let typed = "accept\nrefuse\nA defect.\nbus\nrefuse\nA defect.\nbus\n";
    let (shown, undecided) = walked(&folder, rows, typed);
    assert!(
        shown.contains("it cannot be accepted: there is no scenario \"ordering/gone\""),
        "{shown}"
    );
    assert!(shown.contains("refused.toml stays as it is"), "{shown}");
    assert_eq!(undecided, 1);
    let refusals = refusals::load(folder.path(), &["ordering/one"]).expect("valid");
    assert_eq!(refusals.len(), 1);
}

#[test]
fn a_file_of_refusals_that_is_wrong_meanwhile_is_told_and_stays() {
    let folder = folder();
    let refused = folder.path().join(REFUSED_FILE);
    for wrong in ["format = 1\nrefused = 1\n", "format = 2\n", "format ="] {
        fs::write(&refused, wrong).expect("written");
        let typed = "refuse\nA defect.\nbus\n";
        let (shown, undecided) = walked(&folder, vec![failing(Bus::Process)], typed);
        assert!(shown.contains("refused.toml stays as it is"), "{shown}");
        assert_eq!((undecided, fs::read_to_string(&refused).expect("there").as_str()), (1, wrong));
    }
}

#[test]
fn answers_that_cannot_be_leave_one_undecided_and_the_end_of_them_the_rest() {
    let folder = folder();
    let rows = [Bus::Process, Bus::Agent, Bus::Embedded].map(failing);
    let typed = "accept\n\nA race.\nbus\n2027\n31.1.2027\nsoon\nrefuse\nA defect.\nbus\n";
    let (shown, undecided) = walked(&folder, rows.to_vec(), typed);
    assert!(shown.contains("3 answers to `until` that cannot be; it stays undecided"), "{shown}");
    assert!(shown.contains("[2/3]") && shown.contains("refused: "), "{shown}");
    assert!(shown.contains("no answer to `decision`; nothing more is asked"), "{shown}");
    assert_eq!((undecided, scenario(&folder).as_str()), (2, SCENARIO));
}

#[test]
fn what_is_refused_is_known_and_the_scenario_stays() {
    let folder = folder();
    let typed = "refuse\nA defect.\nbus\n";
    let (_, undecided) = walked(&folder, vec![failing(Bus::Process)], typed);
    assert_eq!((undecided, scenario(&folder).as_str()), (0, SCENARIO));
    let refusals = refusals::load(folder.path(), &["ordering/one"]).expect("written by us");
    assert!(found(vec![failing(Bus::Process)])[0].is_of(&refusals[0]));
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
fn what_is_accepted_is_not_asked_about_again_until_its_last_day_is_over() {
    let folder = folder();
    let open = |now_unix_s: u64| {
        let scenarios = load_all(folder.path(), &[], &mut ScenariosError::default());
        let desk = Desk { folder: folder.path(), scenarios: &scenarios, now_unix_s };
        let found = found(vec![failing(Bus::Process), failing(Bus::Agent)]);
        left(found, &[], Day::of_unix_s(now_unix_s), |finding| desk.declared(finding))
    };
    assert_eq!((open(NOW_UNIX_S).open.len(), open(NOW_UNIX_S).accepted), (2, 0));
    walked(&folder, vec![failing(Bus::Process)], ACCEPTED);
    let since = open(NOW_UNIX_S);
    assert_eq!((since.open.len(), since.open[0].bus, since.accepted), (1, Bus::Agent, 1));
    assert_eq!(decided(&since), ["1 difference was accepted since; `--again` asks once more"]);
    let half_a_year_s = 183 * 24 * 60 * 60;
    assert_eq!(open(NOW_UNIX_S + half_a_year_s).open.len(), 2);
}

#[test]
fn what_is_accepted_once_more_is_renewed_where_it_stands() {
    let folder = folder();
    walked(&folder, vec![failing(Bus::Process)], ACCEPTED);
    let typed = "accept\nStill a race.\nbus\n\nmay\n";
    let (shown, undecided) = walked(&folder, vec![failing(Bus::Process)], typed);
    assert_eq!(undecided, 0, "{shown}");
    let text = scenario(&folder);
    assert_eq!(text.matches("[[divergence]]").count(), 1, "{text}");
    assert!(text.contains("Still a race."), "{text}");
    assert!(declares_c4_of_process(&folder.path().join("ordering/one.toml")));
}

#[test]
fn a_declaration_that_is_gone_meanwhile_leaves_the_scenario_as_it_is() {
    let folder = folder();
    let declared = Divergence {
        id: "V2".to_owned(),
        rule: "C4".to_owned(),
        bus: Bus::Process,
        reason: "known".to_owned(),
        owner: "bus".to_owned(),
        until: Day::of("2026-01-01").expect("a day"),
        observe: Observe::Always,
    };
    let (standing, witness) = (Standing::Expired, None);
    let row = DivergenceRow { declared, standing, violations: 1, witness };
    let row = BehaviourRow { divergences: vec![row], ..failing(Bus::Process) };
    let (shown, undecided) = walked(&folder, vec![row], "accept\nStill.\nbus\n\n\n");
    assert!(shown.contains("declares no V2") && shown.contains("stays as it is"), "{shown}");
    assert_eq!((undecided, scenario(&folder).as_str()), (1, SCENARIO));
}

#[test]
fn who_quits_leaves_the_rest_undecided() {
    let folder = folder();
    let rows = vec![failing(Bus::Process), failing(Bus::Agent)];
    let (_, undecided) = walked(&folder, rows, "quit\n");
    assert_eq!(undecided, 2);
}
