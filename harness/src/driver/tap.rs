//! Listens to a running broker as an ordinary client, for whoever wants to know what it carries.
//!
//! Nobody ever waits for it: its subscription loses what it cannot take, and counts that.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daemoneye_eventbus::contract::{
    InspectError, InspectionQuery, Sections, SubscriptionInspection,
};
use daemoneye_eventbus::identity::{KeyFileError, OPERATOR, read_key_file};
use daemoneye_eventbus::{
    BusEvent, ClientConfig, ConnectError, Credential, EventBus as _, EventBusClient, EventReceiver,
    EventSubscription, OverflowPolicy, SocketAddress, SubscribeError, TryRecvError,
};
use thiserror::Error;
use tokio::time::{Instant, sleep_until, timeout};

use super::interrupt::Interrupt;

/// Events held for it while it is not running: a second of the busiest traffic a host has.
const CAPACITY_EVENTS: usize = 1 << 16;
/// What was on its way when it left is there within this time.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
/// How long the broker may take to answer a goodbye.
const FAREWELL_LIMIT: Duration = Duration::from_secs(1);

/// Which broker, and what to listen to.
#[derive(Debug, Clone, Copy)]
pub struct TapRequest<'a> {
    /// The broker's socket.
    pub socket: &'a Path,
    /// The key file that proves the operator; the one beside the socket where that is there and none is
    /// named. Without one the broker takes this for an observer.
    pub key: Option<&'a Path>,
    /// Patterns, of which one must match.
    pub patterns: &'a [String],
}

/// Why nobody can listen.
#[derive(Debug, Error)]
pub enum TapError {
    /// The path can be no socket's, or a pattern is none.
    #[error("{0}")]
    Wrong(String),
    /// The key file proves nothing.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// There is no connection.
    #[error("cannot reach the broker at {}: {}", socket.display(), advised(cause))]
    Connect {
        /// Where it should be.
        socket: PathBuf,
        /// Why not.
        cause: ConnectError,
    },
    /// The broker refused the subscription.
    #[error(
        "cannot subscribe: {0}; the key file beside the socket, named with --key, proves the operator, who may"
    )]
    Denied(SubscribeError),
    /// The broker does not answer any more.
    #[error("the broker did not answer: {0}")]
    Silent(String),
}

impl TapError {
    /// Whether it is a mistake of whoever asked, and not the host's.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Wrong(_) | Self::Key(_) | Self::Denied(_))
    }
}

/// Why listening ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TapEnd {
    /// The user's wish.
    Interrupt,
    /// Its time was up.
    Time,
    /// Whoever takes the events has enough of them.
    Enough,
    /// The broker ended, or the connection to it.
    Broker,
}

/// A subscription at work.
#[derive(Debug)]
pub struct Tap {
    client: EventBusClient,
    receiver: EventReceiver,
    id: String,
    /// Events that were handed over.
    handed: u64,
}

impl Tap {
    /// Connects and subscribes: from here on no event is missed that is not counted.
    pub async fn open(request: TapRequest<'_>) -> Result<Self, TapError> {
        let address = SocketAddress::from_path(request.socket)
            .map_err(|cause| TapError::Wrong(cause.to_string()))?;
        let id = format!("equivalence-record-{}", std::process::id());
        let client = EventBusClient::connect(&address, introduction(request, &address, &id)?);
        let client = client
            .await
            .map_err(|cause| TapError::Connect { socket: request.socket.to_owned(), cause })?;
        let mut wanted = EventSubscription::new(id.clone()).with_capacity(CAPACITY_EVENTS);
        wanted.topic_patterns = request.patterns.to_vec();
        wanted.policy = OverflowPolicy::DropNewest;
        let receiver = client.subscribe(wanted).await.map_err(refused)?;
        Ok(Self { client, receiver, id, handed: 0 })
    }

