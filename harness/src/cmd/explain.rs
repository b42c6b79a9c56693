//! `explain CASE`: one case on one page, for people who do not know the format.
//!
//! What each value of it is and where it comes from is `show --effective`'s to say.

mod chaos;
mod course;
mod names;
mod page;
mod promise;
mod roles;
mod said;
mod standing;
mod steps;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::known::profiles;
use super::scenarios::{ScenariosError, load_all};
use super::selection::{Selection, Wanted};
use super::{EXIT_INVALID, complain, folder_or_default};
use crate::plan::gates::GateTable;
use crate::plan::{Bus, Case, TrialKind};
use crate::scenario::{Profile, Scenario};
use page::Page;

/// Tell of one case what it is for, what happens in it, and what is known of it.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// Id of a case, or the name of a scenario that has one.
    pub case: String,
    /// Which profile's case: profiles differ in how much is run.
    #[arg(long, default_value = "nightly", value_parser = profiles())]
    pub profile: Profile,
    /// Folder of the report whose verdict is told, instead of the last run's.
    #[arg(long, value_name = "FOLDER")]
    pub report: Option<PathBuf>,
    /// Folder of the scenarios, instead of the project's own.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
}

/// A case with what the page says beside it.
struct Explained<'a> {
    case: &'a Case,
    /// The file it comes from.
    scenario: &'a Scenario,
    /// Gates of all cases, those of scenarios included.
    table: &'a GateTable,
    wanted: &'a Wanted,
}

/// Prints the page. A case nobody has, or the name of several, exits 2.
pub fn run(args: &ExplainArgs) -> anyhow::Result<ExitCode> {
    let wanted = Wanted {
        folder: args.scenarios.clone(),
        profile: args.profile,
        patterns: vec![args.case.clone()],
        seed: 0,
        baseline: Bus::Crossbeam,
    };
    let selection = match wanted.select() {
        Ok(selection) => selection,
        Err(error) => {
            complain(&error);
            return Ok(error.exit());
        }
    };
    if let Some(why) = wanted.complaint(&selection) {
        return Ok(refuse(&why));
    }
    let Selection { cases, table, .. } = selection;
    let case = match cases.as_slice() {
        [case] => case,
        several => return Ok(refuse(&ambiguous(&args.case, several))),
    };
    let folder = folder_or_default(args.scenarios.as_deref());
    let scenarios = load_all(&folder, &[], &mut ScenariosError::default());
    let scenario = scenarios.iter().find(|scenario| scenario.name == case.scenario);
    let scenario = scenario.ok_or_else(|| anyhow::anyhow!("{} is gone", case.scenario))?;
    let explained = Explained { case, scenario, table: &table, wanted: &wanted };
    write!(stdout(), "{}", explained.page(args).text())?;
    Ok(ExitCode::SUCCESS)
}

fn ambiguous(name: &str, cases: &[Case]) -> String {
    let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let number = ids.len();
    format!("error: {name:?} is {number} cases; name one of them:\n  {}", ids.join("\n  "))
}

fn refuse(message: &str) -> ExitCode {
    complain(&message);
    ExitCode::from(EXIT_INVALID)
}

impl Explained<'_> {
    fn page(&self, args: &ExplainArgs) -> Page {
        let mut page = Page::default();
        let Self { case, scenario, .. } = self;
        let tags = match scenario.tags.as_slice() {
            [] => String::new(),
            tags => format!("; tags: {}", tags.join(", ")),
        };
        page.heading(&case.id);
        let judged = judged(case.kind);
        page.item("", &format!("{}: {judged}{tags}", case.kind.as_str()));
        page.heading("Why");
        page.item("", &case.summary);
        roles::write(&mut page, case);
        course::write(&mut page, case);
        steps::write(&mut page, &case.control);
        chaos::write(&mut page, case);
        course::write_expected(&mut page, case);
        promise::write(&mut page, &case.claims);
        standing::write(&mut page, self);
        said::write(&mut page, case, args.report.as_deref());
        page
    }
}

/// What comes of a case of this kind.
fn judged(kind: TrialKind) -> &'static str {
    match kind {
        TrialKind::Behaviour => {
            "everything sent and received is recorded and judged, nothing timed"
        }
        TrialKind::Host => "real collectors watch this host, and what they sent is judged",
        TrialKind::Switch => {
            "real collectors watch this host on `local`, on `daemoneye` and on `local` again, and \
             what they sent is judged and compared"
        }
        TrialKind::Control => "what was asked, answered and done is recorded and judged",
        TrialKind::Chaos => "what arrived, and what a real collector told of it, is judged",
        TrialKind::Saturation => "throughput is compared, with a fixed number of events in flight",
        TrialKind::Paced => "latency, CPU and memory are compared at a fixed rate",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pages of every case of a profile.
    fn pages(profile: Profile) -> Vec<(Case, String)> {
        let nowhere = tempfile::tempdir().expect("a folder");
        let args = ExplainArgs {
            case: "*".to_owned(),
            profile,
            report: Some(nowhere.path().to_path_buf()),
            scenarios: None,
        };
        let patterns = vec![args.case.clone()];
        let (folder, seed, baseline) = (None, 0, Bus::Crossbeam);
        let wanted = Wanted { folder, profile, patterns, seed, baseline };
        let Selection { cases, table, .. } = wanted.select().expect("valid scenarios");
        let scenarios = load_all(&folder_or_default(None), &[], &mut ScenariosError::default());
        let told = |case: Case| {
            let own = scenarios.iter().find(|scenario| scenario.name == case.scenario);
            let scenario = own.expect("it comes from one");
            let explained = Explained { case: &case, scenario, table: &table, wanted: &wanted };
            let page = explained.page(&args).text().to_owned();
            (case, page)
        };
        cases.into_iter().map(told).collect()
    }

    #[test]
    fn every_case_has_a_page_with_every_part() {
        let pages = pages(Profile::Release);
        assert!(pages.len() > 100, "{}", pages.len());
        for (case, page) in pages {
            assert!(page.starts_with(&format!("{}\n", case.id)), "{page}");
            for heading in ["Why", "Who takes part", "What happens", "Buses", "Commands"] {
                assert!(page.contains(&format!("\n\n{heading}\n")), "{}: no {heading}", case.id);
            }
            for claim in &case.claims {
                assert!(page.contains(&format!("\n  {:4}", claim.as_str())), "{}", case.id);
            }
            assert!(!page.contains("{}") && !page.contains("nobody subscribes"), "{page}");
            assert!(page.lines().count() < 100, "one page, not a book: {}", case.id);
        }
    }
}
