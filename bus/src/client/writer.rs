//! The writing task of a session: what publishers left in the outbox.

use std::io;
use std::sync::Arc;

use tokio::time::timeout;

use super::session::Session;

/// Silent heartbeat intervals after which a broker that takes nothing is gone (W4).
const MISSED_HEARTBEATS: u32 = 3;

/// Runs until the session is over.
pub(super) async fn run(session: Arc<Session>) {
    let limit = session.limits.heartbeat * MISSED_HEARTBEATS;
    while !session.is_over() {
        tokio::select! {
            () = session.wake.notified() => {}
            () = session.ended() => return,
        }
        match timeout(limit, write_unwritten(&session)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return session.over(Some(error.to_string())),
            Err(_) => return session.over(Some(format!("the broker took nothing for {limit:?}"))),
        }
    }
}

async fn write_unwritten(session: &Session) -> io::Result<()> {
    while let Some(bytes) = session.take_unwritten() {
        let mut written = 0;
        while written < bytes.len() {
            written += session.stream.write_some(&bytes[written..]).await?;
        }
    }
    Ok(())
}
