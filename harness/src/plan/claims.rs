//! Which numbers of the contract a scenario can claim: those that some check of its kind judges.
//!
//! Whether a claimed number was exercised only the run shows; `check` tells. Everything else of the
//! contract has tests of its own, beside the code that keeps it.

use super::Claim::{
    self, A1, A3, A4, A5, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, M1, M2, M3,
    M4, M5, R1, R2, R3, R4, R6, T1, T2, T3, T4, T5, T6, W2, W5, W6, W8, W9,
};
use super::TrialKind;

/// Judged from histories.
const BEHAVIOUR: [Claim; 30] = [
    C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, M1, M2, M3, M4, M5, T1, T2, T3,
    T4, T5, T6, W2, W5, W6, A1, A3,
];
/// Judged from what subscribers count of each publisher; a trial without an arrival is invalid.
const PERFORMANCE: [Claim; 3] = [C1, C3, C4];
/// Judged from what the agent recorded of each child, and from the agent's end; of a switch, for each of its
/// agents. That they told the same has no number.
const HOST: [Claim; 6] = [C1, C3, C4, C6, C13, M1];

/// Judged from what askers, members and the agent's desk noted of requests, tasks and health, and of
/// what was refused.
const CONTROL: [Claim; 10] = [W9, R1, R2, R3, R4, R6, W8, A1, A4, A5];

/// Judged from what arrived of what scripted sources sent, and from what their collector told.
const CHAOS: [Claim; 10] = [C1, C2, C3, C4, C6, C11, C12, C13, C14, R1];

/// Judged by what has to arrive, to be counted or to end.
const LIVENESS: [Claim; 8] = [C1, C10, C11, C12, C13, C14, W5, W6];

/// What is found wrong in a host case carries one of its numbers; of histories, one of these: a
/// wrong match is an event too many or too few (C1, C2), a wrong answer of access control has its own.
const REPORTED: [Claim; 17] =
    [C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, W5, A1, A3];

/// The numbers that violations of this kind of scenario can carry: those a divergence may name.
/// A performance trial has none.
pub fn reported(kind: TrialKind) -> &'static [Claim] {
    match kind {
        TrialKind::Behaviour => &REPORTED,
        TrialKind::Host | TrialKind::Switch => &HOST,
        TrialKind::Control => &CONTROL,
        TrialKind::Chaos => &CHAOS,
        TrialKind::Saturation | TrialKind::Paced => &[],
    }
}

/// Whether some violation of behaviour carries this number. What breaks another shows under numbers of its
/// own: a wrong match is an event too many or too few.
pub fn is_reported(claim: Claim) -> bool {
    REPORTED.contains(&claim) || CONTROL.contains(&claim)
}

/// The numbers a scenario of this kind can claim.
pub fn judged(kind: TrialKind) -> &'static [Claim] {
    match kind {
        TrialKind::Behaviour => &BEHAVIOUR,
        TrialKind::Saturation | TrialKind::Paced => &PERFORMANCE,
        TrialKind::Host | TrialKind::Switch => &HOST,
        TrialKind::Control => &CONTROL,
        TrialKind::Chaos => &CHAOS,
    }
}

/// What is said of a claim nothing judges; `None` where something does. After the faults of a wild
/// scenario nothing has to arrive, so that only what must not happen is judged.
pub fn refusal(kind: TrialKind, wild: bool, claim: &str) -> Option<String> {
    let (judged, parsed) = (judged(kind), Claim::parse(claim));
    if wild && parsed.is_some_and(|claim| LIVENESS.contains(&claim)) {
        let told = "nothing has to happen in a wild scenario; it can claim C2–C9, M, T, W2 and A";
        return Some(told.to_owned());
    }
    if parsed.is_some_and(|claim| judged.contains(&claim)) {
        return None;
    }
    let numbers = match kind {
        TrialKind::Behaviour => "C1–C14, M1–M5, T1–T6, W2, W5, W6, A1 and A3".to_owned(),
        _ => listed(judged),
    };
    Some(format!("no check judges it; a scenario of this kind can claim {numbers}"))
}

/// Numbers in a row, for people.
pub(super) fn listed(claims: &[Claim]) -> String {
    let texts: Vec<&str> = claims.iter().map(|claim| claim.as_str()).collect();
    texts.join(", ")
}
