//! What the configuration wants of collectors that the agent does not run.
//!
//! It is told and not refused: others may start collectors that join the agent.

use daemoneye_eventbus::EventKind;

use crate::config::{CollectorName, Settings, TriggerConfig, WorkflowConfig};

/// Triggers that do not fire or ask nobody, and stages that nobody does, a sentence for each.
pub(super) fn idle(settings: &Settings) -> Vec<String> {
    let running = &settings.agent.collectors;
    let workflows = &settings.workflows;
    let triggers = settings.triggers.iter();
    let triggers = triggers.filter_map(|trigger| of_trigger(trigger, running, workflows));
    triggers.chain(workflows.iter().flat_map(|workflow| of_workflow(workflow, running))).collect()
}

fn of_trigger(
    trigger: &TriggerConfig,
    running: &[CollectorName],
    workflows: &[WorkflowConfig],
) -> Option<String> {
    let TriggerConfig { name, target, analysis, .. } = trigger;
    let watching: Vec<_> = trigger.event_kinds().into_iter().filter_map(watching).collect();
    let is_watched = watching.iter().any(|collector| running.contains(collector));
    if !is_watched && !watching.is_empty() {
        let watching: Vec<_> = watching.iter().map(|collector| collector.as_str()).collect();
        let watching = watching.join(" or ");
        return Some(format!("trigger `{name}` does not fire {}", unless_started(&watching)));
    }
    let is_workflow = workflows.iter().any(|workflow| workflow.name == *analysis);
    let asked = CollectorName::named(target).filter(|asked| !running.contains(asked));
    let asked = asked.filter(|_| !is_workflow)?;
    Some(format!("trigger `{name}` asks nobody {}", unless_started(asked.as_str())))
}

fn of_workflow(workflow: &WorkflowConfig, running: &[CollectorName]) -> Vec<String> {
    let nobodys = workflow.stages.iter().filter(|stage| !running.contains(&stage.target));
    let sentences = nobodys.map(|stage| {
        let (id, name, target) = (&stage.id, &workflow.name, stage.target);
        let rest = unless_started(target.as_str());
        format!("stage `{id}` of workflow `{name}` is nobody's {rest}")
    });
    sentences.collect()
}

/// What would change that, and why it is so.
fn unless_started(collectors: &str) -> String {
    format!("unless somebody else starts {collectors}: this agent does not")
}

/// Who tells of events of a kind; nobody does of what is no observation.
fn watching(kind: EventKind) -> Option<CollectorName> {
    match kind {
        EventKind::Process => Some(CollectorName::Procmond),
        EventKind::Network => Some(CollectorName::Netmond),
        EventKind::Filesystem => Some(CollectorName::Fsmond),
        EventKind::Performance => Some(CollectorName::Perfmond),
        EventKind::TriggerRequest | EventKind::Audit | EventKind::Control => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: &str = "stage `digest` of workflow `closer` is nobody's unless somebody else \
                         starts procmond: this agent does not";

    /// What is told of a trigger with this condition and target, where these collectors run.
    fn told(when: &str, target: &str, analysis: &str, running: &[CollectorName]) -> Vec<String> {
        let text = format!(
            "[[trigger]]\nname = 'hot'\nwhen = \"{when}\"\ntarget = '{target}'\n\
             analysis = '{analysis}'\n\
             [[workflow]]\nname = 'closer'\n\
             [[workflow.stage]]\nid = 'digest'\nanalysis = 'binary_hash'\ntarget = 'procmond'\n"
        );
        let mut settings: Settings = toml::from_str(&text).unwrap();
        settings.agent.collectors = running.to_vec();
        idle(&settings)
    }

    #[test]
    fn with_every_collector_nothing_is_idle() {
        let all = CollectorName::ALL;
        assert_eq!(told("name = 'x'", "procmond", "binary_hash", &all), [] as [&str; 0]);
    }

    #[test]
    fn a_trigger_on_what_nobody_watches_does_not_fire() {
        let fsmond = [CollectorName::Fsmond];
        let process = "trigger `hot` does not fire unless somebody else starts procmond: this \
                       agent does not";
        assert_eq!(told("name = 'x'", "procmond", "binary_hash", &fsmond), [process, STAGE]);
        // One of the four kinds it is about is watched.
        assert_eq!(told("pid = 1", "fsmond", "file_hash", &fsmond), [STAGE]);
        let told = told("pid = 1", "procmond", "binary_hash", &[]);
        let all = "starts procmond or netmond or fsmond or perfmond: this agent does not";
        assert!(told[0].ends_with(all), "{told:?}");
    }

    #[test]
    fn a_trigger_that_asks_one_who_does_not_run_asks_nobody() {
        let procmond = [CollectorName::Procmond];
        let nobody = "trigger `hot` asks nobody unless somebody else starts fsmond: this agent \
                      does not";
        assert_eq!(told("name = 'x'", "fsmond", "file_hash", &procmond), [nobody]);
        // A workflow says itself who does what, and others have collectors of their own.
        assert_eq!(told("name = 'x'", "fsmond", "closer", &procmond), [] as [&str; 0]);
        assert_eq!(told("name = 'x'", "fsmond-2", "file_hash", &procmond), [] as [&str; 0]);
    }
}
