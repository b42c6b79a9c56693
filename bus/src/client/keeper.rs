//! The task that keeps a link: it serves one connection after the other, and finds the next (W5).

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::connect::{self, ConnectError, Connection, Introduction};
use super::link::{Alive, Link};
use super::reader::{Fault, Reader};
use super::writer::{self, Written};
use crate::wire::MISSED_HEARTBEATS;

/// How long the reader may take to find the broker's refusal after a write has failed.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);

/// Serves connections until the link is over.
pub(super) async fn run(
    link: Arc<Link>,
    alive: Weak<Alive>,
    mut introduction: Introduction,
    first: Connection,
) {
    let mut reader = Reader::new(Arc::clone(&link), alive);
    let mut connection = first;
    let reason = loop {
        let Err(fault) = serve(&link, &mut reader, connection).await else { break None };
        let reason = match fault {
            Fault::Breach(reason) => break Some(reason),
            Fault::Lost { reason, in_hand } => match link.broke(&in_hand) {
                Ok(true) => reason,
                Ok(false) => break Some(reason),
                Err(error) => break Some(error.to_string()),
            },
        };
        match reconnect(&link, &mut introduction, reason).await {
            Ok(next) => connection = next,
            Err(reason) => break Some(reason),
        }
        link.reconnected(&connection, |control, unanswered| reader.resume(control, &unanswered));
    };
    reader.end();
    link.over(reason);
}

/// Serves one connection to its end.
async fn serve(link: &Arc<Link>, reader: &mut Reader, connection: Connection) -> Result<(), Fault> {
    let Connection { stream, limits, mut buffer, .. } = connection;
    let (stop, stopped) = oneshot::channel();
    let limit = limits.heartbeat * MISSED_HEARTBEATS;
    let writing = writer::run(Arc::clone(link), Arc::clone(&stream), limit, stopped);
    let mut writer = tokio::spawn(writing);
    let ended = tokio::select! {
        ended = reader.run(&stream, limits, &mut buffer) => ended,
        written = &mut writer => {
            // A broker that refuses closes as well, and its words say more than a failed write.
            let words = timeout(LAST_WORDS_LIMIT, reader.run(&stream, limits, &mut buffer));
            let breach = words.await.ok().and_then(Result::err).filter(Fault::is_breach);
            link.disconnected();
            return Err(breach.unwrap_or_else(|| write_failed(written.ok())));
        }
    };
    link.disconnected();
    match ended {
        Err(Fault::Lost { reason, .. }) => {
            let in_hand = stopped_writer(stop, writer).await.in_hand;
            Err(Fault::Lost { reason, in_hand })
        }
        ended => {
            stopped_writer(stop, writer).await;
            ended
        }
    }
}

fn write_failed(written: Option<Written>) -> Fault {
    let Written { in_hand, reason } = written.unwrap_or_default();
    let reason = reason.unwrap_or_else(|| "the writing task failed".to_owned());
    Fault::Lost { reason, in_hand }
}

async fn stopped_writer(stop: oneshot::Sender<()>, writer: JoinHandle<Written>) -> Written {
    drop(stop);
    writer.await.unwrap_or_default()
}

/// Finds the next connection, or says why there is none.
async fn reconnect(
    link: &Link,
    introduction: &mut Introduction,
    reason: String,
) -> Result<Connection, String> {
    let Some(plan) = link.config.reconnect else { return Err(reason) };
    let since = Instant::now();
    tracing::warn!(reason, "the connection to the broker broke; connecting again");
    let mut attempt = 0;
    loop {
        tokio::select! {
            () = tokio::time::sleep(plan.pause(attempt)) => {}
            () = nobody_needs_it(link) => return Err(reason),
        }
        let limit = link.config.connect_limit;
        match connect::connect(&link.address, introduction, limit).await {
            Ok(connection) => {
                tracing::info!(after = ?since.elapsed(), "connected to the broker again");
                return Ok(connection);
            }
            Err(error) if error.is_final() || since.elapsed() >= plan.limit => {
                return Err(given_up(&reason, since.elapsed(), &error));
            }
            Err(error) => tracing::debug!(%error, attempt, "not yet"),
        }
        attempt = attempt.saturating_add(1);
    }
}

/// Waits until no connection is of use any more. Cancel safe.
async fn nobody_needs_it(link: &Link) {
    link.left().await;
    if link.needs_a_connection() {
        link.ended().await;
    }
}

fn given_up(reason: &str, after: Duration, error: &ConnectError) -> String {
    let cause = std::error::Error::source(error).map_or_else(String::new, |io| format!(": {io}"));
    format!("{reason}; not connected again after {after:.1?}: {error}{cause}")
}
