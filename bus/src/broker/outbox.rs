//! Bytes on their way to one connection.
//!
//! Whoever routed a round writes it at once, without waiting. What the socket does not take is
//! left to the connection's own task, and until that is done nobody else writes: order is kept.
//!
//! A delivery counts as delivered once the last byte of its frame is in the socket (C12). Nothing
//! is noted per frame for that: an outbox numbers its *turns*, an [`Underway`] sorts what was
//! appended by them, and only the bytes that remain at a connection's end are looked through.

use std::io;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::topic::Lane;
use crate::transport::Stream;
use crate::wire::{self, Departures, Inbound, Scanner};

/// Capacity an outbox keeps when it is empty, bytes; a burst's buffer is given back.
const KEPT_BYTES: usize = 64 << 10;

/// The outgoing bytes of one connection; owned by the hub.
#[derive(Debug)]
pub(super) struct Outbox {
    stream: Arc<Stream>,
    /// Whole frames that go before `bytes`: for subscriptions to control alone.
    urgent: Vec<u8>,
    /// Whole frames, of which the first `written` bytes are in the socket.
    bytes: Vec<u8>,
    written: usize,
    /// Taken by the connection's task and not yet written.
    in_task: usize,
    /// Whether the connection's task is writing; then nobody else does.
    blocked: bool,
    /// Wakes the connection's task.
    wake: Arc<Notify>,
    /// A write failed; the connection's task will find out and end.
    failed: bool,
    /// Moves on by one whenever the task takes what has gathered, by two when all is written.
    turn: u64,
    /// Bytes of frames other than deliveries that the peer has not taken.
    told: Underway,
    /// Deliveries, one for each target, that are not known to be in the socket.
    deliveries: Underway,
    departures: Departures,
}

/// How much of something is in an outbox: what its task is writing, and what has gathered since.
/// While a buffer is partly written this is above the truth, never below it; it is exact whenever
/// the outbox is empty.
#[derive(Debug, Default)]
pub(super) struct Underway {
    turn: u64,
    in_task: u64,
    gathered: u64,
}

/// What the connection's task writes in the hub's stead.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    /// Whole frames.
    pub(super) bytes: Vec<u8>,
    /// How many of them are in the socket.
    pub(super) written: usize,
}

impl Outbox {
    pub(super) fn new(stream: Arc<Stream>, wake: Arc<Notify>, departures: Departures) -> Self {
        Self {
            stream,
            urgent: Vec::new(),
            bytes: Vec::new(),
            written: 0,
            in_task: 0,
            blocked: false,
            wake,
            failed: false,
            turn: 0,
            told: Underway::default(),
            deliveries: Underway::default(),
            departures,
        }
    }

    /// Where frames are appended that keep the order of a lane.
    pub(super) fn buffer(&mut self, lane: Lane) -> &mut Vec<u8> {
        match lane {
            Lane::Events => &mut self.bytes,
            Lane::Control => &mut self.urgent,
        }
    }

    /// Bytes not yet taken by the socket.
    pub(super) fn len(&self) -> usize {
        self.urgent.len() + self.bytes.len() - self.written + self.in_task
    }

    /// The same as far as what is appended to a lane has to wait for them; what its task has in hand
    /// goes before everything.
    pub(super) fn len_before(&self, lane: Lane) -> usize {
        match lane {
            Lane::Events => self.len(),
            Lane::Control => self.urgent.len(),
        }
    }

    /// Which turn it is, for an [`Underway`] kept elsewhere.
    pub(super) fn turn(&self) -> u64 {
        self.turn
    }

    /// Its client has come back on another connection: this one ends.
    pub(super) fn close(&self) {
        self.stream.close();
    }

    /// A frame other than a delivery was appended.
    pub(super) fn told(&mut self, bytes: usize) {
        self.told.add(self.turn, bytes as u64);
    }

    /// Bytes of such frames that the peer has not taken, at most.
    pub(super) fn untaken_bytes(&self) -> u64 {
        self.told.count(self.turn)
    }

    /// Appends the delivery of an event to targets: subscription and position.
    pub(super) fn deliver(&mut self, lane: Lane, targets: &[(u32, u64)], event: &[u8]) {
        wire::encode_delivery(self.buffer(lane), targets, event);
        self.deliveries.add(self.turn, targets.len() as u64);
    }

    /// Deliveries not known to be in the socket.
    pub(super) fn deliveries(&self) -> u64 {
        self.deliveries.count(self.turn)
    }

