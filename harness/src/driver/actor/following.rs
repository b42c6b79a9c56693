//! Which events of the bus arrivals were, in a traced trial: logs of hops know no other numbers.

use std::io;
use std::num::NonZeroU64;

use daemoneye_eventbus::EventId;

use super::assignment::Assignment;
use crate::driver::hop_notes::{Sighted, names};
use crate::driver::records::Recorder;

pub(super) struct Following {
    every: NonZeroU64,
    recorder: Recorder<Sighted>,
}

impl Following {
    /// For a subscriber of a traced trial; nothing in any other.
    pub(super) fn begin(assignment: &Assignment, subscriber: usize) -> io::Result<Option<Self>> {
        let Some(every) = assignment.follow_every else { return Ok(None) };
        let recorder = Recorder::create(&names::sighted(&assignment.directory, subscriber))?;
        Ok(Some(Self { every, recorder }))
    }

    /// One arrival, in the numbers of the plan and of the bus.
    pub(super) fn sighted(
        &mut self,
        publisher: usize,
        sequence: u64,
        id: &EventId,
        receive_ns: u64,
    ) {
        let EventId { incarnation, sequence: number, .. } = *id;
        if number.is_multiple_of(self.every.get()) {
            let publisher = publisher as u64;
            // A full disk shows as a torn file when the driver reads it.
            let _ = self.recorder.record(&Sighted {
                publisher,
                sequence,
                incarnation,
                number,
                receive_ns,
            });
        }
    }

    /// Writes what is buffered.
    pub(super) fn finish(self) -> io::Result<()> {
        self.recorder.finish()
    }
}
