//! The lines by example, what must not end them early, and how many there are at most.

use super::*;
use crate::report::sample::{failing, failing_and_kept, flat_curve, leftover, passing, run};
use crate::report::{FailOn, OnInconclusive};
use crate::scenario::{Scenario, Source};

const CI: Strictness =
    Strictness { fail_on: FailOn::EnforcedCells, inconclusive: OnInconclusive::Warn };

const ORDERING: &str = "format = 1\nname = \"ordering/one\"\nclaims = [\"C4\"]\n";
const PACED: &str =
    "format = 1\nname = \"perf/paced\"\nkind = \"paced\"\n[gate.cpu]\nlimit = 1.1\n";

fn told(run: &Run, strictness: Strictness) -> Vec<String> {
    let scenario = |text: &str| {
        Scenario::parse(Source { path: "x.toml".into(), text: text.into() }).expect("TOML")
    };
    let (ordering, paced) = (scenario(ORDERING), scenario(PACED));
    let files = [("scenarios/ordering/one.toml", &ordering), ("scenarios/perf/paced.toml", &paced)];
    let places = Places::of(files.map(|(file, scenario)| (file.to_owned(), scenario)));
    annotations(run, strictness, &places)
}

#[test]
fn a_run_with_nothing_wrong_says_nothing() {
    assert_eq!(told(&run(), Strictness::default()), Vec::<String>::new());
}

#[test]
fn a_failure_is_an_error_at_the_line_of_what_it_breaks() {
    let mut run = run();
    run.behaviour[1] = failing(Bus::Process);
    let expected = "::error file=scenarios/ordering/one.toml,line=3,\
                    title=FAIL ordering/one on process::C4: s0 received p0#18 before p0#17%0A\
                    again: equivalence --scenario ordering/one --candidate process";
    assert_eq!(told(&run, CI), [expected]);
}

#[test]
fn a_failure_says_where_everything_of_it_is_kept() {
    let mut run = run();
    run.behaviour[1] = failing_and_kept(Bus::Process);
    let told = told(&run, CI).join("\n");
    let place = "%0Akept: trials/cases/ordering/one/process, beside report.json";
    assert!(told.ends_with(place), "{told}");
}

#[test]
fn what_would_end_a_line_or_a_property_is_escaped() {
    let place = Place { file: "a,b:c.toml".to_owned(), line: 7 };
    let annotation = Annotation {
        level: Level::Warning,
        place: Some(place),
        title: "100 %: one, two".to_owned(),
        message: "50 %\r\n::error::none, really".to_owned(),
    };
    let expected = "::warning file=a%2Cb%3Ac.toml,line=7,title=100 %25%3A one%2C two::\
                    50 %25%0D%0A::error::none, really";
    assert_eq!(annotation.to_string(), expected);
}

#[test]
fn an_undecided_gate_warns_and_a_failed_one_is_an_error_where_it_counts() {
    let with = |verdict, strictness| {
        let mut run = run();
        run.performance[1].judgement.verdict = verdict;
        let mut lines = told(&run, strictness);
        assert!(lines.len() < 2, "{lines:?}");
        lines.pop().unwrap_or_default()
    };
    let place = "file=scenarios/perf/paced.toml,line=3,title=";
    let noise = with(Verdict::Inconclusive(Reason::Noise), CI);
    let begins = format!(
        "::warning {place}INCONCLUSIVE(noise) perf/paced[rate=10k] latency-p99 on process::\
         41.2 µs and 51.5 µs, ratio 1.50* [1.25, 1.75], limit ≤ 2.00%0Aagain: "
    );
    assert!(noise.starts_with(&begins), "{noise}");
    let failed = format!("::error {place}FAIL perf/paced[rate=10k] latency-p99 on process::");
    assert!(with(Verdict::Fail, Strictness::default()).starts_with(&failed));
    assert!(with(Verdict::Fail, CI).starts_with("::warning "), "the cell is not enforced");
    assert_eq!(with(Verdict::Inconclusive(Reason::Smoke), CI), "");
    assert!(with(Verdict::NotApplicable("none".to_owned()), CI).starts_with("::warning "));
}

#[test]
fn what_was_not_judged_not_exercised_or_left_behind_is_told_by_its_weight() {
    let mut run = run();
    let ended = |outcome| BehaviourRow { outcome, ..passing(Bus::Process) };
    run.behaviour = vec![
        ended(Behaviour::NotExercised("the kill".to_owned())),
        ended(Behaviour::Broken("time ran back".to_owned())),
    ];
    run.left_behind.push(leftover(Bus::Process));
    run.interrupted = Some("interrupted in ordering/one".to_owned());
    run.infrastructure.push("no room".to_owned());
    run.curves.push(flat_curve());
    run.curves[0].lines[1].verdict = Some(Verdict::Fail);
    let lines = told(&run, Strictness::default());
    let begin = |line: &String| line.split("::").nth(1).unwrap_or_default().to_owned();
    let place = "file=scenarios/ordering/one.toml,line=3,title=";
    let expected = [
        format!("error {place}not judged ordering/one on process"),
        format!("error {place}LEFT BEHIND ordering/one on process"),
        "error title=FAIL perf/curves/topics on process".to_owned(),
        "error title=PARTIAL".to_owned(),
        "error title=INFRASTRUCTURE".to_owned(),
        format!("warning {place}not exercised ordering/one on process"),
    ];
    assert_eq!(lines.iter().map(begin).collect::<Vec<_>>(), expected);
}

#[test]
fn of_very_many_as_many_are_shown_as_the_ci_shows_and_the_rest_is_counted() {
    let mut run = run();
    run.behaviour = vec![failing(Bus::Process); MOST_OF_A_LEVEL];
    let lines = told(&run, CI);
    assert_eq!(lines.len(), MOST_OF_A_LEVEL);
    assert!(lines.iter().all(|line| line.contains("title=FAIL")), "{lines:?}");
    run.behaviour.extend(vec![failing(Bus::Process); 1000]);
    let lines = told(&run, CI);
    assert_eq!(lines.len(), MOST_OF_A_LEVEL);
    let last = "::error title=1001 more::1001 more of this kind are in summary.md and report.json";
    assert_eq!(lines.last().map(String::as_str), Some(last));
}

#[test]
fn a_long_message_is_cut_at_a_letter() {
    let mut run = run();
    run.infrastructure.push("é".repeat(MAX_MESSAGE_BYTES));
    let lines = told(&run, CI);
    let (_, message) = lines[0].rsplit_once("::").expect("a message");
    assert_eq!(message, "é".repeat(MAX_MESSAGE_BYTES / 2));
}
