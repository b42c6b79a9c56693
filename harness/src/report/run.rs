//! The complete record of one run, as `report.json` holds it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Host, Timeline};
use crate::check::divergence::Standing;
use crate::check::{Difference, Reached, Unsteady};
use crate::gate::{CurveLine, Evidence, Judgement, Limit, Verdict, judge};
use crate::plan::gates::{GateTable, Metric};
use crate::plan::ledger::Criterion;
use crate::plan::{Axis, Bus, Case, Divergence};
use crate::record::{CurveTrial, ProcessFigures, TearDown, TracedTrial};

/// Version of the record's format; a reader refuses others.
pub const FORMAT: u32 = 1;

/// One run of the harness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// The command that reproduces it.
    pub command: String,
    /// [`FORMAT`].
    pub format: u32,
    /// Revision of the project, or `unknown`.
    pub revision: String,
    /// Where it ran.
    pub host: Host,
    /// Seed of everything random in it.
    pub seed: u64,
    /// Profile: `smoke`, `pr`, `nightly`, `release`.
    pub profile: String,
    /// The bus the others are compared with.
    pub baseline: Bus,
    /// The revision of the project that the baseline is of, where it is another than this one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_revision: Option<String>,
    /// The buses in question; the first is the one the answer is about first.
    pub candidates: Vec<Bus>,
    /// What the gates demand of each candidate, whatever this run measured: without all of it there is no
    /// reason to switch. Empty in older reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub demanded: Vec<Demanded>,
    /// When it began, seconds since the Unix epoch.
    pub started_unix_s: u64,
    /// When it ended or was interrupted, seconds since the Unix epoch.
    pub finished_unix_s: u64,
    /// What was calibrated before the first trial, one sentence each.
    pub calibration: Vec<String>,
    /// One row per behaviour case and bus.
    pub behaviour: Vec<BehaviourRow>,
    /// One row per performance case, metric and pair of buses.
    pub performance: Vec<PerformanceRow>,
    /// Every trial the performance rows rest on, pair by pair. Pairs of a case that have a baseline or a candidate
    /// in common each have its trials: the same ones, run once.
    pub evidence: Vec<Evidence>,
    /// One trial per paced case and bus with logs of hops, which decides nothing: where the time of events
    /// goes. None in profiles that conclude nothing, and in older reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traced: Vec<TracedTrial>,
    /// One row per curve, with every trial it rests on.
    #[serde(default)]
    pub curves: Vec<CurveRow>,
    /// The success criteria of the documents, with what is evidence for each in this profile.
    #[serde(default)]
    pub criteria: Vec<Criterion>,
    /// What trials left behind on the host.
    pub left_behind: Vec<LeftBehind>,
    /// What kept the harness from doing its work, one sentence each.
    pub infrastructure: Vec<String>,
    /// Why the run is partial, for example `interrupted in` and the case.
    pub interrupted: Option<String>,
    /// What it did not come to, of a run that was interrupted or broke down; `None` of a whole one, and in older
    /// reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_run: Option<NotRun>,
}

impl Run {
    /// Where a bus stands among those of the run: `None`, before all others, for the baseline.
    pub(super) fn place_of(&self, bus: Bus) -> Option<usize> {
        let all = self.candidates.len();
        let place = self.candidates.iter().position(|candidate| *candidate == bus);
        (bus != self.baseline).then(|| place.unwrap_or(all))
    }
}

/// What a run was to judge and has no result of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotRun {
    /// Cases that were planned, counted once for each bus they are judged on; a curve is one case.
    pub planned: usize,
    /// Those that were not run to the end, in the order they would have come.
    pub cases: Vec<OnBus>,
}

/// A case on a bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OnBus {
    /// Case id; of a curve its scenario.
    pub case: String,
    /// The bus; where two are compared the candidate.
    pub bus: Bus,
}

/// What the gates demand of a bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Demanded {
    /// The candidate.
    pub bus: Bus,
    /// What is gated of it in some case, each once.
    pub metrics: Vec<Metric>,
}

/// One behaviour case on one bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BehaviourRow {
    /// Case id.
    pub case: String,
    /// The bus.
    pub bus: Bus,
    /// How it ended.
    pub outcome: Behaviour,
    /// Witnesses; `checked` holds the full counts. Those of declared divergences are below.
    pub violations: Vec<Witness>,
    /// What happened around the first witness that names events.
    #[serde(default)]
    pub timeline: Option<Timeline>,
    /// Departures the scenario declares for this bus, and what was seen of each.
    #[serde(default)]
    pub divergences: Vec<DivergenceRow>,
    /// What the bus did otherwise than the baseline in the same run, or wrong in the same way; for
    /// information, as each bus was judged alone. Empty for the baseline's own rows.
    pub differences: Vec<Difference>,
    /// What the bus did otherwise in a second run with the same seed; of the baseline, where it was
    /// run twice. For review: it excuses nothing.
    #[serde(default)]
    pub unsteady: Vec<Unsteady>,
    /// How much each check looked at.
    pub checked: Vec<CheckedRow>,
    /// What each fault and each race of the plan met.
    #[serde(default)]
    pub reached: Vec<Reached>,
    /// Events published, fences left out.
    pub published: u64,
    /// Events received by all subscribers, fences left out.
    pub received: u64,
    /// The same by topic, refused publishes left out.
    #[serde(default)]
    pub topics: Vec<TopicRow>,
    /// The processes that took part.
    pub processes: Vec<ProcessFigures>,
    /// Where everything of its trial is kept: a folder beside the report, with `/` on every system. Nothing
    /// is kept of a case that holds, unless it is beside one that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_in: Option<String>,
    /// The command that runs this case alone.
    pub rerun: String,
}

