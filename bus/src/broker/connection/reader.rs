//! The reading half of a connection: rounds. A round is everything one read brought, handled
//! under one lock of the hub and followed by one write per connection it touched.

use super::super::Shared;
use super::super::hub::{AtFull, Hub, Refused, Routed, Telling};
use super::super::publication::Publication;
use super::super::subscription::{Owner, window_of};
use super::Fault;
use super::deferred::{Deferred, Wait};
use super::handshake::Peer;
use super::inspecting;
use super::writer::Heard;
use crate::acl::{Action, Decision, Denial};
use crate::clock::monotonic_ns;
use crate::contract::SubscribeError;
use crate::transport::{Fill, ReadBuffer, Stream};
use crate::wire::{
    self, EventEnvelope, Inbound, LENGTH_BYTES, Scanner,
    proto::{self, frame::Body, subscribe_reply::Code},
};

/// What the peer is told that publishes on no topic.
const INVALID_TOPIC: Fault = Fault::Protocol("an event on an invalid topic");
/// Longest reason in the reply to a refused subscribe, bytes.
const MAX_REASON_BYTES: usize = 1024;

/// Reads and routes one client's frames.
pub(super) struct Reader<'a> {
    shared: &'a Shared,
    peer: Peer,
    key: u32,
    buffer: ReadBuffer,
    scanner: Scanner,
    deferred: Deferred,
    /// Publish bytes read and not granted back.
    ungranted_bytes: usize,
    /// Number of the event dealt with last; the next one's is larger.
    last_sequence: u64,
    /// How often what it is refused is told.
    telling: Telling,
    said_goodbye: bool,
}

/// What became of a published event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It has its place in the order.
    Routed,
    /// The broker's subscriptions have ended: it was dropped, and counted (C13).
    TooLate,
    /// Its publisher may not publish on its topic: it was dropped, and counted (A5).
    Refused,
    /// A subscriber is full: it must wait, and the wait has begun.
    MustWait,
}

impl<'a> Reader<'a> {
    pub(super) fn new(shared: &'a Shared, peer: Peer, key: u32, buffer: ReadBuffer) -> Self {
        Self {
            shared,
            peer,
            key,
            buffer,
            scanner: Scanner::new(shared.config.frame_limit_bytes()),
            deferred: Deferred::default(),
            ungranted_bytes: 0,
            last_sequence: 0,
            telling: Telling::default(),
            said_goodbye: false,
        }
    }

