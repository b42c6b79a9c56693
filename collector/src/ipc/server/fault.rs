//! Why a connection ends early, and what its client is told.

use std::io;
use std::time::Duration;

use daemoneye_eventbus::framed::ReadFrameError;
use thiserror::Error;

use super::super::IpcRefusal;
use super::super::codec::CodecError;

/// Why a connection ended early.
#[derive(Debug, Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Read(#[from] ReadFrameError),
    #[error("cannot write: {0}")]
    Write(#[source] io::Error),
    #[error(transparent)]
    Message(#[from] CodecError),
    #[error("request 0: that number is the connection's")]
    NoNumber,
    #[error("two requests of the number {id} without an answer")]
    SameNumber { id: u64 },
    #[error("nothing negotiated within {waited:?}")]
    NothingNegotiated { waited: Duration },
    #[error("no request within {waited:?}")]
    Silent { waited: Duration },
    #[error("it does not read its answers")]
    Unread,
}

impl Fault {
    /// What the client is told; nothing when it cannot hear.
    pub(super) fn refusal(&self) -> Option<IpcRefusal> {
        let reason = self.to_string();
        match self {
            Self::Read(ReadFrameError::Io(_) | ReadFrameError::Torn)
            | Self::Write(_)
            | Self::Unread => None,
            Self::Read(ReadFrameError::Frame(_)) => Some(IpcRefusal::TooLarge { reason }),
            Self::Message(_) | Self::NoNumber | Self::SameNumber { .. } => {
                Some(IpcRefusal::Protocol { reason })
            }
            Self::NothingNegotiated { .. } | Self::Silent { .. } => {
                Some(IpcRefusal::TimedOut { reason })
            }
        }
    }
}
