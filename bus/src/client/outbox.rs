//! What a client has accepted and not yet written, and when it is written.
//!
//! A publisher that finds the outbox idle writes at once, from its own thread. One that publishes
//! in quick succession appends, and writes whenever enough has gathered; the connection's writer
//! picks up the rest. So a single event waits for nobody, and a flood costs one system call for
//! hundreds. Without a connection everything waits here.

mod lane;

use lane::OutLane;

use super::unconfirmed::Unconfirmed;
use crate::topic::{Lane, PerLane};
use crate::transport::Stream;
use crate::wire::{
    self, DecodeError, Departures, EventEnvelope, Inbound, Scanner,
    proto::{self, frame::Body},
};

/// Publishes closer together than this are a flood, nanoseconds: about the cost of one write, so
/// that gathering begins to pay where writing each would keep the publisher busy.
const FLOOD_GAP_NS: u64 = 5_000;
/// Bytes a publisher gathers before it writes them itself: measured, larger gains under 5 %.
const GATHER_BYTES: usize = 16 << 10;
/// Capacity a buffer keeps when it is empty, bytes.
const KEPT_BYTES: usize = 64 << 10;

/// Bytes on their way to the broker. One lock guards it, held for an append and at most one write
/// that never waits.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// Frames that must not wait behind events: credits, requests, signs of life.
    control: Vec<u8>,
    /// Positions to acknowledge, the last of each subscription.
    acknowledged: Vec<(u32, u64)>,
    lanes: PerLane<OutLane>,
    /// A goodbye follows everything else.
    leaving: bool,
    said_goodbye: bool,
    /// Being written; whole frames but for what is already gone.
    writing: Vec<u8>,
    written: usize,
    /// The connection's writer is writing, or about to; nobody else does.
    with_writer: bool,
    /// Publish bytes of one lane that may be sent and not granted back; over it events stay here.
    window_bytes: u64,
    last_publish_ns: u64,
    last_acknowledged_ns: u64,
    /// Events that may have been lost with connections that broke.
    lost: u64,
    departures: Departures,
}

/// What the caller has to do after an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: it is written, or somebody will.
    Nothing,
    /// Wake the connection's writer.
    WakeWriter,
}

/// What the connection's writer has in hand: whole frames, of which the first `written` bytes are in
/// the socket.
#[derive(Debug, Default)]
pub(super) struct Unwritten {
    pub(super) bytes: Vec<u8>,
    pub(super) written: usize,
}

impl Outbox {
    pub(super) fn new(departures: Departures) -> Self {
        Self { departures, ..Self::default() }
    }

    /// A connection is there, with the window its broker allows.
    pub(super) fn connected(&mut self, window_bytes: u64) {
        self.window_bytes = window_bytes;
        self.said_goodbye = false;
        self.with_writer = false;
    }

    /// Events of a lane accepted and not yet taken to be written, bytes.
    pub(super) fn event_bytes(&self, lane: Lane) -> usize {
        self.lanes[lane].bytes.len()
    }

    /// Events accepted and not known to have been dealt with by the broker, or lost with an earlier
    /// connection.
    pub(super) fn undelivered(&self) -> u64 {
        self.lost + self.lanes.control.undelivered() + self.lanes.events.undelivered()
    }

    /// Whether something waits for a connection: events, or confirmations of them.
    pub(super) fn needs_a_connection(&self) -> bool {
        Lane::ALL.iter().any(|lane| !self.lanes[*lane].is_done())
    }

    /// The events of a lane that are kept until they are confirmed.
    pub(super) fn unconfirmed(&mut self, lane: Lane) -> &mut Unconfirmed {
        &mut self.lanes[lane].unconfirmed
    }

    /// Where publish frames are appended; [`published`](Self::published) must follow.
    pub(super) fn events(&mut self, lane: Lane) -> &mut Vec<u8> {
        &mut self.lanes[lane].bytes
    }

    /// Where other frames are appended; [`urgent`](Self::urgent) must follow.
    pub(super) fn control(&mut self) -> &mut Vec<u8> {
        &mut self.control
    }

    /// A publish frame of this many bytes was appended.
    pub(super) fn published(
        &mut self,
        stream: Option<&Stream>,
        now_ns: u64,
        lane: Lane,
        bytes: usize,
        is_kept: bool,
    ) -> Next {
        self.lanes[lane].accepted(bytes, is_kept);
        let in_flood = now_ns.saturating_sub(self.last_publish_ns) < FLOOD_GAP_NS;
        self.last_publish_ns = now_ns;
        if in_flood && self.lanes[lane].bytes.len() < GATHER_BYTES {
            return self.leave_to_writer();
        }
        self.urgent(stream)
    }

