//! The reading task of a session: decodes deliveries and answers requests.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::time::Instant;

use super::inbox::RemoteInbox;
use super::requests::{Pending, Reply};
use super::session::{Alive, Session};
use crate::acl::{Action, Denial};
use crate::contract::{
    BrokerInspection, Delivery, DeliveryQueue, EventReceiver, InspectError, SubscribeError,
};
use crate::transport::{Fill, ReadBuffer};
use crate::wire::{
    self, ENVELOPE_LIMIT_BYTES, Inbound, MISSED_HEARTBEATS, Scanner,
    proto::{self, frame::Body, subscribe_reply::Code},
};

/// Room in a delivery for its targets beside the event, bytes.
const TARGETS_LIMIT_BYTES: usize = 64 << 10;

/// Subscriptions of this session; the reading task owns them.
struct Reader {
    session: Arc<Session>,
    alive: Weak<Alive>,
    subscriptions: HashMap<u32, Subscribed>,
    /// Reused for every delivery.
    targets: Vec<(u32, u64)>,
    /// Subscriptions with events gathered in this round.
    touched: Vec<u32>,
    /// Nothing more will come.
    said_goodbye: bool,
}

struct Subscribed {
    queue: DeliveryQueue,
    /// Gathered in this round; queued at its end, under one lock.
    gathered: Vec<Delivery>,
    received: u64,
    /// Events of this round that cannot be decoded: no consumer will take them, so their credit is
    /// given back here.
    unreadable: u64,
    /// Events the queue may hold; a broker that keeps to its credit never sends more.
    capacity: usize,
}

/// Runs until the connection ends.
pub(super) async fn run(session: Arc<Session>, alive: Weak<Alive>, buffer: ReadBuffer) {
    let mut reader = Reader {
        session: Arc::clone(&session),
        alive,
        subscriptions: HashMap::new(),
        targets: Vec::new(),
        touched: Vec::new(),
        said_goodbye: false,
    };
    let reason = reader.read_all(buffer).await.err();
    for subscribed in reader.subscriptions.values() {
        subscribed.queue.end();
    }
    session.over(reason);
}

impl Reader {
    /// Reads to the end; an error is the reason the connection is no good.
    async fn read_all(&mut self, mut buffer: ReadBuffer) -> Result<(), String> {
        let limit = self.session.limits.payload_bytes + ENVELOPE_LIMIT_BYTES + TARGETS_LIMIT_BYTES;
        let scanner = Scanner::new(limit);
        let silence = self.session.limits.heartbeat * MISSED_HEARTBEATS;
        let session = Arc::clone(&self.session);
        let mut ended = pin!(session.ended());
        // One timer, looked at again when it fires, costs less than one per read.
        let mut overdue = pin!(tokio::time::sleep(silence));
        let mut heard = Instant::now();
        let mut leaving: Option<Instant> = None;
        loop {
            let round = self.round(scanner, &mut buffer);
            // What came before a breach or a refusal has arrived all the same.
            self.queue_gathered()?;
            round?;
            if self.said_goodbye {
                return Ok(());
            }
            let fill = tokio::select! {
                // After this process was stopped for a while both are ready: what came counts.
                biased;
                fill = buffer.fill(&session.stream) => fill.map_err(|error| error.to_string())?,
                () = &mut overdue => {
                    if heard.elapsed() >= silence {
                        return Err(format!("the broker was silent for {silence:?}"));
                    }
                    if leaving.is_some_and(|since| since.elapsed() >= silence) {
                        return Err(format!("the broker left a goodbye unanswered for {silence:?}"));
                    }
                    if session.is_leaving() {
                        leaving.get_or_insert_with(Instant::now);
                    }
                    overdue.as_mut().reset(leaving.unwrap_or(heard).max(heard) + silence);
                    continue;
                }
                () = &mut ended => return Ok(()),
            };
            heard = Instant::now();
            match fill {
                Fill::Some => {}
                Fill::End => return Err("the broker closed the connection".to_owned()),
                Fill::Torn => return Err("the connection ended within a frame".to_owned()),
            }
        }
    }

    fn round(&mut self, scanner: Scanner, buffer: &mut ReadBuffer) -> Result<(), String> {
        loop {
            let next = scanner.next(buffer.filled()).map_err(|error| error.to_string())?;
            let Some((frame, used)) = next else { break };
            match frame {
                Inbound::Deliver(delivery) => self.deliver(delivery)?,
                Inbound::Publish(_) => return Err("the broker sent a publish".to_owned()),
                Inbound::Control(body) => self.control(*body)?,
            }
            buffer.consume(used);
        }
        Ok(())
    }

    fn deliver(&mut self, delivery: &[u8]) -> Result<(), String> {
        let envelope =
            wire::parse_delivery(delivery, &mut self.targets).map_err(|error| error.to_string())?;
        // One allocation for the event, which its text then shares; a slice of the read buffer
        // would keep the whole buffer for as long as one event is kept.
        let bytes = Bytes::copy_from_slice(&delivery[envelope]);
        let event = match wire::decode_event(bytes) {
            Ok(event) => Some(Arc::new(event)),
            Err(error) => {
                tracing::warn!(%error, "an event cannot be decoded; it counts as lost");
                None
            }
        };
        for (subscription, position) in self.targets.drain(..) {
            let Some(subscribed) = self.subscriptions.get_mut(&subscription) else { continue };
            if subscribed.gathered.is_empty() && subscribed.unreadable == 0 {
                self.touched.push(subscription);
            }
            let Some(event) = &event else {
                subscribed.unreadable += 1;
                continue;
            };
            subscribed.received += 1;
            if position > subscribed.received {
                subscribed.queue.raise_lagged(position - subscribed.received);
            }
            subscribed.gathered.push(Delivery { event: Arc::clone(event), position });
        }
        Ok(())
    }

