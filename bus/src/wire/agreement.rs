//! What is read by hand, beside what the generated decoders read of the same bytes.

use bytes::Bytes;
use prost::Message as _;

use super::proto::envelope::Payload;
use super::{decode_event, encode_envelope, proto};

/// Panics if an event that is accepted is not the one the generated decoders see. They accept more:
/// numbers too large for their fields are cut there, and merged is what comes twice.
pub(crate) fn assert_agrees(envelope: &[u8]) {
    let Ok((event, _)) = decode_event(&Bytes::copy_from_slice(envelope)) else { return };
    let generated = |bytes: &[u8]| proto::Envelope::decode(bytes).expect("it was accepted by hand");
    let theirs = generated(envelope);
    let given = theirs.correlation.as_ref().map(|_| &event.correlation);
    let ours = generated(&encode_envelope(&event, given));
    // Compared as bytes, in which a number that is none is like itself.
    assert_eq!(told(ours).encode_to_vec(), told(theirs).encode_to_vec(), "{event:?}");
}

/// Without what an event does not keep, or can say in two ways.
fn told(mut envelope: proto::Envelope) -> proto::Envelope {
    envelope.confirmation = 0;
    // For filters alone: receivers ask the payload.
    envelope.pid = None;
    // One that is empty or is not there.
    if let Some(observation) = envelope.payload.as_mut().map(observation) {
        observation.get_or_insert_default();
    }
    envelope.routing = envelope.routing.filter(|routing| *routing != proto::Routing::default());
    if let Some(correlation) = &mut envelope.correlation
        && correlation.root.as_ref() == Some(&correlation.id)
    {
        correlation.root = None;
    }
    envelope
}

fn observation(payload: &mut Payload) -> &mut Option<proto::Observation> {
    match payload {
        Payload::Process(message) => &mut message.observation,
        Payload::Network(message) => &mut message.observation,
        Payload::Filesystem(message) => &mut message.observation,
        Payload::Performance(message) => &mut message.observation,
        Payload::TriggerRequest(message) => &mut message.observation,
        Payload::Audit(message) => &mut message.observation,
        Payload::Control(message) => &mut message.observation,
    }
}
