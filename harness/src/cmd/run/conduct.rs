//! The run itself: case after case, everything kept, interruptions and breakdowns included.

mod curve;
mod kept;
mod performance;
mod traced;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::performance::Pairs;
use super::begin::unix_s;
use super::calibration::calibrate;
use super::estimate::{self, one_trial};
use super::folder::TRIALS;
use super::options::RunOptions;
use super::remaining::{not_run, unfinished};
use crate::check::{Observed, Unsteady, unsteady};
use crate::cmd::behaviour::Ran;
use crate::cmd::judging::Judging;
use crate::cmd::selection::Selection;
use crate::cmd::{behaviour, curves, judged};
use crate::driver::{DriveError, Interrupt, sweep_runtime_folders};
use crate::plan::{Bus, Case, TrialKind};
use crate::record::{History, TearDown};
use crate::report::{
    self, Behaviour, BehaviourRow, LeftBehind, PerformanceRow, Progress, Run, at_most, counted,
};

/// A report is written again after so long, at the end of a case.
const BETWEEN_WRITES: Duration = Duration::from_mins(1);

/// Runs every selected case and completes the record that [`begin`](super::begin::begin) began.
pub(super) async fn conduct(
    options: &RunOptions,
    selection: &Selection,
    executable: &Path,
    interrupt: Interrupt,
    run: Run,
) -> Run {
    let swept = sweep_runtime_folders();
    tracing::debug!(swept, "removed runtime folders of harnesses that were killed");
    let steps = steps(options, selection);
    let total = steps.iter().sum();
    let blocks = options.most_blocks();
    let mut progress = Progress::standard(steps);
    progress.begins(&format!(
        "at most {} on a quiet host, at most {} a performance case",
        at_most(total),
        counted(blocks, "block", "blocks")
    ));
    let mut conductor = Conductor {
        options,
        selection,
        executable,
        interrupt,
        progress,
        run,
        share_by_clone: false,
        written: Instant::now(),
    };
    conductor.behaviour().await;
    conductor.performance().await;
    conductor.progress.finish();
    let mut run = conductor.run;
    run.finished_unix_s = unix_s();
    run.not_run = not_run(options, selection, &run);
    run
}

/// What every step takes at most, in the order they are run.
fn steps(options: &RunOptions, selection: &Selection) -> Vec<Duration> {
    let is_behaviour = |case: &&Case| !case.kind.is_performance();
    let (behaviour, performance): (Vec<&Case>, Vec<&Case>) =
        selection.cases.iter().partition(is_behaviour);
    let (curves, performance): (Vec<&Case>, Vec<&Case>) =
        performance.into_iter().partition(|case| case.curve.is_some());
    let behaviour = behaviour.into_iter().flat_map(|case| {
        let times = options.behaviour_buses_of(case).len() + usize::from(options.repeats(case));
        std::iter::repeat_n(estimate::judged(case), times)
    });
    let (blocks, concludes) = (options.most_blocks(), options.concludes());
    let performance = performance.into_iter().filter_map(|case| {
        let Pairs { measured, .. } = Pairs::of(options, case);
        let takes = || estimate::measured(case, &measured, blocks, concludes);
        (!measured.is_empty()).then(takes)
    });
    let curves: Vec<Case> = curves.into_iter().cloned().collect();
    let trials = options.curve_buses().len() * options.curve_rounds() as usize;
    let curves = curves::by_scenario(&curves);
    let curves = curves.iter().map(|points| points.iter().map(one_trial).sum::<Duration>());
    let curves = curves.map(|once| once * u32::try_from(trials).unwrap_or(u32::MAX)).collect();
    let curves: Vec<Duration> = curves;
    behaviour.chain(performance).chain(curves).collect()
}

/// What the baseline did in a case, and where a second run of it differed.
struct Twice {
    first: History,
    unsteady: Vec<Unsteady>,
}

struct Conductor<'a> {
    options: &'a RunOptions,
    selection: &'a Selection,
    executable: &'a Path,
    interrupt: Interrupt,
    progress: Progress,
    run: Run,
    share_by_clone: bool,
    /// When the report was last written.
    written: Instant,
}

