//! Two buses on the same case, side by side, after each was judged alone (METHOD §5).
//!
//! Compared is what the contract makes comparable: per subscriber and publisher the events that
//! must arrive on both, and those that match on neither, in order of arrival; outcomes of
//! operations, paired by what they are; accepted counts where the plan fixes them. Timing is not compared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Planned;
use super::lint;
use super::operations::paired;
use super::recalls;
use super::regions::{Region, WhyNot, region};
use super::subject::Subject;
use super::trace::{Lane, Trace};
use crate::plan::{Bus, Case, Count, Operation};
use crate::record::{FENCE, History, Outcome};

/// One side of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    /// The bus.
    pub bus: Bus,
    /// What was recorded on it.
    pub history: &'a History,
}

/// One thing that differs between two buses, or that both do wrong alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Who departs from the plan.
    pub colour: Colour,
    /// What was compared.
    pub subject: Subject,
    /// What was found.
    pub sentence: String,
    /// Whether the baseline differs from itself in the same subject, from one run to the next.
    #[serde(default)]
    pub unsteady: bool,
}

impl Difference {
    /// Whether it leaves a question open: nobody is shown to be wrong, and the baseline is not known
    /// to differ from itself in it.
    pub fn is_open(&self) -> bool {
        self.colour == Colour::Undecided && !self.unsteady
    }
}

/// Who departs from the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// Only the baseline.
    BaselineWrong,
    /// Only the candidate.
    CandidateWrong,
    /// Both, in the same way: equal, and equally wrong.
    BothWrong,
    /// Both, each in a way of its own.
    BothWrongDifferently,
    /// Neither, as far as the plan tells; they differ all the same.
    Undecided,
    /// Only the candidate, and as the scenario declares or expects of it.
    Declared,
}

impl Colour {
    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::BaselineWrong => "only the baseline is wrong",
            Self::CandidateWrong => "only the candidate is wrong",
            Self::BothWrong => "both are wrong alike",
            Self::BothWrongDifferently => "both are wrong, each in its own way",
            Self::Declared => "the candidate departs as declared",
            Self::Undecided => "they differ, and neither is shown to be wrong",
        }
    }
}

/// Compares two histories of one case.
///
/// Errs with a sentence when one of them cannot be judged.
pub fn differential(
    case: &Case,
    planned: &dyn Planned,
    baseline: Observed<'_>,
    candidate: Observed<'_>,
) -> Result<Vec<Difference>, String> {
    let baseline = joined(case, planned, baseline)?;
    let candidate = joined(case, planned, candidate)?;
    let mut differences = Vec::new();
    for subscriber in 0..case.topology.subscribers.len() {
        for publisher in 0..case.topology.publishers.len() {
            compare_arrivals(&baseline, &candidate, subscriber, publisher, &mut differences);
        }
    }
    compare_operations(&baseline, &candidate, &mut differences);
    compare_accepted(&baseline, &candidate, &mut differences);
    Ok(differences)
}

/// Colours what only the candidate does wrong in a subject in which these numbers show, which it is
/// declared to break and did.
pub fn colour_declared(differences: &mut [Difference], rules: &[&str]) {
    let is_declared = |difference: &&mut Difference| {
        difference.colour == Colour::CandidateWrong
            && rules.iter().any(|rule| difference.subject.shows(rule))
    };
    differences
        .iter_mut()
        .filter(is_declared)
        .for_each(|difference| difference.colour = Colour::Declared);
}

fn joined<'a>(
    case: &'a Case,
    planned: &dyn Planned,
    observed: Observed<'a>,
) -> Result<Trace<'a>, String> {
    match lint::lint(case, observed.history).into_iter().next() {
        Some(defect) => Err(format!("the history on {}: {defect}", observed.bus.as_str())),
        None => recalls::trace(case, observed.bus, observed.history, planned),
    }
}

