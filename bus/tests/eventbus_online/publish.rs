//! `eventbus pub`.

use daemoneye_eventbus::{EventBus, EventReceiver, EventSubscription};
#[cfg(unix)]
use nix::sys::signal::Signal;
use predicates::str::{contains, is_empty};

use crate::fixture::{Served, event, received};

const EVENT: &str = r#"{"kind":"process","pid":42,"name":"sh"}"#;

async fn everything(served: &Served) -> EventReceiver {
    served.bus.subscribe(EventSubscription::new("all").with_pattern("#")).await.unwrap()
}

#[tokio::test]
async fn an_event_goes_to_its_default_topic() {
    let served = Served::new();
    let mut receiver = everything(&served).await;
    let done = served.eventbus(&["pub", EVENT, "--name", "operator"]).code(0).stderr(is_empty());
    done.stdout(contains("published 1 in "));
    let event = received(&mut receiver).await;
    assert_eq!(event.topic.as_str(), "events.process.lifecycle");
    assert_eq!(event.event.pid(), Some(42));
    assert_eq!(event.id.publisher, "operator");
}

#[tokio::test]
async fn topic_and_correlation_are_the_operators_choice() {
    let served = Served::new();
    let mut receiver = everything(&served).await;
    let arguments = ["pub", EVENT, "--topic", "events.process.x", "--correlation", "scan-7"];
    served.eventbus(&arguments).code(0);
    let event = received(&mut receiver).await;
    assert_eq!(event.topic.as_str(), "events.process.x");
    assert!(event.correlation.id.is("scan-7"));
}

#[tokio::test]
async fn a_burst_is_as_long_as_asked_and_numbered() {
    let served = Served::new();
    let mut receiver = everything(&served).await;
    let arguments = ["pub", EVENT, "--count", "5", "--rate", "1000", "--json"];
    let done = served.eventbus(&arguments).code(0).get_output().stdout.clone();
    let done: serde_json::Value = serde_json::from_slice(&done).unwrap();
    assert_eq!((&done["published"], &done["interrupted"]), (&5.into(), &false.into()));
    // The fifth is not due before four intervals are over.
    assert!(done["seconds"].as_f64().unwrap() >= 0.004, "{done}");
    for number in 1..=5 {
        assert_eq!(received(&mut receiver).await.event.header().source_sequence, number);
    }
    assert_eq!(served.broker.statistics().events_published, 5);
}

#[tokio::test]
async fn lines_are_published_in_order_from_standard_input_and_from_a_file() {
    let served = Served::new();
    let mut receiver = everything(&served).await;
    let lines = "{\"kind\":\"audit\",\"actor\":\"a\"}\n\n{\"kind\":\"network\",\"pid\":1}";
    served.eventbus_with(&["pub", "-"], lines).code(0);
    let file = served.folder.path().join("events.jsonl");
    std::fs::write(&file, lines).unwrap();
    served.eventbus(&["pub", "--file", file.to_str().unwrap()]).code(0);
    for _ in 0..2 {
        assert_eq!(received(&mut receiver).await.topic.as_str(), "events.audit.record");
        assert_eq!(received(&mut receiver).await.topic.as_str(), "events.network.connections");
    }
}

#[tokio::test]
async fn what_sub_prints_pub_publishes_as_it_was() {
    let served = Served::new();
    let mut receiver = everything(&served).await;
    let topic = "events.process.x".parse().unwrap();
    let mut sub = served.spawn(&["sub", "events.process.#", "--count", "1"]);
    sub.until_told("subscribed");
    served.bus.publish_to(topic, event(3), Some("scan-1".into())).await.unwrap();
    let line = sub.line().unwrap();
    served.eventbus_with(&["pub", "-"], &line).code(0);
    let original = received(&mut receiver).await;
    let again = received(&mut receiver).await;
    assert_eq!(again.topic, original.topic);
    assert_eq!(again.correlation, original.correlation);
    assert_eq!(again.event, original.event);
}

#[test]
fn a_mistake_is_told_with_file_line_and_column_and_what_was_sent_before() {
    let served = Served::new();
    let file = served.folder.path().join("events.jsonl");
    std::fs::write(&file, format!("{EVENT}\n{}", r#"{"kind":"process","pidd":42}"#)).unwrap();
    let name = file.to_str().unwrap();
    served
        .eventbus(&["pub", "--file", name])
        .code(2)
        .stdout(is_empty())
        .stderr(contains(format!("{name}:2:19: there is no field `pidd`; did you mean `pid`?")))
        .stderr(contains("; 1 events before it were sent"));
    assert_eq!(served.broker.statistics().events_published, 1);
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let served = Served::new();
    let refused = |arguments: &[&str], why: &str| {
        served.eventbus(arguments).code(2).stdout(is_empty()).stderr(contains(why));
    };
    refused(&["pub", "{}"], "EVENT: `kind` is missing");
    refused(&["pub", EVENT, "--topic", "events.+"], "a topic names every level");
    refused(&["pub", EVENT, "--count", "0"], "--count");
    refused(&["pub", EVENT, "--rate", "0"], "above 0");
    refused(&["pub", "-", "--count", "2"], "leave one out");
    refused(&["pub"], "EVENT");
    assert_eq!(served.broker.statistics().events_published, 0);
}

#[test]
fn an_event_over_the_brokers_limit_is_told() {
    let served =
        Served::with(daemoneye_eventbus::BrokerConfig::default().with_payload_limit_bytes(100));
    let event = format!(r#"{{"kind":"process","name":"{}"}}"#, "x".repeat(200));
    served.eventbus(&["pub", &event]).code(2).stderr(contains("the limit is 100"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_burst_and_tells_what_was_published() {
    let served = Served::new();
    let burst = ["pub", EVENT, "--count", "1000000", "--rate", "1000", "--json"];
    let mut tool = served.spawn(&burst);
    while served.broker.statistics().events_published == 0 {
        std::thread::yield_now();
    }
    tool.signal(Signal::SIGINT);
    let done = tool.json();
    assert_eq!(done["interrupted"], true);
    assert_eq!(tool.end().0.code(), Some(0));
    // What it says it published is what the broker has.
    assert_eq!(done["published"], served.broker.statistics().events_published);
}
