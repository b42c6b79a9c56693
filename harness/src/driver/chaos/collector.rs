//! The collector: a real one, with sources that are not.

use std::sync::Arc;
use std::time::Duration;

use collector_core::analysis::{AnalysisWorker, WorkerLimits};
use collector_core::config::{CrossbeamConfig, DaemoneyeConfig};
use collector_core::control::AgentLink;
use collector_core::runtime::{SourceState, SourceStatus, StatusWatch};
use collector_core::{
    Collector, CollectorConfig, CollectorStatus, EventBusConfig, EventBusFactory, EventBusType,
};
use daemoneye_eventbus::acl::CollectorKind;
use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::rpc::Registration;
use daemoneye_eventbus::{Credential, EventBus, Secret};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::line::{Assignment, CLOSE_LIMIT, Order, Orders, Reply};
use super::source::ScriptedSource;
use crate::driver::part::tell;
use crate::plan::Bus;
use crate::plan::chaos::{COLLECTOR, CollectorSpec};
use crate::record::{CollectorReport, SourceEnd, SourceReport};

/// A collector that runs.
pub(super) struct RunningCollector {
    stop: oneshot::Sender<()>,
    run: JoinHandle<CollectorReport>,
    telling: JoinHandle<()>,
    link: AgentLink,
}

/// Runs the collector on a connection of its own until it is told to stop.
pub(super) async fn run_alone(
    assignment: &Assignment,
    token: &str,
    mut orders: Orders,
) -> Result<(), String> {
    let token: Secret = token.parse().map_err(|cause| format!("its token: {cause}"))?;
    let credential = Credential::SpawnToken(token);
    let connected = EventBusFactory::create_as(&event_bus(assignment), COLLECTOR, credential).await;
    let bus = connected.map_err(|cause| format!("the broker was not reached: {cause}"))?;
    let collector = RunningCollector::start(assignment, Arc::clone(&bus)).await?;
    tell(&Reply::Ready { token: None });
    while let Some(order) = orders.recv().await {
        if order == Order::Stop {
            break;
        }
        tell(&Reply::Obeyed);
    }
    let mut report = collector.stop().await?;
    if let Err(cause) = bus.shutdown(CLOSE_LIMIT).await {
        let told = format!("the bus did not close in order: {cause}");
        report.error = report.error.or(Some(told));
    }
    tell(&Reply::Ended(report));
    Ok(())
}

/// The bus as host and collector are configured for it.
pub(super) fn event_bus(assignment: &Assignment) -> EventBusConfig {
    if assignment.bus == Bus::Crossbeam {
        let mut crossbeam = CrossbeamConfig::default();
        if let Some(events) = assignment.case.topology.bus.central_capacity {
            crossbeam.central_capacity = Some(events);
        }
        let config = EventBusConfig { crossbeam: Some(crossbeam), ..EventBusConfig::default() };
        return config.with_bus_type(EventBusType::Local);
    }
    // What the bus has accepted it has a place for, so that a count of it can be exact.
    let confirmation = Confirmation::Accepted;
    let daemoneye = DaemoneyeConfig { confirmation, ..DaemoneyeConfig::default() };
    let config = EventBusConfig { daemoneye: Some(daemoneye), ..EventBusConfig::default() };
    config.with_bus_type(EventBusType::DaemonEye).with_socket_path(&assignment.socket)
}

fn config(spec: &CollectorSpec) -> CollectorConfig {
    CollectorConfig::new()
        .with_component_name(COLLECTOR)
        .with_max_batch_size(spec.batch_events)
        .with_batch_timeout(Duration::from_millis(spec.batch_timeout_ms))
        .with_event_buffer_size(spec.buffer_events)
        .with_backpressure_threshold(spec.threshold_events)
        .with_shutdown_timeout(Duration::from_millis(spec.shutdown_timeout_ms))
}

impl RunningCollector {
    /// Starts it on a bus, where it answers whoever asks how it is. Within a runtime.
    pub(super) async fn start(
        assignment: &Assignment,
        bus: Arc<dyn EventBus>,
    ) -> Result<Self, String> {
        let chaos = &assignment.case.chaos;
        let mut collector = Collector::new(config(&chaos.collector)).with_bus(Arc::clone(&bus));
        for spec in &chaos.sources {
            let registered = collector.register(Box::new(ScriptedSource::new(spec)));
            registered.map_err(|cause| cause.to_string())?;
        }
        let (status, registration) = (collector.watch_status(), registration(&collector));
        let worker = Arc::new(AnalysisWorker::new(WorkerLimits::default()));
        let served = AgentLink::serve(bus, registration, status.clone(), worker, None).await;
        let link = served.map_err(|cause| format!("it cannot hear what it is asked: {cause}"))?;
        let telling = tokio::spawn(tell_held_back(status.clone()));
        let (stop, stopped) = oneshot::channel();
        let run = tokio::spawn(run(collector, status, stopped));
        Ok(Self { stop, run, telling, link })
    }

    /// Asks it to end, and waits for that; how it ended.
    pub(super) async fn stop(self) -> Result<CollectorReport, String> {
        // One that has ended by itself tells so in its report.
        let _ = self.stop.send(());
        let report = self.run.await.map_err(|cause| format!("its run: {cause}"))?;
        let _ = self.telling.await;
        self.link.end(CLOSE_LIMIT).await;
        Ok(report)
    }
}

fn registration(collector: &Collector) -> Registration {
    Registration {
        member: COLLECTOR.to_owned(),
        kind: CollectorKind::Process,
        capabilities: collector.capabilities(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        task_limit: 0,
    }
}

async fn run(
    collector: Collector,
    status: StatusWatch,
    stopped: oneshot::Receiver<()>,
) -> CollectorReport {
    let stop = async move {
        let _ = stopped.await;
    };
    let error = collector.run_until(stop).await.err();
    report(&status.current(), error.map(|error| error.to_string()))
}

/// Tells of the threshold whenever it is crossed, either way, until the collector has ended.
async fn tell_held_back(mut status: StatusWatch) {
    let mut is_held_back = false;
    loop {
        let known = is_held_back;
        let changed = status.wait_for(move |status| status.backpressure != known).await;
        let Some(changed) = changed else { return };
        is_held_back = changed.backpressure;
        tell(&Reply::HeldBack(is_held_back));
    }
}

fn report(status: &CollectorStatus, error: Option<String>) -> CollectorReport {
    CollectorReport {
        accepted: status.events_accepted,
        published: status.events_published,
        lost: status.events_lost,
        backpressure_episodes: status.backpressure_episodes,
        error,
        sources: status.sources.iter().map(source).collect(),
    }
}

fn source(status: &SourceStatus) -> SourceReport {
    let (end, reason) = match &status.state {
        SourceState::Registered | SourceState::Running => (SourceEnd::Running, None),
        SourceState::Ended => (SourceEnd::Ended, None),
        SourceState::Failed { error } => (SourceEnd::Failed, Some(error.clone())),
        SourceState::Panicked { message } => (SourceEnd::Panicked, Some(message.clone())),
        SourceState::Aborted => (SourceEnd::Aborted, status.last_failure.clone()),
    };
    SourceReport {
        name: status.name.to_owned(),
        end,
        reason,
        accepted: status.events_accepted,
        refused: status.events_refused,
    }
}
