//! Torn, split, coalesced, random and forbidden input (W3).

use daemoneye_eventbus::{BrokerConfig, EventBus};

use crate::encode::{Message, frame};
use crate::peer::{INCARNATION, Next, envelope, publish, subscribe};
use crate::served::{Bystanders, Served, all_processes, recv_number};

const PROTOCOL: u64 = 3;
const IDENTITY: u64 = 4;
/// Seed of the random garbage; a failing round is found again by its number.
const SEED: u64 = 0x5eed_6a7b_a6e5;

/// A small generator of our own, so that the garbage is the same everywhere (xorshift64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most);
        (0..length).map(|_| self.next() as u8).collect()
    }
}

#[tokio::test]
async fn frames_split_at_every_byte_arrive_whole_and_in_order() {
    let served = Served::new(BrokerConfig::default());
    let subscriber = served.connect("s").await;
    let mut receiver = subscriber.subscribe(all_processes("s")).await.unwrap();
    let mut peer = served.raw("split");
    let length = publish("split", 1).len();
    for at in 1..length {
        let frame = publish("split", at as u64);
        let at = at.min(frame.len() - 1);
        peer.send(&frame[..at]);
        peer.send(&frame[at..]);
        // The answer shows that the first half was not held for ever.
        peer.fence();
    }
    for number in 1..length as u64 {
        assert_eq!(recv_number(&mut receiver).await, Some(number));
    }
}

