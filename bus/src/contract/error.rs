//! One error enum per operation, with what the caller needs to act.

use std::time::Duration;

use thiserror::Error;

use crate::acl::Denial;
use crate::topic::PatternError;

/// Why an event was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublishError {
    /// The bus or this handle was shut down (C13).
    #[error("the bus is closed")]
    Closed,
    /// The encoded event is over the limit (W2).
    #[error("encoded event is {bytes} bytes, the limit is {limit_bytes}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bus's limit.
        limit_bytes: usize,
    },
    /// Access control refuses it, and has counted and audited it (A5).
    #[error("{0}")]
    Denied(Denial),
    /// A `block` subscriber or the broker left no room within the publish limit (C11, C14).
    #[error("no room within {waited:?}: a blocking subscriber or the broker is not reading")]
    Timeout {
        /// How long the call waited.
        waited: Duration,
    },
    /// The event was accepted and its confirmation did not come in time (W6). It is still sent until
    /// it is confirmed: to publish it once more would be to publish two.
    #[error("not confirmed within {waited:?}; it may still be delivered")]
    Unconfirmed {
        /// How long the call waited.
        waited: Duration,
    },
    /// The event has its place in the order, and not every matching `block` subscription got it: one
    /// was gone for longer than the recovery window, or took nothing for longer than the stall
    /// limit (W6). All others have it.
    #[error("a blocking subscription lost the event: it was gone or stalled for too long")]
    Undelivered,
    /// The connection to the broker is gone, and no longer sought.
    #[error(
        "disconnected from the broker: {reason}; of the events accepted before, {undelivered} \
         may be lost"
    )]
    Disconnected {
        /// What ended it.
        reason: String,
        /// Events this handle had accepted and does not know the broker to have dealt with (C13):
        /// all that were not written, and of those written what the broker had not yet granted
        /// back. An upper bound: it grants in steps of up to a quarter of the publish window.
        undelivered: u64,
    },
}

/// Why a subscription was refused; the bus is unchanged (C9).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SubscribeError {
    /// The bus or this handle was shut down.
    #[error("the bus is closed")]
    Closed,
    /// The subscriber id is empty.
    #[error("subscriber id is empty")]
    EmptyId,
    /// The subscriber id is too long.
    #[error("subscriber id is {bytes} bytes, the limit is {limit_bytes}")]
    IdTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
    /// The id is taken; the first subscription is untouched.
    #[error("subscriber id {id:?} is already in use")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// Neither a pattern nor a capability that names a kind of event (M1).
    #[error("subscription has no topic pattern and no capability that names a kind of event")]
    NoPattern,
    /// A pattern is invalid.
    #[error("pattern {pattern:?}: {cause}")]
    InvalidPattern {
        /// The pattern as given.
        pattern: String,
        /// What is wrong with it.
        cause: PatternError,
    },
    /// More patterns than allowed.
    #[error("subscription has {patterns} patterns, the limit is {limit}")]
    TooManyPatterns {
        /// How many.
        patterns: usize,
        /// The limit.
        limit: usize,
    },
    /// A capacity of zero, or over the limit.
    #[error("capacity of {events} events is outside 1 to {limit_events}")]
    InvalidCapacity {
        /// As asked.
        events: usize,
        /// The largest there is.
        limit_events: usize,
    },
    /// More of the last events than the subscription can hold.
    #[error("the last {events} events do not fit the capacity of {capacity}")]
    ReplayTooLong {
        /// As asked.
        events: usize,
        /// What it can hold.
        capacity: usize,
    },
    /// A circuit breaker without losses, window or cool-down (C11).
    #[error("a circuit breaker needs losses, a window and a cool-down above zero")]
    InvalidBreaker,
    /// Access control refuses the first pattern that may not be subscribed to as a whole (A3, A5).
    #[error("{0}")]
    Denied(Denial),
    /// The limit of subscribers is reached; nobody is evicted.
    #[error("the limit of {limit} subscribers is reached")]
    LimitReached {
        /// The limit.
        limit: usize,
    },
    /// The broker did not answer in time.
    #[error("no answer from the broker within {waited:?}")]
    Timeout {
        /// How long the call waited.
        waited: Duration,
    },
    /// The connection to the broker is gone.
    #[error("disconnected from the broker: {reason}")]
    Disconnected {
        /// What ended it.
        reason: String,
    },
}

/// Why a subscription could not be ended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnsubscribeError {
    /// There is no such subscription (C9).
    #[error("no subscriber {id:?}")]
    Unknown {
        /// The id.
        id: String,
    },
    /// The bus or this handle was shut down.
    #[error("the bus is closed")]
    Closed,
    /// The broker did not answer in time.
    #[error("no answer from the broker within {waited:?}")]
    Timeout {
        /// How long the call waited.
        waited: Duration,
    },
    /// The connection to the broker is gone.
    #[error("disconnected from the broker: {reason}")]
    Disconnected {
        /// What ended it.
        reason: String,
    },
}

/// Why there are no figures.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StatisticsError {
    /// The broker did not answer in time.
    #[error("no answer from the broker within {waited:?}")]
    Timeout {
        /// How long the call waited.
        waited: Duration,
    },
    /// The connection to the broker is gone.
    #[error("disconnected from the broker: {reason}")]
    Disconnected {
        /// What ended it.
        reason: String,
    },
}

/// Why a broker does not tell who is connected and what they subscribe to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InspectError {
    /// This client may not ask, in the broker's words.
    #[error("the broker refused: {reason}")]
    Refused {
        /// Its words.
        reason: String,
    },
    /// The broker did not answer in time.
    #[error("no answer from the broker within {waited:?}")]
    Timeout {
        /// How long the call waited for one answer.
        waited: Duration,
    },
    /// The connection to the broker is gone.
    #[error("disconnected from the broker: {reason}")]
    Disconnected {
        /// What ended it.
        reason: String,
    },
}

/// Why a shutdown was not orderly. The bus is closed all the same.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShutdownError {
    /// The deadline came first; what was left is counted as dropped (C13).
    #[error("{undelivered} deliveries of accepted events did not happen within {waited:?}")]
    Deadline {
        /// How many were left, counted as in `events_dropped`: once for every subscription an
        /// event did not reach. 0 when only a goodbye was missing.
        ///
        /// A handle to a broker knows no subscriptions of others: it counts each accepted event
        /// once that it does not know the broker to have dealt with, written or not. That is an
        /// upper bound, as for [`PublishError::Disconnected`].
        undelivered: u64,
        /// The deadline; of several calls at once, the first that came.
        waited: Duration,
    },
    /// The connection broke, or the broker ended it, before everything was handed over.
    #[error(
        "disconnected from the broker: {reason}; of the events accepted before, {undelivered} \
         may be lost"
    )]
    Disconnected {
        /// What ended it.
        reason: String,
        /// Accepted events the broker is not known to have dealt with, an upper bound as for
        /// [`PublishError::Disconnected`].
        undelivered: u64,
    },
}

/// Why `try_recv` has nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TryRecvError {
    /// Nothing yet.
    #[error("no event is waiting")]
    Empty,
    /// Nothing any more.
    #[error("the subscription has ended")]
    Ended,
}
