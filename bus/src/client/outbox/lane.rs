//! One lane of an outbox: events accepted, sent, and not yet dealt with.

use std::collections::VecDeque;

use super::super::ledger::{Frame, Ledger, unkept};
use super::super::unconfirmed::Unconfirmed;

/// Events of one lane, in order: first what is in `sent`, then what is in `bytes`.
#[derive(Debug, Default)]
pub(super) struct OutLane {
    /// Publish frames accepted and not yet taken to be written.
    pub(super) bytes: Vec<u8>,
    /// The same, frame by frame.
    frames: VecDeque<Frame>,
    /// Taken to be written and not granted back.
    sent: Ledger,
    ungranted_bytes: u64,
    /// Sent or not, the events that are kept until they are confirmed.
    pub(super) unconfirmed: Unconfirmed,
}

impl OutLane {
    /// A frame was appended to `bytes`.
    pub(super) fn accepted(&mut self, bytes: usize, is_kept: bool) {
        self.frames.push_back(Frame::new(bytes, is_kept));
    }

    /// The broker dealt with publish bytes.
    pub(super) fn granted(&mut self, bytes: u64) {
        self.ungranted_bytes = self.ungranted_bytes.saturating_sub(bytes);
        self.sent.granted(bytes);
    }

    /// Moves what is accepted behind what is to be written, unless the window is full.
    pub(super) fn send(&mut self, writing: &mut Vec<u8>, window_bytes: u64) {
        if self.bytes.is_empty() || self.ungranted_bytes >= window_bytes {
            return;
        }
        self.ungranted_bytes += self.bytes.len() as u64;
        self.sent.sent(&mut self.frames);
        if writing.is_empty() {
            std::mem::swap(writing, &mut self.bytes);
        } else {
            writing.append(&mut self.bytes);
        }
    }

    /// The connection broke before these frames, the last that were sent, were written: they, and
    /// before them what is kept and not confirmed, go out on the next one. Returns how many events
    /// may be lost.
    pub(super) fn broke(&mut self, unwritten: &[&[u8]]) -> u64 {
        for _ in unwritten {
            if let Some(frame) = self.sent.take_back() {
                self.frames.push_front(frame);
            }
        }
        let lost = self.sent.outstanding();
        self.sent.clear();
        self.ungranted_bytes = 0;
        let unsent_kept = self.frames.iter().filter(|frame| frame.is_kept).count();
        // Where one that was not written is confirmed all the same, having been sent before, all
        // older ones are.
        let again = self.unconfirmed.len().saturating_sub(unsent_kept);
        let mut bytes = Vec::new();
        for (place, frame) in self.unconfirmed.oldest(again).enumerate() {
            self.frames.insert(place, Frame::new(frame.len(), true));
            bytes.extend_from_slice(frame);
        }
        for frame in unwritten {
            bytes.extend_from_slice(frame);
        }
        bytes.append(&mut self.bytes);
        self.bytes = bytes;
        lost
    }

    /// Events accepted and not known to have been dealt with by the broker.
    pub(super) fn undelivered(&self) -> u64 {
        self.sent.outstanding() + unkept(&self.frames) + self.unconfirmed.len() as u64
    }

    /// Whether nothing is left to send, and nothing to be confirmed.
    pub(super) fn is_done(&self) -> bool {
        self.bytes.is_empty() && self.unconfirmed.len() == 0
    }
}
