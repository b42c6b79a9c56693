//! A round of churn: two readers come under new names; one leaves in order, one is killed.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Stage;
use super::line::Role;
use super::process::Process;
use super::staying::{last, read};
use crate::driver::error::DriveError;
use crate::record::{Churned, Reading};

/// Broken lives that are told in words.
const TOLD: usize = 20;
/// The part of a round for which they live; the rest of it is rest.
const LIFE: f64 = 0.5;
/// A publisher that was not heard of for so long does not reach the reader.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);
/// Time between two looks at who was heard of.
const SILENCE_LOOK: Duration = Duration::from_millis(50);

/// Lets two readers live and end.
pub(super) async fn round(
    stage: &Stage,
    round: u64,
    churned: &mut Churned,
) -> Result<(), DriveError> {
    let reader = || Role::Reader { publishers: stage.plan.publishers };
    let mut leaver = Process::start(stage, &format!("leaver-{round}"), reader(), None).await?;
    let mut victim = Process::start(stage, &format!("victim-{round}"), reader(), None).await?;
    sleep(stage.plan.round.mul_f64(LIFE)).await;
    await_everybody(&mut leaver).await?;
    let seen = await_everybody(&mut victim).await?;
    victim.kill().await?;
    note(churned, &seen);
    churned.killed += 1;
    note(churned, &last(leaver).await?);
    churned.left += 1;
    Ok(())
}

/// Waits until a reader has heard of every publisher, or no longer: a life is not over before, as
/// short as it may be. What it saw until then.
async fn await_everybody(reader: &mut Process) -> Result<Reading, DriveError> {
    let until = Instant::now() + SILENCE_LIMIT;
    loop {
        let seen = read(reader).await?;
        if seen.runs.iter().all(|run| run.unique > 0) || Instant::now() >= until {
            return Ok(seen);
        }
        sleep(SILENCE_LOOK).await;
    }
}

/// Within its life a reader has one unbroken run of each publisher, and is not left without.
fn note(churned: &mut Churned, seen: &Reading) {
    churned.received += seen.unique();
    let unbroken = seen.runs.iter().all(|run| run.is_unbroken() && run.unique > 0);
    if unbroken && seen.foreign + seen.lagged == 0 {
        return;
    }
    churned.broken += 1;
    if churned.told.len() < TOLD {
        churned.told.push(format!("{seen:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::SequenceRun;

    fn told(numbers: [&[u64]; 2]) -> u64 {
        let run = |numbers: &[u64]| {
            let mut run = SequenceRun::default();
            for number in numbers {
                run.take(*number);
            }
            run
        };
        let seen = Reading { runs: numbers.map(run).to_vec(), ..Reading::default() };
        let mut churned = Churned::default();
        note(&mut churned, &seen);
        churned.broken
    }

    #[test]
    fn a_life_with_a_gap_a_repetition_or_nothing_is_broken() {
        assert_eq!(told([&[5, 6, 7], &[1, 2]]), 0);
        assert_eq!(told([&[5, 7], &[1, 2]]), 1);
        assert_eq!(told([&[5, 6], &[1, 1]]), 1);
        assert_eq!(told([&[5, 6], &[]]), 1);
    }
}
