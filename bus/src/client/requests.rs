//! Requests that wait for their reply. Every outcome takes the request out of the table.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::contract::{
    BrokerInspection, EventBusStatistics, EventReceiver, EventSubscription, InspectError,
    SubscribeError,
};

/// Open requests by number.
#[derive(Debug, Default)]
pub(super) struct Requests {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    last: u64,
    closed: bool,
    open: HashMap<u64, (Pending, oneshot::Sender<Reply>)>,
}

/// What a reply needs to know of its request.
#[derive(Debug, Clone)]
pub(super) enum Pending {
    Subscribe { subscription: Box<EventSubscription> },
    Unsubscribe,
    Statistics,
    Inspect,
}

/// A reply, converted.
#[derive(Debug)]
pub(super) enum Reply {
    Subscribed(Result<EventReceiver, SubscribeError>),
    Unsubscribed { known: bool },
    Statistics(EventBusStatistics),
    Inspected(Result<BrokerInspection, InspectError>),
}

/// One open request; dropping it forgets it. Not so a subscribe: its reply opens a subscription,
/// which the reader must see ended when nobody takes it.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    requests: &'a Requests,
    number: u64,
    reply: Option<oneshot::Receiver<Reply>>,
    forget_on_drop: bool,
}

impl Requests {
    pub(super) fn open(&self, pending: Pending) -> Waiting<'_> {
        let (tell, reply) = oneshot::channel();
        let mut table = self.table.lock();
        table.last += 1;
        let number = table.last;
        let forget_on_drop = !matches!(pending, Pending::Subscribe { .. });
        if !table.closed {
            table.open.insert(number, (pending, tell));
        }
        Waiting { requests: self, number, reply: Some(reply), forget_on_drop }
    }

    /// A number for a request that waits elsewhere.
    pub(super) fn number(&self) -> u64 {
        let mut table = self.table.lock();
        table.last += 1;
        table.last
    }

    /// Takes a request out to answer it; `None` if nobody waits any more.
    pub(super) fn take(&self, number: u64) -> Option<(Pending, oneshot::Sender<Reply>)> {
        self.table.lock().open.remove(&number)
    }

    /// The connection they went out on broke: nobody will answer these. Returns the ids that were to
    /// be subscribed: the broker may have done so.
    pub(super) fn fail_all(&self) -> Vec<String> {
        let failed = std::mem::take(&mut self.table.lock().open);
        let id = |(pending, _)| match pending {
            Pending::Subscribe { subscription } => Some(subscription.subscriber_id),
            _ => None,
        };
        failed.into_values().filter_map(id).collect()
    }

    /// Fails all, now and later.
    pub(super) fn close(&self) {
        let mut table = self.table.lock();
        table.closed = true;
        table.open.clear();
    }
}

impl Waiting<'_> {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The reply; `None` if the connection ended first.
    pub(super) async fn reply(mut self) -> Option<Reply> {
        let reply = self.reply.take()?;
        reply.await.ok()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.forget_on_drop {
            self.requests.table.lock().open.remove(&self.number);
        }
    }
}
