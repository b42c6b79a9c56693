//! Connecting: the socket, whose it is, what is granted.

use std::io;
use std::time::Duration;

use daemoneye_eventbus::SocketAddress;
use daemoneye_eventbus::framed::{FrameReader, FrameWriter, FramedStream, ReadFrameError};
use thiserror::Error;
use tokio::time::timeout;

use super::super::codec::{Answered, CodecError, decode_response, encode_request};
use super::super::{
    CONNECTION, Grant, IpcRefusal, IpcRequest, IpcResponse, Offer, RESPONSE_LIMIT_BYTES,
};
use super::IpcClientConfig;

/// What names the first request of a connection.
pub(super) const NEGOTIATION: u64 = 1;

/// A connection whose server has granted something.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) reader: FrameReader,
    pub(super) writer: FrameWriter,
    pub(super) grant: Grant,
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// Nobody listens, or the system said no.
    #[error("cannot connect: {0}")]
    Io(#[from] io::Error),
    /// The socket is another user's.
    #[error("somebody else's process listens there")]
    OtherUser,
    /// Nothing was granted in time.
    #[error("nothing granted within {waited:?}")]
    TimedOut {
        /// How long it was waited for.
        waited: Duration,
    },
    /// The collector refused.
    #[error("the collector refused: {0}")]
    Refused(IpcRefusal),
    /// It closed the connection without a word.
    #[error("the connection was closed before anything was granted")]
    Closed,
    /// Whoever listens does not speak the protocol.
    #[error("whoever listens does not speak the protocol: {reason}")]
    Protocol {
        /// What is wrong.
        reason: String,
    },
}

impl ConnectError {
    /// Whether another attempt would end the same way.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Io(_) | Self::TimedOut { .. } | Self::Closed => false,
            Self::Refused(refusal) => !refusal.is_passing(),
            Self::OtherUser | Self::Protocol { .. } => true,
        }
    }
}

impl From<ReadFrameError> for ConnectError {
    fn from(error: ReadFrameError) -> Self {
        match error {
            ReadFrameError::Io(error) => Self::Io(error),
            ReadFrameError::Torn => Self::Closed,
            ReadFrameError::Frame(error) => Self::Protocol { reason: error.to_string() },
        }
    }
}

impl From<CodecError> for ConnectError {
    fn from(error: CodecError) -> Self {
        Self::Protocol { reason: error.to_string() }
    }
}

/// One attempt.
pub(super) async fn connect(
    address: &SocketAddress,
    config: &IpcClientConfig,
) -> Result<Connection, ConnectError> {
    let waited = config.connect_limit;
    let connecting = async {
        let stream = FramedStream::connect(address, RESPONSE_LIMIT_BYTES).await?;
        if !stream.is_same_user() {
            return Err(ConnectError::OtherUser);
        }
        let (mut reader, mut writer) = stream.split();
        let grant = negotiate(&mut reader, &mut writer, &config.offer).await?;
        Ok(Connection { reader, writer, grant })
    };
    timeout(waited, connecting).await.unwrap_or(Err(ConnectError::TimedOut { waited }))
}

async fn negotiate(
    reader: &mut FrameReader,
    writer: &mut FrameWriter,
    offer: &Offer,
) -> Result<Grant, ConnectError> {
    let message = encode_request(NEGOTIATION, None, &IpcRequest::Negotiate(offer.clone()));
    let written = writer.send(&message).await;
    // Somebody who refuses at once closes as well, and its words say more than a failed write.
    match (reader.receive().await, written) {
        (Ok(Some(message)), _) => granted(&message),
        (_, Err(error)) => Err(error.into()),
        (Ok(None), Ok(())) => Err(ConnectError::Closed),
        (Err(error), Ok(())) => Err(error.into()),
    }
}

fn granted(message: &[u8]) -> Result<Grant, ConnectError> {
    let Answered { id, response } = decode_response(message)?;
    match (id, response?) {
        (NEGOTIATION, IpcResponse::Granted(grant)) => Ok(grant),
        (NEGOTIATION | CONNECTION, IpcResponse::Refused(refusal)) => {
            Err(ConnectError::Refused(refusal))
        }
        _ => {
            let reason = "the first response grants nothing and refuses nothing".to_owned();
            Err(ConnectError::Protocol { reason })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::codec::encode_response;
    use super::*;

    fn first(id: u64, response: &IpcResponse) -> Result<Grant, ConnectError> {
        granted(&encode_response(id, response))
    }

    #[test]
    fn refusals_are_told_and_those_that_pass_are_tried_again() {
        let busy = IpcResponse::Refused(IpcRefusal::Busy { reason: "16".to_owned() });
        for id in [CONNECTION, NEGOTIATION] {
            let told = first(id, &busy).unwrap_err();
            assert!(matches!(&told, ConnectError::Refused(IpcRefusal::Busy { .. })), "{told}");
            assert!(!told.is_final());
        }
        let version = IpcResponse::Refused(IpcRefusal::Version { min: 2, max: 3 });
        assert!(first(NEGOTIATION, &version).unwrap_err().is_final());
    }

    #[test]
    fn whoever_answers_something_else_does_not_speak_the_protocol() {
        let refusal = IpcResponse::Refused(IpcRefusal::Ending);
        for told in [first(7, &refusal), granted(b"HTTP/1.1 400 Bad Request\r\n")] {
            let told = told.unwrap_err();
            assert!(matches!(&told, ConnectError::Protocol { .. }) && told.is_final(), "{told}");
        }
    }
}
