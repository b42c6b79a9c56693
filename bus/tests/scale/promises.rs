//! What holds at this scale, and what a crowd costs.

use std::future::Future;

use daemoneye_eventbus::{ClientConfig, EventBus, EventBusClient};
use futures_util::future::join_all;
use libtest_mimic::{Failed, Trial};

use crate::broker::{Broker, WATCHDOG, allow_descriptors};
use crate::crowd::{
    CONNECTIONS, Client, SUBSCRIPTIONS, connect, due, goals, publish, receive, subscribe,
};
use crate::held::{Held, anonymous_bytes};

pub(crate) fn trials() -> Vec<Trial> {
    let of = |name: &str, test: fn() -> Result<(), Failed>| Trial::test(name, test);
    vec![
        of("a_crowd_gets_its_events_and_gives_everything_back", || {
            within(a_crowd_gets_its_events_and_gives_everything_back())
        }),
        of("a_connection_that_stays_is_told", || within(a_connection_that_stays_is_told())),
    ]
}

/// Runs a test in time.
fn within(test: impl Future<Output = ()>) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::time::timeout(WATCHDOG, test).await.map_err(|_| Failed::from("the watchdog"))
    })
}

async fn probe(broker: &Broker) -> EventBusClient {
    let config = ClientConfig::new("probe").with_request_limit(WATCHDOG);
    EventBusClient::connect(&broker.address, config.with_connect_limit(WATCHDOG)).await.unwrap()
}

async fn a_crowd_gets_its_events_and_gives_everything_back() {
    allow_descriptors();
    let broker = Broker::start();
    let probe = probe(&broker).await;
    let before = Held::by(broker.pid(), &probe).await;
    let anonymous = || anonymous_bytes(broker.pid());
    let empty_bytes = anonymous();
    let mut clients = connect(&broker.address, CONNECTIONS).await;
    let connected_bytes = anonymous();
    subscribe(&mut clients).await;
    let subscribed_bytes = anonymous();
    let crowded = Held::by(broker.pid(), &probe).await;
    assert_eq!(crowded.connections - before.connections, CONNECTIONS as u64);
    assert_eq!(crowded.descriptors - before.descriptors, CONNECTIONS as u64);
    assert_eq!(crowded.subscriptions, SUBSCRIPTIONS as u64);

    everybody_gets_what_is_theirs(&probe, &mut clients).await;
    let busy_bytes = anonymous();
    leave(clients).await;
    until_given_back(before, &broker, &probe).await;
    let left_bytes = anonymous();
    // There is room for as many again.
    let mut again = connect(&broker.address, CONNECTIONS).await;
    subscribe(&mut again).await;
    leave(again).await;
    until_given_back(before, &broker, &probe).await;
    let each = |more: u64, fewer: u64, count: usize| more.saturating_sub(fewer) / count as u64;
    println!(
        "anonymous memory of the broker, bytes: {empty_bytes} before; {} a connection; {} a \
         subscription; {busy_bytes} after {} events; {left_bytes} after all have left; {} after as \
         many others have come and left",
        each(connected_bytes, empty_bytes, CONNECTIONS),
        each(subscribed_bytes, connected_bytes, SUBSCRIPTIONS),
        goals().len(),
        anonymous(),
    );
    probe.shutdown(WATCHDOG).await.unwrap();
    broker.end();
}

/// Publishes, and holds every receiver and the broker's counters to it (C1–C4, C12).
async fn everybody_gets_what_is_theirs(publisher: &EventBusClient, clients: &mut [Client]) {
    let goals = goals();
    publish(publisher, &goals).await;
    let mut deliveries = 0;
    for (connection, client) in clients.iter_mut().enumerate() {
        for (receiver, due) in client.receivers.iter_mut().zip(due(&goals, connection)) {
            assert_eq!(receive(receiver, due.len()).await, due);
            deliveries += due.len() as u64;
        }
    }
    let counted = publisher.statistics().await.unwrap();
    assert_eq!(counted.events_published, goals.len() as u64);
    assert_eq!((counted.events_delivered, counted.events_dropped), (deliveries, 0));
}

/// Half of them in order, after which nothing more may come out of their receivers; half without a
/// word.
async fn leave(clients: Vec<Client>) {
    join_all(clients.into_iter().enumerate().map(|(number, client)| async move {
        if number % 2 == 0 {
            return;
        }
        client.bus.shutdown(WATCHDOG).await.unwrap();
        for mut receiver in client.receivers {
            assert!(receiver.recv().await.is_none(), "more came than was due");
        }
    }))
    .await;
}

/// Waits until the broker holds what it did before; the watchdog is the caller's.
async fn until_given_back(before: Held, broker: &Broker, probe: &EventBusClient) {
    let mut now = Held::by(broker.pid(), probe).await;
    while now != before {
        let next = Held::by(broker.pid(), probe).await;
        assert!(next.subscriptions <= now.subscriptions, "{now}, then {next}");
        now = next;
    }
}

/// What the other test waits for does not come by itself.
async fn a_connection_that_stays_is_told() {
    let broker = Broker::start();
    let probe = probe(&broker).await;
    let before = Held::by(broker.pid(), &probe).await;
    let mut clients = connect(&broker.address, 2).await;
    subscribe(&mut clients).await;
    let stays = clients.pop().unwrap();
    leave(clients).await;
    let kept = Held {
        connections: before.connections + 1,
        subscriptions: stays.receivers.len() as u64,
        descriptors: before.descriptors + 1,
    };
    until_given_back(kept, &broker, &probe).await;
    assert_ne!(Held::by(broker.pid(), &probe).await, before);
    drop(stays);
    until_given_back(before, &broker, &probe).await;
    probe.shutdown(WATCHDOG).await.unwrap();
    broker.end();
}