fn compare_arrivals(
    baseline: &Trace<'_>,
    candidate: &Trace<'_>,
    subscriber: usize,
    publisher: usize,
    differences: &mut Vec<Difference>,
) {
    let demands = [baseline, candidate].map(|trace| demands(trace, subscriber, publisher));
    let agreed = |sequence: u64| {
        let [one, other] = demands.each_ref().map(|demands| demand_of(demands, sequence));
        one.filter(|demand| other == Some(*demand))
    };
    // Lanes keep their own order each, and may pass each other (C4).
    let lanes = lanes(baseline, publisher);
    let lane_of = |sequence: &u64| lane_of(&lanes, *sequence);
    let sequences = 1..=demands[0].len().min(demands[1].len()) as u64;
    let mut right: Vec<u64> =
        sequences.filter(|sequence| agreed(*sequence) == Some(Demand::Must)).collect();
    right.sort_by_key(lane_of);
    let [one, other] = [baseline, candidate].map(|trace| {
        let mut found = arrivals(trace, subscriber, publisher);
        found.retain(|sequence| agreed(*sequence).is_some());
        found.sort_by_key(lane_of);
        found
    });
    let subscriber = &baseline.case.topology.subscribers[subscriber].name;
    let publisher = &baseline.case.topology.publishers[publisher].name;
    let what = format!("what {subscriber} received from {publisher}");
    let sentence = match first_departure(&one, &other) {
        Some((one, other)) => {
            format!("{what} differs first where the baseline has {one} and the candidate {other}")
        }
        None => format!("{what} is the same on both and not what was planned"),
    };
    let subject =
        Subject::Arrivals { subscriber: subscriber.clone(), publisher: publisher.clone() };
    let wrong = [one != right, other != right];
    differences.extend(difference(subject, wrong, one == other, sentence));
}

/// What both the contract and the stamps demand, where they leave no choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Demand {
    Must,
    Never,
}

/// By sequence − 1.
fn demands(trace: &Trace<'_>, subscriber: usize, publisher: usize) -> Vec<Option<Demand>> {
    let lives = || trace.lives.iter().filter(|life| life.subscriber == subscriber);
    let events = trace.items_of(publisher).filter(|number| !trace.items[*number].is_fence());
    events
        .map(|number| {
            let mut regions = lives().map(|life| region(trace, life, number));
            if lives().any(|life| region(trace, life, number) == Region::Must) {
                Some(Demand::Must)
            } else if regions.all(|region| region == Region::MustNot(WhyNot::NoMatch)) {
                Some(Demand::Never)
            } else {
                None
            }
        })
        .collect()
}

/// The lanes of a publisher's events, by sequence − 1.
fn lanes(trace: &Trace<'_>, publisher: usize) -> Vec<Option<usize>> {
    let events = trace.items[trace.items_of(publisher)].iter().filter(|item| !item.is_fence());
    events.map(|item| item.lane.map(Lane::index)).collect()
}

fn lane_of(lanes: &[Option<usize>], sequence: u64) -> Option<usize> {
    let index = usize::try_from(sequence.checked_sub(1)?).ok()?;
    *lanes.get(index)?
}

fn demand_of(demands: &[Option<Demand>], sequence: u64) -> Option<Demand> {
    let index = usize::try_from(sequence.checked_sub(1)?).ok()?;
    *demands.get(index)?
}

fn arrivals(trace: &Trace<'_>, subscriber: usize, publisher: usize) -> Vec<u64> {
    let received = trace.history.subscribers[subscriber].received.iter();
    let own = received.filter(|received| usize::from(received.publisher) == publisher);
    own.map(|received| received.sequence).filter(|sequence| sequence & FENCE == 0).collect()
}

fn first_departure(one: &[u64], other: &[u64]) -> Option<(String, String)> {
    let longest = one.len().max(other.len());
    let index = (0..longest).find(|index| one.get(*index) != other.get(*index))?;
    let name = |side: &[u64]| {
        side.get(index).map_or_else(|| "nothing more".to_owned(), |sequence| format!("#{sequence}"))
    };
    Some((name(one), name(other)))
}

