//! What a slow bus spends: CPU time beside the way of an event, the time of its publishers, or
//! memory.
//!
//! Time is relative to what the sound bus does on this host at this time, so that a gate sees the
//! same ratio everywhere: a bus of 0.70 of the throughput is the sound one for 0.70 of the time.
//! Publishers are held up on their own thread: it is the bus that is slow.
//! What an event takes in memory hangs on no host's speed, so leaks are absolute.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Fault;

/// CPU time burned, relative to all other threads of the process.
#[cfg(unix)]
const BURNED: f64 = 0.6;
/// [`Fault::DelaysRarely`] holds its publisher up once in so many events: more often than the 99th
/// percentile forgives, and too rarely for the median to see it.
const DELAY_ONE_IN: u64 = 500;
/// For so long.
const DELAY: Duration = Duration::from_millis(1);
/// A bus that works for a share of the time rests once in so long. Measured windows hold whole
/// multiples of it, and it is long beside the time in which what is in flight when the rest begins
/// still arrives.
const REST_EVERY: Duration = Duration::from_secs(1);

/// What [`Fault::LeaksOneKib`] keeps of each event, bytes.
const ONE_KIB: usize = 1024;
/// The same of [`Fault::LeaksFourKib`].
const FOUR_KIB: usize = 4 * ONE_KIB;

/// What a bus spends without need.
#[derive(Debug)]
pub(super) enum Slowness {
    /// Nothing.
    None,
    /// CPU time.
    Burns(#[expect(dead_code, reason = "burns until it is dropped")] Burner),
    /// The time of a publisher, now and then.
    Delays(AtomicU64),
    /// A share of all time.
    Rests(Rest),
    /// Memory, more with every event.
    Leaks(Leak),
}

impl Slowness {
    /// That of a fault.
    pub(super) fn of(fault: Fault) -> Self {
        match fault {
            Fault::BurnsCpu => Self::Burns(Burner::start()),
            Fault::DelaysRarely => Self::Delays(AtomicU64::new(0)),
            Fault::RunsAt70Percent => Self::Rests(Rest::working(0.70)),
            Fault::RunsAt95Percent => Self::Rests(Rest::working(0.95)),
            Fault::LeaksOneKib => Self::Leaks(Leak::of(ONE_KIB)),
            Fault::LeaksFourKib => Self::Leaks(Leak::of(FOUR_KIB)),
            _ => Self::None,
        }
    }

    /// Holds a publisher up, if it is its turn, or leaks. Blocks its thread.
    pub(super) fn before_publish(&self) {
        match self {
            Self::None | Self::Burns(_) => {}
            Self::Delays(published) => {
                let number = published.fetch_add(1, Ordering::Relaxed);
                if number % DELAY_ONE_IN == DELAY_ONE_IN - 1 {
                    pass(DELAY);
                }
            }
            Self::Rests(rest) => {
                if let Some(left) = rest.left(Instant::now()) {
                    pass(left);
                }
            }
            Self::Leaks(leak) => leak.grow(),
        }
    }
}

/// Lets time pass on this thread.
#[expect(
    clippy::disallowed_methods,
    reason = "being late is the fault; nothing waits for anything"
)]
fn pass(time: Duration) {
    std::thread::sleep(time);
}

/// Works for a share of every [`REST_EVERY`] after its first event, and takes nothing for the rest.
#[derive(Debug)]
pub(super) struct Rest {
    works: Duration,
    began: OnceLock<Instant>,
}

impl Rest {
    fn working(share: f64) -> Self {
        Self { works: REST_EVERY.mul_f64(share), began: OnceLock::new() }
    }

    /// How long it still rests at this moment, if it does.
    fn left(&self, now: Instant) -> Option<Duration> {
        let passed = (now - *self.began.get_or_init(|| now)).as_nanos() % REST_EVERY.as_nanos();
        let within = Duration::from_nanos(u64::try_from(passed).unwrap_or_default());
        (within >= self.works).then(|| REST_EVERY.saturating_sub(within))
    }
}

/// Memory that nobody will ever ask for again; as much as there are events.
#[derive(Debug)]
pub(super) struct Leak {
    bytes_each: usize,
    kept: Mutex<Vec<Box<[u8]>>>,
}

impl Leak {
    fn of(bytes_each: usize) -> Self {
        Self { bytes_each, kept: Mutex::default() }
    }

    /// Written to, and not with zeros: pages that nobody has touched take no memory.
    fn grow(&self) {
        self.kept.lock().push(vec![0xA5; self.bytes_each].into_boxed_slice());
    }
}

/// A thread of lowest priority that spends a share of what the other threads spend.
#[derive(Debug)]
pub(super) struct Burner {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Burner {
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || burn(&told));
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Burner {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It has nothing to say; that it has ended is what counts.
            let _ = thread.join();
        }
    }
}

#[cfg(unix)]
fn burn(stop: &AtomicBool) {
    use rustix::time::{ClockId, clock_gettime};

    /// Between two looks at the clocks.
    const REST: Duration = Duration::from_millis(2);
    let spent = |clock| {
        let time = clock_gettime(clock);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    // Of this thread alone, on Linux. Where it is refused the ratio is the same, and latency worse.
    let _ = rustix::process::setpriority_process(None, 19);
    while !stop.load(Ordering::Relaxed) {
        let own = spent(ClockId::ThreadCPUTime);
        let others = spent(ClockId::ProcessCPUTime) - own;
        while spent(ClockId::ThreadCPUTime) < BURNED * others {
            std::hint::spin_loop();
        }
        pass(REST);
    }
}

/// CPU time is judged on Linux alone.
#[cfg(not(unix))]
fn burn(_: &AtomicBool) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_keeps_as_much_of_every_event() {
        let slowness = Slowness::of(Fault::LeaksOneKib);
        (0..3).for_each(|_| slowness.before_publish());
        let Slowness::Leaks(leak) = slowness else { panic!("{slowness:?}") };
        let kept = leak.kept.into_inner();
        let bytes: Vec<usize> = kept.iter().map(|one| one.len()).collect();
        assert_eq!(bytes, [1024; 3]);
        assert!(kept.iter().all(|one| one.iter().all(|byte| *byte != 0)));
    }

    #[test]
    fn a_bus_rests_for_its_share_of_every_period() {
        let rest = Rest::working(0.75);
        let began = Instant::now();
        let left = |ms| rest.left(began + Duration::from_millis(ms)).map(|left| left.as_millis());
        assert_eq!([0, 749, 750, 999].map(left), [None, None, Some(250), Some(1)]);
        assert_eq!([1000, 5749, 5800].map(left), [None, None, Some(200)]);
    }
}