    /// Writes what the socket takes right now.
    pub(super) fn flush(&mut self) {
        if self.blocked || self.failed {
            return;
        }
        self.put_urgent_first();
        if self.bytes.is_empty() {
            return;
        }
        while self.written < self.bytes.len() {
            let began_ns = self.departures.begin();
            match self.stream.try_write(&self.bytes[self.written..]) {
                Ok(bytes) => {
                    self.departures.wrote(began_ns, &self.bytes, self.written, bytes);
                    self.written += bytes;
                }
                Err(error) => {
                    self.failed = error.kind() != io::ErrorKind::WouldBlock;
                    self.blocked = true;
                    self.wake.notify_one();
                    break;
                }
            }
        }
        if self.written == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_BYTES);
            self.written = 0;
            self.turn += 2;
        }
    }

    /// For the connection's task, which has written all it took before: everything to write, or
    /// `None` when it is done and whoever routes writes again.
    pub(super) fn take(&mut self) -> Option<Unwritten> {
        // A frame that is partly written is finished first; until then what is urgent waits, and
        // with it the turn it was appended in.
        if self.written == 0 || self.urgent.is_empty() {
            self.turn += 1;
        }
        if self.written == 0 {
            self.put_urgent_first();
        }
        self.in_task = self.bytes.len() - self.written;
        self.blocked = self.in_task > 0;
        self.blocked.then(|| self.take_bytes())
    }

    /// To be called only where no frame is partly written.
    fn put_urgent_first(&mut self) {
        if !self.urgent.is_empty() {
            debug_assert_eq!(self.written, 0, "between frames");
            self.urgent.append(&mut self.bytes);
            std::mem::swap(&mut self.urgent, &mut self.bytes);
        }
    }

    /// At the end of its connection: gives up on what is left, of which the task holds `in_task`.
    /// Returns the subscriptions of the deliveries that never got into the socket whole, one for each.
    pub(super) fn abandon(&mut self, in_task: &Unwritten) -> Vec<u32> {
        self.failed = true;
        self.in_task = 0;
        self.turn += 2;
        let urgent = Unwritten { bytes: std::mem::take(&mut self.urgent), written: 0 };
        let mut lost = Vec::new();
        for unwritten in [in_task, &self.take_bytes(), &urgent] {
            unwritten.deliveries(&mut lost);
        }
        lost
    }

    fn take_bytes(&mut self) -> Unwritten {
        Unwritten {
            bytes: std::mem::take(&mut self.bytes),
            written: std::mem::take(&mut self.written),
        }
    }
}

impl Unwritten {
    /// What is still to write, if anything.
    pub(super) fn rest(&self) -> Option<&[u8]> {
        self.bytes.get(self.written..).filter(|rest| !rest.is_empty())
    }

    /// The subscriptions of deliveries whose frame is not wholly in the socket, one for each target.
    fn deliveries(&self, subscriptions: &mut Vec<u32>) {
        let scanner = Scanner::new(usize::MAX);
        let mut targets = Vec::new();
        let mut at = 0;
        while let Ok(Some((frame, used))) = scanner.next(&self.bytes[at..]) {
            at += used;
            if at > self.written
                && let Inbound::Deliver(delivery) = frame
                && wire::parse_delivery(delivery, &mut targets).is_ok()
            {
                subscriptions.extend(targets.iter().map(|(subscription, _)| *subscription));
            }
        }
    }
}

impl Underway {
    /// So much more was appended to an outbox whose turn it is.
    pub(super) fn add(&mut self, turn: u64, more: u64) {
        if self.turn != turn {
            self.in_task = self.in_task_at(turn);
            self.gathered = 0;
            self.turn = turn;
        }
        self.gathered += more;
    }

    /// How much is in the outbox, at most.
    pub(super) fn count(&self, turn: u64) -> u64 {
        let gathered = if self.turn == turn { self.gathered } else { 0 };
        gathered + self.in_task_at(turn)
    }

    fn in_task_at(&self, turn: u64) -> u64 {
        match turn - self.turn {
            0 => self.in_task,
            1 => self.gathered,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Underway;

    #[test]
    fn what_is_underway_is_forgotten_when_it_is_known_to_be_written() {
        let mut underway = Underway::default();
        underway.add(0, 3);
        assert_eq!(underway.count(0), 3);
        assert_eq!(underway.count(1), 3, "the task has it");
        underway.add(1, 4);
        assert_eq!(underway.count(1), 7);
        assert_eq!(underway.count(2), 4, "the task took the next");
        assert_eq!(underway.count(3), 0, "all is written");
        underway.add(4, 1);
        assert_eq!(underway.count(4), 1);
    }
}
