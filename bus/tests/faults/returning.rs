//! Clients that come back while their last connection is still there (W5).

use daemoneye_eventbus::BrokerConfig;

use crate::encode::{Found, Message, frame};
use crate::peer::{INCARNATION, Next, Peer, subscribe};
use crate::served::Served;

/// A client that comes back when its connection breaks; whether this is such a time.
pub(crate) fn introduced(served: &Served, has_returned: bool) -> Peer {
    let mut peer = served.stranger();
    let hello = Message::default().number(1, 1).number(2, 1).bytes(3, "same");
    let hello = hello.fixed(4, INCARNATION).number(7, 1).number(8, u64::from(has_returned));
    peer.send(&hello.framed(frame::HELLO));
    peer.expect(frame::WELCOME);
    peer
}

/// Asks for the subscription it had; the reply.
pub(crate) fn resume(peer: &mut Peer) -> Found {
    let nothing_taken = Message::default().number(1, 0).number(2, 8);
    let wanted = subscribe("s", "events.process.#", 8).message(12, &nothing_taken);
    peer.send(&wanted.framed(frame::SUBSCRIBE));
    peer.expect(frame::SUBSCRIBED)
}

/// Whether a reply to [`resume`] says that the broker knew the subscription.
pub(crate) fn is_known(reply: &Found) -> bool {
    assert_eq!(reply.number(2), 0, "{}", reply.text(3));
    reply.message(9).number(1) == 1
}

#[tokio::test]
async fn a_client_that_returns_finds_what_its_open_connection_has() {
    let served = Served::new(BrokerConfig::default());
    let mut first = introduced(&served, false);
    first.subscribe("s", 8);
    let mut again = introduced(&served, true);
    assert!(is_known(&resume(&mut again)));
    assert!(matches!(first.next(), Next::Closed), "two connections of one client");
}
