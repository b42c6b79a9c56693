//! The two clocks: monotonic nanoseconds to compare, wall nanoseconds to show; and waiting for a moment.

use std::time::{SystemTime, UNIX_EPOCH};

/// `CLOCK_MONOTONIC` now, nanoseconds; comparable between the processes of one host.
#[cfg(unix)]
pub fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    let nanoseconds = u64::try_from(now.tv_nsec).unwrap_or_default();
    seconds * 1_000_000_000 + nanoseconds
}

/// Monotonic within this process, anchored to the wall clock at its first use, nanoseconds.
///
/// Without `CLOCK_MONOTONIC` two processes agree only as well as their wall clocks did then, so
/// performance is judged on Unix alone.
#[cfg(not(unix))]
pub fn monotonic_ns() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;

    static ANCHOR: OnceLock<(Instant, u64)> = OnceLock::new();
    let (start, wall_ns) = ANCHOR.get_or_init(|| (Instant::now(), unix_ns()));
    wall_ns + u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Wall clock now, nanoseconds since the Unix epoch; 0 before it.
pub fn unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Waits for a moment, for ever where there is none. Cancel safe.
#[cfg(feature = "ipc")]
pub(crate) async fn reached(moment: Option<tokio::time::Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