    /// A position of a subscription was reached; it is acknowledged soon, or a later one is.
    pub(super) fn acknowledge(
        &mut self,
        stream: Option<&Stream>,
        now_ns: u64,
        subscription: u32,
        position: u64,
    ) -> Next {
        match self.acknowledged.iter_mut().find(|(number, _)| *number == subscription) {
            Some((_, last)) => *last = position.max(*last),
            None => self.acknowledged.push((subscription, position)),
        }
        let in_flood = now_ns.saturating_sub(self.last_acknowledged_ns) < FLOOD_GAP_NS;
        self.last_acknowledged_ns = now_ns;
        if in_flood { self.leave_to_writer() } else { self.urgent(stream) }
    }

    fn leave_to_writer(&mut self) -> Next {
        if std::mem::replace(&mut self.with_writer, true) {
            Next::Nothing
        } else {
            Next::WakeWriter
        }
    }

    /// A frame that must not wait was appended. Without a connection it waits all the same.
    pub(super) fn urgent(&mut self, stream: Option<&Stream>) -> Next {
        match stream {
            Some(stream) if !self.with_writer => self.write_now(stream),
            _ => Next::Nothing,
        }
    }

    /// The broker dealt with publish bytes of a lane.
    pub(super) fn granted(&mut self, stream: Option<&Stream>, lane: Lane, bytes: u64) -> Next {
        self.lanes[lane].granted(bytes);
        if self.lanes[lane].bytes.is_empty() { Next::Nothing } else { self.urgent(stream) }
    }

    /// Nothing more will be published: a goodbye goes out once everything before it is dealt with.
    pub(super) fn leave(&mut self) {
        self.leaving = true;
    }

    /// Whether the goodbye is written, or about to be.
    pub(super) fn said_goodbye(&self) -> bool {
        self.said_goodbye
    }

    fn write_now(&mut self, stream: &Stream) -> Next {
        while self.gather() {
            let began_ns = self.departures.begin();
            let Ok(bytes) = stream.try_write(&self.writing[self.written..]) else {
                // Whether it is full or broken, the writer will find out.
                self.with_writer = true;
                return Next::WakeWriter;
            };
            self.departures.wrote(began_ns, &self.writing, self.written, bytes);
            self.written += bytes;
        }
        Next::Nothing
    }

    /// For the connection's writer: the next bytes to write, or `None` when publishers write again.
    pub(super) fn take(&mut self) -> Option<Unwritten> {
        self.with_writer = self.gather();
        self.with_writer.then(|| Unwritten {
            bytes: std::mem::take(&mut self.writing),
            written: std::mem::take(&mut self.written),
        })
    }

    /// Puts what may be written into `writing`; false if there is nothing.
    fn gather(&mut self) -> bool {
        if self.written < self.writing.len() {
            return true;
        }
        self.writing.clear();
        self.writing.shrink_to(KEPT_BYTES);
        self.written = 0;
        self.writing.append(&mut self.control);
        for (subscription, position) in self.acknowledged.drain(..) {
            let acknowledge = proto::Acknowledge { subscription, position };
            wire::encode_control(&mut self.writing, Body::Acknowledge(acknowledge));
        }
        for lane in Lane::ALL {
            self.lanes[lane].send(&mut self.writing, self.window_bytes);
        }
        if self.leaving && !self.said_goodbye && !self.needs_a_connection() {
            self.said_goodbye = true;
            wire::encode_control(&mut self.writing, Body::Goodbye(proto::Goodbye { last: true }));
        }
        !self.writing.is_empty()
    }

    /// The connection broke, with this in its writer's hand. What must not be lost, and what was
    /// not written, waits for the next one; everything else was for that connection alone. Returns
    /// how many events may be lost with it.
    pub(super) fn broke(&mut self, in_hand: &Unwritten) -> Result<u64, DecodeError> {
        let own = Unwritten {
            bytes: std::mem::take(&mut self.writing),
            written: std::mem::take(&mut self.written),
        };
        let mut unwritten: PerLane<Vec<&[u8]>> = PerLane::default();
        for buffer in [in_hand, &own] {
            buffer.sort_unwritten(&mut unwritten)?;
        }
        let lost = self.lanes.control.broke(&unwritten.control)
            + self.lanes.events.broke(&unwritten.events);
        self.lost += lost;
        self.control.clear();
        self.acknowledged.clear();
        // Until there is a connection nobody writes, and nobody need wake a writer.
        self.with_writer = true;
        Ok(lost)
    }

    /// Whoever waits for a confirmation learns that none will come.
    pub(super) fn end(&mut self) {
        for lane in Lane::ALL {
            self.lanes[lane].unconfirmed.clear();
        }
    }
}

impl Unwritten {
    /// The publish frames whose last byte is not in the socket, by their lanes.
    fn sort_unwritten<'a>(&'a self, lanes: &mut PerLane<Vec<&'a [u8]>>) -> Result<(), DecodeError> {
        let scanner = Scanner::new(usize::MAX);
        let mut at = 0;
        while let Ok(Some((frame, used))) = scanner.next(&self.bytes[at..]) {
            let whole = &self.bytes[at..at + used];
            at += used;
            if at > self.written
                && let Inbound::Publish(event) = frame
            {
                lanes[EventEnvelope::parse(event)?.lane()].push(whole);
            }
        }
        Ok(())
    }
}
