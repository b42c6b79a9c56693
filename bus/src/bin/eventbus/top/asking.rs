//! Asking the agent how its collectors are: a request over the bus, `get_status` (CONTRACT §6).
//!
//! Nobody is asked where nobody serves the agent's name, so that no look waits for an answer that
//! cannot come.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::contract::BrokerInspection;
use daemoneye_eventbus::event::ReplyAddress;
use daemoneye_eventbus::rpc::{
    AgentStatus, Call, CallError, Request, Response, RpcClient, RpcClientConfig, RpcService,
};
use daemoneye_eventbus::{EventBusClient, SubscribeError};
use thiserror::Error;

/// Who is asked: a name that nobody has without proof (A4).
const AGENT: &str = "daemoneye-agent";
/// How long the agent may take, and a look waits; it has nothing to wait for itself.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Why it is not known how the collectors are.
#[derive(Debug, Error)]
pub(super) enum Silence {
    /// Nobody serves such requests.
    #[error("nobody on this bus answers as the agent")]
    Nobody,
    /// No subscription for the answers.
    #[error("answers cannot be received: {0}")]
    Unheard(#[from] SubscribeError),
    /// Asked, and not told.
    #[error("the agent does not tell: {0}")]
    NotTold(#[from] CallError),
    /// Told something that nobody asked.
    #[error("the agent answered something else")]
    OtherAnswer,
}

/// Asks at every look.
pub(super) struct Asker {
    bus: Arc<EventBusClient>,
    /// One for all looks, from the first at which there was somebody to ask.
    client: Option<RpcClient>,
}

impl Asker {
    pub(super) fn new(bus: Arc<EventBusClient>) -> Self {
        Self { bus, client: None }
    }

    /// How the collectors are, as the agent tells it; `seen` says whether there is one.
    pub(super) async fn ask(&mut self, seen: &BrokerInspection) -> Result<AgentStatus, Silence> {
        if !has_agent(seen) {
            return Err(Silence::Nobody);
        }
        let client = match self.client.take() {
            Some(client) => client,
            None => RpcClient::start(self.bus.clone(), RpcClientConfig::new(own_address())).await?,
        };
        let call = Call::new(Request::GetStatus).to(AGENT).within(ANSWER_LIMIT);
        match self.client.insert(client).call(call).await?.response {
            Response::Status(status) => Ok(status),
            _ => Err(Silence::OtherAnswer),
        }
    }
}

fn has_agent(seen: &BrokerInspection) -> bool {
    let service = RpcService::subscriber_id(AGENT);
    seen.subscriptions.iter().any(|row| row.counters.subscriber_id == service)
}

/// This process's own, whatever name it has: not every name is a level of a topic.
fn own_address() -> ReplyAddress {
    ReplyAddress::new(format!("eventbus-{}", std::process::id())).expect("a level of a topic")
}
