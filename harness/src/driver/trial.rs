//! One trial: one case on one bus, once, in a fresh tree of processes (METHOD §1).

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::actor::assignment::Assignment;
use super::budget::Budget;
use super::director::{BEFORE, Director};
use super::error::{DriveError, Stage};
use super::interrupt::Interrupt;
use super::measure::Meter;
use super::runtime_folder::RuntimeFolder;
use super::session::Session;
use crate::plan::{Bus, Case, Operation, TrialKind};
use crate::record::{History, TearDown, Trial, TrialFigures, Validity};

/// What is to be run, where.
#[derive(Debug, Clone)]
pub struct TrialRequest<'a> {
    /// The executable that has the verb `actor`: this one, or its sibling in tests.
    pub executable: &'a Path,
    /// The case.
    pub case: &'a Case,
    /// The bus.
    pub bus: Bus,
    /// The void floor of the bus's process layout instead of the bus (METHOD §3).
    pub void: bool,
    /// Whether the crossbeam reference clones events instead of sharing them.
    pub share_by_clone: bool,
    /// Where files of the trial go; made if missing.
    pub directory: &'a Path,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Driven {
    /// Figures, processes, tear-down.
    pub trial: Trial,
    /// Every call and arrival; behaviour trials only.
    pub history: Option<History>,
    /// What did not happen as planned: triggers not reached, fences lost.
    pub doubts: Vec<String>,
}

/// Runs one trial. Call within a Tokio runtime with time and input/output.
///
/// Whatever happens, no process and no socket remain when it returns; when the future is
/// dropped, processes are killed. A trial that takes longer than the case's budget is stopped:
/// [`DriveError::Budget`].
pub async fn run_trial(
    request: TrialRequest<'_>,
    interrupt: Interrupt,
) -> Result<Driven, DriveError> {
    if interrupt.is_told() {
        return Err(DriveError::Interrupted);
    }
    let budget = Budget::of(Duration::from_millis(request.case.budget_ms));
    std::fs::create_dir_all(request.directory).map_err(DriveError::Prepare)?;
    let runtime_folder = RuntimeFolder::create().map_err(DriveError::Prepare)?;
    let socket = runtime_folder.path().join("bus");
    let assignment = assignment(&request, socket.clone());
    let meter = Meter::new(request.case.kind != TrialKind::Behaviour);
    let session = Session::start(request.executable, &assignment, interrupt, meter).await?;
    let mut director = Director::new(request.case.clone(), request.bus, request.void, session);
    let driven = budget.limit(drive(&mut director, &request, &socket)).await;
    director.session.end_all().await;
    let left = runtime_folder.remove();
    let mut driven = driven.unwrap_or_else(|| Err(budget.exceeded(director.stage)))?;
    driven.trial.tear_down.folders.extend(left);
    Ok(driven)
}

fn assignment(request: &TrialRequest<'_>, socket: PathBuf) -> Assignment {
    Assignment {
        name: String::new(),
        case: request.case.clone(),
        bus: request.bus,
        void: request.void,
        roles: Vec::new(),
        share_by_clone: request.share_by_clone,
        socket,
        directory: request.directory.to_owned(),
    }
}

async fn drive(
    director: &mut Director,
    request: &TrialRequest<'_>,
    socket: &Path,
) -> Result<Driven, DriveError> {
    director.session.meter.everybody_is_ready();
    for index in 0..director.case.topology.subscribers.len() {
        if director.case.topology.subscribers[index].from_start {
            let expect = Some("ok".to_owned());
            director.operate(Operation::Subscribe(index), BEFORE, expect).await?;
        }
    }
    for index in 0..director.case.phases.len() {
        director.stage = Stage::Phase(director.case.phases[index].name.clone());
        let index = u32::try_from(index).expect("a case has few phases");
        director.phase(index).await?;
    }
    director.stage = Stage::Ending;
    let tear_down = director.wind_down(socket).await?;
    let mut history = None;
    let (figures, validity) = if request.case.kind == TrialKind::Behaviour {
        history = Some(director.history(request.directory)?);
        (TrialFigures::default(), Validity::Valid)
    } else {
        director.figures(request.directory)?
    };
    let doubts = std::mem::take(&mut director.doubts);
    let trial = trial(director, request, figures, validity, tear_down);
    Ok(Driven { trial, history, doubts })
}

fn trial(
    director: &Director,
    request: &TrialRequest<'_>,
    figures: TrialFigures,
    validity: Validity,
    tear_down: TearDown,
) -> Trial {
    Trial {
        case: request.case.id.clone(),
        bus: (!request.void).then_some(request.bus),
        void_of: request.void.then_some(request.bus),
        kind: request.case.kind,
        seed: request.case.seed,
        validity,
        figures,
        processes: director.session.meter.figures(),
        tear_down,
    }
}