    /// Every subscription but its own; `None` where the broker does not tell.
    pub async fn subscriptions(&self) -> Result<Option<Vec<SubscriptionInspection>>, TapError> {
        let query = InspectionQuery::of(Sections::SUBSCRIPTIONS);
        match self.client.inspect(&query).await {
            Ok(seen) => {
                let others = seen.subscriptions.into_iter();
                let is_other = |row: &SubscriptionInspection| row.counters.subscriber_id != self.id;
                Ok(Some(others.filter(is_other).collect()))
            }
            Err(InspectError::Refused { .. }) => Ok(None),
            Err(cause) => Err(TapError::Silent(cause.to_string())),
        }
    }

    /// Hands every event over until there is a reason to end; `take` says whether it wants more.
    pub async fn listen(
        &mut self,
        lasts: Duration,
        interrupt: &mut Interrupt,
        mut take: impl FnMut(&BusEvent) -> bool,
    ) -> TapEnd {
        let over = sleep_until(Instant::now() + lasts);
        tokio::select! {
            biased;
            () = interrupt.told() => TapEnd::Interrupt,
            () = over => TapEnd::Time,
            end = self.receive(&mut take) => end,
        }
    }

    /// Ends the subscription. What was published before is handed over still; whether all of it came.
    pub async fn leave(&mut self, take: &mut dyn FnMut(&BusEvent) -> bool) -> bool {
        let has_left = self.client.unsubscribe(&self.id).await.is_ok();
        has_left && timeout(DRAIN_LIMIT, self.receive(take)).await == Ok(TapEnd::Broker)
    }

    /// Ends the connection; a goodbye is courtesy.
    pub async fn close(self) {
        let _ = self.client.shutdown(FAREWELL_LIMIT).await;
    }

    /// Events it lost so far, as far as it was told.
    pub fn lost(&self) -> u64 {
        self.receiver.lagged()
    }

    /// Events lost before the last one that was handed over: its position counts those, too.
    pub fn lost_before_last(&self) -> u64 {
        self.receiver.position().saturating_sub(self.handed)
    }

    async fn receive(&mut self, take: &mut dyn FnMut(&BusEvent) -> bool) -> TapEnd {
        loop {
            let event = match self.receiver.try_recv() {
                Ok(event) => event,
                Err(TryRecvError::Ended) => return TapEnd::Broker,
                Err(TryRecvError::Empty) => match self.receiver.recv().await {
                    Some(event) => event,
                    None => return TapEnd::Broker,
                },
            };
            self.handed += 1;
            if !take(&event) {
                return TapEnd::Enough;
            }
            // A flood must not keep Ctrl-C waiting.
            tokio::task::consume_budget().await;
        }
    }
}

/// Name and proof. A connection that breaks is the end: what was published meanwhile is missing.
fn introduction(
    request: TapRequest<'_>,
    address: &SocketAddress,
    id: &str,
) -> Result<ClientConfig, TapError> {
    let beside = Some(address.key_path()).filter(|path| path.exists());
    let Some(path) = request.key.map(Path::to_owned).or(beside) else {
        return Ok(ClientConfig::new(id).with_reconnect(None));
    };
    let key = Credential::SessionKey(read_key_file(&path)?);
    Ok(ClientConfig::new(OPERATOR).with_credential(key).with_reconnect(None))
}

fn refused(cause: SubscribeError) -> TapError {
    match cause {
        SubscribeError::Denied(_) => TapError::Denied(cause),
        SubscribeError::Closed
        | SubscribeError::Timeout { .. }
        | SubscribeError::Disconnected { .. } => TapError::Silent(cause.to_string()),
        cause => TapError::Wrong(format!("cannot subscribe: {cause}")),
    }
}

/// What to do about it, where there is something to do.
fn advised(cause: &ConnectError) -> String {
    match cause {
        ConnectError::Io { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => {
                "there is no such socket; start daemoneye-agent, whose readiness line names it"
                    .into()
            }
            io::ErrorKind::ConnectionRefused => {
                "nobody listens there, its broker is gone; start daemoneye-agent again".into()
            }
            io::ErrorKind::PermissionDenied => "it is another user's; run this as that user".into(),
            _ => source.to_string(),
        },
        ConnectError::Identity { .. } => {
            format!("{cause}; every start of the agent writes a new key file")
        }
        cause => cause.to_string(),
    }
}
