//! Every broken bus: the promise it breaks, who must catch it, and on which case.
//!
//! A guard is named only where it judges that promise; that another one stumbles over the fault
//! too is welcome and proves nothing. [`Check::Expectation`] is named where only the case's own
//! counts can tell.

use super::{Guard, Remains};
use crate::check::Check;
use crate::driver::{ControlFault, Fault, RemoteFault, SwitchFault};

/// What is wrong: with the bus, or with what the control plane makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The bus is behind this fault.
    Bus(Fault),
    /// A sound bus, with roles of the control plane that have this fault.
    Control(ControlFault),
    /// A broker in another process, with this fault between it and its roles.
    Remote(RemoteFault),
    /// A switch of an agent's bus that changes more than the bus.
    Switch(SwitchFault),
}

impl Flaw {
    /// Its name, for example `loses-one-in-five`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bus(fault) => fault.name(),
            Self::Control(fault) => fault.name(),
            Self::Remote(fault) => fault.name(),
            Self::Switch(fault) => fault.name(),
        }
    }

    /// What a bus with it does, to follow "the bus".
    pub fn summary(self) -> &'static str {
        match self {
            Self::Bus(fault) => fault.summary(),
            Self::Control(fault) => fault.summary(),
            Self::Remote(fault) => fault.summary(),
            Self::Switch(fault) => fault.summary(),
        }
    }
}

/// One broken bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mutant {
    /// What it does wrong.
    pub fault: Flaw,
    /// The contract number it breaks.
    pub rule: &'static str,
    /// Who judges that; one of them at least must catch it, on every case.
    pub guards: &'static [Guard],
    /// The case it must show on.
    pub case: &'static str,
}

const fn mutant(
    fault: Fault,
    rule: &'static str,
    guards: &'static [Guard],
    case: &'static str,
) -> Mutant {
    Mutant { fault: Flaw::Bus(fault), rule, guards, case }
}

const fn remote(
    fault: RemoteFault,
    rule: &'static str,
    guards: &'static [Guard],
    case: &'static str,
) -> Mutant {
    Mutant { fault: Flaw::Remote(fault), rule, guards, case }
}

const fn unruly(
    fault: ControlFault,
    rule: &'static str,
    guards: &'static [Guard],
    case: &'static str,
) -> Mutant {
    Mutant { fault: Flaw::Control(fault), rule, guards, case }
}

/// No number of the contract is about it: its rule is that of its guard.
const fn switched(fault: SwitchFault) -> Mutant {
    Mutant { fault: Flaw::Switch(fault), rule: "switch", guards: SWITCH, case: ONE_VALUE }
}

/// Breaks nothing and must survive: the means to see whether a survivor is told.
pub const SOUND: Mutant = mutant(Fault::Nothing, "C1", DELIVERY, STEADY);

/// Faults no case here can show, each with the reason and who catches it instead.
pub const BEYOND: &[(Fault, &str)] = &[
    (
        Fault::EmptyTextBecomesAbsent,
        "no planned event has an empty text; the conformance suite has",
    ),
    (Fault::KeepsDeadReceivers, "it stalls a trial until its limits; the conformance suite has it"),
];

/// Numbers a scenario can claim and no mutant names, each with the reason.
#[cfg(test)]
const UNBROKEN: &[(&str, &str)] = &[
    ("T6", "it lists cases of T3 and T4: plus-takes-many and hash-needs-a-level break it too"),
    ("W2", "no bus inside one process encodes events, so none here has a limit to get wrong"),
];

