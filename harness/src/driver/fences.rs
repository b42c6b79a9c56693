//! Fences: after a phase every publisher sends one event per live subscription; by C4 its
//! arrival means that everything earlier has been delivered or lost (METHOD §5). No sleeps.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::actor::assignment::Part;
use super::actor::protocol::{Notice, Order};
use super::director::Director;
use super::error::DriveError;
use crate::plan::fence_sequence;

/// A fence that has not arrived is sent again after so long.
const RESEND: Duration = Duration::from_millis(500);
/// So long fences are sent again before the driver goes on without them.
const RESEND_LIMIT: Duration = Duration::from_secs(5);
/// A fence's own `publish` waits at most for the bus's publish limit, and that is at most this.
const PUBLISH_LIMIT: Duration = Duration::from_mins(1);

/// A fence on its way: publisher, subscriber, number.
type Flying = (usize, usize, u64);

fn pair((publisher, subscriber, _): &Flying) -> (usize, usize) {
    (*publisher, *subscriber)
}

impl Director {
    /// Sends fences through every publisher to every subscription that reads, until all have
    /// arrived or the limit is reached; those that have not are noted as a doubt.
    pub(super) async fn fence(&mut self, phase: u32) -> Result<(), DriveError> {
        let publishers = 0..self.case.topology.publishers.len();
        let reading = self.reading_subscribers();
        let mut missing: BTreeSet<(usize, usize)> = publishers
            .flat_map(|publisher| reading.iter().map(move |subscriber| (publisher, *subscriber)))
            .collect();
        let give_up = Instant::now() + RESEND_LIMIT;
        let mut flying = BTreeSet::new();
        while !missing.is_empty() && Instant::now() < give_up {
            let unsent = self.send_fences(phase, &missing, &mut flying).await?;
            self.await_fences(&mut missing, &mut flying, unsent).await?;
        }
        // Fences sent again and still on their way would be counted by the bus, and by nobody else.
        while missing.is_empty() && !flying.is_empty() && Instant::now() < give_up {
            self.await_fences(&mut flying.iter().map(pair).collect(), &mut flying, 0).await?;
        }
        for (publisher, subscriber) in missing {
            let publisher = &self.case.topology.publishers[publisher].name;
            let subscriber = &self.case.topology.subscribers[subscriber].name;
            self.doubts.push(format!(
                "no fence of {publisher} reached {subscriber} within {RESEND_LIMIT:?} in phase \
                 {phase}"
            ));
        }
        Ok(())
    }

    /// Returns how many answers publishers owe.
    async fn send_fences(
        &mut self,
        phase: u32,
        missing: &BTreeSet<(usize, usize)>,
        flying: &mut BTreeSet<Flying>,
    ) -> Result<usize, DriveError> {
        self.fence_round += 1;
        for (publisher, subscriber) in missing {
            let (publisher, subscriber) = (*publisher, *subscriber);
            let number = self.fence_round;
            let order = Order::Fence { publisher, subscriber, number, phase };
            self.session.tell(Part::Publisher(publisher), &order).await?;
            flying.insert((publisher, subscriber, fence_sequence(subscriber, number)));
        }
        Ok(missing.len())
    }

    async fn await_fences(
        &mut self,
        missing: &mut BTreeSet<(usize, usize)>,
        flying: &mut BTreeSet<Flying>,
        mut unsent: usize,
    ) -> Result<(), DriveError> {
        let resend = Instant::now() + RESEND;
        while unsent > 0 || (!missing.is_empty() && Instant::now() < resend) {
            let (what, limit) =
                if unsent > 0 { ("publish of a fence", PUBLISH_LIMIT) } else { ("fence", RESEND) };
            let until = if unsent > 0 { Instant::now() + limit } else { resend };
            let heard = self.session.hear(what, limit, until).await;
            match heard {
                Ok((_, Notice::FenceSent { .. })) => unsent -= 1,
                Ok((_, Notice::Fenced { subscriber, publisher, sequence })) => {
                    let publisher = usize::from(publisher);
                    flying.remove(&(publisher, subscriber, sequence));
                    missing.remove(&(publisher, subscriber));
                }
                Ok((_, other)) => self.note(&other),
                Err(DriveError::Limit { .. }) if unsent == 0 => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
