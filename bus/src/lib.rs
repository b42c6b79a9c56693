//! The event bus of DaemonEye: one contract for every bus, MQTT-style topics, and a broker that
//! processes of one host reach over local sockets.
//!
//! In the order to read, each room using only those above it:
//!
//! - [`clock`]: the two clocks;
//! - [`duration`]: durations as configuration files have them;
//! - [`hops`]: when each part of an event's way ended, for whoever asks;
//! - [`event`]: what is sent, one model for every bus;
//! - [`topic`]: names, patterns, the registry;
//! - [`acl`]: who may publish and subscribe what;
//! - [`contract`]: the [`EventBus`] trait, subscriptions, filters, receiver, statistics, errors;
//! - `conformance` (feature): the suite every bus runs;
//! - [`identity`]: secrets that prove who somebody is;
//! - [`wire`]: frames and envelopes, and the conversion to and from the model;
//! - [`transport`]: local sockets, the same on every system;
//! - [`framed`]: messages over them, for programs with a protocol of their own;
//! - [`broker`]: routes events between handles in this process and clients behind sockets;
//! - [`client`]: a handle to a broker in another process;
//! - [`rpc`]: the control plane, over any bus;
//! - [`DaemoneyeEventBus`]: broker or client, as users name it.
//!
//! Numbers such as C4 or W3 are promises of the contract, `CONTRACT.md` beside this package's
//! manifest; what goes over a socket is `PROTOCOL.md`, which topics there are `TOPICS.md`.

pub mod acl;
#[cfg(feature = "benching")]
pub mod benching;
#[cfg(feature = "ipc")]
pub mod broker;
#[cfg(feature = "ipc")]
pub mod client;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod contract;
pub mod duration;
pub mod event;
#[cfg(feature = "ipc")]
pub mod framed;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod hops;
#[cfg(feature = "ipc")]
pub mod identity;
#[cfg(feature = "ipc")]
mod ipc;
#[cfg(feature = "ipc")]
pub mod rpc;
pub mod topic;
#[cfg(feature = "ipc")]
pub mod transport;
#[cfg(feature = "ipc")]
pub mod wire;

pub use contract::{
    BusEvent, CorrelationFilter, CorrelationId, CorrelationMetadata, EventBus, EventBusStatistics,
    EventFilter, EventId, EventReceiver, EventSubscription, OverflowPolicy, PublishError,
    ShutdownError, StatisticsError, SubscribeError, SubscriptionStatistics, TopicFilter,
    TryRecvError, UnsubscribeError,
};
pub use event::{
    AuditEvent, ByteString, CollectionEvent, ControlMessage, EventHeader, EventKind,
    FilesystemEvent, NetworkEvent, PerformanceEvent, Priority, ProcessEvent, Routing, SourceCaps,
    TriggerRequest,
};
pub use topic::{PatternError, Topic, TopicError, TopicPattern, TopicSegment};

#[cfg(feature = "ipc")]
pub use broker::{BrokerConfig, DaemoneyeBroker};
#[cfg(feature = "ipc")]
pub use client::{ClientConfig, ConnectError, EventBusClient};
#[cfg(feature = "ipc")]
pub use identity::{Credential, Secret};
#[cfg(feature = "ipc")]
pub use ipc::DaemoneyeEventBus;
#[cfg(feature = "ipc")]
pub use transport::SocketAddress;
#[cfg(feature = "ipc")]
pub use wire::EventEnvelope;
