//! The broker: routes events between handles in this process and clients behind sockets.
//!
//! [`DaemoneyeBroker`] owns a hub (state, order, counters) and, once it serves a listener, one
//! thread with a current-thread runtime on which every connection is a task. Never imports the
//! client. Implements C1–C14 and W1–W4, W8 on its side.

mod config;
mod connection;
mod embedded;
mod hub;
mod outbox;
mod publication;
mod server;
mod subscription;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

pub use config::BrokerConfig;
pub(crate) use embedded::EmbeddedBus;
pub use server::ServeError;

use crate::contract::{EventBusStatistics, ShutdownError};
use crate::transport::Listener;
use hub::Hub;

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
    /// One lock for all state: it is the sequencing point (C5). Taken once per read round or
    /// embedded publish, never across an await.
    hub: Mutex<Hub>,
    phase: watch::Sender<Phase>,
    /// Told when a client has said goodbye or is gone.
    quieter: Notify,
    servers: Mutex<Vec<server::Server>>,
}

/// Where the broker is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
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
            config,
            phase: phase.clone(),
            quieter: Notify::new(),
            servers: Mutex::default(),
        };
        Self { shared: Arc::new(shared), _cuts_off: Arc::new(CutsOff(phase)) }
    }

    /// Accepts clients on a bound listener, on a thread of its own, until shutdown.
    ///
    /// Returns once the listener accepts. Blocks for the start of a thread.
    pub fn serve(&self, listener: Listener) -> Result<(), ServeError> {
        let server = server::Server::start(&self.shared, listener)?;
        self.shared.servers.lock().push(server);
        Ok(())
    }

    /// The counters of the whole broker (C12).
    pub fn statistics(&self) -> EventBusStatistics {
        self.shared.hub.lock().statistics()
    }

    /// Ends the broker (C13): refuses new publishes, takes in what clients have accepted, hands
    /// everything over, ends all receivers, and closes all connections and listeners.
    ///
    /// Whatever is not done by the deadline is cut off, counted as dropped and told as an error. An
    /// event that had not had its turn is not counted as published. A second call succeeds. Cancelling it leaves the broker refusing publishes; call it again.
    pub async fn shutdown(&self, deadline: Duration) -> Result<(), ShutdownError> {
        let over = tokio::time::Instant::now() + deadline;
        self.shared.hub.lock().close();
        let took_in = tokio::time::timeout_at(over, self.shared.clients_are_quiet()).await;
        self.shared.hub.lock().end_all();
        self.shared.phase.send_replace(Phase::Ending);
        let servers = std::mem::take(&mut *self.shared.servers.lock());
        for server in servers {
            server.join(&self.shared, over).await;
        }
        let undelivered = self.shared.hub.lock().undelivered();
        if took_in.is_err() || undelivered > 0 {
            return Err(ShutdownError::Deadline { undelivered, waited: deadline });
        }
        Ok(())
    }
}

impl Shared {
    /// Waits until every client has said goodbye or is gone. Cancel safe.
    async fn clients_are_quiet(&self) {
        loop {
            let quieter = self.quieter.notified();
            tokio::pin!(quieter);
            quieter.as_mut().enable();
            if !self.hub.lock().is_anybody_talking() {
                return;
            }
            quieter.await;
        }
    }
}
