//! What can be wrong with a switch, to see whether the harness tells: it changes more than the bus.
//!
//! The file is none the wiser, as one more value comes from elsewhere: to whoever compares what
//! agents told, that is a bus, or a factory of buses, which does not leave collectors alone.

use crate::record::Turn;

/// What is set beside the bus: fsmond tells the hash of what a file holds once it was written.
const VARIABLE: (&str, &str) = ("DAEMONEYE_FSMOND__HASH_CONTENT", "true");

legacy_buses::faults! {
    /// One fault of a switch.
    pub enum SwitchFault {
        ChangesMore "changes-more" "is switched along with a setting of a collector",
        StaysChanged "stays-changed" "is switched back and leaves a collector with another setting",
    }
}

impl SwitchFault {
    /// The environment variable that sets more than the file does, for the agent it is set for.
    pub(super) fn variable(self, turn: Turn) -> Option<(&'static str, &'static str)> {
        let own = match self {
            Self::ChangesMore => Turn::Switched,
            Self::StaysChanged => Turn::RolledBack,
        };
        (turn == own).then_some(VARIABLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_about_one_agent_and_never_the_first() {
        for fault in SwitchFault::ALL {
            let set = Turn::ALL.map(|turn| fault.variable(turn).is_some());
            assert!(!set[0] && set[1] != set[2], "{fault:?}");
        }
    }
}
