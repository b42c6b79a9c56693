//! Who is let in by the desk, and what the desk tells of them: `rpc`'s own membership, or with a
//! fault in front of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use daemoneye_eventbus::EventBus;
use daemoneye_eventbus::rpc::{
    Asked, Dispatcher, DistributionConfig, HealthConfig, HealthMonitor, HealthReport, HealthStatus,
    Membership, Refusal, Request, Response, RpcClient, RpcHandler,
};

use super::fault::ControlFault;
use crate::plan::control::DESK;

/// A heartbeat nobody ever misses within a trial.
const NEVER: Duration = Duration::from_hours(1);

/// What the desk watches over members with, and gives them tasks with.
pub(super) struct Watching {
    pub(super) monitor: Arc<HealthMonitor>,
    pub(super) dispatcher: Arc<Dispatcher>,
}

impl Watching {
    /// One monitor for both; with a fault that tells them apart, one for each.
    pub(super) async fn start(
        bus: &Arc<dyn EventBus>,
        client: &Arc<RpcClient>,
        heartbeat: Duration,
        config: DistributionConfig,
        fault: Option<ControlFault>,
    ) -> Result<Self, String> {
        let mut health = HealthConfig { heartbeat, ..HealthConfig::default() };
        if fault == Some(ControlFault::MissesOneHeartbeat) {
            health.missed_limit = 1;
        }
        let monitor = monitor(bus, DESK, health).await?;
        let own = match fault {
            Some(ControlFault::NeverFailsOver) => {
                let health = HealthConfig { heartbeat: NEVER, ..health };
                monitor_apart(bus, health).await?
            }
            Some(ControlFault::NeverForgives) => monitor_apart(bus, health).await?,
            _ => Arc::clone(&monitor),
        };
        let dispatcher = Arc::new(Dispatcher::start(Arc::clone(client), own, config));
        if fault == Some(ControlFault::NeverForgives) {
            never_forgive(&monitor, &dispatcher);
        }
        Ok(Self { monitor, dispatcher })
    }

    /// What answers whoever asks the desk.
    pub(super) fn handler(
        &self,
        heartbeat: Duration,
        fault: Option<ControlFault>,
    ) -> Arc<dyn RpcHandler> {
        let (dispatcher, monitor) = (Arc::clone(&self.dispatcher), Arc::clone(&self.monitor));
        let membership = Membership::new(dispatcher, Arc::clone(&monitor), heartbeat);
        match fault {
            None => Arc::new(membership),
            Some(fault) => Arc::new(Faulty { membership, monitor, fault }),
        }
    }
}

async fn monitor(
    bus: &Arc<dyn EventBus>,
    name: &str,
    health: HealthConfig,
) -> Result<Arc<HealthMonitor>, String> {
    let monitor = HealthMonitor::start(Arc::clone(bus), name, health).await;
    monitor.map(Arc::new).map_err(|cause| cause.to_string())
}

async fn monitor_apart(
    bus: &Arc<dyn EventBus>,
    health: HealthConfig,
) -> Result<Arc<HealthMonitor>, String> {
    monitor(bus, "apart", health).await
}

/// Whoever is lost once leaves for good, as far as tasks go.
fn never_forgive(monitor: &Arc<HealthMonitor>, dispatcher: &Arc<Dispatcher>) {
    let (mut changes, dispatcher) = (monitor.changes(), Arc::clone(dispatcher));
    tokio::spawn(async move {
        loop {
            for change in changes.next().await {
                if change.now == Some(HealthStatus::Unhealthy) {
                    dispatcher.leave(&change.member).await;
                }
            }
        }
    });
}

/// Membership with a fault in what it tells, or with two monitors to let members in to.
struct Faulty {
    membership: Membership,
    monitor: Arc<HealthMonitor>,
    fault: ControlFault,
}

#[async_trait]
impl RpcHandler for Faulty {
    async fn handle(&self, request: Request, asked: &Asked) -> Result<Response, Refusal> {
        if let Request::Register(registration) = &request {
            let admitted = self.monitor.admit(&registration.member);
            admitted.map_err(|full| Refusal::failed(full.to_string()))?;
        }
        let response = self.membership.handle(request, asked).await?;
        Ok(match response {
            Response::Health(report) => Response::Health(self.told(report)),
            other => other,
        })
    }
}

impl Faulty {
    fn told(&self, mut report: HealthReport) -> HealthReport {
        let best = report.parts.iter().map(|part| part.status).min().unwrap_or_default();
        match self.fault {
            ControlFault::HidesTheSick => {
                report.parts.retain(|part| part.status == HealthStatus::Healthy);
            }
            ControlFault::TellsTheBest => {
                report.parts.iter_mut().for_each(|part| part.status = best);
            }
            _ => {}
        }
        report
    }
}
