//! Health over topics: hearts beat, a monitor hears them, silence makes unhealthy (R1, R2). The
//! clock is paused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daemoneye_eventbus::rpc::{
    DEFAULT_HEARTBEAT, HealthChange, HealthConfig, HealthMonitor, HealthStatus, Heart, Vitals,
};
use tokio::time::{Instant, timeout};

use crate::stage::{MEMBER, Stage, WATCHDOG};
use HealthStatus::{Degraded, Healthy, Unhealthy};

async fn monitor(stage: &Stage) -> HealthMonitor {
    HealthMonitor::start(stage.here("agent"), "agent", HealthConfig::default()).await.unwrap()
}

fn heart(stage: &Stage, member: &str, status: HealthStatus) -> Heart {
    let vitals = move || Vitals { status, running_tasks: 0 };
    Heart::start(stage.here(member), DEFAULT_HEARTBEAT, vitals)
}

fn change(was: Option<HealthStatus>, now: HealthStatus) -> Vec<HealthChange> {
    vec![HealthChange { member: MEMBER.to_owned(), was, now: Some(now) }]
}

#[tokio::test(start_paused = true)]
async fn a_member_whose_heart_stops_is_unhealthy_until_it_beats_again() {
    let stage = Stage::new();
    let monitor = monitor(&stage).await;
    monitor.admit(MEMBER).unwrap();
    let mut changes = monitor.changes();
    assert_eq!(changes.next().await, change(None, Healthy));
    let beating = heart(&stage, MEMBER, Healthy);
    assert!(timeout(Duration::from_hours(1), changes.next()).await.is_err(), "nothing changes");

    drop(beating);
    let stopped = Instant::now();
    let unhealthy = timeout(WATCHDOG * 10, changes.next()).await.unwrap();
    assert_eq!(unhealthy, change(Some(Healthy), Unhealthy));
    let silence = stopped.elapsed().as_secs();
    assert!((60..=90).contains(&silence), "three heartbeats after the last, not {silence} s");
    assert!(!monitor.takes_tasks(MEMBER));

    let _beating = heart(&stage, MEMBER, Healthy);
    assert_eq!(changes.next().await, change(Some(Unhealthy), Healthy));
    assert!(monitor.takes_tasks(MEMBER));
}

#[tokio::test(start_paused = true)]
async fn a_heart_that_has_news_beats_before_its_time() {
    let stage = Stage::new();
    let monitor = monitor(&stage).await;
    monitor.admit(MEMBER).unwrap();
    let mut changes = monitor.changes();
    assert_eq!(changes.next().await, change(None, Healthy));
    let is_ill = Arc::new(AtomicBool::new(true));
    let ill = Arc::clone(&is_ill);
    let vitals = move || {
        let status = if ill.load(Ordering::Relaxed) { Degraded } else { Healthy };
        Vitals { status, running_tasks: 0 }
    };
    let heart = Heart::start(stage.here(MEMBER), Duration::from_hours(24), vitals);
    assert_eq!(changes.next().await, change(Some(Healthy), Degraded));
    is_ill.store(false, Ordering::Relaxed);
    heart.beat();
    // Long before the next beat; silence alone would have been told by then, and otherwise.
    assert_eq!(changes.next().await, change(Some(Degraded), Healthy));
}

#[tokio::test(start_paused = true)]
async fn a_member_is_lost_for_as_long_as_it_shows_no_life_again() {
    let stage = Stage::new();
    let monitor = monitor(&stage).await;
    monitor.admit(MEMBER).unwrap();
    let limit = DEFAULT_HEARTBEAT * 4;
    let beating = heart(&stage, MEMBER, Unhealthy);
    let waited = timeout(Duration::from_hours(1), monitor.lost_for(MEMBER, limit)).await;
    assert!(waited.is_err(), "to say that one is unhealthy is a sign of life");

    drop(beating);
    let lost = monitor.lost_for(MEMBER, limit);
    tokio::pin!(lost);
    // Lost, and not for long enough.
    assert!(timeout(DEFAULT_HEARTBEAT * 5, &mut lost).await.is_err());
    let beating = heart(&stage, MEMBER, Unhealthy);
    assert!(timeout(Duration::from_hours(1), &mut lost).await.is_err(), "it has come back");
    drop(beating);
    let stopped = Instant::now();
    lost.await;
    let silence = stopped.elapsed().as_secs();
    assert!((175..=215).contains(&silence), "four heartbeats behind three, not {silence} s");
}

#[tokio::test(start_paused = true)]
async fn the_whole_is_as_its_worst_member() {
    let stage = Stage::new();
    let monitor = monitor(&stage).await;
    let hearts = [("one", Healthy), ("other", Degraded)].map(|(member, status)| {
        monitor.admit(member).unwrap();
        heart(&stage, member, status)
    });
    tokio::time::sleep(DEFAULT_HEARTBEAT).await;
    assert_eq!((monitor.overall(), monitor.status("one")), (Degraded, Some(Healthy)));
    drop(hearts);
    tokio::time::sleep(DEFAULT_HEARTBEAT * 4).await;
    assert_eq!(monitor.overall(), Unhealthy);
    monitor.remove("one");
    monitor.remove("other");
    assert_eq!(monitor.overall(), Healthy, "nobody is left to be otherwise");
}

#[tokio::test(start_paused = true)]
async fn a_heart_beats_for_whom_its_handle_is_and_for_nobody_else() {
    let stage = Stage::new();
    let monitor = monitor(&stage).await;
    monitor.admit(MEMBER).unwrap();
    let _impostor = heart(&stage, "impostor", Healthy);
    tokio::time::sleep(DEFAULT_HEARTBEAT * 4).await;
    assert_eq!(monitor.status(MEMBER), Some(Unhealthy));
    assert_eq!(monitor.status("impostor"), None);
}

#[tokio::test(start_paused = true)]
async fn without_a_bus_everybody_falls_silent() {
    let stage = Stage::new();
    let monitor = monitor(&stage).await;
    monitor.admit(MEMBER).unwrap();
    let _heart = heart(&stage, MEMBER, Healthy);
    stage.broker.shutdown(WATCHDOG).await.unwrap();
    tokio::time::sleep(DEFAULT_HEARTBEAT * 4).await;
    assert_eq!(monitor.status(MEMBER), Some(Unhealthy));
}
