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
//! | the same, once a write has failed | the end of what was sent | the socket | `LAST_WORDS_LIMIT` |
//! | `Deferred`, in `Reader` | room at the full subscriber of the oldest event | `Notify` of its queue or backlog: something was taken, or it ended | stall limit |
//! | `Writer` | bytes the socket did not take | `Session::wake`, from whoever flushed the outbox | – |
//! | `Writer` | room in the socket | the socket | three heartbeats, for each write |
//! | `Writer`, at the end | the client to close | `Phase::Ending` starts the clock, each write starts it again | `FINISH_LIMIT` |
//! | `run`, once closed | what was set aside to have its turn | as `Deferred` | stall limit, for all of it |
//! | the same | nothing, once its client has come back | `Session::superseded` | – |
//! | all of them | the broker's deadline | `Phase::Over` | – |
//! | `shutdown`, elsewhere | a goodbye or the end of every client | `Shared::quieter`, from `Reader` and `Disconnect` | its deadline |

mod deferred;
mod handshake;
mod inspecting;
mod reader;
mod writer;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout;

pub(super) use handshake::{Guest, introduce, refuse};

use super::hub::{Arrival, Leftovers, NoPlace, Session};
use super::identities::{IdentityError, IssueError};
use super::subscription::{Life, Owner};
use super::{Phase, Shared};
use crate::transport::Stream;
use crate::wire::{
    self, DecodeError, FrameError,
    proto::{self, frame::Body, refusal::Code},
};

/// How long a connection that is ending may take to read the rest, unless shutdown says less.
const FINISH_LIMIT: Duration = Duration::from_secs(5);

/// How long a client that can no longer be written to is read.
const LAST_WORDS_LIMIT: Duration = Duration::from_secs(1);

/// Why a connection ended early.
#[derive(Debug, Error)]
enum Fault {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error("connection ended within a frame")]
    Torn,
    #[error("{0}")]
    Protocol(&'static str),
    #[error("no common version: this broker speaks {min} to {max}", min = wire::MIN_VERSION, max = wire::MAX_VERSION)]
    Version,
    #[error("event claims to be from another publisher")]
    Publisher,
    #[error("this broker is for clients of its own user alone")]
    OtherUser,
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Session(#[from] IssueError),
    #[error("payload of {bytes} bytes, the limit is {limit_bytes}")]
    TooLarge { bytes: usize, limit_bytes: usize },
    #[error(transparent)]
    NoPlace(#[from] NoPlace),
    #[error("silent for too long")]
    Silent,
    #[error("the client is connected again")]
    Superseded,
}

impl Fault {
    /// Whether the connection broke, and its client broke nothing.
    fn is_the_connections(&self) -> bool {
        matches!(self, Self::Io(_) | Self::Torn | Self::Silent | Self::Superseded)
    }

    /// What the peer is told; nothing when it cannot hear.
    fn refusal(&self) -> Option<proto::Refusal> {
        let code = match self {
            Self::Io(_) | Self::Torn | Self::Superseded | Self::NoPlace(NoPlace::Ended) => {
                return None;
            }
            Self::Frame(FrameError::TooLong { .. }) | Self::TooLarge { .. } => Code::TooLarge,
            Self::Frame(_) | Self::Decode(_) | Self::Protocol(_) => Code::Protocol,
            Self::Version => Code::Version,
            Self::Publisher | Self::OtherUser | Self::Identity(_) => Code::Identity,
            Self::Session(_) | Self::NoPlace(NoPlace::Observers) => Code::ConnectionLimit,
            Self::Silent => Code::Timeout,
        };
        Some(refusal(code, self.to_string()))
    }
}

fn refusal(code: Code, message: String) -> proto::Refusal {
    proto::Refusal {
        code: code as i32,
        message: message.into(),
        min_version: wire::MIN_VERSION,
        max_version: wire::MAX_VERSION,
    }
}

/// Serves a client from its welcome to its end.
pub(super) async fn run(shared: &Arc<Shared>, guest: Guest) {
    let Guest { stream, buffer, mut slot, peer, arrival } = guest;
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
            handshake::tell(shared, &stream, fault.refusal()).await;
            return;
        }
    };
    let returns = peer.returns;
    let gone = Disconnect { shared, key: session.key };
    let mut reader = reader::Reader::new(shared, peer, session.key, buffer);
    let mut writer = writer::Writer::new(shared, &stream, &session);
    let served = tokio::select! {
        served = serve(shared, &stream, &mut writer, &mut reader) => served,
        () = until_superseded(shared, &session) => Err(Fault::Superseded),
    };
    let limit = if served.is_ok() { FINISH_LIMIT } else { handshake::REFUSAL_LIMIT };
    cut_off(shared, &session, &mut writer, served, returns);
    writer.finish(limit).await;
    stream.close();
    slot.leave();
    tokio::select! {
        () = reader.route_the_rest() => {}
        () = until_superseded(shared, &session) => {}
        () = until_phase(shared, |phase| phase == Phase::Over) => {}
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
    if arrival.returned {
        let life = arrival.life();
        let gone = until_superseded_ones_are_gone(shared, &life);
        let limit = shared.config.handshake_limit;
        timeout(limit, gone).await.map_err(|_| Fault::Silent)?;
    }
    Ok(shared.hub.lock().connect(Arc::clone(stream), arrival)?)
}

/// Ends what connections this life of a client has, and waits until they are gone. Cancel safe.
async fn until_superseded_ones_are_gone(shared: &Shared, life: &Life) {
    loop {
        let quieter = shared.quieter.notified();
        tokio::pin!(quieter);
        quieter.as_mut().enable();
        if !shared.hub.lock().supersede(life) {
            return;
        }
        quieter.await;
    }
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
        // Whoever takes nothing any more has perhaps sent something before.
        timeout(LAST_WORDS_LIMIT, reading).await.unwrap_or(Err(fault))
    };
    tokio::select! {
        served = served => served,
        () = until_phase(shared, |phase| phase == Phase::Over) => Ok(()),
    }
}

/// Waits until the broker is in some phase of its life. Cancel safe.
async fn until_phase(shared: &Shared, is_wanted: impl Fn(Phase) -> bool) {
    // The sender lives as long as `shared`, so waiting cannot fail.
    let _ = shared.phase.subscribe().wait_for(|phase| is_wanted(*phase)).await;
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
