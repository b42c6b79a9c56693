//! The connections the hub writes to.

use std::sync::Arc;

use bytestring::ByteString;
use tokio::sync::Notify;

use super::super::outbox::{Outbox, Unwritten};
use super::super::subscription::{Life, Owner, Sink};
use super::Hub;
use super::deliver::Leftovers;
use super::replies::Owed;
use crate::contract::{EventBusStatistics, InspectionQuery};
use crate::topic::{Lane, PerLane};
use crate::transport::Stream;
use crate::wire::{self, proto, proto::frame::Body};

/// All connections, by key; keys are used again.
#[derive(Debug)]
pub(super) struct Connections {
    slots: Vec<Option<Peer>>,
    /// Connections with bytes gathered in this round.
    touched: Vec<u32>,
    outbox_limit_bytes: usize,
    last_number: u64,
}

/// One connection as the hub sees it.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) outbox: Outbox,
    /// Subscriptions an event goes to behind this connection, gathered per event.
    pub(super) targets: PerLane<Vec<(u32, u64)>>,
    touched: bool,
    /// Something waits for room: what was held back goes out when the outbox is empty.
    held_back: bool,
    stage: Stage,
    /// Told when its client has come back on another connection.
    superseded: Arc<Notify>,
    /// In the order they came, from 1; not used again.
    pub(super) number: u64,
    /// Who it is, as introduced.
    pub(super) name: ByteString,
    pub(super) incarnation: u64,
    /// Its process, where the system tells.
    pub(super) pid: Option<u32>,
    /// Its client comes back when the connection breaks.
    pub(super) returns: bool,
    /// Replies it may give though the table says nothing of them.
    pub(super) owed: Owed,
    /// Events it published that had their turn.
    pub(super) published: u64,
    /// Counters of its subscriptions that have ended.
    pub(super) ended: Ended,
}

/// How far a client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has not said goodbye: it may still publish.
    Talking,
    /// It has said goodbye.
    Left,
    /// It has come back on another connection.
    Superseded,
}

/// What subscriptions had counted when they ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) handed_over: u64,
    pub(super) dropped: u64,
}

/// What a connection's task gets to work with.
#[derive(Debug)]
pub(in super::super) struct Session {
    /// Its key in the hub.
    pub(in super::super) key: u32,
    /// Wakes it when the socket did not take everything.
    pub(in super::super) wake: Arc<Notify>,
    /// Told when its client has come back on another connection.
    pub(in super::super) superseded: Arc<Notify>,
}

/// Who has said hello, and the answer.
#[derive(Debug)]
pub(in super::super) struct Arrival {
    pub(in super::super) name: ByteString,
    pub(in super::super) incarnation: u64,
    /// Whether it comes back when its connection breaks.
    pub(in super::super) returns: bool,
    pub(in super::super) welcome: proto::Welcome,
}

impl Arrival {
    /// Which life of which client this is.
    pub(in super::super) fn life(&self) -> Life {
        (self.name.clone(), self.incarnation)
    }
}

impl Peer {
    /// Its client has come back on another connection: this one ends.
    pub(super) fn supersede(&mut self) {
        self.stage = Stage::Superseded;
        self.outbox.close();
        self.superseded.notify_one();
    }

    pub(super) fn is_superseded(&self) -> bool {
        self.stage == Stage::Superseded
    }

    /// Which life of which client this is.
    pub(super) fn life(&self) -> Life {
        (self.name.clone(), self.incarnation)
    }
}

impl Connections {
    pub(super) fn new(outbox_limit_bytes: usize) -> Self {
        Self { slots: Vec::new(), touched: Vec::new(), outbox_limit_bytes, last_number: 0 }
    }

    /// Whether a lane of a connection's outbox is over its limit.
    pub(super) fn is_congested(&self, key: u32, lane: Lane) -> bool {
        self.get(key).is_some_and(|peer| peer.outbox.len_before(lane) >= self.outbox_limit_bytes)
    }

    /// The turn of a connection's outbox.
    pub(super) fn turn(&self, key: u32) -> u64 {
        self.get(key).map_or(0, |peer| peer.outbox.turn())
    }

    /// Deliveries in outboxes.
    pub(super) fn deliveries(&self) -> u64 {
        self.slots.iter().flatten().map(|peer| peer.outbox.deliveries()).sum()
    }

    /// All of them, with their keys.
    pub(super) fn peers(&self) -> impl Iterator<Item = (u32, &Peer)> {
        let numbered = (0..).zip(&self.slots);
        numbered.filter_map(|(key, peer)| Some((key, peer.as_ref()?)))
    }

    /// The number of a connection.
    pub(super) fn number(&self, key: u32) -> Option<u64> {
        self.get(key).map(|peer| peer.number)
    }

