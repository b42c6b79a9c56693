//! Connecting: the socket, hello, welcome (W1, W4).

use std::io;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use thiserror::Error;
use uuid::Uuid;

use super::ClientConfig;
use super::session::{Limits, Session};
use crate::identity::{Credential, Secret};
use crate::transport::{Fill, ReadBuffer, SocketAddress, Stream};
use crate::wire::{
    self, ENVELOPE_LIMIT_BYTES, FrameError, Inbound, Scanner,
    proto::{self, frame::Body, hello::Proof, refusal::Code},
};

/// Largest payload whatever the broker allows: its frame's length must fit 32 bits with room for
/// everything beside it.
const MAX_PAYLOAD_BYTES: usize = 1 << 30;

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Nobody listens, or the system said no.
    #[error("cannot connect to {address}")]
    Io {
        /// Where to.
        address: SocketAddress,
        /// Why.
        source: io::Error,
    },
    /// No welcome came in time.
    #[error("no welcome from {address} within {waited:?}")]
    Timeout {
        /// Where to.
        address: SocketAddress,
        /// How long the call waited.
        waited: Duration,
    },
    /// The broker and this client speak no common version (W1).
    #[error(
        "no common version: this client speaks {min} to {max}, the broker {broker_min} to \
         {broker_max}",
        min = wire::MIN_VERSION,
        max = wire::MAX_VERSION
    )]
    Version {
        /// Oldest version of the broker.
        broker_min: u32,
        /// Newest version of the broker.
        broker_max: u32,
    },
    /// The broker does not take this client for who it says it is, in its own words (A4).
    #[error("the broker does not admit {name:?}: {reason}")]
    Identity {
        /// The name that was given.
        name: String,
        /// The broker's words.
        reason: String,
    },
    /// The broker refused, in its own words.
    #[error("the broker refused: {reason}")]
    Refused {
        /// Its words.
        reason: String,
    },
    /// What came was no welcome.
    #[error("{address} does not speak the protocol: {reason}")]
    Protocol {
        /// Where to.
        address: SocketAddress,
        /// What is wrong.
        reason: String,
    },
}

pub(super) async fn connect(
    address: &SocketAddress,
    config: ClientConfig,
) -> Result<(Session, ReadBuffer), ConnectError> {
    let limit = config.connect_limit;
    tokio::time::timeout(limit, introduce(address, config))
        .await
        .unwrap_or_else(|_| Err(ConnectError::Timeout { address: address.clone(), waited: limit }))
}

async fn introduce(
    address: &SocketAddress,
    config: ClientConfig,
) -> Result<(Session, ReadBuffer), ConnectError> {
    let io_error = |source| ConnectError::Io { address: address.clone(), source };
    let stream = Stream::connect(address).await.map_err(io_error)?;
    let name = ByteString::from(config.name.clone());
    let incarnation = Uuid::new_v4().as_u64_pair().0;
    let hello = proto::Hello {
        min_version: wire::MIN_VERSION,
        max_version: wire::MAX_VERSION,
        name: name.as_bytes().clone(),
        incarnation,
        proof: proof(&config.credential),
    };
    let mut bytes = Vec::new();
    wire::encode_control(&mut bytes, Body::Hello(hello));
    let mut written = 0;
    while written < bytes.len() {
        match stream.write_some(&bytes[written..]).await {
            Ok(more) => written += more,
            // A broker that refuses does not wait for a hello; its reason can still be read.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => return Err(io_error(error)),
        }
    }
    let mut buffer = ReadBuffer::new();
    let welcome = welcome(address, &name, &stream, &mut buffer).await?;
    if !(wire::MIN_VERSION..=wire::MAX_VERSION).contains(&welcome.version) {
        let reason = format!("it chose version {}, which was not offered", welcome.version);
        return Err(ConnectError::Protocol { address: address.clone(), reason });
    }
    let access = wire::access_from_wire(welcome.role, welcome.access).map_err(|error| {
        ConnectError::Protocol { address: address.clone(), reason: error.to_string() }
    })?;
    let limits = Limits {
        payload_bytes: usize::try_from(welcome.payload_limit_bytes)
            .unwrap_or(usize::MAX)
            .min(MAX_PAYLOAD_BYTES),
        publish_window_bytes: welcome.publish_window_bytes,
        heartbeat: Duration::from_millis(welcome.heartbeat_ms.max(1)),
    };
    Ok((Session::new(stream, name, incarnation, access, limits, config), buffer))
}

fn proof(credential: &Credential) -> Option<Proof> {
    let bytes = |secret: &Secret| Bytes::copy_from_slice(secret.as_bytes());
    match credential {
        Credential::None => None,
        Credential::SpawnToken(token) => Some(Proof::SpawnToken(bytes(token))),
        Credential::SessionKey(key) => Some(Proof::SessionKey(bytes(key))),
    }
}

async fn welcome(
    address: &SocketAddress,
    name: &str,
    stream: &Stream,
    buffer: &mut ReadBuffer,
) -> Result<proto::Welcome, ConnectError> {
    let protocol = |reason: String| ConnectError::Protocol { address: address.clone(), reason };
    let scanner = Scanner::new(ENVELOPE_LIMIT_BYTES);
    loop {
        let next =
            scanner.next(buffer.filled()).map_err(|e: FrameError| protocol(e.to_string()))?;
        if let Some((frame, used)) = next {
            let no_welcome = || protocol("its first frame is no welcome".to_owned());
            let Inbound::Control(body) = frame else { return Err(no_welcome()) };
            buffer.consume(used);
            return match *body {
                Body::Welcome(welcome) => Ok(welcome),
                Body::Refusal(refusal) => Err(refused(name, &refusal)),
                _ => Err(no_welcome()),
            };
        }
        let fill = buffer.fill(stream).await;
        match fill.map_err(|source| ConnectError::Io { address: address.clone(), source })? {
            Fill::Some => {}
            Fill::End | Fill::Torn => {
                return Err(protocol("it closed the connection before its welcome".to_owned()));
            }
        }
    }
}

fn refused(name: &str, refusal: &proto::Refusal) -> ConnectError {
    let reason = String::from_utf8_lossy(&refusal.message).into_owned();
    if refusal.code == Code::Identity as i32 {
        return ConnectError::Identity { name: name.to_owned(), reason };
    }
    if refusal.code == Code::Version as i32 {
        return ConnectError::Version {
            broker_min: refusal.min_version,
            broker_max: refusal.max_version,
        };
    }
    ConnectError::Refused { reason }
}
