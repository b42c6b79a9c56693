//! Health checks of sources at intervals, and a look at the collector itself: asked, and never
//! judged here.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::rpc::CpuUse;
use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::info;

use super::board::Board;
use super::looking::Looking;
use super::status::{CollectorStatus, SourceState};
use crate::config::CollectorConfig;
use crate::source::{EventSource, Limited};

/// How long one health check may take; a longer one has failed.
const CHECK_LIMIT: Duration = Duration::from_secs(5);

/// Checks every running source at every interval and whenever somebody asks for it, for ever.
pub(super) async fn repeat(
    sources: Vec<Arc<dyn EventSource>>,
    config: CollectorConfig,
    board: Board,
) {
    let mut ticks = interval(config.health_check_interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await; // The first is at once, before anything could be known.
    let mut looking = Looking::begin(&config, &board).await;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = board.look_wanted() => {}
        }
        round(&sources, &board).await;
        looking.look(&board).await;
        if config.enable_telemetry {
            log(&board.current());
        }
    }
}

fn log(status: &CollectorStatus) {
    let resources = status.own.resources;
    info!(
        accepted = status.events_accepted,
        published = status.events_published,
        lost = status.events_lost,
        backpressure = status.backpressure,
        cpu_percent = resources.cpu.map(CpuUse::percent),
        memory_bytes = resources.memory_bytes,
        open_descriptors = resources.open_descriptors,
        threads = resources.threads,
        "telemetry"
    );
}

async fn round(sources: &[Arc<dyn EventSource>], board: &Board) {
    let mut checks = JoinSet::new();
    let status = board.current();
    for (index, source) in sources.iter().enumerate() {
        if status.sources[index].state != SourceState::Running {
            continue;
        }
        let source = Arc::clone(source);
        checks.spawn(async move { (index, one(source).await) });
    }
    while let Some(joined) = checks.join_next().await {
        let Ok((index, result)) = joined else { continue };
        board.update(|status| {
            status.checks += 1;
            let source = &mut status.sources[index];
            match result {
                Ok(limitation) => {
                    source.failed_checks = 0;
                    source.limitation = limitation;
                }
                Err(failure) => {
                    source.limitation = None;
                    source.failed_checks += 1;
                    source.last_failure = Some(failure);
                    status.checks_failed += 1;
                }
            }
        });
    }
}

/// One check within the limit, and what the source cannot do though it works; a panic of the check
/// is a failure like any other.
async fn one(source: Arc<dyn EventSource>) -> Result<Option<String>, String> {
    let check = AssertUnwindSafe(async { source.health_check().await }).catch_unwind();
    match timeout(CHECK_LIMIT, check).await {
        Ok(Ok(Ok(()))) => Ok(None),
        Ok(Ok(Err(error))) => match error.downcast::<Limited>() {
            Ok(Limited { what }) => Ok(Some(what)),
            Err(error) => Err(format!("{error:#}")),
        },
        Ok(Err(_)) => Err("the health check panicked".to_owned()),
        Err(_) => Err(format!("the health check did not return within {CHECK_LIMIT:?}")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use async_trait::async_trait;
    use daemoneye_eventbus::{CollectionEvent, SourceCaps};
    use tokio::sync::mpsc;

    use super::super::status::SourceStatus;
    use super::*;

    enum Check {
        Panics,
        Hangs,
        IsLimited,
    }

    #[async_trait]
    impl EventSource for Check {
        fn name(&self) -> &'static str {
            "s"
        }

        fn capabilities(&self) -> SourceCaps {
            SourceCaps::PROCESS
        }

        async fn start(
            &self,
            _tx: mpsc::Sender<CollectionEvent>,
            _shutdown_signal: Arc<AtomicBool>,
        ) -> anyhow::Result<()> {
            Ok(())
        }

        async fn stop(&self) -> anyhow::Result<()> {
            Ok(())
        }

        async fn health_check(&self) -> anyhow::Result<()> {
            match self {
                Self::Panics => panic!("on purpose"),
                Self::Hangs => std::future::pending().await,
                Self::IsLimited => Err(Limited { what: "one folder is closed".to_owned() }.into()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_that_panics_or_hangs_has_failed() {
        let panicked = one(Arc::new(Check::Panics)).await.unwrap_err();
        assert_eq!(panicked, "the health check panicked");
        let hung = one(Arc::new(Check::Hangs)).await.unwrap_err();
        assert_eq!(hung, "the health check did not return within 5s");
    }

    #[tokio::test]
    async fn a_source_that_is_limited_fails_no_check_however_often_it_is_checked() {
        let mut status = CollectorStatus::new("c");
        let running = SourceStatus::new("s", SourceCaps::PROCESS);
        status.sources.push(SourceStatus { state: SourceState::Running, ..running });
        let board = Board::new(status);
        for _ in 0..4 {
            round(&[Arc::new(Check::IsLimited) as Arc<dyn EventSource>], &board).await;
        }
        let told = board.current();
        assert_eq!((told.checks, told.checks_failed), (4, 0));
        assert_eq!(told.sources[0].limitation.as_deref(), Some("one folder is closed"));
        assert_eq!(told.sources[0].failed_checks, 0);
    }
}
