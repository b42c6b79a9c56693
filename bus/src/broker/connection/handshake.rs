//! Hello and welcome (W1), within the handshake limit (W4): who is there is settled here (A4).

use std::time::{Duration, Instant};

use bytes::Bytes;
use bytestring::ByteString;

use super::super::Shared;
use super::super::hub::Arrival;
use super::super::identities::{IdentityError, unidentified};
use super::{Fault, refusal};
use crate::acl::{Access, Principal, Role};
use crate::identity::Secret;
use crate::transport::{Fill, ReadBuffer, Stream};
use crate::wire::{
    self, ENVELOPE_LIMIT_BYTES, Inbound, Scanner,
    proto::{self, frame::Body, hello::Proof, refusal::Code},
};

/// Longest name of a client, bytes.
const MAX_NAME_BYTES: usize = 64;
/// How long a refused peer may take to read why.
pub(super) const REFUSAL_LIMIT: Duration = Duration::from_secs(1);

/// Who is at the other end, as introduced.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: ByteString,
    pub(super) incarnation: u64,
    /// Whether it has proved that it is called so.
    pub(super) is_proved: bool,
    /// What it may do.
    pub(super) access: Access,
    /// Whether it comes back when its connection breaks.
    pub(super) returns: bool,
}

/// Reads the hello; who sent it, and what the hub must know to welcome it.
pub(super) async fn greet(
    shared: &Shared,
    stream: &Stream,
    buffer: &mut ReadBuffer,
) -> Result<(Peer, Arrival), Fault> {
    if !stream.peer().is_same_user {
        return Err(Fault::OtherUser);
    }
    let hello = tokio::time::timeout(shared.config.handshake_limit, hello(stream, buffer))
        .await
        .map_err(|_| Fault::Silent)??;
    let version = hello.max_version.min(wire::MAX_VERSION);
    if version < hello.min_version.max(wire::MIN_VERSION) {
        return Err(Fault::Version);
    }
    let name = ByteString::try_from(hello.name)
        .map_err(|_| Fault::Protocol("the name in hello is not UTF-8"))?;
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(Fault::Protocol("the name in hello must have 1 to 64 bytes"));
    }
    let is_proved = hello.proof.is_some();
    let (principal, session_key) = identify(shared, &name, hello.proof)?;
    let access = shared.config.access.access_of(&principal);
    let welcome = proto::Welcome {
        version,
        payload_limit_bytes: shared.config.payload_limit_bytes as u64,
        publish_window_bytes: shared.config.publish_window_bytes as u64,
        heartbeat_ms: u64::try_from(shared.config.heartbeat_interval.as_millis())
            .unwrap_or(u64::MAX),
        role: Bytes::from(principal.role().to_string()),
        session_key: session_key.map(|key| Bytes::copy_from_slice(key.as_bytes())),
        access: wire::access_to_wire(&access),
        unconfirmed_limit_events: shared.config.unconfirmed_limit_events as u64,
    };
    let (incarnation, returns) = (hello.incarnation, hello.returns);
    let role = access.role();
    if role == Role::Observer && shared.hub.lock().has_all_observers() {
        return Err(Fault::Observers);
    }
    let arrival = Arrival { name: name.clone(), incarnation, returns, role, welcome };
    if hello.returned {
        make_way(shared, &arrival).await?;
    }
    Ok((Peer { name, incarnation, is_proved, access, returns }, arrival))
}

/// A client comes back, perhaps before its last connection is known to have ended: that one ends
/// first, and leaves its subscriptions to be found. What takes too long the client tries again.
async fn make_way(shared: &Shared, arrival: &Arrival) -> Result<(), Fault> {
    let life = arrival.life();
    let gone = async {
        loop {
            let quieter = shared.quieter.notified();
            tokio::pin!(quieter);
            quieter.as_mut().enable();
            if !shared.hub.lock().supersede(&life) {
                return;
            }
            quieter.await;
        }
    };
    tokio::time::timeout(shared.config.handshake_limit, gone).await.map_err(|_| Fault::Silent)
}

/// Who comes with a proof, or without one; and the key of the session that a token opens.
fn identify(
    shared: &Shared,
    name: &str,
    proof: Option<Proof>,
) -> Result<(Principal, Option<Secret>), Fault> {
    let secret = |bytes: Bytes| Secret::from_bytes(&bytes).ok_or(IdentityError::Malformed);
    let mut identities = shared.identities.lock();
    match proof {
        Some(Proof::SpawnToken(token)) => {
            let principal = identities.redeem(&secret(token)?, name, Instant::now())?;
            let key = identities.open_session(principal.clone())?;
            Ok((principal, Some(key)))
        }
        Some(Proof::SessionKey(key)) => Ok((identities.recognise(&secret(key)?, name)?, None)),
        None => {
            let role = shared.config.unidentified.ok_or(IdentityError::Unidentified)?;
            if !identities.is_free(name) {
                return Err(IdentityError::ReservedName { name: name.to_owned() }.into());
            }
            Ok((unidentified(name, role), None))
        }
    }
}

async fn hello(stream: &Stream, buffer: &mut ReadBuffer) -> Result<proto::Hello, Fault> {
    let scanner = Scanner::new(ENVELOPE_LIMIT_BYTES);
    loop {
        if let Some((frame, used)) = scanner.next(buffer.filled())? {
            let Inbound::Control(body) = frame else {
                return Err(Fault::Protocol("the first frame must be hello"));
            };
            buffer.consume(used);
            return match *body {
                Body::Hello(hello) => Ok(hello),
                _ => Err(Fault::Protocol("the first frame must be hello")),
            };
        }
        match buffer.fill(stream).await? {
            Fill::Some => {}
            Fill::End | Fill::Torn => return Err(Fault::Torn),
        }
    }
}

async fn write_whole(stream: &Stream, body: Body) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    wire::encode_control(&mut bytes, body);
    let mut written = 0;
    while written < bytes.len() {
        written += stream.write_some(&bytes[written..]).await?;
    }
    Ok(())
}

/// Tells a peer why it is closed, if it listens.
pub(super) async fn tell(shared: &Shared, stream: &Stream, refusal: Option<proto::Refusal>) {
    let Some(refusal) = refusal else { return };
    let limit = REFUSAL_LIMIT.min(shared.config.handshake_limit);
    // Whether it listens is its own affair.
    let _ = tokio::time::timeout(limit, write_whole(stream, Body::Refusal(refusal))).await;
}

/// Tells one connection too many that it is (W8).
pub(in super::super) async fn refuse(shared: &Shared, stream: Stream) {
    let limit = shared.config.connection_limit;
    let message = format!("the limit of {limit} connections is reached");
    tell(shared, &stream, Some(refusal(Code::ConnectionLimit, message))).await;
}
