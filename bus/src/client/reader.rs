//! What the broker says: decodes deliveries and answers requests, on one connection after the other.

mod subscribing;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::connect::Limits;
use super::link::{Alive, Link};
use super::outbox::Unwritten;
use super::requests::Reply;
use super::subscribed::Subscribed;
use crate::clock::monotonic_ns;
use crate::contract::{BrokerInspection, InspectError};
use crate::transport::{Fill, ReadBuffer, Stream};
use crate::wire::{
    self, ENVELOPE_LIMIT_BYTES, EventDecoder, FrameError, Inbound, MISSED_HEARTBEATS, Scanner,
    proto::{self, frame::Body, refusal::Code},
};

/// Room in a delivery for its targets beside the event, bytes.
const TARGETS_LIMIT_BYTES: usize = 64 << 10;

/// Events are copied in pieces of so many bytes, which their text then shares: one allocation for
/// several. A slice of the read buffer would keep all of it for as long as one event is kept.
const PIECE_BYTES: usize = 4 << 10;

/// Why a connection is no good any more.
#[derive(Debug)]
pub(super) enum Fault {
    /// One side broke the protocol, or the broker does not want this client: the next connection
    /// would end the same way.
    Breach(String),
    /// It broke; its writer may have something in hand.
    Lost { reason: String, in_hand: Unwritten },
}

impl Fault {
    fn lost(reason: impl Into<String>) -> Self {
        Self::Lost { reason: reason.into(), in_hand: Unwritten::default() }
    }

    pub(super) fn is_breach(&self) -> bool {
        matches!(self, Self::Breach(_))
    }
}

impl From<FrameError> for Fault {
    fn from(error: FrameError) -> Self {
        Self::Breach(error.to_string())
    }
}

/// What is said in protocol errors.
impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Self::Breach(reason)
    }
}

/// Reads for a link; owns its subscriptions.
pub(super) struct Reader {
    link: Arc<Link>,
    alive: Weak<Alive>,
    /// By their names on the present connection.
    subscriptions: FxHashMap<u32, Subscribed>,
    /// Asked for again after a connection broke, by the numbers of the requests.
    resuming: HashMap<u64, Subscribed>,
    decoder: EventDecoder,
    /// Reused for every delivery.
    targets: Vec<(u32, u64)>,
    /// Subscriptions with events gathered in this round.
    touched: Vec<u32>,
    /// When the last bytes were read, where somebody asks for it.
    read_ns: u64,
    /// The broker is leaving: nobody need look for it if the connection breaks now.
    is_left: bool,
    /// Nothing more will come.
    said_goodbye: bool,
}

impl Reader {
    pub(super) fn new(link: Arc<Link>, alive: Weak<Alive>) -> Self {
        Self {
            link,
            alive,
            subscriptions: FxHashMap::default(),
            resuming: HashMap::new(),
            decoder: EventDecoder::default(),
            targets: Vec::new(),
            touched: Vec::new(),
            read_ns: 0,
            is_left: false,
            said_goodbye: false,
        }
    }

    /// Reads a connection to its end, or to the end of the link. Cancel safe: what was read whole
    /// was dealt with, what was not is in the buffer.
    pub(super) async fn run(
        &mut self,
        stream: &Stream,
        limits: Limits,
        buffer: &mut ReadBuffer,
    ) -> Result<(), Fault> {
        match self.read_all(stream, limits, buffer).await {
            Err(Fault::Lost { reason, .. }) if self.is_left => Err(Fault::Breach(reason)),
            ended => ended,
        }
    }

    async fn read_all(
        &mut self,
        stream: &Stream,
        limits: Limits,
        buffer: &mut ReadBuffer,
    ) -> Result<(), Fault> {
        let scanner =
            Scanner::new(limits.payload_bytes + ENVELOPE_LIMIT_BYTES + TARGETS_LIMIT_BYTES);
        let silence = limits.heartbeat * MISSED_HEARTBEATS;
        let link = Arc::clone(&self.link);
        let mut ended = pin!(link.ended());
        // One timer, looked at again when it fires, costs less than one per read.
        let mut overdue = pin!(tokio::time::sleep(silence));
        let mut heard = Instant::now();
        let mut leaving: Option<Instant> = None;
        loop {
            let round = self.round(scanner, buffer);
            // What came before a breach or a refusal has arrived all the same.
            self.queue_gathered()?;
            round?;
            if self.said_goodbye {
                return Ok(());
            }
            // Whoever takes the events may be a task of this thread: what was just decoded is taken
            // while it is in the cache.
            if buffer.was_filled() {
                tokio::task::yield_now().await;
            }
            let fill = tokio::select! {
                // After this process was stopped for a while both are ready: what came counts.
                biased;
                fill = buffer.fill(stream) => fill.map_err(|error| Fault::lost(error.to_string()))?,
                () = &mut overdue => {
                    if heard.elapsed() >= silence {
                        return Err(Fault::lost(format!("the broker was silent for {silence:?}")));
                    }
                    if leaving.is_some_and(|since| since.elapsed() >= silence) {
                        let reason = format!("the broker left a goodbye unanswered for {silence:?}");
                        return Err(Fault::Breach(reason));
                    }
                    if link.awaits_goodbye() {
                        leaving.get_or_insert_with(Instant::now);
                    }
                    overdue.as_mut().reset(leaving.unwrap_or(heard).max(heard) + silence);
                    continue;
                }
                () = &mut ended => return Ok(()),
            };
            heard = Instant::now();
            match fill {
                Fill::Some if link.config.hops.is_some() => self.read_ns = monotonic_ns(),
                Fill::Some => {}
                Fill::End => return Err(Fault::lost("the broker closed the connection")),
                Fill::Torn => return Err(Fault::lost("the connection ended within a frame")),
            }
        }
    }

