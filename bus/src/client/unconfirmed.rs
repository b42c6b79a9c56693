//! Events of one lane that are kept until the broker confirms them (W6).

use std::collections::VecDeque;

use tokio::sync::oneshot;

use crate::contract::PublishError;
use crate::wire::DecodeError;

/// What became of an event that was to be confirmed.
pub(super) type Outcome = Result<(), PublishError>;

/// Kept events, in the order of their sequence numbers.
#[derive(Debug, Default)]
pub(super) struct Unconfirmed {
    events: VecDeque<Kept>,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    sequence: u64,
    /// Its publish frame, to be sent again after the connection broke.
    frame: Box<[u8]>,
    tell: oneshot::Sender<Outcome>,
}

impl Unconfirmed {
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Bytes of their frames.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps an event; what became of it will be told.
    pub(super) fn keep(&mut self, sequence: u64, frame: Box<[u8]>) -> oneshot::Receiver<Outcome> {
        let (tell, told) = oneshot::channel();
        self.bytes += frame.len();
        self.events.push_back(Kept { sequence, frame, tell });
        told
    }

    /// The broker has settled everything up to a sequence number; some were lost to somebody.
    pub(super) fn confirmed(
        &mut self,
        through: u64,
        undelivered: &[u64],
    ) -> Result<(), DecodeError> {
        if self.events.back().map_or(0, |last| last.sequence) < through && !self.events.is_empty() {
            return Err(DecodeError::Malformed("confirmed what was not published"));
        }
        while self.events.front().is_some_and(|oldest| oldest.sequence <= through) {
            let Some(kept) = self.events.pop_front() else { break };
            self.bytes -= kept.frame.len();
            let was_lost = undelivered.contains(&kept.sequence);
            // Whoever has lost interest need not be told.
            let _ = kept.tell.send(if was_lost { Err(PublishError::Undelivered) } else { Ok(()) });
        }
        Ok(())
    }

    /// The frames of the oldest so many.
    pub(super) fn oldest(&self, events: usize) -> impl Iterator<Item = &[u8]> {
        self.events.iter().take(events).map(|kept| &*kept.frame)
    }

    /// Whoever waits learns that nothing more will be told.
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{PublishError, Unconfirmed};

    #[test]
    fn everything_up_to_a_number_is_settled_and_the_rest_is_kept() {
        let mut unconfirmed = Unconfirmed::default();
        let mut told: Vec<_> =
            [2, 3, 5].map(|number| unconfirmed.keep(number, b"frame"[..].into())).into();
        unconfirmed.confirmed(4, &[3]).unwrap();
        assert_eq!(told[0].try_recv(), Ok(Ok(())));
        assert_eq!(told[1].try_recv(), Ok(Err(PublishError::Undelivered)));
        assert!(told[2].try_recv().is_err(), "nothing is known of it");
        assert_eq!((unconfirmed.len(), unconfirmed.oldest(9).count()), (1, 1));
        assert_eq!(unconfirmed.bytes(), b"frame".len());
        unconfirmed.confirmed(4, &[]).unwrap();
        assert_eq!(unconfirmed.len(), 1, "the same again");
        assert!(unconfirmed.confirmed(6, &[]).is_err(), "6 was not published");
    }
}
