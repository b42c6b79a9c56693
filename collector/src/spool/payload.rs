//! Events as payloads: the bytes that would go over a socket, with the identity they were given here.

use bytes::Bytes;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::topic::default_topic;
use daemoneye_eventbus::wire::{DecodeError, EventDecoder, encode_payload};
use daemoneye_eventbus::{CollectionEvent, EventId};

use super::record::HEAD_BYTES;

/// Appends an event, with room for a record's head before it; how many bytes it takes itself.
pub(super) fn encode(out: &mut Vec<u8>, id: &EventId, event: &CollectionEvent) -> usize {
    let room = |out: &mut Vec<u8>, _payload_bytes: usize| out.extend_from_slice(&[0; HEAD_BYTES]);
    encode_payload(out, room, id, &default_topic(event), monotonic_ns(), event, None)
}

/// The event of a payload; its text shares one copy of the bytes.
pub(super) fn decode(payload: &[u8]) -> Result<CollectionEvent, DecodeError> {
    let shared = Bytes::copy_from_slice(payload);
    let decoded = EventDecoder::default().decode_payload(&shared, &shared)?;
    Ok(decoded.event)
}

#[cfg(test)]
mod tests {
    use daemoneye_eventbus::{EventHeader, ProcessEvent};

    use super::*;

    #[test]
    fn an_event_comes_out_as_it_went_in() {
        let header = EventHeader {
            source: "procmond".into(),
            source_sequence: 9,
            metadata: vec![("key".into(), "value".into())],
            ..EventHeader::default()
        };
        let event = CollectionEvent::Process(ProcessEvent {
            header,
            pid: 7,
            arguments: vec!["sleep".into(), String::new().into()],
            ..ProcessEvent::default()
        });
        let id = EventId { publisher: "procmond".into(), incarnation: 1, sequence: 2 };
        let mut out = b"before".to_vec();
        let payload_bytes = encode(&mut out, &id, &event);
        assert_eq!(out.len(), b"before".len() + HEAD_BYTES + payload_bytes);
        assert_eq!(decode(&out[b"before".len() + HEAD_BYTES..]).unwrap(), event);
    }

    #[test]
    fn bytes_that_are_no_event_are_an_error() {
        assert!(decode(b"").is_err());
        assert!(decode(b"no event").is_err());
    }
}
