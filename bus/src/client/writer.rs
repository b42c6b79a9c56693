//! The writing task of a connection: what publishers left in the outbox.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::link::Link;
use super::outbox::Unwritten;
use crate::transport::Stream;

/// How a connection's writing ended, and what it had in hand.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) in_hand: Unwritten,
    /// Why it failed, if it did.
    pub(super) reason: Option<String>,
}

/// Runs until a write fails or it is `stopped`; each write has a limit, as a steady flood has no
/// end.
pub(super) async fn run(
    link: Arc<Link>,
    stream: Arc<Stream>,
    limit: Duration,
    mut stopped: oneshot::Receiver<()>,
) -> Written {
    let mut in_hand = Unwritten::default();
    let failed = tokio::select! {
        reason = write_all(&link, &stream, limit, &mut in_hand) => Some(reason),
        _ = &mut stopped => None,
    };
    Written { in_hand, reason: failed }
}

/// Writes until that fails; the reason. What is in hand outlives it.
async fn write_all(
    link: &Link,
    stream: &Stream,
    limit: Duration,
    in_hand: &mut Unwritten,
) -> String {
    let departures = link.departures();
    loop {
        while in_hand.written < in_hand.bytes.len() {
            let began_ns = departures.begin();
            match timeout(limit, stream.write_some(&in_hand.bytes[in_hand.written..])).await {
                Ok(Ok(written)) => {
                    departures.wrote(began_ns, &in_hand.bytes, in_hand.written, written);
                    in_hand.written += written;
                }
                Ok(Err(error)) => return error.to_string(),
                Err(_) => return format!("the broker took nothing for {limit:?}"),
            }
        }
        match link.take_unwritten() {
            Some(next) => *in_hand = next,
            None => link.wake.notified().await,
        }
    }
}
