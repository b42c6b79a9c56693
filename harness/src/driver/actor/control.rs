//! The roles of the control plane: each a thread with a runtime of its own, obeying in order.
//!
//! - `member`: is asked; `worker`: what it does then; `gate`: when it answers;
//! - `callers`: ask; `desk`: the agent's end, `admission`: whom it lets in and gives tasks, `watch` and
//!   `workflows`: what it hears;
//! - `notes`: what they tell the harness;
//! - `fault`: what can be wrong with them, `misdirected` replies among it.

mod admission;
mod callers;
mod desk;
mod fault;
mod gate;
mod member;
mod misdirected;
mod notes;
mod watch;
mod worker;
mod workflows;

pub use self::fault::ControlFault;

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use daemoneye_eventbus::EventBus;
use daemoneye_eventbus::contract::Confirmation;
use tokio::runtime::Builder;

use self::callers::Callers;
use self::desk::Desk;
use self::member::Member;
use self::misdirected::Misdirected;
use self::notes::Notes;
use super::assignment::{Assignment, Part};
use super::dispatch::ControlEnd;
use super::link::Link;
use super::protocol::{ControlOrder, Notice};
use crate::driver::bus::{Opening, connect};
use crate::driver::remote::behind_fault;
use crate::plan::Case;
use crate::plan::control::{Callers as Group, DESK};

/// A call waits this long where the case says nothing else: far more than any takes, and less than
/// the harness waits for the step.
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// How a role gets at the bus under each of its names.
pub(super) enum Reach {
    /// Handles of the bus in this process.
    Near(Vec<(String, Arc<dyn EventBus>)>),
    /// A connection for each of these names.
    Far(Box<Opening>, Vec<String>),
}

/// One role, up and connected.
enum Role {
    Desk(Desk),
    Member(Member),
    Callers(Callers),
}

/// Runs a role until it is told to finish; returns its complaints.
pub(super) fn run(
    end: ControlEnd,
    assignment: &Assignment,
    reach: Reach,
    link: &Link,
    up: &SyncSender<Result<(), String>>,
) -> Vec<String> {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => {
            let _ = up.send(Err(cause.to_string()));
            return Vec::new();
        }
    };
    runtime.block_on(async {
        let is_far = matches!(reach, Reach::Far(..));
        let opened = match handles(reach).await {
            Ok(buses) => Role::open(end.part, assignment, buses.clone(), link.clone())
                .await
                .map(|role| (role, buses)),
            Err(reason) => Err(reason),
        };
        let (role, buses) = match opened {
            Ok(opened) => opened,
            Err(reason) => {
                let _ = up.send(Err(reason));
                return Vec::new();
            }
        };
        let _ = up.send(Ok(()));
        obey(role, end, link).await;
        if is_far { close(buses).await } else { Vec::new() }
    })
}

async fn handles(reach: Reach) -> Result<Vec<(String, Arc<dyn EventBus>)>, String> {
    let (opening, names) = match reach {
        Reach::Near(handles) => return Ok(handles),
        Reach::Far(opening, names) => (opening, names),
    };
    let mut handles = Vec::new();
    for name in names {
        let connected = connect(&opening, &name, Confirmation::Fire).await;
        let bus = connected.map_err(|cause| cause.to_string())?;
        handles.push((name, behind_fault(opening.fault(), bus)));
    }
    Ok(handles)
}

async fn obey(mut role: Role, mut end: ControlEnd, link: &Link) {
    while let Some(order) = end.orders.recv().await {
        if order == ControlOrder::Finish {
            break;
        }
        tokio::select! {
            () = role.obey(order) => link.tell(&Notice::Obeyed { part: end.part }),
            // The next order follows that notice; the last one alone does not wait for it.
            _ = end.orders.recv() => break,
        }
    }
}

async fn close(buses: Vec<(String, Arc<dyn EventBus>)>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, bus) in buses {
        if let Err(cause) = bus.shutdown(super::CLOSE_LIMIT).await {
            complaints.push(format!("{name}: {cause}"));
        }
    }
    complaints
}

/// Everybody who may ask a member.
fn askers(case: &Case) -> Vec<String> {
    let callers = case.control.callers.iter().flat_map(Group::names);
    callers.chain(std::iter::once(DESK.to_owned())).collect()
}

impl Role {
    async fn open(
        part: Part,
        assignment: &Assignment,
        mut buses: Vec<(String, Arc<dyn EventBus>)>,
        link: Link,
    ) -> Result<Self, String> {
        let (case, control) = (&assignment.case, &assignment.case.control);
        let fault = case.topology.bus.fault.as_deref().and_then(ControlFault::named);
        let only = |buses: &mut Vec<(String, Arc<dyn EventBus>)>| {
            buses.pop().map(|(_, bus)| bus).ok_or("a role without a name".to_owned())
        };
        match part {
            Part::Desk => {
                let bus = only(&mut buses)?;
                Desk::open(control, bus, Notes::desk(link), fault).await.map(Self::Desk)
            }
            Part::Member(index) => {
                let (bus, notes) = (only(&mut buses)?, Notes::member(link, index));
                let bus: Arc<dyn EventBus> = match fault {
                    None => bus,
                    Some(fault) => Arc::new(Misdirected::new(bus, fault, askers(case))),
                };
                Member::open(&control.members[index], bus, notes, fault).await.map(Self::Member)
            }
            Part::Callers(group) => {
                let opening = assignment.opening();
                Callers::open(group, buses, opening, &link).await.map(Self::Callers)
            }
            other => Err(format!("{other:?} is no role of the control plane")),
        }
    }

    async fn obey(&mut self, order: ControlOrder) {
        match self {
            Self::Desk(desk) => desk.obey(order).await,
            Self::Member(member) => member.obey(order).await,
            Self::Callers(callers) => callers.obey(order).await,
        }
    }
}
