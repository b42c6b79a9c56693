//! The loop, with a scanner that counts.

use daemoneye_eventbus::{NetworkEvent, PerformanceEvent, ProcessEvent};
use tokio::task::JoinHandle;

use super::*;

const SHORT: Duration = Duration::from_millis(10);
/// Longer than any test: only the first scan happens.
const LONG: Duration = Duration::from_hours(1);
/// Later than anything: whoever may miss a scan has missed it.
const NEVER_NS: u64 = u64::MAX;
/// When every scan says it was made.
const OBSERVED_UNIX_NS: u64 = 7;
/// The same of every piece of work after it.
const AFTER_UNIX_NS: u64 = 8;

/// Tells two events each time; fails at every second scan if it is told to.
struct Counting {
    fails: bool,
    scans: u64,
    /// Pieces of work that a scan leaves, and how many are left; each tells one event.
    pieces: u64,
    pieces_left: u64,
}

#[derive(Debug, Clone)]
struct CountingConfig {
    interval: Duration,
    fails: bool,
    pieces: u64,
}

impl Scanner for Counting {
    type Config = CountingConfig;

    const NAME: &'static str = "counting";
    const CAPABILITIES: SourceCaps = SourceCaps::PROCESS;

    fn interval(config: &CountingConfig) -> Duration {
        config.interval
    }

    fn open(config: &CountingConfig) -> anyhow::Result<Self> {
        Ok(Self { fails: config.fails, scans: 0, pieces: config.pieces, pieces_left: 0 })
    }

    fn configure(&mut self, config: &CountingConfig) {
        self.pieces = config.pieces;
    }

    fn scan(&mut self) -> anyhow::Result<Scanned> {
        self.scans += 1;
        anyhow::ensure!(!self.fails || self.scans % 2 == 1, "every second scan fails");
        self.pieces_left = self.pieces;
        let events = vec![
            CollectionEvent::Process(ProcessEvent::default()),
            CollectionEvent::Performance(PerformanceEvent::default()),
        ];
        let observed_monotonic_ns = monotonic_ns();
        Ok(Scanned { observed_unix_ns: OBSERVED_UNIX_NS, observed_monotonic_ns, events })
    }

    fn after(&mut self) -> Option<Scanned> {
        self.pieces_left = self.pieces_left.checked_sub(1)?;
        let events = vec![CollectionEvent::Network(NetworkEvent::default())];
        let observed_monotonic_ns = monotonic_ns();
        Some(Scanned { observed_unix_ns: AFTER_UNIX_NS, observed_monotonic_ns, events })
    }
}

struct Running {
    source: Arc<ScanningSource<Counting>>,
    signal: Arc<AtomicBool>,
    events: mpsc::Receiver<CollectionEvent>,
    run: JoinHandle<anyhow::Result<()>>,
}

fn start(interval: Duration, fails: bool) -> Running {
    start_as(CountingConfig { interval, fails, pieces: 0 })
}

/// One whose scans leave so many pieces of work.
fn start_busy(interval: Duration, pieces: u64) -> Running {
    start_as(CountingConfig { interval, fails: false, pieces })
}

fn start_as(config: CountingConfig) -> Running {
    let source = Arc::new(ScanningSource::new(config));
    let signal = Arc::new(AtomicBool::new(false));
    let (tx, events) = mpsc::channel(1);
    let (running, shutdown_signal) = (Arc::clone(&source), Arc::clone(&signal));
    let run = tokio::spawn(async move { running.start(tx, shutdown_signal).await });
    Running { source, signal, events, run }
}

impl Running {
    async fn next(&mut self) -> CollectionEvent {
        self.events.recv().await.expect("it runs")
    }

    async fn first_scan(&mut self) {
        let mut sent = self.source.first_scan();
        for _ in 0..2 {
            self.next().await;
        }
        assert_eq!(sent.sent().await, Some(2));
    }

    /// What it says of itself so long after the scan it made last.
    fn health_after(&self, silence: Duration) -> anyhow::Result<()> {
        let silence_ns = u64::try_from(silence.as_nanos()).expect("a few hours");
        self.source.health_at(self.source.last_scan_ns.load(Ordering::Relaxed) + silence_ns)
    }
}

/// Whether an event is of a scan, and not of the work after it.
fn is_scanned(event: &CollectionEvent) -> bool {
    event.header().observed_unix_ns == OBSERVED_UNIX_NS
}

