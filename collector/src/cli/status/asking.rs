//! Asking over the broker: the agent first, then every collector that runs.

use std::collections::BTreeMap;
use std::time::Duration;

use daemoneye_eventbus::rpc::{
    AgentStatus, Call, HealthReport, MemberState, Request, Response, RpcClient,
};
use futures_util::future::join_all;

use crate::cli::Failure;
use crate::cli::operator::agent_status;
use crate::control::AGENT_NAME;

/// How long a collector may take; one that takes longer is told as the agent knows it.
const COLLECTOR_LIMIT: Duration = Duration::from_secs(2);

/// What came back.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) status: AgentStatus,
    /// How the agent says that it and its collectors are, or why it does not say.
    pub(super) agent: Result<HealthReport, String>,
    /// How each collector says it is, or why it does not say.
    pub(super) reports: BTreeMap<String, Result<HealthReport, String>>,
}

/// Asks the agent and whoever it says is there.
pub(super) async fn ask(client: &RpcClient) -> Result<Answers, Failure> {
    let status = agent_status(client).await?;
    let is_there = |state| matches!(state, MemberState::Running | MemberState::Joined);
    let there = status.members.iter().filter(|member| is_there(member.state));
    let asked = there.map(|member| health_of(client, &member.name));
    let reports = join_all(asked).await.into_iter().collect();
    let (_, agent) = health_of(client, AGENT_NAME).await;
    Ok(Answers { status, agent, reports })
}

async fn health_of(client: &RpcClient, member: &str) -> (String, Result<HealthReport, String>) {
    let call = Call::new(Request::HealthCheck).to(member.to_owned()).within(COLLECTOR_LIMIT);
    let report = match client.call(call).await.map(|answer| answer.response) {
        Ok(Response::Health(report)) => Ok(report),
        Ok(_) => Err("it answered something else".to_owned()),
        Err(error) => Err(format!("it does not say how it is: {error}")),
    };
    (member.to_owned(), report)
}
