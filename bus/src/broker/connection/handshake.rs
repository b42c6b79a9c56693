//! At the door: a hello (W1) within the handshake limit (W4), and who it is that says it (A4).
//!
//! Nothing here is the broker's thread's work: a stranger who never gets further takes none of it.

use std::time::Instant;

use bytes::Bytes;
use bytestring::ByteString;

use super::super::hub::{Arrival, Refused};
use super::super::identities::{IdentityError, unidentified};
use super::super::slots::Slot;
use super::super::{Phase, Shared};
use super::fault::{Fault, tell};
use crate::acl::{Access, Principal};
use crate::identity::Secret;
use crate::transport::{DetachedStream, Fill, ReadBuffer, Stream};
use crate::wire::{
    self, ENVELOPE_LIMIT_BYTES, Inbound, Scanner,
    proto::{self, frame::Body, hello::Proof},
};

/// Longest name of a client, bytes.
const MAX_NAME_BYTES: usize = 64;

/// Who is at the other end, as introduced.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) name: ByteString,
    pub(super) incarnation: u64,
    /// Whether it has proved that it is called so.
    pub(super) is_proved: bool,
    /// What it may do.
    pub(super) access: Access,
}

/// Somebody whose name and role are settled, on its way to the broker's thread.
#[derive(Debug)]
pub(in super::super) struct Guest {
    pub(super) stream: DetachedStream,
    pub(super) buffer: ReadBuffer,
    pub(super) slot: Slot,
    pub(super) client: Client,
    pub(super) arrival: Arrival,
}

/// Hears a hello, for as long as nobody else is to have this one's turn. Whoever is not who it says
/// it is, or says something else, is told and closed.
pub(in super::super) async fn introduce(
    shared: &Shared,
    stream: Stream,
    crowded: impl Future<Output = ()>,
) -> Option<Guest> {
    let mut buffer = ReadBuffer::new();
    let greeted = tokio::select! {
        // Whoever has said hello is heard first.
        biased;
        greeted = greet(shared, &stream, &mut buffer) => greeted,
        () = crowded => Err(Fault::Crowded),
        // Nothing was accepted from it, so the end of the broker need not wait for it.
        () = shared.until_phase(|phase| phase >= Phase::Ending) => return None,
    };
    match greeted {
        Ok((client, arrival, slot)) => {
            Some(Guest { stream: stream.detach(), buffer, slot, client, arrival })
        }
        Err(fault) => {
            tracing::debug!(%fault, "handshake failed");
            audit_stranger(shared, &stream, &fault);
            tell(shared, &stream, &fault).await;
            None
        }
    }
}

/// Tells on the audit topic who was not who it said it was (A5).
fn audit_stranger(shared: &Shared, stream: &Stream, fault: &Fault) {
    if !matches!(fault, Fault::Identity(_) | Fault::OtherUser) {
        return;
    }
    let refused = Refused {
        actor: stream.peer().pid.map_or_else(|| "somebody".to_owned(), |pid| format!("pid {pid}")),
        action: "connect",
        resource: "broker".to_owned(),
        reason: fault.to_string(),
    };
    let mut hub = shared.hub.lock();
    hub.refuse(refused, None);
    hub.flush();
}

/// Reads the hello; who sent it, and what the hub must know to welcome it.
async fn greet(
    shared: &Shared,
    stream: &Stream,
    buffer: &mut ReadBuffer,
) -> Result<(Client, Arrival, Slot), Fault> {
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
    let limit = shared.config.connection_limit;
    // Before a token is used up.
    let slot = shared.slots.take().ok_or(Fault::Full { limit })?;
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
    let proto::Hello { incarnation, returns, returned, .. } = hello;
    let role = access.role();
    let arrival = Arrival { name: name.clone(), incarnation, returns, returned, role, welcome };
    Ok((Client { name, incarnation, is_proved, access }, arrival, slot))
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
