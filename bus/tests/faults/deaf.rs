//! Clients that send and can no longer be written to (W4, W5): a pipe has no such state.

use daemoneye_eventbus::{BrokerConfig, EventBus};

use crate::encode::{Message, frame};
use crate::peer::Peer;
use crate::returning::{introduced, is_known, resume};
use crate::served::{Served, event};

/// With a subscription, and a write to it that has failed.
async fn deaf(served: &Served) -> Peer {
    let bus = served.connect("bus").await;
    let mut peer = introduced(served, false);
    peer.subscribe("s", 8);
    peer.stop_reading();
    bus.publish(event(0), None).await.unwrap();
    served.until_published(1).await;
    peer
}

#[tokio::test]
async fn a_client_that_cannot_be_written_to_is_let_go_though_it_stays() {
    let served = Served::new(BrokerConfig::default());
    let _stays = deaf(&served).await;
    served.until_subscribers(0).await;
}

#[tokio::test]
async fn what_a_deaf_client_asks_in_vain_is_not_held_against_it() {
    let served = Served::new(BrokerConfig::default().with_reply_limit_bytes(4096));
    let mut peer = deaf(&served).await;
    let request = Message::default().number(1, 1).framed(frame::STATISTICS_REQUEST);
    peer.try_send(&request.repeat(500));
    served.until_subscribers(0).await;
    drop(peer);
    assert!(is_known(&resume(&mut introduced(&served, true))));
}