const DELIVERY: &[Guard] = &[Guard::Check(Check::Delivery)];
const FOREIGN: &[Guard] = &[Guard::Check(Check::Foreign)];
const EDGES: &[Guard] = &[Guard::Check(Check::Edges)];
const REFUSED: &[Guard] = &[Guard::Check(Check::Refused)];
const REFUSALS: &[Guard] = &[Guard::Check(Check::Refusals)];
const DUPLICATES: &[Guard] = &[Guard::Check(Check::Duplicates)];
const FIFO: &[Guard] = &[Guard::Check(Check::Fifo)];
const LATE: &[Guard] = &[Guard::Check(Check::Late)];
const TOTAL_ORDER: &[Guard] = &[Guard::Check(Check::TotalOrder)];
const CAUSALITY: &[Guard] = &[Guard::Check(Check::Causality)];
const PRECEDENCE: &[Guard] = &[Guard::Check(Check::Precedence)];
const CONTENT: &[Guard] = &[Guard::Check(Check::Content)];
const CORRELATION: &[Guard] = &[Guard::Check(Check::Correlation)];
const POSITIONS: &[Guard] = &[Guard::Check(Check::Positions)];
const LOSSES: &[Guard] = &[Guard::Check(Check::Losses)];
const OVERFLOW: &[Guard] = &[Guard::Check(Check::Overflow)];
const DEPARTURES: &[Guard] = &[Guard::Check(Check::Departures)];
const CONSERVATION: &[Guard] = &[Guard::Check(Check::Conservation)];
const MONOTONE: &[Guard] = &[Guard::Check(Check::Monotone)];
const MEMBERSHIP: &[Guard] = &[Guard::Check(Check::Membership)];
const SHUTDOWN: &[Guard] = &[Guard::Check(Check::Shutdown)];
const EXPECTATION: &[Guard] = &[Guard::Check(Check::Expectation)];
const WAITS: &[Guard] = &[Guard::Check(Check::Waits)];
const GAPS: &[Guard] = &[Guard::Check(Check::Gaps)];
const CIRCUIT: &[Guard] = &[Guard::Check(Check::Circuit)];
const REPLIES: &[Guard] = &[Guard::Check(Check::Replies)];
const WORST_OF: &[Guard] = &[Guard::Check(Check::WorstOf)];
const HEARTBEATS: &[Guard] = &[Guard::Check(Check::Heartbeats)];
const FAILOVER: &[Guard] = &[Guard::Check(Check::Failover)];
const GATHERING: &[Guard] = &[Guard::Check(Check::Gathering)];
const WORKFLOWS: &[Guard] = &[Guard::Check(Check::Workflows)];
const CONFIGURATION: &[Guard] = &[Guard::Check(Check::Configuration)];
const IDENTITY: &[Guard] = &[Guard::Check(Check::Identity)];
const SLOTS: &[Guard] = &[Guard::Check(Check::Slots)];
const OVERREACH: &[Guard] = &[Guard::Check(Check::Overreach)];
const AUDITS: &[Guard] = &[Guard::Check(Check::Audits)];
const SWITCH: &[Guard] = &[Guard::Check(Check::Switch)];
const PROCESS: &[Guard] = &[Guard::TearDown(Remains::Process)];
const SOCKET: &[Guard] = &[Guard::TearDown(Remains::Socket)];
const DESCRIPTOR: &[Guard] = &[Guard::TearDown(Remains::Descriptor)];
const FAILURE: &[Guard] = &[Guard::TearDown(Remains::Failure)];
const FOLDER: &[Guard] = &[Guard::TearDown(Remains::Folder)];

const STEADY: &str = "delivery/steady-small[correlation=fresh]";
const NUMBERED: &str = "delivery/steady-small[correlation=numbered]";
const SEVERAL: &str = "delivery/multi-publisher";
const BURSTS: &str = "delivery/scan-burst[events=1000]";
const TOPICS: &str = "topics/truth-table";
const BY_CAPABILITY: &str = "filters/capabilities";
const WILDCARDS_OFF: &str = "filters/wildcards-off";
const BY_EVENT: &str = "filters/event";
const BY_TOPIC: &str = "filters/topic";
const BY_CORRELATION: &str = "filters/correlation";
const CHURN: &str = "lifecycle/churn";
const END: &str = "lifecycle/shutdown-backlog";
const DUPLICATE_ID: &str = "limits/duplicate-id";
const LIMIT: &str = "limits/subscriber-limit";
const INVALID: &str = "limits/invalid-subscriptions";
const DROPS: &str = "backpressure/stopped-subscriber-drop-newest";
const DROPS_OLDEST: &str = "backpressure/stopped-subscriber-drop-oldest";
/// The only one where events arrive after a loss: before, no gap could show.
const REOPENS: &str = "backpressure/stopped-subscriber-circuit-break";
const BLOCKS: &str = "backpressure/late-reader-block";
const STALLS: &str = "backpressure/stopped-subscriber-block";
const OPENS: &str = "backpressure/open-circuit";
const HALF_OPENS: &str = "control/circuit";
const ASKED_AT_ONCE: &str = "control/replies";
const SICK: &str = "control/health";
const FROZEN: &str = "control/heartbeats";
const KILLED: &str = "control/failover";
const GATHERED: &str = "control/gathering";
const FOLLOWED: &str = "control/workflows";
const CONFIGURED: &str = "control/configuration";

const BROKEN: &str = "failure/broken-subscriber-delivered";
const MAY_PUBLISH: &str = "acl/publish";
const MAY_SUBSCRIBE: &str = "acl/subscribe";
const RECALLS: &str = "control/replay-last";
const PASSES: &str = "backpressure/control-passes";
const IMPOSTORS: &str = "acl/identity";
const OVERSTEPS: &str = "acl/audit";
const ONE_VALUE: &str = "switch/one-value";

