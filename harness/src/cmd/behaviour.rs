//! One behaviour case on one bus: driven, checked, told as a row of the report.

mod topics;

use std::time::{SystemTime, UNIX_EPOCH};

use bytestring::ByteString;
use daemoneye_eventbus::topic::default_topic;
use daemoneye_eventbus::wire;

use super::command_line::CommandLine;
use super::judging::Judging;
use super::selection::Wanted;
use crate::check::divergence::{Declared, Sorted, Standing, sort};
use crate::check::{
    Check, Difference, Judgement, Observed, Planned, PlannedAttributes, Reached, Report, Unsteady,
    Violation, check, colour_declared, differential, mark, twin,
};
use crate::driver::{DriveError, Driven, Interrupt, fence, run_trial};
use crate::gate::Reason;
use crate::plan::{Bus, Case, Day, Fence, PlannedEvent, Workload, WorkloadError};
use crate::record::{FENCE, History, ProcessFigures, TearDown};
use crate::report::{Behaviour, BehaviourRow, CheckedRow, DivergenceRow, Timeline, Witness};

/// The plan of a case as checkers ask for it.
pub struct CasePlan<'a> {
    case: &'a Case,
    workloads: Vec<Workload>,
}

impl<'a> CasePlan<'a> {
    /// Works out the events of every publisher.
    pub fn new(case: &'a Case) -> Result<Self, WorkloadError> {
        let publishers = 0..case.topology.publishers.len();
        let workload = |publisher| Workload::new(case, publisher, &wire::payload_bytes);
        let workloads = publishers.map(workload).collect::<Result<_, _>>()?;
        Ok(Self { case, workloads })
    }
}

impl Planned for CasePlan<'_> {
    fn attributes(&self, publisher: usize, sequence: u64) -> Option<PlannedAttributes> {
        let workload = self.workloads.get(publisher)?;
        let planned = match Fence::of(sequence) {
            None => workload.event(sequence),
            Some(known) => {
                self.case.topology.subscribers.get(known.subscriber)?;
                fence(self.case, publisher, known)
            }
        };
        Some(attributes(planned))
    }

    /// Never: a subscriber's ledger keeps what arrives on its companion out of the log, so that
    /// positions and losses of the subscription itself are judged exactly.
    fn has_companion(&self, _: usize) -> bool {
        false
    }
}

fn attributes(planned: PlannedEvent) -> PlannedAttributes {
    let PlannedEvent { topic, event, correlation } = planned;
    let topic = topic.unwrap_or_else(|| default_topic(&event));
    let header = event.header();
    PlannedAttributes {
        topic: ByteString::from(topic.as_str()),
        kind: event.kind(),
        pid: event.pid(),
        priority: header.priority,
        source: header.source.clone(),
        metadata: header.metadata.clone(),
        correlation,
    }
}

/// What came of one behaviour case on one bus.
pub struct Ran {
    /// The row of the report.
    pub row: BehaviourRow,
    /// What the trial left behind.
    pub tear_down: TearDown,
    /// What was recorded; `None` where nothing was run.
    pub history: Option<History>,
}

impl Ran {
    /// A row without a run.
    pub(super) fn nothing(row: BehaviourRow) -> Self {
        Self { row, tear_down: TearDown::default(), history: None }
    }
}

/// Runs and judges a behaviour case on a bus that claims it.
pub(super) async fn run(judging: Judging<'_>, interrupt: Interrupt) -> Result<Ran, DriveError> {
    let driven = run_trial(judging.request(), interrupt).await?;
    let row = judge(judging.case, judging.bus, judging.wanted, &driven);
    Ok(Ran { row, tear_down: driven.trial.tear_down, history: driven.history })
}

/// What two buses did differently on a case, or wrong alike. Nothing where one of them cannot be
/// judged: its own row says so.
pub fn differences(
    case: &Case,
    baseline: Observed<'_>,
    candidate: Observed<'_>,
) -> Vec<Difference> {
    let Ok(plan) = CasePlan::new(case) else { return Vec::new() };
    differential(case, &plan, baseline, candidate).unwrap_or_default()
}

