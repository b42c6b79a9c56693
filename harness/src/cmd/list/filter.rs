//! Which cases `list` lists: those that pass every filter.

use std::collections::BTreeSet;
use std::process::ExitCode;

use thiserror::Error;

use super::ListArgs;
use crate::cmd::last_report::{LastReportError, last_report};
use crate::cmd::rerun::asked;
use crate::cmd::scenarios::{ScenariosError, load_all};
use crate::cmd::selection::Wanted;
use crate::cmd::{EXIT_INVALID, folder_or_default};
use crate::plan::gates::matches_glob;
use crate::plan::{Bus, Case, TrialKind, claims, expand};
use crate::report::{Ended, Ending, Run, endings};
use crate::scenario::{Scenario, suggestion};

/// A case, and what the report says of it that was asked for.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) case: Case,
    /// Rows with the wanted verdict; empty where none is wanted.
    pub(super) endings: Vec<Ending>,
}

/// Why there is no list.
#[derive(Debug, Error)]
pub(super) enum ListError {
    /// A filter names what nothing can have.
    #[error("error: {0}")]
    Unknown(String),
    /// No case is called so.
    #[error("{0}")]
    Nothing(String),
    /// Scenario files are wrong, or cannot be read.
    #[error(transparent)]
    Scenarios(#[from] ScenariosError),
    /// The report is of other cases.
    #[error("error: {0}")]
    Foreign(String),
    /// There is no report to go by.
    #[error("error: {0}")]
    Report(#[from] LastReportError),
}

impl ListError {
    /// What is asked for and cannot be is a usage error.
    pub(super) fn exit(&self) -> ExitCode {
        match self {
            Self::Unknown(_) | Self::Nothing(_) | Self::Foreign(_) | Self::Report(_) => {
                ExitCode::from(EXIT_INVALID)
            }
            Self::Scenarios(error) => error.exit(),
        }
    }
}

/// Every case that passes, in order of files, then of the matrix.
pub(super) fn listed(args: &ListArgs) -> Result<Vec<Listed>, ListError> {
    for claim in &args.claim {
        known(claim, &claimable()).map_err(|advice| {
            ListError::Unknown(format!("no scenario can claim {claim:?}; {advice}"))
        })?;
    }
    let report = match args.verdict {
        Some(wanted) => Some((wanted, last_report(args.report.as_deref())?)),
        None => None,
    };
    // A report is of the scenarios that its own command names.
    let named = report.as_ref().and_then(|(_, run)| asked(&run.command).ok()?.wanted.folder);
    let args = &ListArgs { scenarios: args.scenarios.clone().or(named), ..args.clone() };
    let mut problems = ScenariosError::default();
    let scenarios = load_all(&folder_or_default(args.scenarios.as_deref()), &[], &mut problems);
    check_tags(&args.tag, &scenarios)?;
    let mut listed = Vec::new();
    let mut is_named = args.scenario.is_none();
    for scenario in scenarios.iter().filter(|own| is_wanted(args, own)) {
        match expand(scenario, args.profile, 0) {
            Ok(cases) => {
                let cases: Vec<Case> =
                    cases.into_iter().filter(|case| is_called(args, case)).collect();
                is_named |= !cases.is_empty();
                let wanted = cases.into_iter();
                listed.extend(wanted.filter_map(|case| passes(args, case, report.as_ref())));
            }
            Err(mistakes) => problems.mistake(&mistakes),
        }
    }
    let listed = problems.or(listed)?;
    let strange = report.as_ref().filter(|_| listed.is_empty());
    if let Some(why) = strange.and_then(|report| foreign(args, &scenarios, report)) {
        return Err(ListError::Foreign(why));
    }
    // Filters that leave nothing are an answer; a name that nothing has is a mistake.
    match unknown(args).filter(|_| !is_named) {
        Some(why) => Err(ListError::Nothing(why)),
        None => Ok(listed),
    }
}

/// Of which case the report says what is wanted, though there is no such case; nothing where there is each.
fn foreign(
    args: &ListArgs,
    scenarios: &[Scenario],
    (wanted, run): &(Ended, Run),
) -> Option<String> {
    let expanded = scenarios.iter().filter_map(|own| expand(own, args.profile, 0).ok());
    let known: BTreeSet<String> = expanded.flatten().map(|case| case.id).collect();
    let is_asked = |one: &Ending| args.bus.is_none_or(|bus| one.bus == bus);
    let is_said = |case: &&str| {
        let case = Case::bare(case, Vec::new(), Vec::new());
        let said = endings(run, &case);
        is_called(args, &case) && said.iter().any(|one| one.ended == *wanted && is_asked(one))
    };
    let behaviour = run.behaviour.iter().map(|row| row.case.as_str());
    let told = behaviour.chain(run.performance.iter().map(|row| row.case.as_str()));
    let first = told.filter(|case| !known.contains(*case)).find(is_said)?;
    let (wanted, profile) = (wanted.as_str(), args.profile.as_str());
    let folder = folder_or_default(args.scenarios.as_deref());
    Some(format!(
        "the report says {wanted} of {first:?}, which is no case of profile {profile} in {}; \
         `--scenarios` and `--profile` name others",
        folder.display()
    ))
}

/// Why no scenario at all is called as asked, whatever else was asked for.
fn unknown(args: &ListArgs) -> Option<String> {
    let wanted = named(args);
    wanted.select().ok().and_then(|selected| wanted.complaint(&selected))
}

/// What is called as asked, by name alone.
fn named(args: &ListArgs) -> Wanted {
    Wanted {
        folder: args.scenarios.clone(),
        profile: args.profile,
        patterns: args.scenario.clone().into_iter().collect(),
        seed: 0,
        baseline: Bus::Crossbeam,
    }
}

/// Whether the file of a scenario passes: its claims and its tags.
fn is_wanted(args: &ListArgs, scenario: &Scenario) -> bool {
    args.claim.iter().all(|claim| scenario.shows(claim))
        && args.tag.iter().all(|tag| scenario.is_tagged(tag))
}

fn is_called(args: &ListArgs, case: &Case) -> bool {
    args.scenario.as_ref().is_none_or(|pattern| {
        matches_glob(pattern, &case.id) || matches_glob(pattern, &case.scenario)
    })
}

fn passes(args: &ListArgs, case: Case, report: Option<&(Ended, Run)>) -> Option<Listed> {
    let is_kind = args.kind.is_none_or(|kind| case.kind == kind);
    let applies = args.bus.is_none_or(|bus| case.left_out(bus).is_none());
    // Of what does not apply the report may say just that.
    let is_said = matches!(report, Some((Ended::NotApplicable, _)));
    if !is_kind || !(applies || is_said) {
        return None;
    }
    let Some((wanted, run)) = report else { return Some(Listed { case, endings: Vec::new() }) };
    let of_bus = |one: &Ending| args.bus.is_none_or(|bus| one.bus == bus);
    let mut found: Vec<Ending> = endings(run, &case).into_iter().filter(of_bus).collect();
    let was_run = !found.is_empty();
    found.retain(|one| one.ended == *wanted);
    let is_wanted = if *wanted == Ended::NotRun { !was_run } else { !found.is_empty() };
    is_wanted.then_some(Listed { case, endings: found })
}

/// Refuses a tag that no scenario has.
fn check_tags(wanted: &[String], scenarios: &[Scenario]) -> Result<(), ListError> {
    let tags: BTreeSet<&str> =
        scenarios.iter().flat_map(|own| &own.tags).map(String::as_str).collect();
    let tags: Vec<&str> = tags.into_iter().collect();
    for tag in wanted {
        known(tag, &tags).map_err(|advice| {
            ListError::Unknown(format!("no scenario has the tag {tag:?}; {advice}"))
        })?;
    }
    Ok(())
}

/// Nothing for a known name; for another what was meant, and all that there are.
fn known(name: &str, all: &[&str]) -> Result<(), String> {
    if all.contains(&name) {
        return Ok(());
    }
    // Numbers are written in capitals, which a suggestion takes for other letters.
    let capital = all.iter().copied().find(|known| known.eq_ignore_ascii_case(name));
    let meant = capital.or_else(|| suggestion(name, all.iter().copied()));
    let meant = meant.map_or_else(String::new, |meant| format!("did you mean {meant:?}? "));
    let there_is = if all.is_empty() { "none at all".to_owned() } else { all.join(", ") };
    Err(format!("{meant}there is {there_is}"))
}

/// Every number that a scenario of some kind can claim.
fn claimable() -> Vec<&'static str> {
    let mut known: Vec<&str> = Vec::new();
    for number in TrialKind::ALL.into_iter().flat_map(claims::judged) {
        if !known.contains(&number.as_str()) {
            known.push(number.as_str());
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_told_with_what_was_meant_and_what_there_is() {
        let told = |name: &str, all: &[&str]| known(name, all).expect_err("it is unknown");
        assert_eq!(known("C4", &["C1", "C4"]), Ok(()));
        assert_eq!(told("c4", &["C1", "C4"]), "did you mean \"C4\"? there is C1, C4");
        assert_eq!(told("queue", &["fault", "example"]), "there is fault, example");
        assert_eq!(told("queue", &[]), "there is none at all");
    }
}
