//! What the receivers of a link tell the broker. Without a connection it is noted only: the next
//! one begins with how things stand.

use super::Link;
use crate::client::standing::Standing;
use crate::clock::monotonic_ns;
use crate::wire::proto::{self, frame::Body};

impl Link {
    /// The receiver of a subscription has room for more.
    pub(in super::super) fn give_credit(&self, standing: &Standing, events: u64) {
        // Under the lock that a new connection takes to say how things stand.
        let mut publishing = self.publishing.lock();
        let Some(subscription) = standing.give(events) else { return };
        let next = publishing.send(Body::Credit(proto::Credit { subscription, events }));
        drop(publishing);
        self.follow(next);
        self.room.notify_waiters();
    }

    /// The same for what was given back while no connection was there to say so.
    pub(in super::super) fn give_kept_credit(&self, subscription: u32, events: u64) {
        self.send(Body::Credit(proto::Credit { subscription, events }));
    }

    /// The receiver of a subscription has taken what must be acknowledged, up to a position as the
    /// broker counts under this number. Where it has another by now, whoever gave it that has said so.
    pub(in super::super) fn acknowledge(&self, standing: &Standing, number: u32, position: u64) {
        let mut publishing = self.publishing.lock();
        if publishing.stream.is_none() || standing.number() != Some(number) {
            return;
        }
        let stream = publishing.stream.clone();
        let next =
            publishing.outbox.acknowledge(stream.as_deref(), monotonic_ns(), number, position);
        drop(publishing);
        self.follow(next);
    }

    /// Nobody receives a subscription any more.
    pub(in super::super) fn end_subscription(&self, number: u32) {
        let request =
            proto::UnsubscribeRequest { subscription: Some(number), ..Default::default() };
        self.send(Body::Unsubscribe(request));
    }
}
