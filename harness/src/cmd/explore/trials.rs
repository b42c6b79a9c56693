//! Sketches run and judged: the ordinary path from file to case, the ordinary trial and checks.

use std::path::Path;

use thiserror::Error;

use crate::check::{Colour, Observed, Reached};
use crate::cmd::behaviour::{self, Ran};
use crate::cmd::judged;
use crate::cmd::judging::Judging;
use crate::cmd::selection::Wanted;
use crate::driver::{DriveError, Fault, Interrupt};
use crate::explore::{Sketch, Unsaid};
use crate::plan::{Bus, Case};
use crate::record::History;
use crate::report::Behaviour;
use crate::scenario::Profile;

/// The rule of what two buses do differently though neither is shown to be wrong.
const DIFFERS: &str = "differs";
/// The rule of a trial that left something behind: a shutdown owes that (C13).
const LEFT_BEHIND: &str = "C13";

/// Why a sketch was not run or not judged.
#[derive(Debug, Error)]
pub(in crate::cmd) enum TrialError {
    /// It was not driven.
    #[error("{case} on {}: {cause}", bus.as_str())]
    Drive {
        /// The sketch's name.
        case: String,
        /// The bus.
        bus: Bus,
        /// Why.
        cause: DriveError,
    },
    /// It is no scenario.
    #[error(transparent)]
    Unsaid(#[from] Unsaid),
    /// A file could not be written.
    #[error("cannot write {path}: {cause}")]
    Write {
        /// The file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
}

impl TrialError {
    pub(in crate::cmd) fn is_interrupt(&self) -> bool {
        matches!(self, Self::Drive { cause: DriveError::Interrupted, .. })
    }
}

/// A broken rule on a bus, with its first witness.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Contract number, or `differs`.
    pub rule: String,
    /// The bus that broke it.
    pub bus: Bus,
    /// What happened.
    pub sentence: String,
}

/// What one run of a sketch showed.
#[derive(Debug, Default)]
pub(in crate::cmd) struct Judged {
    /// The first witness of each rule and bus.
    pub(in crate::cmd) failures: Vec<Failure>,
    /// What did not happen as planned, where nothing else was found.
    pub(in crate::cmd) doubts: Vec<String>,
    /// Runs in which a fault or a race missed its window, and nothing else was found.
    pub(in crate::cmd) missed: u64,
    /// Histories that cannot have happened.
    pub(in crate::cmd) broken: Vec<String>,
}

/// Runs sketches, all with one seed.
pub(in crate::cmd) struct Trials<'a> {
    executable: &'a Path,
    interrupt: Interrupt,
    pub(in crate::cmd) seed: u64,
    pub(in crate::cmd) baseline: Bus,
    /// Folder of scenarios that files are written to.
    pub(in crate::cmd) scenarios: &'a Path,
    /// The fault in-process buses are put behind.
    pub(in crate::cmd) fault: Option<Fault>,
    records: tempfile::TempDir,
    run: u64,
}

impl<'a> Trials<'a> {
    pub(in crate::cmd) fn new(
        executable: &'a Path,
        interrupt: Interrupt,
        seed: u64,
        baseline: Bus,
        scenarios: &'a Path,
    ) -> std::io::Result<Self> {
        let records = tempfile::tempdir()?;
        let fault = None;
        Ok(Self { executable, interrupt, seed, baseline, scenarios, fault, records, run: 0 })
    }

    /// The selection a written file will be found by.
    pub(in crate::cmd) fn wanted(&self) -> Wanted {
        Wanted {
            folder: Some(self.scenarios.to_owned()),
            profile: Profile::Pr,
            patterns: Vec::new(),
            seed: self.seed,
            baseline: self.baseline,
        }
    }

    /// Whether the user has ended it.
    pub(in crate::cmd) fn is_interrupted(&self) -> bool {
        self.interrupt.is_told()
    }

