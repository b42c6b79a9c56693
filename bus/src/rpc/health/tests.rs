//! R1 and R2 on an explicit clock.

use super::board::{BoardFull, DEFAULT_HEARTBEAT, HealthBoard, HealthConfig};
use super::{HealthPart, HealthReport, HealthStatus, Heartbeat};
use HealthStatus::{Degraded, Healthy, Unhealthy};

const SECOND_NS: u64 = 1_000_000_000;

fn says(status: HealthStatus) -> Heartbeat {
    Heartbeat { sequence: 1, status, running_tasks: 0 }
}

fn board(members: &[&str]) -> HealthBoard {
    let mut board = HealthBoard::new(HealthConfig::default());
    for member in members {
        board.admit(member, 0).unwrap();
    }
    board
}

#[test]
fn a_whole_is_as_its_worst_part() {
    let part = |status| HealthPart { name: "p".to_owned(), status, reason: None };
    let report =
        |parts: &[HealthStatus]| HealthReport { parts: parts.iter().copied().map(part).collect() };
    assert_eq!(report(&[Healthy, Unhealthy, Degraded]).overall(), Unhealthy);
    assert_eq!(report(&[Healthy, Degraded, Healthy]).overall(), Degraded);
    assert_eq!(report(&[Healthy]).overall(), Healthy);
    assert_eq!(report(&[]).overall(), Healthy);

    let mut board = board(&["a", "b"]);
    assert_eq!(board.overall(), Healthy);
    board.heard("b", &says(Degraded), 1);
    assert_eq!(board.overall(), Degraded);
}

#[test]
fn what_is_wrong_is_told_part_by_part_and_nothing_of_what_is_well() {
    let part = |name: &str, status, reason: Option<&str>| HealthPart {
        name: name.to_owned(),
        status,
        reason: reason.map(str::to_owned),
    };
    let parts = vec![
        part("disk", Unhealthy, Some("full")),
        part("well", Healthy, Some("and has something to say")),
        part("net", Degraded, None),
    ];
    let report = HealthReport { parts };
    assert_eq!(report.reasons().as_deref(), Some("disk: full; net: degraded"));
    assert_eq!(HealthReport::default().reasons(), None);
}

#[test]
fn the_worst_is_told_first_and_equals_in_their_order() {
    let part = |name: &str, status| HealthPart { name: name.to_owned(), status, reason: None };
    let parts = vec![part("net", Degraded), part("disk", Unhealthy), part("cpu", Degraded)];
    let told = HealthReport { parts }.reasons();
    assert_eq!(told.as_deref(), Some("disk: unhealthy; net: degraded; cpu: degraded"));
}

#[test]
fn a_member_is_unhealthy_after_three_missed_heartbeats_and_not_before() {
    assert_eq!(DEFAULT_HEARTBEAT.as_secs(), 30);
    let mut board = board(&["a"]);
    assert_eq!(board.next_look_ns(), Some(90 * SECOND_NS));
    assert!(!board.look(90 * SECOND_NS - 1));
    assert_eq!(board.status("a"), Some(Healthy));
    assert!(board.look(90 * SECOND_NS));
    assert_eq!(board.status("a"), Some(Unhealthy));
    assert!(!board.takes_tasks("a"), "it gets no tasks");
    assert!(!board.look(91 * SECOND_NS), "it is told once");
    assert_eq!(board.next_look_ns(), None);
}

#[test]
fn a_member_that_returns_is_healthy_again() {
    let mut board = board(&["a"]);
    board.look(90 * SECOND_NS);
    assert!(board.heard("a", &says(Healthy), 100 * SECOND_NS));
    assert_eq!(board.status("a"), Some(Healthy));
    assert!(board.takes_tasks("a"));
    assert!(!board.look(189 * SECOND_NS));
    assert!(board.look(190 * SECOND_NS), "counted from its return");
}

#[test]
fn one_that_shows_life_in_time_stays_healthy() {
    let mut board = board(&["a", "silent"]);
    for beat in 1..=5 {
        let now_ns = beat * 30 * SECOND_NS;
        board.heard("a", &says(Healthy), now_ns);
        board.look(now_ns);
    }
    assert_eq!(board.status("a"), Some(Healthy));
    assert_eq!(board.status("silent"), Some(Unhealthy));
}

#[test]
fn a_member_that_says_it_is_unhealthy_is_excluded_until_it_says_otherwise() {
    let mut board = board(&["a"]);
    assert!(board.heard("a", &says(Unhealthy), 1));
    assert!(!board.takes_tasks("a"));
    assert!(board.heard("a", &says(Degraded), 2));
    assert!(board.takes_tasks("a"), "degraded is not excluded");
}

#[test]
fn whoever_is_no_member_is_not_heard_and_has_no_health() {
    let mut board = board(&["a"]);
    assert!(!board.heard("stranger", &says(Unhealthy), 1));
    assert_eq!(board.status("stranger"), None);
    assert!(!board.takes_tasks("stranger"));
    board.heard("a", &says(Unhealthy), 1);
    board.remove("a");
    assert_eq!((board.status("a"), board.overall()), (None, Healthy));
}

#[test]
fn one_that_says_it_is_unhealthy_is_not_lost_and_one_that_was_is_news_when_it_says_so() {
    let mut board = board(&["a"]);
    board.heard("a", &says(Unhealthy), 0);
    assert!(!board.is_lost("a") && !board.is_lost("stranger"));
    assert!(board.look(90 * SECOND_NS));
    assert!(board.is_lost("a"));
    assert!(board.heard("a", &says(Unhealthy), 91 * SECOND_NS), "its silence is over");
    assert!(!board.is_lost("a"));
    assert!(!board.heard("a", &says(Unhealthy), 92 * SECOND_NS), "and that is told once");
}

#[test]
fn a_board_refuses_one_member_too_many_and_evicts_nobody() {
    let mut board = HealthBoard::new(HealthConfig { member_limit: 1, ..HealthConfig::default() });
    assert_eq!(board.admit("a", 0), Ok(()));
    assert_eq!(board.admit("a", 0), Ok(()), "it is in already");
    assert_eq!(board.admit("b", 0), Err(BoardFull { limit: 1 }));
    assert_eq!(board.status("a"), Some(Healthy));
}
