//! [`MockEventSource`]: a source that sends what it was given and ends as it was told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc};

use crate::source::{CollectionEvent, EventSource, Loss, SourceCaps};

/// A source for tests. Clones share their counters, so that a test keeps one and registers one.
#[derive(Debug, Clone)]
pub struct MockEventSource {
    name: &'static str,
    capabilities: SourceCaps,
    events: Vec<CollectionEvent>,
    ending: MockEnding,
    unhealthy: Option<&'static str>,
    shared: Arc<Shared>,
}

/// What a [`MockEventSource`] does once it has sent its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MockEnding {
    /// Waits for `stop`, then ends.
    AtStop,
    /// Ends at once.
    AtOnce,
    /// Ends with an error of this text.
    Fails(&'static str),
    /// Panics with this text.
    Panics(&'static str),
    /// Ignores every request to end.
    Hangs,
}

#[derive(Debug, Default)]
struct Shared {
    starts: AtomicU32,
    stops: AtomicU32,
    health_checks: AtomicU32,
    /// Events it was given and has not sent.
    unsent: AtomicU64,
    stop: Notify,
}

impl MockEventSource {
    /// A source that sends nothing and waits for `stop`.
    pub fn new(name: &'static str, capabilities: SourceCaps) -> Self {
        Self {
            name,
            capabilities,
            events: Vec::new(),
            ending: MockEnding::AtStop,
            unhealthy: None,
            shared: Arc::default(),
        }
    }

    /// Sends these events, in order, as soon as it is started.
    #[must_use]
    pub fn with_events(mut self, events: impl IntoIterator<Item = CollectionEvent>) -> Self {
        self.events.extend(events);
        self
    }

    /// Sets what happens after that.
    #[must_use]
    pub fn with_ending(mut self, ending: MockEnding) -> Self {
        self.ending = ending;
        self
    }

    /// Makes every health check fail with this text.
    #[must_use]
    pub fn with_failing_health(mut self, text: &'static str) -> Self {
        self.unhealthy = Some(text);
        self
    }

    /// How often `start` was called.
    pub fn starts(&self) -> u32 {
        self.shared.starts.load(Ordering::Relaxed)
    }

    /// How often `stop` was called.
    pub fn stops(&self) -> u32 {
        self.shared.stops.load(Ordering::Relaxed)
    }

    /// How often `health_check` was called.
    pub fn health_checks(&self) -> u32 {
        self.shared.health_checks.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl EventSource for MockEventSource {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> SourceCaps {
        self.capabilities
    }

    async fn start(
        &self,
        tx: mpsc::Sender<CollectionEvent>,
        _shutdown_signal: Arc<AtomicBool>,
    ) -> anyhow::Result<()> {
        self.shared.starts.fetch_add(1, Ordering::Relaxed);
        self.shared.unsent.store(self.events.len() as u64, Ordering::Relaxed);
        for event in self.events.clone() {
            tx.send(event).await?;
            self.shared.unsent.fetch_sub(1, Ordering::Relaxed);
        }
        match self.ending {
            MockEnding::AtOnce => {}
            MockEnding::AtStop => self.shared.stop.notified().await,
            MockEnding::Fails(text) => anyhow::bail!(text),
            MockEnding::Panics(text) => panic!("{text}"),
            MockEnding::Hangs => std::future::pending().await,
        }
        Ok(())
    }

    async fn stop(&self) -> anyhow::Result<()> {
        self.shared.stops.fetch_add(1, Ordering::Relaxed);
        self.shared.stop.notify_one();
        Ok(())
    }

    async fn health_check(&self) -> anyhow::Result<()> {
        self.shared.health_checks.fetch_add(1, Ordering::Relaxed);
        match self.unhealthy {
            Some(text) => Err(anyhow::anyhow!(text)),
            None => Ok(()),
        }
    }

    fn unsent(&self) -> Loss {
        Loss { events: self.shared.unsent.load(Ordering::Relaxed), uncounted: false }
    }
}
