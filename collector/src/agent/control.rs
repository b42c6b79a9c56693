//! The agent's side of the control plane: collectors join it, show it life, and are asked to end
//! (CONTRACT §6).
//!
//! It is there where a broker tells who says what (A4); on the in-process bus collectors are
//! threads of the agent, which sees them itself.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::event::ReplyAddress;
use daemoneye_eventbus::rpc::{
    Call, Dispatcher, DistributionConfig, HealthConfig, HealthMonitor, Membership, Request,
    RpcClient, RpcClientConfig, RpcService, RpcServiceConfig, ShutdownMode, StatusMonitor,
};
use daemoneye_eventbus::{EventBus, SubscribeError};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::account::AccountReader;
use super::handler::AgentHandler;
use super::roll::RollReader;
use crate::analysis::TaskCarrier;
use crate::config::Settings;
use crate::control::AGENT_NAME;

/// How long a collector may take to say that it will end, before it is asked by a signal.
const ASK_LIMIT: Duration = Duration::from_secs(2);

/// Answers members, watches over them, and asks them.
pub(super) struct AgentControl {
    client: Arc<RpcClient>,
    monitor: Arc<HealthMonitor>,
    /// What members tell unasked.
    statuses: Arc<StatusMonitor>,
    dispatcher: Arc<Dispatcher>,
    service: RpcService,
}

impl AgentControl {
    /// Begins to answer. Cancelling it leaves nothing behind.
    pub(super) async fn start(
        bus: &Arc<dyn EventBus>,
        settings: &Settings,
        roll: RollReader,
        account: AccountReader,
    ) -> Result<Self, SubscribeError> {
        let address = ReplyAddress::new(AGENT_NAME).expect("a level of a topic");
        let client = RpcClient::start(Arc::clone(bus), RpcClientConfig::new(address)).await?;
        let client = Arc::new(client);
        let heartbeat = settings.agent.heartbeat_interval;
        let config = HealthConfig { heartbeat, ..HealthConfig::default() };
        let monitor = HealthMonitor::start(Arc::clone(bus), AGENT_NAME, config).await?;
        let monitor = Arc::new(monitor);
        let statuses = Arc::new(StatusMonitor::start(Arc::clone(bus), AGENT_NAME).await?);
        let config = DistributionConfig::default();
        let dispatcher = Dispatcher::start(Arc::clone(&client), Arc::clone(&monitor), config);
        let dispatcher = Arc::new(dispatcher);
        let membership = Membership::new(Arc::clone(&dispatcher), Arc::clone(&monitor), heartbeat);
        let handler = AgentHandler {
            membership,
            monitor: Arc::clone(&monitor),
            told: Arc::clone(&statuses),
            roll,
            account,
            bus_type: settings.event_bus.bus_type,
            began: Instant::now(),
        };
        let config = RpcServiceConfig::agent(AGENT_NAME);
        let service = RpcService::start(Arc::clone(bus), config, Arc::new(handler)).await?;
        Ok(Self { client, monitor, statuses, dispatcher, service })
    }

    /// How stages of analyses reach members.
    pub(super) fn carrier(&self) -> TaskCarrier {
        let carrier = TaskCarrier::new(Arc::clone(&self.client));
        carrier.with_dispatcher(Arc::clone(&self.dispatcher))
    }

    /// Completes once a collector that had joined has shown no life for this long after it should
    /// have. Cancel safe.
    pub(super) async fn lost(&self, collector: &str, limit: Duration) {
        self.monitor.lost_for(collector, limit).await;
    }

    /// A collector has ended: it is no member any more, and what it was at goes to others.
    pub(super) async fn forget(&self, collector: &str) {
        self.dispatcher.leave(collector).await;
        self.statuses.forget(collector);
    }

    /// Asks a collector to end in order; whether it will. One that has not joined is not asked.
    pub(super) async fn ask_to_end(&self, collector: &str, within: Duration) -> bool {
        if self.monitor.status(collector).is_none() {
            return false;
        }
        let request = Request::Shutdown(ShutdownMode::Graceful { within });
        let call = Call::new(request).to(collector.to_owned()).within(ASK_LIMIT.min(within));
        let answered = self.client.call(call).await;
        if let Err(error) = &answered {
            warn!(collector, %error, "it does not say that it will end");
        }
        answered.is_ok()
    }

    /// Answers what is being asked, and ends.
    pub(super) async fn end(self, limit: Duration) {
        if let Err(error) = self.service.end(limit).await {
            debug!(%error, "cut off what was being answered");
        }
    }
}
