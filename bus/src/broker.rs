//! The broker: routes events between handles in this process and clients behind sockets.
//!
//! [`DaemoneyeBroker`] owns a hub (state, order, counters). Once it serves a listener it has a thread
//! at the door, and one with a current-thread runtime on which every connection is a task; one more
//! wakes receivers in this process (`bell`). Never imports the client. Implements C1–C14 and W1–W4, W8 on its side.

mod bell;
mod budget;
mod config;
mod connection;
mod door;
mod embedded;
mod expiry;
mod hub;
mod identities;
mod journal;
#[cfg(feature = "metrics")]
mod metrics;
mod outbox;
mod publication;
mod server;
mod slots;
mod subscription;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

pub use config::{BrokerConfig, Retention};
pub(crate) use embedded::EmbeddedBus;
pub use identities::{IssueError, MAX_SESSION_KEYS, MAX_TOKENS, RESERVED_NAMES};
use journal::Journal;
pub use journal::{JournalError, MAX_JOURNAL_BYTES};
#[cfg(feature = "metrics")]
pub use metrics::MetricsError;
pub use server::ServeError;

use crate::acl::Principal;
use crate::contract::{BrokerInspection, EventBusStatistics, InspectionQuery, ShutdownError};
use crate::identity::Secret;
use crate::transport::Listener;
use bell::Bell;
use hub::Hub;
use identities::Identities;
use slots::Slots;

/// A message broker inside this process. Cheap to clone; all clones are the same broker. Dropping
/// the last one without a shutdown cuts its connections off.
///
/// It works for handles in this process at once
/// ([`DaemoneyeEventBus::from_broker`](crate::DaemoneyeEventBus::from_broker)); other processes
/// reach it after [`serve`](Self::serve).
#[derive(Debug, Clone)]
pub struct DaemoneyeBroker {
    shared: Arc<Shared>,
    _cuts_off: Arc<CutsOff>,
}

/// The journal, if there is one. Locked last of all, for one append.
#[derive(Debug, Clone, Default)]
struct Journaling(Option<Arc<Mutex<Journal>>>);

impl Journaling {
    fn with(&self, write: impl FnOnce(&mut Journal)) {
        if let Some(journal) = &self.0 {
            write(&mut journal.lock());
        }
    }
}

/// Ends the servers when the last clone of the broker goes without a shutdown. Handles and
/// connections do not count: they could not outlive the broker usefully.
#[derive(Debug)]
struct CutsOff(watch::Sender<Phase>);

impl Drop for CutsOff {
    fn drop(&mut self) {
        self.0.send_replace(Phase::Over);
    }
}

#[derive(Debug)]
struct Shared {
    config: BrokerConfig,
    /// Of all listeners together.
    slots: Slots,
    /// One lock for all state: it is the sequencing point (C5). Taken once per read round or
    /// embedded publish, never across an await.
    hub: Mutex<Hub>,
    /// Locked after the hub, if at all.
    bell: Bell,
    /// Never locked while the hub is.
    identities: Mutex<Identities>,
    phase: watch::Sender<Phase>,
    /// Told when a client has said goodbye or is gone.
    quieter: Notify,
    /// Running, or not yet joined; whoever joins one takes it out.
    servers: Mutex<Vec<server::Server>>,
    /// How long the first shutdown waited whose deadline came before the end.
    waited: Mutex<Option<Duration>>,
}

/// Where the broker is in its life; it never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// New publishes are refused; clients send what they have accepted.
    Closing,
    /// Everything is handed over; connections end once they have written what they hold.
    Ending,
    /// The deadline has passed; connections end at once.
    Over,
}

impl DaemoneyeBroker {
    /// A broker nobody else can reach yet.
    pub fn new(config: BrokerConfig) -> Self {
        let phase = watch::Sender::new(Phase::Running);
        let shared = Shared {
            hub: Mutex::new(Hub::new(config.clone())),
            bell: Bell::default(),
            identities: Mutex::default(),
            slots: Slots::new(config.connection_limit),
            config,
            phase: phase.clone(),
            quieter: Notify::new(),
            servers: Mutex::default(),
            waited: Mutex::default(),
        };
        Self { shared: Arc::new(shared), _cuts_off: Arc::new(CutsOff(phase)) }
    }

    /// The same, which goes on where one that was killed has left off (W6): its clients prove
    /// themselves with the keys they have, and for as long as the recovery window lasts what is
    /// published as `delivered` waits for their subscriptions. It writes down what the next one needs,
    /// in a file that is its owner's alone and empty after a shutdown. The file beside it that ends in
    /// `.lock` keeps other brokers away, and stays.
    pub fn with_journal(config: BrokerConfig, path: &Path) -> Result<Self, JournalError> {
        let (journal, recovered) = Journal::open(path)?;
        let until = Instant::now() + config.recovery_window;
        let broker = Self::new(config);
        let journal = Journaling(Some(Arc::new(Mutex::new(journal))));
        broker.shared.identities.lock().remember(journal.clone(), recovered.keys);
        broker.shared.hub.lock().remember(journal, recovered.subscriptions, until);
        Ok(broker)
    }

    /// Accepts clients on a bound listener, on threads of its own, until shutdown.
    ///
    /// Returns once the listener accepts. Blocks for the start of two threads. Once a shutdown has
    /// begun it is refused, and the listener's name is free again.
    pub fn serve(&self, listener: Listener) -> Result<(), ServeError> {
        // Held from the look to the entry: a shutdown that begins meanwhile finds the server here.
        let mut servers = self.shared.servers.lock();
        if *self.shared.phase.borrow() != Phase::Running {
            return Err(ServeError::Closed);
        }
        servers.extend(server::Server::start(&self.shared, listener)?);
        Ok(())
    }

