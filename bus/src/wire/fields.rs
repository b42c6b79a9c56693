//! The fields of a message, one after the other, as they stand in its bytes.
//!
//! What every event has is read with this instead of the generated decoders: those build each
//! message whole before it becomes the model's, and an event is several. The round-trip tests hold
//! it to what the generated code writes.

#![expect(
    clippy::inline_always,
    reason = "a call for each field is a third of what a decode costs"
)]

use bytes::Bytes;
use bytestring::ByteString;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::DecodeError;
use super::text::from_wire;

/// What is left to read of a message. Text is made a slice of `shared`, where that is known.
pub(super) struct Fields<'a, S = &'a Bytes> {
    shared: S,
    rest: &'a [u8],
}

/// One field.
pub(super) struct Field<'a, S = &'a Bytes> {
    pub(super) number: u32,
    value: Value<'a>,
    shared: S,
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Varint(u64),
    Fixed(u64),
    Chunk(&'a [u8]),
    /// Of a type no field here has.
    Other,
}

const WRONG_TYPE: DecodeError = DecodeError::Malformed("a field of another type than the schema's");

impl<'a> Fields<'a> {
    /// Those of a message that is a part of `shared`.
    pub(super) fn of(shared: &'a Bytes, message: &'a [u8]) -> Self {
        Self { shared, rest: message }
    }
}

impl<'a> Fields<'a, ()> {
    /// Those of a message of which nothing is kept.
    pub(super) fn in_place(message: &'a [u8]) -> Self {
        Self { shared: (), rest: message }
    }
}

impl<'a, S: Copy> Fields<'a, S> {
    /// The next one, known or not; `None` after the last.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<Option<Field<'a, S>>, DecodeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, wire_type) = key(&mut self.rest)?;
        let value = match wire_type {
            WireType::Varint => Value::Varint(varint(&mut self.rest)?),
            WireType::SixtyFourBit => Value::Fixed(fixed(&mut self.rest)?),
            WireType::LengthDelimited => Value::Chunk(take(&mut self.rest)?),
            other => {
                skip_field(other, number, &mut self.rest, DecodeContext::default())?;
                Value::Other
            }
        };
        Ok(Some(Field { number, value, shared: self.shared }))
    }
}

impl<'a, S> Field<'a, S> {
    pub(super) fn long(&self) -> Result<u64, DecodeError> {
        match self.value {
            Value::Varint(number) => Ok(number),
            _ => Err(WRONG_TYPE),
        }
    }

    pub(super) fn number(&self) -> Result<u32, DecodeError> {
        to_32(self.long()?)
    }

    pub(super) fn boolean(&self) -> Result<bool, DecodeError> {
        Ok(self.long()? != 0)
    }

    /// `sint32` of the schema.
    pub(super) fn signed(&self) -> Result<i32, DecodeError> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// The number of an enum's variant.
    pub(super) fn variant(&self) -> Result<i32, DecodeError> {
        self.number().map(u32::cast_signed)
    }

    pub(super) fn fixed(&self) -> Result<u64, DecodeError> {
        match self.value {
            Value::Fixed(number) => Ok(number),
            _ => Err(WRONG_TYPE),
        }
    }

    pub(super) fn double(&self) -> Result<f64, DecodeError> {
        self.fixed().map(f64::from_bits)
    }

    /// Text, bytes or a message, as they stand there.
    pub(super) fn chunk(&self) -> Result<&'a [u8], DecodeError> {
        match self.value {
            Value::Chunk(chunk) => Ok(chunk),
            _ => Err(WRONG_TYPE),
        }
    }
}

impl<'a> Field<'a> {
    /// Text; `name` is for whoever reads that it is none.
    pub(super) fn text(&self, name: &'static str) -> Result<ByteString, DecodeError> {
        shared_text(self.shared, self.chunk()?, name)
    }

    pub(super) fn bytes(&self) -> Result<Bytes, DecodeError> {
        self.chunk().map(|chunk| self.shared.slice_ref(chunk))
    }

    /// A message within this one.
    pub(super) fn message(&self) -> Result<Fields<'a>, DecodeError> {
        self.chunk().map(|chunk| Fields::of(self.shared, chunk))
    }

    /// A named value.
    pub(super) fn entry(&self) -> Result<(ByteString, ByteString), DecodeError> {
        let mut fields = self.message()?;
        let mut entry = (ByteString::new(), ByteString::new());
        while let Some(field) = fields.next()? {
            match field.number {
                1 => entry.0 = field.text("key")?,
                2 => entry.1 = field.text("value")?,
                _ => {}
            }
        }
        Ok(entry)
    }
}

/// Text that is a part of `shared`, as a slice of it.
pub(super) fn shared_text(
    shared: &Bytes,
    text: &[u8],
    name: &'static str,
) -> Result<ByteString, DecodeError> {
    from_wire(shared.slice_ref(text), name)
}

/// Takes a field's number and type off the front. Those of one byte, which nearly all are, without
/// the library's care for longer ones.
#[inline(always)]
fn key(bytes: &mut &[u8]) -> Result<(u32, WireType), DecodeError> {
    if let [key @ 0x08..0x80, rest @ ..] = *bytes
        && let Ok(wire_type) = WireType::try_from(u64::from(key & 7))
    {
        *bytes = rest;
        return Ok((u32::from(key >> 3), wire_type));
    }
    Ok(decode_key(bytes)?)
}

/// The same for a number.
#[inline(always)]
fn varint(bytes: &mut &[u8]) -> Result<u64, DecodeError> {
    if let [number @ ..0x80, rest @ ..] = *bytes {
        *bytes = rest;
        return Ok(u64::from(*number));
    }
    Ok(decode_varint(bytes)?)
}

/// Takes what a length announces off the front.
#[inline(always)]
fn take<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    const TRUNCATED: DecodeError = DecodeError::Malformed("field is longer than its message");
    let length = usize::try_from(varint(bytes)?).map_err(|_| TRUNCATED)?;
    let (value, rest) = bytes.split_at_checked(length).ok_or(TRUNCATED)?;
    *bytes = rest;
    Ok(value)
}

/// Takes eight bytes off the front.
#[inline(always)]
fn fixed(bytes: &mut &[u8]) -> Result<u64, DecodeError> {
    let (value, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or(DecodeError::Malformed("field is longer than its message"))?;
    *bytes = rest;
    Ok(u64::from_le_bytes(*value))
}

/// A number of a field of 32 bits.
fn to_32(number: u64) -> Result<u32, DecodeError> {
    u32::try_from(number).map_err(|_| DecodeError::Malformed("number does not fit its field"))
}
