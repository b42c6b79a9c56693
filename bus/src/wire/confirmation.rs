//! Confirmations and lanes as messages.

use super::{DecodeError, proto};
use crate::contract::Confirmation;
use crate::topic::Lane;

pub(super) fn confirmation_to_wire(confirmation: Confirmation) -> u64 {
    let wire = match confirmation {
        Confirmation::Fire => proto::Confirmation::Fire,
        Confirmation::Accepted => proto::Confirmation::Accepted,
        Confirmation::Delivered => proto::Confirmation::Delivered,
    };
    wire as u64
}

pub(super) fn confirmation_from_wire(number: u64) -> Result<Confirmation, DecodeError> {
    let unknown = DecodeError::Malformed("unknown confirmation");
    let number = i32::try_from(number).map_err(|_| unknown.clone())?;
    Ok(match proto::Confirmation::try_from(number).map_err(|_| unknown)? {
        proto::Confirmation::Fire => Confirmation::Fire,
        proto::Confirmation::Accepted => Confirmation::Accepted,
        proto::Confirmation::Delivered => Confirmation::Delivered,
    })
}

pub(crate) fn lane_to_wire(lane: Lane) -> i32 {
    let wire = match lane {
        Lane::Events => proto::Lane::Events,
        Lane::Control => proto::Lane::Control,
    };
    wire as i32
}

pub(crate) fn lane_from_wire(number: i32) -> Result<Lane, DecodeError> {
    match proto::Lane::try_from(number) {
        Ok(proto::Lane::Events) => Ok(Lane::Events),
        Ok(proto::Lane::Control) => Ok(Lane::Control),
        Err(_) => Err(DecodeError::Malformed("unknown lane")),
    }
}
