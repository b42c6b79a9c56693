//! A scenario without a file: the resolved topology and phases of a behaviour case.
//!
//! What a sketch cannot say is refused with a sentence, never left out in silence: the text of a
//! sketch is read back and compared with it. Expectations are left out on purpose: counts of a
//! whole run do not survive the loss of an event or a subscriber.

use thiserror::Error;

use crate::plan::{Bus, Claim, Count, Phase, Publish, Topology, TrialKind, Trigger};

/// A scenario to be made up or made small.
#[derive(Debug, Clone, PartialEq)]
pub struct Sketch {
    /// The path below the scenarios folder, without `.toml`.
    pub name: String,
    /// Contract numbers it claims; at least one, as a file must.
    pub claims: Vec<Claim>,
    /// Why it exists.
    pub summary: String,
    /// Who takes part.
    pub topology: Topology,
    /// What happens, in order.
    pub phases: Vec<Phase>,
    /// Whether safety alone is judged after a fault.
    pub wild: bool,
    /// Buses it does not apply to, with the reason.
    pub not_applicable: Vec<(Bus, String)>,
    /// How long one trial may take, milliseconds.
    pub budget_ms: u64,
}

/// Why a sketch is no scenario file.
#[derive(Debug, Error)]
pub enum Unsaid {
    /// Only histories of made-up events can be judged in a made-up scenario.
    #[error("{case} is of kind {kind:?}; only behaviour cases are shrunk")]
    Kind {
        /// The case.
        case: String,
        /// Its kind.
        kind: TrialKind,
    },
    /// What is left out of a recording is no recording any more.
    #[error(
        "{case} replays a recording, which cannot be made smaller; `record` writes a fitted scenario beside it, which can"
    )]
    Replay {
        /// The case.
        case: String,
    },
    /// The file would be refused.
    #[error("the scenario of a sketch is not valid: {0}")]
    Invalid(String),
    /// The file would mean something else.
    #[error("the scenario of a sketch says less than its case: {0}")]
    Lost(&'static str),
}

impl Sketch {
    /// Events its publishers plan; nothing for shares that only the bus ends.
    pub fn events(&self) -> u64 {
        self.phases.iter().flat_map(|phase| &phase.publish).map(Publish::planned_events).sum()
    }

    /// Without what nobody could act on any more, wild only while a fault is left, and with triggers
    /// that are still reached: waiting for one in vain takes seconds and makes a case doubtful.
    #[must_use]
    pub fn mended(mut self) -> Self {
        let mut actions = self.phases.iter().flat_map(|phase| &phase.actions);
        self.wild &= actions.any(|action| action.operation.fault().is_some());
        for phase in &mut self.phases {
            for action in &mut phase.actions {
                if let Trigger::AfterPublished(publisher, events) = action.trigger {
                    let own = phase.publish.iter().filter(|share| share.publisher == publisher);
                    let planned: u64 = own.map(|share| events_of(share.count)).sum();
                    action.trigger = match planned.min(events) {
                        0 => Trigger::End,
                        reached => Trigger::AfterPublished(publisher, reached),
                    };
                }
            }
        }
        self
    }
}

/// Events that are surely published; time and refusals promise none but are never shrunk to less.
fn events_of(count: Count) -> u64 {
    match count {
        Count::Events(events) => events,
        Count::ForMs(_) | Count::UntilRefused => u64::MAX,
    }
}