impl Conductor<'_> {
    fn cases(&self, wanted: impl Fn(TrialKind) -> bool) -> Vec<Case> {
        self.selection.cases.iter().filter(|case| wanted(case.kind)).cloned().collect()
    }

    fn folder(&self, case: &Case) -> PathBuf {
        self.options.out.join(TRIALS).join(report::case_dir(&case.id))
    }

    fn judging<'a>(&'a self, case: &'a Case, bus: Bus, directory: &'a Path) -> Judging<'a> {
        let wanted = &self.options.wanted;
        Judging { executable: self.executable, case, bus, directory, wanted }
    }

    async fn behaviour(&mut self) {
        for case in self.cases(|kind| !kind.is_performance()) {
            let before = self.run.behaviour.len();
            let twin = self.on_all_buses(&case).await;
            self.settle_twin(&case, twin.as_ref(), before);
        }
    }

    /// Runs a behaviour case on its buses, until the user stops it; what the baseline did.
    async fn on_all_buses(&mut self, case: &Case) -> Option<Twice> {
        // The baseline comes first; the others are compared with what it did.
        let mut baseline = None;
        for bus in self.options.behaviour_buses_of(case) {
            if self.is_over(case) {
                break;
            }
            let history = self.behaviour_case(case, bus, baseline.as_ref()).await;
            if bus == self.options.wanted.baseline {
                baseline = history;
            }
            self.keep_what_there_is();
        }
        baseline
    }

    /// Writes the report as it stands, now and then and never while something is measured: whoever kills the
    /// run has what there was.
    fn keep_what_there_is(&mut self) {
        if self.written.elapsed() < BETWEEN_WRITES {
            return;
        }
        self.written = Instant::now();
        let so_far = unfinished(self.options, self.selection, &self.run);
        if let Err(error) = report::write(&self.options.out, &so_far) {
            tracing::warn!(%error, "the report so far could not be written");
        }
    }

    async fn behaviour_case(
        &mut self,
        case: &Case,
        bus: Bus,
        baseline: Option<&Twice>,
    ) -> Option<Twice> {
        self.progress.case_started(&case.id, bus.as_str());
        let directory = self.folder(case).join(bus.as_str());
        let judging = self.judging(case, bus, &directory);
        match judged::run(judging, self.interrupt.clone()).await {
            Ok(Ran { mut row, tear_down, history }) => {
                if let (Some(before), Some(now)) = (baseline, &history) {
                    let first =
                        Observed { bus: self.options.wanted.baseline, history: &before.first };
                    behaviour::compare(case, &mut row, (first, &before.unsteady), now);
                }
                self.progress.case_done(&outcome(&row));
                self.note_left(case, bus, tear_down);
                if !holds(&row) {
                    self.keep(case, &mut row, &directory, history.as_ref());
                } else if bus != self.options.wanted.baseline {
                    // Records of a case that holds are of no use; those of others are evidence.
                    self.discard(&directory);
                }
                let mut twice = history.map(|first| Twice { first, unsteady: Vec::new() });
                if let Some(twice) = &mut twice
                    && bus == self.options.wanted.baseline
                    && self.options.repeats(case)
                {
                    twice.unsteady = self.once_more(case, bus, &twice.first).await;
                    row.unsteady.clone_from(&twice.unsteady);
                }
                self.run.behaviour.push(row);
                twice
            }
            Err(error) => {
                self.broke(case, bus, &error);
                None
            }
        }
    }

    /// Runs a case on the baseline again, with the same seed; returns what differs. A failure that
    /// shows only now is a row of its own.
    async fn once_more(&mut self, case: &Case, bus: Bus, first: &History) -> Vec<Unsteady> {
        self.progress.case_started(&case.id, &format!("{} once more", bus.as_str()));
        let directory = self.folder(case).join(format!("{}-again", bus.as_str()));
        let judging = self.judging(case, bus, &directory);
        match judged::run(judging, self.interrupt.clone()).await {
            Ok(Ran { mut row, tear_down, history }) => {
                self.progress.case_done(&outcome(&row));
                self.note_left(case, bus, tear_down);
                if holds(&row) {
                    self.discard(&directory);
                } else {
                    self.keep(case, &mut row, &directory, history.as_ref());
                    self.run.behaviour.push(row);
                }
                history.map_or_else(Vec::new, |again| unsteady(case, first, &again))
            }
            Err(error) => {
                self.broke(case, bus, &error);
                Vec::new()
            }
        }
    }

    fn note_left(&mut self, case: &Case, bus: Bus, tear_down: TearDown) {
        if !tear_down.is_clean() {
            let bus = Some(bus);
            self.run.left_behind.push(LeftBehind { case: case.id.clone(), bus, tear_down });
        }
    }

    async fn performance(&mut self) {
        let (curves, cases): (Vec<Case>, Vec<Case>) = self
            .cases(TrialKind::is_performance)
            .into_iter()
            .partition(|case| case.curve.is_some());
        if (cases.is_empty() && curves.is_empty()) || self.interrupt.is_told() {
            return;
        }
        if !cfg!(target_os = "linux") {
            self.run.calibration.push("performance is judged on Linux alone".to_owned());
            return;
        }
        self.calibrate(if cases.is_empty() { &curves } else { &cases }).await;
        for case in cases {
            if self.is_over(&case) {
                return;
            }
            let Pairs { measured, left_out } = Pairs::of(self.options, &case);
            for (baseline, candidate, why) in left_out {
                let row = PerformanceRow::not_applicable(&case, [baseline, candidate], why);
                self.run.performance.push(row);
            }
            if !measured.is_empty() {
                self.performance_case(&case, measured).await;
            }
            self.keep_what_there_is();
        }
        for points in curves::by_scenario(&curves) {
            if self.is_over(&points[0]) {
                return;
            }
            self.curve(&points).await;
            self.keep_what_there_is();
        }
    }

    async fn calibrate(&mut self, cases: &[Case]) {
        // Of the reference alone, which has no part in a case beside brokers of others.
        let is_about_it =
            |case: &&Case| case.kind == TrialKind::Saturation && case.beside.is_empty();
        let Some(case) = cases.iter().find(is_about_it) else { return };
        let folder = self.options.out.join(TRIALS);
        match calibrate(self.executable, case, &folder, self.interrupt.clone()).await {
            Ok((by_clone, sentence)) => {
                self.share_by_clone = by_clone;
                self.run.calibration.push(sentence);
            }
            Err(DriveError::Interrupted) => {}
            Err(error) => self.run.infrastructure.push(format!("calibration: {error}")),
        }
    }

    fn broke(&mut self, case: &Case, bus: Bus, error: &DriveError) {
        self.progress.case_done(&error.to_string());
        self.note_failure(case, bus, error);
    }

    fn note_failure(&mut self, case: &Case, bus: Bus, error: &DriveError) {
        if matches!(error, DriveError::Interrupted) {
            self.run.interrupted = Some(format!("interrupted in {}", case.id));
        } else {
            let folder = self.folder(case);
            let kept = if folder.is_dir() {
                format!(" (kept: {})", self.named(&folder))
            } else {
                String::new()
            };
            let sentence = format!("{} on {}{kept}: {error}", case.id, bus.as_str());
            self.run.infrastructure.push(sentence);
        }
    }

    /// Whether the user has stopped the run; said once, with the case that was not begun.
    fn is_over(&mut self, next: &Case) -> bool {
        let told = self.interrupt.is_told();
        if told && self.run.interrupted.is_none() {
            self.run.interrupted = Some(format!("interrupted before {}", next.id));
        }
        told
    }
}

fn holds(row: &BehaviourRow) -> bool {
    let outcome = &row.outcome;
    matches!(outcome, Behaviour::Pass | Behaviour::Diverges | Behaviour::NotApplicable(_))
}

fn outcome(row: &BehaviourRow) -> String {
    match &row.outcome {
        Behaviour::Pass => "pass".to_owned(),
        Behaviour::Fail => match row.violations.first() {
            Some(first) => format!("FAIL {}: {}", first.rule, first.told()),
            None => "FAIL".to_owned(),
        },
        Behaviour::Diverges => "as declared".to_owned(),
        Behaviour::NotApplicable(why) => format!("not applicable: {why}"),
        Behaviour::NotExercised(what) => format!("not exercised: {what}"),
        Behaviour::Broken(why) => format!("not judged: {why}"),
    }
}
