//! `review`: what the last report says that somebody has to decide about, one by one.
//!
//! What is accepted becomes a `[[divergence]]` of its scenario, with reason, owner and last day; what is
//! refused goes to `refused.toml`, goes on failing, and is not asked about again.

mod edit;
mod finding;
mod talk;

use std::fs;
use std::io::{IsTerminal, Write, stderr, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use super::last_report::{LATEST, last_report};
use super::run::unix_s;
use super::scenarios::{ScenariosError, load_all};
use super::terminal::{AskError, Terminal};
use super::{EXIT_INVALID, complain, folder_or_default};
use crate::plan::refusals::{self, REFUSED_FILE, Refusal, RefusalsError};
use crate::plan::{Day, claims, expand, expand::check};
use crate::report::{Exit, counted};
use crate::scenario::{Profile, Scenario, Source};
use edit::Accepted;
use finding::{Finding, What, findings};
use talk::{Decision, decide};

/// How long something is accepted where nobody says: a quarter of a year.
const USUAL_S: u64 = 91 * 24 * 60 * 60;

/// Decide about what the last report found: accept it until a day, or refuse it.
#[derive(Debug, Clone, Args)]
pub struct ReviewArgs {
    /// The report, its folder or file.
    #[arg(default_value = LATEST)]
    pub report: PathBuf,
    /// Folder of the scenarios it is of, instead of the project's own.
    #[arg(long, value_name = "FOLDER")]
    pub scenarios: Option<PathBuf>,
    /// Ask about what was refused before, too.
    #[arg(long)]
    pub again: bool,
}

/// Asks, where somebody can answer; elsewhere it lists. Exits 3 while something is not decided.
pub fn run(args: &ReviewArgs) -> anyhow::Result<ExitCode> {
    let folder = folder_or_default(args.scenarios.as_deref());
    let run = match last_report(Some(&args.report)) {
        Ok(run) => run,
        Err(error) => return Ok(refused(&anyhow::Error::from(error))),
    };
    let scenarios = load_all(&folder, &[], &mut ScenariosError::default());
    let names: Vec<&str> = scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    let known = match refusals::load(&folder, &names) {
        Ok(known) => known,
        Err(error @ RefusalsError::Read { .. }) => return Err(error.into()),
        Err(RefusalsError::Invalid(problems)) => {
            complain(&problems);
            return Ok(ExitCode::from(EXIT_INVALID));
        }
    };
    let (before, open): (Vec<Finding>, Vec<Finding>) = findings(&run)
        .into_iter()
        .partition(|finding| !args.again && known.iter().any(|one| is_of(one, finding)));
    let mut out = stdout().lock();
    if !before.is_empty() {
        let many = counted(before.len(), "difference was", "differences were");
        writeln!(out, "{many} refused before; `--again` asks once more")?;
    }
    if open.is_empty() {
        writeln!(out, "nothing is left to decide in {}", args.report.display())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut desk = Desk { folder: &folder, today: unix_s(), undecided: open.len() };
    if stdin().is_terminal() && stderr().is_terminal() {
        let (mut input, mut output) = (stdin().lock(), stderr());
        match desk.walk(&open, &mut Terminal::new(&mut input, &mut output)) {
            Ok(()) | Err(WalkError::Ask(AskError::Ended(_) | AskError::Refused(_))) => {}
            Err(error) => return Err(error.into()),
        }
    } else {
        for finding in &open {
            writeln!(out, "{}\n", finding.page())?;
        }
    }
    writeln!(out, "{}", counted(desk.undecided, "is undecided", "are undecided"))?;
    let exit = if desk.undecided == 0 { Exit::Pass } else { Exit::Inconclusive };
    Ok(ExitCode::from(exit.code()))
}

fn refused(error: &anyhow::Error) -> ExitCode {
    complain(&format_args!("error: {error:#}"));
    ExitCode::from(EXIT_INVALID)
}

fn is_of(refusal: &Refusal, finding: &Finding) -> bool {
    (&refusal.scenario, refusal.bus, refusal.rule.as_str())
        == (&finding.scenario, finding.bus, finding.what.rule())
}

/// Why nothing more is asked.
#[derive(Debug, thiserror::Error)]
enum WalkError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    File(#[from] anyhow::Error),
}

/// Where decisions are written down.
struct Desk<'a> {
    folder: &'a Path,
    /// Now, in seconds since 1970.
    today: u64,
    undecided: usize,
}

impl Desk<'_> {
    /// Asks about one after the other; each decision is written before the next question.
    fn walk(&mut self, open: &[Finding], terminal: &mut Terminal<'_>) -> Result<(), WalkError> {
        let days = (Day::of_unix_s(self.today), Day::of_unix_s(self.today + USUAL_S));
        for (number, finding) in open.iter().enumerate() {
            let heading = format!("\n[{}/{}]", number + 1, open.len());
            terminal.show(&heading).map_err(AskError::Terminal)?;
            let unacceptable = self.unacceptable(finding);
            let told = match decide(finding, unacceptable.as_deref(), days, terminal)? {
                Decision::Quit => return Ok(()),
                Decision::Skip => continue,
                Decision::Refuse { reason, owner } => self.refuse(finding, (&reason, &owner))?,
                Decision::Accept(accepted) => match self.accept(finding, &accepted)? {
                    Ok(told) => told,
                    Err(why) => {
                        terminal.show(&why).map_err(AskError::Terminal)?;
                        continue;
                    }
                },
            };
            self.undecided -= 1;
            terminal.show(&told).map_err(AskError::Terminal)?;
        }
        Ok(())
    }

    fn path(&self, finding: &Finding) -> PathBuf {
        self.folder.join(&finding.scenario).with_extension("toml")
    }

    /// Why a finding cannot be accepted, if it cannot.
    fn unacceptable(&self, finding: &Finding) -> Option<String> {
        let rule = match &finding.what {
            What::Expired(_) | What::NotObserved(_) => return None,
            What::Difference => {
                return Some(
                    "no promise is broken; let the scenario's [expect] say what must come out"
                        .to_owned(),
                );
            }
            What::Broken(rule) => rule,
        };
        let text = match fs::read_to_string(self.path(finding)) {
            Ok(text) => text,
            Err(error) => return Some(format!("{}: {error}", self.path(finding).display())),
        };
        let path = self.path(finding).display().to_string();
        let scenario = Scenario::parse(Source { path, text }).ok()?;
        let expanded = |profile| expand(&scenario, profile, 0).ok()?.first().map(|case| case.kind);
        let kind = Profile::ALL.into_iter().find_map(expanded)?;
        let named = claims::reported(kind);
        let is_named = named.iter().any(|claim| claim.as_str() == rule);
        (!is_named).then(|| {
            format!("{rule} is no number of the contract that a divergence can name; change the scenario")
        })
    }

    /// Declares it in the scenario, unless the scenario would be wrong then; says where, or why not.
    fn accept(
        &self,
        finding: &Finding,
        accepted: &Accepted,
    ) -> anyhow::Result<Result<String, String>> {
        let path = self.path(finding);
        let shown = path.display().to_string();
        let before = fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
        let text = match edit::accept(&before, (finding.bus, &finding.what), accepted) {
            Ok(text) => text,
            Err(error) => return Ok(Err(format!("{shown} stays as it is: {error}"))),
        };
        let source = Source { path: shown.clone(), text: text.clone() };
        if let Err(problems) = Scenario::parse(source).and_then(|scenario| check(&scenario)) {
            return Ok(Err(format!("{problems}\n\n{shown} stays as it is")));
        }
        fs::write(&path, text).with_context(|| format!("cannot write {shown}"))?;
        Ok(Ok(format!("accepted until {}: {shown}", accepted.until)))
    }

    /// Writes down that it is a defect; says where.
    fn refuse(&self, finding: &Finding, (reason, owner): (&str, &str)) -> anyhow::Result<String> {
        let path = self.folder.join(REFUSED_FILE);
        let shown = path.display().to_string();
        let before = match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.with_context(|| format!("cannot read {shown}"))?,
        };
        let day = Day::of_unix_s(self.today).to_string();
        let entry = [
            ("scenario", finding.scenario.as_str()),
            ("bus", finding.bus.as_str()),
            ("rule", finding.what.rule()),
            ("reason", reason),
            ("owner", owner),
            ("day", &day),
        ];
        let text = edit::refuse(&before, &entry).with_context(|| shown.clone())?;
        fs::write(&path, text).with_context(|| format!("cannot write {shown}"))?;
        Ok(format!("refused: {shown}"))
    }
}

#[cfg(test)]
mod tests;
