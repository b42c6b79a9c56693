//! What happens in a case and when, in words with names: for whoever reads why it did not.

use super::{Case, Operation, Trigger};

impl Operation {
    /// As in `reset of s`.
    pub fn told(&self, case: &Case) -> String {
        let subscriber = |index: usize| case.topology.subscribers[index].name.as_str();
        let (what, whom) = match *self {
            Self::UnsubscribeUnknown => return "unsubscribe-unknown".to_owned(),
            Self::Shutdown(deadline_ms) => return format!("shutdown within {deadline_ms} ms"),
            Self::Subscribe(index) => ("subscribe", subscriber(index)),
            Self::Unsubscribe(index) => ("unsubscribe", subscriber(index)),
            Self::DropReceiver(index) => ("drop-receiver", subscriber(index)),
            Self::StopReading(index) => ("stop-reading", subscriber(index)),
            Self::ResumeReading(index) => ("resume-reading", subscriber(index)),
            Self::PublishOne(index) => {
                ("publish-one", case.topology.publishers[index].name.as_str())
            }
            Self::Fault(fault) => (fault.deed.as_str(), fault.victim.name(case)),
        };
        format!("{what} of {whom}")
    }
}

impl Trigger {
    /// As in `after 3000 events of p`.
    pub fn told(self, case: &Case) -> String {
        match self {
            Self::Start => "the start".to_owned(),
            Self::End => "the end".to_owned(),
            Self::AfterPublished(publisher, events) => {
                format!("after {events} events of {}", case.topology.publishers[publisher].name)
            }
            Self::AfterReceived(subscriber, events) => {
                let name = &case.topology.subscribers[subscriber].name;
                format!("after {events} events received by {name}")
            }
        }
    }
}
