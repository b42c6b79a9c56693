//! Starts a collector: as a process where there is a broker, as a thread where there is none.

use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};

use super::child::ProcmondCommand;
use super::member::Member;
use super::roll::Roll;
use super::thread::ThreadMember;
use super::{AgentOptions, MemberError};
use crate::config::AgentConfig;
use crate::factory::HostedBus;

/// Name of the one collector there is, as its events and its token have it.
const PROCMOND: &str = "procmond";

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

    /// Starts the one kind of collector there is, whose name the configuration has checked. Each
    /// life has a token of its own. Cancelling it kills what was started.
    pub(super) async fn start(&self) -> Result<Member, MemberError> {
        let procmond = Principal::new(PROCMOND, Role::Collector(CollectorKind::Process));
        let procmond = procmond.expect("a level of a topic");
        let token = self.hosted.issue_token(procmond, self.limits().ready_timeout)?;
        let settings = &self.options.settings;
        let (Some(socket_path), Some(token)) = (self.hosted.socket_path(), token) else {
            let bus = self.hosted.bus().clone();
            return Ok(Member::Thread(ThreadMember::procmond(settings, bus)?));
        };
        let command = ProcmondCommand {
            program: &self.options.procmond,
            socket_path,
            scan_interval: settings.procmond.scan_interval,
            config_file: self.options.config_file.as_deref(),
            token: &token,
        };
        Ok(Member::Child(Box::new(command.start().await?)))
    }
}
