//! Members that come and go by request: what an agent answers on `control.collector.registration`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::dispatch::Dispatcher;
use super::member::{Registered, Registration};
use super::monitor::HealthMonitor;
use super::{Asked, Refusal, Request, Response, RpcHandler};

/// Lets members in and out, and says how they are. The handler of an agent's
/// [`RpcService`](super::RpcService).
pub struct Membership {
    dispatcher: Arc<Dispatcher>,
    monitor: Arc<HealthMonitor>,
    heartbeat: Duration,
}

impl Membership {
    /// Members get tasks from this dispatcher and show life to its monitor, this often.
    pub fn new(
        dispatcher: Arc<Dispatcher>,
        monitor: Arc<HealthMonitor>,
        heartbeat: Duration,
    ) -> Self {
        Self { dispatcher, monitor, heartbeat }
    }

    async fn register(&self, registration: Registration, asked: &Asked) -> Result<(), Refusal> {
        let Registration { member, kind, task_limit, .. } = registration;
        is_itself(&member, asked)?;
        // One that registers again has started anew, and what it had is nobody's now.
        self.dispatcher.leave(&member).await;
        let joined = self.dispatcher.join(&member, kind, task_limit).await;
        joined.map_err(|error| Refusal::failed(error.to_string()))
    }
}

#[async_trait]
impl RpcHandler for Membership {
    async fn handle(&self, request: Request, asked: &Asked) -> Result<Response, Refusal> {
        match request {
            Request::Register(registration) => {
                self.register(registration, asked).await?;
                Ok(Response::Registered(Registered { heartbeat: self.heartbeat }))
            }
            Request::Deregister { member, .. } => {
                is_itself(&member, asked)?;
                self.dispatcher.leave(&member).await;
                Ok(Response::Done)
            }
            Request::HealthCheck => Ok(Response::Health(self.monitor.report())),
            other => Err(Refusal::unknown(other.operation())),
        }
    }
}

/// Whoever asks can speak for itself alone: who it is says the bus, not the message (A4).
fn is_itself(member: &str, asked: &Asked) -> Result<(), Refusal> {
    if asked.by == member {
        return Ok(());
    }
    let reason = format!("{:?} asks for {member:?}", &*asked.by);
    Err(Refusal::InvalidBody { reason })
}
