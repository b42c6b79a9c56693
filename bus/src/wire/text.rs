//! Text fields: `bytes` on the generated side, [`ByteString`] in the model.

use bytes::Bytes;
use bytestring::ByteString;

use super::{DecodeError, proto};

pub(super) fn to_wire(text: &ByteString) -> Bytes {
    text.as_bytes().clone()
}

pub(super) fn option_to_wire(text: Option<&ByteString>) -> Option<Bytes> {
    text.map(to_wire)
}

pub(super) fn from_wire(bytes: Bytes, field: &'static str) -> Result<ByteString, DecodeError> {
    ByteString::try_from(bytes).map_err(|_| DecodeError::NotUtf8 { field })
}

pub(super) fn option_from_wire(
    bytes: Option<Bytes>,
    field: &'static str,
) -> Result<Option<ByteString>, DecodeError> {
    bytes.map(|bytes| from_wire(bytes, field)).transpose()
}

pub(super) fn string_from_wire(bytes: Bytes, field: &'static str) -> Result<String, DecodeError> {
    from_wire(bytes, field).map(|text| text.to_string())
}

pub(super) fn entries_to_wire(entries: &[(ByteString, ByteString)]) -> Vec<proto::Entry> {
    entries
        .iter()
        .map(|(key, value)| proto::Entry { key: to_wire(key), value: to_wire(value) })
        .collect()
}

pub(super) fn entries_from_wire(
    entries: Vec<proto::Entry>,
) -> Result<Vec<(ByteString, ByteString)>, DecodeError> {
    entries
        .into_iter()
        .map(|entry| Ok((from_wire(entry.key, "key")?, from_wire(entry.value, "value")?)))
        .collect()
}
