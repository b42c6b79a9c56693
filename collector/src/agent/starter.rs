//! Starts a collector: as a process where there is a broker, as a thread where there is none.

use daemoneye_eventbus::acl::{Principal, Role};

use super::child::CollectorCommand;
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
        let options = self.options;
        let (Some(socket_path), Some(token)) = (self.hosted.socket_path(), token) else {
            let bus = self.hosted.bus().clone();
            return Ok(Member::Thread(ThreadMember::start(name, &options.settings, bus)?));
        };
        let executable = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let command = CollectorCommand {
            name,
            program: options.program_folder.join(executable),
            socket_path,
            config_file: options.config_file.as_deref(),
            set: &options.set,
            token: &token,
        };
        Ok(Member::Child(Box::new(command.start().await?)))
    }
}
