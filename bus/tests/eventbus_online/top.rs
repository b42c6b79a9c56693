//! `eventbus top`.

use daemoneye_eventbus::{EventBus, EventSubscription};
use nix::sys::signal::Signal;

use crate::fixture::{Served, event};

#[tokio::test]
async fn one_look_lists_connections_and_subscriptions() {
    let served = Served::new();
    let wanted = EventSubscription::new("slow").with_pattern("events.#");
    let _receiver = served.bus.subscribe(wanted).await.unwrap();
    served.bus.publish(event(1), None).await.unwrap();
    let look = ["top", "--once", "--interval", "20ms", "--name", "eye"];
    let text = served.eventbus(&look).code(0).get_output().stdout.clone();
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("published 0.0/s, delivered 0.0/s, dropped 0.0/s, up "), "{text}");
    let line = |begin: &str| text.lines().find(|line| line.contains(begin)).unwrap();
    assert!(line("eye").trim_start().starts_with('1'), "{text}");
    let cells: Vec<&str> = line("slow").split_whitespace().collect();
    assert_eq!(cells[..], ["slow", "the", "broker", "0.0", "0.0", "0.0", "0", "1", "-", "closed"]);
}

#[tokio::test]
async fn rates_are_those_between_two_looks_until_ctrl_c() {
    let served = Served::new();
    let mut top = served.spawn(&["top", "--json", "--interval", "20ms"]);
    top.json();
    served.bus.publish(event(1), None).await.unwrap();
    // One of the next looks is the first after the event.
    while top.json()["published_per_second"].as_f64().unwrap() == 0.0 {}
    top.signal(Signal::SIGINT);
    while top.line().is_some() {}
    let (status, told) = top.end();
    assert_eq!((status.code(), told.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_broker_that_ends_ends_it_with_its_reason() {
    let served = Served::new();
    let mut top = served.spawn(&["top", "--json", "--interval", "20ms"]);
    top.json();
    served.broker.shutdown(std::time::Duration::from_secs(10)).await.unwrap();
    while top.line().is_some() {}
    let (status, told) = top.end();
    assert_eq!(status.code(), Some(4));
    assert!(told.contains("eventbus: cannot "), "{told}");
}
