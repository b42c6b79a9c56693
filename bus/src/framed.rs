//! Frames over local sockets, for programs that speak a protocol of their own beside the broker's.
//!
//! A frame is a length and a message, whatever that says (W2). Names, files and modes of sockets
//! are those of the broker (W7). Nobody is turned away here: whose the other end is can be asked,
//! and what follows from it is for the protocol to say (A4).

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use thiserror::Error;

use crate::transport::{Acceptor, Fill, Listener, ReadBuffer, SocketAddress, Stream};
use crate::wire::{FrameError, LENGTH_BYTES, Scanner};

/// Accepts connections on a name. Dropping it removes the files of the name.
#[derive(Debug)]
pub struct FramedListener {
    acceptor: Acceptor,
    limit_bytes: usize,
}

/// One connection, whole.
#[derive(Debug)]
pub struct FramedStream {
    stream: Stream,
    limit_bytes: usize,
}

/// The half of a connection that reads.
#[derive(Debug)]
pub struct FrameReader {
    stream: Arc<Stream>,
    buffer: ReadBuffer,
    scanner: Scanner,
}

/// The half of a connection that writes.
#[derive(Debug)]
pub struct FrameWriter {
    stream: Arc<Stream>,
}

/// Why there is no further frame. The connection is beyond repair.
#[derive(Debug, Error)]
pub enum ReadFrameError {
    /// The system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The peer ended within a frame.
    #[error("the connection ended within a frame")]
    Torn,
    /// A frame is longer than may be; nothing of it was read.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl FramedListener {
    /// Begins to accept; must be called inside a runtime. Frames that arrive may be so many bytes
    /// long, the length before them not counted.
    pub fn new(listener: Listener, limit_bytes: usize) -> io::Result<Self> {
        Ok(Self { acceptor: listener.into_acceptor()?, limit_bytes })
    }

    /// The next connection. Cancel safe.
    pub async fn accept(&mut self) -> io::Result<FramedStream> {
        let stream = self.acceptor.accept().await?;
        Ok(FramedStream { stream, limit_bytes: self.limit_bytes })
    }
}

impl FramedStream {
    /// Connects to whoever listens on a name; must be called inside a runtime. Frames that arrive
    /// may be so many bytes long.
    pub async fn connect(address: &SocketAddress, limit_bytes: usize) -> io::Result<Self> {
        Ok(Self { stream: Stream::connect(address).await?, limit_bytes })
    }

    /// Whether the other end runs as the same effective user as this one.
    pub fn is_same_user(&self) -> bool {
        self.stream.peer().is_same_user
    }

    /// The process at the other end as it connected, where the system tells; nothing should be
    /// decided by it.
    pub fn peer_pid(&self) -> Option<u32> {
        self.stream.peer().pid
    }

    /// Both halves. The connection ends when both are dropped, or the writing one is closed.
    pub fn split(self) -> (FrameReader, FrameWriter) {
        let stream = Arc::new(self.stream);
        let reader = FrameReader {
            stream: Arc::clone(&stream),
            buffer: ReadBuffer::new(),
            scanner: Scanner::new(self.limit_bytes),
        };
        (reader, FrameWriter { stream })
    }
}

impl FrameReader {
    /// The message of the next frame; `None` when the peer ended between two. Cancel safe.
    pub async fn receive(&mut self) -> Result<Option<Bytes>, ReadFrameError> {
        loop {
            if let Some(used) = self.scanner.first_bytes(self.buffer.filled())? {
                let message = &self.buffer.filled()[LENGTH_BYTES..used];
                let message = Bytes::copy_from_slice(message);
                self.buffer.consume(used);
                return Ok(Some(message));
            }
            match self.buffer.fill(&self.stream).await? {
                Fill::Some => {}
                Fill::End => return Ok(None),
                Fill::Torn => return Err(ReadFrameError::Torn),
            }
        }
    }
}

impl FrameWriter {
    /// Writes a message as one frame, waiting for room. Not cancel safe: a part of the frame may
    /// have been written.
    pub async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let length = u32::try_from(message.len()).map_err(io::Error::other)?;
        let frame = [&length.to_le_bytes()[..], message].concat();
        let mut written = 0;
        while written < frame.len() {
            match self.stream.write_some(&frame[written..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                some => written += some,
            }
        }
        Ok(())
    }

    /// Ends both directions where the system can; the peer still reads what was written.
    pub fn close(&self) {
        self.stream.close();
    }
}
