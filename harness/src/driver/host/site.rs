//! Where the agents of a case are started, one after the other: its folder, its stage, its time.

use std::path::{Path, PathBuf};

use super::agent::{AgentStart, RunningAgent};
use super::record::GrowingRecord;
use super::stage::Stage;
use super::watch::Watch;
use super::{HostDriven, HostRequest};
use crate::driver::budget::Budget;
use crate::driver::error::{DriveError, Stage as DriveStage};
use crate::driver::interrupt::Interrupt;
use crate::driver::runtime_folder::RuntimeFolder;
use crate::record::{Parent, Sightings};

/// The place of one case.
pub(super) struct Site<'a> {
    request: &'a HostRequest<'a>,
    /// For all agents of the case together.
    budget: Budget,
    folder: RuntimeFolder,
    stage: Stage,
}

impl<'a> Site<'a> {
    /// Prepares for what a case makes happen. Call within a runtime.
    pub(super) async fn open(request: &'a HostRequest<'a>) -> Result<Self, DriveError> {
        let budget = Budget::of(request.budget);
        std::fs::create_dir_all(request.directory).map_err(DriveError::Prepare)?;
        let folder = RuntimeFolder::create().map_err(DriveError::Prepare)?;
        let stage = Stage::new(request, folder.path()).await.map_err(DriveError::Prepare)?;
        Ok(Self { request, budget, folder, stage })
    }

    /// The folder of the case.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts an agent that records into this file, has everything happen before its eyes, and
    /// ends it. No process of it remains.
    pub(super) async fn run(
        &self,
        start: &AgentStart<'_>,
        record: PathBuf,
        interrupt: &mut Interrupt,
    ) -> Result<HostDriven, DriveError> {
        let record = GrowingRecord::begin(record);
        let mut watch = Watch::new(RunningAgent::start(start)?, record);
        let watched = tokio::select! {
            watched = self.budget.limit(watch.watch(self.request, &self.stage)) => {
                let things = || DriveStage::Phase("things".to_owned());
                watched.unwrap_or_else(|| Err(self.budget.exceeded(things())))
            }
            () = interrupt.told() => Err(DriveError::Interrupted),
        };
        let end = watch.agent.end().await;
        let tear_down = watch.belongings.left(self.folder.path()).await;
        watched?;
        // What came after the last exit was seen: a repetition would be there.
        watch.read_on()?;
        let processes = watch.meter.figures();
        let parent = Parent { pid: std::process::id(), arguments: own_arguments() };
        let Watch { record, things, deployed, .. } = watch;
        let sightings = Sightings { record: record.events, things, parent, end };
        Ok(HostDriven { sightings, deployed, processes, tear_down })
    }

    /// Leaves the place; tells what remains of it.
    pub(super) fn close(self) -> Option<String> {
        self.folder.remove()
    }
}

fn own_arguments() -> Vec<String> {
    std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect()
}
