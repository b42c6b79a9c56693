//! What two histories of a case are compared in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Operation;

/// What two histories are compared in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Subject {
    /// What a subscriber received of a publisher, in order.
    Arrivals {
        /// Its name.
        subscriber: String,
        /// Its name.
        publisher: String,
    },
    /// How an operation ended.
    Operation {
        /// What was done to whom.
        operation: Operation,
        /// The phase it belongs to; `u32::MAX` before the first.
        phase: u32,
        /// Which of its kind in that phase, from 0.
        number: usize,
    },
    /// Which operations there were.
    Operations,
    /// How many events of a publisher were accepted.
    Accepted {
        /// Its name.
        publisher: String,
    },
}

impl Subject {
    /// Whether breaking this number of the contract shows in it.
    pub(super) fn shows(&self, rule: &str) -> bool {
        match self {
            Self::Arrivals { .. } => matches!(rule, "C1" | "C2" | "C3" | "C4"),
            Self::Operation { .. } | Self::Operations => matches!(rule, "C9" | "C13"),
            Self::Accepted { .. } => matches!(rule, "C11" | "C14"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{Deed, Direction, Fault, Victim};

    #[test]
    fn an_operation_is_written_in_words_of_the_scenario_format_and_read_back() {
        let deed = Deed::HalfClose(Direction::ToBroker);
        let fault = Operation::Fault(Fault { deed, victim: Victim::Publisher(1) });
        let cut = json!({ "fault": { "deed": { "half-close": "to-broker" }, "victim": { "publisher": 1 } } });
        for (operation, written) in [
            (Operation::Subscribe(0), json!({ "subscribe": 0 })),
            (Operation::DropReceiver(2), json!({ "drop-receiver": 2 })),
            (Operation::UnsubscribeUnknown, json!("unsubscribe-unknown")),
            (fault, cut),
        ] {
            let subject = Subject::Operation { operation, phase: u32::MAX, number: 1 };
            let whole =
                json!({ "is": "operation", "operation": written, "phase": u32::MAX, "number": 1 });
            assert_eq!(serde_json::to_value(&subject).expect("plain data"), whole);
            assert_eq!(serde_json::from_value::<Subject>(whole).expect("the same"), subject);
        }
    }
}
