//! A collector as a thread, with a runtime of its own: it shares nothing with the agent but the
//! bus.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use daemoneye_eventbus::EventBus;
use tokio::sync::oneshot;

use super::MemberError;
use crate::causes::with_causes;
use crate::config::{CollectorName, Settings};
use crate::program::{self, ProgramError, WayToBus};
use crate::ready::CollectorReady;

/// A started thread. Dropping it asks it to end.
#[derive(Debug)]
pub(super) struct ThreadMember {
    ready: oneshot::Receiver<CollectorReady>,
    /// Whether it has said so. Before, it has nothing to lose.
    is_ready: bool,
    stop: oneshot::Sender<()>,
    /// Sent as the last thing the thread does; closed without when it panicked. `None` once it
    /// was told.
    result: Option<oneshot::Receiver<Result<(), ProgramError>>>,
}

impl ThreadMember {
    /// Starts a collector on a bus of this process.
    pub(super) fn start(
        name: CollectorName,
        settings: &Settings,
        bus: Arc<dyn EventBus>,
    ) -> Result<Self, MemberError> {
        let thread_name = name.as_str();
        let failed = |source: io::Error| MemberError::Spawn { program: thread_name.into(), source };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (tell_ready, ready) = oneshot::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell_result, result) = oneshot::channel();
        let settings = settings.clone();
        let run = move || {
            let stopped = async {
                let _ = stopped.await;
            };
            let on_ready = |told| {
                let _ = tell_ready.send(told);
            };
            let way = WayToBus::Shared(bus);
            let ran = runtime.block_on(program::run(name, &settings, way, stopped, on_ready));
            let _ = tell_result.send(ran.map(|_| ()));
        };
        thread::Builder::new().name(thread_name.to_owned()).spawn(run).map_err(failed)?;
        Ok(Self { ready, is_ready: false, stop, result: Some(result) })
    }

    pub(super) async fn ready(&mut self) -> Result<CollectorReady, MemberError> {
        match (&mut self.ready).await {
            Ok(ready) => {
                self.is_ready = true;
                Ok(ready)
            }
            Err(_) => Err(self.ended().await),
        }
    }

    /// Waits for its end, once. Cancel safe.
    pub(super) async fn ended(&mut self) -> MemberError {
        let Some(result) = &mut self.result else { return std::future::pending().await };
        let ended = result.await;
        self.result = None;
        match ended {
            Ok(Err(error)) if error.is_configuration() => {
                MemberError::Refused { why: with_causes(&error) }
            }
            ended => MemberError::Ended { how: describe(ended) },
        }
    }

    pub(super) async fn stop(self, limit: Duration) -> Result<(), MemberError> {
        let _ = self.stop.send(());
        let Some(result) = self.result else { return Ok(()) };
        match tokio::time::timeout(limit, result).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(_) if !self.is_ready => Ok(()),
            Ok(other) => Err(MemberError::EndedBadly { how: describe(other) }),
            Err(_) => Err(MemberError::Overdue { waited: limit }),
        }
    }
}

fn describe(result: Result<Result<(), ProgramError>, oneshot::error::RecvError>) -> String {
    match result {
        Ok(Ok(())) => "without an error".to_owned(),
        Ok(Err(error)) => with_causes(&error),
        Err(_) => "it panicked".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::RunError;

    #[tokio::test]
    async fn one_that_was_not_ready_yet_has_nothing_to_lose_at_a_stop() {
        for is_ready in [false, true] {
            let (stop, _stopped) = oneshot::channel();
            let (tell_result, result) = oneshot::channel();
            let _ = tell_result.send(Err(ProgramError::from(RunError::NoSource)));
            let ready = oneshot::channel().1;
            let member = ThreadMember { ready, is_ready, stop, result: Some(result) };
            assert_eq!(member.stop(Duration::from_mins(1)).await.is_ok(), !is_ready);
        }
    }
}
