//! A role's way to a broker in another process, with something wrong in it, to see whether the
//! harness tells. Whatever the fault, it is one a client or a broker could really have.

mod inbox;
mod line;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::acl::{Action, Effect, Role, Roles, Rule, TopicTemplate};
use daemoneye_eventbus::topic::AUDIT_TOPIC;
use daemoneye_eventbus::{
    CollectionEvent, CorrelationMetadata, EventBus, EventBusStatistics, EventReceiver,
    EventSubscription, PublishError, ShutdownError, StatisticsError, SubscribeError, Topic,
    UnsubscribeError,
};

use self::inbox::FaultyInbox;
use self::line::Line;
use crate::plan::control::Proof;

/// A topic on which nothing is ever told.
const SILENCE: &str = "admin.audit.silence";

legacy_buses::faults! {
    /// One fault between a role and its broker.
    pub enum RemoteFault {
        TellsNoGap "tells-no-gap" "never tells that a connection had broken",
        KnowsNoLoss "knows-no-loss" "says that nobody knows what a broken connection has cost",
        SubscribesOnce "subscribes-once"
            "comes back after a broken connection and does not subscribe again",
        TakesAgain "takes-again"
            "delivers what it sends again after a broken connection, though it was there",
        AcknowledgesEarly "acknowledges-early"
            "acknowledges events that a broken connection then loses",
        RecallsNothing "recalls-nothing" "has forgotten what late subscribers ask for",
        RecallsOneMore "recalls-one-more" "tells late subscribers one event more than they ask for",
        AllowsEverything "allows-everything" "asks no table who may publish and subscribe what",
        AcceptsAnyToken "accepts-any-token" "lets in whoever has a token, whichever it is",
        AcceptsTokensAgain "accepts-tokens-again" "lets in whoever has a token that was used",
        TellsNoAuditor "tells-no-auditor" "tells no auditor what it has refused",
        TellsTenAtMost "tells-ten-at-most"
            "tells auditors the first ten refusals, and none after them",
        TellsEveryRefusal "tells-every-refusal"
            "tells auditors every refusal, however many there are",
        StarvesControl "starves-control"
            "lets what controls a system wait behind the events before it",
        LeaksSlots "leaks-slots" "keeps the slot of a connection it has refused",
    }
}

impl RemoteFault {
    /// The rules of a broker with this fault in place of its own.
    pub(super) fn rules(self) -> Option<Vec<Rule>> {
        let all = |action| Rule {
            roles: Roles::Any,
            action,
            topics: TopicTemplate::new("#").expect("a pattern"),
            effect: Effect::Allow,
        };
        (self == Self::AllowsEverything)
            .then(|| [Action::Publish, Action::Subscribe].map(all).to_vec())
    }

    /// How many refusals of one origin a broker with this fault tells at once, if it is not as many as
    /// any.
    pub(super) fn audits_at_once(self) -> Option<u64> {
        (self == Self::TellsEveryRefusal).then_some(u64::MAX)
    }

    /// What a broker with this fault takes strangers for, if it takes them for anybody: theirs are the
    /// slots it keeps.
    pub(super) fn strangers(self) -> Option<Role> {
        (self == Self::LeaksSlots).then_some(Role::Observer)
    }

    /// Whether a broker with this fault lets in who shows this: it does in a trial because the token
    /// is made a good one.
    pub(super) fn lets_in(self, with: Proof) -> bool {
        match self {
            Self::AcceptsAnyToken => {
                matches!(with, Proof::WrongToken | Proof::ExpiredToken | Proof::TokenOfAnother)
            }
            Self::AcceptsTokensAgain => with == Proof::UsedToken,
            _ => false,
        }
    }
}

/// A handle as it is, or with what is wrong between its role and the broker.
pub(super) fn behind_fault(
    fault: Option<RemoteFault>,
    bus: Arc<dyn EventBus>,
) -> Arc<dyn EventBus> {
    match fault {
        Some(fault) => Arc::new(FaultyHandle::new(bus, fault)),
        None => bus,
    }
}

/// A handle behind a fault.
struct FaultyHandle {
    bus: Arc<dyn EventBus>,
    fault: RemoteFault,
    line: Line,
}

impl FaultyHandle {
    fn new(bus: Arc<dyn EventBus>, fault: RemoteFault) -> Self {
        Self { bus, fault, line: Line::default() }
    }
}

#[async_trait]
impl EventBus for FaultyHandle {
    async fn publish_to(
        &self,
        topic: Topic,
        event: CollectionEvent,
        correlation: Option<CorrelationMetadata>,
    ) -> Result<(), PublishError> {
        if self.fault == RemoteFault::StarvesControl && topic.as_str().starts_with("control.") {
            self.line.pass(&*self.bus).await?;
        }
        let published = self.bus.publish_to(topic, event, correlation).await;
        self.line.published(&published);
        published
    }

    async fn subscribe(
        &self,
        mut subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        match self.fault {
            RemoteFault::TellsNoAuditor => {
                let mut patterns = subscription.topic_patterns.iter_mut();
                if let Some(audits) = patterns.find(|pattern| *pattern == AUDIT_TOPIC) {
                    SILENCE.clone_into(audits);
                }
            }
            RemoteFault::RecallsNothing => subscription.replay_last = 0,
            RemoteFault::RecallsOneMore if subscription.replay_last > 0 => {
                subscription.replay_last += 1;
            }
            _ => {}
        }
        let receiver = self.bus.subscribe(subscription).await?;
        Ok(EventReceiver::new(FaultyInbox::new(receiver, self.fault)))
    }

    async fn unsubscribe(&self, subscriber_id: &str) -> Result<(), UnsubscribeError> {
        self.bus.unsubscribe(subscriber_id).await
    }

    async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        self.bus.statistics().await
    }

    async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        self.bus.shutdown(deadline).await
    }
}

#[cfg(test)]
mod tests {
    use super::RemoteFault;

    #[test]
    fn every_fault_is_found_by_its_name() {
        for fault in RemoteFault::ALL {
            assert_eq!(RemoteFault::named(fault.name()), Some(*fault));
        }
        assert_eq!(RemoteFault::named("nothing"), None);
    }
}