    fn round(&mut self, scanner: Scanner, buffer: &mut ReadBuffer) -> Result<(), Fault> {
        loop {
            let filled = buffer.filled();
            let Some(first) = scanner.first_bytes(filled)? else { return Ok(()) };
            let length = filled.len().min(PIECE_BYTES).max(first);
            let piece = Bytes::copy_from_slice(&filled[..length]);
            let mut handled = 0;
            while let Some((frame, used)) = scanner.next(&piece[handled..])? {
                match frame {
                    Inbound::Deliver(delivery) => self.deliver(&piece, delivery)?,
                    Inbound::Publish(_) => {
                        return Err("the broker sent a publish".to_owned().into());
                    }
                    Inbound::Control(body) => self.control(*body)?,
                }
                handled += used;
            }
            buffer.consume(handled);
        }
    }

    /// Takes in a delivery that is a part of `piece`.
    fn deliver(&mut self, piece: &Bytes, delivery: &[u8]) -> Result<(), String> {
        let envelope =
            wire::parse_delivery(delivery, &mut self.targets).map_err(|error| error.to_string())?;
        let event = match self.decoder.decode(piece, envelope) {
            Ok((event, confirmation)) => {
                self.link.note_arrival(&event.id, self.read_ns);
                Some((Arc::new(event), confirmation))
            }
            Err(error) => {
                tracing::warn!(%error, "an event cannot be decoded; it counts as lost");
                None
            }
        };
        for (subscription, position) in self.targets.drain(..) {
            let Some(subscribed) = self.subscriptions.get_mut(&subscription) else { continue };
            if subscribed.gather(event.as_ref(), position) {
                self.touched.push(subscription);
            }
        }
        Ok(())
    }

    fn queue_gathered(&mut self) -> Result<(), String> {
        for subscription in self.touched.drain(..) {
            let Some(subscribed) = self.subscriptions.get_mut(&subscription) else { continue };
            subscribed.queue_gathered(&self.link)?;
        }
        Ok(())
    }

    fn control(&mut self, body: Body) -> Result<(), Fault> {
        match body {
            Body::Subscribed(reply) => self.subscribed(&reply),
            Body::Confirmed(confirmed) => {
                self.link.confirmed(&confirmed).map_err(|error| error.to_string())?;
            }
            Body::Unsubscribed(reply) => {
                if let Some((_, tell)) = self.link.requests().take(reply.request) {
                    let _ = tell.send(Reply::Unsubscribed { known: reply.known });
                }
            }
            Body::Statistics(reply) => {
                let waiting = self.link.requests().take(reply.request);
                let statistics =
                    wire::statistics_from_wire(reply).map_err(|error| error.to_string())?;
                if let Some((_, tell)) = waiting {
                    let _ = tell.send(Reply::Statistics(statistics));
                }
            }
            Body::Inspected(reply) => {
                let waiting = self.link.requests().take(reply.request);
                let inspected = inspected(reply)?;
                if let Some((_, tell)) = waiting {
                    let _ = tell.send(Reply::Inspected(inspected));
                }
            }
            Body::Grant(grant) => {
                self.link.granted(grant).map_err(|error| error.to_string())?;
            }
            Body::Lagged(lagged) => {
                if let Some(subscribed) = self.subscriptions.get(&lagged.subscription) {
                    subscribed.raise_lost(lagged.lost);
                }
            }
            Body::Ended(ended) => self.ended(&ended)?,
            Body::Denied(denied) => {
                // Whoever published has been told by its own table.
                let message = String::from_utf8_lossy(&denied.message);
                tracing::debug!(%message, untold = denied.untold, "a publish was refused");
            }
            Body::Ping(_) => self.link.send(Body::Ping(proto::Ping {})),
            Body::Goodbye(goodbye) => {
                self.is_left = true;
                self.said_goodbye = goodbye.last;
                self.link.leave();
            }
            Body::Refusal(refusal) => {
                let reason = String::from_utf8_lossy(&refusal.message).into_owned();
                // Whoever was silent for too long, stopped perhaps, may come again.
                let may_return = refusal.code == Code::Timeout as i32;
                return Err(if may_return { Fault::lost(reason) } else { Fault::Breach(reason) });
            }
            _ => return Err("the broker sent a frame only clients send".to_owned().into()),
        }
        Ok(())
    }
}

/// The rows, or why there are none.
fn inspected(reply: proto::InspectReply) -> Result<Result<BrokerInspection, InspectError>, String> {
    if reply.code != proto::inspect_reply::Code::Ok as i32 {
        let reason = String::from_utf8_lossy(&reply.message).into_owned();
        return Ok(Err(InspectError::Refused { reason }));
    }
    wire::inspection_from_wire(reply).map(Ok).map_err(|error| error.to_string())
}
