//! Actions that were begun and have not been answered yet.

use std::collections::BTreeMap;

use crate::driver::actor::assignment::Part;
use crate::plan::{Fault, Operation, Victim};

/// One action under way.
pub(in crate::driver) struct Action {
    pub(in crate::driver) operation: Operation,
    pub(in crate::driver) phase: u32,
    /// The outcome the case demands; `None` for the driver's own, which no history holds.
    pub(in crate::driver) expect: Option<String>,
}

/// The actions under way, by the id their answer will have.
#[derive(Default)]
pub(in crate::driver) struct Actions {
    under_way: BTreeMap<u64, Action>,
    begun: u64,
}

impl Actions {
    /// Begins an action; returns its id.
    pub(in crate::driver) fn begin(&mut self, action: Action) -> u64 {
        let id = self.begun;
        self.begun += 1;
        self.under_way.insert(id, action);
        id
    }

    /// The action that was answered under this id.
    pub(in crate::driver) fn end(&mut self, id: u64) -> Option<Action> {
        self.under_way.remove(&id)
    }

    /// Whether this one is still under way.
    pub(in crate::driver) fn has(&self, id: u64) -> bool {
        self.under_way.contains_key(&id)
    }

    /// Whether none is.
    pub(in crate::driver) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }
}

/// The role that does an operation; nobody does a fault, it befalls.
pub(in crate::driver) fn doer(operation: &Operation) -> Part {
    match *operation {
        Operation::Fault(Fault { victim, .. }) => part_of(victim),
        Operation::Subscribe(subscriber)
        | Operation::Unsubscribe(subscriber)
        | Operation::DropReceiver(subscriber)
        | Operation::StopReading(subscriber)
        | Operation::ResumeReading(subscriber) => Part::Subscriber(subscriber),
        Operation::UnsubscribeUnknown => Part::Subscriber(0),
        Operation::Shutdown(_) => Part::Bus,
        Operation::PublishOne(publisher) => Part::Publisher(publisher),
    }
}

/// The role a fault befalls.
pub(in crate::driver) fn part_of(victim: Victim) -> Part {
    match victim {
        Victim::Broker => Part::Bus,
        Victim::Publisher(publisher) => Part::Publisher(publisher),
        Victim::Subscriber(subscriber) => Part::Subscriber(subscriber),
    }
}
