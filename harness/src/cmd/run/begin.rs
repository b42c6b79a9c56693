//! The record of a run before anything was run: what was asked for, where, and the line that repeats it.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::options::{RunOptions, once_each};
use crate::cmd::command_line::CommandLine;
use crate::cmd::selection::Selection;
use crate::plan::{Bus, Case};
use crate::report::{self, Demanded, Host, Run};

/// The record of a run that has looked at nothing yet.
pub(super) fn begin(options: &RunOptions, selection: &Selection) -> Run {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let candidates = candidates(options, selection);
    let demanded = candidates.iter().map(|bus| demanded(selection, *bus)).collect();
    Run {
        command: command(options, selection),
        format: report::FORMAT,
        revision: report::revision(folder),
        host: Host::read(),
        seed: options.wanted.seed,
        profile: options.wanted.profile.as_str().to_owned(),
        baseline: options.wanted.baseline,
        baseline_revision: options.revision.clone(),
        candidates,
        demanded,
        started_unix_s: unix_s(),
        finished_unix_s: 0,
        calibration: Vec::new(),
        behaviour: Vec::new(),
        performance: Vec::new(),
        evidence: Vec::new(),
        traced: Vec::new(),
        curves: Vec::new(),
        criteria: selection.criteria.clone(),
        left_behind: Vec::new(),
        infrastructure: Vec::new(),
        interrupted: None,
        not_run: None,
    }
}

fn demanded(selection: &Selection, bus: Bus) -> Demanded {
    Demanded { bus, metrics: selection.table.metrics(bus) }
}

/// The line that repeats the run.
fn command(options: &RunOptions, selection: &Selection) -> String {
    let measured = selection.cases.iter().filter(|case| case.kind.is_performance());
    let mut pairs = measured.flat_map(|case| options.pairs(case));
    built_in(options.command(), pairs.any(has_peer)).to_string()
}

/// The line that measures one case on one pair of buses again.
pub(super) fn measured_again(options: &RunOptions, case: &Case, pair: (Bus, Bus)) -> String {
    let revision = options.revision.as_deref();
    let line = CommandLine::of_pair(&options.wanted, revision, &case.id, pair.1);
    built_in(line, has_peer(pair)).to_string()
}

fn has_peer((a, b): (Bus, Bus)) -> bool {
    a.is_peer() || b.is_peer()
}

/// With what has to be built in again: brokers of others, another allocator.
fn built_in(line: CommandLine, has_peers: bool) -> CommandLine {
    let has_peers = cfg!(feature = "peers") && has_peers;
    let switches = [("--peers", has_peers), ("--mimalloc", cfg!(feature = "mimalloc"))];
    let asked = switches.into_iter().filter(|(_, is_asked)| *is_asked);
    asked.fold(line, |line, (switch, _)| line.flag(switch))
}

/// The buses in question, those whose performance is asked for first; without those that no
/// selected case is run on.
fn candidates(options: &RunOptions, selection: &Selection) -> Vec<Bus> {
    let measured = selection.cases.iter().filter(|case| case.kind.is_performance());
    let measured: Vec<Bus> =
        measured.flat_map(|case| options.pairs(case)).map(|(_, candidate)| candidate).collect();
    let mut candidates = options.performance_candidates();
    candidates.retain(|candidate| measured.is_empty() || measured.contains(candidate));
    if selection.cases.iter().any(|case| !case.kind.is_performance()) {
        candidates.extend(options.behaviour_candidates());
    }
    once_each(&candidates)
}

/// Now, in seconds since 1970.
pub(in crate::cmd) fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
