//! Kinds of event by the number of their payload field in `Envelope`.

use super::DecodeError;
use crate::event::EventKind;

/// The number of the first payload field.
const FIRST_PAYLOAD: u32 = 11;

/// The field number of a kind's payload, as event filters name it.
pub(super) fn field_of_kind(kind: EventKind) -> u32 {
    FIRST_PAYLOAD + kind as u32
}

/// The reverse of [`field_of_kind`].
pub(super) fn kind_of_field(number: u32) -> Result<EventKind, DecodeError> {
    number
        .checked_sub(FIRST_PAYLOAD)
        .and_then(|index| EventKind::ALL.get(usize::try_from(index).ok()?))
        .copied()
        .ok_or(DecodeError::Malformed("unknown kind of event"))
}