/// Every broken bus, in contract order.
pub const MUTANTS: &[Mutant] = &[
    mutant(Fault::LosesOneInFive, "C1", DELIVERY, STEADY),
    mutant(Fault::LosesTheFirst, "C1", DELIVERY, STEADY),
    mutant(Fault::DeliversForeignTopics, "C2", FOREIGN, TOPICS),
    mutant(Fault::DeliversOneForeign, "C2", FOREIGN, TOPICS),
    mutant(Fault::UnsubscribesLate, "C2", FOREIGN, CHURN),
    mutant(Fault::NeverUnsubscribes, "C2", FOREIGN, CHURN),
    mutant(Fault::HasAHoleAtFirst, "C2", EDGES, CHURN),
    mutant(Fault::DeliversTwice, "C3", DUPLICATES, STEADY),
    mutant(Fault::SwapsNeighbours, "C4", FIFO, STEADY),
    mutant(Fault::IsOvertakenRarely, "C4", LATE, STEADY),
    mutant(Fault::SwapsForOneSubscriber, "C5", TOTAL_ORDER, SEVERAL),
    mutant(Fault::ShowsEffectsFirst, "C5", CAUSALITY, SEVERAL),
    mutant(Fault::AcceptsEarly, "C5", PRECEDENCE, SEVERAL),
    mutant(Fault::JoinsArguments, "C6", CONTENT, STEADY),
    mutant(Fault::CutsTimestamps, "C6", CONTENT, STEADY),
    mutant(Fault::DeliversWhatItRefused, "C7", REFUSED, STEADY),
    mutant(Fault::TruncatesCorrelation, "C8", CORRELATION, NUMBERED),
    mutant(Fault::InventsCorrelation, "C8", CORRELATION, NUMBERED),
    mutant(Fault::GivesEveryEventOneRoot, "C8", CORRELATION, STEADY),
    mutant(Fault::ReplacesDuplicateIds, "C9", MEMBERSHIP, DUPLICATE_ID),
    mutant(Fault::EvictsAtTheLimit, "C9", MEMBERSHIP, LIMIT),
    mutant(Fault::RefusesForAnotherReason, "C9", MEMBERSHIP, INVALID),
    mutant(Fault::CountsTheDeparted, "C10", DEPARTURES, CHURN),
    mutant(Fault::HidesLag, "C11", LOSSES, DROPS),
    mutant(Fault::InventsLag, "C11", LOSSES, STEADY),
    mutant(Fault::ClosesGaps, "C11", POSITIONS, REOPENS),
    mutant(Fault::BlocksInsteadOfDropping, "C11", EXPECTATION, OPENS),
    mutant(Fault::DropsInsteadOfBlocking, "C11", LOSSES, BLOCKS),
    mutant(Fault::DropsNewestForOldest, "C11", OVERFLOW, DROPS_OLDEST),
    mutant(Fault::DropsOldestForNewest, "C11", OVERFLOW, DROPS),
    mutant(Fault::RefusesForNoReason, "C11", REFUSALS, STEADY),
    mutant(Fault::NeverOpensTheCircuit, "C11", CIRCUIT, HALF_OPENS),
    mutant(Fault::NeverTriesAgain, "C11", CIRCUIT, HALF_OPENS),
    mutant(Fault::CoolsDownAtOnce, "C11", CIRCUIT, HALF_OPENS),
    mutant(Fault::OneMorePlace, "C11", EXPECTATION, OPENS),
    mutant(Fault::CountsOneTooMany, "C12", CONSERVATION, STEADY),
    mutant(Fault::CountsTwice, "C12", CONSERVATION, STEADY),
    mutant(Fault::CountsOnceForAll, "C12", CONSERVATION, BURSTS),
    mutant(Fault::CountsBackwards, "C12", MONOTONE, BURSTS),
    mutant(Fault::HidesDrops, "C12", CONSERVATION, DROPS),
    mutant(Fault::HangsAtShutdown, "C13", SHUTDOWN, END),
    mutant(Fault::DiscardsAtShutdown, "C13", DELIVERY, END),
    mutant(Fault::PublishesAfterShutdown, "C13", SHUTDOWN, END),
    mutant(Fault::NeverEndsReceivers, "C13", SHUTDOWN, CHURN),
    mutant(Fault::LeaksAThread, "C13", FAILURE, STEADY),
    mutant(Fault::LeaksADescriptor, "C13", DESCRIPTOR, STEADY),
    mutant(Fault::LeavesAProcess, "C13", PROCESS, STEADY),
    mutant(Fault::StaysRunning, "C13", PROCESS, STEADY),
    mutant(Fault::LeavesASocket, "C13", SOCKET, STEADY),
    mutant(Fault::LeavesAFile, "C13", FOLDER, STEADY),
    mutant(Fault::WaitsBeyondItsLimit, "C14", WAITS, STALLS),
    mutant(Fault::PlusTakesMany, "T3", FOREIGN, TOPICS),
    mutant(Fault::HashNeedsALevel, "T4", DELIVERY, TOPICS),
    mutant(Fault::AcceptsIllegalLevels, "T1", MEMBERSHIP, TOPICS),
    mutant(Fault::AcceptsForeignNamespaces, "T2", MEMBERSHIP, TOPICS),
    mutant(Fault::AcceptsStrayWildcards, "T5", MEMBERSHIP, TOPICS),
    mutant(Fault::IgnoresCapabilities, "M1", FOREIGN, BY_CAPABILITY),
    mutant(Fault::AllowsWildcards, "M2", MEMBERSHIP, WILDCARDS_OFF),
    mutant(Fault::IgnoresTypes, "M3", FOREIGN, BY_EVENT),
    mutant(Fault::IgnoresPids, "M3", FOREIGN, BY_EVENT),
    mutant(Fault::IgnoresPriority, "M3", FOREIGN, BY_EVENT),
    mutant(Fault::IgnoresSources, "M3", FOREIGN, BY_EVENT),
    mutant(Fault::IgnoresMetadata, "M3", FOREIGN, BY_EVENT),
    mutant(Fault::IgnoresExcludes, "M4", FOREIGN, BY_TOPIC),
    mutant(Fault::IgnoresIncludes, "M4", FOREIGN, BY_TOPIC),
    mutant(Fault::IgnoresCorrelationIds, "M5", FOREIGN, BY_CORRELATION),
    mutant(Fault::IgnoresIdPrefixes, "M5", FOREIGN, BY_CORRELATION),
    mutant(Fault::IgnoresParents, "M5", FOREIGN, BY_CORRELATION),
    mutant(Fault::IgnoresRoots, "M5", FOREIGN, BY_CORRELATION),
    mutant(Fault::IgnoresStages, "M5", FOREIGN, BY_CORRELATION),
    mutant(Fault::IgnoresAllTags, "M5", FOREIGN, BY_CORRELATION),
    mutant(Fault::IgnoresAnyTags, "M5", FOREIGN, BY_CORRELATION),
    mutant(Fault::IgnoresSequences, "M5", FOREIGN, BY_CORRELATION),
    mutant(Fault::IgnoresProcessIds, "M5", FOREIGN, BY_CORRELATION),
    remote(RemoteFault::TellsNoGap, "W5", GAPS, BROKEN),
    remote(RemoteFault::KnowsNoLoss, "W5", GAPS, BROKEN),
    remote(RemoteFault::SubscribesOnce, "W5", DELIVERY, BROKEN),
    remote(RemoteFault::TakesAgain, "W6", DUPLICATES, BROKEN),
    remote(RemoteFault::AcknowledgesEarly, "W6", DELIVERY, BROKEN),
    remote(RemoteFault::AllowsEverything, "A1", REFUSALS, MAY_PUBLISH),
    remote(RemoteFault::AllowsEverything, "A3", REFUSALS, MAY_SUBSCRIBE),
    remote(RemoteFault::RecallsNothing, "C2", DELIVERY, RECALLS),
    remote(RemoteFault::RecallsOneMore, "C2", FOREIGN, RECALLS),
    remote(RemoteFault::StarvesControl, "C4", EXPECTATION, PASSES),
    remote(RemoteFault::AllowsEverything, "A1", OVERREACH, OVERSTEPS),
    remote(RemoteFault::AcceptsAnyToken, "A4", IDENTITY, IMPOSTORS),
    remote(RemoteFault::AcceptsTokensAgain, "A4", IDENTITY, IMPOSTORS),
    remote(RemoteFault::TellsNoAuditor, "A5", AUDITS, OVERSTEPS),
    remote(RemoteFault::TellsTenAtMost, "A5", AUDITS, OVERSTEPS),
    remote(RemoteFault::TellsEveryRefusal, "A5", AUDITS, OVERSTEPS),
    remote(RemoteFault::LeaksSlots, "W8", SLOTS, IMPOSTORS),
    unruly(ControlFault::AnswersEveryAsker, "W9", REPLIES, ASKED_AT_ONCE),
    unruly(ControlFault::AnswersAnother, "W9", REPLIES, ASKED_AT_ONCE),
    unruly(ControlFault::DoesTwice, "W9", REPLIES, ASKED_AT_ONCE),
    unruly(ControlFault::HidesTheSick, "R1", WORST_OF, SICK),
    unruly(ControlFault::TellsTheBest, "R1", WORST_OF, SICK),
    unruly(ControlFault::MissesOneHeartbeat, "R2", HEARTBEATS, FROZEN),
    unruly(ControlFault::NeverForgives, "R2", HEARTBEATS, FROZEN),
    unruly(ControlFault::NeverFailsOver, "R3", FAILOVER, KILLED),
    unruly(ControlFault::WaitsForEverybody, "R4", GATHERING, GATHERED),
    unruly(ControlFault::GivesUpEarly, "R4", GATHERING, GATHERED),
    unruly(ControlFault::KeepsOldAnswers, "R4", GATHERING, GATHERED),
    unruly(ControlFault::MissesReplies, "R6", WORKFLOWS, FOLLOWED),
    unruly(ControlFault::NeverForgets, "R6", WORKFLOWS, FOLLOWED),
    unruly(ControlFault::ChangesOnValidation, "R", CONFIGURATION, CONFIGURED),
    unruly(ControlFault::ChangesInPart, "R", CONFIGURATION, CONFIGURED),
    switched(SwitchFault::ChangesMore),
    switched(SwitchFault::StaysChanged),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::plan::TrialKind;
    use crate::plan::claims::judged;

    #[test]
    fn every_fault_is_a_mutant_once_or_beyond_with_a_reason() {
        let of_the_bus = |mutant: &Mutant| match mutant.fault {
            Flaw::Bus(fault) => Some(fault),
            Flaw::Control(_) | Flaw::Remote(_) | Flaw::Switch(_) => None,
        };
        let mut known: Vec<Fault> = MUTANTS.iter().filter_map(of_the_bus).collect();
        known.extend(BEYOND.iter().map(|(fault, _)| *fault));
        known.extend(of_the_bus(&SOUND));
        known.extend(super::super::SLOW.iter().map(|mutant| mutant.fault));
        known.sort();
        let mut all = Fault::ALL.to_vec();
        all.sort();
        assert_eq!(known, all);
    }

    #[test]
    fn every_fault_of_the_control_plane_is_a_mutant_once() {
        let of_the_plane = |mutant: &Mutant| match mutant.fault {
            Flaw::Control(fault) => Some(fault),
            Flaw::Bus(_) | Flaw::Remote(_) | Flaw::Switch(_) => None,
        };
        let known: Vec<ControlFault> = MUTANTS.iter().filter_map(of_the_plane).collect();
        assert_eq!(known, ControlFault::ALL);
    }

    #[test]
    fn every_fault_of_a_way_to_the_broker_is_a_mutant() {
        let of_a_way = |mutant: &Mutant| match mutant.fault {
            Flaw::Remote(fault) => Some(fault),
            Flaw::Bus(_) | Flaw::Control(_) | Flaw::Switch(_) => None,
        };
        let known: BTreeSet<RemoteFault> = MUTANTS.iter().filter_map(of_a_way).collect();
        assert_eq!(known, RemoteFault::ALL.iter().copied().collect());
    }

    #[test]
    fn every_fault_of_a_switch_is_a_mutant_once() {
        let of_a_switch = |mutant: &Mutant| match mutant.fault {
            Flaw::Switch(fault) => Some(fault),
            Flaw::Bus(_) | Flaw::Control(_) | Flaw::Remote(_) => None,
        };
        let known: Vec<SwitchFault> = MUTANTS.iter().filter_map(of_a_switch).collect();
        assert_eq!(known, SwitchFault::ALL);
    }

    #[test]
    fn every_number_a_scenario_can_claim_has_a_mutant_or_a_reason() {
        let kinds = [TrialKind::Behaviour, TrialKind::Control];
        for claim in kinds.into_iter().flat_map(judged) {
            let broken = MUTANTS.iter().any(|mutant| mutant.rule == claim.as_str());
            let excused = UNBROKEN.iter().any(|(number, _)| *number == claim.as_str());
            assert!(broken != excused, "{claim} needs a mutant or a reason, and not both");
        }
    }

    #[test]
    fn every_guard_has_a_mutant_of_its_own() {
        for guard in Guard::all() {
            let named = MUTANTS.iter().any(|mutant| mutant.guards.contains(&guard));
            assert!(named, "{} catches nothing", guard.name());
        }
    }
}
