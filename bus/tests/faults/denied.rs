//! What is refused by access control: told at once, counted, audited, and nobody else's business
//! (A1–A3, A5).

use daemoneye_eventbus::acl::{Action, CollectorKind, Denial, Principal, Role};
use daemoneye_eventbus::contract::Confirmation;
use daemoneye_eventbus::event::{ControlMessage, ControlSubject, ReplyAddress};
use daemoneye_eventbus::topic::REGISTRY;
use daemoneye_eventbus::{
    BrokerConfig, ClientConfig, CollectionEvent, Credential, DaemoneyeEventBus, EventBus,
    EventBusClient, EventHeader, EventReceiver, EventSubscription, OverflowPolicy, PublishError,
    SourceCaps, SubscribeError, Topic,
};

use crate::encode::{Message, frame};
use crate::identity::{bytes, hello};
use crate::peer::{INCARNATION, Peer, envelope, subscribe};
use crate::served::{Bystanders, SOON, Served, event, within};

/// Number of `DENIED` among the codes of a subscribe reply.
const DENIED: u64 = 5;
/// The frame that tells a publisher.
const DENIED_FRAME: u32 = 20;
/// Refusals of one client that are told at once.
const TOLD_AT_ONCE: usize = 10;

async fn come(served: &Served, role: Role) -> EventBusClient {
    let name = "somebody";
    let key = served.broker.issue_key(Principal::new(name, role).unwrap()).unwrap();
    let config = ClientConfig::new(name).with_credential(Credential::SessionKey(key));
    within(EventBusClient::connect(&served.address, config)).await.unwrap()
}

/// An auditor inside the broker's process.
async fn auditor(served: &Served) -> (DaemoneyeEventBus, EventReceiver) {
    let bus = DaemoneyeEventBus::from_broker(&served.broker, "auditor");
    let wanted = EventSubscription::new("auditor").with_pattern("admin.audit");
    let receiver = bus.subscribe(wanted.with_policy(OverflowPolicy::DropNewest)).await.unwrap();
    (bus, receiver)
}

/// Actor, action, resource and reason of the next audit.
async fn audit(receiver: &mut EventReceiver) -> [String; 4] {
    let event = within(receiver.recv()).await.unwrap();
    assert_eq!(&*event.id.publisher, "broker");
    let CollectionEvent::Audit(audit) = &event.event else { panic!("no audit: {event:?}") };
    let reason = audit.reason.clone().unwrap_or_default();
    [&audit.actor, &audit.action, &audit.resource, &reason].map(ToString::to_string)
}

