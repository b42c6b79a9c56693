//! A client that asks who is connected and what they subscribe to.

use super::super::hub::Hub;
use super::handshake::Peer;
use crate::wire::{
    self, DecodeError,
    proto::{self, frame::Body, inspect_reply::Code},
};

/// Whether a client may see the others. Today every client may: whoever can open the socket is
/// this broker's own user.
pub(super) fn may_inspect(_peer: &Peer) -> bool {
    true
}

/// Answers, or says why not; only what is malformed is a breach.
pub(super) fn answer(
    hub: &mut Hub,
    peer: &Peer,
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
        _ if !may_inspect(peer) => {
            refusal(Code::Refused, "this client may not inspect the broker".to_owned())
        }
        Err(error) => refusal(Code::Invalid, format!("topic: {error}")),
        Ok(query) => hub.inspection(number, &query),
    };
    hub.reply(key, Body::Inspected(reply));
    Ok(())
}
