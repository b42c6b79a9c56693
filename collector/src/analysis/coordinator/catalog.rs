//! Workflows by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::definition::AnalysisWorkflowDefinition;
use super::super::plan::{Plan, check_name};
use super::super::stage::AnalysisStage;
use super::{RegisterWorkflowError, StartError};

/// Workflows and single stages there may be: people write them.
const WORKFLOW_LIMIT: usize = 256;

/// Every workflow that can be started.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    entries: BTreeMap<String, Entry>,
}

/// What a name stands for.
#[derive(Debug)]
enum Entry {
    /// It says itself who does what.
    Workflow(Arc<Plan>),
    /// One stage alone, which a trigger may give to a collector of its choice: to one of these, or
    /// to another as the first of them says. Never empty.
    Single(Vec<Arc<Plan>>),
}

impl Catalog {
    pub(super) fn add(
        &mut self,
        name: &str,
        definition: AnalysisWorkflowDefinition,
    ) -> Result<(), RegisterWorkflowError> {
        check_name("workflow", name)?;
        if self.entries.contains_key(name) {
            return Err(RegisterWorkflowError::Duplicate { name: name.to_owned() });
        }
        self.check_room()?;
        let plan = Arc::new(Plan::new(definition)?);
        self.entries.insert(name.to_owned(), Entry::Workflow(plan));
        Ok(())
    }

    /// A stage alone, by the name of what it does; once for each collector it names.
    pub(super) fn add_single(&mut self, stage: AnalysisStage) -> Result<(), RegisterWorkflowError> {
        let name = stage.analysis_type.clone();
        let collector = stage.target.collector.clone();
        self.check_room()?;
        let plan = Arc::new(Plan::new(AnalysisWorkflowDefinition::of_one(stage))?);
        let entry = self.entries.entry(name.clone()).or_insert_with(|| Entry::Single(Vec::new()));
        let is_its = |plan: &Arc<Plan>| collector_of(plan) == collector.as_deref();
        match entry {
            Entry::Single(plans) if !plans.iter().any(is_its) => {
                plans.push(plan);
                Ok(())
            }
            Entry::Single(_) | Entry::Workflow(_) => Err(RegisterWorkflowError::Duplicate { name }),
        }
    }

    /// The plan of a name. A collector counts for a single stage alone: a workflow says itself who
    /// does what.
    pub(super) fn plan(
        &self,
        name: &str,
        collector: Option<&str>,
    ) -> Result<Arc<Plan>, StartError> {
        let unknown = || StartError::UnknownWorkflow { name: name.to_owned() };
        match (self.entries.get(name).ok_or_else(unknown)?, collector) {
            (Entry::Workflow(plan), _) => Ok(Arc::clone(plan)),
            (Entry::Single(plans), None) => Ok(Arc::clone(&plans[0])),
            (Entry::Single(plans), Some(collector)) => {
                let is_its = |plan: &&Arc<Plan>| collector_of(plan) == Some(collector);
                match plans.iter().find(is_its) {
                    Some(plan) => Ok(Arc::clone(plan)),
                    None => Ok(Arc::new(plans[0].with_collector(collector)?)),
                }
            }
        }
    }

    fn check_room(&self) -> Result<(), RegisterWorkflowError> {
        let plans = |entry: &Entry| match entry {
            Entry::Workflow(_) => 1,
            Entry::Single(plans) => plans.len(),
        };
        if self.entries.values().map(plans).sum::<usize>() >= WORKFLOW_LIMIT {
            return Err(RegisterWorkflowError::LimitReached { limit: WORKFLOW_LIMIT });
        }
        Ok(())
    }
}

/// The collector that a stage alone names.
fn collector_of(plan: &Plan) -> Option<&str> {
    plan.stage(0).target.collector.as_deref()
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::acl::CollectorKind;

    use super::*;

    fn stage(kind: CollectorKind) -> AnalysisStage {
        AnalysisStage::new("digest", "binary_hash", kind)
    }

    fn one() -> AnalysisWorkflowDefinition {
        AnalysisWorkflowDefinition::of_one(stage(CollectorKind::Process))
    }

    #[test]
    fn names_differ_and_their_number_has_a_limit() {
        let mut catalog = Catalog::default();
        catalog.add("a", one()).unwrap();
        let told = catalog.add("a", one()).unwrap_err().to_string();
        assert_eq!(told, "there is a workflow \"a\" already");
        assert!(catalog.add("a b", one()).is_err());
        for number in 1..WORKFLOW_LIMIT {
            catalog.add(&number.to_string(), one()).unwrap();
        }
        let told = catalog.add("b", one()).unwrap_err().to_string();
        assert_eq!(told, "there are 256 workflows, the limit");
        assert!(catalog.add_single(stage(CollectorKind::Process)).is_err());
    }

    #[test]
    fn a_collector_of_ones_choice_does_a_single_stage_and_no_workflow() {
        let mut catalog = Catalog::default();
        catalog.add("workflow", one()).unwrap();
        catalog.add_single(stage(CollectorKind::Process)).unwrap();
        let collector = |name| {
            let plan = catalog.plan(name, Some("procmond-2")).unwrap();
            plan.stage(0).target.collector.clone()
        };
        assert_eq!(collector("workflow"), None);
        assert_eq!(collector("binary_hash").as_deref(), Some("procmond-2"));
        assert!(matches!(catalog.plan("binary_hash", Some("#")), Err(StartError::Collector(_))));
        let unknown = StartError::UnknownWorkflow { name: "other".to_owned() };
        assert_eq!(catalog.plan("other", None).unwrap_err(), unknown);
    }

    #[test]
    fn one_analysis_of_two_collectors_is_asked_of_each_in_its_own_way() {
        use CollectorKind::{Filesystem, Process};

        let mut catalog = Catalog::default();
        catalog.add_single(stage(Process).with_collector("procmond")).unwrap();
        catalog.add_single(stage(Filesystem).with_collector("fsmond")).unwrap();
        let kind = |collector| {
            let plan = catalog.plan("binary_hash", collector).unwrap();
            plan.stage(0).target.kind
        };
        assert_eq!((kind(Some("fsmond")), kind(Some("procmond"))), (Filesystem, Process));
        // The first of them.
        assert_eq!((kind(None), kind(Some("procmond-2"))), (Process, Process));
        let told = catalog.add_single(stage(Filesystem).with_collector("fsmond")).unwrap_err();
        assert_eq!(told, RegisterWorkflowError::Duplicate { name: "binary_hash".to_owned() });
        assert!(catalog.add("binary_hash", one()).is_err());
    }

    #[test]
    fn a_stage_that_cannot_be_takes_no_name() {
        let mut catalog = Catalog::default();
        let wrong = AnalysisStage::new("digest", "Binary Hash", CollectorKind::Process);
        assert!(catalog.add_single(wrong).is_err());
        assert!(catalog.entries.is_empty());
    }
}
