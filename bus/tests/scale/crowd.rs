//! The clients: what each subscribes to, what is published, and who must receive which of it.

use daemoneye_eventbus::contract::EventReceiver;
use daemoneye_eventbus::{
    ClientConfig, CollectionEvent, EventBus, EventBusClient, EventHeader, EventSubscription,
    ProcessEvent, SocketAddress, Topic,
};
use futures_util::future::join_all;

use crate::broker::WATCHDOG;

/// Connections at once, besides the publisher's.
pub(crate) const CONNECTIONS: usize = 1000;
/// Subscriptions of each.
pub(crate) const EACH: usize = 10;
/// Subscriptions at once.
pub(crate) const SUBSCRIPTIONS: usize = CONNECTIONS * EACH;
/// Connections that are opened at once: fewer than wait at a listener before it has taken them.
const AT_ONCE: usize = 50;
/// Of each connection: one wants what goes to everybody, one all that goes to its connection.
const EVERYBODY: usize = 0;
const WHOLE_CONNECTION: usize = 1;
/// Events held for one subscription: more than any gets before it reads.
const CAPACITY_EVENTS: usize = 16;

/// One connection and its receivers, by the number of the subscription.
pub(crate) struct Client {
    pub(crate) bus: EventBusClient,
    pub(crate) receivers: Vec<EventReceiver>,
}

/// Connects so many clients, each under a name of its own.
pub(crate) async fn connect(address: &SocketAddress, count: usize) -> Vec<Client> {
    let mut clients = Vec::with_capacity(count);
    while clients.len() < count {
        let next = clients.len()..count.min(clients.len() + AT_ONCE);
        clients.extend(join_all(next.map(|number| connect_one(address, number))).await);
    }
    clients
}

async fn connect_one(address: &SocketAddress, number: usize) -> Client {
    let config = ClientConfig::new(format!("client-{number}"))
        .with_connect_limit(WATCHDOG)
        .with_request_limit(WATCHDOG);
    let bus = EventBusClient::connect(address, config).await.unwrap();
    Client { bus, receivers: Vec::with_capacity(EACH) }
}

/// Subscribes everything every client wants.
pub(crate) async fn subscribe(clients: &mut [Client]) {
    join_all(clients.iter_mut().enumerate().map(|(connection, client)| async move {
        for number in 0..EACH {
            let wanted = EventSubscription::new(format!("c{connection}-s{number}"))
                .with_pattern(pattern(connection, number))
                .with_capacity(CAPACITY_EVENTS);
            client.receivers.push(client.bus.subscribe(wanted).await.unwrap());
        }
    }))
    .await;
}

fn pattern(connection: usize, number: usize) -> String {
    match number {
        EVERYBODY => "events.process.everybody".to_owned(),
        WHOLE_CONNECTION => format!("events.process.c{connection}.#"),
        _ => format!("events.process.c{connection}.s{number}"),
    }
}

/// Where an event goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// To one subscription of every connection.
    Everybody,
    /// To one subscription of one connection, and to the one that wants the whole connection's.
    One { connection: usize, number: usize },
}

/// What is published, in order: one event to each subscription that has a topic of its own, and
/// one to everybody before, between and after.
pub(crate) fn goals() -> Vec<Goal> {
    let ones = (0..CONNECTIONS).flat_map(|connection| {
        (WHOLE_CONNECTION + 1..EACH).map(move |number| Goal::One { connection, number })
    });
    let mut goals: Vec<_> = ones.collect();
    goals.insert(goals.len() / 2, Goal::Everybody);
    goals.insert(0, Goal::Everybody);
    goals.push(Goal::Everybody);
    goals
}

impl Goal {
    fn topic(self) -> Topic {
        let text = match self {
            Self::Everybody => pattern(0, EVERYBODY),
            Self::One { connection, number } => pattern(connection, number),
        };
        text.parse().unwrap()
    }

    /// Whether it goes to this subscription of this connection.
    fn reaches(self, connection: usize, number: usize) -> bool {
        match self {
            Self::Everybody => number == EVERYBODY,
            Self::One { connection: its, number: wanted } => {
                its == connection && [wanted, WHOLE_CONNECTION].contains(&number)
            }
        }
    }
}

/// Publishes an event for each goal, numbered by its place.
pub(crate) async fn publish(publisher: &EventBusClient, goals: &[Goal]) {
    for (place, goal) in goals.iter().enumerate() {
        let event = CollectionEvent::Process(ProcessEvent {
            header: EventHeader { source_sequence: place as u64, ..EventHeader::default() },
            ..ProcessEvent::default()
        });
        publisher.publish_to(goal.topic(), event, None).await.unwrap();
    }
}

/// The numbers of the events that must reach each subscription of one connection, in order.
pub(crate) fn due(goals: &[Goal], connection: usize) -> Vec<Vec<u64>> {
    let mut due = vec![Vec::new(); EACH];
    for (goal, place) in goals.iter().zip(0..) {
        for number in (0..EACH).filter(|number| goal.reaches(connection, *number)) {
            due[number].push(place);
        }
    }
    due
}

/// Receives so many events, and returns their numbers.
pub(crate) async fn receive(receiver: &mut EventReceiver, count: usize) -> Vec<u64> {
    let mut numbers = Vec::with_capacity(count);
    for _ in 0..count {
        let event = receiver.recv().await.expect("the subscription has not ended");
        numbers.push(event.event.header().source_sequence);
    }
    numbers
}
