//! `eventbus stats`.

use daemoneye_eventbus::{BrokerConfig, EventBus, EventSubscription};
use predicates::str::{contains, is_empty};

use crate::fixture::{Served, event};

#[tokio::test]
async fn the_counters_are_the_brokers() {
    let served = Served::new();
    let wanted = EventSubscription::new("a\u{1b}[2J").with_pattern("events.process.#");
    let _receiver = served.bus.subscribe(wanted).await.unwrap();
    for number in 1..=3 {
        served.bus.publish(event(number), None).await.unwrap();
    }
    let text = served.eventbus(&["stats"]).code(0).stderr(is_empty()).get_output().stdout.clone();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.starts_with("published 3, delivered 3, dropped 0, subscriptions 1, up "),
        "{text}"
    );
    let row = text.lines().last().unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells, ["a\\u{1b}[2J", "3", "3", "0", "0", "closed"]);

    let json = served.eventbus(&["stats", "--json"]).code(0).get_output().stdout.clone();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["events_published"], 3);
    assert_eq!(json["subscriptions"][0]["matched"], 3);
    assert_eq!(json["subscriptions_left_out"], 0);
    assert!(json["uptime_seconds"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn subscriptions_that_do_not_fit_are_told() {
    const SUBSCRIPTIONS: u64 = 800;
    // A frame has room for 64 KiB beside the payload: for some 500 ids of this length.
    let served = Served::with(BrokerConfig::default().with_payload_limit_bytes(1));
    let mut receivers = Vec::new();
    for number in 0..SUBSCRIPTIONS {
        let id = format!("{number:04}-{}", "x".repeat(100));
        let wanted = EventSubscription::new(id).with_pattern("events.#");
        receivers.push(served.bus.subscribe(wanted).await.unwrap());
    }
    let json = served.eventbus(&["stats", "--json"]).code(0).get_output().stdout.clone();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let shown = json["subscriptions"].as_array().unwrap().len() as u64;
    let more = json["subscriptions_left_out"].as_u64().unwrap();
    assert_eq!(shown + more, SUBSCRIPTIONS);
    assert!(more > 0, "all of them fit");
    served.eventbus(&["stats"]).code(0).stdout(contains(format!("and {more} more that did not")));
}
