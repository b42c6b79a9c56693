//! One trial: one case on one bus, once, in a fresh tree of processes (METHOD §1).

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::actor::assignment::{Assignment, PROTOCOL};
use super::budget::Budget;
use super::director::{Director, Ended};
use super::error::DriveError;
use super::interrupt::Interrupt;
use super::measure::Meter;
use super::processes::{Session, Ways, clear_stderr};
use super::runtime_folder::RuntimeFolder;
use super::{impostors, passes};
use crate::plan::{Bus, Case, TrialKind};
use crate::record::{
    ControlHistory, Counted, History, ProcessFigures, Trial, TrialFigures, Validity,
};

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
    /// What was noted of the control plane; trials of it only.
    pub control: Option<ControlHistory>,
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
    run(request, None, interrupt).await
}

/// The same; with logs of hops of one event of so many, if there is a number.
pub(super) async fn run(
    request: TrialRequest<'_>,
    follow_every: Option<NonZeroU64>,
    interrupt: Interrupt,
) -> Result<Driven, DriveError> {
    if interrupt.is_told() {
        return Err(DriveError::Interrupted);
    }
    let budget = Budget::of(Duration::from_millis(request.case.budget_ms));
    std::fs::create_dir_all(request.directory).map_err(DriveError::Prepare)?;
    clear_stderr(request.directory).map_err(DriveError::Prepare)?;
    let runtime_folder = RuntimeFolder::create().map_err(DriveError::Prepare)?;
    let socket = runtime_folder.path().join("bus");
    let assignment =
        assignment(&request, follow_every, socket.clone()).map_err(DriveError::Prepare)?;
    let meter = Meter::new(is_measured(request.case.kind));
    let ways = Ways::open(request.case, request.bus, runtime_folder.path(), &socket)
        .map_err(DriveError::Prepare)?;
    let mut session =
        Session::start(request.executable, &assignment, ways, interrupt, meter).await?;
    let driven = budget.limit(drive(&request, &mut session, &socket)).await;
    session.end_all().await;
    let left = runtime_folder.left();
    let unremoved = runtime_folder.remove();
    let mut driven = driven.unwrap_or_else(|| Err(budget.exceeded(session.stage)))?;
    driven.trial.tear_down.folders.extend(left.into_iter().chain(unremoved));
    Ok(driven)
}

fn assignment(
    request: &TrialRequest<'_>,
    follow_every: Option<NonZeroU64>,
    socket: PathBuf,
) -> std::io::Result<Assignment> {
    let passes = passes::for_all(request.case)?;
    Ok(Assignment {
        protocol: PROTOCOL,
        name: String::new(),
        case: request.case.clone(),
        bus: request.bus,
        void: request.void,
        roles: Vec::new(),
        share_by_clone: request.share_by_clone,
        follow_every,
        socket,
        attempts: impostors::for_all(request.case, &passes)?,
        passes,
        directory: request.directory.to_owned(),
    })
}

/// Whether figures are wanted of a trial.
fn is_measured(kind: TrialKind) -> bool {
    !matches!(kind, TrialKind::Behaviour | TrialKind::Control)
}

async fn drive(
    request: &TrialRequest<'_>,
    session: &mut Session,
    socket: &Path,
) -> Result<Driven, DriveError> {
    let TrialRequest { case, bus, void, .. } = *request;
    let mut director = Director::open(case, bus, void, session).await?;
    if case.kind == TrialKind::Control {
        director.steps().await?;
    } else {
        director.phases().await?;
    }
    read(request, director.wind_down(socket).await?)
}

/// Every process with what was measured of it, and how far it said that it had come.
fn processes(session: &Session) -> Vec<ProcessFigures> {
    let mut processes = session.meter.figures();
    let mut began_ns = vec![None; processes.len()];
    for answer in session.answers() {
        let (Some(process), Some(began)) =
            (processes.get_mut(answer.actor), began_ns.get_mut(answer.actor))
        else {
            continue;
        };
        let at_ns = u64::midpoint(answer.asked_ns, answer.heard_ns);
        let since_ns = at_ns - *began.get_or_insert(at_ns);
        process.counted.push(Counted {
            at_s: Duration::from_nanos(since_ns).as_secs_f64(),
            events: answer.published + answer.received,
        });
    }
    processes
}

/// From what is left of a trial to what came of it.
fn read(request: &TrialRequest<'_>, mut ended: Ended<'_>) -> Result<Driven, DriveError> {
    let (mut history, mut control, mut delivered) = (None, None, Vec::new());
    let (figures, validity) = match request.case.kind {
        TrialKind::Behaviour => {
            history = Some(ended.history(request.directory)?);
            (TrialFigures::default(), Validity::Valid)
        }
        TrialKind::Control => {
            control = Some(std::mem::take(&mut ended.journal.control));
            (TrialFigures::default(), Validity::Valid)
        }
        _ => {
            delivered = ended.delivered(request.directory)?;
            ended.figures(request.directory)?
        }
    };
    let trial = Trial {
        case: request.case.id.clone(),
        bus: (!request.void).then_some(request.bus),
        void_of: request.void.then_some(request.bus),
        kind: request.case.kind,
        seed: request.case.seed,
        validity,
        figures,
        delivered,
        processes: processes(ended.session),
        tear_down: ended.tear_down,
    };
    Ok(Driven { trial, history, control, doubts: ended.journal.doubts })
}