#[tokio::test]
async fn coalesced_frames_of_every_kind_are_all_dealt_with() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("all");
    let mut bytes = subscribe("s", "events.process.#", 8).framed(frame::SUBSCRIBE);
    bytes.extend(Message::default().framed(frame::PING));
    bytes.extend(publish("all", 1));
    bytes.extend(publish("all", 2));
    bytes.extend(Message::default().number(1, 2).bytes(2, "s").framed(frame::UNSUBSCRIBE));
    bytes.extend(Message::default().number(1, 3).framed(frame::STATISTICS_REQUEST));
    bytes.extend(Message::default().number(1, 4).number(2, 7).framed(frame::INSPECT));
    bytes.extend(Message::default().number(1, 1).framed(frame::GOODBYE));
    peer.send(&bytes);
    for field in [
        frame::SUBSCRIBED,
        frame::DELIVER,
        frame::DELIVER,
        frame::UNSUBSCRIBED,
        frame::STATISTICS,
        frame::INSPECTED,
        frame::GOODBYE,
    ] {
        peer.expect(field);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_garbage_closes_its_sender_and_disturbs_nobody() {
    const ROUNDS: usize = 300;
    let served = Served::new(BrokerConfig::default());
    let mut bystanders = Bystanders::connect(&served).await;
    let mut random = Random(SEED);
    for round in 0..ROUNDS {
        let mut peer = served.raw("garbage");
        let mut garbage = damaged(&mut random);
        // Whatever it means so far, this never becomes a frame.
        garbage.extend([0xff; 8]);
        let _ = peer.try_send(&garbage);
        // A frame whose length swallowed the rest would wait for more: it gets an end instead.
        if let Some((code, message)) = peer.last_words() {
            assert!((3..=5).contains(&code), "round {round}: {code} {message}");
        }
        if round % 10 == 0 {
            bystanders.exchange().await;
        }
    }
    bystanders.exchange().await;
    served.until_subscribers(1).await;
}

/// Plain noise, noise in a frame of the right length, or a good frame with one byte changed.
pub(crate) fn damaged(random: &mut Random) -> Vec<u8> {
    match random.below(3) {
        0 => random.bytes(300),
        1 => {
            let noise = random.bytes(300);
            let field = 1 + random.below(frame::INSPECTED as usize);
            Message(noise).framed(u32::try_from(field).unwrap())
        }
        _ => {
            let mut frame = match random.below(3) {
                0 => publish("garbage", 1),
                1 => subscribe("g", "events.#", 8).framed(frame::SUBSCRIBE),
                _ => Message::default().number(1, 1).number(2, 9).framed(frame::CREDIT),
            };
            let at = random.below(frame.len());
            frame[at] = random.next() as u8;
            frame
        }
    }
}

#[tokio::test]
async fn what_a_client_must_not_send_is_refused_and_harms_nobody() {
    let served = Served::new(BrokerConfig::default());
    let mut bystanders = Bystanders::connect(&served).await;
    let topic = "events.process.x";
    let publish_as = |name: &str, incarnation: u64, topic: &str| {
        envelope(name, incarnation, 1, topic, b"").framed(frame::PUBLISH)
    };
    let no_payload = Message::default().bytes(1, "bad").fixed(2, INCARNATION).bytes(4, topic);
    let filter = |filter: Message| {
        subscribe("f", "events.#", 8).message(6, &filter).framed(frame::SUBSCRIBE)
    };
    let policy = Message::default().number(1, 99);
    let breaches = [
        (IDENTITY, publish_as("somebody else", INCARNATION, topic)),
        (IDENTITY, publish_as("bad", INCARNATION + 1, topic)),
        (PROTOCOL, publish_as("bad", INCARNATION, "")),
        (PROTOCOL, publish_as("bad", INCARNATION, "events..x")),
        (PROTOCOL, publish_as("bad", INCARNATION, "events.+")),
        (PROTOCOL, publish_as("bad", INCARNATION, "elsewhere.x")),
        (PROTOCOL, no_payload.framed(frame::PUBLISH)),
        (PROTOCOL, Message::default().framed(frame::WELCOME)),
        (PROTOCOL, Message::default().framed(frame::GRANT)),
        (PROTOCOL, Message::default().framed(frame::INSPECTED)),
        (PROTOCOL, Message::default().bytes(3, [0xff]).framed(frame::INSPECT)),
        (PROTOCOL, Message::default().bytes(5, [0xff]).framed(frame::INSPECT)),
        (PROTOCOL, Message::default().number(3, 1).framed(frame::INSPECT)),
        (PROTOCOL, Message::default().message(2, &no_payload).framed(frame::DELIVER)),
        (PROTOCOL, filter(Message::default().bytes(1, [99]))),
        (PROTOCOL, filter(Message::default().number(3, 77))),
        (PROTOCOL, subscribe("f", "events.#", 8).message(10, &policy).framed(frame::SUBSCRIBE)),
        (PROTOCOL, Message::default().bytes(2, [0xff, 0xfe]).framed(frame::SUBSCRIBE)),
    ];
    for (number, (code, bytes)) in breaches.into_iter().enumerate() {
        let mut peer = served.raw("bad");
        peer.send(&bytes);
        assert_eq!(peer.refusal().map(|(code, _)| code), Some(code), "breach {number}");
        bystanders.exchange().await;
    }
    served.until_subscribers(1).await;
}

#[tokio::test]
async fn a_subscribe_that_asks_too_much_is_refused_and_the_client_lives_on() {
    const INVALID: u64 = 1;
    let served = Served::new(BrokerConfig::default());
    let mut bystanders = Bystanders::connect(&served).await;
    let mut peer = served.raw("greedy");
    let mut patterns = Message::default().number(1, 1).bytes(2, "many").number(9, 8);
    for _ in 0..300_000 {
        patterns = patterns.bytes(3, "#");
    }
    let long_pattern = "\u{1}".repeat(1 << 20);
    let requests = [
        patterns,
        subscribe("huge", "events.#", u64::MAX),
        subscribe("none", "events.#", 0),
        subscribe("", "events.#", 8),
        subscribe(&"i".repeat(129), "events.#", 8),
        subscribe("long", &long_pattern, 8),
        Message::default().number(1, 1).bytes(2, "no pattern").number(9, 8),
    ];
    for request in requests {
        peer.send(&request.framed(frame::SUBSCRIBE));
        let reply = peer.expect(frame::SUBSCRIBED);
        assert_eq!(reply.number(2), INVALID, "{}", reply.text(3));
        // The reason repeats what was asked, but not at any length.
        assert!((1..2048).contains(&reply.text(3).len()), "{}", reply.text(3).len());
        bystanders.exchange().await;
    }
    peer.subscribe("modest", 8);
}

#[tokio::test]
async fn a_circuit_breaker_without_all_its_fields_is_refused_and_the_client_lives_on() {
    const INVALID: u64 = 1;
    const CIRCUIT_BREAK: u64 = 3;
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("hasty");
    let breaker = |losses, window_ns, cool_down_ns| {
        let kind = Message::default().number(1, CIRCUIT_BREAK);
        let policy = kind.number(2, losses).number(3, window_ns).number(4, cool_down_ns);
        subscribe("b", "events.#", 8).message(10, &policy).framed(frame::SUBSCRIBE)
    };
    let bare = Message::default().number(1, CIRCUIT_BREAK);
    let bare = subscribe("b", "events.#", 8).message(10, &bare).framed(frame::SUBSCRIBE);
    for incomplete in [bare, breaker(0, 1, 1), breaker(1, 0, 1), breaker(1, 1, 0)] {
        peer.send(&incomplete);
        let reply = peer.expect(frame::SUBSCRIBED);
        assert_eq!(reply.number(2), INVALID, "{}", reply.text(3));
        assert!(reply.text(3).contains("circuit breaker"), "{}", reply.text(3));
    }
    peer.send(&breaker(1, 1, 1));
    assert_eq!(peer.expect(frame::SUBSCRIBED).number(2), 0);
}

#[tokio::test]
async fn credit_for_others_or_beyond_all_numbers_changes_nothing_else() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("rich");
    let (number, window) = peer.subscribe("s", 2);
    assert_eq!(window, 1);
    let credit = |subscription: u64, events: u64| {
        Message::default().number(1, subscription).number(2, events).framed(frame::CREDIT)
    };
    let mut other = served.raw("other");
    other.send(&credit(number, u64::MAX));
    other.send(&credit(u64::from(u32::MAX), 1));
    other.fence();
    for sequence in 1..=3 {
        peer.send(&publish("rich", sequence));
    }
    // One in the window, one held back, one that waits: the other's credit bought nothing.
    let counted = peer.fence();
    assert_eq!((counted.number(2), counted.number(3)), (2, 1));
    peer.send(&credit(number, u64::MAX));
    peer.send(&credit(number, u64::MAX));
    peer.fence();
    let counted = peer.fence();
    assert_eq!((counted.number(2), counted.number(3)), (3, 3));
}

