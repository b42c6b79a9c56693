//! Control messages: what the control plane sends, whatever it asks (CONTRACT §6).
//!
//! Here is where such a message belongs, who asks and who shall act. What it says is a body that
//! only the control plane encodes and reads; a bus carries it like any other event.

use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::EventHeader;

/// Length of a body, bytes: half of a payload's usual limit, so that the rest always fits beside it.
pub const MAX_CONTROL_BODY_BYTES: usize = 512 << 10;
/// Length of a reply address, bytes: it is a level of a topic.
pub const MAX_REPLY_ADDRESS_BYTES: usize = 64;

/// One message of the control plane: a request, a reply or an announcement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ControlMessage {
    /// What every event has.
    pub header: EventHeader,
    /// What it is about; decides its default topic (T8).
    pub subject: ControlSubject,
    /// What is asked, answered or announced, for example `start`; says how to read the body.
    pub operation: ByteString,
    /// Names the request, unique to its asker; a reply repeats it. Empty for an announcement.
    pub request_id: ByteString,
    /// Who shall act on it; `None` for everybody who receives it.
    pub target: Option<ByteString>,
    /// Where the reply goes; `None` when none is wanted.
    pub reply_to: Option<ReplyAddress>,
    /// When the asker stops waiting: `CLOCK_MONOTONIC`, nanoseconds.
    pub deadline_monotonic_ns: Option<u64>,
    /// The rest, encoded.
    pub body: ControlBody,
}

/// What a [`ControlMessage`] is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlSubject {
    /// Starting, stopping, pausing and ending collectors.
    #[default]
    Lifecycle,
    /// A change of configuration.
    Config,
    /// A collector comes or goes.
    Registration,
    /// A task for procmond.
    ProcessTask,
    /// A task for netmond.
    NetworkTask,
    /// A task for fsmond.
    FilesystemTask,
    /// A task for perfmond.
    PerformanceTask,
    /// A sign of life.
    Heartbeat,
    /// How a component is.
    Status,
    /// A question about how a component is.
    Diagnostics,
    /// What came of a process task.
    ProcessResult,
    /// What came of a network task.
    NetworkResult,
    /// What came of a filesystem task.
    FilesystemResult,
    /// What came of a performance task.
    PerformanceResult,
    /// The reply to a request, for whoever asked.
    Reply(ReplyAddress),
}

/// Where replies to one asker go: the last level of its `control.rpc.reply.ID`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "ByteString", into = "ByteString")]
pub struct ReplyAddress(ByteString);

/// Why a text is no reply address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("reply address {found:?} is not 1 to {MAX_REPLY_ADDRESS_BYTES} of a-z 0-9 _ -")]
pub struct ReplyAddressError {
    /// What was found.
    pub found: String,
}

impl ReplyAddress {
    /// Checks that it can be a level of a topic (T1).
    pub fn new(text: impl Into<ByteString>) -> Result<Self, ReplyAddressError> {
        let text = text.into();
        let is_allowed = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        let fits = (1..=MAX_REPLY_ADDRESS_BYTES).contains(&text.len());
        if !fits || !text.bytes().all(is_allowed) {
            return Err(ReplyAddressError { found: text.to_string() });
        }
        Ok(Self(text))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<ByteString> for ReplyAddress {
    type Error = ReplyAddressError;

    fn try_from(text: ByteString) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<ReplyAddress> for ByteString {
    fn from(address: ReplyAddress) -> Self {
        address.0
    }
}

impl fmt::Display for ReplyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An encoded body of at most [`MAX_CONTROL_BODY_BYTES`]; a clone copies nothing.
///
/// Where events are shown as text, it is hexadecimal digits, two for each byte.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ControlBody(Bytes);

/// Why bytes or digits are no body.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ControlBodyError {
    /// Too many.
    #[error("a control body of {bytes} bytes, the limit is {MAX_CONTROL_BODY_BYTES}")]
    TooLong {
        /// How many.
        bytes: usize,
    },
    /// The text is not pairs of hexadecimal digits.
    #[error("a control body as text is pairs of hexadecimal digits")]
    NotHexadecimal,
}

impl ControlBody {
    /// Checks the length.
    pub fn new(bytes: impl Into<Bytes>) -> Result<Self, ControlBodyError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_CONTROL_BODY_BYTES {
            return Err(ControlBodyError::TooLong { bytes: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// The encoded bytes, shared.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for ControlBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlBody({})", String::from(self.clone()))
    }
}

impl From<ControlBody> for String {
    fn from(body: ControlBody) -> Self {
        let digit = |nibble: u8| char::from_digit(nibble.into(), 16).expect("a nibble is a digit");
        body.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
    }
}

impl TryFrom<String> for ControlBody {
    type Error = ControlBodyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let nibble = |digit: u8| char::from(digit).to_digit(16);
        let byte = |pair: &[u8]| match pair {
            [high, low] => u8::try_from(nibble(*high)? << 4 | nibble(*low)?).ok(),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        Self::new(bytes.ok_or(ControlBodyError::NotHexadecimal)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_level_of_a_topic() {
        assert_eq!(ReplyAddress::new("procmond-1").unwrap().as_str(), "procmond-1");
        assert!(ReplyAddress::new("x".repeat(MAX_REPLY_ADDRESS_BYTES)).is_ok());
        let too_long = "x".repeat(MAX_REPLY_ADDRESS_BYTES + 1);
        for text in ["", "A", "a.b", "+", "#", "ä", &too_long] {
            assert!(ReplyAddress::new(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_body_ends_at_its_limit() {
        assert!(ControlBody::new(vec![0; MAX_CONTROL_BODY_BYTES]).is_ok());
        let bytes = MAX_CONTROL_BODY_BYTES + 1;
        assert_eq!(ControlBody::new(vec![0; bytes]), Err(ControlBodyError::TooLong { bytes }));
    }

    #[test]
    fn a_body_is_written_as_digits_and_read_back() {
        let body = ControlBody::new(vec![0x00, 0x7f, 0xab, 0xff]).unwrap();
        assert_eq!(format!("{body:?}"), "ControlBody(007fabff)");
        assert_eq!(ControlBody::try_from("007FabFF".to_owned()), Ok(body));
        for text in ["0", "0g", "+1", "ä"] {
            let refused = ControlBody::try_from(text.to_owned());
            assert_eq!(refused, Err(ControlBodyError::NotHexadecimal), "{text}");
        }
    }

    #[cfg(feature = "ipc")]
    #[test]
    fn a_message_is_readable_as_json_and_read_back() {
        let message = ControlMessage {
            subject: ControlSubject::Reply(ReplyAddress::new("agent").unwrap()),
            operation: "stop".into(),
            request_id: "a-1".into(),
            body: ControlBody::new(vec![8, 5]).unwrap(),
            ..ControlMessage::default()
        };
        let event = crate::CollectionEvent::Control(message);
        let text = serde_json::to_string(&event).unwrap();
        for part in ["\"kind\":\"control\"", "{\"reply\":\"agent\"}", "\"stop\"", "\"0805\""] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(serde_json::from_str::<crate::CollectionEvent>(&text).unwrap(), event);
    }
}
