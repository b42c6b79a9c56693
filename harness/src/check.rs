//! Judges recorded histories against CONTRACT C1–C14, with an oracle of its own for M1–M5 and
//! T3–T6 (METHOD §5).
//!
//! Pure functions: plan and history in, a [`Report`] out. Nothing here touches a bus, a clock or a
//! file, and nothing uses the bus's own matching: see [`oracle`]. A history that cannot have
//! happened is [`Report::Broken`], a defect of the instrument, never a pass; a rule that found
//! nothing to look at is listed as not exercised, never a pass either.
//!
//! In the order to read: `planned` (what was to be sent), `report` (what comes out), `lint`,
//! `trace` (plan and history joined, indexed; `matches`, the oracle's answers), `life` (subscriptions in time), `recalls` (what one begins with), `regions` (what
//! must, may and must not arrive), then one file per rule, `access` among them, `claims` (what the case says it shows),
//! `faults` and `races` (whether those planned hit their window), then `divergence` (what of it was
//! declared), `differential` (two buses in each `subject`, `operations` in pairs), `twin` (what the
//! other bus did with the same events) and `unsteady` (what differs from run to run); beside them
//! `sightings`, which judges host cases from the record of a real agent, and a switch from the records of
//! three, `counted`, which judges what performance trials count, `control`, which judges what the control
//! plane did, and `chaos`, which judges what became of a collector and its sources (`found`).

mod access;
mod causality;
mod chaos;
mod circuit;
mod claims;
mod conservation;
mod content;
mod control;
mod counted;
mod delivery;
mod departures;
mod differential;
pub mod divergence;
mod duplicates;
mod expectation;
mod faults;
mod fifo;
mod findings;
mod foreign;
mod found;
mod gaps;
mod late;
mod life;
mod lint;
mod losses;
mod matches;
mod operations;
pub mod oracle;
mod outcomes;
mod overflow;
mod planned;
mod precedence;
mod races;
mod recalls;
mod refusals;
mod regions;
mod report;
mod shutdown;
mod sightings;
mod subject;
mod total_order;
mod trace;
mod twin;
mod unsteady;
mod waits;

pub use chaos::check_chaos;
pub use control::check_control;
pub use counted::{Counted, check_counts};
pub use differential::{Colour, Difference, Observed, colour_declared, differential};
pub use planned::{Planned, PlannedAttributes};
pub use report::{
    Check, Checked, Judgement, Message, Reached, Report, Unexercised, Verdict, Violation,
};
pub use sightings::{check_sightings, check_switch};
pub use subject::Subject;
pub use twin::twin;
pub use unsteady::{Unsteady, mark, unsteady};

use crate::plan::{Bus, Case};
use crate::record::History;
use findings::Findings;

/// Judges one history of a case on a bus.
///
/// Takes time linear in publishes × subscriptions plus arrivals, but for sorting: under a second for
/// a million arrivals. Takes memory beyond the history's own of at most 21 bytes an arrival (12 to
/// keep it, the rest for the order of all), 90 a publish, and one more for each pair of a publish
/// and a subscription that filters events; a subscription that goes by topics takes a byte for each
/// topic. Both are measured by `cargo bench -p bus-benches --bench check_memory`.
pub fn check(case: &Case, bus: Bus, history: &History, planned: &dyn Planned) -> Report {
    let defects = lint::lint(case, history);
    if !defects.is_empty() {
        return Report::Broken(defects);
    }
    let trace = match recalls::trace(case, bus, history, planned) {
        Ok(trace) => trace,
        Err(unplanned) => return Report::Broken(vec![unplanned]),
    };
    let mut findings = Findings::new(&trace);
    delivery::check(&trace, &mut findings);
    foreign::check(&trace, &mut findings);
    duplicates::check(&trace, &mut findings);
    fifo::check(&trace, &mut findings);
    late::check(&trace, &mut findings);
    total_order::check(&trace, &mut findings);
    causality::check(&trace, &mut findings);
    precedence::check(&trace, &mut findings);
    content::check(&trace, &mut findings);
    losses::check(&trace, &mut findings);
    overflow::check(&trace, &mut findings);
    circuit::check(&trace, &mut findings);
    conservation::check(&trace, &mut findings);
    refusals::check(&trace, &mut findings);
    access::check(&trace, planned, &mut findings);
    outcomes::check(&trace, &mut findings);
    shutdown::check(&trace, &mut findings);
    departures::check(&trace, &mut findings);
    waits::check(&trace, &mut findings);
    gaps::check(&trace, &mut findings);
    expectation::check(&trace, &mut findings);
    let mut judgement = findings.into_judgement();
    judgement.reached = faults::reached(&trace);
    judgement.reached.extend(races::reached(&trace));
    judgement.unexercised = claims::unexercised(&trace, planned, &judgement.checked);
    Report::Judged(judgement)
}
