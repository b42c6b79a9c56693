//! MQTT 3.1.1, each event at most once: packets with a length, topics with slashes.

use daemoneye_eventbus::{Topic, TopicPattern};

use super::speech::{Heard, Next, Speech, spelled};

/// Kinds of packets, in the upper half of their first byte.
const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const SUBACK: u8 = 9;
const PINGRESP: u8 = 13;
/// First bytes of what is sent.
const CONNECT_HEAD: u8 = 0x10;
const PUBLISH_HEAD: u8 = 0x30;
const SUBSCRIBE_HEAD: u8 = 0x82;
/// Bytes of a length at most.
const LENGTH_BYTES: usize = 4;
/// A subscription that was refused.
const REFUSED: u8 = 0x80;

pub(super) struct Mqtt;

impl Speech for Mqtt {
    fn hello(&self, out: &mut Vec<u8>, name: &str) {
        // Version 4, a clean session, no signs of life demanded.
        let mut body = b"\0\x04MQTT\x04\x02\0\0".to_vec();
        put_text(&mut body, name);
        put_packet(out, CONNECT_HEAD, &body);
    }

    fn publish_head(&self, out: &mut Vec<u8>, topic: &Topic, payload_bytes: usize) {
        let topic = topic.as_str().as_bytes();
        out.push(PUBLISH_HEAD);
        put_length(out, 2 + topic.len() + payload_bytes);
        out.extend_from_slice(&short(topic.len()).to_be_bytes());
        out.extend(topic.iter().map(|byte| if *byte == b'.' { b'/' } else { *byte }));
    }

    fn publish_tail(&self, _out: &mut Vec<u8>) {}

    fn subscribe(&self, out: &mut Vec<u8>, pattern: &TopicPattern) -> Result<(), String> {
        // Number 1, and `at most once` at the end; its `#` matches no further level as well, as ours does.
        let mut body = vec![0, 1];
        put_text(&mut body, &spelled(pattern, "/", ["+", "#"]));
        body.push(0);
        put_packet(out, SUBSCRIBE_HEAD, &body);
        Ok(())
    }

    fn question(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\xc0\0");
    }

    fn answer(&self, _out: &mut Vec<u8>) {}

    fn next(&self, buffer: &[u8]) -> Next {
        let Some((begin, length)) = length(buffer)? else { return Ok(None) };
        let end = begin + length;
        let Some(body) = buffer.get(begin..end) else { return Ok(None) };
        let kind = buffer[0] >> 4;
        let heard = match kind {
            PUBLISH => {
                let topic_bytes = body.first_chunk().map(|bytes| u16::from_be_bytes(*bytes));
                let skipped = 2 + usize::from(topic_bytes.ok_or("a publish without a topic")?);
                if skipped > length {
                    return Err("a topic longer than its packet".to_owned());
                }
                Heard::Event(begin + skipped..end)
            }
            PINGRESP => Heard::Answer,
            CONNACK if body.last() == Some(&0) => Heard::Courtesy,
            SUBACK if body.last().is_some_and(|granted| *granted < REFUSED) => Heard::Courtesy,
            CONNACK | SUBACK => return Err(format!("refused with {body:?}")),
            kind => return Err(format!("an unexpected packet of kind {kind}")),
        };
        Ok(Some((heard, end)))
    }
}

/// Where a packet's body begins, and its length; `None` while that is not whole.
fn length(buffer: &[u8]) -> Result<Option<(usize, usize)>, String> {
    let mut length = 0;
    for at in 0..LENGTH_BYTES {
        let Some(byte) = buffer.get(1 + at) else { return Ok(None) };
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((2 + at, length)));
        }
    }
    Err("a length of more than four bytes".to_owned())
}

fn put_packet(out: &mut Vec<u8>, head: u8, body: &[u8]) {
    out.push(head);
    put_length(out, body.len());
    out.extend_from_slice(body);
}

fn put_length(out: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = u8::try_from(length & 0x7f).expect("seven bits");
        length >>= 7;
        if length == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&short(text.len()).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Topics, patterns and names have limits of their own, far below this one.
fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}
