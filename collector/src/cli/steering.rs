//! `daemoneye-agent set`, `pause` and `resume`: a running collector is changed, by its operator.
//!
//! What is changed ends with the collector; what shall last is said in a file.

use std::fmt::Write;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use daemoneye_eventbus::rpc::{
    Call, CallError, ConfigChange, ConfigChanges, ConfigOutcome, ConfigUpdate, MemberState,
    MemberStatus, Refusal, Request, Response, RpcClient,
};

use super::Failure;
use super::operator::{OperatorFlags, agent_status};
use super::output::print;
use super::table::safe;
use crate::spelling::nearest;

/// How long a collector may take; it has nothing to wait for.
const COLLECTOR_LIMIT: Duration = Duration::from_secs(5);
/// For the end of each `--help`.
const STEERING_EXIT_CODES: &str = "\
Exit codes:
  0  it is so
  2  wrong usage or configuration, no such collector, or refused by it: nothing was changed
  4  infrastructure: no agent, or the collector does not run or answer";

/// Change the configuration of a running collector, as far as it can be changed without a restart.
/// What is changed ends with the collector: what shall last is said in a file
#[derive(Debug, Clone, Args)]
#[command(after_help = STEERING_EXIT_CODES)]
pub struct SetFlags {
    /// The collector, such as procmond
    #[arg(value_name = "COLLECTOR")]
    collector: String,
    /// Values, such as `procmond.scan_interval=5s`, all or none of which are set; a key alone is
    /// set back to what the collector was started with
    #[arg(value_name = "KEY=VALUE", required_unless_present = "rollback")]
    changes: Vec<String>,
    /// Say what would change, and change nothing
    #[arg(long)]
    check: bool,
    /// Go back to the values of an earlier version, which become a new one
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["changes", "check"])]
    rollback: Option<u64>,
    #[command(flatten)]
    operator: OperatorFlags,
}

/// Which collector is to pause or to go on
#[derive(Debug, Clone, Args)]
#[command(after_help = STEERING_EXIT_CODES)]
pub struct PauseFlags {
    /// The collector, such as procmond
    #[arg(value_name = "COLLECTOR")]
    collector: String,
    #[command(flatten)]
    operator: OperatorFlags,
}

/// Changes a collector's configuration, and prints what was changed.
pub fn run_set(flags: &SetFlags) -> Result<(), Failure> {
    let request = Request::UpdateConfig(flags.update());
    let reply = flags.operator.ask(async |client| ask(client, &flags.collector, request).await)?;
    let Response::Config(outcome) = reply else { return Err(something_else()) };
    print(&in_words(&outcome, flags.check))
}

/// Has a collector cease to collect, and prints that it does.
pub fn run_pause(flags: &PauseFlags) -> Result<(), Failure> {
    flags.run(Request::Pause, "paused")
}

/// Has a collector go on, and prints that it does.
pub fn run_resume(flags: &PauseFlags) -> Result<(), Failure> {
    flags.run(Request::Resume, "resumed")
}

impl SetFlags {
    fn update(&self) -> ConfigUpdate {
        if let Some(to_version) = self.rollback {
            return ConfigUpdate::Rollback { to_version };
        }
        let changes = self.changes.iter().map(|change| change_of(change)).collect();
        let changes = ConfigChanges { base_version: None, changes };
        if self.check { ConfigUpdate::Validate(changes) } else { ConfigUpdate::Apply(changes) }
    }
}

impl PauseFlags {
    fn run(&self, request: Request, done: &str) -> Result<(), Failure> {
        let reply =
            self.operator.ask(async |client| ask(client, &self.collector, request).await)?;
        if reply != Response::Done {
            return Err(something_else());
        }
        print(&format!("{} {done}\n", safe(&self.collector)))
    }
}

fn change_of(text: &str) -> ConfigChange {
    match text.split_once('=') {
        Some((key, value)) => {
            ConfigChange { key: key.trim().to_owned(), value: Some(value.to_owned()) }
        }
        None => ConfigChange { key: text.trim().to_owned(), value: None },
    }
}

/// What was changed, or would be, and in which version.
fn in_words(outcome: &ConfigOutcome, is_tried: bool) -> String {
    let ConfigOutcome { version, hot_keys, restart_keys } = outcome;
    let mut text = if is_tried {
        format!("version {version} would change\n")
    } else {
        format!("version {version}\n")
    };
    for (keys, when) in [(hot_keys, "at once"), (restart_keys, "after a restart")] {
        for key in keys {
            writeln!(text, "  {}  {when}", safe(key)).expect("a text takes all");
        }
    }
    text
}

