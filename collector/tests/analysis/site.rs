//! An agent with a coordinator and a collector with a worker, on a bus of either type.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use collector_core::analysis::{
    AnalysisError, AnalysisRequest, AnalysisWorker, Analyzer, CoordinatorConfig, Findings,
    RetryPauses, TaskCarrier, WorkerLimits,
};
use collector_core::factory::HostedBus;
use collector_core::{
    AnalysisChainCoordinator, AnalysisWorkflowDefinition, EventBusConfig, EventBusFactory,
    EventBusType,
};
use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};
use daemoneye_eventbus::event::ReplyAddress;
use daemoneye_eventbus::rpc::{
    Dispatcher, DistributionConfig, HealthConfig, HealthMonitor, RpcClient, RpcClientConfig,
    RpcService, RpcServiceConfig,
};
use daemoneye_eventbus::{BusEvent, Credential, EventBus, EventReceiver, EventSubscription};
use tempfile::TempDir;
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

/// Turns a hang into a failure.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
/// Every bus that loses nothing, in this build.
pub(crate) const BUSES: &[EventBusType] = &[
    #[cfg(feature = "legacy")]
    EventBusType::Local,
    EventBusType::DaemonEye,
];
/// The collector that does stages.
pub(crate) const MEMBER: &str = "procmond";
/// Who asks for them.
pub(crate) const AGENT: &str = "daemoneye-agent";

/// Everything around a coordinator.
pub(crate) struct Site {
    pub(crate) config: EventBusConfig,
    pub(crate) agent_bus: Arc<dyn EventBus>,
    /// In another process it would be the same: over the socket, where there is one.
    pub(crate) member_bus: Arc<dyn EventBus>,
    pub(crate) coordinator: Arc<AnalysisChainCoordinator>,
    hosted: HostedBus,
    service: RpcService,
    seen: EventReceiver,
    _folder: TempDir,
}

impl Site {
    /// On a bus of this type; the collector offers these analyses, the agent these workflows.
    pub(crate) async fn start(
        bus_type: EventBusType,
        analyzers: Vec<Box<dyn Analyzer>>,
        workflows: Vec<(&str, AnalysisWorkflowDefinition)>,
    ) -> Self {
        let folder = TempDir::new().expect("a folder");
        let config = EventBusConfig::default()
            .with_bus_type(bus_type)
            .with_socket_path(folder.path().join("run/broker.sock"));
        let hosted = EventBusFactory::host(&config, AGENT).expect("the bus is hosted");
        let agent_bus = Arc::clone(hosted.bus());
        let wanted = EventSubscription::new("seen").with_pattern("control.#");
        let seen =
            agent_bus.subscribe(wanted.with_pattern("events.#")).await.expect("a subscription");
        let member_bus = member_bus(&config, &hosted).await;
        let service = serve(&member_bus, analyzers).await;
        let carrier = Arc::new(carrier(bus_type, &agent_bus).await);
        let short = Duration::from_millis(1);
        let pauses = RetryPauses { first: short, longest: short };
        let coordinating = CoordinatorConfig { pauses, ..CoordinatorConfig::default() };
        let own = Arc::clone(&agent_bus);
        let mut coordinator = AnalysisChainCoordinator::new(AGENT, own, carrier, coordinating);
        for (name, workflow) in workflows {
            coordinator.register(name, workflow).expect("a sound workflow");
        }
        let coordinator = Arc::new(coordinator);
        Self { config, agent_bus, member_bus, coordinator, hosted, service, seen, _folder: folder }
    }

    /// Ends everything in order; every event of the agent and its collector.
    pub(crate) async fn end(self) -> Vec<Arc<BusEvent>> {
        self.coordinator.end(LIMIT).await.expect("the coordinator ends");
        self.service.end(LIMIT).await.expect("the service ends");
        self.member_bus.shutdown(LIMIT).await.expect("the member leaves");
        self.hosted.shutdown(LIMIT).await.expect("the bus ends");
        let mut seen = self.seen;
        let mut events = Vec::new();
        while let Some(event) = seen.recv().await {
            events.push(event);
        }
        events
    }
}

