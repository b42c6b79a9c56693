//! [`ScriptedSource`]: a source that sends and ends as the case says.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use async_trait::async_trait;
use collector_core::{CollectionEvent, EventSource, SourceCaps};
use daemoneye_eventbus::clock::{monotonic_ns, unix_ns};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

use crate::plan::chaos::{SourceSpec, Then};

/// A source with a script.
pub(super) struct ScriptedSource {
    name: &'static str,
    spec: SourceSpec,
    stop: Notify,
}

impl ScriptedSource {
    /// One that does what this says. Its name is kept for as long as the process lives.
    pub(super) fn new(spec: &SourceSpec) -> Self {
        let name: &'static str = spec.name.clone().leak();
        Self { name, spec: spec.clone(), stop: Notify::new() }
    }

    /// Sends everything, to absolute deadlines where it has a rate.
    async fn send_all(&self, tx: &mpsc::Sender<CollectionEvent>) -> anyhow::Result<()> {
        let began = Instant::now();
        for number in 1..=self.spec.sends() {
            if let Some(per_second) = self.spec.rate_per_s {
                let after = Duration::from_secs_f64((number - 1) as f64 / per_second);
                sleep_until(began + after).await;
            }
            let mut event = self.spec.event(number);
            let header = event.header_mut();
            header.observed_unix_ns = unix_ns();
            header.observed_monotonic_ns = monotonic_ns();
            tx.send(event).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl EventSource for ScriptedSource {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> SourceCaps {
        SourceCaps::PROCESS
    }

    async fn start(
        &self,
        tx: mpsc::Sender<CollectionEvent>,
        _shutdown_signal: Arc<AtomicBool>,
    ) -> anyhow::Result<()> {
        self.send_all(&tx).await?;
        match self.spec.then {
            Then::Waits => self.stop.notified().await,
            Then::Ends => {}
            Then::Fails => anyhow::bail!(self.spec.last_words()),
            Then::Panics => panic!("{}", self.spec.last_words()),
            Then::Hangs => std::future::pending::<()>().await,
        }
        Ok(())
    }

    async fn stop(&self) -> anyhow::Result<()> {
        if self.spec.then == Then::Hangs {
            std::future::pending::<()>().await;
        }
        self.stop.notify_one();
        Ok(())
    }

    async fn health_check(&self) -> anyhow::Result<()> {
        Ok(())
    }
}
