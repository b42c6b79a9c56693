//! The control plane: requests and replies, health, tasks, configuration (CONTRACT §6, W9).
//!
//! It speaks over topics through the [`EventBus`](crate::EventBus) trait, so that it works on any
//! bus and knows no socket. What a body says is in `proto/control.proto`, what goes where in
//! `PROTOCOL.md`.
//!
//! - [`RpcClient`] asks, [`RpcService`] answers, [`gather`] asks several;
//! - [`Heart`] shows life, [`HealthMonitor`] notices who does not;
//! - [`announce`] tells unasked what has changed and what was done, [`StatusMonitor`] keeps the
//!   last word of each member;
//! - [`Dispatcher`] has tasks done by members, [`Distributor`] decides by whom;
//! - [`Membership`] lets members in and out;
//! - [`ConfigStore`] keeps a member's configuration;
//! - [`CorrelationTracker`] follows workflows.
//!
//! ```
//! use std::sync::Arc;
//!
//! use daemoneye_eventbus::acl::CollectorKind;
//! use daemoneye_eventbus::event::ReplyAddress;
//! use daemoneye_eventbus::rpc::{
//!     Asked, Call, Refusal, Request, Response, RpcClient, RpcClientConfig, RpcHandler, RpcService,
//!     RpcServiceConfig,
//! };
//! use daemoneye_eventbus::{BrokerConfig, DaemoneyeBroker, DaemoneyeEventBus};
//!
//! struct Procmond;
//!
//! #[async_trait::async_trait]
//! impl RpcHandler for Procmond {
//!     async fn handle(&self, request: Request, _asked: &Asked) -> Result<Response, Refusal> {
//!         match request {
//!             Request::Start => Ok(Response::Done),
//!             other => Err(Refusal::unknown(other.operation())),
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let broker = DaemoneyeBroker::new(BrokerConfig::default());
//! let bus = Arc::new(DaemoneyeEventBus::from_broker(&broker, "procmond"));
//! let config = RpcServiceConfig::collector("procmond", CollectorKind::Process);
//! let _service = RpcService::start(bus, config, Arc::new(Procmond)).await?;
//!
//! let bus = Arc::new(DaemoneyeEventBus::from_broker(&broker, "agent"));
//! let client = RpcClient::start(bus, RpcClientConfig::new(ReplyAddress::new("agent")?)).await?;
//! let answer = client.call(Call::new(Request::Start).to("procmond")).await?;
//! assert_eq!(answer.response, Response::Done);
//! # Ok(())
//! # }
//! ```

mod aggregation;
mod announcing;
mod client;
mod codec;
mod config;
mod dispatch;
mod distribution;
mod gather;
mod health;
mod heart;
mod listening;
mod member;
mod membership;
mod monitor;
mod operation;
mod proto;
mod reply;
mod request;
mod service;
mod status;
mod task;
mod telemetry;
mod tracking;

pub use aggregation::{Added, Aggregate, Aggregator, GatherError};
pub use announcing::{AnnounceError, Announcement, announce};
pub use client::{Answer, Call, CallError, RpcClient, RpcClientConfig};
pub use codec::BodyError;
pub use config::{
    ConfigChange, ConfigChanges, ConfigError, ConfigKeys, ConfigOutcome, ConfigStore, ConfigUpdate,
    ConfigValues, InForce,
};
pub use dispatch::{AdmitError, Dispatcher, ExecuteError};
pub use distribution::{
    Assigned, Assignment, DistributionConfig, Distributor, JoinError, Moved, Strategy, SubmitError,
};
pub use gather::{AskedError, GATHER_LIMIT, gather};
pub use health::{
    BoardFull, DEFAULT_HEARTBEAT, HealthBoard, HealthChange, HealthConfig, HealthPart,
    HealthReport, HealthStatus, Heartbeat, MISSED_LIMIT,
};
pub use heart::{Heart, Vitals};
pub use listening::{MAX_HEARD_MEMBERS, StatusMonitor};
pub use member::{Capabilities, Registered, Registration};
pub use membership::Membership;
pub use monitor::{HealthChanges, HealthMonitor};
pub use operation::{Operation, UnknownOperation};
pub use reply::{Refusal, Response};
pub use request::{Request, ShutdownMode, task_subject};
pub use service::{Asked, EndError, RpcHandler, RpcService, RpcServiceConfig};
pub use status::{AgentStatus, LastTelemetry, MemberState, MemberStatus, StatusReport};
pub use task::{Task, TaskPriority, TaskResult};
pub use telemetry::{Counters, CpuUse, ErrorRate, Resources, Telemetry};
pub use tracking::{
    CorrelationTracker, DEFAULT_ENTRY_LIMIT, DEFAULT_WORKFLOW_AGE, DEFAULT_WORKFLOW_LIMIT,
    TimelineEntry, TrackingConfig,
};

use std::time::Duration;

/// How long an asker waits when it says nothing else (W9).
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);
/// The longest a request is waited for and may run, whatever it says: longer work is several tasks.
pub const MAX_DEADLINE: Duration = Duration::from_hours(1);

/// A wait as clocks count it; what does not fit is as good as for ever.
fn nanoseconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX)
}
