//! Who takes part at the moment: who is alive, who is subscribed, who reads, whether the bus is
//! still up.
//!
//! Changed by actions that were done, and by nothing else.

use std::collections::BTreeSet;

use crate::plan::{Case, Deed, Fault, Operation, Reading, Victim};

/// Everybody's state, by subscriber.
pub(in crate::driver) struct Attendance {
    subscribed: Vec<bool>,
    reading: Vec<bool>,
    dead: BTreeSet<Victim>,
    /// Who has no way to the bus any more, the dead among them.
    cut_off: BTreeSet<Victim>,
    /// Whether anything was done to anybody without being asked.
    struck: bool,
    shut_down: bool,
}

impl Attendance {
    /// Nobody is subscribed yet.
    pub(in crate::driver) fn new(case: &Case) -> Self {
        let subscribers = &case.topology.subscribers;
        Self {
            subscribed: vec![false; subscribers.len()],
            reading: subscribers.iter().map(|spec| spec.reading == Reading::Prompt).collect(),
            dead: BTreeSet::new(),
            cut_off: BTreeSet::new(),
            struck: false,
            shut_down: false,
        }
    }

    /// An action was done; whether it succeeded.
    pub(in crate::driver) fn done(&mut self, operation: &Operation, ok: bool) {
        match *operation {
            Operation::Subscribe(subscriber) if ok => self.subscribed[subscriber] = true,
            Operation::Unsubscribe(subscriber) | Operation::DropReceiver(subscriber) if ok => {
                self.subscribed[subscriber] = false;
            }
            Operation::StopReading(subscriber) => self.reading[subscriber] = false,
            Operation::ResumeReading(subscriber) => self.reading[subscriber] = true,
            Operation::Fault(fault) => self.strike(fault),
            // A shutdown closes the bus even when it errs.
            Operation::Shutdown(_) => self.shut_down = true,
            _ => {}
        }
    }

    fn strike(&mut self, Fault { deed, victim }: Fault) {
        self.struck = true;
        if deed == Deed::Kill {
            self.dead.insert(victim);
        }
        if deed.cuts_off() {
            self.cut_off.insert(victim);
            match victim {
                Victim::Subscriber(subscriber) => self.subscribed[subscriber] = false,
                Victim::Broker => self.subscribed.fill(false),
                Victim::Publisher(_) => {}
            }
        }
    }

    /// Whether the case has shut the bus down.
    pub(in crate::driver) fn is_shut_down(&self) -> bool {
        self.shut_down
    }

    /// Whether this one was killed.
    pub(in crate::driver) fn is_dead(&self, victim: Victim) -> bool {
        self.dead.contains(&victim)
    }

    /// Whether this one has no way to the bus any more.
    pub(in crate::driver) fn is_cut_off(&self, victim: Victim) -> bool {
        self.cut_off.contains(&victim) || self.is_gone()
    }

    /// Whether the bus itself was killed.
    pub(in crate::driver) fn is_gone(&self) -> bool {
        self.dead.contains(&Victim::Broker)
    }

    /// Whether any fault was done.
    pub(in crate::driver) fn is_struck(&self) -> bool {
        self.struck
    }

    /// Living subscribers whose subscription was ended by the case: by an unsubscribe, or because
    /// they were cut off. Their receivers end by that alone, once they are read.
    pub(in crate::driver) fn leaving_subscribers(&self) -> BTreeSet<usize> {
        let mut living = self.living_subscribers();
        living.retain(|index| !self.subscribed[*index]);
        living
    }

    /// Subscribers that were not killed.
    pub(in crate::driver) fn living_subscribers(&self) -> BTreeSet<usize> {
        let all = 0..self.subscribed.len();
        all.filter(|index| !self.is_dead(Victim::Subscriber(*index))).collect()
    }

    /// Subscribers that are subscribed and read.
    pub(in crate::driver) fn readers(&self) -> Vec<usize> {
        let all = 0..self.subscribed.len();
        all.filter(|index| self.subscribed[*index] && self.reading[*index]).collect()
    }

    /// Subscribers a fence would reach now.
    pub(in crate::driver) fn fenceable(&self) -> Vec<usize> {
        if self.shut_down { Vec::new() } else { self.readers() }
    }

    /// Whether this subscriber has a subscription that the case did not end.
    pub(in crate::driver) fn is_subscribed(&self, subscriber: usize) -> bool {
        self.subscribed[subscriber]
    }

    /// Whether this subscriber takes what there is for it.
    pub(in crate::driver) fn reads(&self, subscriber: usize) -> bool {
        self.reading[subscriber]
    }

    /// Whether anybody that is subscribed has stopped reading.
    pub(in crate::driver) fn somebody_stalls(&self) -> bool {
        (0..self.subscribed.len()).any(|index| self.subscribed[index] && !self.reading[index])
    }
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::EventSubscription;

    use super::*;
    use crate::plan::fence_case;

    fn attendance() -> Attendance {
        Attendance::new(&fence_case(EventSubscription::new("s").with_pattern("#"), &[None]))
    }

    #[test]
    fn an_action_that_failed_changes_nobodys_subscription() {
        let mut attendance = attendance();
        attendance.done(&Operation::Subscribe(0), false);
        assert!(attendance.readers().is_empty());
        attendance.done(&Operation::Subscribe(0), true);
        attendance.done(&Operation::Unsubscribe(0), false);
        assert_eq!(attendance.readers(), [0]);
    }

    #[test]
    fn who_has_stopped_reading_stalls_and_is_not_fenced() {
        let mut attendance = attendance();
        attendance.done(&Operation::Subscribe(0), true);
        attendance.done(&Operation::StopReading(0), true);
        assert!(attendance.somebody_stalls() && attendance.fenceable().is_empty());
        attendance.done(&Operation::ResumeReading(0), true);
        assert_eq!(attendance.fenceable(), [0]);
    }

    #[test]
    fn who_was_killed_neither_reads_nor_stalls() {
        let mut attendance = attendance();
        attendance.done(&Operation::Subscribe(0), true);
        let victim = Victim::Subscriber(0);
        attendance.done(&Operation::Fault(Fault { deed: Deed::Freeze, victim }), true);
        assert_eq!(attendance.fenceable(), [0], "who is frozen is thawed before the fence");
        attendance.done(&Operation::Fault(Fault { deed: Deed::Kill, victim }), true);
        assert!(attendance.readers().is_empty() && attendance.living_subscribers().is_empty());
        assert!(!attendance.somebody_stalls());
    }

    #[test]
    fn nobody_is_fenced_once_the_bus_is_shut_down() {
        let mut attendance = attendance();
        attendance.done(&Operation::Subscribe(0), true);
        attendance.done(&Operation::Shutdown(1), false);
        assert!(attendance.is_shut_down() && attendance.fenceable().is_empty());
        assert_eq!(attendance.readers(), [0], "what is left is still read");
    }
}