/// Sets a bus's row beside the baseline: what the two did differently or wrong alike, and what the
/// baseline did with the events of each witness.
pub fn compare(
    case: &Case,
    row: &mut BehaviourRow,
    (baseline, again): (Observed<'_>, &[Unsteady]),
    history: &History,
) {
    row.differences = differences(case, baseline, Observed { bus: row.bus, history });
    let seen = row.divergences.iter().filter(|one| one.standing == Standing::Observed);
    let rules: Vec<&str> = seen.map(|one| one.declared.rule.as_str()).collect();
    colour_declared(&mut row.differences, &rules);
    mark(&mut row.differences, again);
    let declared = row.divergences.iter_mut().filter_map(|one| one.witness.as_mut());
    for witness in row.violations.iter_mut().chain(declared) {
        let split = |text: &'_ String| -> Option<(String, u64)> {
            let (publisher, number) = text.rsplit_once('#')?;
            Some((publisher.to_owned(), number.parse().ok()?))
        };
        let events: Vec<(String, u64)> = witness.messages.iter().filter_map(split).collect();
        let events: Vec<(&str, u64)> =
            events.iter().map(|(publisher, number)| (publisher.as_str(), *number)).collect();
        witness.twin = twin(baseline, witness.subscriber.as_deref(), &events);
    }
}

/// Judges what was recorded, today. `wanted` is the selection the case comes from.
pub fn judge(case: &Case, bus: Bus, wanted: &Wanted, driven: &Driven) -> BehaviourRow {
    judge_on(today(), case, bus, wanted, driven)
}

/// The same as of another day: divergences are declared until a day.
pub fn judge_on(
    today: Day,
    case: &Case,
    bus: Bus,
    wanted: &Wanted,
    driven: &Driven,
) -> BehaviourRow {
    let Driven { trial, history, doubts, .. } = driven;
    let nothing = History::default();
    let history = history.as_ref().unwrap_or(&nothing);
    let (report, topics) = match CasePlan::new(case) {
        Ok(plan) => (check(case, bus, history, &plan), topics::rows(&plan, history)),
        Err(cause) => (Report::Broken(vec![cause.to_string()]), Vec::new()),
    };
    let mut row = judged(row(case, bus, wanted, Behaviour::Pass), (case, today), &report, doubts);
    (row.published, row.received) = totals(history);
    row.topics = topics;
    row.timeline = timeline(history, &row.violations);
    row.processes.clone_from(&trial.processes);
    row
}

/// Around the first witness that names events.
fn timeline(history: &History, witnesses: &[Witness]) -> Option<Timeline> {
    let witness = witnesses.iter().find(|witness| !witness.messages.is_empty())?;
    Timeline::around(history, witness.subscriber.as_deref(), &witness.messages)
}

/// The day of the run, by the wall clock.
pub(super) fn today() -> Day {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Day::of_unix_s(since.as_secs())
}

/// A row with everything a report says, declared divergences apart from failures.
pub(super) fn judged(
    mut row: BehaviourRow,
    (case, today): (&Case, Day),
    report: &Report,
    doubts: &[String],
) -> BehaviourRow {
    match report {
        Report::Broken(defects) => row.outcome = Behaviour::Broken(defects.join("; ")),
        Report::Judged(judgement) => {
            let sorted = sort(&case.divergences, row.bus, today, judgement);
            row.outcome = outcome(&sorted, judgement, doubts);
            enter(&mut row, judgement, &sorted);
        }
    }
    row
}

/// Enters what was found, and how much was looked at.
fn enter(row: &mut BehaviourRow, judgement: &Judgement, sorted: &Sorted) {
    row.violations = sorted.violations.iter().map(witness).collect();
    if row.outcome == Behaviour::Fail {
        row.violations.extend(sorted.declared.iter().filter_map(complaint));
    }
    row.divergences = sorted.declared.iter().map(divergence).collect();
    let checked = judgement.checked.iter().map(|checked| CheckedRow {
        check: checked.check.name().to_owned(),
        items: checked.items,
        violations: checked.violations,
    });
    row.checked = checked.collect();
    row.reached.clone_from(&judgement.reached);
}

