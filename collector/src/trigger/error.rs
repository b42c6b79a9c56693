//! Why a trigger is refused, and how a service ends badly.

use daemoneye_eventbus::PublishError;
use thiserror::Error;

use crate::condition::ConditionError;
use crate::config::MAX_TRIGGERS;

/// Why a trigger was not registered; the manager is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegisterError {
    /// Its condition cannot be read; the error shows where.
    #[error("the condition of trigger {name:?} cannot be read\n{error}")]
    Condition {
        /// Its name.
        name: String,
        /// What is wrong.
        error: Box<ConditionError>,
    },
    /// The name is taken.
    #[error("there is a trigger {name:?} already")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// There are too many.
    #[error("there are {MAX_TRIGGERS} triggers already, and no more are taken")]
    LimitReached,
}

/// Why a service ended before it was told to, and not with its bus.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TriggerServiceError {
    /// The connection to the bus is gone.
    #[error("the bus is gone; {lost} requests may be lost")]
    BusLost {
        /// Why.
        source: PublishError,
        /// Requests that were to be made and that the bus is not known to have.
        lost: u64,
    },
}

/// The service has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the trigger service has ended")]
pub struct ServiceEnded;