#[tokio::test]
async fn events_are_signed_and_numbered_through_whatever_fails_between() {
    let mut running = start(SHORT, true);
    for sequence in 1..=6 {
        let event = running.next().await;
        let header = event.header();
        assert_eq!(header.source, "counting");
        assert_eq!(header.source_sequence, sequence);
        assert_eq!(header.observed_unix_ns, OBSERVED_UNIX_NS);
        assert!(header.observed_monotonic_ns > 0);
    }
}

#[tokio::test]
async fn what_a_scan_leaves_is_done_to_its_end_after_its_events() {
    let mut running = start_busy(LONG, 3);
    for sequence in 1..=5 {
        let event = running.next().await;
        assert_eq!(is_scanned(&event), sequence <= 2);
        assert_eq!(event.header().source, "counting");
        assert_eq!(event.header().source_sequence, sequence);
    }
}

#[tokio::test]
async fn the_first_scan_is_over_before_what_it_leaves_is_done() {
    let mut running = start_busy(LONG, u64::MAX);
    running.first_scan().await;
}

#[tokio::test]
async fn work_without_an_end_keeps_no_scan_from_being_made() {
    let mut running = start_busy(SHORT, u64::MAX);
    let mut scanned = 0;
    while scanned < 6 {
        scanned += u32::from(is_scanned(&running.next().await));
    }
}

#[tokio::test]
async fn every_scan_is_followed_by_a_piece_of_its_work_however_soon_the_next_is_due() {
    let mut running = start_busy(Duration::from_nanos(1), 1);
    for _ in 0..4 {
        for expected in [true, true, false] {
            assert_eq!(is_scanned(&running.next().await), expected);
        }
    }
}

#[tokio::test]
async fn stop_ends_it_between_two_pieces_of_work() {
    let mut running = start_busy(LONG, u64::MAX);
    running.first_scan().await;
    running.source.stop().await.unwrap();
    while running.events.recv().await.is_some() {}
    running.run.await.unwrap().unwrap();
}

