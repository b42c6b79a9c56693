//! Why a connection ends early, and how its peer is told (W3).

use std::io;
use std::time::Duration;

use thiserror::Error;

use super::super::Shared;
use super::super::hub::NoPlace;
use super::super::identities::{IdentityError, IssueError};
use crate::transport::Stream;
use crate::wire::{
    self, DecodeError, FrameError,
    proto::{self, frame::Body, refusal::Code},
};

/// How long a refused peer may take to read why.
pub(super) const REFUSAL_LIMIT: Duration = Duration::from_secs(1);

/// Why a connection ended early.
#[derive(Debug, Error)]
pub(super) enum Fault {
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
    #[error("more was asked than is read")]
    Unread,
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
    #[error("the limit of {limit} connections is reached")]
    Full { limit: usize },
    #[error("silent for too long")]
    Silent,
    #[error("the client is connected again")]
    Superseded,
    #[error("the last connection of this client has not ended yet")]
    NotGone,
    #[error("others have come; whoever says nothing makes room for them")]
    Crowded,
}

impl Fault {
    /// Whether the connection broke, and its client broke nothing.
    pub(super) fn is_the_connections(&self) -> bool {
        matches!(self, Self::Io(_) | Self::Torn | Self::Silent | Self::Superseded)
    }

    /// What the peer is told; nothing when it cannot hear.
    pub(super) fn refusal(&self) -> Option<proto::Refusal> {
        let code = match self {
            Self::Io(_) | Self::Torn | Self::Superseded | Self::NoPlace(NoPlace::Ended) => {
                return None;
            }
            Self::Frame(FrameError::TooLong { .. }) | Self::TooLarge { .. } => Code::TooLarge,
            Self::Frame(_) | Self::Decode(_) | Self::Protocol(_) | Self::Unread => Code::Protocol,
            Self::Version => Code::Version,
            Self::Publisher | Self::OtherUser | Self::Identity(_) => Code::Identity,
            Self::Session(_) | Self::NoPlace(NoPlace::Observers) | Self::Full { .. } => {
                Code::ConnectionLimit
            }
            Self::Silent | Self::NotGone | Self::Crowded => Code::Timeout,
        };
        Some(proto::Refusal {
            code: code as i32,
            message: self.to_string().into(),
            min_version: wire::MIN_VERSION,
            max_version: wire::MAX_VERSION,
        })
    }
}

async fn write_whole(stream: &Stream, body: Body) -> io::Result<()> {
    let mut bytes = Vec::new();
    wire::encode_control(&mut bytes, body);
    let mut written = 0;
    while written < bytes.len() {
        written += stream.write_some(&bytes[written..]).await?;
    }
    Ok(())
}

/// Tells a peer why it is closed, if it listens.
pub(super) async fn tell(shared: &Shared, stream: &Stream, fault: &Fault) {
    let Some(refusal) = fault.refusal() else { return };
    let limit = REFUSAL_LIMIT.min(shared.config.handshake_limit);
    // Whether it listens is its own affair.
    let _ = tokio::time::timeout(limit, write_whole(stream, Body::Refusal(refusal))).await;
}
