//! Requests that wait for their reply.
//!
//! A request is in the table from before it is sent until its [`Ticket`] is dropped, and every way
//! out drops it: the reply, the deadline, a refused publish, a cancelled call. The table is shared
//! between callers and the reading task, because a dropped call must leave it at once; the lock is
//! never held across an await.

use std::collections::HashMap;
use std::sync::Arc;

use bytestring::ByteString;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::CallError;
use crate::contract::CorrelationMetadata;
use crate::event::ControlBody;

/// The table.
#[derive(Debug)]
pub(super) struct Pending {
    state: Mutex<State>,
    limit: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: HashMap<ByteString, Waiting>,
    ended: bool,
    unexpected: u64,
}

#[derive(Debug)]
struct Waiting {
    /// Who alone may answer; everybody on the topic has seen the request.
    from: Option<ByteString>,
    reply: oneshot::Sender<Reply>,
}

/// A reply as it arrived.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) from: ByteString,
    pub(super) correlation: CorrelationMetadata,
    pub(super) body: ControlBody,
}

/// One request's place in the table.
#[derive(Debug)]
pub(super) struct Ticket {
    table: Arc<Pending>,
    request_id: ByteString,
    reply: oneshot::Receiver<Reply>,
}

impl Pending {
    pub(super) fn new(limit: usize) -> Self {
        Self { state: Mutex::default(), limit }
    }

    /// A place for a request, unless all are taken or no reply can come any more.
    pub(super) fn open(
        self: &Arc<Self>,
        request_id: ByteString,
        from: Option<ByteString>,
    ) -> Result<Ticket, CallError> {
        let mut state = self.state.lock();
        if state.ended {
            return Err(CallError::BusEnded);
        }
        if state.waiting.len() >= self.limit {
            return Err(CallError::TooManyPending { limit: self.limit });
        }
        let (sender, reply) = oneshot::channel();
        state.waiting.insert(request_id.clone(), Waiting { from, reply: sender });
        Ok(Ticket { table: Arc::clone(self), request_id, reply })
    }

    /// Hands a reply to whoever waits for it; one nobody waits for is counted and dropped.
    pub(super) fn answer(&self, request_id: &ByteString, reply: Reply) {
        let mut state = self.state.lock();
        let is_awaited = state
            .waiting
            .get(request_id)
            .is_some_and(|waiting| waiting.from.as_ref().is_none_or(|from| *from == reply.from));
        let awaited = is_awaited.then(|| state.waiting.remove(request_id)).flatten();
        let taken = awaited.map(|waiting| waiting.reply.send(reply).is_ok());
        if taken != Some(true) {
            state.unexpected += 1;
        }
    }

    /// No reply will come any more; everybody who waits is told.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        state.ended = true;
        state.waiting.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().waiting.len()
    }

    pub(super) fn unexpected(&self) -> u64 {
        self.state.lock().unexpected
    }
}

impl Ticket {
    pub(super) fn request_id(&self) -> &ByteString {
        &self.request_id
    }

    /// The reply, when it comes. Cancel safe.
    pub(super) async fn reply(&mut self) -> Result<Reply, CallError> {
        (&mut self.reply).await.map_err(|_| CallError::BusEnded)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.table.state.lock().waiting.remove(&self.request_id);
    }
}
