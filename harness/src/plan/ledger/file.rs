//! `scenarios/ledger.toml` as said, read as strictly as a scenario.

use std::path::Path;

use super::super::claims;
use super::super::gates::{GateTable, Metric, matches_glob};
use super::super::named::{bus, ratio};
use super::super::{Bus, Claim};
use super::{Criterion, Known, Proof, SOURCES};
use crate::scenario::{
    At, Problems, Source, StrictError, Table, load_strictly, parse_strictly, suggestion,
};

/// The systems the project is built for, as [`std::env::consts::OS`] has them.
const SYSTEMS: [(&str, &str); 4] =
    [("linux", "linux"), ("macos", "macos"), ("windows", "windows"), ("freebsd", "freebsd")];
/// What the command of a test or a benchmark begins with.
const CARGO: &str = "cargo ";
/// Nanoseconds of a millisecond.
const NS_PER_MS: f64 = 1e6;

/// Reads a ledger that may name these scenarios and the gates of this table.
pub fn load(
    path: &Path,
    known: &[Known],
    gates: &GateTable,
) -> Result<Vec<Criterion>, StrictError> {
    load_strictly(path, |table| criteria(table, Naming { known, gates }))
}

/// Reads the text of a ledger, or tells all its mistakes.
pub fn parse(
    source: Source,
    known: &[Known],
    gates: &GateTable,
) -> Result<Vec<Criterion>, Problems> {
    parse_strictly(source, |table| criteria(table, Naming { known, gates }))
}

fn criteria(table: &Table<'_>, naming: Naming<'_>) -> Vec<Criterion> {
    let mut criteria: Vec<Criterion> = Vec::new();
    for one in table.tables("criterion", "criterion") {
        let read = criterion(&one, naming, &criteria);
        one.finish();
        criteria.extend(read);
    }
    criteria
}

/// One `[[criterion]]`.
fn criterion(table: &Table<'_>, naming: Naming<'_>, before: &[Criterion]) -> Option<Criterion> {
    let mistakes = table.reader().problems_so_far();
    let id = table.required("id", |at| id(at, before));
    let source = table.required("source", |at| at.one_of(&SOURCES));
    let asks = table.required("asks", At::text);
    let buses = table.optional("buses", |at| at.list(bus)).unwrap_or_default();
    let system = table.optional("system", |at| at.one_of(&SYSTEMS)).map(str::to_owned);
    let proofs = proofs(table, naming);
    if proofs.is_empty() && table.reader().problems_so_far() == mistakes {
        let label = "say what shows it, or `untested = \"why\"`";
        table.reader().problem(table.span(), "nothing is evidence for this criterion", label);
    }
    Some(Criterion { id: id?, asks: asks?, source: source?.to_owned(), buses, system, proofs })
}

/// Words of `a-z 0-9 -` that no earlier criterion is called by.
fn id(at: &At<'_>, before: &[Criterion]) -> Option<String> {
    let id = at.text()?;
    let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    if id.is_empty() || !id.bytes().all(is_plain) {
        at.refuse(format!("id {id:?}"), "expected words of a-z and 0-9, joined by `-`");
        return None;
    }
    if before.iter().any(|one| one.id == id) {
        at.refuse(format!("id {id:?} twice"), "each criterion has one of its own");
        return None;
    }
    Some(id)
}

fn proofs(table: &Table<'_>, naming: Naming<'_>) -> Vec<Proof> {
    let said = table.optional("scenarios", |at| at.list(|at| naming.judged(at)));
    let mut proofs: Vec<Proof> =
        said.iter().filter(|said| !said.is_empty()).map(|said| cases(said)).collect();
    let claims = table.optional("claims", |at| at.list(|at| naming.claim(at)));
    proofs.extend(claims.into_iter().flatten());
    for gate in table.tables("gate", "criterion.gate") {
        proofs.extend(naming.gate(&gate));
        gate.finish();
    }
    for budget in table.tables("budget", "criterion.budget") {
        proofs.extend(naming.budget(&budget));
        budget.finish();
    }
    let tests = table.optional("tests", |at| at.list(command)).unwrap_or_default();
    proofs.extend(tests.into_iter().map(|command| Proof::Test { command }));
    let benches = table.optional("benches", |at| at.list(command)).unwrap_or_default();
    proofs.extend(benches.into_iter().map(|command| Proof::Bench { command }));
    proofs.extend(table.optional("untested", At::text).map(|why| Proof::Untested { why }));
    proofs
}

/// Every case of the scenarios that some pattern names, each once.
fn cases(said: &[(String, Vec<&Known>)]) -> Proof {
    let patterns: Vec<&str> = said.iter().map(|(pattern, _)| pattern.as_str()).collect();
    let mut named: Vec<&Known> = said.iter().flat_map(|(_, named)| named.iter().copied()).collect();
    named.sort_by(|one, other| one.scenario.cmp(&other.scenario));
    named.dedup();
    let absent = named.iter().filter(|one| one.cases.is_empty());
    let absent = absent.map(|one| one.scenario.clone()).collect();
    Proof::Cases { said: patterns.join(", "), cases: ids(&named), absent }
}

