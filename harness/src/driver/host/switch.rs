//! The switch of an agent's bus and the way back: three agents, one after the other.
//!
//! All have one place, one command line and one configuration file, of which one value is set
//! between them; before each the same happens. What they tell is kept apart, and compared by the
//! checks.

use std::path::Path;
use std::{fs, io};

use super::agent::{AgentStart, recording};
use super::setting::SettingFile;
use super::site::Site;
use super::{HostDriven, HostRequest, SwitchFault};
use crate::driver::error::DriveError;
use crate::driver::interrupt::Interrupt;
use crate::record::{AgentTurn, ProcessFigures, TearDown, Turn};

/// What every agent's record is called as long as it is written: command lines are the same.
const RECORD: &str = "agent.record";

/// What came of a switch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SwitchDriven {
    /// What each agent was told and saw, in their order.
    pub turns: Vec<AgentTurn>,
    /// Figures of all agents and their collectors; each name says whose turn it was.
    pub processes: Vec<ProcessFigures>,
    /// What all of them left behind.
    pub tear_down: TearDown,
}

/// Runs a switch and the way back, behind a fault if the harness has to tell that. Call within a
/// runtime.
///
/// Errors, processes that remain and cancelling are as for [`run_host`](super::run_host); an error
/// says whose turn it was. What each agent was told and what it recorded lies in the request's
/// directory.
pub async fn run_switch(
    agent: &Path,
    request: &HostRequest<'_>,
    fault: Option<SwitchFault>,
    mut interrupt: Interrupt,
) -> Result<SwitchDriven, DriveError> {
    let site = Site::open(request).await?;
    let file = SettingFile::write(request, site.folder()).map_err(DriveError::Prepare)?;
    let switch = Switch { agent, request, fault, site, file };
    let mut all = SwitchDriven::default();
    for turn in Turn::ALL {
        let took = switch.take(turn, &mut interrupt).await;
        let (configuration, driven) = took.map_err(|cause| in_turn(turn, cause))?;
        all.add(turn, configuration, driven);
    }
    all.tear_down.folders.extend(switch.site.close());
    Ok(all)
}

/// A switch as it goes on.
struct Switch<'a> {
    agent: &'a Path,
    request: &'a HostRequest<'a>,
    fault: Option<SwitchFault>,
    site: Site<'a>,
    file: SettingFile,
}

impl Switch<'_> {
    /// Sets the bus, and has an agent see everything; returns its file with what came of it.
    async fn take(
        &self,
        turn: Turn,
        interrupt: &mut Interrupt,
    ) -> Result<(String, HostDriven), DriveError> {
        let (directory, stem) = (self.request.directory, turn.file_stem());
        let configuration = self.file.set_bus(turn.bus_type()).map_err(DriveError::Prepare)?;
        fs::write(directory.join(format!("{stem}.toml")), &configuration)
            .map_err(DriveError::Prepare)?;
        let record = directory.join(RECORD);
        let start = AgentStart {
            program: self.agent,
            setting: [self.file.flags(), recording(self.request.patterns, &record)].concat(),
            variable: self.fault.and_then(|fault| fault.variable(turn)),
            home: self.site.folder(),
        };
        let driven = self.site.run(&start, record.clone(), interrupt).await?;
        let kept = directory.join(format!("{stem}.record"));
        keep(&record, &kept).map_err(DriveError::Prepare)?;
        Ok((configuration, driven))
    }
}

impl SwitchDriven {
    fn add(&mut self, turn: Turn, configuration: String, driven: HostDriven) {
        let HostDriven { sightings, deployed, processes, tear_down } = driven;
        self.turns.push(AgentTurn { turn, configuration, deployed, sightings });
        self.processes.extend(processes.into_iter().map(|mut one| {
            one.name = format!("{} {turn}", one.name);
            one
        }));
        let TearDown { killed, sockets, descriptors, failed, folders } = tear_down;
        self.tear_down.killed.extend(killed);
        self.tear_down.sockets.extend(sockets);
        self.tear_down.descriptors.extend(descriptors);
        self.tear_down.failed.extend(failed);
        self.tear_down.folders.extend(folders);
    }
}

/// Puts a record aside; of an agent that received nothing there may be none.
fn keep(record: &Path, kept: &Path) -> io::Result<()> {
    match fs::rename(record, kept) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        renamed => renamed,
    }
}

/// An error with whose turn it was; the user's wish to stop is about no agent.
fn in_turn(turn: Turn, cause: DriveError) -> DriveError {
    match cause {
        DriveError::Interrupted => DriveError::Interrupted,
        cause => DriveError::Turn { turn, cause: Box::new(cause) },
    }
}
