//! What the agent answers (CONTRACT §6): members come and go, and how all of it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use daemoneye_eventbus::rpc::{
    AgentStatus, Asked, HealthMonitor, HealthPart, HealthReport, HealthStatus, MemberState,
    MemberStatus, Membership, Refusal, Request, Response, RpcHandler, StatusMonitor,
};
use tokio::time::Instant;

use super::account::AccountReader;
use super::roll::{CollectorState, RollReader, Standing};
use crate::config::EventBusType;

/// Answers for the agent.
pub(super) struct AgentHandler {
    pub(super) membership: Membership,
    pub(super) monitor: Arc<HealthMonitor>,
    /// What members tell unasked.
    pub(super) told: Arc<StatusMonitor>,
    pub(super) roll: RollReader,
    pub(super) account: AccountReader,
    pub(super) bus_type: EventBusType,
    pub(super) began: Instant,
}

#[async_trait]
impl RpcHandler for AgentHandler {
    async fn handle(&self, request: Request, asked: &Asked) -> Result<Response, Refusal> {
        match request {
            Request::HealthCheck => {
                let mut report = report(&self.roll.standings(), &self.members());
                report.parts.extend(self.account.parts());
                Ok(Response::Health(report))
            }
            Request::GetStatus => Ok(Response::Status(self.status())),
            other => self.membership.handle(other, asked).await,
        }
    }
}

impl AgentHandler {
    /// Members as they show life, with what they said was wrong when they last told it.
    fn members(&self) -> HealthReport {
        let mut report = self.monitor.report();
        for part in &mut report.parts {
            if part.reason.is_none() && part.status != HealthStatus::Healthy {
                let said = self.told.last_status(&part.name);
                part.reason = said.and_then(|status| status.report.reasons());
            }
        }
        report
    }

    fn status(&self) -> AgentStatus {
        let standings = self.roll.standings();
        let report = report(&standings, &self.members());
        let member = |part: HealthPart| {
            let standing = standings.get(&part.name);
            // Of one that has ended, its last words may come after that was seen.
            let is_here = standing.is_none_or(|standing| standing.state.pid().is_some());
            MemberStatus {
                state: standing.map_or(MemberState::Joined, |standing| standing.state.told()),
                pid: standing.and_then(|standing| standing.state.pid()),
                restarts: standing.map_or(0, |standing| standing.restarts),
                health: part.status,
                reason: part.reason,
                telemetry: self.told.last_telemetry(&part.name).filter(|_| is_here),
                name: part.name,
            }
        };
        AgentStatus {
            bus_type: self.bus_type.to_string(),
            pid: std::process::id(),
            uptime: self.began.elapsed(),
            members: report.parts.into_iter().map(member).collect(),
        }
    }
}

/// Each collector of the agent as it is seen from outside and as it says itself, the worse of the
/// two; then members that somebody else has started.
fn report(standings: &BTreeMap<String, Standing>, members: &HealthReport) -> HealthReport {
    let said = |name: &str| members.parts.iter().find(|part| part.name == name);
    let own = standings.iter().map(|(name, standing)| own_part(name, &standing.state, said(name)));
    let others = members.parts.iter().filter(|part| !standings.contains_key(&part.name)).cloned();
    HealthReport { parts: own.chain(others).collect() }
}

fn own_part(name: &str, state: &CollectorState, said: Option<&HealthPart>) -> HealthPart {
    let part =
        |status, reason: String| HealthPart { name: name.to_owned(), status, reason: Some(reason) };
    match state {
        CollectorState::Running { pid } => match said {
            Some(said) => said.clone(),
            None => {
                part(HealthStatus::Degraded, format!("process {pid} has not joined the agent yet"))
            }
        },
        CollectorState::Starting => part(HealthStatus::Degraded, "it is starting".to_owned()),
        CollectorState::Restarting { cause, after } => {
            part(HealthStatus::Unhealthy, format!("{cause}; it is started again after {after:?}"))
        }
        CollectorState::Failed { cause } => {
            part(HealthStatus::Unhealthy, format!("failed, it is not started again: {cause}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use HealthStatus::{Degraded, Healthy, Unhealthy};

    use super::*;

    fn part(name: &str, status: HealthStatus, reason: Option<&str>) -> HealthPart {
        HealthPart { name: name.to_owned(), status, reason: reason.map(str::to_owned) }
    }

    fn told(state: CollectorState, members: Vec<HealthPart>) -> Vec<HealthPart> {
        let standing = Standing { state, restarts: 0 };
        let standings = BTreeMap::from([("procmond".to_owned(), standing)]);
        report(&standings, &HealthReport { parts: members }).parts
    }

    #[test]
    fn a_running_collector_is_as_it_says_once_it_says_anything() {
        let silent = part("procmond", Unhealthy, Some("no heartbeat"));
        let running = CollectorState::Running { pid: 7 };
        assert_eq!(told(running.clone(), vec![silent.clone()]), [silent]);
        let not_joined = "process 7 has not joined the agent yet";
        assert_eq!(told(running, vec![]), [part("procmond", Degraded, Some(not_joined))]);
    }

    #[test]
    fn what_a_collector_said_last_does_not_hide_that_it_failed() {
        let failed = CollectorState::Failed { cause: "signal: 9".to_owned() };
        let reason = "failed, it is not started again: signal: 9";
        let said = part("procmond", Healthy, None);
        assert_eq!(told(failed, vec![said]), [part("procmond", Unhealthy, Some(reason))]);
    }

    #[test]
    fn members_of_others_are_parts_as_well() {
        let stranger = part("netmond", Degraded, None);
        let parts = told(CollectorState::Starting, vec![stranger.clone()]);
        let starting = part("procmond", Degraded, Some("it is starting"));
        assert_eq!(parts, [starting, stranger]);
    }
}
