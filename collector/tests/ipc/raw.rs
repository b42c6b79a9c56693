//! A client that writes whatever a test wants: a socket of the standard library, nothing else.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::message::{Field, GRANT, NEGOTIATE, REFUSAL, fields, negotiate, number_of, request};
use crate::site::{Site, THERE};

/// Turns a hang into a failure.
pub(crate) const WATCHDOG: Duration = Duration::from_mins(1);
/// Who has read nothing for so long reads nothing any more.
const STUCK: Duration = Duration::from_secs(1);

/// Codes of refusals.
pub(crate) const MISSING_CAPABILITIES: u64 = 2;
pub(crate) const NOT_NEGOTIATED: u64 = 3;
pub(crate) const UNKNOWN: u64 = 4;
pub(crate) const BUSY: u64 = 6;
pub(crate) const TIMED_OUT: u64 = 7;
pub(crate) const ENDING: u64 = 9;
pub(crate) const PROTOCOL: u64 = 10;
pub(crate) const TOO_LARGE: u64 = 11;

pub(crate) struct Raw(UnixStream);

/// A response: whose, the field number of what it says, and that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) id: u64,
    pub(crate) says: u64,
    pub(crate) content: Vec<u8>,
}

impl Raw {
    /// Connects, and says nothing.
    pub(crate) fn knock(site: &Site) -> Self {
        let stream = UnixStream::connect(site.address.path()).expect("it is let in");
        stream.set_read_timeout(Some(WATCHDOG)).expect("a limit");
        stream.set_write_timeout(Some(WATCHDOG)).expect("a limit");
        Self(stream)
    }

    /// Connects, and is granted all there is.
    pub(crate) fn enter(site: &Site) -> Self {
        Self::enter_with(site, &[])
    }

    /// The same, and has written this by the time it is granted anything.
    pub(crate) fn enter_with(site: &Site, bytes: &[u8]) -> Self {
        let mut raw = Self::knock(site);
        let wanted = request(1, NEGOTIATE, &negotiate(u64::from(THERE.bits()), 0));
        raw.write(&[&framed(&wanted)[..], bytes].concat()).expect("it is written");
        let answer = raw.receive().expect("an answer");
        assert_eq!((answer.id, answer.says), (1, GRANT));
        raw
    }

    /// Asks on and on, reading no answer, until the other side reads no more, or has closed.
    pub(crate) fn ask_until_nothing_is_read(&mut self) {
        self.0.set_write_timeout(Some(STUCK)).expect("a limit");
        // Each is answered before the next is read.
        let asked = framed(&request(2, NEGOTIATE, &negotiate(0, 0)));
        while self.write(&asked).is_ok() {}
    }

    /// Writes bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes)
    }

    /// Writes a message with its length.
    pub(crate) fn send(&mut self, message: &[u8]) {
        self.write(&framed(message)).expect("it is written");
    }

    /// Ends this side.
    pub(crate) fn end_writing(&self) {
        self.0.shutdown(Shutdown::Write).expect("it can be ended");
    }

    /// The next response; `None` at the end.
    pub(crate) fn receive(&mut self) -> Option<Answer> {
        let mut length = [0; 4];
        match self.0.read_exact(&mut length) {
            Ok(()) => {}
            // Who closes with something unread resets.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset
                ) =>
            {
                return None;
            }
            Err(error) => panic!("{error}"),
        }
        let mut message = vec![0; usize::try_from(u32::from_le_bytes(length)).expect("a length")];
        self.0.read_exact(&mut message).expect("a whole message");
        let said = fields(&message).into_iter().find_map(|field| match field {
            Field::Chunk(says, content) => Some((says, content)),
            Field::Number(..) => None,
        });
        let (says, content) = said.expect("every response says something");
        Some(Answer { id: number_of(&message, 1), says, content })
    }

    /// Whose refusal the next response is, and its code.
    pub(crate) fn refusal(&mut self) -> (u64, u64) {
        let answer = self.receive().expect("a refusal");
        (answer.id, answer.refusal_code().unwrap_or_else(|| panic!("{answer:?}")))
    }
}

impl Answer {
    /// The code, if it is a refusal.
    pub(crate) fn refusal_code(&self) -> Option<u64> {
        (self.says == REFUSAL).then(|| number_of(&self.content, 1))
    }
}

/// A message with its length.
pub(crate) fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a length");
    [&length.to_le_bytes(), message].concat()
}
