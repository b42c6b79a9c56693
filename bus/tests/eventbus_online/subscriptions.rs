//! `eventbus subscriptions`.

use daemoneye_eventbus::{EventBus, EventFilter, EventReceiver, EventSubscription};
use predicates::str::{contains, is_empty};

use crate::fixture::{Served, event};

async fn two(served: &Served) -> [EventReceiver; 2] {
    let filter = EventFilter { pids: vec![7], ..EventFilter::default() };
    let narrow = EventSubscription::new("narrow").with_pattern("events.process.#");
    let wide = EventSubscription::new("wide").with_pattern("events.#").with_pattern("admin.#");
    [
        served.bus.subscribe(narrow.with_event_filter(filter)).await.unwrap(),
        served.bus.subscribe(wide).await.unwrap(),
    ]
}

fn text(output: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

#[tokio::test]
async fn every_subscription_is_listed_with_its_owner_and_patterns() {
    let served = Served::new();
    let _receivers = two(&served).await;
    let mut sub = served.spawn(&["sub", "control.#", "--name", "eye", "--id", "third"]);
    sub.until_told("subscribed");
    served.bus.publish(event(1), None).await.unwrap();
    let table = text(&served.eventbus(&["subscriptions"]).code(0).stderr(is_empty()));
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 4, "{table}");
    assert!(rows[1].starts_with("narrow") && rows[1].contains("the broker"), "{table}");
    assert!(rows[1].contains("events.process.#  pid 7"), "{table}");
    assert!(rows[2].starts_with("third") && rows[2].contains("eye #1"), "{table}");
    assert!(rows[2].contains("drop-oldest"), "{table}");
    assert!(rows[3].starts_with("wide") && rows[3].contains("events.# admin.#"), "{table}");

    let json = text(&served.eventbus(&["subscriptions", "--json"]).code(0));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["subscriber_id"], "narrow");
    assert_eq!((&json[0]["matched"], &json[0]["unread"]), (&1.into(), &1.into()));
    assert_eq!(json[1]["connection"], 1);
    assert_eq!(json[2]["topic_patterns"][1], "admin.#");
}

#[tokio::test]
async fn who_would_get_an_event_on_a_topic_is_an_answer_with_an_exit_code() {
    let served = Served::new();
    let _receivers = two(&served).await;
    let ask = |topic: &str| served.eventbus(&["subscriptions", "--topic", topic, "--json"]);
    let ids = |output: &assert_cmd::assert::Assert| -> Vec<String> {
        let json: serde_json::Value = serde_json::from_str(&text(output)).unwrap();
        let rows = json.as_array().unwrap();
        rows.iter().map(|row| row["subscriber_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&ask("events.process.tree").code(0)), ["narrow", "wide"]);
    assert_eq!(ids(&ask("admin.audit").code(0)), ["wide"]);
    assert!(ids(&ask("control.health.status").code(1)).is_empty());
    ask("events.#").code(2).stderr(contains("a topic names every level"));
}