    /// Runs a sketch on buses, the baseline first, and judges each alone and against it.
    pub(in crate::cmd) async fn run(
        &mut self,
        sketch: &Sketch,
        buses: &[Bus],
    ) -> Result<Judged, TrialError> {
        let mut case = sketch.case(self.seed)?;
        case.topology.bus.fault = self.fault.map(|fault| fault.name().to_owned());
        let mut judged = Judged::default();
        let mut baseline: Option<History> = None;
        for bus in buses {
            let ran = self.trial(&case, *bus).await?;
            judged.take_in(*bus, &ran);
            if let (Some(first), Some(history)) = (&baseline, &ran.history) {
                let observed = Observed { bus: *bus, history };
                judged.compare(&case, Observed { bus: self.baseline, history: first }, observed);
            }
            if *bus == self.baseline {
                baseline = ran.history;
            }
        }
        Ok(judged)
    }

    /// Whether a sketch breaks the same rule on the same bus in one run.
    pub(in crate::cmd) async fn breaks(
        &mut self,
        sketch: &Sketch,
        failure: &Failure,
    ) -> Result<bool, TrialError> {
        let alone = [failure.bus];
        let both = [self.baseline, failure.bus];
        let buses: &[Bus] = if failure.rule == DIFFERS { &both } else { &alone };
        let judged = self.run(sketch, buses).await?;
        let same = |other: &Failure| other.rule == failure.rule && other.bus == failure.bus;
        Ok(judged.failures.iter().any(same))
    }

    async fn trial(&mut self, case: &Case, bus: Bus) -> Result<Ran, TrialError> {
        self.run += 1;
        let folder = self.records.path().join(self.run.to_string());
        let (executable, wanted) = (self.executable, &self.wanted());
        let judging = Judging { executable, case, bus, directory: &folder, wanted };
        let ran = judged::run(judging, self.interrupt.clone()).await;
        // Thousands of trials: what was read is not kept. A folder that stays costs some kilobytes
        // until the end, no more.
        let _ = std::fs::remove_dir_all(&folder);
        ran.map_err(|cause| TrialError::Drive { case: case.id.clone(), bus, cause })
    }
}

impl Judged {
    fn take_in(&mut self, bus: Bus, ran: &Ran) {
        for witness in &ran.row.violations {
            let sentence = sentence(&witness.sentence, &witness.messages);
            self.fail(witness.rule.clone(), bus, sentence);
        }
        if !ran.tear_down.is_clean() {
            let sentence = format!("something is left behind: {:?}", ran.tear_down);
            self.fail(LEFT_BEHIND.to_owned(), bus, sentence);
        }
        let name = bus.as_str();
        match &ran.row.outcome {
            Behaviour::Pass
            | Behaviour::Fail
            | Behaviour::Diverges
            | Behaviour::NotApplicable(_) => {}
            // What is made up aims at nothing, so that it may miss.
            Behaviour::NotExercised(_) if ran.row.reached.iter().any(Reached::is_missed) => {
                self.missed += 1;
            }
            Behaviour::NotExercised(doubt) => self.doubts.push(format!("{name}: {doubt}")),
            Behaviour::Broken(why) => self.broken.push(format!("{name}: {why}")),
        }
    }

    /// A difference counts where no rule tells who is wrong; where one does, it was broken alone.
    fn compare(&mut self, case: &Case, baseline: Observed<'_>, candidate: Observed<'_>) {
        let bus = candidate.bus;
        // Operations are compared one by one as they ended. Two that were under way at the same time
        // may end either way round, which is no difference.
        let order = |observed: Observed<'_>| {
            let ended = observed.history.operations.iter();
            ended.map(|operated| operated.operation.clone()).collect::<Vec<_>>()
        };
        if order(baseline) != order(candidate) {
            return;
        }
        let differences = behaviour::differences(case, baseline, candidate);
        for difference in differences {
            if difference.colour == Colour::Undecided {
                self.fail(DIFFERS.to_owned(), bus, difference.sentence);
            }
        }
    }

    fn fail(&mut self, rule: String, bus: Bus, sentence: String) {
        if !self.failures.iter().any(|known| known.rule == rule && known.bus == bus) {
            self.failures.push(Failure { rule, bus, sentence });
        }
    }
}

/// A witness's sentence with the messages it is about, where there are any.
fn sentence(sentence: &str, messages: &[String]) -> String {
    match messages {
        [] => sentence.to_owned(),
        messages => format!("{sentence} ({})", messages.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_without_messages_ends_without_parentheses() {
        assert_eq!(sentence("a file is left", &[]), "a file is left");
        assert_eq!(sentence("lost", &["p#1".to_owned(), "p#2".to_owned()]), "lost (p#1, p#2)");
    }
}
