//! Messages as a client in another language would write and read them: numbers, chunks and the
//! length before them, by hand.

/// Field numbers of requests and responses.
pub(crate) const NEGOTIATE: u64 = 3;
pub(crate) const HEALTH: u64 = 5;
pub(crate) const TASK: u64 = 7;
pub(crate) const REFUSAL: u64 = 2;
pub(crate) const GRANT: u64 = 3;

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field {
    Number(u64, u64),
    Chunk(u64, Vec<u8>),
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}

/// A field that is a number.
pub(crate) fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A field that is text, or a message.
pub(crate) fn chunk(field: u64, content: &[u8]) -> Vec<u8> {
    let length = u64::try_from(content.len()).expect("a length");
    [varint((field << 3) | 2), varint(length), content.to_vec()].concat()
}

/// The fields of a message.
pub(crate) fn fields(mut message: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let key = take_varint(&mut message);
        let value = take_varint(&mut message);
        let (field, wire_type) = (key >> 3, key & 7);
        if wire_type == 0 {
            fields.push(Field::Number(field, value));
        } else {
            assert_eq!(wire_type, 2, "a number or a chunk");
            let (content, rest) = message.split_at(usize::try_from(value).expect("a length"));
            fields.push(Field::Chunk(field, content.to_vec()));
            message = rest;
        }
    }
    fields
}

fn take_varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().expect("a whole number");
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

/// The number of a field, 0 if it is not there.
pub(crate) fn number_of(message: &[u8], field: u64) -> u64 {
    let found = fields(message).into_iter().find_map(|found| match found {
        Field::Number(number, value) if number == field => Some(value),
        _ => None,
    });
    found.unwrap_or_default()
}

/// A request without a limit of its own.
pub(crate) fn request(id: u64, field: u64, body: &[u8]) -> Vec<u8> {
    [number(1, id), chunk(field, body)].concat()
}

/// What a client of version 1 says that wants and requires these capabilities.
pub(crate) fn negotiate(wanted: u64, required: u64) -> Vec<u8> {
    [number(1, 1), number(2, 1), chunk(3, b"raw"), number(4, wanted), number(5, required)].concat()
}

/// A task about a process, of this type.
pub(crate) fn task(analysis_type: &str) -> Vec<u8> {
    [number(1, 1), chunk(2, analysis_type.as_bytes())].concat()
}
