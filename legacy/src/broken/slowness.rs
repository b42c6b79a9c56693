//! What a slow bus spends: CPU time beside the way of an event, the time of its publishers, or
//! memory.
//!
//! Time is relative to what the sound bus does on this host at this time, so that a gate sees the
//! same ratio everywhere. Publishers are held up on their own thread: it is the bus that is slow.
//! What an event takes in memory hangs on no host's speed, so leaks are absolute.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
/// The pace of the sound bus is learnt between these two moments after its first event, in the second
/// half of a warm-up of a second: queues are full, memory is touched, and measuring has not begun.
const LEARN: (Duration, Duration) = (Duration::from_millis(450), Duration::from_millis(950));
/// A publisher that is ahead by less than this goes on: sleeping is not exact.
const AHEAD: Duration = Duration::from_micros(200);

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
    /// The time of its publishers, all along.
    Paces(Pace),
    /// Memory, more with every event.
    Leaks(Leak),
}

impl Slowness {
    /// That of a fault.
    pub(super) fn of(fault: Fault) -> Self {
        match fault {
            Fault::BurnsCpu => Self::Burns(Burner::start()),
            Fault::DelaysRarely => Self::Delays(AtomicU64::new(0)),
            Fault::RunsAt70Percent => Self::Paces(Pace::at(0.70)),
            Fault::RunsAt95Percent => Self::Paces(Pace::at(0.95)),
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
            Self::Paces(pace) => {
                let ahead = pace.ahead(Instant::now());
                if ahead > AHEAD {
                    pass(ahead);
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

/// Learns the sound bus's pace from its first events, then keeps a share of it.
#[derive(Debug)]
pub(super) struct Pace {
    share: f64,
    learnt: Mutex<Learnt>,
}

#[derive(Debug, Default)]
struct Learnt {
    began: Option<Instant>,
    published: u64,
    /// When learning began, and the count then.
    from: Option<(Instant, u64)>,
    /// When it ended, the count then, and the seconds each later event takes.
    kept: Option<(Instant, u64, f64)>,
}

impl Pace {
    fn at(share: f64) -> Self {
        Self { share, learnt: Mutex::default() }
    }

    /// How much too early the next event would be at this moment.
    fn ahead(&self, now: Instant) -> Duration {
        let mut learnt = self.learnt.lock();
        let began = *learnt.began.get_or_insert(now);
        learnt.published += 1;
        if let Some((since, count, seconds)) = learnt.kept {
            let due = since + Duration::from_secs_f64((learnt.published - count) as f64 * seconds);
            return due.saturating_duration_since(now);
        }
        let published = learnt.published;
        if now - began < LEARN.0 {
            return Duration::ZERO;
        }
        let (from, count) = *learnt.from.get_or_insert((now, published));
        if now - began >= LEARN.1 && published > count {
            let seconds = (now - from).as_secs_f64() / (published - count) as f64 / self.share;
            learnt.kept = Some((now, published, seconds));
        }
        Duration::ZERO
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
    fn a_share_of_the_pace_that_was_learnt_is_kept() {
        let pace = Pace::at(0.5);
        let began = Instant::now();
        // An event every 100 us until the pace is learnt.
        let natural = (0..=9500_u32).map(|number| began + Duration::from_micros(100) * number);
        for now in natural {
            assert_eq!(pace.ahead(now), Duration::ZERO);
        }
        let end = began + LEARN.1;
        assert_eq!(pace.ahead(end).as_micros(), 200);
        assert_eq!(pace.ahead(end).as_micros(), 400);
        assert_eq!(pace.ahead(end + Duration::from_millis(1)), Duration::ZERO);
    }
}
