//! [`CollectorIpcServer`]: answers for one collector, on a socket or without one.
//!
//! - `listening`: lets connections in; `connection`: serves one; `running`: its requests;
//! - `ending`: how they are told to end; `fault`: why one ends early;
//! - `counters`: what the server counts.

mod connection;
mod counters;
mod ending;
mod fault;
mod listening;
mod running;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::framed::FramedListener;
use daemoneye_eventbus::rpc::MAX_DEADLINE;
use daemoneye_eventbus::transport::{AddressError, BindError, Listener};
use daemoneye_eventbus::{SocketAddress, SourceCaps};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{debug, error};

use super::desk::Desk;
use super::{IpcRequest, IpcResponse};
use crate::analysis::AnalysisWorker;
use crate::config::{FolderError, IpcConfig, prepare_folder_of};
use crate::runtime::Collector;
pub use counters::IpcCounters;
use counters::Tally;
use ending::Ending;

/// The door of one collector.
///
/// Dropping it cuts all connections off; [`end`](Self::end) finishes what was begun.
///
/// ```
/// use std::sync::Arc;
///
/// use collector_core::analysis::{AnalysisWorker, WorkerLimits};
/// use collector_core::config::IpcConfig;
/// use collector_core::ipc::{CollectorIpcServer, IpcRequest, IpcResponse};
/// use collector_core::test_utils::MockEventSource;
/// use collector_core::{Collector, CollectorConfig, SourceCaps};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let mut collector = Collector::new(CollectorConfig::new());
/// collector.register(Box::new(MockEventSource::new("processes", SourceCaps::PROCESS)))?;
/// let worker = Arc::new(AnalysisWorker::new(WorkerLimits::default()));
/// let config = IpcConfig::default();
/// let server = CollectorIpcServer::new(&collector, worker, "run/collector.sock", &config);
///
/// assert_eq!(server.get_capabilities(), SourceCaps::PROCESS);
/// let answer = server.handle_request(IpcRequest::Health).await;
/// assert!(matches!(answer, IpcResponse::Health(_)));
/// # Ok(())
/// # }
/// ```
pub struct CollectorIpcServer {
    path: PathBuf,
    site: Arc<Site>,
    serving: Option<Serving>,
}

/// What all connections share.
struct Site {
    desk: Desk,
    tally: Tally,
}

/// While it listens.
struct Serving {
    ending: watch::Sender<Option<Instant>>,
    /// In a set of its own, which aborts it when the server is dropped.
    listening: JoinSet<()>,
}

/// Why there is no door.
#[derive(Debug, Error)]
pub enum StartError {
    /// It is open.
    #[error("it has been started")]
    Started,
    /// The path cannot be an address.
    #[error("the socket path is no address")]
    Address(#[from] AddressError),
    /// The socket's folder is not private or cannot be made.
    #[error("the socket's folder cannot be used")]
    Folder(#[from] FolderError),
    /// The name is taken, or cannot be bound.
    #[error("it cannot listen")]
    Bind(#[from] BindError),
    /// The system does not let it accept.
    #[error("it cannot accept connections")]
    Accept(#[source] io::Error),
}

impl StartError {
    /// Whether the configuration must be changed; otherwise the system or another process must.
    pub fn is_configuration(&self) -> bool {
        matches!(self, Self::Address(_))
    }
}

impl CollectorIpcServer {
    /// For a collector whose sources have registered, and what its worker offers. Touches nothing
    /// yet; limits out of bounds count as the nearest within them.
    pub fn new(
        collector: &Collector,
        worker: Arc<AnalysisWorker>,
        path: impl Into<PathBuf>,
        config: &IpcConfig,
    ) -> Self {
        let (capabilities, status) = (collector.capabilities(), collector.watch_status());
        let desk = Desk::new(capabilities, status, worker, config.clamped());
        let site = Arc::new(Site { desk, tally: Tally::default() });
        Self { path: path.into(), site, serving: None }
    }

    /// Begins to listen; must be called inside a tokio runtime, on which it then serves. A folder
    /// that is not there is made (0700).
    ///
    /// Cancelling it may leave the name bound until what was begun has ended, a moment later.
    pub async fn start(&mut self) -> Result<(), StartError> {
        if self.serving.is_some() {
            return Err(StartError::Started);
        }
        let address = SocketAddress::from_path(&self.path)?;
        let listener = tokio::task::spawn_blocking(move || bind(&address))
            .await
            .map_err(|error| StartError::Accept(io::Error::other(error)))??;
        let frame_limit_bytes = self.site.desk.limits().frame_limit_bytes;
        let listener =
            FramedListener::new(listener, frame_limit_bytes).map_err(StartError::Accept)?;
        let (ending, deadline) = watch::channel(None);
        let mut listening = JoinSet::new();
        listening.spawn(listening::run(listener, Arc::clone(&self.site), Ending::new(deadline)));
        self.serving = Some(Serving { ending, listening });
        debug!(path = %self.path.display(), "the door is open");
        Ok(())
    }

    /// Answers a request of this process, which may use all the collector can do. To negotiate
    /// here tells what would be granted.
    ///
    /// Dropping the future ends an analysis.
    pub async fn handle_request(&self, request: IpcRequest) -> IpcResponse {
        let desk = &self.site.desk;
        desk.answer(request, desk.capabilities(), None).await
    }

    /// What the collector can do.
    pub fn get_capabilities(&self) -> SourceCaps {
        self.site.desk.capabilities()
    }

    /// What was counted so far, over all starts.
    pub fn counters(&self) -> IpcCounters {
        self.site.tally.counters()
    }

    /// Ends it in order: nothing more is begun, what was begun is answered within the limit, and
    /// what is left then is refused as [`Ending`](super::IpcRefusal::Ending). The socket is gone
    /// when it returns, at most a second after the limit. It can be started again.
    ///
    /// Dropping the future cuts off what is left.
    pub async fn end(&mut self, limit: Duration) {
        let Some(Serving { ending, mut listening }) = self.serving.take() else { return };
        ending.send_replace(Some(Instant::now() + limit.min(MAX_DEADLINE)));
        while let Some(ended) = listening.join_next().await {
            if let Err(error) = ended {
                error!(%error, "the door failed");
            }
        }
        debug!(path = %self.path.display(), "the door is shut");
    }
}

/// Blocks for a few system calls.
fn bind(address: &SocketAddress) -> Result<Listener, StartError> {
    prepare_folder_of(address.path())?;
    Ok(Listener::bind(address)?)
}
