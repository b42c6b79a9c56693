//! What a file may say of workflows, and where it is told what it may not.

use std::path::Path;

use super::*;
use crate::config::{Layers, Settings};

/// Two stages, of which the second needs the first.
const TWO: &str = "\
[[workflow]]
name = 'look-closer'

[[workflow.stage]]
id = 'digest'
analysis = 'binary_hash'
target = 'procmond'

[[workflow.stage]]
id = 'lineage'
analysis = 'process_lineage'
target = 'procmond'
needs = ['digest']
";

/// The workflow of `TRIGGERS.md`.
fn example() -> &'static str {
    let page = include_str!("../../../TRIGGERS.md");
    let (_, section) = page.split_once("\n## Workflows\n").unwrap();
    let (_, rest) = section.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0
}

fn workflows(text: &str) -> Vec<WorkflowConfig> {
    toml::from_str::<Settings>(text).unwrap().workflows
}

/// What is wrong with a file: key, sentence, and what was meant.
fn found(text: &str) -> Vec<(String, String, Option<String>)> {
    let violations = violations(&workflows(text)).into_iter();
    violations.map(|wrong| (wrong.key, wrong.message, wrong.suggestion)).collect()
}

/// The one thing that is wrong with the two stages when something in them is replaced.
fn wrong(from: &str, to: &str) -> (String, String, Option<String>) {
    assert!(TWO.contains(from));
    let mut found = found(&TWO.replace(from, to));
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn told(key: &str, message: &str) -> (String, String, Option<String>) {
    (key.to_owned(), message.to_owned(), None)
}

#[test]
fn the_workflow_of_the_page_is_valid() {
    assert_eq!(found(example()), []);
    let read = workflows(example());
    let [workflow] = &read[..] else { panic!("{read:?}") };
    assert_eq!((&*workflow.name, workflow.timeout), ("look-closer", Duration::from_mins(1)));
    let [digest, lineage] = &workflow.stages[..] else { panic!("{workflow:?}") };
    assert_eq!((digest.attempts, digest.timeout), (2, Duration::from_secs(20)));
    assert_eq!((&lineage.needs[..], lineage.required), (&["digest".to_owned()][..], false));
}

#[test]
fn what_is_not_said_has_its_default() {
    let read = workflows(TWO);
    let [workflow] = &read[..] else { panic!("{read:?}") };
    assert_eq!(workflow.timeout, Duration::from_mins(5));
    let [digest, _] = &workflow.stages[..] else { panic!("{workflow:?}") };
    let expected = WorkflowStageConfig {
        id: "digest".to_owned(),
        analysis: "binary_hash".to_owned(),
        target: CollectorName::Procmond,
        needs: Vec::new(),
        attempts: 1,
        timeout: Duration::from_secs(30),
        required: true,
    };
    assert_eq!(*digest, expected);
    assert_eq!(found(TWO), []);
}

#[test]
fn a_workflow_is_run_as_it_is_written() {
    let text = format!("{TWO}attempts = 3\nrequired = false\n");
    let definition = workflows(&text)[0].definition();
    assert_eq!(definition.dependencies["lineage"], ["digest"]);
    let [digest, lineage] = &definition.stages[..] else { panic!("{definition:?}") };
    assert_eq!((digest.retries, digest.required), (0, true));
    assert_eq!((lineage.retries, lineage.required), (2, false));
    assert_eq!(lineage.target.collector, None, "any member of the kind");
}

#[test]
fn workflows_that_are_shown_can_be_read_again() {
    let mut layers = Layers::new();
    layers.text(Path::new("agent.toml"), example().to_owned()).unwrap();
    let resolved = layers.resolve().unwrap();
    let again: Settings = toml::from_str(&resolved.shown()).unwrap();
    assert_eq!(again.workflows, resolved.settings.workflows);
    assert_eq!(again.workflows.len(), 1);
}

#[test]
fn a_name_is_written_like_others_and_is_nobody_elses() {
    let message = "\"Look\" is not 1 to 64 of a-z 0-9 _ -";
    assert_eq!(wrong("look-closer", "Look"), told("workflow.0.name", message));
    let message = "\"file_hash\" is an analysis of a collector already";
    assert_eq!(wrong("look-closer", "file_hash"), told("workflow.0.name", message));
    let message = "another workflow is called \"look-closer\"";
    assert_eq!(found(&format!("{TWO}{TWO}")), [told("workflow.1.name", message)]);
}

#[test]
fn an_analysis_its_collector_does_not_do_is_told_with_those_it_does() {
    let message = "`procmond` does `binary_hash` and `process_lineage`, not \"binray_hash\"";
    let (key, told_message, suggestion) = wrong("binary_hash", "binray_hash");
    assert_eq!((&*key, &*told_message), ("workflow.0.stage.0.analysis", message));
    assert_eq!(suggestion.as_deref(), Some("binary_hash"));
    let netmond = TWO.replacen("'procmond'", "'netmond'", 1);
    let message = "`netmond` does no analysis, not \"binary_hash\"";
    assert_eq!(found(&netmond), [told("workflow.0.stage.0.analysis", message)]);
}

#[test]
fn a_stage_that_is_needed_and_not_there_is_told_with_the_one_that_was_meant() {
    let (key, message, suggestion) = wrong("['digest']", "['digset']");
    assert_eq!(key, "workflow.0.stage.1.needs");
    assert_eq!(message, "stage \"lineage\" needs \"digset\", which there is not");
    assert_eq!(suggestion.as_deref(), Some("digest"));
}

#[test]
fn a_circle_is_told_at_a_stage_of_it() {
    let message = "stages need each other in a circle: lineage -> lineage";
    assert_eq!(wrong("['digest']", "['lineage']"), told("workflow.0.stage.1.needs", message));
}

#[test]
fn of_two_stages_of_one_id_the_second_is_the_problem() {
    let text = TWO.replace("id = 'lineage'", "id = 'digest'").replace("needs = ['digest']\n", "");
    let message = "there are two stages \"digest\"";
    assert_eq!(found(&text), [told("workflow.0.stage.1.id", message)]);
}

#[test]
fn an_id_is_written_like_a_name() {
    let (key, ..) = wrong("id = 'lineage'", "id = 'Lineage'");
    assert_eq!(key, "workflow.0.stage.1.id");
}

#[test]
fn every_bound_is_checked() {
    let rows = [
        ("name = 'look-closer'", "name = 'look-closer'\ntimeout = '25h'", "workflow.0.timeout"),
        ("needs = ['digest']", "attempts = 0", "workflow.0.stage.1.attempts"),
        ("needs = ['digest']", "attempts = 18", "workflow.0.stage.1.attempts"),
        ("needs = ['digest']", "timeout = '0s'", "workflow.0.stage.1.timeout"),
        ("needs = ['digest']", "timeout = '2h'", "workflow.0.stage.1.timeout"),
    ];
    for (from, to, expected) in rows {
        assert_eq!(wrong(from, to).0, expected, "{to}");
    }
    let message = "a workflow needs a stage";
    assert_eq!(found("[[workflow]]\nname = 'a'\n"), [told("workflow.0.stage", message)]);
}

#[test]
fn there_are_so_many_workflows_and_no_more() {
    let numbered = |number: usize| TWO.replace("look-closer", &format!("w{number}"));
    let text: String = (0..=MAX_WORKFLOWS).map(numbered).collect();
    assert_eq!(found(&text), [told("workflow", "65 workflows, the limit is 64")]);
}

#[test]
fn a_mistake_is_shown_at_its_place_with_what_was_meant() {
    let mut layers = Layers::new();
    let text = TWO.replace("'binary_hash'", "'binray_hash'");
    layers.text(Path::new("agent.toml"), text).unwrap();
    assert_eq!(
        layers.resolve().expect_err("there is a typo").to_string(),
        "\
error: `workflow.0.stage.0.analysis`: `procmond` does `binary_hash` and `process_lineage`, not \"binray_hash\"
 --> agent.toml:6:12
  |
6 | analysis = 'binray_hash'
  |            ^^^^^^^^^^^^^
  |
  = help: did you mean `binary_hash`?"
    );
}
