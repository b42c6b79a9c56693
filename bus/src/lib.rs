//! The event bus of DaemonEye: one contract for every bus, MQTT-style topics, and a broker that
//! processes of one host reach over local sockets.
//!
//! In the order to read, each room using only those above it:
//!
//! - [`clock`]: the two clocks;
//! - [`event`]: what is sent, one model for every bus;
//! - [`topic`]: names, patterns, the registry;
//! - [`contract`]: the [`EventBus`] trait, subscriptions, filters, receiver, statistics, errors;
//! - `conformance` (feature): the suite every bus runs;
//! - [`wire`]: frames and envelopes, and the conversion to and from the model.

pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod contract;
pub mod event;
pub mod topic;
#[cfg(feature = "ipc")]
pub mod wire;

pub use contract::{
    BusEvent, CorrelationFilter, CorrelationId, CorrelationMetadata, EventBus, EventBusStatistics,
    EventFilter, EventId, EventReceiver, EventSubscription, OverflowPolicy, PublishError,
    ShutdownError, StatisticsError, SubscribeError, SubscriptionStatistics, TopicFilter,
    TryRecvError, UnsubscribeError,
};
pub use event::{
    AuditEvent, ByteString, CollectionEvent, EventHeader, EventKind, FilesystemEvent, NetworkEvent,
    PerformanceEvent, Priority, ProcessEvent, Routing, SourceCaps, TriggerRequest,
};
pub use topic::{PatternError, Topic, TopicError, TopicPattern, TopicSegment};
