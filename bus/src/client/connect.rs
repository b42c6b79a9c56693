//! Connecting: the socket, hello, welcome (W1, W4).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use thiserror::Error;
use uuid::Uuid;

use super::ClientConfig;
use crate::acl::Access;
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
    /// It ended the connection before its welcome: it is about to end, or another program has its
    /// socket.
    #[error("{address} closed the connection before its welcome")]
    Closed {
        /// Where to.
        address: SocketAddress,
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

impl ConnectError {
    /// Whether another attempt would end the same way.
    pub(super) fn is_final(&self) -> bool {
        matches!(self, Self::Version { .. } | Self::Identity { .. } | Self::Protocol { .. })
    }
}

/// How a client introduces itself, the same on every connection but for what it proves.
#[derive(Debug, Clone)]
pub(super) struct Introduction {
    pub(super) name: ByteString,
    /// A random number for this life of the client.
    pub(super) incarnation: u64,
    pub(super) credential: Credential,
    /// Whether it comes back when the connection breaks, and whether it does so now.
    pub(super) returns: bool,
    pub(super) returned: bool,
}

/// What the broker's welcome said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) payload_bytes: usize,
    pub(super) publish_window_bytes: u64,
    pub(super) unconfirmed_events: usize,
    pub(super) heartbeat: Duration,
}

/// A connection whose broker said welcome.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: Arc<Stream>,
    pub(super) access: Access,
    pub(super) limits: Limits,
    /// What has been read beyond the welcome.
    pub(super) buffer: ReadBuffer,
}

impl Introduction {
    pub(super) fn new(config: &ClientConfig) -> Self {
        Self {
            name: ByteString::from(config.name.clone()),
            incarnation: Uuid::new_v4().as_u64_pair().0,
            credential: config.credential.clone(),
            returns: config.reconnect.is_some(),
            returned: false,
        }
    }

    fn hello(&self) -> proto::Hello {
        proto::Hello {
            min_version: wire::MIN_VERSION,
            max_version: wire::MAX_VERSION,
            name: self.name.as_bytes().clone(),
            incarnation: self.incarnation,
            proof: proof(&self.credential),
            returns: self.returns,
            returned: self.returned,
        }
    }
}

/// Connects within a limit. From then on the introduction has the key of the session, and says that
/// it was here before.
pub(super) async fn connect(
    address: &SocketAddress,
    introduction: &mut Introduction,
    limit: Duration,
) -> Result<Connection, ConnectError> {
    let connected = tokio::time::timeout(limit, introduce(address, introduction)).await;
    let (connection, key) = connected.unwrap_or_else(|_| {
        Err(ConnectError::Timeout { address: address.clone(), waited: limit })
    })?;
    if let Some(key) = key {
        introduction.credential = Credential::SessionKey(key);
    }
    introduction.returned = true;
    Ok(connection)
}

async fn introduce(
    address: &SocketAddress,
    introduction: &Introduction,
) -> Result<(Connection, Option<Secret>), ConnectError> {
    let io_error = |source| ConnectError::Io { address: address.clone(), source };
    let protocol = |reason| ConnectError::Protocol { address: address.clone(), reason };
    let stream = Stream::connect(address).await.map_err(io_error)?;
    say_hello(&stream, introduction).await.map_err(io_error)?;
    let mut buffer = ReadBuffer::new();
    let welcome = welcome(address, &introduction.name, &stream, &mut buffer).await?;
    if !(wire::MIN_VERSION..=wire::MAX_VERSION).contains(&welcome.version) {
        let chosen = welcome.version;
        return Err(protocol(format!("it chose version {chosen}, which was not offered")));
    }
    let limits = Limits::of(&welcome);
    let key = match &welcome.session_key {
        Some(key) => Some(
            Secret::from_bytes(key)
                .ok_or_else(|| protocol("its session key is of another length".to_owned()))?,
        ),
        None => None,
    };
    let access = wire::access_from_wire(welcome.role, welcome.access)
        .map_err(|error| protocol(error.to_string()))?;
    Ok((Connection { stream: Arc::new(stream), access, limits, buffer }, key))
}

async fn say_hello(stream: &Stream, introduction: &Introduction) -> io::Result<()> {
    let mut bytes = Vec::new();
    wire::encode_control(&mut bytes, Body::Hello(introduction.hello()));
    let mut written = 0;
    while written < bytes.len() {
        match stream.write_some(&bytes[written..]).await {
            Ok(more) => written += more,
            // A broker that refuses does not wait for a hello; its reason can still be read.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Limits {
    fn of(welcome: &proto::Welcome) -> Self {
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            payload_bytes: number(welcome.payload_limit_bytes).min(MAX_PAYLOAD_BYTES),
            publish_window_bytes: welcome.publish_window_bytes,
            // A broker that says nothing of it knows of no confirmations: one at a time asks little.
            unconfirmed_events: number(welcome.unconfirmed_limit_events).max(1),
            heartbeat: Duration::from_millis(welcome.heartbeat_ms.max(1)),
        }
    }
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
                return Err(ConnectError::Closed { address: address.clone() });
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
