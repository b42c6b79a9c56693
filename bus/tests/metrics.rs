//! The broker's figures as a scraper sees them, over a loopback port.

#![expect(clippy::unwrap_used, reason = "a test's unwrap is its assertion")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use daemoneye_eventbus::broker::MetricsError;
use daemoneye_eventbus::{
    BrokerConfig, CollectionEvent, DaemoneyeBroker, DaemoneyeEventBus, EventBus, EventSubscription,
    OverflowPolicy, ProcessEvent,
};

/// Turns a hang into a failure.
const WATCHDOG: Duration = Duration::from_secs(20);

fn served(broker: &DaemoneyeBroker) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    broker.serve_metrics(listener).unwrap();
    address
}

fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn scrape(address: SocketAddr) -> String {
    ask(address, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[tokio::test]
async fn a_scrape_has_the_brokers_counters() {
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    let address = served(&broker);
    let bus = DaemoneyeEventBus::from_broker(&broker, "p");
    let wanted = EventSubscription::new("s").with_pattern("events.#").with_capacity(2);
    let wanted = wanted.with_policy(OverflowPolicy::DropNewest);
    let _receiver = bus.subscribe(wanted).await.unwrap();
    let publish = || CollectionEvent::Process(ProcessEvent::default());
    for _ in 0..3 {
        bus.publish(publish(), None).await.unwrap();
    }
    bus.publish_to("events.mine".parse().unwrap(), publish(), None).await.unwrap();
    for _ in 0..2 {
        // Counters are absolute: a second scrape does not double them.
        let answer = scrape(address);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        for line in [
            "daemoneye_eventbus_events_published_total 4",
            "daemoneye_eventbus_events_delivered_total 2",
            "daemoneye_eventbus_events_dropped_total 2",
            "daemoneye_eventbus_topic_events_total{topic=\"events.process.lifecycle\"} 3",
            "daemoneye_eventbus_topic_events_total{topic=\"unregistered\"} 1",
            "daemoneye_eventbus_subscriptions 1",
            "# TYPE daemoneye_eventbus_subscription_queued_events histogram",
        ] {
            assert!(answer.lines().any(|found| found == line), "no {line:?} in {answer}");
        }
    }
    let bucket = "daemoneye_eventbus_subscription_queued_events_bucket{le=\"16\"} 3";
    assert!(scrape(address).contains(bucket), "one value per subscription and scrape");
    broker.shutdown(WATCHDOG).await.unwrap();
    assert!(TcpStream::connect(address).is_err(), "the port is free again");
}

#[test]
fn other_requests_are_answered_with_what_there_is() {
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    let address = served(&broker);
    assert!(ask(address, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(ask(address, "PUT /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    assert!(ask(address, "nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
    assert!(scrape(address).starts_with("HTTP/1.1 200 "), "and it goes on");
}

#[tokio::test]
async fn a_scraper_that_says_nothing_holds_up_no_shutdown() {
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    let address = served(&broker);
    let _silent = TcpStream::connect(address).unwrap();
    broker.shutdown(WATCHDOG).await.unwrap();
}

#[test]
fn an_address_others_can_reach_is_refused() {
    let broker = DaemoneyeBroker::new(BrokerConfig::default());
    let refused = broker.serve_metrics(TcpListener::bind("0.0.0.0:0").unwrap()).unwrap_err();
    assert!(matches!(refused, MetricsError::NotLoopback { .. }), "{refused}");
}