impl BehaviourRow {
    /// Where to look, in one clause; nothing where the case holds or nothing was kept.
    pub(super) fn kept(&self) -> Option<String> {
        let holds = matches!(self.outcome, Behaviour::Pass | Behaviour::Diverges);
        let folder = self.kept_in.as_ref().filter(|_| !holds)?;
        Some(format!("kept: {folder}, beside report.json"))
    }

    /// A steady difference from the baseline that neither bus is shown to be wrong in: it leaves the answer
    /// open, whatever else holds.
    pub fn open_difference(&self) -> Option<&Difference> {
        self.differences.iter().find(|one| one.is_open())
    }
}

/// How a behaviour case ended on a bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is", content = "why")]
pub enum Behaviour {
    /// Every check that applies held.
    Pass,
    /// A promise was broken.
    Fail,
    /// Nothing was broken but what is declared: see `divergences`. Accepted, and no pass.
    Diverges,
    /// The bus does not claim what the case shows; never a pass.
    NotApplicable(String),
    /// What the case is about did not happen, for example a fault was not reached; never a pass.
    NotExercised(String),
    /// The history could not be judged: a defect of the instrument.
    Broken(String),
}

impl Behaviour {
    /// In one or two words, without the reason.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::Diverges => "as declared",
            Self::NotApplicable(_) => "not applicable",
            Self::NotExercised(_) => "not exercised",
            Self::Broken(_) => "not judged",
        }
    }
}

/// A declared divergence in one case on its bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DivergenceRow {
    /// What is declared, by whom, until when.
    pub declared: Divergence,
    /// What it comes to.
    pub standing: Standing,
    /// Violations of its rule that were found.
    pub violations: u64,
    /// One of them.
    pub witness: Option<Witness>,
}

/// A broken promise, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Witness {
    /// Contract number, `expect`, or the id of a declared divergence that does not hold.
    pub rule: String,
    /// What happened, in one plain sentence.
    pub sentence: String,
    /// The subscriber it is about, if it is about one.
    #[serde(default)]
    pub subscriber: Option<String>,
    /// What the baseline did with the same events, in one clause.
    #[serde(default)]
    pub twin: Option<String>,
    /// The smallest set of events that shows it, as `p0#18`.
    pub messages: Vec<String>,
}

impl Witness {
    /// The sentence with its clause, beside its rule: a rule that the sentence ends with is not said twice.
    pub fn told(&self) -> String {
        let twin = self.twin.as_ref().map_or_else(String::new, |twin| format!("; {twin}"));
        let rule = format!(" ({})", self.rule);
        let sentence = self.sentence.strip_suffix(&rule).unwrap_or(&self.sentence);
        format!("{sentence}{twin}")
    }
}

/// What went over one topic in one behaviour case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TopicRow {
    /// The topic, by the plan of the event.
    pub topic: String,
    /// Publishes that succeeded, fences left out.
    pub published: u64,
    /// Events received by all subscribers, fences left out.
    pub received: u64,
}

/// How much one check looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckedRow {
    /// The check's name.
    pub check: String,
    /// Things it judged; 0 means that it was not exercised.
    pub items: u64,
    /// Violations it found.
    pub violations: u64,
}

/// One metric of one performance case, candidate against baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PerformanceRow {
    /// Case id.
    pub case: String,
    /// The metric.
    pub metric: Metric,
    /// Side A.
    pub baseline: Bus,
    /// Side B.
    pub candidate: Bus,
    /// Whether the row takes part in the answer; others are for information.
    pub gated: bool,
    /// Whether a FAIL here fails CI (`scenarios/gates.toml`).
    pub enforced: bool,
    /// Of a bus against itself, an A/A run: whether the interval shown has 1.00 in it. `None` for two
    /// buses, and where there is no interval.
    #[serde(default)]
    pub holds_one: Option<bool>,
    /// The command that measures this case alone, all its metrics.
    #[serde(default)]
    pub rerun: Option<String>,
    /// The verdict and what it rests on.
    pub judgement: Judgement,
}

