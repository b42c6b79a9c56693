//! What `tracing` sees of an event's way through the broker, when somebody listens at trace level.

#![cfg(feature = "ipc")]

use std::io;
use std::sync::Arc;

use daemoneye_eventbus::acl::Role;
use daemoneye_eventbus::transport::Listener;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, CollectionEvent, DaemoneyeBroker, DaemoneyeEventBus, EventBus,
    ProcessEvent, SocketAddress,
};
use parking_lot::Mutex;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// What was logged.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn has(&self, part: &str) -> bool {
        String::from_utf8_lossy(&self.0.lock()).contains(part)
    }
}

fn process() -> CollectionEvent {
    CollectionEvent::Process(ProcessEvent::default())
}

#[tokio::test]
async fn a_routed_event_is_a_span_with_its_correlation() {
    let log = Log::default();
    let writer = log.clone();
    // For all threads: what a socket brings is routed on the broker's own.
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_span_events(FmtSpan::NEW)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let folder = tempfile::tempdir().unwrap();
    let address = SocketAddress::from_path(folder.path().join("bus.sock")).unwrap();
    let broker = DaemoneyeBroker::new(BrokerConfig::default().with_unidentified(Some(Role::Agent)));
    broker.serve(Listener::bind(&address).unwrap()).unwrap();

    let near = DaemoneyeEventBus::from_broker(&broker, "near");
    near.publish(process(), Some("scan-7".into())).await.unwrap();
    assert!(log.has(
        "route{topic=events.process.lifecycle publisher=\"near\" sequence=1 correlation=scan-7 \
         root=scan-7}"
    ));

    let far = DaemoneyeEventBus::connect(&address, ClientConfig::new("far")).await.unwrap();
    far.publish(process(), Some("scan-8".into())).await.unwrap();
    // Answered after the event had its turn.
    far.statistics().await.unwrap();
    assert!(log.has("publisher=\"far\" sequence=1 correlation=scan-8"));
}