#[tokio::test]
async fn a_credit_that_crosses_the_end_of_its_subscription_is_not_the_next_ones() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("quick");
    let (first, _) = peer.subscribe("first", 2);
    peer.send(&Message::default().number(1, 2).bytes(2, "first").framed(frame::UNSUBSCRIBE));
    let (second, _) = peer.subscribe("second", 2);
    assert_ne!(first, second);
    peer.send(&Message::default().number(1, first).number(2, 99).framed(frame::CREDIT));
    for sequence in 1..=3 {
        peer.send(&publish("quick", sequence));
    }
    let counted = peer.fence();
    assert_eq!((counted.number(2), counted.number(3)), (2, 1));
}

#[tokio::test]
async fn nobody_ends_somebody_elses_subscription() {
    let served = Served::new(BrokerConfig::default());
    let mut bystanders = Bystanders::connect(&served).await;
    let mut peer = served.raw("meddler");
    peer.send(&Message::default().number(1, 5).bytes(2, "bystander").framed(frame::UNSUBSCRIBE));
    let reply = peer.expect(frame::UNSUBSCRIBED);
    assert_eq!((reply.number(1), reply.number(2)), (5, 0));
    bystanders.exchange().await;
}

#[tokio::test]
async fn events_nobody_can_decode_stall_no_subscriber() {
    const UNREADABLE: u64 = 100;
    let served = Served::new(BrokerConfig::default());
    let subscriber = served.connect("s").await;
    let wanted = all_processes("s").with_capacity(4);
    let mut receiver = subscriber.subscribe(wanted).await.unwrap();
    let mut peer = served.raw("vandal");
    for sequence in 1..=UNREADABLE {
        let noise = envelope("vandal", INCARNATION, sequence, "events.process.x", &[0xff; 9]);
        peer.send(&noise.framed(frame::PUBLISH));
    }
    peer.send(&publish("vandal", UNREADABLE + 1));
    assert_eq!(recv_number(&mut receiver).await, Some(UNREADABLE + 1));
    assert_eq!(receiver.lagged(), UNREADABLE);
}

#[tokio::test]
async fn a_publish_after_goodbye_is_refused() {
    let served = Served::new(BrokerConfig::default());
    let mut peer = served.raw("zombie");
    peer.send(&Message::default().number(1, 1).framed(frame::GOODBYE));
    peer.expect(frame::GOODBYE);
    peer.send(&publish("zombie", 1));
    assert!(matches!(peer.next(), Next::Frame(frame::REFUSAL, _)));
    assert_eq!(served.broker.statistics().events_published, 0);
}
