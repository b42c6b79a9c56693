//! A soak: real processes exchange events for as long as asked, while readers and publishers come
//! and go (METHOD §9).
//!
//! A trial keeps every event and is over in seconds; a soak keeps counts and may take hours, so it
//! has processes of its own, each a hidden verb of this executable:
//!
//! - `line`: what the harness and such a process tell each other;
//! - `part`: the process, as a `broker`, a `publisher` or a `reader`; `link`: what each of them has;
//! - `process`: the harness's end; `staying`, `churning`: those that stay, and the others.

mod broker;
mod churning;
mod line;
mod link;
mod part;
mod process;
mod publisher;
mod reader;
mod staying;

use std::path::{Path, PathBuf};
use std::time::Duration;

use legacy_buses::broken::Fault;
use tokio::time::{Instant, sleep_until};

use self::staying::Staying;
use super::error::DriveError;
use super::interrupt::Interrupt;
use super::runtime_folder::RuntimeFolder;
use crate::record::{SoakRecord, SoakSample};

pub(super) use part::run as run_part;

/// What is to be soaked, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct SoakPlan {
    /// How long events are published; the round that has begun then ends.
    pub time: Duration,
    /// Events a second, of all publishers together; above 0.
    pub rate: f64,
    /// A round: readers come, live, leave or are killed; a publisher leaves and connects again;
    /// then all is at rest and looked at.
    pub round: Duration,
    /// Publishers, each a process that stays.
    pub publishers: usize,
    /// Readers, each a process that stays.
    pub readers: usize,
    /// The fault the bus is put behind, to see whether it is told: a leak in the broker's process, any
    /// other at each reader that stays.
    pub fault: Option<Fault>,
}

/// What every part of a soak knows.
struct Stage {
    executable: PathBuf,
    socket: PathBuf,
    plan: SoakPlan,
}

/// Soaks; `look` is told each sample. Call within a Tokio runtime with time and input/output.
///
/// No process and no socket remain when it returns; when the future is dropped, processes are
/// killed. An interrupt ends it with [`DriveError::Interrupted`].
pub async fn run_soak(
    executable: &Path,
    plan: &SoakPlan,
    mut interrupt: Interrupt,
    look: impl FnMut(&SoakSample),
) -> Result<SoakRecord, DriveError> {
    let folder = RuntimeFolder::create().map_err(DriveError::Prepare)?;
    let stage = Stage {
        executable: executable.to_owned(),
        socket: folder.path().join("bus"),
        plan: plan.clone(),
    };
    // Dropped, and so killed, where an error or the interrupt cuts it short.
    let soaked = tokio::select! {
        soaked = soak(&stage, look) => soaked,
        () = interrupt.told() => Err(DriveError::Interrupted),
    };
    let left = folder.left();
    let unremoved = folder.remove();
    let mut record = soaked?;
    record.left.extend(left.into_iter().chain(unremoved));
    Ok(record)
}

async fn soak(stage: &Stage, mut look: impl FnMut(&SoakSample)) -> Result<SoakRecord, DriveError> {
    let mut staying = Staying::start(stage).await?;
    let mut record =
        SoakRecord { rate: stage.plan.rate, processes: staying.names(), ..SoakRecord::default() };
    staying.begin().await?;
    let began = Instant::now();
    let mut rounds = 0;
    while began.elapsed() < stage.plan.time {
        let ends = Instant::now() + stage.plan.round;
        churning::round(stage, rounds, &mut record.churned).await?;
        staying.reconnect(rounds).await?;
        record.reconnected += 1;
        rounds += 1;
        sleep_until(ends).await;
        let sample = staying.look(began.elapsed(), rounds).await?;
        look(&sample);
        record.samples.push(sample);
    }
    staying.end(began, &mut record).await?;
    Ok(record)
}
