//! The agent's life: bus, recorder, collectors; then the same backwards.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use daemoneye_eventbus::EventSubscription;
use daemoneye_eventbus::acl::{CollectorKind, Principal, Role};
use futures_util::future::{join_all, select_all};
use tracing::{error, info};

use super::child::ProcmondCommand;
use super::member::Member;
use super::recorder::{Recorder, Tally};
use super::thread::ThreadMember;
use super::{AgentError, MemberError};
use crate::config::Settings;
use crate::factory::{EventBusFactory, HostedBus};
use crate::ready::{AgentReady, CollectorReady};

/// Name of the agent as publisher and subscriber.
const NAME: &str = "daemoneye-agent";
/// Name of the one collector there is, as its events and its token have it.
const PROCMOND: &str = "procmond";
/// What the agent subscribes to when nothing else is asked for.
const PATTERN: &str = "events.process.#";
/// Events held for the agent: a scan of a busy host at once.
const CAPACITY_EVENTS: usize = 16_384;

/// What the agent is started with.
#[derive(Debug, Clone)]
pub struct AgentOptions {
    /// The resolved configuration.
    pub settings: Settings,
    /// The file it came from, if one was named; collectors read it too.
    pub config_file: Option<PathBuf>,
    /// Executable of procmond.
    pub procmond: PathBuf,
    /// Where to append every received event as a line of JSON.
    pub record: Option<PathBuf>,
    /// What to subscribe to (M1); every process event if empty.
    pub patterns: Vec<String>,
    /// Loopback address to serve the broker's metrics on.
    pub metrics: Option<SocketAddr>,
}

/// Runs the agent until `stop` completes, then ends everything in order; calls `on_ready` once
/// the bus works and all collectors are ready.
///
/// Not cancel safe: dropping it kills collectors that are processes, without draining.
pub async fn run(
    options: AgentOptions,
    stop: impl Future<Output = ()>,
    on_ready: impl FnOnce(AgentReady),
) -> Result<(), AgentError> {
    let hosted = EventBusFactory::host(&options.settings.event_bus, NAME)?;
    let metrics = options.metrics.map(|address| hosted.serve_metrics(address)).transpose()?;
    let mut members = Vec::new();
    let (recorder, worked) = match start_recorder(&hosted, &options).await {
        Ok(mut recorder) => {
            let on_ready = |ready| on_ready(AgentReady { metrics_address: metrics, ..ready });
            let working = work(&options, &hosted, &mut members, &mut recorder, on_ready);
            let worked = tokio::select! {
                error = working => Err(error),
                () = stop => Ok(()),
            };
            (Some(recorder), worked)
        }
        Err(error) => (None, Err(error)),
    };
    info!("stopping");
    let stopped = stop_members(members, &options.settings).await;
    let closed = hosted.shutdown(options.settings.collector.shutdown_timeout).await;
    // After a recorder that failed there is nothing more to wait for.
    let drained = match recorder {
        Some(mut recorder) if !matches!(worked, Err(AgentError::Record { .. })) => {
            recorder.ended().await.map_err(|source| cannot_record(&options, source))
        }
        _ => Ok(Tally::default()),
    };
    worked?;
    stopped?;
    closed?;
    nothing_lost(drained?)
}

fn nothing_lost(Tally { received, lost }: Tally) -> Result<(), AgentError> {
    info!(received, lost, "stopped");
    if lost > 0 { Err(AgentError::Lost { lost, received }) } else { Ok(()) }
}

async fn start_recorder(
    hosted: &HostedBus,
    options: &AgentOptions,
) -> Result<Recorder, AgentError> {
    let file = options.record.as_deref();
    let mut wanted = EventSubscription::new(NAME).with_capacity(CAPACITY_EVENTS);
    wanted.topic_patterns.clone_from(&options.patterns);
    if wanted.topic_patterns.is_empty() {
        wanted.topic_patterns.push(PATTERN.to_owned());
    }
    let receiver = hosted.bus().subscribe(wanted).await?;
    Recorder::start(receiver, file).map_err(|source| AgentError::Record {
        path: file.unwrap_or(Path::new("no file")).to_owned(),
        source,
    })
}

