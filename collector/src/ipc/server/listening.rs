//! Lets connections in, as many as may be, until the server ends; then waits for them.

use std::sync::Arc;
use std::time::Duration;

use daemoneye_eventbus::framed::{FramedListener, FramedStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, timeout};
use tracing::{error, warn};

use super::super::codec::encode_response;
use super::super::moment::reached;
use super::super::{CONNECTION, IpcRefusal, IpcResponse};
use super::Site;
use super::connection::Connection;
use super::ending::Ending;

/// Pause after a failed accept (out of descriptors, say), so that it does not spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Serves until the server has ended. The listener is dropped first, and the socket with it.
pub(super) async fn run(listener: FramedListener, site: Arc<Site>, ending: Ending) {
    let mut hall = Hall { site, ending, connections: JoinSet::new(), was_full: false };
    hall.let_in(listener).await;
    while let Some(ended) = hall.connections.join_next().await {
        note(ended);
    }
}

/// Those who were let in.
struct Hall {
    site: Arc<Site>,
    ending: Ending,
    connections: JoinSet<()>,
    /// Whether the last one who came was turned away.
    was_full: bool,
}

impl Hall {
    async fn let_in(&mut self, mut listener: FramedListener) {
        let mut retry_at: Option<Instant> = None;
        let mut has_failed = false;
        loop {
            tokio::select! {
                _ = self.ending.begun() => return,
                accepted = listener.accept(), if retry_at.is_none() => match accepted {
                    Ok(stream) => {
                        has_failed = false;
                        self.admit(stream).await;
                    }
                    Err(error) => {
                        if !has_failed {
                            warn!(%error, "cannot accept a connection; trying again");
                        }
                        has_failed = true;
                        retry_at = Some(Instant::now() + ACCEPT_RETRY);
                    }
                },
                () = reached(retry_at) => retry_at = None,
                Some(ended) = self.connections.join_next() => note(ended),
            }
        }
    }

    async fn admit(&mut self, stream: FramedStream) {
        if !stream.is_same_user() {
            warn!(pid = stream.peer_pid(), "somebody else's process knocked");
            self.site.tally.count(|counters| counters.turned_away += 1);
            return;
        }
        while let Some(ended) = self.connections.try_join_next() {
            note(ended);
        }
        let is_full = self.connections.len() >= self.site.desk.limits().connection_limit;
        if is_full {
            self.turn_away(stream).await;
        } else {
            self.site.tally.count(|counters| counters.connections += 1);
            let connection = Connection::new(Arc::clone(&self.site), stream);
            self.connections.spawn(connection.run(self.ending.clone()));
        }
        self.was_full = is_full;
    }

    /// Tells somebody that there is no room, if the socket takes it at once, as new ones do.
    async fn turn_away(&mut self, stream: FramedStream) {
        let limit = self.site.desk.limits().connection_limit;
        if !self.was_full {
            warn!(limit, "as many connections as may be; others are turned away");
        }
        self.site.tally.count(|counters| counters.turned_away += 1);
        let reason = format!("{limit} connections, the limit");
        let refusal = IpcResponse::Refused(IpcRefusal::Busy { reason });
        let (_reader, mut writer) = stream.split();
        let message = encode_response(CONNECTION, &refusal);
        // Whoever cannot hear it sees the end.
        let _ = timeout(Duration::ZERO, writer.send(&message)).await;
    }
}

/// A connection's task has ended; by a panic is a defect, of that connection alone.
fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        error!(%error, "a connection's task failed");
    }
}