fn ids(named: &[&Known]) -> Vec<String> {
    named.iter().flat_map(|one| one.cases.iter().cloned()).collect()
}

/// What a user types to run a test or a benchmark.
fn command(at: &At<'_>) -> Option<String> {
    let text = at.text()?;
    if text.starts_with(CARGO) {
        return Some(text);
    }
    let label = "expected one that begins with `cargo`, such as \"cargo test -p equivalence\"";
    at.refuse(format!("{text:?} is no command"), label);
    None
}

/// An absolute limit in the unit of its metric.
fn absolute(metric: Metric, at: &At<'_>) -> Option<f64> {
    match metric {
        Metric::Throughput => at.rate(),
        Metric::LatencyP50 | Metric::LatencyP99 => at.duration_ms().map(|ms| ms as f64 * NS_PER_MS),
        Metric::Memory | Metric::Backlog => at.size().map(|bytes| bytes as f64),
        Metric::Cpu => {
            at.refuse("a budget of `cpu`", "only the ratio of two buses says anything about it");
            None
        }
    }
}

/// What a criterion may name.
#[derive(Clone, Copy)]
struct Naming<'k> {
    known: &'k [Known],
    gates: &'k GateTable,
}

impl<'k> Naming<'k> {
    /// The scenarios a pattern matches; one that matches none is a mistake.
    fn matched(self, at: &At<'_>) -> Option<(String, Vec<&'k Known>)> {
        let pattern = at.text()?;
        let is_named = |one: &&Known| matches_glob(&pattern, &one.scenario);
        let named: Vec<&Known> = self.known.iter().filter(is_named).collect();
        if named.is_empty() {
            let names = self.known.iter().map(|one| one.scenario.as_str());
            let label = match suggestion(&pattern, names) {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None => "`equivalence list` names them all".to_owned(),
            };
            at.refuse(format!("{pattern:?} matches no scenario"), label);
            return None;
        }
        Some((pattern, named))
    }

    /// The same, of scenarios that hold or fail.
    fn judged(self, at: &At<'_>) -> Option<(String, Vec<&'k Known>)> {
        let (pattern, named) = self.matched(at)?;
        if let Some(one) = named.iter().find(|one| one.is_measured) {
            let title = format!("{pattern:?} matches {:?}, which is measured", one.scenario);
            at.refuse(title, "gates and budgets say what its figures must be");
            return None;
        }
        Some((pattern, named))
    }

    /// The same, of scenarios that have figures.
    fn measured(self, at: &At<'_>) -> Option<Vec<&'k Known>> {
        let (pattern, named) = self.matched(at)?;
        let has_none = |one: &&&Known| !one.is_measured && !one.cases.is_empty();
        if let Some(one) = named.iter().find(has_none) {
            let title = format!("{pattern:?} matches {:?}, which is not measured", one.scenario);
            at.refuse(title, "`scenarios` and `claims` say what must hold");
            return None;
        }
        Some(named)
    }

    fn claim(self, at: &At<'_>) -> Option<Proof> {
        let number = at.text()?;
        let Some(claim) = Claim::parse(&number) else {
            let label = format!("there is {}", claims::listed(Claim::ALL));
            at.refuse(format!("no scenario can claim {number:?}"), label);
            return None;
        };
        let shows = |one: &&Known| !one.is_measured && one.claims.contains(&number);
        let named: Vec<&Known> = self.known.iter().filter(shows).collect();
        if named.is_empty() {
            at.refuse(format!("no scenario claims {number}"), "then it is evidence for nothing");
            return None;
        }
        let (is_reported, cases) = (claims::is_reported(claim), ids(&named));
        Some(Proof::Claim { number, is_reported, cases })
    }

    /// One `[[criterion.gate]]`.
    fn gate(self, table: &Table<'_>) -> Option<Proof> {
        let metric = table.required("metric", metric);
        let limit = table.required("limit", ratio);
        let named = table.required("scenarios", |at| self.measured(at));
        let (metric, limit) = (metric?, limit?);
        let is_gated = |case: &String| {
            Bus::ALL.iter().any(|bus| self.gates.cell(metric, case, *bus).is_some())
        };
        let cases = ids(&named?).into_iter().filter(is_gated).collect();
        Some(Proof::Gate { metric, limit, cases })
    }

    /// One `[[criterion.budget]]`.
    fn budget(self, table: &Table<'_>) -> Option<Proof> {
        let metric = table.required("metric", metric);
        let limit = table.required("limit", |at| absolute(metric?, at));
        let named = table.required("scenarios", |at| self.measured(at));
        Some(Proof::Budget { metric: metric?, limit: limit?, cases: ids(&named?) })
    }
}

fn metric(at: &At<'_>) -> Option<Metric> {
    at.one_of(&Metric::ALL.map(|metric| (metric.as_str(), metric)))
}

#[cfg(test)]
mod tests;
