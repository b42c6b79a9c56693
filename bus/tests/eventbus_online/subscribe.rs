//! `eventbus sub`.

use daemoneye_eventbus::{CollectionEvent, EventBus, NetworkEvent, Priority};
#[cfg(unix)]
use nix::sys::signal::Signal;
use predicates::str::{contains, is_empty};

use crate::fixture::{Running, Served, WATCHDOG, event};

fn subscribed(served: &Served, arguments: &[&str]) -> Running {
    let mut sub = served.spawn(&[&["sub"], arguments].concat());
    sub.until_told("subscribed");
    sub
}

#[tokio::test]
async fn events_come_as_json_lines_up_to_the_count() {
    let served = Served::new();
    let mut sub = subscribed(&served, &["events.process.#", "--count", "2", "--id", "eye"]);
    assert_eq!(served.broker.statistics().subscriptions[0].subscriber_id, "eye");
    for number in 1..=3 {
        served.bus.publish(event(number), Some("scan".into())).await.unwrap();
    }
    let first = sub.json();
    assert_eq!(first["topic"], "events.process.lifecycle");
    assert_eq!(first["correlation"]["id"], "scan");
    assert_eq!(first["event"]["kind"], "process");
    assert_eq!(first["id"]["publisher"], "beside");
    assert_eq!(sub.json()["event"]["header"]["source_sequence"], 2);
    assert_eq!(sub.line(), None);
    let (status, told) = sub.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(told, "eventbus: 2 events, 0 lost");
}

#[test]
fn what_came_of_it_is_told_as_json_when_asked() {
    let served = Served::new();
    let sub = ["sub", "events.#", "--duration", "10ms", "--json"];
    let told = served.eventbus(&sub).code(0).get_output().stderr.clone();
    let told = String::from_utf8(told).unwrap();
    let last: serde_json::Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(last, serde_json::json!({"end": "duration", "events": 0, "lost": 0}));
}

#[tokio::test]
async fn every_flag_is_a_condition_of_the_subscription() {
    let served = Served::new();
    let filters: [&[&str]; 12] = [
        &["--kind", "network"],
        &["--pid", "9"],
        &["--min-priority", "high"],
        &["--source", "procmond"],
        &["--metadata", "k=v"],
        &["--exclude", "events.process.#"],
        &["--include", "events.network.#"],
        &["--correlation", "scan-*"],
        &["--stage", "two"],
        &["--tag", "a=b"],
        &["--any-tag", "a=b"],
        &["--first-sequence", "5"],
    ];
    let mut wanted = NetworkEvent { pid: Some(9), ..NetworkEvent::default() };
    wanted.header.priority = Some(Priority::Critical);
    wanted.header.source = "procmond".into();
    wanted.header.metadata = vec![("k".into(), "v".into())];
    let mut correlation = daemoneye_eventbus::CorrelationMetadata::root("scan-7");
    correlation.stage = Some("two".into());
    correlation.tags = vec![("a".into(), "b".into())];
    correlation.sequence = 6;
    for filter in filters {
        let mut sub = subscribed(&served, &[&["events.#", "--count", "1"], filter].concat());
        served.bus.publish(event(1), None).await.unwrap();
        let wanted = CollectionEvent::Network(wanted.clone());
        served.bus.publish(wanted, Some(correlation.clone())).await.unwrap();
        assert_eq!(sub.json()["event"]["kind"], "network", "{filter:?}");
        assert_eq!(sub.end().0.code(), Some(0));
    }
}

#[tokio::test]
async fn capabilities_stand_for_patterns() {
    let served = Served::new();
    let mut sub = subscribed(&served, &["--capability", "network", "--count", "1"]);
    served.bus.publish(event(1), None).await.unwrap();
    served.bus.publish(CollectionEvent::Network(NetworkEvent::default()), None).await.unwrap();
    assert_eq!(sub.json()["event"]["kind"], "network");
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_ends_with_what_was_gathered() {
    let served = Served::new();
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut sub = subscribed(&served, &["events.#"]);
        served.bus.publish(event(1), None).await.unwrap();
        assert_eq!(sub.json()["event"]["pid"], 7);
        sub.signal(signal);
        assert_eq!(sub.line(), None);
        let (status, told) = sub.end();
        assert_eq!((status.code(), told.as_str()), (Some(0), "eventbus: 1 events, 0 lost"));
    }
}

