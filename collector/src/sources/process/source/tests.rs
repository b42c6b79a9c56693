//! The source by itself, on the processes of this host.

use daemoneye_eventbus::ProcessEvent;
use daemoneye_eventbus::event::ProcessChange;
use tokio::task::JoinHandle;

use super::*;

const SHORT: Duration = Duration::from_millis(10);
/// Longer than any test: only the first scan happens.
const LONG: Duration = Duration::from_hours(1);

struct Running {
    source: Arc<ProcessSource>,
    signal: Arc<AtomicBool>,
    events: mpsc::Receiver<CollectionEvent>,
    run: JoinHandle<anyhow::Result<()>>,
}

fn start(scan_interval: Duration) -> Running {
    let config = ProcmondConfig::default().with_scan_interval(scan_interval);
    let source = Arc::new(ProcessSource::new(config));
    let signal = Arc::new(AtomicBool::new(false));
    let (tx, events) = mpsc::channel(1);
    let (running, shutdown_signal) = (Arc::clone(&source), Arc::clone(&signal));
    let run = tokio::spawn(async move { running.start(tx, shutdown_signal).await });
    Running { source, signal, events, run }
}

impl Running {
    async fn next(&mut self) -> ProcessEvent {
        match self.events.recv().await {
            Some(CollectionEvent::Process(event)) => event,
            other => panic!("{other:?}"),
        }
    }

    /// Receives exactly the first scan.
    async fn first_scan(&mut self) -> Vec<ProcessEvent> {
        let mut sent = self.source.first_scan();
        let mut events = Vec::new();
        loop {
            tokio::select! {
                biased;
                event = self.next() => events.push(event),
                count = sent.sent() => {
                    assert_eq!(count, Some(events.len() as u64));
                    return events;
                }
            }
        }
    }
}

#[tokio::test]
async fn the_first_scan_enumerates_this_process_and_numbers_its_events_from_one() {
    let mut running = start(LONG);
    let events = running.first_scan().await;
    let sequences: Vec<_> = events.iter().map(|event| event.header.source_sequence).collect();
    assert_eq!(sequences, (1..=events.len() as u64).collect::<Vec<_>>());
    assert!(events.iter().all(|event| event.change == ProcessChange::Enumerated));
    let own = std::process::id();
    assert_eq!(events.iter().filter(|event| event.pid == own).count(), 1);
}

#[tokio::test]
async fn stop_ends_it_between_two_scans() {
    let mut running = start(LONG);
    running.first_scan().await;
    running.source.stop().await.unwrap();
    running.run.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_shutdown_signal_alone_ends_it() {
    let mut running = start(LONG);
    running.first_scan().await;
    running.signal.store(true, Ordering::Release);
    running.run.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_closed_channel_ends_it_without_an_error() {
    let mut running = start(LONG);
    running.next().await;
    drop(running.events);
    running.run.await.unwrap().unwrap();
}

#[tokio::test]
async fn it_is_healthy_while_it_scans_and_not_before() {
    let mut running = start(SHORT);
    running.first_scan().await;
    running.source.health_check().await.unwrap();

    let idle = ProcessSource::new(ProcmondConfig::default().with_scan_interval(SHORT));
    let error = idle.health_check().await.unwrap_err().to_string();
    assert!(error.starts_with("no scan for"), "{error}");
}
