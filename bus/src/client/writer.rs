//! The writing task of a session: what publishers left in the outbox.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::session::Session;
use crate::wire::MISSED_HEARTBEATS;

/// How long the reader may take to find the broker's refusal after a write has failed.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);

/// Runs until the session is over.
pub(super) async fn run(session: Arc<Session>) {
    let limit = session.limits.heartbeat * MISSED_HEARTBEATS;
    while !session.is_over() {
        tokio::select! {
            () = session.wake.notified() => {}
            () = session.ended() => return,
        }
        if let Err(reason) = write_unwritten(&session, limit).await {
            // A broker that refuses closes as well, and its words say more than a failed write.
            let _ = timeout(LAST_WORDS_LIMIT, session.ended()).await;
            return session.over(Some(reason));
        }
    }
}

/// Under a steady flood this does not return, so the limit is on each write, not on all.
async fn write_unwritten(session: &Session, limit: Duration) -> Result<(), String> {
    while let Some(bytes) = session.take_unwritten() {
        let mut written = 0;
        while written < bytes.len() {
            written += timeout(limit, session.stream.write_some(&bytes[written..]))
                .await
                .map_err(|_| format!("the broker took nothing for {limit:?}"))?
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}
