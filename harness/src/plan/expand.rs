//! From a scenario as said to cases as resolved: every matrix point of a profile, or all mistakes.
//!
//! One file per table of the format: who takes part, what happens, what must come out.

mod actions;
mod axes;
mod bounds;
mod chaos;
mod collectors;
mod control;
mod curve;
mod demands;
mod expectation;
mod faults;
mod filters;
mod idle;
mod most;
mod phases;
mod replay;
mod roster;
mod rounds;
mod said;
mod subscribers;
mod triggers;
mod untold;

use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
pub(crate) use collectors::WATCHING_COLLECTORS;
pub use demands::Demands;
use most::Most;
use roster::Roster;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Bus, Case, Claim, Phase, TrialKind, claims};
use crate::scenario::{
    At, Point, Problem, Problems, Profile, Reader, Scenario, Source, Survey, Table, Traced,
    read_known,
};

/// Everything a scenario asks for in one profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Expanded {
    /// One per matrix point, in matrix order.
    pub cases: Vec<Case>,
    /// Gates to tighten: the same for all its cases.
    pub demands: Demands,
}

/// A case with the origin of each of its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    /// The case.
    pub case: Case,
    /// Every value read for it, in the order of reading.
    pub values: Vec<Traced>,
}

/// The cases of a scenario in a profile; none where it is not part of it.
///
/// Every mistake of the file is told, those of points outside the profile too.
pub fn expand(scenario: &Scenario, profile: Profile, seed: u64) -> Result<Vec<Case>, Problems> {
    Ok(expand_all(scenario, profile, seed)?.cases)
}

/// The same with everything else the scenario asks for.
pub fn expand_all(scenario: &Scenario, profile: Profile, seed: u64) -> Result<Expanded, Problems> {
    check(scenario)?;
    let lowered =
        scenario.points(profile).iter().map(|point| lower(scenario, point, seed)).collect();
    let lowered: Vec<Lowered> = lowered;
    let demands = match lowered.first() {
        Some(first) => first.demands.clone(),
        None => Demands::default(),
    };
    Ok(Expanded { cases: lowered.into_iter().map(|lowered| lowered.case).collect(), demands })
}

/// The cases with where each value came from.
pub fn explain(
    scenario: &Scenario,
    profile: Profile,
    seed: u64,
) -> Result<Vec<Effective>, Problems> {
    check(scenario)?;
    let effective = |point: &Point| {
        let lowered = lower(scenario, point, seed);
        Effective { case: lowered.case, values: lowered.values }
    };
    Ok(scenario.points(profile).iter().map(effective).collect())
}

/// Every mistake of a scenario, at every point of every profile.
pub fn check(scenario: &Scenario) -> Result<(), Problems> {
    let mut points: Vec<Point> = Vec::new();
    for point in Profile::ALL.iter().flat_map(|profile| scenario.points(*profile)) {
        // Most profiles change nothing; the same point has the same mistakes.
        if !points.contains(&point) {
            points.push(point);
        }
    }
    if points.is_empty() {
        // Not part of any profile, hence a mistake; the rest of the file is judged all the same.
        points.push(Point { axes: Vec::new(), names: BTreeMap::new() });
    }
    let mut problems = Vec::new();
    let mut roles = 0;
    for point in &points {
        let lowered = lower(scenario, point, 0);
        problems.extend(lowered.problems);
        roles += lowered.case.topology.publishers.len() + lowered.case.topology.subscribers.len();
    }
    problems.extend(bounds::too_many_roles(scenario, roles));
    if problems.is_empty() {
        // A name that is mistyped elsewhere is told there.
        problems.extend(axes::unused(scenario));
    }
    match Problems::of(&scenario.source, problems) {
        Some(problems) => Err(problems),
        None => Ok(()),
    }
}

/// Every key the reader knows, with the sort of table it stands in (`""` is the top).
///
/// Gathered by reading a scenario that has every table, so that no list can be forgotten.
pub fn keys_of_every_table() -> BTreeSet<(&'static str, &'static str)> {
    survey_of_every_table().into_keys().collect()
}

/// The same with what each key is read as.
pub fn survey_of_every_table() -> Survey {
    let mut all = Survey::new();
    for (slot, wanted) in EVERY_TABLE.iter().flat_map(|text| surveyed(text)) {
        all.entry(slot).or_default().extend(wanted);
    }
    all
}

/// A scenario with every table of most kinds, and one each of the control plane, of chaos and of a
/// curve, which exclude some; the last has every key of the first besides, and is no scenario anybody could run.
const EVERY_TABLE: [&str; 5] = [
    include_str!("expand/every_table.toml"),
    include_str!("expand/every_control_table.toml"),
    include_str!("expand/every_chaos_table.toml"),
    include_str!("expand/every_curve_table.toml"),
    include_str!("expand/every_key.toml"),
];

fn surveyed(text: &str) -> Survey {
    let source = Source { path: "every-table.toml".into(), text: text.into() };
    let scenario = Scenario::parse(source).expect("the file is TOML");
    let point = scenario.points(Profile::Pr).remove(0);
    let reader = Reader::surveying(&scenario.source, point.names.clone());
    read_case(&scenario, &point, 0, &reader);
    reader.into_survey()
}

