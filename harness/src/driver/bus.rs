//! Opening a bus for the roles of one process: this file and `in_process` alone know which bus is
//! which.
//!
//! A [`Hub`] is what a process owns of the bus: the whole bus in process, the broker, or nothing
//! but the way to a broker elsewhere. Roles get handles from it.

mod in_process;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::broker::Retention;
use daemoneye_eventbus::client::Reconnect;
use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::hops::HopLog;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, ConnectError, Credential, DaemoneyeBroker, DaemoneyeEventBus,
    EventBus, EventBusStatistics, PublishError, ShutdownError, SocketAddress, StatisticsError,
    SubscribeError, UnsubscribeError,
};
use thiserror::Error;

use super::impostors::Attempt;
use super::passes::{self, Pass};
use super::peer;
use super::remote::RemoteFault;
use crate::plan::{Bus, BusSettings, Deployment};
use crate::record::{Admission, Outcome};

/// The longest pause between two attempts to connect again, so that a trial need not wait for the
/// usual 30 s.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What one process owns of a bus.
pub(crate) enum Hub {
    /// The whole bus; every role shares one handle.
    InProcess(Arc<dyn EventBus>),
    /// The broker; every role has a handle of its own.
    Broker(DaemoneyeBroker),
    /// The server of another broker; every role is in a process of its own.
    Peer(peer::Server),
    /// The void floor: nothing to publish to.
    Void,
}

/// What there is to know to open a bus.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// The bus.
    pub bus: Bus,
    /// Its settings; `None` leaves the bus's own default.
    pub settings: BusSettings,
    /// Whether the reference clones events for each subscriber instead of sharing them.
    pub share_by_clone: bool,
    /// Where the broker listens.
    pub socket: PathBuf,
    /// What roles prove themselves with to a broker in another process.
    pub passes: Vec<Pass>,
    /// What some show who are not who they say.
    pub attempts: Vec<Attempt>,
    /// What notes when hops of events ended, in a traced trial.
    pub hops: Option<HopLog>,
    /// Where a broker keeps what its successor must know, if there may be one; then everybody comes
    /// back when a connection breaks.
    pub journal: Option<PathBuf>,
}

impl Opening {
    /// What is wrong between roles and the broker, if anything.
    pub(crate) fn fault(&self) -> Option<RemoteFault> {
        self.settings.fault.as_deref().and_then(RemoteFault::named)
    }
}

/// Why a bus could not be opened or reached.
#[derive(Debug, Error)]
pub(crate) enum OpenError {
    /// The in-process bus did not start.
    #[error("the in-process bus did not start: {0}")]
    Local(String),
    /// The broker does not listen.
    #[error("the broker does not listen: {0}")]
    Serve(String),
    /// The broker of others did not come up.
    #[error("the broker of others did not come up: {0}")]
    Peer(String),
    /// The broker was not reached.
    #[error("the broker was not reached: {0}")]
    Connect(String),
}

impl Hub {
    /// Opens the bus itself: called in the process that hosts it.
    pub(crate) fn host(opening: &Opening) -> Result<Self, OpenError> {
        if opening.bus.is_peer() {
            let server = peer::Server::start(opening.bus, &opening.socket);
            return server.map(Self::Peer).map_err(OpenError::Peer);
        }
        match opening.bus.deployment() {
            Deployment::InProcess => in_process::open(opening).map(Self::InProcess),
            Deployment::Embedded | Deployment::Agent | Deployment::Process => {
                broker(opening).map(Self::Broker)
            }
        }
    }

    /// A handle for a role of the hosting process.
    pub(crate) fn handle(&self, name: &str) -> Option<Arc<dyn EventBus>> {
        match self {
            Self::InProcess(bus) => Some(Arc::clone(bus)),
            Self::Broker(broker) => Some(Arc::new(DaemoneyeEventBus::from_broker(broker, name))),
            Self::Peer(_) | Self::Void => None,
        }
    }

    /// The process that is measured in the place of this one, if there is one.
    pub(crate) fn server(&self) -> Option<u32> {
        match self {
            Self::Peer(server) => Some(server.pid()),
            Self::InProcess(_) | Self::Broker(_) | Self::Void => None,
        }
    }

