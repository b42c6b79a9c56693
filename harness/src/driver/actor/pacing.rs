//! Sleeping to absolute deadlines on `CLOCK_MONOTONIC`; generators never spin (METHOD §2).

use std::time::Duration;

use daemoneye_eventbus::clock::monotonic_ns;

/// Sleeps until the deadline and returns the moment of waking, ns; returns `None` at once, with
/// no sleep, when the deadline has passed.
pub(in crate::driver) fn sleep_until(deadline_ns: u64) -> Option<u64> {
    let mut now = monotonic_ns();
    if now >= deadline_ns {
        return None;
    }
    while now < deadline_ns {
        sleep(deadline_ns, deadline_ns - now);
        now = monotonic_ns();
    }
    Some(now)
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn sleep(deadline_ns: u64, _left_ns: u64) {
    use nix::sys::time::TimeSpec;
    use nix::time::{ClockId, ClockNanosleepFlags, clock_nanosleep};

    let deadline = TimeSpec::from_duration(Duration::from_nanos(deadline_ns));
    // Interrupted or not, the caller looks at the clock again.
    let _ =
        clock_nanosleep(ClockId::CLOCK_MONOTONIC, ClockNanosleepFlags::TIMER_ABSTIME, &deadline);
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn sleep(_deadline_ns: u64, left_ns: u64) {
    std::thread::park_timeout(Duration::from_nanos(left_ns));
}
