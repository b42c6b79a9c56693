//! `eventbus topics --live`.

use daemoneye_eventbus::EventBus;
use predicates::str::contains;

use crate::fixture::{Served, event};

#[tokio::test]
async fn topics_in_use_are_listed_registered_or_not() {
    let served = Served::new();
    served.bus.publish(event(1), None).await.unwrap();
    for number in 2..=3 {
        let topic = "events.process.mine".parse().unwrap();
        served.bus.publish_to(topic, event(number), None).await.unwrap();
    }
    let table = served.eventbus(&["topics", "--live"]).code(0).get_output().stdout.clone();
    let table = String::from_utf8(table).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(
        rows,
        [
            ["TOPIC", "REGISTERED", "EVENTS"],
            ["events.process.lifecycle", "yes", "1"],
            ["events.process.mine", "no", "2"],
        ]
    );
    let json = served.eventbus(&["topics", "--live", "--json"]).code(0);
    let json: serde_json::Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!(json["topics"][1]["events_published"], 2);
    assert_eq!(json["other_topics_published"], 0);
}

/// The registry would be printed whatever the socket, which is not what was meant.
#[test]
fn a_socket_without_live_is_refused() {
    let served = Served::new();
    served.eventbus(&["topics"]).code(2).stderr(contains("--live asks a broker"));
}