    /// The bus's counters.
    pub(crate) async fn statistics(&self) -> Result<EventBusStatistics, StatisticsError> {
        match self {
            Self::InProcess(bus) => bus.statistics().await,
            Self::Broker(broker) => Ok(broker.statistics()),
            Self::Peer(_) => Err(StatisticsError::Disconnected {
                reason: "a broker of others has no counters of ours".to_owned(),
            }),
            Self::Void => Ok(EventBusStatistics::default()),
        }
    }

    /// Shuts the whole bus down, broker included.
    pub(crate) async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        match self {
            Self::InProcess(bus) => bus.shutdown(deadline).await,
            Self::Broker(broker) => broker.shutdown(deadline).await,
            Self::Peer(server) if server.end(deadline) => Ok(()),
            Self::Peer(_) => Err(ShutdownError::Deadline { undelivered: 0, waited: deadline }),
            Self::Void => Ok(()),
        }
    }
}

/// Connects a role of another process than the broker's. Call within a runtime that lives as
/// long as the handle.
pub(crate) async fn connect(
    opening: &Opening,
    name: &str,
    confirmation: Confirmation,
) -> Result<Arc<DaemoneyeEventBus>, OpenError> {
    let address = address(opening)?;
    let comes_back = opening.journal.is_some();
    let reconnect = comes_back.then(|| Reconnect::default().with_most(LONGEST_PAUSE));
    let mut config =
        ClientConfig::new(name).with_confirmation(confirmation).with_reconnect(reconnect);
    config.hops.clone_from(&opening.hops);
    if let Some(limit_ms) = opening.settings.publish_limit_ms {
        config.publish_limit = Duration::from_millis(limit_ms);
    }
    if let Some(pass) = opening.passes.iter().find(|pass| pass.name == name) {
        config.credential = pass.credential().map_err(OpenError::Connect)?;
    }
    let bus = DaemoneyeEventBus::connect(&address, config)
        .await
        .map_err(|cause| OpenError::Connect(chain(&cause)))?;
    Ok(Arc::new(bus))
}

/// Connects once more under a name, and leaves at once if that is let in.
pub(crate) async fn impersonate(
    opening: &Opening,
    name: &str,
    credential: Credential,
) -> Admission {
    let config = ClientConfig::new(name).with_credential(credential).with_reconnect(None);
    let came = match address(opening) {
        Ok(address) => DaemoneyeEventBus::connect(&address, config).await,
        Err(cause) => return Admission::Unheard(cause.to_string()),
    };
    match came {
        Ok(bus) => {
            // It has shown what it could; how it leaves is of no interest.
            let _ = bus.shutdown(LONGEST_PAUSE).await;
            Admission::LetIn
        }
        Err(ConnectError::Identity { reason, .. }) => Admission::Refused(reason),
        Err(cause) => Admission::Unheard(chain(&cause)),
    }
}

/// A connection that holds a slot as long as it is kept: of a stranger, where the broker takes any.
pub(crate) async fn stranger(opening: &Opening) -> Option<DaemoneyeEventBus> {
    let config = ClientConfig::new("stranger").with_reconnect(None);
    DaemoneyeEventBus::connect(&address(opening).ok()?, config).await.ok()
}

fn broker(opening: &Opening) -> Result<DaemoneyeBroker, OpenError> {
    let settings = &opening.settings;
    let mut config = BrokerConfig::default();
    config.hops.clone_from(&opening.hops);
    if let Some(limit) = settings.subscriber_limit {
        config.subscriber_limit = limit;
    }
    if let Some(limit) = settings.connection_limit {
        config.connection_limit = limit;
    }
    if let Some(limit) = settings.connection_subscriber_limit {
        config.connection_subscriber_limit = limit;
    }
    if let Some(events) = settings.retained_events {
        let mut kept = Retention::default();
        kept.events_per_topic = events;
        config.retention = Some(kept);
    }
    if let Some(limit_ms) = settings.publish_limit_ms {
        config.publish_limit = Duration::from_millis(limit_ms);
    }
    if let Some(bytes) = settings.payload_limit_bytes {
        config.payload_limit_bytes = bytes;
    }
    let bind = || -> Result<Listener, OpenError> {
        Listener::bind(&address(opening)?).map_err(|cause| OpenError::Serve(chain(&cause)))
    };
    // First, so that the journal has one broker.
    let listener = opening.bus.crosses_processes().then(bind).transpose()?;
    let known = opening.attempts.iter().filter_map(|attempt| attempt.known.as_ref());
    let passes = opening.passes.iter().chain(known);
    let broker = passes::broker(config, passes, opening.journal.as_deref(), opening.fault())
        .map_err(OpenError::Serve)?;
    if let Some(listener) = listener {
        broker.serve(listener).map_err(|cause| OpenError::Serve(chain(&cause)))?;
    }
    Ok(broker)
}

