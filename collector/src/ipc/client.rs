//! [`CollectorIpcClient`]: asks a collector, and finds it again when the connection breaks.
//!
//! - `config`: how it introduces itself, how long it waits; `reconnect`: pauses between attempts;
//! - `connect`: a connection whose server has granted something; `call`: one request on its way;
//! - `keeper`: the task that keeps one connection after the other.

mod call;
mod config;
mod connect;
mod keeper;
mod reconnect;

use std::time::Duration;

use daemoneye_eventbus::SocketAddress;
use daemoneye_eventbus::rpc::{HealthReport, MAX_DEADLINE};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::{CapabilityReport, Grant, IpcRequest, IpcResponse, IpcTask, StatusReport, TaskReport};
pub use call::AskError;
use call::Call;
pub use config::IpcClientConfig;
pub use connect::ConnectError;
use connect::connect;
use keeper::Keeper;
pub use reconnect::IpcReconnect;

/// Requests that wait for the keeper to take them; whoever asks waits for room.
const QUEUED_CALLS: usize = 64;

/// Asks one collector; several requests may be on their way at once.
///
/// When the connection breaks, what has no answer yet is asked again on the next one, up to three
/// times in all and as long as its caller waits: no request changes anything. There is a next one
/// as soon as there is something to ask. Dropping the client closes the connection.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// use collector_core::analysis::{AnalysisWorker, WorkerLimits};
/// use collector_core::config::IpcConfig;
/// use collector_core::ipc::IpcClientConfig;
/// use collector_core::test_utils::MockEventSource;
/// use collector_core::{
///     Collector, CollectorConfig, CollectorIpcClient, CollectorIpcServer, SourceCaps,
/// };
/// use daemoneye_eventbus::SocketAddress;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let mut collector = Collector::new(CollectorConfig::new());
/// collector.register(Box::new(MockEventSource::new("processes", SourceCaps::PROCESS)))?;
/// let worker = Arc::new(AnalysisWorker::new(WorkerLimits::default()));
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("run").join("collector.sock");
/// let mut server = CollectorIpcServer::new(&collector, worker, &path, &IpcConfig::default());
/// server.start().await?;
///
/// let address = SocketAddress::from_path(path)?;
/// let client = CollectorIpcClient::connect(&address, IpcClientConfig::new("operator")).await?;
/// assert_eq!(client.capabilities().await?.capabilities, SourceCaps::PROCESS);
/// drop(client);
/// server.end(Duration::from_secs(5)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CollectorIpcClient {
    calls: mpsc::Sender<Call>,
    link: watch::Receiver<LinkState>,
    ask_limit: Duration,
    /// In a set of its own, which aborts it when the client is dropped.
    _keeper: JoinSet<()>,
}

/// How a client is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkState {
    /// Whether it is, as far as it knows.
    pub is_connected: bool,
    /// What holds on the last connection there was.
    pub grant: Grant,
    /// How often there was a next one.
    pub reconnections: u64,
    /// Why there is none, or why the last attempt failed.
    pub failure: Option<String>,
}

impl CollectorIpcClient {
    /// Connects, once, and negotiates; must be called inside a tokio runtime, on which it then
    /// keeps the connection.
    pub async fn connect(
        address: &SocketAddress,
        config: IpcClientConfig,
    ) -> Result<Self, ConnectError> {
        let first = connect(address, &config).await?;
        let state =
            LinkState { is_connected: true, grant: first.grant, reconnections: 0, failure: None };
        let (tell, link) = watch::channel(state);
        let (calls, called) = mpsc::channel(QUEUED_CALLS);
        let ask_limit = config.ask_limit.min(MAX_DEADLINE);
        let mut keeping = JoinSet::new();
        keeping.spawn(Keeper::new(address.clone(), config, called, tell).run(first));
        Ok(Self { calls, link, ask_limit, _keeper: keeping })
    }

    /// How it is connected now.
    pub fn link(&self) -> LinkState {
        self.link.borrow().clone()
    }

    /// What the collector can do.
    pub async fn capabilities(&self) -> Result<CapabilityReport, AskError> {
        match self.ask(IpcRequest::Capabilities).await? {
            IpcResponse::Capabilities(report) => Ok(report),
            other => Err(AskError::unexpected(other)),
        }
    }

    /// How it is, part by part.
    pub async fn health(&self) -> Result<HealthReport, AskError> {
        match self.ask(IpcRequest::Health).await? {
            IpcResponse::Health(report) => Ok(report),
            other => Err(AskError::unexpected(other)),
        }
    }

    /// Its counters.
    pub async fn status(&self) -> Result<StatusReport, AskError> {
        match self.ask(IpcRequest::Status).await? {
            IpcResponse::Status(report) => Ok(report),
            other => Err(AskError::unexpected(other)),
        }
    }

    /// Has one analysis done.
    pub async fn task(&self, task: IpcTask) -> Result<TaskReport, AskError> {
        match self.ask(IpcRequest::Task(task)).await? {
            IpcResponse::Task(report) => Ok(report),
            other => Err(AskError::unexpected(other)),
        }
    }

    /// Asks anything, and waits for the answer within the limit of the configuration.
    ///
    /// A refusal is an answer here. Dropping the future gives the answer up; the collector may be
    /// at it until the time is up that it was told.
    pub async fn ask(&self, request: IpcRequest) -> Result<IpcResponse, AskError> {
        let deadline = Instant::now() + self.ask_limit;
        let (reply, answer) = oneshot::channel();
        let call = Call { request, deadline, reply, tries: 0 };
        let answered = async {
            self.calls.send(call).await.map_err(|_| AskError::Ended)?;
            answer.await.unwrap_or(Err(AskError::Ended))
        };
        timeout_at(deadline, answered).await.unwrap_or_else(|_| {
            let failure = self.link.borrow().failure.clone();
            Err(AskError::TimedOut { waited: self.ask_limit, failure })
        })
    }
}
