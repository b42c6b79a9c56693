//! A collector with a door, and analyses that do as told.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use collector_core::analysis::{
    AnalysisError, AnalysisRequest, AnalysisSubject, AnalysisWorker, Analyzer, Findings,
    WorkerLimits,
};
use collector_core::config::IpcConfig;
use collector_core::ipc::{
    CollectorIpcClient, CollectorIpcServer, IpcClientConfig, IpcReconnect, IpcTask, StartError,
};
use collector_core::runtime::StatusWatch;
use collector_core::test_utils::{MockEventSource, create_test_config};
use collector_core::{Collector, SourceCaps};
use daemoneye_eventbus::SocketAddress;
use daemoneye_eventbus::acl::CollectorKind;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::yield_now;

/// What the collector can do.
pub(crate) const THERE: SourceCaps = SourceCaps::PROCESS.union(SourceCaps::REALTIME);

/// Everything around a door.
pub(crate) struct Site {
    pub(crate) server: CollectorIpcServer,
    pub(crate) address: SocketAddress,
    pub(crate) status: StatusWatch,
    /// How many analyses that wait have begun, and ended or were ended.
    pub(crate) begun: watch::Receiver<usize>,
    pub(crate) ended: watch::Receiver<usize>,
    /// Lets those that are held go on.
    pub(crate) release: watch::Sender<bool>,
    worker: Arc<AnalysisWorker>,
    config: IpcConfig,
    _folder: TempDir,
}

impl Site {
    /// With an open door.
    pub(crate) async fn start(config: IpcConfig) -> Self {
        let mut site = Self::closed(config);
        site.server.start().await.expect("it starts");
        site
    }

    /// With a door that nobody has opened.
    pub(crate) fn closed(config: IpcConfig) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("run").join("door.sock");
        let address = SocketAddress::from_path(path).expect("an address");
        let (begun, ended) = (watch::Sender::new(0), watch::Sender::new(0));
        let release = watch::Sender::new(false);
        let told = (begun.subscribe(), ended.subscribe());
        let worker = Arc::new(worker(&begun, &ended, &release));
        let collector = collector(THERE);
        let status = collector.watch_status();
        let server =
            CollectorIpcServer::new(&collector, Arc::clone(&worker), address.path(), &config);
        Self {
            server,
            address,
            status,
            begun: told.0,
            ended: told.1,
            release,
            worker,
            config,
            _folder: folder,
        }
    }

    /// Another server at the door of a site.
    #[cfg(unix)]
    pub(crate) fn second(site: &Self) -> CollectorIpcServer {
        let worker = Arc::clone(&site.worker);
        CollectorIpcServer::new(&collector(THERE), worker, site.address.path(), &site.config)
    }

    /// The same door of another collector, without an orderly end of this one.
    pub(crate) async fn replace(&mut self, capabilities: SourceCaps) {
        let worker = Arc::clone(&self.worker);
        let collector = collector(capabilities);
        let path = self.address.path();
        self.server = CollectorIpcServer::new(&collector, worker, path, &self.config);
        // The name is free once the tasks of the other have noticed.
        while let Err(error) = self.server.start().await {
            assert!(matches!(error, StartError::Bind(_)), "{error:?}");
            yield_now().await;
        }
    }

    /// A client that may use all there is.
    pub(crate) async fn client(&self) -> CollectorIpcClient {
        CollectorIpcClient::connect(&self.address, wanting(THERE)).await.expect("it is let in")
    }
}

pub(crate) fn wanting(capabilities: SourceCaps) -> IpcClientConfig {
    let short = IpcReconnect { first: Duration::from_millis(1), most: Duration::from_millis(5) };
    IpcClientConfig::new("test").with_wanted(capabilities).with_reconnect(short)
}

pub(crate) async fn reaches(counter: &mut watch::Receiver<usize>, count: usize) {
    counter.wait_for(|now| *now == count).await.expect("the counter lives");
}

/// Tells how long a path is.
pub(crate) fn length(path: &str) -> IpcTask {
    IpcTask::new(CollectorKind::Process, "length", AnalysisSubject::file(path))
}

/// Waits until it is let go.
pub(crate) fn held() -> IpcTask {
    IpcTask::new(CollectorKind::Process, "held", AnalysisSubject::default())
}

/// Never ends by itself.
pub(crate) fn stuck() -> IpcTask {
    IpcTask::new(CollectorKind::Process, "stuck", AnalysisSubject::default())
}

fn collector(capabilities: SourceCaps) -> Collector {
    let mut collector = Collector::new(create_test_config());
    collector
        .register(Box::new(MockEventSource::new("source", capabilities)))
        .expect("a new source");
    collector
}

fn worker(
    begun: &watch::Sender<usize>,
    ended: &watch::Sender<usize>,
    release: &watch::Sender<bool>,
) -> AnalysisWorker {
    let mut worker = AnalysisWorker::new(WorkerLimits { at_once: 16, waiting: 16 });
    worker.offer(Box::new(Length)).expect("a new kind of analysis");
    for analysis_type in ["held", "stuck"] {
        let waiting = Waiting {
            analysis_type,
            begun: begun.clone(),
            ended: ended.clone(),
            release: (analysis_type == "held").then(|| release.subscribe()),
        };
        worker.offer(Box::new(waiting)).expect("a new kind of analysis");
    }
    worker
}

struct Length;

struct Waiting {
    analysis_type: &'static str,
    begun: watch::Sender<usize>,
    ended: watch::Sender<usize>,
    release: Option<watch::Receiver<bool>>,
}

struct CountsItsEnd(watch::Sender<usize>);

impl Drop for CountsItsEnd {
    fn drop(&mut self) {
        self.0.send_modify(|ended| *ended += 1);
    }
}

#[async_trait]
impl Analyzer for Length {
    fn analysis_type(&self) -> &'static str {
        "length"
    }

    async fn analyze(&self, request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        match request.subject.path.as_deref() {
            None => Err(AnalysisError::impossible("no path is named")),
            Some("") => Err(AnalysisError::failed("nothing to measure")),
            Some(path) => Ok(Findings::new([("bytes", path.len().to_string())])?),
        }
    }
}

#[async_trait]
impl Analyzer for Waiting {
    fn analysis_type(&self) -> &'static str {
        self.analysis_type
    }

    async fn analyze(&self, _request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        let _end = CountsItsEnd(self.ended.clone());
        self.begun.send_modify(|begun| *begun += 1);
        let Some(release) = &self.release else { return pending().await };
        let mut release = release.clone();
        // The end of the test lets go as well.
        drop(release.wait_for(|is_released| *is_released).await);
        Ok(Findings::new([("held", "no more")])?)
    }
}
