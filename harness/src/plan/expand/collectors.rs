//! Cases with real collectors: which there are, and on which buses they run.

use super::super::{Bus, Case, TrialKind};
use crate::scenario::{Table, listed, suggestion};

/// The real collectors for which there is something that can be made to happen.
pub(crate) const WATCHING_COLLECTORS: [&str; 3] = ["procmond", "netmond", "fsmond"];

/// Where a real agent takes part, a publisher is the one real collector of its name.
pub(super) fn check(table: &Table<'_>, name: &str) {
    if let Some(span) = table.key_span("count") {
        let label = "an agent runs one of each; say how much it sees in `publish`";
        table.reader().problem(&span, "`count` of a real collector", label);
    }
    // A name that is missing or malformed was refused as such.
    if name.is_empty() || WATCHING_COLLECTORS.contains(&name) {
        return;
    }
    let Some(at) = table.get("name") else { return };
    let label = match suggestion(name, WATCHING_COLLECTORS) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("a scenario of this kind has {}", listed(WATCHING_COLLECTORS)),
    };
    at.refuse(format!("unknown collector `{name}`"), label);
}

/// The buses on which such a case means nothing, with the reason; those that the scenario names
/// itself are left to it.
pub(super) fn not_applicable(case: &Case) -> Vec<(Bus, String)> {
    if !case.kind.has_agent() && case.kind != TrialKind::Chaos {
        return Vec::new();
    }
    let why = |bus: Bus| match bus {
        Bus::Crossbeam if case.kind == TrialKind::Switch => {
            Some("an agent runs on it before the switch and after the way back: see `process`")
        }
        // That brokers of others have no part in it is told of every case that is not measured.
        Bus::Crossbeam | Bus::Process | Bus::Nats | Bus::Redis | Bus::Mosquitto => None,
        Bus::CrossbeamSpinning | Bus::CrossbeamFaithful | Bus::Broadcast | Bus::Sharing => {
            Some("collectors run on the reference or the broker")
        }
        Bus::Embedded => Some("collectors of the broker are processes of their own"),
        Bus::Agent => Some("the same processes as `process`"),
    };
    let named = |bus: &Bus| case.not_applicable.iter().any(|(one, _)| one == bus);
    let others = Bus::ALL.into_iter().filter(|bus| !named(bus));
    others.filter_map(|bus| Some((bus, why(bus)?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applies(kind: TrialKind) -> Vec<Bus> {
        let case = Case { kind, ..Case::bare("a/b", Vec::new(), Vec::new()) };
        let left_out = not_applicable(&case);
        let applies = |bus: &Bus| left_out.iter().all(|(one, _)| one != bus);
        Bus::ALL.into_iter().filter(|bus| !bus.is_peer()).filter(applies).collect()
    }

    #[test]
    fn they_run_on_the_reference_and_on_the_broker_and_in_a_switch_once_on_both() {
        assert_eq!(applies(TrialKind::Host), [Bus::Crossbeam, Bus::Process]);
        assert_eq!(applies(TrialKind::Chaos), [Bus::Crossbeam, Bus::Process]);
        assert_eq!(applies(TrialKind::Switch), [Bus::Process]);
        assert_eq!(applies(TrialKind::Behaviour).len(), Bus::ALL.len() - Bus::PEERS.len());
    }
}
