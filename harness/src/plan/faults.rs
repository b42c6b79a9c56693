//! The faults of a case: which there are, and where they can befall anybody.

use super::{Bus, Case, Deed, Fault, Target, Victim};

impl Victim {
    /// Its name in a case.
    pub fn name(self, case: &Case) -> &str {
        match self {
            Self::Broker => "the broker",
            Self::Publisher(index) => &case.topology.publishers[index].name,
            Self::Subscriber(index) => &case.topology.subscribers[index].name,
        }
    }
}

impl Case {
    /// Every fault of the plan, with the number of its phase.
    pub fn faults(&self) -> impl Iterator<Item = (u32, Fault)> {
        let phases = (0..).zip(&self.phases);
        phases.flat_map(|(number, phase)| {
            phase.actions.iter().filter_map(move |action| Some((number, action.operation.fault()?)))
        })
    }

    /// Whether the plan kills this one.
    pub fn kills(&self, victim: Victim) -> bool {
        let kill = Fault { deed: Deed::Kill, victim };
        self.faults().any(|(_, fault)| fault == kill)
    }

    /// Whether the plan may leave this one without its way to the broker: by a fault of its own, by
    /// the end of the broker, or, in a wild case, by a heartbeat that was missed.
    pub fn may_cut_off(&self, victim: Victim) -> bool {
        let concerns = |fault: Fault| fault.victim == victim || fault.victim == Victim::Broker;
        let mut faults = self.faults().filter(|(_, fault)| concerns(*fault));
        faults.any(|(_, fault)| fault.deed.cuts_off() || fault.deed.returns() || self.wild)
    }

    /// Whether somebody comes back by itself from a fault of the plan; then everybody does.
    pub fn returns(&self) -> bool {
        self.faults().any(|(_, fault)| fault.deed.returns())
    }

    /// Whether a broker of the plan is followed by another.
    pub fn restarts(&self) -> bool {
        self.faults().any(|(_, fault)| matches!(fault.deed, Deed::Restart(_)))
    }

    /// Whether somebody comes back from a fault in this phase.
    pub fn returns_in(&self, phase: u32) -> bool {
        self.faults().any(|(number, fault)| number == phase && fault.deed.returns())
    }

    /// Whose connections the plan does something to: they lead through the harness's hands.
    pub fn connections_touched(&self) -> Vec<Victim> {
        let touches = self.faults().map(|(_, fault)| fault);
        let mut touched: Vec<Victim> = touches
            .filter(|fault| fault.deed.target() == Target::Connection)
            .map(|fault| fault.victim)
            .collect();
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// Why its faults cannot befall anybody on this bus; `None` where they can.
    pub fn shares_a_process(&self, bus: Bus) -> Option<String> {
        let alone = |victim: Victim| victim.is_alone_in(bus.deployment());
        let (_, fault) = self.faults().find(|(_, fault)| !alone(fault.victim))?;
        let (deed, name) = (fault.deed.as_str(), fault.victim.name(self));
        Some(match fault.deed.target() {
            Target::Process => format!("{name} has no process of its own here to {deed}"),
            Target::Connection => format!("{name} has no connection of its own here to {deed}"),
            Target::Folder => format!("{name} has no socket of its own here that could {deed}"),
        })
    }
}
