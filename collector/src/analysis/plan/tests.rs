//! What is refused, with which words; and circles, against a search that tries every way.

use daemoneye_eventbus::acl::CollectorKind;
use proptest::collection::{btree_set, vec};
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, proptest};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn stage(id: impl Into<String>) -> AnalysisStage {
    AnalysisStage::new(id, "binary_hash", CollectorKind::Process)
}

/// Stages of these ids, and who needs whom.
fn workflow(ids: &[&str], needs: &[(&str, &str)]) -> AnalysisWorkflowDefinition {
    let empty = AnalysisWorkflowDefinition::new(SECOND);
    let with_stages = ids.iter().fold(empty, |workflow, id| workflow.with_stage(stage(*id)));
    needs
        .iter()
        .fold(with_stages, |workflow, (stage, needs)| workflow.with_dependency(*stage, *needs))
}

fn refusal(definition: AnalysisWorkflowDefinition) -> String {
    Plan::new(definition).expect_err("it cannot be").to_string()
}

#[test]
fn every_stage_is_ordered_behind_those_it_needs() {
    let plan = Plan::new(workflow(&["a", "b", "c"], &[("a", "b"), ("b", "c")])).unwrap();
    assert_eq!(plan.order(), [2, 1, 0]);
    assert_eq!(plan.needs(0), [1]);
    assert!(plan.needs(2).is_empty());
    assert_eq!((plan.len(), plan.timeout()), (3, SECOND));
}

#[test]
fn a_circle_is_refused_and_named() {
    let told = refusal(workflow(&["a", "b", "c"], &[("a", "b"), ("b", "c"), ("c", "b")]));
    assert_eq!(told, "stages need each other in a circle: b -> c -> b");
    let told = refusal(workflow(&["a"], &[("a", "a")]));
    assert_eq!(told, "stages need each other in a circle: a -> a");
}

#[test]
fn what_is_not_there_cannot_be_needed() {
    let told = refusal(workflow(&["a"], &[("a", "b")]));
    assert_eq!(told, "stage \"a\" needs \"b\", which there is not");
    let told = refusal(workflow(&["a"], &[("z", "a"), ("y", "a")]));
    assert_eq!(told, "there is no stage \"y\" to have dependencies");
    let told = refusal(workflow(&["a", "b"], &[("a", "b"), ("a", "b")]));
    assert_eq!(told, "stage \"a\" needs \"b\" twice");
}

#[test]
fn the_number_of_stages_has_a_limit_and_their_ids_differ() {
    assert_eq!(refusal(workflow(&[], &[])), "a workflow needs a stage");
    let ids: Vec<String> = (0..=MAX_STAGES).map(|number| number.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert!(Plan::new(workflow(&ids[..MAX_STAGES], &[])).is_ok());
    assert_eq!(refusal(workflow(&ids, &[])), "33 stages, the limit is 32");
    assert_eq!(refusal(workflow(&["a", "a"], &[])), "there are two stages \"a\"");
}

#[test]
fn what_a_stage_asks_for_has_limits() {
    let one = |stage| AnalysisWorkflowDefinition::new(SECOND).with_stage(stage);
    let rows = [
        (stage("A"), "stage name \"A\" is not 1 to 64 of a-z 0-9 _ -"),
        (stage(""), "stage name \"\" is not 1 to 64 of a-z 0-9 _ -"),
        (
            AnalysisStage { analysis_type: "a.b".to_owned(), ..stage("a") },
            "analysis name \"a.b\" is not 1 to 64 of a-z 0-9 _ -",
        ),
        (stage("a").with_collector("#"), "collector name \"#\" is not 1 to 64 of a-z 0-9 _ -"),
        (stage("a").with_retries(17), "stage \"a\" has 17 retries, the limit is 16"),
        (
            stage("a").with_timeout(Duration::ZERO),
            "stage \"a\" has a timeout of 0s; it must be above zero and 1h at most",
        ),
        (
            stage("a").with_parameter("p", "x".repeat(MAX_PARAMETERS_BYTES)),
            "stage \"a\" has 16385 bytes of parameters, the limit is 16384",
        ),
    ];
    for (stage, expected) in rows {
        assert_eq!(refusal(one(stage)), expected);
    }
    let endless = AnalysisWorkflowDefinition { timeout: Duration::MAX, ..one(stage("a")) };
    assert!(refusal(endless).starts_with("the workflow has a timeout of "));
    let most = stage("a").with_retries(MAX_RETRIES).with_timeout(MAX_DEADLINE);
    assert!(Plan::new(AnalysisWorkflowDefinition::of_one(most)).is_ok());
}

#[test]
fn one_collector_can_be_named_for_all() {
    let plan = Plan::new(workflow(&["a", "b"], &[])).unwrap();
    let named = plan.with_collector("procmond").unwrap();
    assert_eq!(named.stage(1).target.collector.as_deref(), Some("procmond"));
    assert!(plan.with_collector("a b").is_err());
}

/// By stage, whom it needs.
type Graph = Vec<Vec<usize>>;

fn graphs() -> impl Strategy<Value = Graph> {
    (1..8_usize).prop_flat_map(|stages| {
        vec(btree_set(0..stages, 0..3), stages).prop_map(|needs| -> Graph {
            needs.into_iter().map(|some| some.into_iter().collect()).collect()
        })
    })
}

/// Whether any way along needs, however long, comes back to where it began.
fn comes_back(needs: &[Vec<usize>]) -> bool {
    (0..needs.len()).any(|begin| {
        let mut reached: BTreeSet<usize> = needs[begin].iter().copied().collect();
        for _ in 0..needs.len() {
            let next = reached.iter().flat_map(|stage| needs[*stage].iter().copied());
            let next: Vec<usize> = next.collect();
            reached.extend(next);
        }
        reached.contains(&begin)
    })
}

proptest! {
    #[test]
    fn a_workflow_is_refused_exactly_where_a_way_comes_back(needs in graphs()) {
        match in_order(&needs) {
            Ok(order) => {
                prop_assert!(!comes_back(&needs));
                let mut done = vec![false; needs.len()];
                for stage in order {
                    prop_assert!(needs[stage].iter().all(|need| done[*need]), "{stage}");
                    prop_assert!(!done[stage], "{stage} once");
                    done[stage] = true;
                }
                prop_assert!(done.iter().all(|done| *done));
            }
            Err(circle) => {
                prop_assert!(comes_back(&needs));
                prop_assert_eq!(circle.first(), circle.last());
                for pair in circle.windows(2) {
                    prop_assert!(needs[pair[0]].contains(&pair[1]), "{circle:?}");
                }
                let different: BTreeSet<_> = circle.iter().collect();
                prop_assert_eq!(different.len() + 1, circle.len());
            }
        }
    }
}
