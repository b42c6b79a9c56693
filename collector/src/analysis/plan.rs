//! A workflow as resolved: it can be done, and every stage knows who it waits for.

mod error;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use daemoneye_eventbus::rpc::MAX_DEADLINE;

use super::definition::{AnalysisWorkflowDefinition, MAX_WORKFLOW_TIMEOUT};
use super::stage::AnalysisStage;

pub use error::DefinitionError;

/// Stages a workflow may have: more than people draw, and few enough for one event about them all.
pub const MAX_STAGES: usize = 32;
/// Length of the name of a workflow, stage, analysis or collector, bytes.
pub const MAX_NAME_BYTES: usize = 64;
/// Retries a stage may have.
pub const MAX_RETRIES: u32 = 16;
/// Parameters of one stage together, names and values, bytes.
pub const MAX_PARAMETERS_BYTES: usize = 16 << 10;

/// Stages in the order of the definition, and who needs whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    stages: Vec<AnalysisStage>,
    /// By stage: those it needs.
    needs: Vec<Vec<usize>>,
    /// Every stage behind those it needs.
    order: Vec<usize>,
    timeout: Duration,
}

impl AnalysisWorkflowDefinition {
    /// Whether it can be; the first thing that is wrong with it is told.
    pub fn check(&self) -> Result<(), DefinitionError> {
        Plan::new(self.clone()).map(drop)
    }
}

impl Plan {
    /// Checks a definition; the first thing wrong with it is told.
    pub(super) fn new(definition: AnalysisWorkflowDefinition) -> Result<Self, DefinitionError> {
        let AnalysisWorkflowDefinition { stages, dependencies, timeout } = definition;
        check_timeout("the workflow", timeout, MAX_WORKFLOW_TIMEOUT)?;
        check_stages(&stages)?;
        let needs = resolve(&stages, &dependencies)?;
        let order = in_order(&needs).map_err(|circle| DefinitionError::Cycle {
            stages: circle.into_iter().map(|stage| stages[stage].id.clone()).collect(),
        })?;
        Ok(Self { stages, needs, order, timeout })
    }

    /// The same with all of its stages done by one collector.
    pub(super) fn with_collector(&self, collector: &str) -> Result<Self, DefinitionError> {
        check_name("collector", collector)?;
        let mut plan = self.clone();
        for stage in &mut plan.stages {
            stage.target.collector = Some(collector.to_owned());
        }
        Ok(plan)
    }

    /// How many stages there are; they are numbered from 0, in the order of the definition.
    pub(super) fn len(&self) -> usize {
        self.stages.len()
    }

    /// One of them.
    pub(super) fn stage(&self, stage: usize) -> &AnalysisStage {
        &self.stages[stage]
    }

    /// Those a stage waits for.
    pub(super) fn needs(&self, stage: usize) -> &[usize] {
        &self.needs[stage]
    }

    /// All of them, each behind those it needs.
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    /// How long all of it may take.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// Whether a text is a name: what can be a level of a topic can be read everywhere.
pub(super) fn check_name(what: &'static str, found: &str) -> Result<(), DefinitionError> {
    let is_allowed = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    if (1..=MAX_NAME_BYTES).contains(&found.len()) && found.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(DefinitionError::InvalidName { what, found: found.to_owned() })
}

fn check_stages(stages: &[AnalysisStage]) -> Result<(), DefinitionError> {
    match stages.len() {
        0 => return Err(DefinitionError::NoStages),
        1..=MAX_STAGES => {}
        stages => return Err(DefinitionError::TooManyStages { stages }),
    }
    let mut known = HashSet::new();
    for stage in stages {
        check_stage(stage)?;
        if !known.insert(stage.id.as_str()) {
            return Err(DefinitionError::DuplicateStage { stage: stage.id.clone() });
        }
    }
    Ok(())
}

fn check_stage(stage: &AnalysisStage) -> Result<(), DefinitionError> {
    let id = || stage.id.clone();
    check_name("stage", &stage.id)?;
    check_name("analysis", &stage.analysis_type)?;
    if let Some(collector) = &stage.target.collector {
        check_name("collector", collector)?;
    }
    check_timeout(&format!("stage {:?}", stage.id), stage.timeout, MAX_DEADLINE)?;
    if stage.retries > MAX_RETRIES {
        return Err(DefinitionError::TooManyRetries { stage: id(), retries: stage.retries });
    }
    let parameters = stage.parameters.iter();
    let bytes: usize = parameters.map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_PARAMETERS_BYTES {
        return Err(DefinitionError::ParametersTooLong { stage: id(), bytes });
    }
    Ok(())
}

fn check_timeout(whose: &str, timeout: Duration, longest: Duration) -> Result<(), DefinitionError> {
    if timeout.is_zero() || timeout > longest {
        return Err(DefinitionError::InvalidTimeout { whose: whose.to_owned(), timeout, longest });
    }
    Ok(())
}

/// By stage, the numbers of those it needs.
fn resolve(
    stages: &[AnalysisStage],
    dependencies: &HashMap<String, Vec<String>>,
) -> Result<Vec<Vec<usize>>, DefinitionError> {
    let places = stages.iter().enumerate().map(|(place, stage)| (stage.id.as_str(), place));
    let places: HashMap<&str, usize> = places.collect();
    // The same of several is told every time.
    let strangers = dependencies.keys().filter(|stage| !places.contains_key(stage.as_str()));
    if let Some(stage) = strangers.min() {
        return Err(DefinitionError::UnknownStage { stage: stage.clone() });
    }
    stages
        .iter()
        .map(|stage| {
            let named = dependencies.get(&stage.id).map(Vec::as_slice).unwrap_or_default();
            needs_of(stage, named, &places)
        })
        .collect()
}

fn needs_of(
    stage: &AnalysisStage,
    named: &[String],
    places: &HashMap<&str, usize>,
) -> Result<Vec<usize>, DefinitionError> {
    let mut needs = Vec::with_capacity(named.len());
    for need in named {
        let Some(place) = places.get(need.as_str()) else {
            let (stage, needs) = (stage.id.clone(), need.clone());
            return Err(DefinitionError::UnknownDependency { stage, needs });
        };
        if needs.contains(place) {
            let (stage, needs) = (stage.id.clone(), need.clone());
            return Err(DefinitionError::DuplicateDependency { stage, needs });
        }
        needs.push(*place);
    }
    Ok(needs)
}

/// Every stage behind those it needs; or a way from one to the next it needs that comes back to
/// where it began.
fn in_order(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut left: BTreeSet<usize> = (0..needs.len()).collect();
    let mut order = Vec::with_capacity(needs.len());
    loop {
        let is_free = |stage: &usize| needs[*stage].iter().all(|need| !left.contains(need));
        let free: Vec<usize> = left.iter().copied().filter(is_free).collect();
        if free.is_empty() {
            break;
        }
        for stage in &free {
            left.remove(stage);
        }
        order.extend(free);
    }
    match left.first() {
        None => Ok(order),
        Some(begin) => Err(circle(*begin, &left, needs)),
    }
}

/// Each of those left needs one that is left as well, so that the way must come back.
fn circle(begin: usize, left: &BTreeSet<usize>, needs: &[Vec<usize>]) -> Vec<usize> {
    let mut way: Vec<usize> = Vec::new();
    let mut stage = begin;
    loop {
        if let Some(place) = way.iter().position(|known| *known == stage) {
            way.drain(..place);
            way.push(stage);
            return way;
        }
        way.push(stage);
        let next = needs[stage].iter().find(|need| left.contains(*need));
        stage = *next.expect("a stage that is left needs one that is left");
    }
}
