//! The reading half of a connection: rounds. A round is everything one read brought, handled
//! under one lock of the hub and followed by one write per connection it touched.

mod publishing;

use super::super::Shared;
use super::super::hub::{Asked, Hub, Refused, Resume};
use super::super::subscription::{Owner, window_of};
use super::fault::Fault;
use super::handshake::Client;
use super::inspecting;
use super::writer::Heard;
use crate::acl::Denial;
use crate::clock::monotonic_ns;
use crate::contract::SubscribeError;
use crate::topic::{Lane, PerLane};
use crate::transport::{Fill, ReadBuffer, Stream};
use crate::wire::{
    self, Inbound, Scanner,
    proto::{self, frame::Body, subscribe_reply::Code},
};
use publishing::Incoming;

/// A round ends when it has handled so many bytes; whoever has sent more goes on after everybody else.
const ROUND_BYTES: usize = 64 << 10;
/// Longest reason in the reply to a refused subscribe, bytes.
const MAX_REASON_BYTES: usize = 1024;

/// Reads and routes one client's frames.
pub(super) struct Reader<'a> {
    shared: &'a Shared,
    client: Client,
    key: u32,
    buffer: ReadBuffer,
    scanner: Scanner,
    lanes: PerLane<Incoming>,
    /// When the last bytes were read, where somebody asks for it.
    read_ns: u64,
    said_goodbye: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(shared: &'a Shared, client: Client, key: u32, buffer: ReadBuffer) -> Self {
        Self {
            shared,
            client,
            key,
            buffer,
            scanner: Scanner::new(shared.config.frame_limit_bytes()),
            lanes: PerLane::default(),
            read_ns: monotonic_ns(),
            said_goodbye: false,
        }
    }

    /// Runs rounds until the client ends or errs.
    pub(super) async fn run(&mut self, stream: &Stream, heard: &Heard) -> Result<(), Fault> {
        loop {
            let has_more = self.round()?;
            if self.said_goodbye && self.has_routed_all() {
                self.shared.hub.lock().client_said_goodbye(self.key);
                self.shared.quieter.notify_waiters();
                return self.until_closed(stream, heard).await;
            }
            // One client that never stops would have the thread for itself.
            if has_more || self.buffer.was_filled() {
                tokio::task::yield_now().await;
            }
            if has_more {
                continue;
            }
            let stalled = self.stalled();
            tokio::select! {
                fill = self.buffer.fill(stream) => match fill? {
                    Fill::Some => {
                        heard.now();
                        if self.shared.config.hops.is_some() {
                            self.read_ns = monotonic_ns();
                        }
                    }
                    Fill::End => return Ok(()),
                    Fill::Torn => return Err(Fault::Torn),
                },
                () = room(&mut self.lanes) => {}
                lane = stalled => self.drop_for_the_stalled(lane)?,
            }
        }
    }

    /// Waits for the first lane whose oldest event has waited its limit.
    fn stalled(&self) -> impl Future<Output = Lane> + use<> {
        let limit = self.shared.config.stall_limit;
        let since = |lane: Lane| Some((self.lanes[lane].deferred.waiting_since()? + limit, lane));
        let first = Lane::ALL.into_iter().filter_map(since).min_by_key(|(at, _)| *at);
        async move {
            match first {
                Some((at, lane)) => {
                    tokio::time::sleep_until(at).await;
                    lane
                }
                None => std::future::pending().await,
            }
        }
    }

    fn has_routed_all(&self) -> bool {
        self.lanes.events.deferred.is_empty() && self.lanes.control.deferred.is_empty()
    }

    /// After a goodbye only credits and signs of life matter, until the connection ends.
    async fn until_closed(&mut self, stream: &Stream, heard: &Heard) -> Result<(), Fault> {
        loop {
            match self.buffer.fill(stream).await? {
                Fill::Some => heard.now(),
                Fill::End => return Ok(()),
                Fill::Torn => return Err(Fault::Torn),
            }
            while self.round()? {
                tokio::task::yield_now().await;
            }
        }
    }

    /// What a client that is gone had published before still waits for its turn, up to the stall
    /// limit for all of it. Cancel safe.
    pub(super) async fn route_the_rest(&mut self) {
        let limit = self.shared.config.stall_limit;
        let in_turn = async {
            while self.route_rest_now().is_ok() && !self.has_routed_all() {
                room(&mut self.lanes).await;
            }
        };
        // Out of time is no error here: what is left is dropped by the caller.
        let _ = tokio::time::timeout(limit, in_turn).await;
    }

    /// Time is up: whoever is full loses what still waits, and it is counted.
    pub(super) fn drop_the_rest(&mut self) {
        if self.shared.hub.lock().is_superseded(self.key) {
            return;
        }
        for lane in Lane::ALL {
            // What follows a breach of the protocol is not heard.
            while !self.lanes[lane].deferred.is_empty() && self.drop_for_the_stalled(lane).is_ok() {
            }
        }
    }

    fn route_rest_now(&mut self) -> Result<(), Fault> {
        let mut hub = self.shared.hub.lock();
        if hub.is_superseded(self.key) {
            return Err(Fault::Superseded);
        }
        let result = self.route_deferred(&mut hub);
        hub.flush();
        result
    }

    /// Handles what is there; whether it stopped before the end.
    fn round(&mut self) -> Result<bool, Fault> {
        let mut hub = self.shared.hub.lock();
        if hub.is_superseded(self.key) {
            return Err(Fault::Superseded);
        }
        let result = self.handle_some(&mut hub);
        self.grant(&mut hub);
        hub.flush();
        if result.is_ok() && hub.owes_too_much(self.key) {
            return Err(Fault::Unread);
        }
        result
    }

    fn handle_some(&mut self, hub: &mut Hub) -> Result<bool, Fault> {
        self.route_deferred(hub)?;
        // The buffer is lent out while its frames are handled.
        let mut buffer = std::mem::replace(&mut self.buffer, ReadBuffer::empty());
        let handled = self.handle_frames(hub, &mut buffer);
        self.buffer = buffer;
        handled
    }

    fn handle_frames(&mut self, hub: &mut Hub, buffer: &mut ReadBuffer) -> Result<bool, Fault> {
        let mut handled_bytes = 0;
        while handled_bytes < ROUND_BYTES {
            let used = self.handle_first(hub, buffer.filled())?;
            let Some(used) = used else { return Ok(false) };
            buffer.consume(used);
            handled_bytes += used;
        }
        Ok(self.scanner.first_bytes(buffer.filled())?.is_some())
    }

    /// Handles the first frame; the bytes it took up, or `None` while it is incomplete.
    fn handle_first(&mut self, hub: &mut Hub, buffer: &[u8]) -> Result<Option<usize>, Fault> {
        if let Some((credit, used)) = self.scanner.next_credit(buffer) {
            hub.credit(self.key, credit.subscription, credit.events);
            return Ok(Some(used));
        }
        let Some((frame, used)) = self.scanner.next(buffer)? else { return Ok(None) };
        self.handle(hub, frame, used)?;
        Ok(Some(used))
    }

    fn handle(&mut self, hub: &mut Hub, frame: Inbound<'_>, bytes: usize) -> Result<(), Fault> {
        match frame {
            Inbound::Publish(event) => self.publish(hub, event, bytes),
            Inbound::Deliver(_) => Err(Fault::Protocol("only the broker delivers")),
            Inbound::Control(body) => self.control(hub, *body),
        }
    }

    fn refuse(&mut self, hub: &mut Hub, denial: &Denial) -> Option<u64> {
        let refused = Refused {
            actor: self.client.name.to_string(),
            action: denial.action.as_str(),
            resource: denial.topics.clone(),
            reason: denial.to_string(),
        };
        hub.refuse(refused, self.client.is_proved.then_some(&self.client.name))
    }

    fn control(&mut self, hub: &mut Hub, body: Body) -> Result<(), Fault> {
        let asks = matches!(
            body,
            Body::Subscribe(_)
                | Body::Unsubscribe(_)
                | Body::StatisticsRequest(_)
                | Body::Inspect(_)
        );
        if asks && hub.owes_too_much(self.key) {
            return Err(Fault::Unread);
        }
        match body {
            Body::Credit(credit) => hub.credit(self.key, credit.subscription, credit.events),
            Body::Acknowledge(taken) => {
                hub.acknowledge(self.key, taken.subscription, taken.position);
            }
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
                hub.send(self.key, Body::Unsubscribed(reply));
            }
            Body::StatisticsRequest(request) => hub.send_statistics(self.key, request.request),
            Body::Inspect(request) => inspecting::answer(hub, &self.client, self.key, request)?,
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
        let asked = Asked {
            acknowledges: request.acknowledges,
            resume: request
                .resume
                .map(|resume| Resume { position: resume.position, credit: resume.credit }),
            subscription: wire::subscription_from_wire(request)?,
        };
        let begun = hub.subscribe_remote(&asked, self.key, &self.client.access);
        let reply = match &begun {
            Ok(begun) => proto::SubscribeReply {
                request: number,
                code: Code::Ok as i32,
                subscription: begun.number,
                window: window_of(asked.subscription.capacity),
                resumed: begun.missed.map(|missed| proto::Resumed {
                    known: missed.known,
                    position: missed.position,
                    again: missed.again,
                }),
                ..Default::default()
            },
            Err(SubscribeError::Denied(denial)) => {
                self.refuse(hub, denial);
                denied(number, denial.clone())
            }
            Err(error) => proto::SubscribeReply {
                request: number,
                code: code_of(error) as i32,
                limit: limit_of(error),
                message: shortened(error.to_string()).into(),
                ..Default::default()
            },
        };
        let lane = begun.as_ref().map_or(Lane::Events, |begun| begun.lane);
        hub.send_in(self.key, lane, Body::Subscribed(reply));
        if let Ok(begun) = begun {
            hub.begin_delivery(begun.number);
        }
        Ok(())
    }
}

/// Waits for room for the oldest event of either lane; for ever when nothing waits. Cancel safe.
async fn room(lanes: &mut PerLane<Incoming>) {
    tokio::select! {
        () = lanes.control.deferred.room() => {}
        () = lanes.events.deferred.room() => {}
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
