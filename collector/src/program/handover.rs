//! What two processes of one collector cannot have at once, its spool and its door: the one that
//! ends has them to its end, and its successor waits for them (R5).

use std::error::Error;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::causes::with_causes;
use crate::config::Settings;

/// Pause before it is tried again: a predecessor takes a few seconds at most, and an attempt is a
/// few system calls.
const PAUSE: Duration = Duration::from_millis(50);
/// How long it is waited for without a word: most predecessors have ended by then.
const PATIENCE: Duration = Duration::from_secs(1);
/// The part of the time to get ready that a predecessor may take to end, as a divisor: what is left
/// is the successor's own.
const SHARE_OF_READY: u32 = 2;

/// The time a predecessor has to end, for everything that it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handover {
    begun: Instant,
    limit: Duration,
}

impl Handover {
    /// Begins now.
    pub(super) fn begin(settings: &Settings) -> Self {
        Self { begun: Instant::now(), limit: settings.agent.ready_timeout / SHARE_OF_READY }
    }

    /// Tries until it is no longer taken; the last error when it is still so once the time is over.
    /// As cancel safe as an attempt is.
    pub(super) async fn once_free<T, E: Error>(
        self,
        mut attempt: impl AsyncFnMut() -> Result<T, E>,
        is_taken: impl Fn(&E) -> bool,
    ) -> Result<T, E> {
        let Self { begun, limit } = self;
        let mut is_told = false;
        loop {
            match attempt().await {
                Err(error) if is_taken(&error) && begun.elapsed() < limit => {
                    if begun.elapsed() >= PATIENCE && !std::mem::replace(&mut is_told, true) {
                        let error = with_causes(&error);
                        warn!(
                            error,
                            ?limit,
                            "waiting for it; a collector whose agent died goes on for \
                             `agent.orphan_limit`"
                        );
                    }
                }
                done => return done,
            }
            sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use thiserror::Error;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(15);

    fn handover() -> Handover {
        Handover { begun: Instant::now(), limit: LIMIT }
    }

    #[derive(Debug, PartialEq, Error)]
    enum Refused {
        #[error("taken")]
        Taken,
        #[error("broken")]
        Broken,
    }

    fn is_taken(error: &Refused) -> bool {
        *error == Refused::Taken
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_predecessor_has_is_waited_for() {
        let mut tried = 0;
        let attempt = async || {
            tried += 1;
            if tried < 4 { Err(Refused::Taken) } else { Ok("free") }
        };
        assert_eq!(handover().once_free(attempt, is_taken).await, Ok("free"));
        assert_eq!(tried, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn a_predecessor_that_does_not_end_is_told_at_one_limit_for_all_it_has() {
        let (begun, handover) = (Instant::now(), handover());
        for _ in 0..2 {
            let attempt = async || Err::<(), _>(Refused::Taken);
            let ended = handover.once_free(attempt, is_taken).await;
            assert_eq!(ended, Err(Refused::Taken));
        }
        assert!((LIMIT..2 * LIMIT).contains(&begun.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn any_other_error_is_told_at_once() {
        let begun = Instant::now();
        let attempt = async || Err::<(), _>(Refused::Broken);
        assert_eq!(handover().once_free(attempt, is_taken).await, Err(Refused::Broken));
        assert!(begun.elapsed().is_zero());
    }
}
