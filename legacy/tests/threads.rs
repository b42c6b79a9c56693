//! No thread remains (C13). Alone in its process, so that it can count.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use daemoneye_eventbus::EventBus;
use legacy_buses::crossbeam::{CrossbeamConfig, LocalEventBus};
use legacy_buses::sharing::{SharingConfig, SharingEventBus};

/// Far above what the system needs to reap a thread that was joined.
const WATCHDOG: Duration = Duration::from_secs(20);

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("Linux lists threads").count()
}

fn crossbeam() -> Arc<dyn EventBus> {
    Arc::new(LocalEventBus::new(&CrossbeamConfig::default()).expect("a bus"))
}

fn sharing() -> Arc<dyn EventBus> {
    Arc::new(SharingEventBus::new(&SharingConfig::default()).expect("a bus"))
}

#[tokio::test]
async fn twenty_buses_of_each_kind_leave_no_thread_behind() {
    let before = threads();
    for open in [crossbeam, sharing] {
        for _ in 0..20 {
            let bus = open();
            assert!(threads() > before, "the routing thread is a thread");
            bus.shutdown(WATCHDOG).await.expect("nothing is left");
        }
    }
    // A joined thread leaves the list a moment later.
    let began = Instant::now();
    while threads() > before {
        assert!(began.elapsed() < WATCHDOG, "{} threads, {before} before", threads());
        std::thread::yield_now();
    }
}
