//! Connections that come, are answered and written to, and go.

use std::sync::Arc;

use bytestring::ByteString;
use thiserror::Error;
use tokio::sync::Notify;

use super::super::budget::Budget;
use super::super::outbox::{Outbox, Unwritten};
use super::super::subscription::{Life, Owner, Sink};
use super::Hub;
use super::connections::{Ended, Peer, Stage};
use super::deliver::Leftovers;
use super::replies::OwedReplies;
use crate::acl::Role;
use crate::contract::{EventBusStatistics, InspectionQuery};
use crate::hops::Hop;
use crate::topic::{Lane, PerLane};
use crate::transport::Stream;
use crate::wire::{self, Departures, proto, proto::frame::Body};

/// What a connection's task gets to work with.
#[derive(Debug)]
pub(in super::super) struct Session {
    /// Its key in the hub.
    pub(in super::super) key: u32,
    /// Wakes it when the socket did not take everything.
    pub(in super::super) wake: Arc<Notify>,
    /// Told when its client has come back on another connection.
    pub(in super::super) superseded: Arc<Notify>,
    /// What notes the events that leave with a write.
    pub(in super::super) departures: Departures,
}

/// Who has said hello, and the answer.
#[derive(Debug)]
pub(in super::super) struct Arrival {
    pub(in super::super) name: ByteString,
    pub(in super::super) incarnation: u64,
    /// Whether it comes back when its connection breaks.
    pub(in super::super) returns: bool,
    /// Whether it has come back, and may have another connection yet.
    pub(in super::super) returned: bool,
    pub(in super::super) role: Role,
    pub(in super::super) welcome: proto::Welcome,
}

/// Why somebody who has said hello is not welcomed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(in super::super) enum NoPlace {
    #[error("the broker has ended")]
    Ended,
    #[error("observers have all the connections they may; a part is for clients with a proof")]
    Observers,
}

impl Arrival {
    /// Which life of which client this is.
    pub(in super::super) fn life(&self) -> Life {
        (self.name.clone(), self.incarnation)
    }
}

impl Hub {
    /// Welcomes a connection after its hello. Nobody is welcomed who is not known here, so that a
    /// shutdown says goodbye to whoever may publish, and waits for it.
    pub(in super::super) fn connect(
        &mut self,
        stream: Arc<Stream>,
        arrival: Arrival,
    ) -> Result<Session, NoPlace> {
        if self.ended {
            return Err(NoPlace::Ended);
        }
        if arrival.role == Role::Observer && self.has_all_observers() {
            return Err(NoPlace::Observers);
        }
        let life = arrival.life();
        let wake = Arc::new(Notify::new());
        let superseded = Arc::new(Notify::new());
        let departures =
            Departures::of(self.config.hops.as_ref(), Hop::BrokerQueue, arrival.incarnation);
        let number = self.connections.next_number();
        let key = self.connections.insert(Peer {
            pid: stream.peer().pid,
            outbox: Outbox::new(stream, Arc::clone(&wake), departures.clone()),
            budget: Budget::new(self.config.backlog_limit_bytes),
            role: arrival.role,
            targets: PerLane::default(),
            touched: false,
            held_back: false,
            stage: Stage::Talking,
            superseded: Arc::clone(&superseded),
            number,
            name: arrival.name,
            incarnation: arrival.incarnation,
            returns: arrival.returns,
            owed_replies: OwedReplies::default(),
            published: 0,
            ended: Ended::default(),
        });
        self.send(key, Body::Welcome(arrival.welcome));
        self.publishers.returned(&life, key);
        if self.closed {
            self.send(key, Body::Goodbye(proto::Goodbye { last: false }));
        }
        self.flush();
        Ok(Session { key, wake, superseded, departures })
    }

    /// Whether observers have as many of the connections as they may.
    fn has_all_observers(&self) -> bool {
        let observers =
            self.connections.peers().filter(|(_, peer)| peer.role == Role::Observer).count();
        observers >= share_of_observers(self.config.connection_limit)
    }

    /// An event of this connection had its turn.
    pub(in super::super) fn published_by(&mut self, key: u32) {
        if let Some(peer) = self.connections.get_mut(key) {
            peer.published += 1;
        }
    }

    /// Forgets a connection; its subscriptions end (C10). Whatever [`abandon`](Self::abandon) did
    /// not look through counts as lost: its task failed, and nobody knows better.
    pub(in super::super) fn disconnect(&mut self, key: u32) {
        self.end_owner(Owner::Connection(key), Leftovers::Lose);
        self.publishers.left(key);
        if let Some(peer) = self.connections.remove(key) {
            self.lose_handed_over(peer.outbox.deliveries());
        }
    }

    /// Gives up on what a connection was not written, beside what its task holds: it is dropped.
    pub(in super::super) fn abandon(&mut self, key: u32, in_task: &Unwritten) {
        let Some(peer) = self.connections.get_mut(key) else { return };
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

    /// Gathers a frame that is not an event. It counts until the client has taken it.
    pub(in super::super) fn send(&mut self, key: u32, body: Body) {
        self.send_in(key, Lane::Events, body);
    }

    /// The same in the order of a lane.
    pub(in super::super) fn send_in(&mut self, key: u32, lane: Lane, body: Body) {
        if let Some(peer) = self.connections.touch(key) {
            let buffer = peer.outbox.buffer(lane);
            let before = buffer.len();
            wire::encode_control(buffer, body);
            let bytes = buffer.len() - before;
            peer.outbox.told(bytes);
        }
    }

    /// Whether more than it may is waiting for a client to read, events left out.
    pub(in super::super) fn owes_too_much(&mut self, key: u32) -> bool {
        let limit_bytes = self.config.reply_limit_bytes as u64;
        self.connections.get_mut(key).is_some_and(|peer| {
            if peer.outbox.untaken_bytes() <= limit_bytes {
                return false;
            }
            // Many requests in one round are no offence if the socket takes their answers.
            peer.outbox.flush();
            peer.outbox.untaken_bytes() > limit_bytes
        })
    }

    /// Answers a request for statistics.
    pub(in super::super) fn send_statistics(&mut self, key: u32, request: u64) {
        // What this round has gathered is on its way before the answer, so it must be counted there.
        self.flush();
        let statistics: EventBusStatistics = self.statistics();
        let limit_bytes = self.config.frame_limit_bytes();
        let reply = wire::statistics_to_wire(request, &statistics, limit_bytes);
        self.send(key, Body::Statistics(reply));
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
            remote.add_credit(events);
            self.send_backlog(key);
            self.report_losses(key);
        }
    }

    /// For the connection's task: what the socket did not take. `None` when all is written; then
    /// events held back for want of room in the outbox go out, too.
    pub(in super::super) fn take_unwritten(&mut self, connection: u32) -> Option<Unwritten> {
        let peer = self.connections.get_mut(connection)?;
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
            self.publishers.left(key);
            self.send(key, Body::Goodbye(proto::Goodbye { last: true }));
        }
        if let Some(peer) = self.connections.touch(key) {
            peer.stage = Stage::Left;
        }
        self.flush();
    }

    /// Whether some client may still have accepted events on their way here.
    pub(super) fn is_anybody_talking(&self) -> bool {
        self.connections.peers().any(|(_, peer)| peer.stage == Stage::Talking)
    }
}

/// What observers may have of so many, all of them together: the rest is for whoever works here.
pub(super) fn share_of_observers(limit: usize) -> usize {
    limit - limit / 4
}
