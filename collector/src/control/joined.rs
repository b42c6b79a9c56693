//! A collector among the members of its agent: from its registration until it leaves.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::event::ReplyAddress;
use daemoneye_eventbus::rpc::{
    Call, CallError, Heart, Registration, Request, Response, RpcClient, RpcClientConfig,
    RpcHandler, RpcService, RpcServiceConfig, Vitals,
};
use daemoneye_eventbus::{EventBus, SubscribeError};
use thiserror::Error;
use tracing::debug;

use super::AGENT_NAME;

/// How long the agent may take to let a member in or out; it has nothing to wait for.
const AGENT_LIMIT: Duration = Duration::from_secs(5);

/// Shows life and answers until it leaves. Dropping it does neither any more, without a word.
pub(super) struct Joined {
    member: String,
    client: RpcClient,
    service: RpcService,
    heart: Heart,
}

/// Why a collector is no member.
#[derive(Debug, Error)]
pub(super) enum JoinError {
    /// It may not, or cannot, hear what it is asked.
    #[error("it cannot subscribe: {0}")]
    Subscribe(#[from] SubscribeError),
    /// The agent did not let it in.
    #[error("the agent did not register it: {0}")]
    Register(#[from] CallError),
    /// The agent answered something else.
    #[error("the agent's answer is no registration")]
    NoRegistration,
}

impl JoinError {
    /// Whether the bus has ended, so that trying again is of no use.
    pub(super) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Subscribe(SubscribeError::Closed) | Self::Register(CallError::BusEnded)
        )
    }
}

impl Joined {
    /// Registers once whatever it may be asked is heard. Cancelling it leaves nothing behind but,
    /// perhaps, the agent's notion of a member, which ends with the next registration.
    pub(super) async fn register(
        bus: &Arc<dyn EventBus>,
        registration: Registration,
        handler: Arc<dyn RpcHandler>,
        vitals: impl Fn() -> Vitals + Send + Sync + 'static,
    ) -> Result<Self, JoinError> {
        let member = registration.member.clone();
        let config = RpcServiceConfig::collector(member.clone(), registration.kind);
        let service = RpcService::start(Arc::clone(bus), config, handler).await?;
        let address = ReplyAddress::new(member.clone()).expect("a collector's name is a level");
        let config = RpcClientConfig::new(address).with_deadline(AGENT_LIMIT);
        let client = RpcClient::start(Arc::clone(bus), config).await?;
        let call = Call::new(Request::Register(registration)).to(AGENT_NAME);
        let Response::Registered(registered) = client.call(call).await?.response else {
            return Err(JoinError::NoRegistration);
        };
        let heart = Heart::start(Arc::clone(bus), registered.heartbeat, vitals);
        Ok(Self { member, client, service, heart })
    }

    /// Shows life now, as there is news of how the collector is.
    pub(super) fn show_life(&self) {
        self.heart.beat();
    }

    /// Says goodbye to the agent, and finishes what is being answered.
    pub(super) async fn leave(self, limit: Duration) {
        let reason = "it ends in order".to_owned();
        let call = Call::new(Request::Deregister { member: self.member, reason });
        let call = call.to(AGENT_NAME).within(limit.min(AGENT_LIMIT));
        // An agent that does not answer is told by the end of the connection.
        if let Err(error) = self.client.call(call).await {
            debug!(%error, "left without an answer");
        }
        if let Err(error) = self.service.end(limit).await {
            debug!(%error, "cut off what was being answered");
        }
    }
}