/// Starts the collectors and watches them; returns only when something went wrong.
async fn work(
    options: &AgentOptions,
    hosted: &HostedBus,
    members: &mut Vec<Member>,
    recorder: &mut Recorder,
    on_ready: impl FnOnce(AgentReady),
) -> AgentError {
    let collectors = match start_members(options, hosted, members).await {
        Ok(collectors) => collectors,
        Err(error) => return error,
    };
    on_ready(AgentReady {
        ready: NAME.to_owned(),
        pid: std::process::id(),
        bus_type: options.settings.event_bus.bus_type.to_string(),
        socket_path: hosted.socket_path().map(Path::to_owned),
        metrics_address: None,
        collectors,
    });
    tokio::select! {
        error = first_to_end(members) => error,
        ended = recorder.ended() => {
            let source = ended.err().unwrap_or_else(|| {
                std::io::Error::other("the agent's subscription ended")
            });
            cannot_record(options, source)
        }
    }
}

async fn start_members(
    options: &AgentOptions,
    hosted: &HostedBus,
    members: &mut Vec<Member>,
) -> Result<Vec<CollectorReady>, AgentError> {
    for name in &options.settings.agent.collectors {
        let member = start_member(options, hosted).await;
        let member =
            member.map_err(|source| AgentError::Collector { name: name.clone(), source })?;
        members.push(member);
    }
    let mut collectors = Vec::with_capacity(members.len());
    for member in members.iter_mut() {
        let ready = member.ready(options.settings.agent.ready_timeout).await;
        let name = member.name().to_owned();
        collectors.push(ready.map_err(|source| AgentError::Collector { name, source })?);
    }
    Ok(collectors)
}

/// Starts the one kind of collector there is; the configuration has checked its name.
async fn start_member(options: &AgentOptions, hosted: &HostedBus) -> Result<Member, MemberError> {
    let procmond = Principal::new(PROCMOND, Role::Collector(CollectorKind::Process));
    let procmond = procmond.expect("a level of a topic");
    let token = hosted.issue_token(procmond, options.settings.agent.ready_timeout)?;
    let (Some(socket_path), Some(token)) = (hosted.socket_path(), token) else {
        let bus = hosted.bus().clone();
        return Ok(Member::Thread(ThreadMember::procmond(&options.settings, bus)?));
    };
    let command = ProcmondCommand {
        program: &options.procmond,
        socket_path,
        scan_interval: options.settings.procmond.scan_interval,
        config_file: options.config_file.as_deref(),
        token: &token,
    };
    Ok(Member::Child(Box::new(command.start().await?)))
}

async fn first_to_end(members: &mut [Member]) -> AgentError {
    if members.is_empty() {
        return std::future::pending().await;
    }
    let ends = members.iter_mut().map(|member| {
        Box::pin(async move {
            let source = member.ended().await;
            AgentError::Collector { name: member.name().to_owned(), source }
        })
    });
    let (error, _, _) = select_all(ends).await;
    error
}

/// Stops all collectors at once; the first that did not end in order is the error.
async fn stop_members(members: Vec<Member>, settings: &Settings) -> Result<(), AgentError> {
    let limit = settings.agent.stop_timeout;
    let stops = members.into_iter().map(|member| async move {
        let name = member.name().to_owned();
        let stopped = member.stop(limit).await;
        stopped.map_err(|source| AgentError::CollectorStop { name, source })
    });
    let mut result = Ok(());
    for stopped in join_all(stops).await {
        if let Err(error) = &stopped {
            error!(%error, "a collector did not stop in order");
        }
        result = result.and(stopped);
    }
    result
}

fn cannot_record(options: &AgentOptions, source: std::io::Error) -> AgentError {
    AgentError::Record { path: options.record.clone().unwrap_or_default(), source }
}
