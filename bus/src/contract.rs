//! What every bus owes: the [`EventBus`] trait and the types it speaks (CONTRACT C1–C14, M1–M5).
//!
//! This room knows no socket. Every bus (crossbeam, embedded, another process) implements the
//! same trait, compiles subscriptions with the same matcher and hands out the same receiver.

mod bus;
mod bus_event;
mod confirmation;
mod correlation;
mod error;
mod event_id;
mod filter;
mod inspection;
mod matching;
mod overflow;
mod queue;
mod receiver;
mod resumed;
mod statistics;
mod subscription;

pub use bus::{EventBus, PublishFuture};
pub use bus_event::BusEvent;
pub use confirmation::Confirmation;
pub use correlation::{CorrelationId, CorrelationMetadata};
pub use error::{
    InspectError, PublishError, ShutdownError, StatisticsError, SubscribeError, TryRecvError,
    UnsubscribeError,
};
pub use event_id::EventId;
pub use filter::{CorrelationFilter, EventFilter, TopicFilter};
pub use inspection::{
    BrokerInspection, ConnectionInspection, InspectionCursor, InspectionQuery, Sections,
    SubscriptionInspection, TopicInspection,
};
pub use matching::{Attributes, Matcher};
pub use overflow::{Breaker, BreakerConfig, BreakerState, OverflowPolicy};
pub use queue::{DeliveryQueue, PushError, Pushed, QueueInbox};
pub use receiver::{Delivery, EventReceiver, Inbox};
pub use resumed::{Lost, Resumed};
pub use statistics::{EventBusStatistics, SubscriptionStatistics};
pub use subscription::{
    DEFAULT_CAPACITY_EVENTS, EventSubscription, MAX_CAPACITY_EVENTS, MAX_PATTERNS,
    MAX_SUBSCRIBER_ID_BYTES,
};
