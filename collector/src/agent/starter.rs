//! Starts a collector: as a process where there is a broker, as a thread where there is none.

use std::path::Path;

use daemoneye_eventbus::acl::{Principal, Role};
use tokio::process::Command;

use super::child::ChildMember;
use super::member::Member;
use super::roll::Roll;
use super::thread::ThreadMember;
use super::{AgentOptions, MemberError};
use crate::config::{AgentConfig, CollectorName};
use crate::factory::HostedBus;

/// Whatever it takes to start a collector, the first time and again.
pub(super) struct Starter<'a> {
    pub(super) options: &'a AgentOptions,
    pub(super) hosted: &'a HostedBus,
    pub(super) roll: Roll,
}

impl Starter<'_> {
    pub(super) fn limits(&self) -> &AgentConfig {
        &self.options.settings.agent
    }

    /// Starts a collector. Each life has a token of its own. Cancelling it kills what was started.
    pub(super) async fn start(&self, name: CollectorName) -> Result<Member, MemberError> {
        let collector = Principal::new(name.as_str(), Role::Collector(name.kind()));
        let collector = collector.expect("a level of a topic");
        let token = self.hosted.issue_token(collector, self.limits().ready_timeout)?;
        let (Some(socket_path), Some(token)) = (self.hosted.socket_path(), token) else {
            let bus = self.hosted.bus().clone();
            return Ok(Member::Thread(ThreadMember::start(name, &self.options.settings, bus)?));
        };
        let (command, settings) = (self.command(name), self.settings(socket_path)?);
        let limit = self.limits().ready_timeout;
        let started = ChildMember::start(name, command, (&token, settings.as_str()), limit).await?;
        Ok(Member::Child(Box::new(started)))
    }

    /// How its program is called.
    fn command(&self, name: CollectorName) -> Command {
        let executable = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(self.options.program_folder.join(executable));
        command.args(["--exit-with-parent", "--token-from-stdin", "--settings-from-stdin"]);
        command
    }

    /// What its program is told of the configuration: all of it, as it holds for the agent.
    fn settings(&self, socket_path: &Path) -> Result<String, MemberError> {
        let mut settings = self.options.settings.clone();
        settings.event_bus.socket_path = Some(socket_path.to_owned());
        serde_json::to_string(&settings).map_err(MemberError::Settings)
    }
}
