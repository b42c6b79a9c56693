//! The control plane: requests and replies, health, tasks, configuration (CONTRACT §6, W9).
//!
//! It speaks over topics through the [`EventBus`](crate::EventBus) trait, so that it works on any
//! bus and knows no socket. [`RpcClient`] asks, [`RpcService`] answers. What a body says is in
//! `proto/control.proto`, what goes where in `PROTOCOL.md`.

mod aggregation;
mod client;
mod codec;
mod config;
mod dispatch;
mod distribution;
mod gather;
mod health;
mod heart;
mod member;
mod monitor;
mod operation;
mod proto;
mod reply;
mod request;
mod service;
mod task;
mod tracking;

pub use aggregation::{Added, Aggregate, Aggregator, GatherError};
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
pub use member::{Capabilities, Registered, Registration};
pub use monitor::{HealthChanges, HealthMonitor};
pub use operation::{Operation, UnknownOperation};
pub use reply::{Refusal, Response};
pub use request::{Request, ShutdownMode, task_subject};
pub use service::{Asked, EndError, RpcHandler, RpcService, RpcServiceConfig};
pub use task::{Task, TaskPriority, TaskResult};
pub use tracking::{
    CorrelationTracker, DEFAULT_ENTRY_LIMIT, DEFAULT_WORKFLOW_AGE, DEFAULT_WORKFLOW_LIMIT,
    TimelineEntry, TrackingConfig,
};

use std::time::Duration;

/// How long an asker waits when it says nothing else (W9).
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(30);