    /// A new token for somebody who will come within `lifetime`, under its id as its name (A4). It
    /// is good once; hand it over by [`Secret::write_line`] to the standard input of a child.
    pub fn issue_token(
        &self,
        principal: Principal,
        lifetime: Duration,
    ) -> Result<Secret, IssueError> {
        let token = Secret::random().map_err(IssueError::Randomness)?;
        self.accept_token(&token, principal, lifetime)?;
        Ok(token)
    }

    /// The same with a token that somebody else has made, who may have handed it over already.
    pub fn accept_token(
        &self,
        token: &Secret,
        principal: Principal,
        lifetime: Duration,
    ) -> Result<(), IssueError> {
        let mut identities = self.shared.identities.lock();
        identities.accept_token(token, principal, lifetime, Instant::now())
    }

    /// A session key for somebody, good until the next of the same id: for an operator's key file.
    pub fn issue_key(&self, principal: Principal) -> Result<Secret, IssueError> {
        self.shared.identities.lock().open_session(principal)
    }

    /// Serves one connection on the caller's runtime, to its end.
    #[cfg(fuzzing)]
    pub(crate) async fn serve_one(&self, stream: crate::transport::Stream) {
        let guest = connection::introduce(&self.shared, stream, std::future::pending()).await;
        if let Some(guest) = guest {
            connection::run(&self.shared, guest).await;
        }
    }

    /// The counters of the whole broker (C12).
    pub fn statistics(&self) -> EventBusStatistics {
        self.shared.hub.lock().statistics()
    }

    /// Who is connected, what they subscribe to, and which topics are in use: everything asked for
    /// at once. Events wait meanwhile.
    pub fn inspect(&self, query: &InspectionQuery) -> BrokerInspection {
        self.shared.hub.lock().inspect(query)
    }

    /// Ends the broker (C13): refuses new publishes, takes in what clients have accepted, hands
    /// everything over, ends all receivers, and closes all connections and listeners.
    ///
    /// Whatever is not done by the deadline is cut off, counted as dropped and told as an error. An
    /// event that had not had its turn is not counted as published. Calls at the same time all
    /// return when it is over, with the same outcome; the earliest deadline counts. A later call
    /// succeeds. Cancelling it leaves the broker refusing publishes; call it again.
    pub async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        let over = tokio::time::Instant::now() + deadline;
        if self.shared.is_over() {
            self.shared.bell.end();
            return Ok(());
        }
        self.shared.enter(Phase::Closing);
        self.shared.hub.lock().close();
        self.shared.by(over, deadline, self.shared.ended_when_quiet()).await;
        self.shared.hub.lock().end_all();
        self.shared.bell.end();
        self.shared.enter(Phase::Ending);
        self.shared.servers_have_ended(over, deadline).await;
        let Some(undelivered) = self.shared.hub.lock().undelivered() else { return Ok(()) };
        let waited = self.shared.waited.lock().unwrap_or(deadline);
        Err(ShutdownError::Deadline { undelivered, waited })
    }
}

impl Shared {
    /// Moves on in life, or stays where it is further on.
    fn enter(&self, phase: Phase) {
        self.phase.send_if_modified(|now| {
            let is_later = *now < phase;
            *now = phase.max(*now);
            is_later
        });
    }

    /// Whether a shutdown has come to its end.
    fn is_over(&self) -> bool {
        let has_ended = self.hub.lock().has_ended();
        has_ended && self.servers.lock().is_empty()
    }

    /// Waits until the broker is in some phase of its life. Cancel safe.
    async fn until_phase(&self, is_wanted: impl Fn(Phase) -> bool) {
        // The sender lives as long as this, so waiting cannot fail.
        let _ = self.phase.subscribe().wait_for(|phase| is_wanted(*phase)).await;
    }

    /// Waits for something up to a deadline; returns whether it happened.
    async fn by(
        &self,
        over: tokio::time::Instant,
        deadline: Duration,
        it: impl Future<Output = ()>,
    ) -> bool {
        let in_time = tokio::time::timeout_at(over, it).await.is_ok();
        if !in_time {
            self.waited.lock().get_or_insert(deadline);
        }
        in_time
    }

    /// Waits for the threads of all servers; at the deadline connections are cut off. Cancel safe:
    /// what was not joined is there for the next call.
    async fn servers_have_ended(&self, over: tokio::time::Instant, deadline: Duration) {
        loop {
            let Some(ended) = self.servers.lock().first().map(server::Server::ended) else {
                return;
            };
            if !self.by(over, deadline, ended.clone().wait()).await {
                self.enter(Phase::Over);
                ended.wait().await;
            }
            // A thread that has said so ends at once, so that waiting for it here is no wait.
            let mut servers = self.servers.lock();
            for ended in servers.extract_if(.., |server| server.has_ended()) {
                ended.join();
            }
        }
    }

    /// Waits until every client has said goodbye or is gone, and ends everything before another
    /// one can come. Cancel safe.
    async fn ended_when_quiet(&self) {
        loop {
            let quieter = self.quieter.notified();
            tokio::pin!(quieter);
            quieter.as_mut().enable();
            if self.hub.lock().end_if_quiet() {
                return;
            }
            quieter.await;
        }
    }
}
