//! The faults of a case: which there are, and where they can befall anybody.

use super::{Bus, Case, Deed, Fault, Victim};

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

    /// Why its faults cannot befall anybody on this bus; `None` where they can.
    pub fn shares_a_process(&self, bus: Bus) -> Option<String> {
        let alone = |victim: Victim| victim.is_alone_in(bus.deployment());
        let (_, fault) = self.faults().find(|(_, fault)| !alone(fault.victim))?;
        let (deed, name) = (fault.deed.as_str(), fault.victim.name(self));
        Some(format!("{name} has no process of its own here to {deed}"))
    }
}