async fn ask(client: &RpcClient, collector: &str, request: Request) -> Result<Response, Failure> {
    can_answer(&agent_status(client).await?.members, collector)?;
    let call = Call::new(request).to(collector.to_owned()).within(COLLECTOR_LIMIT);
    match client.call(call).await {
        Ok(answer) => Ok(answer.response),
        Err(CallError::Refused(refusal)) => Err(refused(&refusal)),
        Err(error) => Err(Failure::Infrastructure(
            anyhow::Error::from(error).context(format!("{collector} does not answer")),
        )),
    }
}

/// Nobody is waited for of whom the agent knows that no answer will come, and why.
fn can_answer(members: &[MemberStatus], collector: &str) -> Result<(), Failure> {
    let Some(member) = members.iter().find(|member| member.name == collector) else {
        return Err(no_such_collector(members, collector));
    };
    match member.state {
        MemberState::Starting | MemberState::Running | MemberState::Joined => Ok(()),
        MemberState::Restarting | MemberState::Failed => {
            let why = safe(member.reason.as_deref().unwrap_or(member.state.as_str()));
            Err(Failure::Infrastructure(anyhow!("{collector} does not run: {why}")))
        }
    }
}

fn no_such_collector(members: &[MemberStatus], collector: &str) -> Failure {
    let names: Vec<_> = members.iter().map(|member| safe(&member.name)).collect();
    let near = nearest(collector, names.iter().map(String::as_str));
    let near = near.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    let collector = safe(collector);
    let others = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Failure::Configuration(anyhow!("no collector `{collector}`; the agent has {others}{near}"))
}

/// A refusal in the collector's own words, which begin as every error here does.
fn refused(refusal: &Refusal) -> Failure {
    let reason = match refusal {
        Refusal::InvalidBody { reason } => reason.clone(),
        other => other.to_string(),
    };
    let reason = reason.strip_prefix("error: ").unwrap_or(&reason);
    let lines: Vec<_> = reason.lines().map(safe).collect();
    Failure::Configuration(anyhow!(lines.join("\n")))
}

fn something_else() -> Failure {
    Failure::Infrastructure(anyhow!("the collector answered something else"))
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::rpc::HealthStatus;

    use super::*;

    fn member(name: &str, state: MemberState, reason: Option<&str>) -> MemberStatus {
        MemberStatus {
            name: name.to_owned(),
            state,
            pid: None,
            restarts: 0,
            health: HealthStatus::Unhealthy,
            reason: reason.map(str::to_owned),
            telemetry: None,
        }
    }

    fn told(members: &[MemberStatus], collector: &str) -> Result<(), (u8, String)> {
        can_answer(members, collector).map_err(|failure| match failure {
            Failure::Failed(error) => (1, error.to_string()),
            Failure::Configuration(error) => (2, error.to_string()),
            Failure::Infrastructure(error) => (4, error.to_string()),
        })
    }

    #[test]
    fn a_name_that_is_nobodys_is_told_with_those_there_are_and_the_one_that_was_meant() {
        let members = ["fsmond", "procmond"].map(|name| member(name, MemberState::Running, None));
        let has = "no collector `procmnod`; the agent has fsmond, procmond";
        let expected = Err((2, format!("{has}; did you mean `procmond`?")));
        assert_eq!(told(&members, "procmnod"), expected);
        let far = "no collector `foo`; the agent has fsmond, procmond".to_owned();
        assert_eq!(told(&members, "foo"), Err((2, far)));
        let none = "no collector `foo`; the agent has none".to_owned();
        assert_eq!(told(&[], "foo"), Err((2, none)));
    }

    #[test]
    fn one_that_does_not_run_is_told_with_its_reason_and_one_that_begins_is_asked() {
        for state in MemberState::ALL {
            let member = member("perfmond", state, Some("it ended"));
            let is_asked = !matches!(state, MemberState::Failed | MemberState::Restarting);
            let why = "perfmond does not run: it ended".to_owned();
            let expected = if is_asked { Ok(()) } else { Err((4, why)) };
            assert_eq!(told(&[member], "perfmond"), expected, "{state:?}");
        }
    }

    #[test]
    fn a_change_has_everything_behind_the_first_equals_sign_as_its_value() {
        for (text, key, value) in [
            ("a.b=5s", "a.b", Some("5s")),
            ("a.b = x=y", "a.b", Some(" x=y")),
            ("a.b=", "a.b", Some("")),
            ("a.b", "a.b", None),
        ] {
            let expected = ConfigChange { key: key.to_owned(), value: value.map(str::to_owned) };
            assert_eq!(change_of(text), expected, "{text}");
        }
    }

    #[test]
    fn what_was_changed_is_told_with_its_version() {
        let outcome = ConfigOutcome {
            version: 2,
            hot_keys: vec!["a.b".to_owned()],
            restart_keys: vec!["a.c".to_owned()],
        };
        let told = "version 2\n  a.b  at once\n  a.c  after a restart\n";
        assert_eq!(in_words(&outcome, false), told);
        assert!(in_words(&outcome, true).starts_with("version 2 would change\n"));
    }
}