async fn member_bus(config: &EventBusConfig, hosted: &HostedBus) -> Arc<dyn EventBus> {
    let procmond =
        Principal::new(MEMBER, Role::Collector(CollectorKind::Process)).expect("a sound name");
    match hosted.issue_token(procmond, LIMIT).expect("a token") {
        Some(token) => {
            let credential = Credential::SpawnToken(token);
            EventBusFactory::create_as(config, MEMBER, credential).await.expect("the member joins")
        }
        None => Arc::clone(hosted.bus()),
    }
}

async fn serve(bus: &Arc<dyn EventBus>, analyzers: Vec<Box<dyn Analyzer>>) -> RpcService {
    let mut worker = AnalysisWorker::new(WorkerLimits::default());
    for analyzer in analyzers {
        worker.offer(analyzer).expect("a new kind of analysis");
    }
    let config = RpcServiceConfig::collector(MEMBER, CollectorKind::Process);
    RpcService::start(Arc::clone(bus), config, Arc::new(worker)).await.expect("a service")
}

/// With a dispatcher where a broker tells who says what; on the bus in this process without.
async fn carrier(bus_type: EventBusType, bus: &Arc<dyn EventBus>) -> TaskCarrier {
    let config = RpcClientConfig::new(ReplyAddress::new(AGENT).expect("a sound name"));
    let client = Arc::new(RpcClient::start(Arc::clone(bus), config).await.expect("a client"));
    let carrier = TaskCarrier::new(Arc::clone(&client));
    if bus_type.is_in_process() {
        return carrier;
    }
    let monitor = HealthMonitor::start(Arc::clone(bus), AGENT, HealthConfig::default());
    let monitor = Arc::new(monitor.await.expect("a monitor"));
    let dispatcher = Dispatcher::start(client, monitor, DistributionConfig::default());
    dispatcher.join(MEMBER, CollectorKind::Process, 4).await.expect("it joins");
    carrier.with_dispatcher(Arc::new(dispatcher))
}

/// Finds what the stage before it, `digest`, has found.
pub(crate) struct Repeats;

#[async_trait]
impl Analyzer for Repeats {
    fn analysis_type(&self) -> &'static str {
        "repeat"
    }

    async fn analyze(&self, request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        let digest = request.inputs.get("digest").and_then(|found| found.get("sha256"));
        Ok(Findings::new([("repeated", digest.unwrap_or("nothing"))])?)
    }
}

/// Fails so many times.
pub(crate) struct Flaky(pub(crate) Mutex<u32>);

#[async_trait]
impl Analyzer for Flaky {
    fn analysis_type(&self) -> &'static str {
        "flaky"
    }

    async fn analyze(&self, _request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        let mut left = self.0.lock().await;
        if *left > 0 {
            *left -= 1;
            return Err(AnalysisError::failed("not yet"));
        }
        Ok(Findings::default())
    }
}

/// Never ends by itself; counts how often it began, and how often it was ended.
pub(crate) struct Stuck {
    pub(crate) begun: watch::Sender<usize>,
    pub(crate) ended: watch::Sender<usize>,
}

struct CountsItsEnd(watch::Sender<usize>);

impl Drop for CountsItsEnd {
    fn drop(&mut self) {
        self.0.send_modify(|ended| *ended += 1);
    }
}

impl Stuck {
    /// One, and how often it began and was ended.
    pub(crate) fn new() -> (Self, watch::Receiver<usize>, watch::Receiver<usize>) {
        let stuck = Self { begun: watch::Sender::new(0), ended: watch::Sender::new(0) };
        let (begun, ended) = (stuck.begun.subscribe(), stuck.ended.subscribe());
        (stuck, begun, ended)
    }
}

#[async_trait]
impl Analyzer for Stuck {
    fn analysis_type(&self) -> &'static str {
        "stuck"
    }

    async fn analyze(&self, _request: AnalysisRequest) -> Result<Findings, AnalysisError> {
        let _end = CountsItsEnd(self.ended.clone());
        self.begun.send_modify(|begun| *begun += 1);
        std::future::pending().await
    }
}

/// Waits until a count is reached.
pub(crate) async fn reaches(counter: &mut watch::Receiver<usize>, count: usize) {
    let reached = timeout(LIMIT, counter.wait_for(|now| *now >= count)).await;
    assert!(reached.expect("it comes").is_ok());
}
