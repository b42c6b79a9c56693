//! The calls that wait for the broker's reply: subscribe, unsubscribe, statistics, inspect (C14).
//!
//! Which of them are open is the table's business, answering them the reader's.

use super::super::requests::{Pending, Reply};
use super::{Link, State};
use crate::contract::{
    BrokerInspection, EventBusStatistics, EventReceiver, EventSubscription, InspectError,
    InspectionQuery, StatisticsError, SubscribeError, UnsubscribeError,
};
use crate::wire::{
    self,
    proto::{self, frame::Body},
};

impl Link {
    pub(in super::super) async fn subscribe(
        &self,
        subscription: EventSubscription,
    ) -> Result<EventReceiver, SubscribeError> {
        let gone = |reason| match reason {
            Some(reason) => SubscribeError::Disconnected { reason },
            None => SubscribeError::Closed,
        };
        if *self.state.borrow() == State::Leaving {
            return Err(SubscribeError::Closed);
        }
        let waited = self.config.request_limit;
        let pending = Pending::Subscribe { subscription: Box::new(subscription.clone()) };
        let reply = self.request(pending, |request| {
            Body::Subscribe(wire::subscription_to_wire(request, &subscription))
        });
        match tokio::time::timeout(waited, reply).await {
            Ok(Some(Reply::Subscribed(result))) => result,
            Ok(_) => Err(gone(self.reason())),
            Err(_) => Err(SubscribeError::Timeout { waited }),
        }
    }

    pub(in super::super) async fn unsubscribe(&self, id: &str) -> Result<(), UnsubscribeError> {
        if *self.state.borrow() == State::Leaving {
            return Err(UnsubscribeError::Closed);
        }
        let waited = self.config.request_limit;
        let reply = self.request(Pending::Unsubscribe, |request| {
            Body::Unsubscribe(proto::UnsubscribeRequest {
                request,
                subscriber_id: id.to_owned().into(),
                subscription: None,
            })
        });
        match tokio::time::timeout(waited, reply).await {
            Ok(Some(Reply::Unsubscribed { known: true })) => Ok(()),
            Ok(Some(_)) => Err(UnsubscribeError::Unknown { id: id.to_owned() }),
            Ok(None) => Err(match self.reason() {
                Some(reason) => UnsubscribeError::Disconnected { reason },
                None => UnsubscribeError::Closed,
            }),
            Err(_) => Err(UnsubscribeError::Timeout { waited }),
        }
    }

    pub(in super::super) async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        let waited = self.config.request_limit;
        let reply = self.request(Pending::Statistics, |request| {
            Body::StatisticsRequest(proto::StatisticsRequest { request })
        });
        match tokio::time::timeout(waited, reply).await {
            Ok(Some(Reply::Statistics(statistics))) => Ok(statistics),
            Ok(_) => {
                let reason = self.reason().unwrap_or_else(|| "the session was closed".to_owned());
                Err(StatisticsError::Disconnected { reason })
            }
            Err(_) => Err(StatisticsError::Timeout { waited }),
        }
    }

    /// One answer: as many rows as fit a frame.
    pub(in super::super) async fn inspect(
        &self,
        query: &InspectionQuery,
    ) -> Result<BrokerInspection, InspectError> {
        let waited = self.config.request_limit;
        let reply = self.request(Pending::Inspect, |request| {
            Body::Inspect(wire::query_to_wire(request, query))
        });
        match tokio::time::timeout(waited, reply).await {
            Ok(Some(Reply::Inspected(inspected))) => inspected,
            Ok(_) => {
                let reason = self.reason().unwrap_or_else(|| "the session was closed".to_owned());
                Err(InspectError::Disconnected { reason })
            }
            Err(_) => Err(InspectError::Timeout { waited }),
        }
    }

    /// Sends a request and waits for its reply, on the next connection if need be; `None` if the link
    /// ended first. Cancelling it forgets the request.
    async fn request(&self, pending: Pending, body: impl Fn(u64) -> Body) -> Option<Reply> {
        loop {
            self.until(|state| *state != State::Offline).await;
            let waiting = self.requests.open(pending.clone());
            let state = self.state.borrow().clone();
            match state {
                State::Over(_) => return None,
                // It broke in between, and nobody would fail this one.
                State::Offline => continue,
                State::Open | State::Leaving => {}
            }
            self.send(body(waiting.number()));
            if let Some(reply) = waiting.reply().await {
                return Some(reply);
            }
        }
    }
}