    /// Adds the counters of a subscription that ends.
    pub(super) fn keep_counters(&mut self, key: u32, handed_over: u64, dropped: u64) {
        if let Some(Some(peer)) = self.slots.get_mut(key as usize) {
            peer.ended.handed_over += handed_over;
            peer.ended.dropped += dropped;
        }
    }

    /// A connection by its key.
    pub(super) fn get_mut(&mut self, key: u32) -> Option<&mut Peer> {
        self.slots.get_mut(key as usize)?.as_mut()
    }

    pub(super) fn get(&self, key: u32) -> Option<&Peer> {
        self.slots.get(key as usize)?.as_ref()
    }

    /// The connection, noted as having something to flush.
    pub(super) fn touch(&mut self, key: u32) -> Option<&mut Peer> {
        let peer = self.slots.get_mut(key as usize)?.as_mut()?;
        if !peer.touched {
            peer.touched = true;
            self.touched.push(key);
        }
        Some(peer)
    }

    /// Whether an event must wait for room in a connection's outbox; if so, it is noted, and
    /// what waits goes out when the outbox is empty.
    pub(super) fn must_hold_back(&mut self, key: u32, lane: Lane) -> bool {
        let congested = self.is_congested(key, lane);
        if congested && let Some(peer) = self.touch(key) {
            peer.held_back = true;
        }
        congested
    }

    /// Writes what was gathered; returns a connection that has room again for what was held
    /// back, if there is one.
    pub(super) fn flush_touched(&mut self) -> Option<u32> {
        while let Some(key) = self.touched.pop() {
            if let Some(peer) = &mut self.slots[key as usize] {
                peer.touched = false;
                peer.outbox.flush();
                if peer.held_back && peer.outbox.len() == 0 {
                    peer.held_back = false;
                    return Some(key);
                }
            }
        }
        None
    }

    /// Says goodbye to every client; `last` when nothing follows.
    pub(super) fn say_goodbye_to_all(&mut self, last: bool) {
        for key in 0..self.slots.len() {
            let key = u32::try_from(key).expect("connections have a limit");
            if let Some(peer) = self.touch(key) {
                let goodbye = Body::Goodbye(proto::Goodbye { last });
                wire::encode_control(peer.outbox.buffer(Lane::Events), goodbye);
            }
        }
    }

    fn insert(&mut self, peer: Peer) -> u32 {
        let free = self.slots.iter().position(Option::is_none).unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[free] = Some(peer);
        u32::try_from(free).expect("connections have a limit")
    }
}

impl Hub {
    /// Welcomes a connection after its hello; `None` when the end has come first, and nothing was
    /// accepted from it. Nobody is welcomed who is not known here, so that a shutdown says goodbye
    /// to whoever may publish, and waits for it.
    pub(in super::super) fn connect(
        &mut self,
        stream: Arc<Stream>,
        arrival: Arrival,
    ) -> Option<Session> {
        if self.ended {
            return None;
        }
        let life = arrival.life();
        let wake = Arc::new(Notify::new());
        let superseded = Arc::new(Notify::new());
        self.connections.last_number += 1;
        let key = self.connections.insert(Peer {
            pid: stream.peer().pid,
            outbox: Outbox::new(stream, Arc::clone(&wake)),
            targets: PerLane::default(),
            touched: false,
            held_back: false,
            stage: Stage::Talking,
            superseded: Arc::clone(&superseded),
            number: self.connections.last_number,
            name: arrival.name,
            incarnation: arrival.incarnation,
            returns: arrival.returns,
            owed: Owed::default(),
            published: 0,
            ended: Ended::default(),
        });
        self.send(key, Body::Welcome(arrival.welcome));
        self.publisher_returned(&life, key);
        if self.closed {
            self.send(key, Body::Goodbye(proto::Goodbye { last: false }));
        }
        self.flush();
        Some(Session { key, wake, superseded })
    }

    /// An event of this connection had its turn.
    pub(in super::super) fn published_by(&mut self, key: u32) {
        if let Some(Some(peer)) = self.connections.slots.get_mut(key as usize) {
            peer.published += 1;
        }
    }

    /// Forgets a connection; its subscriptions end (C10). Whatever [`abandon`](Self::abandon) did
    /// not look through counts as lost: its task failed, and nobody knows better.
    pub(in super::super) fn disconnect(&mut self, key: u32) {
        self.end_owner(Owner::Connection(key), Leftovers::Lose);
        self.publisher_gone(key, None);
        if let Some(peer) = self.connections.slots[key as usize].take() {
            self.lose_handed_over(peer.outbox.deliveries());
        }
    }