#[tokio::test]
async fn stop_ends_it_between_two_scans() {
    let mut running = start(LONG, false);
    running.first_scan().await;
    running.source.stop().await.unwrap();
    running.run.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_shutdown_signal_alone_ends_it() {
    let mut running = start(LONG, false);
    running.first_scan().await;
    running.signal.store(true, Ordering::Release);
    running.run.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_closed_channel_ends_it_without_an_error() {
    let mut running = start(LONG, false);
    running.next().await;
    drop(running.events);
    running.run.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_scan_that_failed_is_told_by_health_checks_until_one_succeeds() {
    let mut running = start(SHORT, true);
    running.first_scan().await;
    let mut is_well = Vec::new();
    // Every second scan fails; events are taken, so that it goes on to the next.
    while !is_well.ends_with(&[true, false, true]) {
        let check = running.source.health_check().await;
        if let Err(error) = &check {
            assert_eq!(error.to_string(), "the last scan failed: every second scan fails");
        }
        if is_well.last() != Some(&check.is_ok()) {
            is_well.push(check.is_ok());
        }
        let _ = running.events.try_recv();
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn it_is_unhealthy_once_it_has_missed_three_scans_and_a_grace() {
    let mut running = start(LONG, false);
    running.first_scan().await;
    let limit = LONG * 3 + Duration::from_secs(5);
    running.health_after(limit).unwrap();
    let error = running.health_after(limit + Duration::from_millis(1)).unwrap_err();
    assert_eq!(error.to_string(), "no scan for 10805.001s, 10805s is the limit");
}

#[tokio::test]
async fn in_a_pause_it_misses_nothing() {
    let mut running = start(LONG, false);
    running.first_scan().await;
    running.source.health_at(NEVER_NS).unwrap_err();
    running.source.orders().set_paused(true);
    running.source.health_at(NEVER_NS).unwrap();
}

#[tokio::test]
async fn the_time_before_an_end_of_a_pause_or_another_interval_is_no_miss() {
    let config = |interval| CountingConfig { interval, fails: false, pieces: 0 };
    for (interval, was_paused, is_anew) in
        [(LONG, true, true), (SHORT, false, true), (LONG, false, false)]
    {
        let source = ScanningSource::<Counting>::new(config(LONG));
        source.started_ns.store(1, Ordering::Relaxed);
        let new = Orders { config: config(interval), is_paused: false };
        source.keep_time(&mut every(LONG), &new, was_paused);
        let has_begun_anew = source.started_ns.load(Ordering::Relaxed) > 1;
        assert_eq!(has_begun_anew, is_anew, "{interval:?}, {was_paused}");
    }
}

#[tokio::test]
async fn it_is_healthy_while_it_scans_and_not_before() {
    let mut running = start(SHORT, false);
    running.first_scan().await;
    running.source.health_check().await.unwrap();

    let config = CountingConfig { interval: SHORT, fails: false, pieces: 0 };
    let idle = ScanningSource::<Counting>::new(config);
    let error = idle.health_check().await.unwrap_err().to_string();
    assert_eq!(error, "it has not begun to scan");
}

#[tokio::test]
async fn a_shorter_interval_holds_at_once() {
    let mut running = start(LONG, false);
    running.first_scan().await;
    let config = CountingConfig { interval: SHORT, fails: false, pieces: 0 };
    running.source.orders().configure(config);
    for sequence in 3..=6 {
        assert_eq!(running.next().await.header().source_sequence, sequence);
    }
    let error = running.source.health_at(NEVER_NS).unwrap_err().to_string();
    assert!(error.ends_with(", 5.03s is the limit"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_longer_interval_holds_at_once() {
    let mut running = start(SHORT, false);
    running.first_scan().await;
    let config = CountingConfig { interval: LONG, fails: false, pieces: 0 };
    running.source.orders().configure(config);
    // It was perhaps at a scan; another follows, as it begins to count anew.
    let end = Instant::now() + LONG / 2;
    let mut late = 0;
    while late <= 8 && timeout_at(end, running.next()).await.is_ok() {
        late += 1;
    }
    assert!((2..=8).contains(&late), "{late} events in half an interval");
}

#[tokio::test]
async fn a_scanner_is_configured_before_its_next_scan() {
    let mut running = start(LONG, false);
    running.first_scan().await;
    let config = CountingConfig { interval: LONG.saturating_sub(SHORT), fails: false, pieces: 1 };
    running.source.orders().configure(config);
    for expected in [true, true, false] {
        assert_eq!(is_scanned(&running.next().await), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_interval_makes_no_scan_of_its_own() {
    let mut running = start(LONG, false);
    running.first_scan().await;
    let config = CountingConfig { interval: LONG, fails: false, pieces: 1 };
    running.source.orders().configure(config);
    tokio::time::sleep(LONG / 2).await;
    assert!(running.events.try_recv().is_err());
    for expected in [true, true, false] {
        assert_eq!(is_scanned(&running.next().await), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_pause_nothing_is_looked_at_and_it_ends_with_a_scan() {
    let mut running = start(LONG, false);
    running.first_scan().await;
    let orders = running.source.orders();
    // Once a scan would have been due, once it would not be yet.
    for (pause, sequence) in [(LONG * 3, 3), (LONG / 2, 5)] {
        orders.set_paused(true);
        tokio::time::sleep(pause).await;
        assert!(running.events.try_recv().is_err());
        running.source.health_at(NEVER_NS).unwrap();
        let over = Instant::now();
        orders.set_paused(false);
        assert_eq!(running.next().await.header().source_sequence, sequence);
        assert!(Instant::now() < over + LONG / 4, "at once, and not in its turn");
        running.next().await;
    }
}

#[tokio::test(start_paused = true)]
async fn work_that_is_left_waits_for_the_end_of_a_pause() {
    let mut running = start_busy(LONG, u64::MAX);
    running.first_scan().await;
    let orders = running.source.orders();
    orders.set_paused(true);
    tokio::time::sleep(LONG).await;
    // What was under way when it was told: one event in the channel, one that waits for room.
    let mut under_way = 0;
    while under_way <= 3 && timeout_at(Instant::now() + LONG, running.next()).await.is_ok() {
        under_way += 1;
    }
    assert!(under_way <= 3, "{under_way} events in a pause");
    orders.set_paused(false);
    running.next().await;
}

#[tokio::test]
async fn a_source_ends_in_a_pause_by_stop_and_by_the_signal() {
    for by_signal in [false, true] {
        let mut running = start(LONG, false);
        running.first_scan().await;
        running.source.orders().set_paused(true);
        if by_signal {
            running.signal.store(true, Ordering::Release);
        } else {
            running.source.stop().await.unwrap();
        }
        running.run.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn one_that_is_paused_before_it_begins_tells_nothing_until_it_goes_on() {
    let config = CountingConfig { interval: SHORT, fails: false, pieces: 0 };
    let source = Arc::new(ScanningSource::<Counting>::new(config));
    source.orders().set_paused(true);
    let (tx, mut events) = mpsc::channel(1);
    let running = Arc::clone(&source);
    let run = tokio::spawn(async move { running.start(tx, Arc::default()).await });
    while source.health_check().await.is_err() {
        tokio::task::yield_now().await;
    }
    assert!(events.try_recv().is_err());
    source.orders().set_paused(false);
    assert!(events.recv().await.is_some());
    drop(events);
    run.await.unwrap().unwrap();
}
