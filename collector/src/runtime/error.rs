//! Why a source is not registered, and why a run did not go well.

use std::time::Duration;

use daemoneye_eventbus::{PublishError, ShutdownError, SubscribeError};
use thiserror::Error;

use crate::factory::FactoryError;
use crate::spool::OpenError;

/// Why a source is refused; the collector is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegisterError {
    /// Another source has the name.
    #[error("a source named {name:?} is already registered")]
    DuplicateName {
        /// The name.
        name: &'static str,
    },
    /// The limit is reached.
    #[error("the limit of {limit} sources is reached")]
    LimitReached {
        /// The limit.
        limit: usize,
    },
    /// It declares nothing, so that none of its events would pass.
    #[error("source {name:?} declares no capability")]
    NoCapability {
        /// Its name.
        name: &'static str,
    },
}

/// Why a run ended otherwise than it should.
#[derive(Debug, Error)]
pub enum RunError {
    /// The configuration is out of bounds.
    #[error("the configuration is out of bounds: {problems}")]
    Configuration {
        /// Each key with what is wrong.
        problems: String,
    },
    /// Nothing registered.
    #[error("no source is registered")]
    NoSource,
    /// A source was refused.
    #[error("a source was refused")]
    Register(#[from] RegisterError),
    /// The bus of the configuration could not be opened.
    #[error("cannot open the event bus")]
    Bus(#[from] FactoryError),
    /// It cannot hear what it is asked.
    #[error("the collector cannot hear what it is asked")]
    Serve(#[from] SubscribeError),
    /// The spool of the configuration could not be opened.
    #[error("cannot open the spool")]
    Spool(#[from] OpenError),
    /// Every source failed, so that nothing is collected any more.
    #[error("every source failed: {failures}")]
    AllSourcesFailed {
        /// Each with its error.
        failures: String,
    },
    /// The bus closed or went away.
    #[error("the event bus is gone, {lost} events were lost")]
    BusLost {
        /// What it said.
        source: PublishError,
        /// Events accepted, and neither published nor kept on disk.
        lost: u64,
    },
    /// The time for a stop was up before everything was published.
    #[error("{lost} events were not published within {waited:?}")]
    Deadline {
        /// Events accepted, and neither published nor kept on disk.
        lost: u64,
        /// The time there was.
        waited: Duration,
    },
    /// Everything was published, but the bus did not close in order.
    #[error("the event bus did not close in order")]
    BusShutdown(#[from] ShutdownError),
}

impl RunError {
    /// Whether the configuration must be changed; otherwise the system or another process must.
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Configuration { .. } => true,
            Self::Bus(error) => error.is_configuration(),
            Self::Spool(error) => error.is_configuration(),
            _ => false,
        }
    }
}
