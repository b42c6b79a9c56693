//! The table of connections the hub writes to.

use std::sync::Arc;

use bytestring::ByteString;
use tokio::sync::Notify;

use super::super::budget::Budget;
use super::super::outbox::Outbox;
use super::super::subscription::Life;
use super::replies::OwedReplies;
use crate::acl::Role;
use crate::topic::{Lane, PerLane};
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
    /// What may be held back for its subscriptions.
    pub(super) budget: Arc<Budget>,
    pub(super) role: Role,
    /// Subscriptions an event goes to behind this connection, gathered per event.
    pub(super) targets: PerLane<Vec<(u32, u64)>>,
    pub(super) touched: bool,
    /// Something waits for room: what was held back goes out when the outbox is empty.
    pub(super) held_back: bool,
    pub(super) stage: Stage,
    /// Told when its client has come back on another connection.
    pub(super) superseded: Arc<Notify>,
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
    pub(super) owed_replies: OwedReplies,
    /// Events it published that had their turn.
    pub(super) published: u64,
    /// Counters of its subscriptions that have ended.
    pub(super) ended: Ended,
}

/// How far a client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
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
        self.peers().map(|(_, peer)| peer.outbox.deliveries()).sum()
    }

    /// All of them, with their keys.
    pub(super) fn peers(&self) -> impl Iterator<Item = (u32, &Peer)> {
        let numbered = (0..).zip(&self.slots);
        numbered.filter_map(|(key, peer)| Some((key, peer.as_ref()?)))
    }

    /// The number of the next one that comes.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// The number of a connection.
    pub(super) fn number(&self, key: u32) -> Option<u64> {
        self.get(key).map(|peer| peer.number)
    }

    /// Adds the counters of a subscription that ends.
    pub(super) fn keep_counters(&mut self, key: u32, handed_over: u64, dropped: u64) {
        if let Some(peer) = self.get_mut(key) {
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

    pub(super) fn remove(&mut self, key: u32) -> Option<Peer> {
        self.slots[key as usize].take()
    }

    pub(super) fn insert(&mut self, peer: Peer) -> u32 {
        let free = self.slots.iter().position(Option::is_none).unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[free] = Some(peer);
        u32::try_from(free).expect("connections have a limit")
    }
}