    /// Runs rounds until the client ends or errs.
    pub(super) async fn run(&mut self, stream: &Stream, heard: &Heard) -> Result<(), Fault> {
        loop {
            self.round()?;
            if self.said_goodbye && self.deferred.is_empty() {
                self.shared.hub.lock().client_said_goodbye(self.key);
                self.shared.quieter.notify_waiters();
                return self.until_closed(stream, heard).await;
            }
            let limit = self.deferred.waiting_since().map(|at| at + self.shared.config.stall_limit);
            let stalled = async {
                match limit {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                fill = self.buffer.fill(stream) => match fill? {
                    Fill::Some => heard.now(),
                    Fill::End => return Ok(()),
                    Fill::Torn => return Err(Fault::Torn),
                },
                () = self.deferred.room() => {}
                () = stalled => self.drop_for_the_stalled()?,
            }
        }
    }

    /// After a goodbye only credits and signs of life matter, until the connection ends.
    async fn until_closed(&mut self, stream: &Stream, heard: &Heard) -> Result<(), Fault> {
        loop {
            match self.buffer.fill(stream).await? {
                Fill::Some => heard.now(),
                Fill::End => return Ok(()),
                Fill::Torn => return Err(Fault::Torn),
            }
            self.round()?;
        }
    }

    /// What a client that is gone had published before still waits for its turn, up to the stall
    /// limit for all of it. Cancel safe.
    pub(super) async fn route_the_rest(&mut self) {
        let limit = self.shared.config.stall_limit;
        let in_turn = async {
            while self.route_rest_now().is_ok() && !self.deferred.is_empty() {
                self.deferred.room().await;
            }
        };
        // Out of time is no error here: what is left is dropped by the caller.
        let _ = tokio::time::timeout(limit, in_turn).await;
    }

    /// Time is up: whoever is full loses what still waits, and it is counted.
    pub(super) fn drop_the_rest(&mut self) {
        // What follows a breach of the protocol is not heard.
        while !self.deferred.is_empty() && self.drop_for_the_stalled().is_ok() {}
    }

    fn route_rest_now(&mut self) -> Result<(), Fault> {
        let mut hub = self.shared.hub.lock();
        let result = self.route_deferred(&mut hub);
        hub.flush();
        result
    }

    fn round(&mut self) -> Result<(), Fault> {
        let mut hub = self.shared.hub.lock();
        let result = self.handle_all(&mut hub);
        self.grant(&mut hub);
        hub.flush();
        result
    }

    fn handle_all(&mut self, hub: &mut Hub) -> Result<(), Fault> {
        self.route_deferred(hub)?;
        // The buffer is lent out while its frames are handled.
        let mut buffer = std::mem::replace(&mut self.buffer, ReadBuffer::empty());
        let mut handled = Ok(());
        while handled.is_ok() {
            match self.scanner.next(buffer.filled()) {
                Ok(Some((frame, used))) => {
                    handled = self.handle(hub, frame, used);
                    buffer.consume(used);
                }
                Ok(None) => break,
                Err(error) => handled = Err(error.into()),
            }
        }
        self.buffer = buffer;
        handled
    }

    fn handle(&mut self, hub: &mut Hub, frame: Inbound<'_>, bytes: usize) -> Result<(), Fault> {
        match frame {
            Inbound::Publish(event) => self.publish(hub, event, bytes),
            Inbound::Deliver(_) => Err(Fault::Protocol("only the broker delivers")),
            Inbound::Control(body) => self.control(hub, *body),
        }
    }

    fn publish(&mut self, hub: &mut Hub, event: &[u8], bytes: usize) -> Result<(), Fault> {
        if self.said_goodbye {
            return Err(Fault::Protocol("a publish after goodbye"));
        }
        self.ungranted_bytes += bytes;
        if self.deferred.is_empty() && self.route(hub, event)? != Fate::MustWait {
            return Ok(());
        }
        self.deferred.push(event, bytes);
        let config = &self.shared.config;
        let most = 2 * config.publish_window_bytes + LENGTH_BYTES + config.frame_limit_bytes();
        if self.deferred.frame_bytes() > most {
            return Err(Fault::Protocol("more was published than the window allows"));
        }
        Ok(())
    }

    fn route_deferred(&mut self, hub: &mut Hub) -> Result<(), Fault> {
        while let Some(event) = self.deferred.oldest() {
            let event: Box<[u8]> = event.into();
            match self.route(hub, &event)? {
                Fate::Routed | Fate::TooLate | Fate::Refused => self.deferred.pop(),
                Fate::MustWait => break,
            }
        }
        Ok(())
    }

    /// Routes one event, if there is room for it.
    fn route(&mut self, hub: &mut Hub, event: &[u8]) -> Result<Fate, Fault> {
        let envelope = EventEnvelope::parse(event)?;
        self.check(&envelope)?;
        let fate = match self.peer.access.may_publish_on(envelope.topic) {
            Some(Decision::Allowed { .. }) => {
                self.route_checked(hub, &Publication::encoded(envelope, event))?
            }
            Some(Decision::Denied { rule: None }) if hub.owes_reply(self.key, envelope.topic) => {
                self.route_reply(hub, &envelope, event)?
            }
            Some(Decision::Denied { rule }) => self.refuse_publish(hub, &envelope, rule),
            None => return Err(INVALID_TOPIC),
        };
        if fate != Fate::MustWait {
            self.last_sequence = envelope.sequence;
        }
        if fate == Fate::Routed {
            hub.published_by(self.key);
        }
        Ok(fate)
    }

    fn route_checked(
        &mut self,
        hub: &mut Hub,
        publication: &Publication<'_>,
    ) -> Result<Fate, Fault> {
        let mut begun: Option<Wait> = None;
        loop {
            match hub.route(publication, AtFull::Wait, monotonic_ns()) {
                Routed::Done => return Ok(Fate::Routed),
                Routed::Closed => return Ok(Fate::TooLate),
                Routed::InvalidTopic => return Err(INVALID_TOPIC),
                Routed::Full(room) => match begun {
                    Some(wait) if wait.is_for(&room) => {
                        self.deferred.wait_for(wait);
                        return Ok(Fate::MustWait);
                    }
                    // The receiver may have made room since the hub looked: look again.
                    _ => begun = Some(Wait::begin(room)),
                },
            }
        }
    }

    /// Whether it is this client's, of a size that is allowed, and none that was before: ids of
    /// events and fresh correlations are made of its number (C8).
    fn check(&self, envelope: &EventEnvelope<'_>) -> Result<(), Fault> {
        let limit_bytes = self.shared.config.payload_limit_bytes;
        if envelope.payload.len() > limit_bytes {
            return Err(Fault::TooLarge { bytes: envelope.payload.len(), limit_bytes });
        }
        let is_own = envelope.incarnation == self.peer.incarnation
            && envelope.publisher == self.peer.name.as_bytes();
        if !is_own {
            return Err(Fault::Publisher);
        }
        if envelope.sequence <= self.last_sequence {
            return Err(Fault::Protocol("a sequence number that does not increase"));
        }
        Ok(())
    }

    /// Routes the reply to a request that this client was sent: once.
    fn route_reply(
        &mut self,
        hub: &mut Hub,
        envelope: &EventEnvelope<'_>,
        event: &[u8],
    ) -> Result<Fate, Fault> {
        let fate = self.route_checked(hub, &Publication::encoded(*envelope, event))?;
        if fate == Fate::Routed {
            hub.replied(self.key, envelope.topic);
        }
        Ok(fate)
    }

    /// Counts a publish that may not be, and tells it: to auditors, and to the client.
    fn refuse_publish(
        &mut self,
        hub: &mut Hub,
        envelope: &EventEnvelope<'_>,
        rule: Option<usize>,
    ) -> Fate {
        let topic = String::from_utf8_lossy(envelope.topic).into_owned();
        let denial = self.peer.access.denial(Action::Publish, topic, rule);
        if let Some(untold) = self.refuse(hub, &denial) {
            let denied = proto::Denied {
                message: denial.to_string().into(),
                topic: denial.topics.into(),
                untold,
            };
            hub.send(self.key, Body::Denied(denied));
        }
        Fate::Refused
    }

    fn refuse(&mut self, hub: &mut Hub, denial: &Denial) -> Option<u64> {
        let refused = Refused {
            actor: self.peer.name.to_string(),
            action: denial.action.as_str(),
            resource: denial.topics.clone(),
            reason: denial.to_string(),
        };
        hub.refuse(refused, &mut self.telling)
    }

    /// The oldest deferred event has waited its limit: whoever is full loses it.
    fn drop_for_the_stalled(&mut self) -> Result<(), Fault> {
        let Some(event) = self.deferred.oldest() else { return Ok(()) };
        let envelope = EventEnvelope::parse(event)?;
        self.check(&envelope)?;
        let mut hub = self.shared.hub.lock();
        let publication = Publication::encoded(envelope, event);
        if matches!(hub.route(&publication, AtFull::Drop, monotonic_ns()), Routed::Done) {
            hub.published_by(self.key);
        }
        hub.flush();
        drop(hub);
        self.last_sequence = envelope.sequence;
        self.deferred.pop();
        Ok(())
    }

    /// Gives publish window back, a quarter at a time; events set aside keep theirs. Towards the
    /// end every byte counts: it tells the client what became of its events (C13).
    fn grant(&mut self, hub: &mut Hub) {
        let routed = self.ungranted_bytes.saturating_sub(self.deferred.frame_bytes());
        let is_ending = self.said_goodbye || hub.is_closed();
        let least = if is_ending { 1 } else { self.shared.config.publish_window_bytes / 4 };
        if routed >= least {
            self.ungranted_bytes -= routed;
            hub.send(self.key, Body::Grant(proto::Grant { bytes: routed as u64 }));
        }
    }

    fn control(&mut self, hub: &mut Hub, body: Body) -> Result<(), Fault> {
        let asks = matches!(
            body,
            Body::Subscribe(_)
                | Body::Unsubscribe(_)
                | Body::StatisticsRequest(_)
                | Body::Inspect(_)
        );
        if asks && hub.owes_too_many_replies(self.key) {
            return Err(Fault::Protocol("more was asked than is read"));
        }
        match body {
            Body::Credit(credit) => hub.credit(self.key, credit.subscription, credit.events),
            Body::Ping(_) => {}
            Body::Subscribe(request) => self.subscribe(hub, request)?,
            Body::Unsubscribe(request) => {
                let owner = Owner::Connection(self.key);
                let id = std::str::from_utf8(&request.subscriber_id).unwrap_or_default();
                let known = match request.subscription {
                    Some(number) => hub.unsubscribe_number(number, owner),
                    None => hub.unsubscribe(id, owner).is_ok(),
                };
                let reply = proto::UnsubscribeReply { request: request.request, known };
                hub.reply(self.key, Body::Unsubscribed(reply));
            }
            Body::StatisticsRequest(request) => hub.send_statistics(self.key, request.request),
            Body::Inspect(request) => inspecting::answer(hub, &self.peer, self.key, request)?,
            Body::Goodbye(_) => self.said_goodbye = true,
            Body::Refusal(refusal) => {
                let message = String::from_utf8_lossy(&refusal.message);
                tracing::debug!(%message, "the client refuses");
            }
            _ => return Err(Fault::Protocol("a frame only the broker sends")),
        }
        Ok(())
    }

    fn subscribe(&mut self, hub: &mut Hub, request: proto::SubscribeRequest) -> Result<(), Fault> {
        let number = request.request;
        let subscription = wire::subscription_from_wire(request)?;
        let reply = match hub.subscribe_remote(&subscription, self.key, &self.peer.access) {
            Ok(key) => proto::SubscribeReply {
                request: number,
                code: Code::Ok as i32,
                subscription: key,
                window: window_of(subscription.capacity),
                ..Default::default()
            },
            Err(SubscribeError::Denied(denial)) => {
                self.refuse(hub, &denial);
                denied(number, denial)
            }
            Err(error) => proto::SubscribeReply {
                request: number,
                code: code_of(&error) as i32,
                limit: limit_of(&error),
                message: shortened(error.to_string()).into(),
                ..Default::default()
            },
        };
        hub.reply(self.key, Body::Subscribed(reply));
        Ok(())
    }
}

fn denied(request: u64, denial: Denial) -> proto::SubscribeReply {
    proto::SubscribeReply {
        request,
        code: Code::Denied as i32,
        message: denial.to_string().into(),
        denied_pattern: denial.topics.into(),
        denied_by: denial.rule.and_then(|rule| u32::try_from(rule).ok()),
        ..Default::default()
    }
}

/// An error repeats what was asked, which may be as long as a frame.
fn shortened(mut message: String) -> String {
    if message.len() > MAX_REASON_BYTES {
        message.truncate(message.floor_char_boundary(MAX_REASON_BYTES));
        message.push('…');
    }
    message
}

fn code_of(error: &SubscribeError) -> Code {
    match error {
        SubscribeError::DuplicateId { .. } => Code::DuplicateId,
        SubscribeError::LimitReached { .. } => Code::LimitReached,
        SubscribeError::Closed => Code::Closed,
        _ => Code::Invalid,
    }
}

fn limit_of(error: &SubscribeError) -> u64 {
    match error {
        SubscribeError::LimitReached { limit } => *limit as u64,
        _ => 0,
    }
}