impl PerformanceRow {
    /// The rows of one case on one pair of buses: every metric that its kind of trial measures.
    ///
    /// A metric the table gates gets a row even when it was not measured, so that its absence is
    /// seen; one without a gate gets a row for information when it was.
    pub fn of(evidence: &Evidence, table: &GateTable) -> Vec<Self> {
        let Some(kind) = evidence.trials().next().map(|trial| trial.kind) else {
            return Vec::new();
        };
        let judged = Metric::ALL.into_iter().filter(|metric| metric.is_judged_by(kind));
        judged.filter_map(|metric| Self::of_metric(metric, evidence, table)).collect()
    }

    /// The row of a case that is not measured on this pair of buses, for this reason: for information.
    pub fn not_applicable(case: &Case, [baseline, candidate]: [Bus; 2], why: String) -> Self {
        let judged = Metric::ALL.into_iter().find(|metric| metric.is_judged_by(case.kind));
        let metric = judged.unwrap_or(Metric::Throughput);
        let judgement = Judgement::not_applicable(Limit::none(metric), why);
        let (case, holds_one, rerun) = (case.id.clone(), None, None);
        let (gated, enforced) = (false, false);
        Self { case, metric, baseline, candidate, gated, enforced, holds_one, rerun, judgement }
    }

    fn of_metric(metric: Metric, evidence: &Evidence, table: &GateTable) -> Option<Self> {
        let pair @ [baseline, candidate] = [evidence.baseline, evidence.candidate];
        let cell = match &evidence.revision {
            Some(_) => table.between_revisions(metric, &evidence.case, candidate),
            None => table.gate(metric, &evidence.case, pair),
        };
        let limit = cell.as_ref().map_or(Limit::none(metric), Limit::of);
        let mut judgement = judge(metric, limit, evidence);
        let measured = !matches!(judgement.verdict, Verdict::NotApplicable(_));
        let lent = cell.as_ref().filter(|cell| cell.bus != candidate);
        judgement.notes.extend(lent.map(|cell| {
            let (own, lender) = (candidate.as_str(), cell.bus.as_str());
            format!("no gate is set for {own}: held to that of {lender}, never enforced")
        }));
        (measured || cell.is_some()).then(|| Self {
            case: evidence.case.clone(),
            metric,
            baseline,
            candidate,
            gated: cell.is_some(),
            enforced: cell.is_some_and(|cell| cell.enforced),
            holds_one: holds_one(&judgement)
                .filter(|_| baseline == candidate && evidence.revision.is_none()),
            rerun: None,
            judgement,
        })
    }
}

/// Whether no difference at all is among what the interval allows.
fn holds_one(judgement: &Judgement) -> Option<bool> {
    let bounds = judgement.estimate()?.interval?;
    Some((bounds.low..=bounds.high).contains(&1.0))
}

/// One curve: the points of one scenario on every bus.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurveRow {
    /// The scenario.
    pub scenario: String,
    /// What changes along it, and what is asked.
    pub axis: Axis,
    /// One line per bus, the baseline's first.
    pub lines: Vec<CurveLine>,
    /// Every trial, in the order they were run.
    pub trials: Vec<CurveTrial>,
}

impl CurveRow {
    /// From all trials of a curve; `concludes`: whether verdicts may be given at all.
    pub fn of(
        scenario: &str,
        axis: Axis,
        buses: &[Bus],
        trials: Vec<CurveTrial>,
        concludes: bool,
    ) -> Self {
        let line = |bus: &Bus| CurveLine::of(&axis, *bus, &trials, concludes);
        let lines = buses.iter().map(line).collect();
        Self { scenario: scenario.to_owned(), axis, lines, trials }
    }

    /// The verdict on one bus, where it is one on the bus in question: where theory says flat.
    pub fn verdict(&self, candidate: Bus) -> Option<&Verdict> {
        self.lines.iter().find(|line| line.bus == candidate)?.verdict.as_ref()
    }
}

/// What a trial left behind on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftBehind {
    /// Case id.
    pub case: String,
    /// The bus; `None` for the void floor.
    pub bus: Option<Bus>,
    /// What remained.
    pub tear_down: TearDown,
}

/// The JSON Schema of `report.json`.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Run)
}

#[cfg(test)]
mod tests {
    use crate::plan::Bus;
    use crate::report::sample::failing;

    #[test]
    fn a_rule_is_not_said_twice_on_a_line() {
        let mut witness = failing(Bus::Process).violations.remove(0);
        let plain = witness.sentence.clone();
        witness.sentence = format!("{plain} (C4)");
        assert_eq!(witness.told(), plain);
        witness.twin = Some("crossbeam kept it".to_owned());
        assert_eq!(witness.told(), format!("{plain}; crossbeam kept it"));
        witness.sentence = format!("{plain} (C3)");
        assert!(witness.told().contains("(C3); "), "another number stays: {}", witness.told());
    }
}