#[test]
fn fewer_events_than_asked_within_the_duration_fail() {
    let served = Served::new();
    let sub = ["sub", "events.#", "--duration", "10ms"];
    served.eventbus(&sub).code(0).stdout(is_empty()).stderr(contains("0 events, 0 lost"));
    served.eventbus(&[&sub[..], &["--count", "1"]].concat()).code(1);
}

/// The reader of the lines stops, so the tool does, and publishers go on: its subscription loses
/// the oldest and says so once it is read again.
#[cfg(unix)]
#[tokio::test]
async fn an_onlooker_that_is_not_read_loses_events_tells_and_holds_up_nobody() {
    const EVENTS: u64 = 20_000;
    let served = Served::new();
    let last = EVENTS.to_string();
    let mut sub = subscribed(&served, &["events.#", "--capacity", "16"]);
    for number in 1..=EVENTS {
        served.bus.publish(event(number), None).await.unwrap();
    }
    let mut numbers = Vec::new();
    while numbers.last() != Some(&EVENTS) {
        numbers.push(sub.json()["event"]["header"]["source_sequence"].as_u64().unwrap());
    }
    assert!(numbers.is_sorted(), "order survives losses");
    sub.signal(Signal::SIGINT);
    let (status, told) = sub.end();
    let lost = EVENTS - numbers.len() as u64;
    assert!(lost > 0, "{last} events fit a pipe and sixteen places: not a test of losses");
    assert_eq!(status.code(), Some(0));
    assert!(told.contains(&format!("events, {lost} in all")), "{told}");
    assert!(told.ends_with(&format!("{} events, {lost} lost", numbers.len())), "{told}");
}

#[tokio::test]
async fn a_reader_that_leaves_ends_it_quietly() {
    let served = Served::new();
    let mut sub = subscribed(&served, &["events.#"]);
    sub.close_output();
    // A child that another test starts at this moment has the pipe too, up to its exec: what is
    // written until then goes nowhere and is no error.
    let until_ended = async {
        while !sub.has_ended() {
            served.bus.publish(event(1), None).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(WATCHDOG, until_ended).await.expect("the watchdog");
    let (status, told) = sub.end();
    assert_eq!((status.code(), told.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn the_end_of_the_broker_is_told_and_exits_4() {
    let served = Served::new();
    let sub = subscribed(&served, &["events.#"]);
    served.broker.shutdown(std::time::Duration::from_secs(10)).await.unwrap();
    let (status, told) = sub.end();
    assert_eq!(status.code(), Some(4));
    assert!(told.ends_with("eventbus: the broker ended the subscription"), "{told}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let served = Served::new();
    let refused = |arguments: &[&str], why: &str| {
        let arguments = [&["sub"], arguments].concat();
        served.eventbus(&arguments).code(2).stdout(is_empty()).stderr(contains(why));
    };
    refused(&[], "<PATTERN>");
    refused(&["events.*"], "write `+` for one level");
    refused(&["events.#", "--no-wildcards"], "disables wildcards");
    refused(&["events.#", "--exclude", "x"], "is no namespace");
    refused(&["events.#", "--kind", "proces"], "there are process, network");
    refused(&["events.#", "--min-priority", "urgent"], "there are low");
    refused(&["events.#", "--metadata", "k"], "write KEY=VALUE");
    refused(&["events.#", "--duration", "5"], "write a whole number and a unit");
    refused(&["events.#", "--capacity", "0"], "--capacity");
    refused(&["events.#", "--breaker-losses", "3"], "need --policy circuit-break");
    refused(&["events.#", "--first-sequence", "2", "--last-sequence", "1"], "is after");
    refused(&["events.#", "--id", ""], "subscriber id is empty");
}

#[test]
fn an_id_that_is_taken_is_told() {
    let served = Served::new();
    let _first = subscribed(&served, &["events.#", "--id", "eye"]);
    let second = served.eventbus(&["sub", "events.#", "--id", "eye"]);
    second.code(2).stderr(contains("\"eye\" is already in use; name another with --id"));
}
