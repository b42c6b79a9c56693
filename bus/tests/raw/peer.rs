//! A peer that speaks frames by hand over a blocking socket or pipe, as client or as broker.

use std::io::{ErrorKind, Read, Write};
use std::mem;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::encode::{Found, Message, frame};
use crate::system::{self, Stream};

/// Turns a hang into a failure.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(20);
/// What every raw client claims to be, unless its test says otherwise.
pub(crate) const INCARNATION: u64 = 0xdead_beef;

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Peer {
    stream: Stream,
    buffer: Vec<u8>,
    /// Bytes at the beginning of `buffer` that were taken as frames.
    taken: usize,
}

/// What came next.
#[derive(Debug)]
pub(crate) enum Next {
    /// A frame: which field, and what is in it.
    Frame(u32, Found),
    /// The other side closed.
    Closed,
}

impl Peer {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, buffer: Vec::new(), taken: 0 }
    }

    pub(crate) fn connect(path: &Path) -> Self {
        Self::new(system::connect(path))
    }

    /// Connects and is welcomed.
    pub(crate) fn introduced(path: &Path, name: &str) -> Self {
        let mut peer = Self::connect(path);
        peer.send(&hello(1, 1, name));
        peer.expect(frame::WELCOME);
        peer
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Sends to somebody who may close at any moment; false when it has.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> bool {
        match self.stream.write_all(bytes) {
            Ok(()) => true,
            Err(error) => {
                let gone = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
                assert!(gone.contains(&error.kind()), "{error}");
                false
            }
        }
    }

    /// The next frame or the end; panics when the watchdog barks.
    pub(crate) fn next(&mut self) -> Next {
        loop {
            if let Some((length, rest)) = self.buffer[self.taken..].split_first_chunk::<4>() {
                let length = u32::from_le_bytes(*length) as usize;
                if rest.len() >= length {
                    let content = Found::read(&rest[..length]);
                    self.taken += 4 + length;
                    return one_field(&content);
                }
            }
            // Once for all frames that were whole: a peer that moves megabytes for each is silent.
            self.buffer.drain(..mem::take(&mut self.taken));
            let mut chunk = [0; 8 << 10];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Next::Closed,
                Ok(bytes) => self.buffer.extend_from_slice(&chunk[..bytes]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Next::Closed,
                Err(error) => panic!("nothing came: {error}"),
            }
        }
    }

    /// Reads up to a frame of this kind, which must come; passes over all others.
    pub(crate) fn expect(&mut self, field: u32) -> Found {
        loop {
            match self.next() {
                Next::Frame(found, content) if found == field => return content,
                Next::Frame(..) => {}
                Next::Closed => panic!("closed before a frame {field} came"),
            }
        }
    }

    /// Reads up to the end; the code and message of the refusal, if there was one.
    pub(crate) fn refusal(mut self) -> Option<(u64, String)> {
        let mut refusal = None;
        loop {
            match self.next() {
                Next::Frame(frame::REFUSAL, found) => {
                    refusal = Some((found.number(1), found.text(2)));
                }
                Next::Frame(..) => {}
                Next::Closed => return refusal,
            }
        }
    }

    /// Says no more; what the other side still says to that, where one direction can end alone.
    pub(crate) fn last_words(self) -> Option<(u64, String)> {
        if system::end_writing(&self.stream) { self.refusal() } else { None }
    }

    /// Whatever is written to it from now on fails.
    #[cfg(unix)]
    pub(crate) fn stop_reading(&self) {
        system::end_reading(&self.stream);
    }

    /// Takes a few bytes at a time for a while: slow, but never still. Now and then `sign` is sent.
    pub(crate) fn sip(&mut self, duration: Duration, sign: &[u8]) {
        let began = Instant::now();
        let mut taken = 0;
        let mut next_sign = 8 << 10;
        while began.elapsed() < duration {
            let mut few = [0; 16];
            let bytes = self.stream.read(&mut few).unwrap();
            assert_ne!(bytes, 0, "closed after {taken} bytes");
            self.buffer.extend(&few[..bytes]);
            taken += bytes;
            if taken >= next_sign {
                next_sign += 8 << 10;
                self.send(sign);
            }
        }
    }

    /// Subscribes, and returns the number of the subscription and its window.
    pub(crate) fn subscribe(&mut self, id: &str, capacity: u64) -> (u64, u64) {
        self.subscribe_to(id, "events.process.#", capacity)
    }

    /// The same to topics of any kind.
    pub(crate) fn subscribe_to(&mut self, id: &str, pattern: &str, capacity: u64) -> (u64, u64) {
        self.send(&subscribe(id, pattern, capacity).framed(frame::SUBSCRIBE));
        let reply = self.expect(frame::SUBSCRIBED);
        assert_eq!(reply.number(2), 0, "{}", reply.text(3));
        (reply.number(5), reply.number(6))
    }

    /// Waits until the broker has dealt with everything sent so far: requests are answered in
    /// order.
    pub(crate) fn fence(&mut self) -> Found {
        self.send(&Message::default().number(1, 77).framed(frame::STATISTICS_REQUEST));
        self.expect(frame::STATISTICS)
    }
}

fn one_field(content: &Found) -> Next {
    for field in 1..=22 {
        if content.bytes.iter().any(|(found, _)| *found == field) {
            return Next::Frame(field, content.message(field));
        }
    }
    panic!("a frame without a body")
}

pub(crate) fn hello(min: u64, max: u64, name: &str) -> Vec<u8> {
    Message::default()
        .number(1, min)
        .number(2, max)
        .bytes(3, name)
        .fixed(4, INCARNATION)
        .framed(frame::HELLO)
}

/// Of a broker that lets its client do everything.
pub(crate) fn welcome(payload_limit_bytes: u64, heartbeat_ms: u64) -> Vec<u8> {
    let row = |number| Message::default().number(1, number).bytes(3, "#");
    Message::default()
        .number(1, 1)
        .number(2, payload_limit_bytes)
        .number(3, 1 << 20)
        .number(4, heartbeat_ms)
        .bytes(5, "agent")
        .message(7, &row(1))
        .message(7, &row(2).number(2, 1))
        .framed(frame::WELCOME)
}

pub(crate) fn subscribe(id: &str, pattern: &str, capacity: u64) -> Message {
    Message::default().number(1, 1).bytes(2, id).bytes(3, pattern).number(5, 1).number(9, capacity)
}

/// An envelope around a payload of kind process.
pub(crate) fn envelope(
    name: &str,
    incarnation: u64,
    sequence: u64,
    topic: &str,
    payload: &[u8],
) -> Message {
    Message::default()
        .bytes(1, name)
        .fixed(2, incarnation)
        .number(3, sequence)
        .bytes(4, topic)
        .bytes(11, payload)
}

/// A publish frame that is in order, numbered in its payload's observation.
pub(crate) fn publish(name: &str, sequence: u64) -> Vec<u8> {
    let payload = Message::default().message(1, &Message::default().number(1, sequence));
    envelope(name, INCARNATION, sequence, "events.process.x", &payload.0).framed(frame::PUBLISH)
}
