//! What can be wrong with a role of the control plane, to see whether the harness tells.
//!
//! A fault is a setting no scenario can say. Each sits at one place, around what `rpc` gives or in
//! how it is used, and always by the same rule.

legacy_buses::faults! {
    /// One fault of the control plane.
    pub enum ControlFault {
        AnswersEveryAsker "answers-every-asker"
            "has members that send each reply to all who may ask",
        AnswersAnother "answers-another"
            "has members that send each asker the reply before its own",
        DoesTwice "does-twice" "has members that do every request twice",
        HidesTheSick "hides-the-sick"
            "has a desk that does not tell of members that are not healthy",
        TellsTheBest "tells-the-best"
            "has a desk that tells of every member what the best of them is",
        MissesOneHeartbeat "misses-one-heartbeat"
            "has a desk that gives members up at one heartbeat",
        NeverForgives "never-forgives" "has a desk that never gives tasks again to who was lost",
        NeverFailsOver "never-fails-over" "has a desk that leaves tasks with whom they were given",
        WaitsForEverybody "waits-for-everybody" "has a desk that gathers until all have answered",
        GivesUpEarly "gives-up-early" "has a desk that gathers for a quarter of its time",
        KeepsOldAnswers "keeps-old-answers" "has a desk that gathers an answer of each member once",
        MissesReplies "misses-replies" "has a desk that follows requests and not what came of them",
        NeverForgets "never-forgets" "has a desk that keeps every workflow it has seen",
        ChangesOnValidation "changes-on-validation"
            "has members that do what they should only check",
        ChangesInPart "changes-in-part"
            "has members that make those changes of several that can be",
    }
}

#[cfg(test)]
mod tests {
    use super::ControlFault;

    #[test]
    fn every_fault_is_found_by_its_name() {
        for fault in ControlFault::ALL {
            assert_eq!(ControlFault::named(fault.name()), Some(*fault));
        }
        assert_eq!(ControlFault::named("nothing"), None);
    }
}
