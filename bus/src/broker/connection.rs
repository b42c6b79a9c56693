//! One client: introduced at the door (`handshake`), then served on the broker's thread (`run`) in
//! rounds of reading, routing and writing until either side ends.
//!
//! The task always reads, so that a client's credits and goodbyes are never stuck behind its
//! events: a publish that must wait for room is set aside (`deferred`), and the publish window
//! bounds what can be. A peer that breaks the protocol is told why and closed; nobody else is
//! touched (W3).
//!
//! Who waits for what, and what wakes it; all of it is one task, and each wait ends with it:
//!
//! | Who | waits for | is woken by | at most |
//! | --- | --- | --- | --- |
//! | `handshake` | the hello | the socket; `Phase::Ending` | handshake limit |
//! | `run`, at first | the last connection of the same client to end | `Shared::quieter` | handshake limit |
//! | `Reader` | frames | the socket | three heartbeats, as the writer counts them |
//! | the same, once a write has failed | the end of what was sent | the socket | `UNHEARING_LIMIT` |
//! | `Deferred`, in `Reader` | room at the full subscriber of the oldest event | `Notify` of its queue or backlog: something was taken, or it ended | stall limit |
//! | `Writer` | bytes the socket did not take | `Session::wake`, from whoever flushed the outbox | – |
//! | `Writer` | room in the socket | the socket | three heartbeats, for each write |
//! | `Writer`, at the end | the client to close | `Phase::Ending` starts the clock, each write starts it again | `FINISH_LIMIT` |
//! | `run`, once closed | what was set aside to have its turn | as `Deferred` | stall limit, for all of it |
//! | the same | nothing, once its client has come back | `Session::superseded` | – |
//! | all of them | the broker's deadline | `Phase::Over` | – |
//! | `shutdown`, elsewhere | a goodbye or the end of every client | `Shared::quieter`, from `Reader` and `Disconnect` | its deadline |

mod deferred;
mod fault;
mod handshake;
mod inspecting;
mod reader;
mod writer;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::timeout;

pub(super) use handshake::{Guest, introduce};

use super::hub::{Arrival, Leftovers, Session};
use super::subscription::Owner;
use super::{Phase, Shared};
use crate::transport::Stream;
use crate::wire::proto::frame::Body;
use fault::Fault;

/// How long a connection that is ending may take to read the rest, unless shutdown says less.
const FINISH_LIMIT: Duration = Duration::from_secs(5);

/// How long a client that can no longer be written to is read: what it had sent is there already, or
/// will never be.
const UNHEARING_LIMIT: Duration = Duration::from_secs(1);

/// Serves a client from its welcome to its end.
pub(super) async fn run(shared: &Arc<Shared>, guest: Guest) {
    let Guest { stream, buffer, mut slot, client, arrival } = guest;
    let returns = arrival.returns;
    let stream = match stream.attach() {
        Ok(stream) => Arc::new(stream),
        Err(error) => {
            tracing::warn!(%error, "cannot serve a connection");
            return;
        }
    };
    let session = match welcome(shared, &stream, arrival).await {
        Ok(session) => session,
        Err(fault) => {
            tracing::debug!(%fault, "nobody is welcomed");
            fault::tell(shared, &stream, &fault).await;
            return;
        }
    };
    let gone = Disconnect { shared, key: session.key };
    let mut reader = reader::Reader::new(shared, client, session.key, buffer);
    let mut writer = writer::Writer::new(shared, &stream, &session);
    let served = tokio::select! {
        served = serve(shared, &stream, &mut writer, &mut reader) => served,
        () = until_superseded(shared, &session) => Err(Fault::Superseded),
    };
    let limit = if served.is_ok() { FINISH_LIMIT } else { fault::REFUSAL_LIMIT };
    cut_off(shared, &session, &mut writer, served, returns);
    writer.finish(limit).await;
    stream.close();
    slot.leave();
    tokio::select! {
        () = reader.route_the_rest() => {}
        () = until_superseded(shared, &session) => {}
        () = shared.until_phase(|phase| phase == Phase::Over) => {}
    }
    reader.drop_the_rest();
    drop(gone);
}

/// Makes the client known to the hub, which answers its hello.
///
/// It may come back before its last connection is known to have ended: that one ends first, and
/// leaves its subscriptions to be found. What takes too long the client tries again.
async fn welcome(
    shared: &Shared,
    stream: &Arc<Stream>,
    arrival: Arrival,
) -> Result<Session, Fault> {
    let limit = shared.config.handshake_limit;
    let life = arrival.life();
    let alone = async {
        loop {
            let quieter = shared.quieter.notified();
            tokio::pin!(quieter);
            quieter.as_mut().enable();
            {
                let mut hub = shared.hub.lock();
                // One lock for both: nobody of the same life comes between.
                if !(arrival.returned && hub.supersede(&life)) {
                    return hub.connect(Arc::clone(stream), arrival);
                }
            }
            quieter.await;
        }
    };
    Ok(timeout(limit, alone).await.map_err(|_| Fault::NotGone)??)
}

/// Waits until the client has come back on another connection. Cancel safe.
async fn until_superseded(shared: &Shared, session: &Session) {
    while !shared.hub.lock().is_superseded(session.key) {
        session.superseded.notified().await;
    }
}

/// Ends the subscriptions of a client that is not served any more, so that it holds nobody up
/// while it is told why; one that comes back when its connection breaks finds them again.
fn cut_off(
    shared: &Shared,
    session: &Session,
    writer: &mut writer::Writer<'_>,
    served: Result<(), Fault>,
    returns: bool,
) {
    let mut hub = shared.hub.lock();
    if returns && served.as_ref().err().is_none_or(Fault::is_the_connections) {
        writer.abandon(&mut hub);
        hub.park_owner(session.key);
    }
    hub.end_owner(Owner::Connection(session.key), Leftovers::Lose);
    if let Err(fault) = served {
        tracing::debug!(%fault, "connection ended early");
        if let Some(refusal) = fault.refusal() {
            hub.send(session.key, Body::Refusal(refusal));
        }
    }
    hub.flush();
}

/// Reads and writes side by side until one of them is done; what a client sent before it could not
/// be written to any more is read.
async fn serve(
    shared: &Shared,
    stream: &Stream,
    writer: &mut writer::Writer<'_>,
    reader: &mut reader::Reader<'_>,
) -> Result<(), Fault> {
    let heard = writer::Heard::default();
    let served = async {
        let mut reading = pin!(reader.run(stream, &heard));
        let fault = tokio::select! {
            read = &mut reading => return read,
            written = writer.run(&heard) => match written {
                Err(fault @ Fault::Io(_)) => fault,
                written => return written,
            },
        };
        // Whoever takes nothing any more has perhaps sent something before. That it leaves the answers
        // to it unread is no breach of its own.
        match timeout(UNHEARING_LIMIT, reading).await {
            Ok(Err(Fault::Unread)) | Err(_) => Err(fault),
            Ok(read) => read,
        }
    };
    tokio::select! {
        served = served => served,
        () = shared.until_phase(|phase| phase == Phase::Over) => Ok(()),
    }
}

/// A connection's task has ended; by a panic is a defect.
pub(super) fn note_end(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

/// Takes the connection out of the hub however its task ends.
struct Disconnect<'a> {
    shared: &'a Shared,
    key: u32,
}

impl Drop for Disconnect<'_> {
    fn drop(&mut self) {
        self.shared.hub.lock().disconnect(self.key);
        self.shared.quieter.notify_waiters();
    }
}
