//! The host of the bus, as the agent is one: lets the collector in, subscribes, asks how it is.

use std::sync::Arc;
use std::time::Duration;

use collector_core::EventBusFactory;
use collector_core::control::AGENT_NAME;
use collector_core::factory::HostedBus;
use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};
use daemoneye_eventbus::event::ReplyAddress;
use daemoneye_eventbus::rpc::{
    Call, HealthPart, HealthStatus, Request, Response, RpcClient, RpcClientConfig,
};
use daemoneye_eventbus::{BusEvent, EventReceiver};

use super::collector::{RunningCollector, event_bus};
use super::line::{Assignment, CLOSE_LIMIT, Order, Orders, Reply};
use crate::driver::part::tell;
use crate::plan::Reading;
use crate::plan::chaos::COLLECTOR;
use crate::plan::control::Health;
use crate::record::PartTold;

/// How long the token of a collector that is about to be started is good, on a busy host.
const TOKEN_LIFETIME: Duration = Duration::from_mins(1);
/// How long an answer to how a collector is may take.
const HEALTH_LIMIT: Duration = Duration::from_secs(10);

/// The host as it runs.
struct Host {
    hosted: HostedBus,
    receiver: EventReceiver,
    is_reading: bool,
    record: Vec<Arc<BusEvent>>,
    client: Arc<RpcClient>,
    /// The collector, where it is in this process, until it is stopped.
    collector: Option<RunningCollector>,
}

/// Hosts the bus until told to leave.
pub(super) async fn run(assignment: &Assignment, mut orders: Orders) -> Result<(), String> {
    let mut host = Host::start(assignment).await?;
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Leave) | None => break,
                Some(order) => host.obey(order).await?,
            },
            event = host.receiver.recv(), if host.is_reading => match event {
                Some(event) => host.record.push(event),
                None => return Err("its subscription ended by itself".to_owned()),
            },
        }
    }
    host.leave().await
}

impl Host {
    async fn start(assignment: &Assignment) -> Result<Self, String> {
        let hosted = EventBusFactory::host(&event_bus(assignment), AGENT_NAME);
        let hosted = hosted.map_err(|cause| format!("there is no bus: {cause}"))?;
        let bus = Arc::clone(hosted.bus());
        let [spec] = assignment.case.topology.subscribers.as_slice() else {
            return Err("a case of chaos has one subscriber".to_owned());
        };
        let subscribed = bus.subscribe(spec.subscription.clone()).await;
        let receiver = subscribed.map_err(|cause| format!("it cannot subscribe: {cause}"))?;
        let own = ReplyAddress::new(AGENT_NAME).map_err(|cause| cause.to_string())?;
        let role = Role::Collector(CollectorKind::Process);
        let principal = Principal::new(COLLECTOR, role).map_err(|cause| cause.to_string())?;
        let token = hosted.issue_token(principal, TOKEN_LIFETIME);
        let token = token.map_err(|cause| cause.to_string())?.map(|token| token.to_hex());
        let config = RpcClientConfig::new(own).with_deadline(HEALTH_LIMIT);
        // On a bus without a broker publishers have no names.
        let config = if token.is_none() { config.with_any_publisher() } else { config };
        let client = RpcClient::start(Arc::clone(&bus), config).await;
        let client = Arc::new(client.map_err(|cause| format!("it cannot ask: {cause}"))?);
        let collector = if token.is_some() {
            None
        } else {
            Some(RunningCollector::start(assignment, bus).await?)
        };
        tell(&Reply::Ready { token });
        let is_reading = spec.reading == Reading::Prompt;
        Ok(Self { hosted, receiver, is_reading, record: Vec::new(), client, collector })
    }

    async fn obey(&mut self, order: Order) -> Result<(), String> {
        match order {
            Order::Look => tell(&Reply::Received(self.record.len() as u64)),
            Order::Read => {
                self.is_reading = true;
                tell(&Reply::Obeyed);
            }
            // Beside reading, which goes on meanwhile.
            Order::AskHealth => drop(tokio::spawn(tell_health(Arc::clone(&self.client)))),
            Order::Stop => self.stop().await?,
            Order::Leave => {}
        }
        Ok(())
    }

    /// Stops the collector in this process; what it still publishes is read meanwhile.
    async fn stop(&mut self) -> Result<(), String> {
        let collector = self.collector.take().ok_or("the collector is not in this process")?;
        let stopping = collector.stop();
        tokio::pin!(stopping);
        let report = loop {
            tokio::select! {
                stopped = &mut stopping => break stopped?,
                event = self.receiver.recv() => match event {
                    Some(event) => self.record.push(event),
                    None => return Err("its subscription ended by itself".to_owned()),
                },
            }
        };
        tell(&Reply::Ended(report));
        Ok(())
    }

    /// Closes the bus, and takes what was still on its way.
    async fn leave(self) -> Result<(), String> {
        let Self { hosted, mut receiver, mut record, client, collector, .. } = self;
        drop((client, collector));
        let rest = async {
            while let Some(event) = receiver.recv().await {
                record.push(event);
            }
        };
        let (closed, ()) = tokio::join!(hosted.shutdown(CLOSE_LIMIT), rest);
        closed.map_err(|cause| format!("the bus did not close in order: {cause}"))?;
        let record = record.into_iter().map(Arc::unwrap_or_clone);
        tell(&Reply::Record(record.collect()));
        Ok(())
    }
}

async fn tell_health(client: Arc<RpcClient>) {
    let answer = client.call(Call::new(Request::HealthCheck).to(COLLECTOR)).await;
    let parts = match answer.map(|answer| answer.response) {
        Ok(Response::Health(report)) => report.parts,
        other => {
            eprintln!("chaos: asked how it is, the collector answered {other:?}");
            Vec::new()
        }
    };
    tell(&Reply::Health(parts.into_iter().map(told).collect()));
}

fn told(part: HealthPart) -> PartTold {
    let health = match part.status {
        HealthStatus::Healthy => Health::Healthy,
        HealthStatus::Degraded => Health::Degraded,
        HealthStatus::Unhealthy => Health::Unhealthy,
    };
    PartTold { name: part.name, health, reason: part.reason }
}