fn topic(text: &str) -> Topic {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_publish_that_may_not_be_is_told_counted_audited_and_delivered_to_nobody() {
    let served = Served::strict(BrokerConfig::default());
    let (bus, mut audits) = auditor(&served).await;
    let everything = EventSubscription::new("all").with_pattern("events.#");
    let mut all = bus.subscribe(everything).await.unwrap();
    let procmond = come(&served, Role::Collector(CollectorKind::Process)).await;
    let error = procmond.publish_to(topic("events.network.dns"), event(1), None).await.unwrap_err();
    let denial = Denial {
        role: Role::Collector(CollectorKind::Process),
        action: Action::Publish,
        topics: "events.network.dns".to_owned(),
        rule: None,
    };
    assert_eq!(error, PublishError::Denied(denial));
    let words = "collector:process may not publish on events.network.dns: no rule allows it";
    assert_eq!(error.to_string(), words);
    assert_eq!(
        audit(&mut audits).await,
        ["somebody", "publish", "events.network.dns", words].map(str::to_owned)
    );
    // The connection lives on, and what it may is delivered.
    procmond.publish(event(2), None).await.unwrap();
    assert_eq!(crate::served::recv_number(&mut all).await, Some(2));
    let told = procmond.statistics().await.unwrap();
    assert_eq!((told.refused, told.events_published), (1, 1), "an audit was published by nobody");
}

#[tokio::test]
async fn a_subscription_that_may_not_be_is_refused_by_its_first_pattern() {
    let served = Served::strict(BrokerConfig::default());
    let (_bus, mut audits) = auditor(&served).await;
    let procmond = come(&served, Role::Collector(CollectorKind::Process)).await;
    let wanted = EventSubscription::new("s")
        .with_pattern("control.health.#")
        .with_pattern("control.collector.#")
        .with_pattern("admin.#");
    let error = procmond.subscribe(wanted).await.unwrap_err();
    let words =
        "collector:process may not subscribe to control.collector.#: no rule allows it".to_owned();
    assert!(matches!(&error, SubscribeError::Denied(denial) if denial.to_string() == words));
    let [_, action, resource, reason] = audit(&mut audits).await;
    assert_eq!([&*action, &*resource], ["subscribe", "control.collector.#"]);
    assert_eq!(reason, words);
    // The id is free, and what may be may be.
    let allowed = EventSubscription::new("s").with_pattern("control.health.#");
    assert!(procmond.subscribe(allowed).await.is_ok());
}

#[tokio::test]
async fn capabilities_are_held_to_the_topics_they_mean() {
    let served = Served::strict(BrokerConfig::default());
    let observer = come(&served, Role::Observer).await;
    let by_kind = EventSubscription::new("kind").with_capabilities(SourceCaps::PROCESS);
    assert!(observer.subscribe(by_kind.clone()).await.is_ok());
    let procmond = come(&served, Role::Collector(CollectorKind::Process)).await;
    let error = procmond.subscribe(by_kind).await.unwrap_err();
    assert!(matches!(error, SubscribeError::Denied(_)), "{error}");
}

/// The whole table once more, asked through a socket: every role, every registered topic.
#[tokio::test]
async fn the_broker_answers_as_the_table_does_for_every_role_and_topic() {
    let table = daemoneye_eventbus::acl::AccessControl::standard();
    let mut asked = 0;
    for role in Role::ALL {
        let served = Served::strict(BrokerConfig::default());
        let client = come(&served, role).await;
        let access = table.access_of(&Principal::new("somebody", role).unwrap());
        for row in REGISTRY {
            let name = row.topic.replace("ID", "somebody");
            let may = |action| access.may(action, &topic(&name)).is_allowed();
            let published = client.publish_to(topic(&name), event(1), None).await;
            // Whether somebody owes a reply the broker knows alone; it counts what it refuses.
            let is_reply = name.starts_with("control.rpc.reply.");
            let told = published.is_ok();
            assert_eq!(told, may(Action::Publish) || is_reply, "{role} publishes on {name}");
            let wanted = EventSubscription::new(&*name).with_pattern(&*name);
            let wanted = wanted.with_policy(OverflowPolicy::DropNewest);
            let subscribed = client.subscribe(wanted).await;
            assert_eq!(subscribed.is_ok(), may(Action::Subscribe), "{role} subscribes to {name}");
            asked += 2;
        }
        let told = client.statistics().await.unwrap();
        let denied = |action| {
            let count = REGISTRY.iter().filter(|row| {
                let name = row.topic.replace("ID", "somebody");
                !access.may(action, &topic(&name)).is_allowed()
            });
            count.count() as u64
        };
        let expected = denied(Action::Publish) + denied(Action::Subscribe);
        assert_eq!(told.refused, expected, "{role}: the broker has refused them itself");
    }
    assert!(asked > 400, "{asked}");
}

#[tokio::test]
async fn a_client_that_ignores_its_table_is_refused_all_the_same_and_harms_nobody() {
    let served = Served::new(BrokerConfig::default());
    let mut bystanders = Bystanders::connect(&served).await;
    let (_bus, mut audits) = auditor(&served).await;
    let mut peer = known(&served, "watcher", Role::Observer);
    for sequence in 1..=100 {
        peer.send(&on("watcher", sequence, "events.process.x"));
    }
    let told = peer.expect(DENIED_FRAME);
    assert_eq!(told.text(1), "events.process.x");
    assert_eq!(told.text(2), "observer may not publish on events.process.x: no rule allows it");
    peer.send(&subscribe("deaf", "control.#", 4).framed(frame::SUBSCRIBE));
    let reply = peer.expect(frame::SUBSCRIBED);
    assert_eq!((reply.number(2), reply.text(7)), (DENIED, "control.#".to_owned()));
    // All are counted, some are told, and the connection lives on.
    assert_eq!(peer.fence().number(8), 101);
    let mut told = 0;
    while audits.try_recv().is_ok() {
        told += 1;
    }
    assert!((TOLD_AT_ONCE..TOLD_AT_ONCE + 20).contains(&told), "{told} of 101 were told");
    bystanders.exchange().await;
}

#[tokio::test]
async fn who_is_refused_at_the_door_is_audited() {
    let served = Served::strict(BrokerConfig::default());
    let (_bus, mut audits) = auditor(&served).await;
    let mut peer = served.stranger();
    peer.send(&crate::peer::hello(1, 1, "agent"));
    assert!(peer.refusal().is_some());
    let [actor, action, resource, reason] = audit(&mut audits).await;
    assert_eq!([&*action, &*resource], ["connect", "broker"]);
    assert!(actor == format!("pid {}", std::process::id()) || actor == "somebody", "{actor}");
    assert_eq!(reason, "the name \"agent\" is reserved; it needs a token");
}

/// A request as an agent sends it, on the topic of its subject.
fn request(asker: &str) -> CollectionEvent {
    CollectionEvent::Control(ControlMessage {
        subject: ControlSubject::Lifecycle,
        operation: "pause".into(),
        request_id: "1".into(),
        reply_to: Some(ReplyAddress::new(asker.to_owned()).unwrap()),
        ..ControlMessage::default()
    })
}

/// A reply as a member sends it.
fn reply(asker: &str, number: u64) -> CollectionEvent {
    CollectionEvent::Control(ControlMessage {
        header: EventHeader { source_sequence: number, ..EventHeader::default() },
        subject: ControlSubject::Reply(ReplyAddress::new(asker.to_owned()).unwrap()),
        request_id: "1".into(),
        ..ControlMessage::default()
    })
}

#[tokio::test]
async fn who_was_asked_may_answer_its_asker_once_and_nobody_else() {
    let served = Served::strict(BrokerConfig::default());
    let agent = DaemoneyeEventBus::from_broker(&served.broker, "agent");
    let wanted = EventSubscription::new("replies").with_pattern("control.rpc.reply.#");
    let mut replies = agent.subscribe(wanted).await.unwrap();
    let collector = come(&served, Role::Collector(CollectorKind::Process)).await;
    let wanted = EventSubscription::new("asked").with_pattern("control.collector.lifecycle");
    let mut asked = collector.subscribe(wanted).await.unwrap();
    let answer = async |asker: &str, number| {
        let topic = topic(&format!("control.rpc.reply.{asker}"));
        collector.publish_to(topic, reply(asker, number), None).await.unwrap();
        collector.statistics().await.unwrap().refused
    };
    assert_eq!(answer("asker", 1).await, 1, "nothing was asked");
    agent.publish(request("asker"), None).await.unwrap();
    assert!(within(asked.recv()).await.is_some());
    assert_eq!(answer("another", 2).await, 2, "somebody else asked");
    assert_eq!(answer("asker", 3).await, 2);
    assert_eq!(answer("asker", 4).await, 3, "a second time");
    assert_eq!(crate::served::recv_number(&mut replies).await, Some(3));
    assert!(replies.try_recv().is_err(), "nothing else has arrived");
}

#[tokio::test]
async fn nobody_owes_a_reply_to_whom_the_asker_may_not_read() {
    let served = Served::strict(BrokerConfig::default());
    let agent = DaemoneyeEventBus::from_broker(&served.broker, "agent");
    let wanted = EventSubscription::new("replies").with_pattern("control.rpc.reply.#");
    let mut replies = agent.subscribe(wanted).await.unwrap();
    let forger = come(&served, Role::Collector(CollectorKind::Process)).await;
    let wanted = EventSubscription::new("own").with_pattern("control.health.#");
    let mut own = forger.subscribe(wanted).await.unwrap();
    let asks = async |of: &str| {
        let heartbeat = topic("control.health.heartbeat");
        within(forger.publish_to(heartbeat, request(of), None)).await.unwrap();
        within(own.recv()).await.unwrap()
    };
    // It asks itself in the agent's name, and answers.
    let mut asks = asks;
    asks("agent").await;
    forger.publish_to(topic("control.rpc.reply.agent"), reply("agent", 1), None).await.unwrap();
    assert_eq!(forger.statistics().await.unwrap().refused, 1);
    // In its own name it may, and gets a reply, but nothing else.
    let own_replies = topic("control.rpc.reply.somebody");
    asks("somebody").await;
    forger.publish_to(own_replies.clone(), event(2), None).await.unwrap();
    assert_eq!(forger.statistics().await.unwrap().refused, 2, "no reply at all");
    forger.publish_to(own_replies, reply("somebody", 3), None).await.unwrap();
    assert_eq!(crate::served::recv_number(&mut replies).await, Some(3));
    assert!(replies.try_recv().is_err(), "nothing else has arrived");
}

/// A raw peer with the key it would have.
fn known(served: &Served, name: &str, role: Role) -> Peer {
    let key = served.broker.issue_key(Principal::new(name, role).unwrap()).unwrap();
    let mut peer = served.stranger();
    peer.send(&hello(name, Some((6, &bytes(&key.to_hex())))));
    peer.expect(frame::WELCOME);
    peer
}

fn collector(served: &Served, name: &str, kind: CollectorKind) -> Peer {
    known(served, name, Role::Collector(kind))
}

/// An event of a raw peer's.
fn on(name: &str, sequence: u64, topic: &str) -> Vec<u8> {
    let payload = Message::default().message(1, &Message::default().number(1, sequence));
    envelope(name, INCARNATION, sequence, topic, &payload.0).framed(frame::PUBLISH)
}

#[tokio::test]
async fn what_waited_for_a_full_subscriber_is_asked_of_the_table_when_nobody_waits_any_more() {
    let served = Served::strict(BrokerConfig::default().with_stall_limit(SOON));
    let (bus, mut audits) = auditor(&served).await;
    let secret = EventSubscription::new("secret").with_pattern("admin.policy");
    let mut secret = bus.subscribe(secret.with_pattern("control.collector.#")).await.unwrap();
    let mut full = collector(&served, "full", CollectorKind::Network);
    full.subscribe_to("full", "control.health.#", 1);
    let mut bad = collector(&served, "bad", CollectorKind::Process);
    for sequence in 1..=5 {
        bad.send(&on("bad", sequence, "control.health.status"));
    }
    bad.send(&on("bad", 6, "control.collector.lifecycle"));
    bad.send(&on("bad", 7, "admin.policy"));
    drop(bad);
    for topic in ["control.collector.lifecycle", "admin.policy"] {
        let [actor, action, resource, _] = audit(&mut audits).await;
        assert_eq!([&*actor, &*action, &*resource], ["bad", "publish", topic]);
    }
    // By the audits all of it has been dealt with.
    assert!(secret.try_recv().is_err(), "it was denied");
    assert_eq!(served.broker.statistics().refused, 2);
}

#[tokio::test]
async fn a_publish_that_is_to_be_confirmed_and_refused_is_told_as_lost() {
    let served = Served::strict(BrokerConfig::default());
    for confirmation in [Confirmation::Accepted, Confirmation::Delivered] {
        let name = format!("{confirmation:?}").to_lowercase();
        let principal = Principal::new(&*name, Role::Collector(CollectorKind::Process)).unwrap();
        let key = served.broker.issue_key(principal).unwrap();
        let config = ClientConfig::new(name).with_credential(Credential::SessionKey(key));
        let config = config.with_confirmation(confirmation);
        let client = within(EventBusClient::connect(&served.address, config)).await.unwrap();
        // Whether it owes this reply the broker knows alone.
        let reply = topic("control.rpc.reply.somebody");
        let told = within(client.publish_to(reply, event(1), None)).await;
        assert_eq!(told, Err(PublishError::Undelivered), "{confirmation:?}");
        within(client.publish(event(2), None)).await.unwrap();
    }
}

#[tokio::test]
async fn whoever_comes_again_is_told_of_no_oftener() {
    const CONNECTIONS: usize = 20;
    let served = Served::strict(BrokerConfig::default());
    let bus = DaemoneyeEventBus::from_broker(&served.broker, "auditor");
    let wanted = EventSubscription::new("auditor").with_pattern("admin.audit");
    let wanted = wanted.with_policy(OverflowPolicy::DropNewest).with_capacity(4096);
    let mut audits = bus.subscribe(wanted).await.unwrap();
    let began = std::time::Instant::now();
    // Strangers have no name that says who they are.
    for number in 0..CONNECTIONS {
        let mut peer = served.raw(&format!("stranger-{}", number % 2));
        for sequence in 1..=10 {
            peer.send(&on(&format!("stranger-{}", number % 2), sequence, "admin.policy"));
        }
        peer.fence();
        let mut peer = collector(&served, "bad", CollectorKind::Process);
        for sequence in 1..=10 {
            peer.send(&on("bad", sequence, "admin.policy"));
        }
        peer.fence();
    }
    let mut told = 0;
    while audits.try_recv().is_ok() {
        told += 1;
    }
    let due = 2 * (TOLD_AT_ONCE + usize::try_from(began.elapsed().as_secs()).unwrap() + 1);
    assert!((2 * TOLD_AT_ONCE..=due).contains(&told), "{told} of {}", 20 * CONNECTIONS);
    let refused = u64::try_from(20 * CONNECTIONS).unwrap();
    assert_eq!(served.broker.statistics().refused, refused);
}

#[tokio::test]
async fn nobody_waits_for_an_observer() {
    let served = Served::strict(BrokerConfig::default());
    // It comes back when its connection breaks, acknowledges, and is gone.
    let mut observer = served.stranger();
    let returns = Message::default().number(1, 1).number(2, 1).bytes(3, "watcher");
    observer.send(&returns.fixed(4, INCARNATION).number(7, 1).framed(frame::HELLO));
    observer.expect(frame::WELCOME);
    observer.send(&subscribe("watcher", "events.#", 1000).number(11, 1).framed(frame::SUBSCRIBE));
    observer.expect(frame::SUBSCRIBED);
    let principal = Principal::new("procmond", Role::Collector(CollectorKind::Process)).unwrap();
    let key = Credential::SessionKey(served.broker.issue_key(principal).unwrap());
    let config = ClientConfig::new("procmond").with_credential(key);
    let config = config.with_confirmation(Confirmation::Delivered);
    let procmond = within(EventBusClient::connect(&served.address, config)).await.unwrap();
    within(procmond.publish(event(1), None)).await.unwrap();
    drop(observer);
    within(procmond.publish(event(2), None)).await.unwrap();
    // Nor does anybody for room at one that takes nothing, though it says `block`.
    let mut deaf = served.stranger();
    deaf.send(&hello("deaf", None));
    deaf.expect(frame::WELCOME);
    deaf.subscribe("deaf", 2);
    for number in 3..100 {
        within(procmond.publish(event(number), None)).await.unwrap();
    }
    let statistics = served.broker.statistics();
    let deaf = statistics.subscriptions.iter().find(|row| row.subscriber_id == "deaf").unwrap();
    assert_eq!((deaf.matched, deaf.dropped), (97, 95), "{deaf:?}");
}
