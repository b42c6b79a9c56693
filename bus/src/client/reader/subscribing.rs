//! Subscriptions that begin, go on and end.

use std::sync::Arc;

use super::Reader;
use crate::acl::{Action, Denial};
use crate::client::inbox::RemoteInbox;
use crate::client::link::Alive;
use crate::client::requests::{Pending, Reply};
use crate::client::standing::Standing;
use crate::client::subscribed::Subscribed;
use crate::contract::{DeliveryQueue, EventReceiver, EventSubscription, SubscribeError};
use crate::wire::{
    self,
    proto::{self, frame::Body, subscribe_reply::Code},
};

impl Reader {
    /// Asks for every subscription again, on a new connection. What was asked for and not answered the
    /// broker may have: whoever still wants it asks once more, after this.
    pub(in super::super) fn resume(&mut self, control: &mut Vec<u8>, unanswered: &[String]) {
        self.touched.clear();
        let broken: Vec<_> = self.subscriptions.drain().map(|(_, subscribed)| subscribed).collect();
        let resuming = std::mem::take(&mut self.resuming);
        let own: Vec<Subscribed> = broken.into_iter().chain(resuming.into_values()).collect();
        let is_own = |id: &String| own.iter().any(|one| one.subscription.subscriber_id == *id);
        for id in unanswered.iter().filter(|id| !is_own(id)) {
            encode_unsubscribe(control, id.clone());
        }
        for mut subscribed in own {
            if subscribed.queue.is_closed() {
                encode_unsubscribe(control, subscribed.subscription.subscriber_id);
                continue;
            }
            let request = self.link.requests().number();
            wire::encode_control(control, Body::Subscribe(subscribed.resume(request)));
            self.resuming.insert(request, subscribed);
        }
    }

    /// The link is over: receivers drain, then end.
    pub(in super::super) fn end(&mut self) {
        for subscribed in self.subscriptions.values().chain(self.resuming.values()) {
            subscribed.queue.end();
        }
    }

    pub(super) fn subscribed(&mut self, reply: &proto::SubscribeReply) {
        if let Some(subscribed) = self.resuming.remove(&reply.request) {
            return self.resumed(subscribed, reply);
        }
        let Some((Pending::Subscribe { subscription }, tell)) =
            self.link.requests().take(reply.request)
        else {
            return;
        };
        let result = match self.refused(&subscription, reply) {
            None => Ok(self.open(*subscription, reply)),
            Some(error) => Err(error),
        };
        // A caller that is gone drops the receiver, which unsubscribes.
        let _ = tell.send(Reply::Subscribed(result));
    }

    /// The answer to a subscription that was asked for again.
    fn resumed(&mut self, mut subscribed: Subscribed, reply: &proto::SubscribeReply) {
        if let Some(error) = self.refused(&subscribed.subscription, reply) {
            let id = &subscribed.subscription.subscriber_id;
            tracing::warn!(id, %error, "a subscription could not be taken up again; it ends");
            subscribed.standing.lost();
            subscribed.queue.end();
            return;
        }
        subscribed.resumed(&self.link, reply.subscription, reply.resumed);
        self.subscriptions.insert(reply.subscription, subscribed);
    }

    fn refused(
        &self,
        subscription: &EventSubscription,
        reply: &proto::SubscribeReply,
    ) -> Option<SubscribeError> {
        Some(match Code::try_from(reply.code) {
            Ok(Code::Ok) => return None,
            Ok(Code::DuplicateId) => {
                SubscribeError::DuplicateId { id: subscription.subscriber_id.clone() }
            }
            Ok(Code::LimitReached) => SubscribeError::LimitReached {
                limit: usize::try_from(reply.limit).unwrap_or(usize::MAX),
            },
            Ok(Code::Denied) => SubscribeError::Denied(self.denial(reply)),
            Ok(Code::Closed) => SubscribeError::Closed,
            Ok(Code::Invalid) | Err(_) => SubscribeError::Disconnected {
                reason: String::from_utf8_lossy(&reply.message).into_owned(),
            },
        })
    }

    fn denial(&self, reply: &proto::SubscribeReply) -> Denial {
        Denial {
            role: self.link.role(),
            action: Action::Subscribe,
            topics: String::from_utf8_lossy(&reply.denied_pattern).into_owned(),
            rule: reply.denied_by.map(|rule| rule as usize),
        }
    }

    fn open(
        &mut self,
        subscription: EventSubscription,
        reply: &proto::SubscribeReply,
    ) -> EventReceiver {
        let (queue, inbox) = DeliveryQueue::with_inbox(subscription.capacity);
        let standing = Arc::new(Standing::new(reply.subscription));
        let alive = self.alive.upgrade().unwrap_or_else(|| Arc::new(Alive::new(&self.link)));
        let inbox = RemoteInbox::new(
            inbox,
            Arc::clone(&self.link),
            alive,
            Arc::clone(&standing),
            reply.window,
        );
        let subscribed = Subscribed::new(subscription, queue, standing, reply.window);
        self.subscriptions.insert(reply.subscription, subscribed);
        EventReceiver::new(inbox)
    }

    pub(super) fn ended(&mut self, ended: &proto::Ended) -> Result<(), String> {
        self.queue_gathered()?;
        if let Some(subscribed) = self.subscriptions.remove(&ended.subscription) {
            subscribed.raise_lost(ended.lost);
            subscribed.queue.end();
        }
        Ok(())
    }
}

/// Nobody waits for the reply.
fn encode_unsubscribe(control: &mut Vec<u8>, id: String) {
    let request = proto::UnsubscribeRequest { subscriber_id: id.into(), ..Default::default() };
    wire::encode_control(control, Body::Unsubscribe(request));
}
