//! The agent's life: bus, recorder, control, analyses, collectors; then its end.
//!
//! The end goes by who needs whom, and each step within its own limit:
//!
//! 1. Analyses, while everybody they ask is there. No event is looked at for triggers any more, no
//!    request followed; what runs is cancelled, collectors are told to let go of it, and each
//!    analysis has its record published. Were collectors stopped first, analyses would fail for
//!    collectors that did as they were told, and these would end with work nobody waits for. What
//!    collectors publish while they drain is looked at for no trigger: there would be nobody left
//!    to ask.
//! 2. Collectors, which drain what they have seen.
//! 3. Control, which hears until then that members leave.
//! 4. The bus, which hands out what it has accepted, the records among it.
//! 5. The recorder, which ends with its subscription once that is drained.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use daemoneye_eventbus::EventSubscription;
use tracing::info;

use super::recorder::{Recorder, Tally};
use super::staff::Staff;
use super::summons::Summons;
use super::{AgentError, AgentOptions};
use crate::config::{CollectorName, Settings};
use crate::control::AGENT_NAME;
use crate::factory::{EventBusFactory, HostedBus};
use crate::ready::AgentReady;

/// What the agent subscribes to when nothing else is asked for.
const PATTERN: &str = "events.#";
/// Events held for the agent: a scan of a busy host at once.
const CAPACITY_EVENTS: usize = 16_384;
/// How long what is left may take each, of an agent that is cut off.
const CUT_OFF_LIMIT: Duration = Duration::from_secs(1);
/// Paths that are named where none of them exists.
const MAX_NAMED: usize = 3;

/// Runs the agent until `stop` completes, then ends everything in order; calls `on_ready` once
/// the bus works and all collectors are ready. A collector that ends after that is started again,
/// up to a limit (R5). `cut_off` is looked at once it stops: when that completes, collectors that
/// have not ended are killed, and what they have not published may be lost.
///
/// Not cancel safe: dropping it kills collectors that are processes, without draining.
pub async fn run(
    options: AgentOptions,
    stop: impl Future<Output = ()>,
    cut_off: impl Future<Output = ()>,
    on_ready: impl FnOnce(AgentReady),
) -> Result<(), AgentError> {
    check_watched(&options.settings)?;
    let hosted = EventBusFactory::host(&options.settings.event_bus, AGENT_NAME)?;
    let summons = Summons::begin(&options.settings.event_bus);
    let mut staff = Staff::new(&options, &hosted);
    let mut recorder = None;
    let worked = tokio::select! {
        error = work(&options, &hosted, &mut staff, &mut recorder, on_ready) => Err(error),
        () = stop => Ok(()),
    };
    let mut limit = options.settings.collector.shutdown_timeout;
    let stop = async {
        info!("stopping");
        staff.stop().await
    };
    let stopped = tokio::select! {
        // From before it says that it stops.
        biased;
        () = cut_off => {
            limit = limit.min(CUT_OFF_LIMIT);
            Err(AgentError::CutOff)
        }
        stopped = stop => stopped,
    };
    let closed = hosted.shutdown(limit).await;
    if let Some(summons) = summons {
        summons.end().await;
    }
    // After a recorder that failed there is nothing more to wait for.
    let drained = match recorder {
        Some(mut recorder) if !matches!(worked, Err(AgentError::Record { .. })) => {
            recorder.ended_within(limit).await.map_err(|source| cannot_record(&options, source))
        }
        _ => Ok(Tally::default()),
    };
    worked?;
    stopped?;
    closed?;
    nothing_lost(drained?)
}

/// Where nothing of what is named exists, the names are wrong, and people are there to read it.
/// What is missing beside others, or later, is waited for.
fn check_watched(settings: &Settings) -> Result<(), AgentError> {
    let is_started = settings.agent.collectors.contains(&CollectorName::Fsmond);
    match &settings.fsmond.paths {
        Some(paths) if is_started && !paths.iter().any(|path| path.exists()) => {
            let named = paths.iter().take(MAX_NAMED).map(|path| path.display().to_string());
            let more = (paths.len() > MAX_NAMED).then(|| "…".to_owned());
            let paths = named.chain(more).collect::<Vec<_>>().join(", ");
            Err(AgentError::NothingToWatch { paths })
        }
        _ => Ok(()),
    }
}

fn nothing_lost(Tally { received, lost }: Tally) -> Result<(), AgentError> {
    info!(received, lost, "stopped");
    if lost > 0 { Err(AgentError::Lost { lost, received }) } else { Ok(()) }
}

async fn start_recorder(
    hosted: &HostedBus,
    options: &AgentOptions,
) -> Result<Recorder, AgentError> {
    let mut wanted = EventSubscription::new(AGENT_NAME).with_capacity(CAPACITY_EVENTS);
    wanted.topic_patterns.clone_from(&options.patterns);
    if wanted.topic_patterns.is_empty() {
        wanted.topic_patterns.push(PATTERN.to_owned());
    }
    let receiver = hosted.bus().subscribe(wanted).await?;
    let started = Recorder::start(receiver, options.record.as_deref());
    started.map_err(|source| cannot_record(options, source))
}

/// Starts the recorder and the collectors, and keeps them; returns only when something went wrong.
async fn work(
    options: &AgentOptions,
    hosted: &HostedBus,
    staff: &mut Staff<'_>,
    recorder: &mut Option<Recorder>,
    on_ready: impl FnOnce(AgentReady),
) -> AgentError {
    match begin(options, hosted, staff, recorder).await {
        Ok(ready) => on_ready(ready),
        Err(error) => return error,
    }
    let recorder = recorder.as_mut().expect("it was begun");
    tokio::select! {
        never = staff.keep() => match never {},
        ended = recorder.ended() => {
            let source = ended.err().unwrap_or_else(|| {
                std::io::Error::other("the agent's subscription ended")
            });
            cannot_record(options, source)
        }
    }
}

/// The recorder first: it misses nothing of what collectors publish.
async fn begin(
    options: &AgentOptions,
    hosted: &HostedBus,
    staff: &mut Staff<'_>,
    recorder: &mut Option<Recorder>,
) -> Result<AgentReady, AgentError> {
    let metrics_address = options.metrics.map(|at| hosted.serve_metrics(at)).transpose()?;
    *recorder = Some(start_recorder(hosted, options).await?);
    Ok(AgentReady {
        collectors: staff.begin().await?,
        ready: AGENT_NAME.to_owned(),
        pid: std::process::id(),
        bus_type: options.settings.event_bus.bus_type.to_string(),
        socket_path: hosted.socket_path().map(Path::to_owned),
        metrics_address,
    })
}

fn cannot_record(options: &AgentOptions, source: std::io::Error) -> AgentError {
    let path = options.record.clone().unwrap_or_else(|| "no file".into());
    AgentError::Record { path, source }
}