fn address(opening: &Opening) -> Result<SocketAddress, OpenError> {
    SocketAddress::from_path(opening.socket.clone())
        .map_err(|cause| OpenError::Serve(cause.to_string()))
}

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Removes what a broker that was killed leaves: its socket, and the lock beside it.
pub(crate) fn remove_socket(path: &Path) {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    // What is not there need not be removed.
    let _ = std::fs::remove_file(path);
    let _ = std::fs::remove_file(lock);
}

/// How a publish ended, for the record.
pub(crate) fn outcome(result: &Result<(), PublishError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Ok,
        Err(PublishError::Closed) => Outcome::Closed,
        Err(PublishError::TooLarge { .. }) => Outcome::TooLarge,
        Err(PublishError::Denied(_)) => Outcome::Denied,
        Err(PublishError::Timeout { .. }) => Outcome::Timeout,
        Err(
            PublishError::Disconnected { .. }
            | PublishError::Unconfirmed { .. }
            | PublishError::Undelivered,
        ) => Outcome::Unknown,
    }
}

/// The code of an outcome, as scenarios write it.
pub(crate) fn outcome_code(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Closed => "closed",
        Outcome::TooLarge => "too-large",
        Outcome::Denied => "denied",
        Outcome::Timeout => "timeout",
        Outcome::Unknown => "disconnected",
    }
}

/// The code of a subscribe's outcome, as scenarios write it.
pub(crate) fn subscribe_code<T>(result: &Result<T, SubscribeError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(SubscribeError::Closed) => "closed",
        Err(SubscribeError::EmptyId) => "empty-id",
        Err(SubscribeError::IdTooLong { .. }) => "id-too-long",
        Err(SubscribeError::DuplicateId { .. }) => "duplicate-id",
        Err(SubscribeError::NoPattern) => "no-pattern",
        Err(SubscribeError::InvalidPattern { .. }) => "invalid-pattern",
        Err(SubscribeError::TooManyPatterns { .. }) => "too-many-patterns",
        Err(SubscribeError::InvalidCapacity { .. }) => "invalid-capacity",
        Err(SubscribeError::ReplayTooLong { .. }) => "replay-too-long",
        Err(SubscribeError::InvalidBreaker) => "invalid-breaker",
        Err(SubscribeError::Denied(_)) => "denied",
        Err(SubscribeError::LimitReached { .. }) => "limit-reached",
        Err(SubscribeError::Timeout { .. }) => "timeout",
        Err(SubscribeError::Disconnected { .. }) => "disconnected",
    }
}

/// The code of an unsubscribe's outcome, as scenarios write it.
pub(crate) fn unsubscribe_code(result: &Result<(), UnsubscribeError>) -> &'static str {
    match result {
        Ok(()) => "ok",
        Err(UnsubscribeError::Unknown { .. }) => "unknown",
        Err(UnsubscribeError::Closed) => "closed",
        Err(UnsubscribeError::Timeout { .. }) => "timeout",
        Err(UnsubscribeError::Disconnected { .. }) => "disconnected",
    }
}

/// The code of a shutdown's outcome, as scenarios write it.
pub(crate) fn shutdown_code(result: &Result<(), ShutdownError>) -> &'static str {
    match result {
        Ok(()) => "ok",
        Err(ShutdownError::Deadline { .. }) => "deadline",
        Err(ShutdownError::Disconnected { .. }) => "disconnected",
    }
}
