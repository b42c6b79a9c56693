//! The processes that stay from the first event to the last: broker, readers, publishers.

use std::time::Duration;

use legacy_buses::broken::Fault;
use tokio::time::{Instant, sleep};

use super::Stage;
use super::line::{Order, Reply, Role};
use super::process::Process;
use crate::driver::error::DriveError;
use crate::record::{Reading, SoakRecord, SoakSample};

/// Everything published has arrived this long after the last publisher left, or is lost.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
/// Time between two looks at whether it has.
const DRAIN_LOOK: Duration = Duration::from_millis(100);

pub(super) struct Staying {
    broker: Process,
    readers: Vec<Process>,
    publishers: Vec<Process>,
}

impl Staying {
    /// Starts them; returns when everybody is connected and the readers have subscribed.
    pub(super) async fn start(stage: &Stage) -> Result<Self, DriveError> {
        let plan = &stage.plan;
        let leaks = matches!(plan.fault, Some(Fault::LeaksOneKib | Fault::LeaksFourKib));
        let fault = plan.fault.map(|fault| fault.name().to_owned());
        let (at_broker, at_readers) = if leaks { (fault, None) } else { (None, fault) };
        let broker = Process::start(stage, "broker", Role::Broker, at_broker).await?;
        let mut staying = Self { broker, readers: Vec::new(), publishers: Vec::new() };
        for index in 0..plan.readers {
            let role = Role::Reader { publishers: plan.publishers };
            let name = format!("s{index}");
            staying.readers.push(Process::start(stage, &name, role, at_readers.clone()).await?);
        }
        for index in 0..plan.publishers {
            let role = Role::Publisher { index, rate: plan.rate / plan.publishers as f64 };
            let name = format!("p{index}");
            staying.publishers.push(Process::start(stage, &name, role, None).await?);
        }
        Ok(staying)
    }

    /// In the order in which they are told.
    fn all(&self) -> impl Iterator<Item = &Process> {
        std::iter::once(&self.broker).chain(&self.readers).chain(&self.publishers)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.all().map(|process| process.name().to_owned()).collect()
    }

    /// Lets the publishers begin.
    pub(super) async fn begin(&mut self) -> Result<(), DriveError> {
        for publisher in &mut self.publishers {
            publisher.ask(Order::Begin).await?;
        }
        Ok(())
    }

    /// Lets one publisher, in turn, leave and connect again.
    pub(super) async fn reconnect(&mut self, round: u64) -> Result<(), DriveError> {
        let turn = usize::try_from(round).unwrap_or_default() % self.publishers.len().max(1);
        if let Some(publisher) = self.publishers.get_mut(turn) {
            publisher.ask(Order::Reconnect).await?;
        }
        Ok(())
    }

    /// Looks at everybody.
    pub(super) async fn look(
        &mut self,
        since: Duration,
        rounds: u64,
    ) -> Result<SoakSample, DriveError> {
        let events = match self.readers.first_mut() {
            Some(reader) => read(reader).await?.unique(),
            None => 0,
        };
        let held = self.all().map(Process::held).collect();
        Ok(SoakSample { at_s: since.as_secs_f64(), events, rounds, held })
    }

    /// Lets everybody leave: publishers, then readers once all has arrived, then the broker.
    pub(super) async fn end(
        mut self,
        began: Instant,
        record: &mut SoakRecord,
    ) -> Result<(), DriveError> {
        for publisher in std::mem::take(&mut self.publishers) {
            let name = publisher.name().to_owned();
            match publisher.leave().await? {
                Reply::Published { count, refused } => {
                    record.published.push(count);
                    record.refused += refused;
                }
                other => return Err(unexpected(&name, &other)),
            }
        }
        record.seconds = began.elapsed().as_secs_f64();
        let published: u64 = record.published.iter().sum();
        let until = Instant::now() + DRAIN_LIMIT;
        for mut reader in std::mem::take(&mut self.readers) {
            await_all(&mut reader, published, until).await?;
            record.stayed.push(last(reader).await?);
        }
        self.broker.leave().await.map(drop)
    }
}

/// Waits until a reader has so many events, or no longer. What is missing then is in its numbers.
async fn await_all(reader: &mut Process, published: u64, until: Instant) -> Result<(), DriveError> {
    while read(reader).await?.unique() < published && Instant::now() < until {
        sleep(DRAIN_LOOK).await;
    }
    Ok(())
}

/// What a reader saw so far.
pub(super) async fn read(reader: &mut Process) -> Result<Reading, DriveError> {
    match reader.ask(Order::Report).await? {
        Reply::Read(reading) => Ok(reading),
        other => Err(unexpected(reader.name(), &other)),
    }
}

/// Lets a reader leave; all it saw.
pub(super) async fn last(reader: Process) -> Result<Reading, DriveError> {
    let name = reader.name().to_owned();
    match reader.leave().await? {
        Reply::Read(reading) => Ok(reading),
        other => Err(unexpected(&name, &other)),
    }
}

fn unexpected(name: &str, reply: &Reply) -> DriveError {
    let what = format!("answered something else: {reply:?}");
    DriveError::Actor { name: name.to_owned(), what, stderr: String::new() }
}
