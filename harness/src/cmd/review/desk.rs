//! Where findings are decided one after the other; each decision is written before the next question.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;

use super::edit::{self, Accepted};
use super::finding::{Finding, What};
use super::talk::{Decision, decide};
use crate::cmd::terminal::{AskError, Terminal};
use crate::plan::expand::check;
use crate::plan::refusals::{self, REFUSED_FILE, Refusal};
use crate::plan::{Case, Day, Divergence, claims, expand};
use crate::scenario::{Problems, Profile, Scenario, Source, load};

/// How long something is accepted where nobody says, seconds: a quarter of a year.
const USUAL_S: u64 = 91 * 24 * 60 * 60;

/// What decisions need: the folder they are written in, and the day they are made.
pub(super) struct Desk<'a> {
    pub(super) folder: &'a Path,
    /// All of the folder, as they were when the review began.
    pub(super) scenarios: &'a [Scenario],
    /// Now, seconds since 1970.
    pub(super) now_unix_s: u64,
}

/// A file as a decision leaves it.
struct Change {
    path: PathBuf,
    text: String,
    /// What to say once it is written.
    told: String,
}

impl Desk<'_> {
    /// Asks about one after the other; how many were decided. A file that cannot be written ends it: no
    /// other decision could be kept either.
    pub(super) fn walk(
        &self,
        open: &[Finding],
        terminal: &mut Terminal<'_>,
    ) -> anyhow::Result<usize> {
        let mut decided = 0;
        for (number, finding) in open.iter().enumerate() {
            terminal.show(&format!("\n[{}/{}]", number + 1, open.len()))?;
            let change = match self.decision(finding, terminal)? {
                Decision::Quit => break,
                Decision::Skip => continue,
                Decision::Refuse { reason, owner } => self.refused(finding, reason, owner),
                Decision::Accept(accepted) => self.accepted(finding, &accepted),
            };
            match change {
                Ok(Change { path, text, told }) => {
                    fs::write(&path, text)
                        .with_context(|| format!("cannot write {}", path.display()))?;
                    decided += 1;
                    terminal.show(&told)?;
                }
                Err(why) => terminal.show(&why)?,
            }
        }
        Ok(decided)
    }

    /// Asks. Answers that cannot be leave this finding undecided, the end of all answers the rest too.
    fn decision(
        &self,
        finding: &Finding,
        terminal: &mut Terminal<'_>,
    ) -> Result<Decision, AskError> {
        let days = [self.now_unix_s, self.now_unix_s + USUAL_S].map(Day::of_unix_s).into();
        let acceptable = self.acceptable(finding);
        let (told, decision) = match decide(finding, &acceptable, days, terminal) {
            Err(error @ AskError::Refused(_)) => {
                (format!("  {error}; it stays undecided"), Decision::Skip)
            }
            Err(error @ AskError::Ended(_)) => {
                (format!("\n{error}; nothing more is asked"), Decision::Quit)
            }
            asked => return asked,
        };
        terminal.show(&told)?;
        Ok(decision)
    }

    /// Whether a finding can be accepted at all, before anybody is asked what for, and the id it is declared
    /// under already, if it is; the error says why not.
    fn acceptable(&self, finding: &Finding) -> Result<Option<String>, String> {
        if finding.what == What::Difference {
            let why = "no promise is broken; let the scenario's [expect] say what must come out";
            return Err(why.to_owned());
        }
        let scenario = self.scenario(finding)?;
        let cases = cases(&scenario).map_err(|mistakes| mistakes.to_string())?;
        match &finding.what {
            What::Broken(rule) if !cases.iter().all(|case| can_break(case, rule)) => Err(format!(
                "{rule} is no number of the contract that a divergence can name; change the scenario"
            )),
            What::Broken(rule) => {
                let mut declared = cases.iter().flat_map(|case| &case.divergences);
                let own = declared.find(|one| one.bus == finding.bus && one.rule == *rule);
                Ok(own.map(|one| one.id.clone()))
            }
            _ => Ok(None),
        }
    }

    /// What the scenario of a finding declares now; `None` where it cannot be told.
    pub(super) fn declared(&self, finding: &Finding) -> Option<Vec<Divergence>> {
        let scenario = self.scenario(finding).ok()?;
        // All cases of a scenario declare the same.
        Some(cases(&scenario).ok()?.into_iter().next()?.divergences)
    }

    /// The scenario a finding is of, as its file is now, with what it replays.
    fn scenario(&self, finding: &Finding) -> Result<Scenario, String> {
        let known = self.scenarios.iter().find(|own| own.name == finding.scenario);
        let known = known.ok_or_else(|| format!("there is no scenario {:?}", finding.scenario))?;
        load(Path::new(&known.source.path)).map_err(|error| error.to_string())
    }

    /// The scenario with the finding declared in it; the error says why it cannot be.
    fn accepted(&self, finding: &Finding, accepted: &Accepted) -> Result<Change, String> {
        let before = self.scenario(finding)?;
        let path = &before.source.path;
        let text = edit::accept(&before.source.text, (finding.bus, &finding.what), accepted)
            .map_err(|error| stays(path, &error))?;
        let source = Source { path: path.clone(), text: text.clone() };
        let mut edited = Scenario::parse(source).map_err(|mistakes| stays(path, &mistakes))?;
        // What it replays lies beside it, and no decision changes that.
        edited.recordings = Arc::clone(&before.recordings);
        check(&edited).map_err(|mistakes| stays(path, &mistakes))?;
        let told = format!("accepted until {}: {path}", accepted.until);
        Ok(Change { path: PathBuf::from(path), text, told })
    }

    /// The file of refusals with the finding in it; the error says why it cannot be.
    fn refused(&self, finding: &Finding, reason: String, owner: String) -> Result<Change, String> {
        let path = self.folder.join(REFUSED_FILE);
        let shown = path.display().to_string();
        let before = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|error| format!("cannot read {shown}: {error}"))?,
        };
        let refusal = Refusal {
            scenario: finding.scenario.clone(),
            bus: finding.bus,
            rule: finding.what.rule().to_owned(),
            reason,
            owner,
            day: Day::of_unix_s(self.now_unix_s),
        };
        let text = edit::refuse(&before, &refusal).map_err(|error| stays(&shown, &error))?;
        // A file with a mistake would keep `review` and `check` from everything else.
        let source = Source { path: shown.clone(), text: text.clone() };
        refusals::parse(source, &names(self.scenarios))
            .map_err(|mistakes| stays(&shown, &mistakes))?;
        Ok(Change { path, text, told: format!("refused: {shown}") })
    }
}

/// What refusals may be about.
pub(super) fn names(scenarios: &[Scenario]) -> Vec<&str> {
    scenarios.iter().map(|scenario| scenario.name.as_str()).collect()
}

/// The cases of all profiles: a divergence is declared for each of them.
fn cases(scenario: &Scenario) -> Result<Vec<Case>, Problems> {
    let mut cases = Vec::new();
    for profile in Profile::ALL {
        cases.extend(expand(scenario, profile, 0)?);
    }
    Ok(cases)
}

/// Whether a divergence of a case may name that rule.
fn can_break(case: &Case, rule: &str) -> bool {
    claims::reported(case.kind).iter().any(|claim| claim.as_str() == rule)
}

fn stays(path: &str, why: &dyn std::fmt::Display) -> String {
    format!("{why}\n\n{path} stays as it is")
}
