//! One host case on one bus: real processes, and what a real agent recorded of them, judged.

use std::time::Duration;

use daemoneye_eventbus::{Topic, TopicPattern};

use super::behaviour::{Ran, judged, row, today};
use super::judging::Judging;
use crate::check::check_sightings;
use crate::driver::{
    DriveError, HostDriven, HostRequest, Interrupt, ThingKind, agent_beside, run_host,
};
use crate::plan::{Case, Count};
use crate::report::{Behaviour, BehaviourRow};

/// Runs and judges a host case on a bus that claims it.
pub(super) async fn run(judging: Judging<'_>, interrupt: Interrupt) -> Result<Ran, DriveError> {
    let Judging { executable, case, bus, directory, .. } = judging;
    let Some(agent) = agent_beside(executable) else { return Ok(without_agent(judging)) };
    let patterns = patterns(case);
    let makes = makes(case, patterns);
    let budget = Duration::from_millis(case.budget_ms);
    let request = HostRequest { executable, bus, patterns, makes: &makes, budget, directory };
    let driven = run_host(&agent, &request, interrupt).await?;
    let row = judge(judging, &driven);
    Ok(Ran { row, tear_down: driven.tear_down, history: None })
}

/// Nothing is run where the agent is missing; never a pass.
pub(super) fn without_agent(judging: Judging<'_>) -> Ran {
    let Judging { case, bus, wanted, .. } = judging;
    let why = "daemoneye-agent is not built beside the harness".to_owned();
    Ran::nothing(row(case, bus, wanted, Behaviour::NotExercised(why)))
}

/// What the agent of a case subscribes to.
pub(super) fn patterns(case: &Case) -> &[String] {
    let Some(recorder) = case.topology.subscribers.first() else { return &[] };
    &recorder.subscription.topic_patterns
}

/// What a case makes happen, for each collector that a publisher stands for.
pub(super) fn makes(case: &Case, patterns: &[String]) -> Vec<(ThingKind, u64)> {
    let publishes = case.phases.iter().flat_map(|phase| &phase.publish);
    let counted = publishes.filter_map(|publish| match publish.count {
        Count::Events(events) => {
            let collector = &case.topology.publishers[publish.publisher].name;
            Some((thing(collector, patterns)?, events))
        }
        Count::ForMs(_) | Count::UntilRefused => None,
    });
    counted.collect()
}

/// What a collector sees; the plan refuses names of none.
fn thing(collector: &str, patterns: &[String]) -> Option<ThingKind> {
    match collector {
        "procmond" if tells_hashes(patterns) => Some(ThingKind::Program),
        "procmond" => Some(ThingKind::Child),
        "fsmond" => Some(ThingKind::File),
        "netmond" => Some(ThingKind::Connection),
        _ => None,
    }
}

/// Whether the recorder hears of hashes: then the children run a program whose hash is known.
fn tells_hashes(patterns: &[String]) -> bool {
    let topic: Topic = "events.process.integrity".parse().expect("a topic");
    let mut patterns = patterns.iter().filter_map(|pattern| pattern.parse::<TopicPattern>().ok());
    patterns.any(|pattern| pattern.matches(&topic))
}

fn judge(judging: Judging<'_>, driven: &HostDriven) -> BehaviourRow {
    let Judging { case, bus, wanted, .. } = judging;
    let report = check_sightings(case, bus, &driven.sightings);
    let mut row = judged(row(case, bus, wanted, Behaviour::Pass), (case, today()), &report, &[]);
    row.received = driven.sightings.record.len() as u64;
    row.processes.clone_from(&driven.processes);
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::expand::WATCHING_COLLECTORS;

    #[test]
    fn whatever_collector_the_plan_admits_sees_something_that_is_made_to_happen() {
        for collector in WATCHING_COLLECTORS {
            let sees = thing(collector, &[]).map(|kind| kind.collector().as_str());
            assert_eq!(sees, Some(collector));
        }
    }

    #[test]
    fn children_are_of_a_known_program_only_where_their_hashes_are_heard_of() {
        let of = |pattern: &str| thing("procmond", &[pattern.to_owned()]);
        assert_eq!(of("events.process.lifecycle"), Some(ThingKind::Child));
        assert_eq!(of("events.process.integrity"), Some(ThingKind::Program));
        assert_eq!(of("events.#"), Some(ThingKind::Program));
    }
}
