//! What the two buses of a comparison are called.

use crate::plan::Bus;

/// Names of baseline and candidate; a bus against itself (A/A) gets a letter for each side.
pub fn sides(baseline: Bus, candidate: Bus) -> [String; 2] {
    if baseline == candidate {
        ["A", "B"].map(|side| format!("{} ({side})", baseline.as_str()))
    } else {
        [baseline, candidate].map(|bus| bus.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_against_itself_has_two_names() {
        assert_eq!(sides(Bus::Crossbeam, Bus::Process), ["crossbeam", "process"]);
        assert_eq!(sides(Bus::Agent, Bus::Agent), ["agent (A)", "agent (B)"]);
    }
}
