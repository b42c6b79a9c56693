//! Sizes at their limit and one beyond (W2).

use daemoneye_eventbus::wire::payload_bytes;
use daemoneye_eventbus::{
    BrokerConfig, CollectionEvent, DaemoneyeEventBus, EventBus, ProcessEvent, PublishError,
};

use crate::encode::frame;
use crate::peer::{INCARNATION, envelope};
use crate::served::{Bystanders, Served, all_processes, within};

const LIMIT_BYTES: usize = 4096;
const TOO_LARGE: u64 = 5;

/// A process event whose payload has exactly this many bytes.
fn event_of(bytes: usize) -> CollectionEvent {
    let event = |name_bytes: usize| {
        CollectionEvent::Process(ProcessEvent {
            name: "n".repeat(name_bytes).into(),
            ..ProcessEvent::default()
        })
    };
    let beside_name = payload_bytes(&event(bytes / 2)) - bytes / 2;
    let found = event(bytes - beside_name);
    assert_eq!(payload_bytes(&found), bytes);
    found
}

#[tokio::test]
async fn a_payload_at_the_limit_crosses_and_one_byte_more_is_refused_at_publish() {
    let served = Served::new(BrokerConfig::default().with_payload_limit_bytes(LIMIT_BYTES));
    let embedded = DaemoneyeEventBus::from_broker(&served.broker, "embedded");
    let connected = served.connect("connected").await;
    let mut receiver = connected.subscribe(all_processes("s")).await.unwrap();
    for bus in [&embedded, &connected] {
        let refused = bus.publish(event_of(LIMIT_BYTES + 1), None).await;
        let too_large = PublishError::TooLarge { bytes: LIMIT_BYTES + 1, limit_bytes: LIMIT_BYTES };
        assert_eq!(refused, Err(too_large));
        bus.publish(event_of(LIMIT_BYTES), None).await.unwrap();
        let received = within(receiver.recv()).await.unwrap();
        assert_eq!(received.event, event_of(LIMIT_BYTES));
        // The refused event took no number, so nothing looks lost.
        assert_eq!(received.id.sequence, 1);
    }
}

#[tokio::test]
async fn a_raw_payload_one_byte_over_the_limit_is_refused_and_harms_nobody() {
    let served = Served::new(BrokerConfig::default().with_payload_limit_bytes(LIMIT_BYTES));
    let mut bystanders = Bystanders::connect(&served).await;
    let publish = |bytes: usize| {
        let topic = "events.process.x";
        envelope("large", INCARNATION, 1, topic, &vec![0; bytes]).framed(frame::PUBLISH)
    };
    let mut at_limit = served.raw("large");
    at_limit.send(&publish(LIMIT_BYTES));
    let published = at_limit.fence().number(2);
    assert_eq!(published, 1);

    let mut over = served.raw("large");
    over.send(&publish(LIMIT_BYTES + 1));
    let (code, message) = over.refusal().unwrap();
    assert_eq!(code, TOO_LARGE, "{message}");
    assert!(message.contains("4097") && message.contains("4096"), "{message}");
    bystanders.exchange().await;
}

#[tokio::test]
async fn a_length_over_the_limit_is_refused_before_anything_is_read() {
    let served = Served::new(BrokerConfig::default().with_payload_limit_bytes(LIMIT_BYTES));
    let mut bystanders = Bystanders::connect(&served).await;
    let limit = u32::try_from(LIMIT_BYTES).unwrap() + (64 << 10);
    for length in [u32::MAX, limit + 1] {
        let mut peer = served.raw("long");
        peer.send(&length.to_le_bytes());
        // Nothing of the frame was sent: the refusal answers the length alone.
        assert_eq!(peer.refusal().map(|(code, _)| code), Some(TOO_LARGE), "{length}");
        bystanders.exchange().await;
    }
}
