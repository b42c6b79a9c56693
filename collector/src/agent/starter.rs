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
        let command = self.command(name, socket_path);
        Ok(Member::Child(Box::new(ChildMember::start(name, command, &token).await?)))
    }

    /// How its program is called: with the agent's own file and the values its flags have set.
    fn command(&self, name: CollectorName, socket_path: &Path) -> Command {
        let executable = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(self.options.program_folder.join(executable));
        command.args(["--exit-with-parent", "--token-from-stdin", "--bus", "daemoneye"]);
        command.arg("--socket").arg(socket_path);
        if let Some(file) = &self.options.config_file {
            command.arg("--config").arg(file);
        }
        command.args(self.options.set.iter().flat_map(|value| ["--set", value]));
        command
    }
}
