//! A client that asks who is connected and what they subscribe to.

use bytestring::ByteString;

use super::super::hub::Hub;
use super::handshake::Client;
use crate::acl::Action;
use crate::topic::Topic;
use crate::wire::{
    self, DecodeError,
    proto::{self, frame::Body, inspect_reply::Code},
};

/// Where the broker's own state belongs: who may subscribe to it may ask for it.
const STATE_TOPIC: ByteString = ByteString::from_static("admin.broker");

/// Whether a client may see the others.
fn may_inspect(client: &Client) -> bool {
    let topic = Topic::new(STATE_TOPIC).expect("a registered topic");
    client.access.may(Action::Subscribe, &topic).is_allowed()
}

/// Answers, or says why not; only what is malformed is a breach.
pub(super) fn answer(
    hub: &mut Hub,
    client: &Client,
    key: u32,
    request: proto::InspectRequest,
) -> Result<(), DecodeError> {
    let number = request.request;
    let query = wire::query_from_wire(request)?;
    let refusal = |code: Code, message: String| proto::InspectReply {
        request: number,
        code: code as i32,
        message: message.into(),
        ..Default::default()
    };
    let reply = match query {
        _ if !may_inspect(client) => {
            let role = client.access.role();
            refusal(Code::Refused, format!("{role} may not inspect the broker"))
        }
        Err(error) => refusal(Code::Invalid, format!("topic: {error}")),
        Ok(query) => hub.inspection(number, &query),
    };
    hub.send(key, Body::Inspected(reply));
    Ok(())
}