struct Lowered {
    case: Case,
    demands: Demands,
    problems: Vec<Problem>,
    values: Vec<Traced>,
}

/// Reads the whole file at one point. What was refused is left at a default: a case with
/// problems is never run.
fn lower(scenario: &Scenario, point: &Point, seed: u64) -> Lowered {
    let reader = Reader::new(&scenario.source, point.names.clone());
    let (case, demands) = read_case(scenario, point, seed, &reader);
    let (problems, values) = reader.finish();
    Lowered { case, demands, problems, values }
}

fn read_case(
    scenario: &Scenario,
    point: &Point,
    seed: u64,
    reader: &Reader<'_>,
) -> (Case, Demands) {
    let table = reader.root(&scenario.root);
    let kinds = TrialKind::ALL.map(|kind| (kind.as_str(), kind));
    let said = table.required("kind", |at| at.one_of(&kinds));
    let kind = said.unwrap_or(TrialKind::Behaviour);
    // Without a kind, nothing can be said about what it judges.
    let wild = read_wild(&table, kind);
    read_known(&table, &|claim| claims::refusal(said?, wild, claim));
    let id = point.id(&scenario.name);
    let summary = table.required("summary", At::text).unwrap_or_default();
    let mut topology = roster::read(&table, kind, &scenario.recordings);
    let control = std::mem::take(&mut topology.control);
    let control = control::read_steps(&table, &topology.topology, control, kind);
    let chaos = std::mem::take(&mut topology.chaos);
    chaos::check(&table, &topology.topology, &chaos, kind);
    let roster = Roster::of(&topology);
    let phases = phases::read(&table, &roster, kind, wild);
    check_wild(&table, &phases, wild);
    let most = Most::of(&topology.topology, &phases);
    let expect = expectation::read(&table, &roster, kind, &most);
    let not_applicable = read_not_applicable(&table);
    let beside = demands::beside(&table, kind);
    let demands = demands::read(&table, said);
    let divergences = demands::divergences(&table, kind);
    let mut case = Case {
        seed: seed_of(&id, seed),
        id,
        scenario: scenario.name.clone(),
        summary: summary.trim().to_owned(),
        wild,
        claims: scenario.claims.iter().filter_map(|claim| Claim::parse(claim)).collect(),
        kind,
        curve: curve::read(&table, scenario, point, kind),
        topology: topology.topology,
        phases,
        control,
        chaos,
        expect,
        not_applicable,
        beside,
        divergences,
        budget_ms: bounds::budget_ms(&table),
    };
    case.not_applicable.extend(faults::not_applicable(&case));
    case.not_applicable.extend(said::not_applicable(&case));
    case.not_applicable.extend(control::not_applicable(&case));
    case.not_applicable.extend(collectors::not_applicable(&case));
    case.not_applicable.extend(case.peers_left_out());
    case.not_applicable.extend(case.lacking());
    bounds::check(&table, &case);
    filters::check(&table, scenario, &case);
    table.finish();
    (case, demands)
}

/// What is judged after a fault: everything, or safety alone.
fn read_wild(table: &Table<'_>, kind: TrialKind) -> bool {
    let wild = table.or("faults", r#""recoverable""#, |at| {
        at.one_of(&[("recoverable", false), ("wild", true)])
    });
    if let (true, Some(span)) = (wild && kind != TrialKind::Behaviour, table.key_span("faults")) {
        let label = "only `kind = \"behaviour\"` knows faults";
        table.reader().problem(&span, "`faults` in a scenario that has none", label);
    }
    wild
}

/// Refuses `faults = "wild"` where nothing befalls anybody: safety alone would be judged for nothing.
fn check_wild(table: &Table<'_>, phases: &[Phase], wild: bool) {
    let actions = || phases.iter().flat_map(|phase| &phase.actions);
    // A fault that was refused is no fault of the case, and was told already.
    if !wild
        || table.reader().problems_so_far() > 0
        || actions().any(|one| one.operation.fault().is_some())
    {
        return;
    }
    let label = "leave it out, or say what befalls whom in an action";
    let span = table.key_span("faults").unwrap_or_default();
    table.reader().problem(&span, "`faults` in a scenario that has none", label);
}

/// Every case has randomness of its own, and the same in every run with the same seed.
fn seed_of(id: &str, run_seed: u64) -> u64 {
    xxh3_64_with_seed(id.as_bytes(), run_seed)
}

fn read_not_applicable(table: &Table<'_>) -> Vec<(Bus, String)> {
    let Some(table) = table.table("not-applicable", "not-applicable") else { return Vec::new() };
    let reasons = Bus::ALL
        .into_iter()
        .filter_map(|bus| {
            let reason = table.optional(bus.as_str(), At::text)?;
            Some((bus, reason))
        })
        .collect();
    table.finish();
    reasons
}

#[cfg(test)]
mod tests;