    fn queue_gathered(&mut self) -> Result<(), String> {
        for subscription in self.touched.drain(..) {
            let Some(subscribed) = self.subscriptions.get_mut(&subscription) else { continue };
            if subscribed.queue.len() + subscribed.gathered.len() > subscribed.capacity {
                return Err("the broker delivered more than it had credit for".to_owned());
            }
            subscribed.queue.push_granted(&mut subscribed.gathered);
            let events = std::mem::take(&mut subscribed.unreadable);
            if events > 0 {
                self.session.send(Body::Credit(proto::Credit { subscription, events }));
            }
        }
        Ok(())
    }

    fn control(&mut self, body: Body) -> Result<(), String> {
        match body {
            Body::Subscribed(reply) => self.subscribed(&reply),
            Body::Unsubscribed(reply) => {
                if let Some((_, tell)) = self.session.requests().take(reply.request) {
                    let _ = tell.send(Reply::Unsubscribed { known: reply.known });
                }
            }
            Body::Statistics(reply) => {
                let waiting = self.session.requests().take(reply.request);
                let statistics =
                    wire::statistics_from_wire(reply).map_err(|error| error.to_string())?;
                if let Some((_, tell)) = waiting {
                    let _ = tell.send(Reply::Statistics(statistics));
                }
            }
            Body::Inspected(reply) => {
                let waiting = self.session.requests().take(reply.request);
                let inspected = inspected(reply)?;
                if let Some((_, tell)) = waiting {
                    let _ = tell.send(Reply::Inspected(inspected));
                }
            }
            Body::Grant(grant) => self.session.granted(grant.bytes),
            Body::Lagged(lagged) => {
                if let Some(subscribed) = self.subscriptions.get(&lagged.subscription) {
                    subscribed.queue.raise_lagged(lagged.lost);
                }
            }
            Body::Ended(ended) => self.ended(&ended)?,
            Body::Denied(denied) => {
                // Whoever published has been told by its own table.
                let message = String::from_utf8_lossy(&denied.message);
                tracing::debug!(%message, untold = denied.untold, "a publish was refused");
            }
            Body::Ping(_) => self.session.send(Body::Ping(proto::Ping {})),
            Body::Goodbye(goodbye) => {
                self.said_goodbye = goodbye.last;
                self.session.leave();
            }
            Body::Refusal(refusal) => {
                return Err(String::from_utf8_lossy(&refusal.message).into_owned());
            }
            _ => return Err("the broker sent a frame only clients send".to_owned()),
        }
        Ok(())
    }

    fn subscribed(&mut self, reply: &proto::SubscribeReply) {
        let Some((Pending::Subscribe { capacity, id }, tell)) =
            self.session.requests().take(reply.request)
        else {
            return;
        };
        let result = match Code::try_from(reply.code) {
            Ok(Code::Ok) => Ok(self.open(reply, capacity)),
            Ok(Code::DuplicateId) => Err(SubscribeError::DuplicateId { id }),
            Ok(Code::LimitReached) => Err(SubscribeError::LimitReached {
                limit: usize::try_from(reply.limit).unwrap_or(usize::MAX),
            }),
            Ok(Code::Denied) => Err(SubscribeError::Denied(self.denial(reply))),
            Ok(Code::Closed) => Err(SubscribeError::Closed),
            Ok(Code::Invalid) | Err(_) => Err(SubscribeError::Disconnected {
                reason: String::from_utf8_lossy(&reply.message).into_owned(),
            }),
        };
        // A caller that is gone drops the receiver, which unsubscribes.
        let _ = tell.send(Reply::Subscribed(result));
    }

    fn denial(&self, reply: &proto::SubscribeReply) -> Denial {
        Denial {
            role: self.session.role(),
            action: Action::Subscribe,
            topics: String::from_utf8_lossy(&reply.denied_pattern).into_owned(),
            rule: reply.denied_by.map(|rule| rule as usize),
        }
    }

    fn open(&mut self, reply: &proto::SubscribeReply, capacity: usize) -> EventReceiver {
        let (queue, inbox) = DeliveryQueue::with_inbox(capacity);
        let subscribed =
            Subscribed { queue, gathered: Vec::new(), received: 0, unreadable: 0, capacity };
        self.subscriptions.insert(reply.subscription, subscribed);
        let alive = self.alive.upgrade().unwrap_or_else(|| Arc::new(Alive::new(&self.session)));
        EventReceiver::new(RemoteInbox::new(
            inbox,
            Arc::clone(&self.session),
            alive,
            reply.subscription,
            reply.window,
        ))
    }

    fn ended(&mut self, ended: &proto::Ended) -> Result<(), String> {
        self.queue_gathered()?;
        if let Some(subscribed) = self.subscriptions.remove(&ended.subscription) {
            subscribed.queue.raise_lagged(ended.lost);
            subscribed.queue.end();
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
