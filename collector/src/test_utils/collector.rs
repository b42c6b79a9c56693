//! [`TestCollector`]: a collector that runs beside its test.

use std::sync::Arc;

use daemoneye_eventbus::EventBus;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::config::CollectorConfig;
use crate::runtime::{Collector, CollectorStatus, RunError, StatusWatch};
use crate::source::EventSource;

/// A running collector on a bus of the test's choice; dropping it asks it to stop.
#[derive(Debug)]
pub struct TestCollector {
    status: StatusWatch,
    stop: oneshot::Sender<()>,
    run: JoinHandle<Result<CollectorStatus, RunError>>,
}

impl TestCollector {
    /// Starts a collector with these sources, on the test's runtime.
    ///
    /// # Panics
    ///
    /// When a source is refused: the test is wrong then.
    pub fn start(
        config: CollectorConfig,
        bus: Arc<dyn EventBus>,
        sources: impl IntoIterator<Item = Box<dyn EventSource>>,
    ) -> Self {
        let mut collector = Collector::new(config).with_bus(bus);
        for source in sources {
            collector.register(source).expect("a test registers valid sources");
        }
        Self::run(collector)
    }

    /// Runs a collector that lacks nothing, on the test's runtime.
    pub fn run(collector: Collector) -> Self {
        let status = collector.watch_status();
        let (stop, stopped) = oneshot::channel::<()>();
        let run = tokio::spawn(collector.run_until(async move {
            let _ = stopped.await;
        }));
        Self { status, stop, run }
    }

    /// Follows the status; outlives the run.
    pub fn watch_status(&self) -> StatusWatch {
        self.status.clone()
    }

    /// Waits until the status satisfies a condition.
    ///
    /// # Panics
    ///
    /// When the collector ends before it does.
    pub async fn wait_for(
        &mut self,
        condition: impl FnMut(&CollectorStatus) -> bool,
    ) -> CollectorStatus {
        let found = self.status.wait_for(condition).await;
        found.unwrap_or_else(|| panic!("the collector ended as {:?}", self.status.current()))
    }

    /// Waits until the collector ends by itself.
    ///
    /// # Panics
    ///
    /// When the run panicked.
    pub async fn wait(self) -> Result<CollectorStatus, RunError> {
        let result = self.run.await.expect("a run does not panic");
        drop(self.stop);
        result
    }

    /// Stops the collector gracefully.
    ///
    /// # Panics
    ///
    /// When the run panicked.
    pub async fn stop(self) -> Result<CollectorStatus, RunError> {
        let _ = self.stop.send(());
        self.run.await.expect("a run does not panic")
    }
}