fn compare_operations(
    baseline: &Trace<'_>,
    candidate: &Trace<'_>,
    differences: &mut Vec<Difference>,
) {
    let paired = paired(&baseline.history.operations, &candidate.history.operations);
    for (subject, [operation, twin]) in paired.pairs {
        let sentence = format!(
            "{} ended with {:?} on the baseline and {:?} on the candidate, {:?} was demanded",
            operation.operation.told(baseline.case),
            operation.outcome,
            twin.outcome,
            operation.expect
        );
        let wrong = [operation, twin].map(|operated| operated.outcome != operated.expect);
        let same = operation.outcome == twin.outcome;
        differences.extend(difference(subject, wrong, same, sentence));
    }
    let alone = [("baseline", paired.only_first), ("candidate", paired.only_second)];
    for (side, operated) in alone {
        let Some(first) = operated.first() else { continue };
        let sentence = format!(
            "operations on the {side} alone: {}, first {}",
            operated.len(),
            first.operation.told(baseline.case)
        );
        differences.extend(difference(Subject::Operations, [false; 2], false, sentence));
    }
}

fn compare_accepted(
    baseline: &Trace<'_>,
    candidate: &Trace<'_>,
    differences: &mut Vec<Difference>,
) {
    let phases = &baseline.case.phases;
    let is_shutdown = |operation: &Operation| matches!(operation, Operation::Shutdown(_));
    let mut actions = phases.iter().flat_map(|phase| &phase.actions);
    if actions.any(|action| is_shutdown(&action.operation)) {
        return;
    }
    for (publisher, spec) in baseline.case.topology.publishers.iter().enumerate() {
        let mut shares = phases.iter().flat_map(|phase| &phase.publish);
        let fixed = |count: &Count| matches!(count, Count::Events(_));
        if !shares.all(|share| share.publisher != publisher || fixed(&share.count)) {
            continue;
        }
        let [one, other] = [baseline, candidate].map(|trace| accepted(trace, publisher));
        let sentence = format!(
            "{} had {one} events accepted by the baseline, {other} by the candidate",
            spec.name
        );
        let subject = Subject::Accepted { publisher: spec.name.clone() };
        let found = difference(subject, [false; 2], one == other, sentence);
        let colour = if is_stated(baseline, candidate, &spec.name, [one, other]) {
            Colour::Declared
        } else {
            Colour::Undecided
        };
        differences.extend(found.map(|found| Difference { colour, ..found }));
    }
}

/// Whether the case expects other counts of one bus than of the other, and each keeps to its own.
fn is_stated(baseline: &Trace<'_>, candidate: &Trace<'_>, name: &str, found: [usize; 2]) -> bool {
    let ranges = [baseline, candidate]
        .map(|trace| trace.case.expect.on(trace.bus).accepted.get(name).copied());
    let [Some(one), Some(other)] = ranges else { return false };
    let keeps = |(least, most): (u64, u64), found| (least..=most).contains(&(found as u64));
    one != other && keeps(one, found[0]) && keeps(other, found[1])
}

fn accepted(trace: &Trace<'_>, publisher: usize) -> usize {
    let items = trace.items[trace.items_of(publisher)].iter().filter(|item| !item.is_fence());
    items.filter(|item| item.published.outcome == Outcome::Ok).count()
}

fn difference(
    subject: Subject,
    [baseline_wrong, candidate_wrong]: [bool; 2],
    same: bool,
    sentence: String,
) -> Option<Difference> {
    let colour = match (baseline_wrong, candidate_wrong, same) {
        (false, false, true) => return None,
        (false, false, false) => Colour::Undecided,
        (true, false, _) => Colour::BaselineWrong,
        (false, true, _) => Colour::CandidateWrong,
        (true, true, true) => Colour::BothWrong,
        (true, true, false) => Colour::BothWrongDifferently,
    };
    Some(Difference { colour, subject, sentence, unsteady: false })
}
