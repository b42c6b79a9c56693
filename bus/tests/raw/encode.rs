//! The protocol by hand, written from PROTOCOL.md and the schema alone: a second opinion on the
//! crate's own encoder. Only what an adversary needs.

/// Field numbers of `Frame`, with the names of the schema.
pub(crate) mod frame {
    pub(crate) const REFUSAL: u32 = 1;
    pub(crate) const HELLO: u32 = 2;
    pub(crate) const WELCOME: u32 = 3;
    pub(crate) const SUBSCRIBE: u32 = 4;
    pub(crate) const SUBSCRIBED: u32 = 5;
    pub(crate) const UNSUBSCRIBE: u32 = 6;
    pub(crate) const UNSUBSCRIBED: u32 = 7;
    pub(crate) const CREDIT: u32 = 8;
    pub(crate) const GRANT: u32 = 9;
    pub(crate) const PING: u32 = 12;
    pub(crate) const GOODBYE: u32 = 13;
    pub(crate) const PUBLISH: u32 = 14;
    pub(crate) const DELIVER: u32 = 15;
    pub(crate) const STATISTICS_REQUEST: u32 = 16;
    pub(crate) const STATISTICS: u32 = 17;
    pub(crate) const INSPECT: u32 = 18;
    pub(crate) const INSPECTED: u32 = 19;
}

/// A protobuf message under construction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    #[must_use]
    pub(crate) fn number(mut self, field: u32, value: u64) -> Self {
        self.varint(u64::from(field) << 3);
        self.varint(value);
        self
    }

    #[must_use]
    pub(crate) fn fixed(mut self, field: u32, value: u64) -> Self {
        self.varint(u64::from(field) << 3 | 1);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    #[must_use]
    pub(crate) fn bytes(mut self, field: u32, value: impl AsRef<[u8]>) -> Self {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(value.as_ref().len() as u64);
        self.0.extend_from_slice(value.as_ref());
        self
    }

    #[must_use]
    pub(crate) fn message(self, field: u32, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    /// The frame with this message in one field of `Frame`.
    pub(crate) fn framed(&self, field: u32) -> Vec<u8> {
        let content = Self::default().message(field, self).0;
        let mut frame = u32::try_from(content.len()).unwrap().to_le_bytes().to_vec();
        frame.extend(content);
        frame
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// A message as found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) numbers: Vec<(u32, u64)>,
    pub(crate) bytes: Vec<(u32, Vec<u8>)>,
}

impl Found {
    /// Reads a message; panics at anything the broker must not send.
    pub(crate) fn read(mut bytes: &[u8]) -> Self {
        let mut found = Self::default();
        while !bytes.is_empty() {
            let key = read_varint(&mut bytes);
            let field = u32::try_from(key >> 3).unwrap();
            match key & 7 {
                0 => found.numbers.push((field, read_varint(&mut bytes))),
                1 => {
                    let (value, rest) = bytes.split_first_chunk::<8>().unwrap();
                    found.numbers.push((field, u64::from_le_bytes(*value)));
                    bytes = rest;
                }
                2 => {
                    let length = usize::try_from(read_varint(&mut bytes)).unwrap();
                    found.bytes.push((field, bytes[..length].to_vec()));
                    bytes = &bytes[length..];
                }
                other => panic!("wire type {other}"),
            }
        }
        found
    }

    /// A number; 0 when absent, as the schema says.
    pub(crate) fn number(&self, field: u32) -> u64 {
        self.numbers.iter().find(|(found, _)| *found == field).map_or(0, |(_, value)| *value)
    }

    pub(crate) fn bytes(&self, field: u32) -> &[u8] {
        self.bytes.iter().find(|(found, _)| *found == field).map_or(&[], |(_, value)| value)
    }

    pub(crate) fn text(&self, field: u32) -> String {
        String::from_utf8(self.bytes(field).to_vec()).unwrap()
    }

    pub(crate) fn message(&self, field: u32) -> Self {
        Self::read(self.bytes(field))
    }
}

fn read_varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
    }
    panic!("a varint of more than ten bytes")
}