    /// Gives up on what a connection was not written, beside what its task holds: it is dropped.
    pub(in super::super) fn abandon(&mut self, key: u32, in_task: &Unwritten) {
        let Some(peer) = self.connections.slots[key as usize].as_mut() else { return };
        let lost = peer.outbox.abandon(in_task);
        self.lose_handed_over(lost.len() as u64);
        for number in lost {
            let key = self.numbers.get(&number).copied();
            if let Some(own) = key.and_then(|key| self.subscriptions[key as usize].as_mut()) {
                own.handed_over -= 1;
                own.dropped += 1;
            }
        }
    }

    /// Deliveries that had left the hub and not the broker.
    fn lose_handed_over(&mut self, deliveries: u64) {
        self.handed_over -= deliveries;
        self.dropped += deliveries;
        if self.ended {
            self.undelivered += deliveries;
        }
    }

    /// Gathers a frame that is not an event.
    pub(in super::super) fn send(&mut self, key: u32, body: Body) {
        if let Some(peer) = self.connections.touch(key) {
            wire::encode_control(peer.outbox.buffer(Lane::Events), body);
        }
    }

    /// Gathers an answer, which counts as one until the client has taken it.
    pub(in super::super) fn reply(&mut self, key: u32, body: Body) {
        self.reply_in(key, Lane::Events, body);
    }

    /// The same in the order of a lane.
    pub(in super::super) fn reply_in(&mut self, key: u32, lane: Lane, body: Body) {
        if let Some(peer) = self.connections.touch(key) {
            let buffer = peer.outbox.buffer(lane);
            let before = buffer.len();
            wire::encode_control(buffer, body);
            let bytes = buffer.len() - before;
            peer.outbox.replied(bytes);
        }
    }

    /// Whether a client has asked for more than it reads.
    pub(in super::super) fn owes_too_many_replies(&mut self, key: u32) -> bool {
        let limit_bytes = self.config.reply_limit_bytes as u64;
        self.connections.touch(key).is_some_and(|peer| {
            if peer.outbox.unread_reply_bytes() <= limit_bytes {
                return false;
            }
            // Many requests in one round are no offence if the socket takes their answers.
            peer.outbox.flush();
            peer.outbox.unread_reply_bytes() > limit_bytes
        })
    }

    /// Answers a request for statistics.
    pub(in super::super) fn send_statistics(&mut self, key: u32, request: u64) {
        // What this round has gathered is on its way before the answer, so it must be counted there.
        self.flush();
        let statistics: EventBusStatistics = self.statistics();
        let limit_bytes = self.config.frame_limit_bytes();
        let reply = wire::statistics_to_wire(request, &statistics, limit_bytes);
        self.reply(key, Body::Statistics(reply));
    }

    /// The answer to an inspection, within a frame.
    pub(in super::super) fn inspection(
        &mut self,
        request: u64,
        query: &InspectionQuery,
    ) -> proto::InspectReply {
        // As for statistics.
        self.flush();
        let limit_bytes = self.config.frame_limit_bytes();
        wire::inspection_to_wire(request, &self.inspect(query), limit_bytes)
    }

    /// The client has room for more deliveries of one of its subscriptions.
    pub(in super::super) fn credit(&mut self, connection: u32, number: u32, events: u64) {
        let Some(&key) = self.numbers.get(&number) else { return };
        if let Some(Some(subscription)) = self.subscriptions.get_mut(key as usize)
            && let Sink::Remote(remote) = &mut subscription.sink
            && remote.connection == connection
        {
            remote.credit = remote.credit.saturating_add(events);
            self.send_backlog(key);
            self.report_losses(key);
        }
    }

    /// For the connection's task: what the socket did not take. `None` when all is written; then
    /// events held back for want of room in the outbox go out, too.
    pub(in super::super) fn take_unwritten(&mut self, connection: u32) -> Option<Unwritten> {
        let peer = self.connections.slots[connection as usize].as_mut()?;
        let unwritten = peer.outbox.take();
        if unwritten.is_none() && std::mem::take(&mut peer.held_back) {
            self.resume(connection);
            self.flush();
        }
        unwritten
    }

    /// Sends what was held back for a connection's subscriptions.
    pub(super) fn resume(&mut self, connection: u32) {
        for key in self.keys_of(Owner::Connection(connection)) {
            self.send_backlog(key);
        }
    }

    /// The client will publish nothing more; its subscriptions end, receivers drain.
    pub(in super::super) fn client_said_goodbye(&mut self, key: u32) {
        if !self.closed {
            self.end_owner(Owner::Connection(key), Leftovers::HandOver);
            self.publisher_gone(key, None);
            self.send(key, Body::Goodbye(proto::Goodbye { last: true }));
        }
        if let Some(peer) = self.connections.touch(key) {
            peer.stage = Stage::Left;
        }
        self.flush();
    }

    /// Whether some client may still have accepted events on their way here.
    pub(super) fn is_anybody_talking(&self) -> bool {
        self.connections.slots.iter().flatten().any(|peer| peer.stage == Stage::Talking)
    }
}
