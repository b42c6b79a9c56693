//! Asking over the broker: the agent first, then every collector that runs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use daemoneye_eventbus::event::ReplyAddress;
use daemoneye_eventbus::identity::OPERATOR;
use daemoneye_eventbus::rpc::{
    AgentStatus, Call, HealthReport, MemberState, Request, Response, RpcClient, RpcClientConfig,
};
use daemoneye_eventbus::{
    ClientConfig, Credential, EventBus, EventBusClient, Secret, SocketAddress,
};
use futures_util::future::join_all;

use crate::cli::Failure;
use crate::control::AGENT_NAME;

/// How long the agent may take; it has nothing to wait for.
const AGENT_LIMIT: Duration = Duration::from_secs(5);
/// How long a collector may take; one that takes longer is told as the agent knows it.
const COLLECTOR_LIMIT: Duration = Duration::from_secs(2);
/// How long the broker may take to answer a goodbye.
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);

/// What came back.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) status: AgentStatus,
    /// How the agent says that it and its collectors are, or why it does not say.
    pub(super) agent: Result<HealthReport, String>,
    /// How each collector says it is, or why it does not say.
    pub(super) reports: BTreeMap<String, Result<HealthReport, String>>,
}

/// Connects as the operator, asks, and takes leave.
pub(super) async fn ask(address: &SocketAddress, key: Secret) -> Result<Answers, Failure> {
    let config = ClientConfig::new(OPERATOR)
        .with_credential(Credential::SessionKey(key))
        .with_reconnect(None);
    let connected = EventBusClient::connect(address, config).await;
    let connected = connected.with_context(|| format!("no connection to the agent at {address}"));
    let bus = Arc::new(connected.map_err(Failure::Infrastructure)?);
    let answers = ask_all(Arc::clone(&bus)).await.map_err(Failure::Infrastructure);
    // Nothing is owed; a goodbye is courtesy.
    let _ = bus.shutdown(FAREWELL_LIMIT).await;
    answers
}

async fn ask_all(bus: Arc<EventBusClient>) -> anyhow::Result<Answers> {
    let operator = ReplyAddress::new(OPERATOR).expect("a level of a topic");
    let client = RpcClient::start(bus, RpcClientConfig::new(operator)).await;
    let client = client.context("cannot receive answers")?;
    let call = Call::new(Request::GetStatus).to(AGENT_NAME).within(AGENT_LIMIT);
    let answer = client.call(call).await.context("the agent does not tell how it is")?;
    let Response::Status(status) = answer.response else {
        return Err(anyhow!("the agent answered something else"));
    };
    let is_there = |state| matches!(state, MemberState::Running | MemberState::Joined);
    let there = status.members.iter().filter(|member| is_there(member.state));
    let asked = there.map(|member| health_of(&client, &member.name));
    let reports = join_all(asked).await.into_iter().collect();
    let (_, agent) = health_of(&client, AGENT_NAME).await;
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
