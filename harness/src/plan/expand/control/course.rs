//! What a step supposes of those before it. A step that could only wait in vain is a mistake of the
//! file, and no verdict on a control plane.

use super::super::super::control::{Control, Step};
use crate::scenario::Table;

/// How a member is after the steps so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Standing {
    #[default]
    Runs,
    Held,
    Frozen,
    /// Frozen while it was held.
    FrozenHeld,
    Killed,
}
use Standing::{Frozen, FrozenHeld, Held, Killed, Runs};

/// How everybody is after the steps so far.
pub(super) struct Course {
    members: Vec<Standing>,
    callers: usize,
    /// Most connections at once, where the case says so.
    connections: Option<usize>,
}

impl Course {
    pub(super) fn new(control: &Control, connections: Option<usize>) -> Self {
        Self {
            members: vec![Runs; control.members.len()],
            callers: control.callers.iter().map(|group| group.count).sum(),
            connections,
        }
    }

    /// Refuses a step that cannot be done after those before it; otherwise it is done.
    pub(super) fn take(&mut self, table: &Table<'_>, step: &Step, control: &Control) {
        let refused = self.refusal(step, control);
        match refused {
            Some((title, label)) => table.reader().problem(table.span(), title, label),
            None => self.after(step),
        }
    }

    /// Why a step cannot be done, and what to do about it.
    fn refusal(&self, step: &Step, control: &Control) -> Option<(String, String)> {
        let refuse = |title: String, label: &str| Some((title, label.to_owned()));
        let by_callers =
            matches!(step, Step::Call { .. } | Step::AskHealth { .. } | Step::Impersonate { .. });
        if by_callers && self.callers == 0 {
            return refuse(format!("`{}` without a caller", step.name()), "nobody would ask");
        }
        if let Step::Call { together, .. } = *step
            && together > self.callers
        {
            let title = format!("{together} together of {} callers", self.callers);
            return refuse(title, "each has one request under way, so that none is answered");
        }
        // Everybody and the desk, and every caller once more.
        let needed = self.members.len() + 2 * self.callers + 1;
        if matches!(step, Step::Impersonate { .. })
            && let Some(most) = self.connections.filter(|most| *most < needed)
        {
            let title = format!("`impersonate` with {most} connections, where it takes {needed}");
            return refuse(title, "for want of room nobody would be heard");
        }
        if *step == Step::AwaitResults && self.members.contains(&Held) {
            let label = "what it was given would never be done; `release` it before";
            return refuse("`await-results` while a member is held".to_owned(), label);
        }
        let member = member_of(step)?;
        let (name, standing) = (&control.members[member].name, self.members[member]);
        let why = match (step, standing) {
            (Step::AwaitHealth { .. } | Step::Impersonate { .. }, _)
            | (Step::Thaw { .. } | Step::Kill { .. }, Frozen | FrozenHeld)
            | (
                Step::Release { .. }
                | Step::Kill { .. }
                | Step::Freeze { .. }
                | Step::AwaitBegun { .. }
                | Step::Say { .. }
                | Step::Overstep { .. }
                | Step::Configure { .. },
                Held,
            ) => return None,
            (_, Killed) => "was killed before",
            (_, Frozen | FrozenHeld) => "is frozen",
            (_, Held) => "is held",
            (Step::Thaw { .. }, Runs) => "is not frozen",
            (Step::Release { .. }, Runs) => "is not held",
            (_, Runs) => return None,
        };
        refuse(format!("`{}` of {name}, which {why}", step.name()), "it would wait in vain")
    }

    fn after(&mut self, step: &Step) {
        let Some(member) = member_of(step) else { return };
        let standing = &mut self.members[member];
        *standing = match (step, *standing) {
            (Step::Kill { .. }, _) => Killed,
            (Step::Freeze { .. }, Held) => FrozenHeld,
            (Step::Freeze { .. }, _) => Frozen,
            (Step::Thaw { .. }, FrozenHeld) | (Step::Hold { .. }, _) => Held,
            (Step::Thaw { .. } | Step::Release { .. }, _) => Runs,
            (_, unchanged) => unchanged,
        };
    }
}

/// The member a step is about, if it is about one.
fn member_of(step: &Step) -> Option<usize> {
    match *step {
        Step::Call { member, .. }
        | Step::AwaitBegun { member, .. }
        | Step::Hold { member }
        | Step::Release { member }
        | Step::Kill { member }
        | Step::Freeze { member }
        | Step::Thaw { member }
        | Step::Say { member, .. }
        | Step::AwaitHealth { member, .. }
        | Step::Impersonate { member, .. }
        | Step::Overstep { member, .. }
        | Step::Configure { member, .. } => Some(member),
        Step::Assign { .. }
        | Step::AwaitResults
        | Step::AskHealth { .. }
        | Step::Gather { .. }
        | Step::TellWorkflows => None,
    }
}
