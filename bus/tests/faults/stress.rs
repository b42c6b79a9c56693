//! Everything at once: publishers, subscribers of every policy and a churn of subscriptions, on
//! several threads (C4, C5, C12). Publishers do not wait for the broker, so no order
//! between two of them is asked for but the one all subscribers share (V9).

use std::sync::Arc;

use daemoneye_eventbus::{
    BrokerConfig, BusEvent, DaemoneyeEventBus, EventBus, EventBusStatistics, EventReceiver,
    OverflowPolicy, Topic,
};
use tokio::task::JoinHandle;

use crate::peer::WATCHDOG;
use crate::served::{Served, all_processes, event, within};

const PUBLISHERS: u64 = 4;
/// Fewer over pipes: Wine has one process serve all of them, and a window of three needs a turn of
/// it for every few events.
const EVENTS_EACH: u64 = if cfg!(windows) { 300 } else { 5_000 };
/// Number of the last event of every publisher.
const LAST: u64 = u64::MAX;

type Seen = Vec<(String, u64)>;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_keeps_order_and_loses_only_what_its_policies_say() {
    let served = Served::new(BrokerConfig::default());
    let blocking = [("block a", 3), ("block b", 16)];
    let lossy = [("newest", OverflowPolicy::DropNewest), ("oldest", OverflowPolicy::DropOldest)];
    let mut patient = Vec::new();
    for (id, capacity) in blocking {
        let bus = served.connect(id).await;
        let wanted = all_processes(id).with_capacity(capacity);
        patient.push(tokio::spawn(read_to_the_last(bus.subscribe(wanted).await.unwrap())));
    }
    let mut hasty = Vec::new();
    for (id, policy) in lossy {
        let bus = served.connect(id).await;
        let wanted = all_processes(id).with_capacity(4).with_policy(policy);
        hasty.push(tokio::spawn(read_to_the_end(bus.subscribe(wanted).await.unwrap())));
    }
    let churn = tokio::spawn(churn(served.connect("churn").await));
    let publishers: Vec<_> = (0..PUBLISHERS).map(|n| publish(&served, n)).collect();

    let mut orders = Vec::new();
    for reader in patient {
        orders.push(within_all(reader).await);
    }
    for publisher in publishers {
        publisher.await.unwrap();
    }
    churn.abort();
    assert_eq!(orders[0], orders[1], "two subscribers saw two orders");
    assert_eq!(orders[0].len() as u64, PUBLISHERS * EVENTS_EACH);
    assert_fifo(&orders[0]);
    let conserved = conserved(&served.broker.statistics());
    assert!(conserved, "{:?}", served.broker.statistics());
    served.broker.shutdown(WATCHDOG).await.unwrap();
    for reader in hasty {
        let seen = within_all(reader).await;
        assert_fifo(&seen);
        assert_subsequence(&seen, &orders[0]);
    }
    let end = served.broker.statistics();
    assert_eq!(end.events_published, PUBLISHERS * EVENTS_EACH);
    assert_eq!(end.active_subscribers, 0);
}

fn publish(served: &Served, number: u64) -> JoinHandle<()> {
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, format!("p{number}"));
    let address = served.address.clone();
    tokio::spawn(async move {
        let name = format!("p{number}");
        // Half of them beside the broker, half behind a socket.
        let bus = if number.is_multiple_of(2) {
            embedded
        } else {
            let config = daemoneye_eventbus::ClientConfig::new(name);
            DaemoneyeEventBus::connect(&address, config).await.unwrap()
        };
        let topic = Topic::new("events.process.x").unwrap();
        for sequence in 1..EVENTS_EACH {
            bus.publish_to(topic.clone(), event(sequence), None).await.unwrap();
        }
        bus.publish_to(topic, event(LAST), None).await.unwrap();
        bus.shutdown(WATCHDOG).await.unwrap();
    })
}

/// Subscribes and leaves again, all the time, sometimes with events unread.
async fn churn(bus: DaemoneyeEventBus) {
    for round in 0_u64.. {
        let id = format!("churn {}", round % 3);
        let wanted = all_processes(&id).with_capacity(2);
        let Ok(mut receiver) = bus.subscribe(wanted).await else { continue };
        if round % 2 == 0 {
            receiver.recv().await;
        }
        if round % 3 == 0 {
            let _ = bus.unsubscribe(&id).await;
        }
    }
}

fn seen(event: &Arc<BusEvent>) -> (String, u64) {
    (event.id.publisher.to_string(), event.event.header().source_sequence)
}

async fn read_to_the_last(mut receiver: EventReceiver) -> Seen {
    let mut found = Seen::new();
    let mut open = PUBLISHERS;
    while open > 0 {
        let event = receiver.recv().await.expect("the last events come first");
        found.push(seen(&event));
        open -= u64::from(event.event.header().source_sequence == LAST);
    }
    found
}

async fn read_to_the_end(mut receiver: EventReceiver) -> Seen {
    let mut found = Seen::new();
    while let Some(event) = receiver.recv().await {
        found.push(seen(&event));
    }
    found
}

/// A crowd takes longer than one call: its watchdog barks between events, not over all.
async fn within_all(reader: JoinHandle<Seen>) -> Seen {
    within(reader).await.unwrap()
}

fn assert_fifo(order: &Seen) {
    for number in 0..PUBLISHERS {
        let name = format!("p{number}");
        let own: Vec<u64> = order.iter().filter(|seen| seen.0 == name).map(|seen| seen.1).collect();
        assert!(own.is_sorted_by(|a, b| a < b), "{name} is out of order");
    }
}

fn assert_subsequence(part: &Seen, whole: &Seen) {
    let mut rest = whole.iter();
    for seen in part {
        assert!(rest.any(|other| other == seen), "{seen:?} is not where others saw it");
    }
}

/// C12, per subscription and at any moment.
fn conserved(statistics: &EventBusStatistics) -> bool {
    statistics.subscriptions.iter().all(|s| s.matched == s.delivered + s.dropped + s.queued)
}
