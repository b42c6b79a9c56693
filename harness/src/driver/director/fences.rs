//! Fences: after a phase every publisher sends one event per live subscription and lane; by C4 its
//! arrival means that everything earlier has been delivered or lost (METHOD §5). No sleeps.

use std::time::Duration;

use tokio::time::Instant;

use super::Director;
use super::volley::Volley;
use crate::driver::actor::assignment::Part;
use crate::driver::actor::protocol::{Notice, Order};
use crate::driver::error::DriveError;
use crate::plan::Victim;

/// A fence that has not arrived is sent again after so long.
const RESEND: Duration = Duration::from_millis(500);
/// So long fences are sent again before the driver goes on without them, counted from the last
/// arrival of an event: behind a backlog on a busy host a fence is late, and nothing is wrong.
const RESEND_LIMIT: Duration = Duration::from_secs(5);
/// A fence's own `publish` waits at most for the bus's publish limit, and that is at most this.
const PUBLISH_LIMIT: Duration = Duration::from_mins(1);

impl Director<'_> {
    /// Sends fences through every publisher to every subscription that reads, until all have
    /// arrived or the limit is reached; those that have not are noted as a doubt.
    pub(in crate::driver) async fn fence(&mut self, phase: u32) -> Result<(), DriveError> {
        let all = 0..self.case.topology.publishers.len();
        let left = all.filter(|index| !self.attendance.is_cut_off(Victim::Publisher(*index)));
        let left: Vec<usize> = left.collect();
        let mut volley = Volley::new(self.case, &left, &self.attendance.fenceable());
        let (mut give_up, mut received) = (Instant::now() + RESEND_LIMIT, 0);
        while !volley.is_through() && Instant::now() < give_up {
            let owed = self.send(phase, &mut volley).await?;
            self.await_published(&mut volley, owed).await?;
            let resend = Instant::now() + RESEND;
            self.await_arrivals(&mut volley, resend, Volley::is_through).await?;
            if self.session.received() != received {
                received = self.session.received();
                give_up = Instant::now() + RESEND_LIMIT;
            }
        }
        // Fences sent again and still on their way would be counted by the bus, and by nobody else.
        if volley.is_through() {
            self.await_arrivals(&mut volley, give_up, Volley::is_over).await?;
        }
        self.doubt_fences(phase, &volley);
        Ok(())
    }

    /// Returns how many answers publishers owe.
    async fn send(&mut self, phase: u32, volley: &mut Volley) -> Result<usize, DriveError> {
        self.fence_rounds += 1;
        let fences = volley.fire(self.fence_rounds);
        for (publisher, fence) in &fences {
            let order = Order::Fence { publisher: *publisher, fence: *fence, phase };
            self.session.tell(Part::Publisher(*publisher), &order).await?;
        }
        Ok(fences.len())
    }

    async fn await_published(
        &mut self,
        volley: &mut Volley,
        mut owed: usize,
    ) -> Result<(), DriveError> {
        while owed > 0 {
            let until = Instant::now() + PUBLISH_LIMIT;
            match self.session.hear("publish of a fence", PUBLISH_LIMIT, until).await? {
                (_, Notice::FenceSent { .. }) => owed -= 1,
                (_, notice) => self.note_fenced(volley, &notice),
            }
        }
        Ok(())
    }

    /// Waits until enough has arrived or the time is up.
    async fn await_arrivals(
        &mut self,
        volley: &mut Volley,
        until: Instant,
        is_enough: impl Fn(&Volley) -> bool,
    ) -> Result<(), DriveError> {
        while !is_enough(volley) {
            match self.session.hear("fence", RESEND, until).await {
                Ok((_, notice)) => self.note_fenced(volley, &notice),
                Err(DriveError::Limit { .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn note_fenced(&mut self, volley: &mut Volley, notice: &Notice) {
        if let Notice::Fenced { subscriber, publisher, sequence } = *notice {
            volley.arrived(usize::from(publisher), subscriber, sequence);
        }
        self.note(notice);
    }

    fn doubt_fences(&mut self, phase: u32, volley: &Volley) {
        for (publisher, subscriber, lane) in volley.missing() {
            let publisher = &self.case.topology.publishers[*publisher].name;
            let subscriber = &self.case.topology.subscribers[*subscriber].name;
            self.journal.doubt(format!(
                "no fence of {publisher} in lane {lane} reached {subscriber} within \
                 {RESEND_LIMIT:?} of the last arrival in phase {phase}"
            ));
        }
    }
}