pub(super) fn witness(violation: &Violation) -> Witness {
    Witness {
        rule: violation.rule.clone(),
        sentence: violation.sentence.clone(),
        subscriber: violation.subscriber.clone(),
        twin: None,
        messages: violation.messages.iter().map(ToString::to_string).collect(),
    }
}

/// A declaration that does not hold is a failure under its own id.
fn complaint(declared: &Declared) -> Option<Witness> {
    let sentence = declared.complaint()?;
    let rule = declared.divergence.id.clone();
    Some(Witness { rule, sentence, subscriber: None, twin: None, messages: Vec::new() })
}

fn divergence(declared: &Declared) -> DivergenceRow {
    DivergenceRow {
        declared: declared.divergence.clone(),
        standing: declared.standing,
        violations: declared.violations,
        witness: declared.witness.as_ref().map(witness),
    }
}

/// The outcome of what was judged; whatever was in doubt or not put to the test is no pass.
fn outcome(sorted: &Sorted, judgement: &Judgement, doubts: &[String]) -> Behaviour {
    let stands = |wanted| sorted.declared.iter().any(|declared| declared.standing == wanted);
    if is_inconclusive(sorted, judgement) && !stands(Standing::Expired) {
        let missed =
            judgement.reached.iter().filter(|one| one.is_missed()).map(ToString::to_string);
        let all: Vec<String> = missed.chain(doubts.iter().cloned()).collect();
        let reason = Reason::FaultNotReached.as_str();
        return Behaviour::NotExercised(format!("inconclusive: {reason}: {}", all.join("; ")));
    }
    if !sorted.violations.is_empty() || stands(Standing::Expired) {
        return Behaviour::Fail;
    }
    // What did not happen as planned cannot show that a bus has changed its ways.
    if !doubts.is_empty() {
        return Behaviour::NotExercised(doubts.join("; "));
    }
    if stands(Standing::NotObserved) {
        return Behaviour::Fail;
    }
    let idle: Vec<String> = judgement.unexercised.iter().map(ToString::to_string).collect();
    match (idle.as_slice(), stands(Standing::Observed)) {
        ([], false) => Behaviour::Pass,
        ([], true) => Behaviour::Diverges,
        (idle, _) => Behaviour::NotExercised(idle.join("; ")),
    }
}

/// Whether a fault or a race missed, and no promise of the contract is broken all the same: what the case
/// expects besides supposes its faults.
fn is_inconclusive(sorted: &Sorted, judgement: &Judgement) -> bool {
    let mut violations = sorted.violations.iter();
    judgement.reached.iter().any(Reached::is_missed)
        && violations.all(|one| one.check == Check::Expectation)
}

fn totals(history: &History) -> (u64, u64) {
    let published = history.publishers.iter().flat_map(|log| &log.published);
    let received = history.subscribers.iter().flat_map(|log| &log.received);
    let published = published.filter(|one| one.sequence & FENCE == 0).count();
    let received = received.filter(|one| one.sequence & FENCE == 0).count();
    (published as u64, received as u64)
}

pub(super) fn row(case: &Case, bus: Bus, wanted: &Wanted, outcome: Behaviour) -> BehaviourRow {
    BehaviourRow {
        case: case.id.clone(),
        bus,
        outcome,
        violations: Vec::new(),
        timeline: None,
        divergences: Vec::new(),
        differences: Vec::new(),
        unsteady: Vec::new(),
        checked: Vec::new(),
        reached: Vec::new(),
        published: 0,
        received: 0,
        topics: Vec::new(),
        processes: Vec::<ProcessFigures>::new(),
        kept_in: None,
        rerun: CommandLine::of_case(wanted, &case.id, bus).to_string(),
    }
}

#[cfg(test)]
mod tests;
