//! The Redis protocol, RESP2: arrays of texts both ways, and short answers.

use std::ops::Range;

use daemoneye_eventbus::{Topic, TopicPattern};

use super::speech::{Heard, Next, Speech, before_all, line, number, put_number, spelled};

pub(super) struct Redis;

impl Speech for Redis {
    fn hello(&self, _out: &mut Vec<u8>, _name: &str) {}

    fn publish_head(&self, out: &mut Vec<u8>, topic: &Topic, payload_bytes: usize) {
        out.extend_from_slice(b"*3\r\n$7\r\nPUBLISH\r\n");
        put_text(out, topic.as_str());
        out.push(b'$');
        put_number(out, payload_bytes);
        out.extend_from_slice(b"\r\n");
    }

    fn publish_tail(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\r\n");
    }

    fn subscribe(&self, out: &mut Vec<u8>, pattern: &TopicPattern) -> Result<(), String> {
        if spelled(pattern, ".", ["+", "#"]).contains('+') {
            return Err("its `*` takes any number of levels, so that it has no `+`".to_owned());
        }
        let channel = spelled(pattern, ".", ["+", "*"]);
        if !channel.ends_with('*') {
            put_command(out, ["SUBSCRIBE", &channel]);
            return Ok(());
        }
        if let Some(before) = before_all(pattern, "+") {
            put_command(out, ["SUBSCRIBE", &before]);
        }
        put_command(out, ["PSUBSCRIBE", &channel]);
        Ok(())
    }

    fn question(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
    }

    fn answer(&self, _out: &mut Vec<u8>) {}

    fn next(&self, buffer: &[u8]) -> Next {
        let Some((said, used)) = line(buffer) else { return Ok(None) };
        let heard = match said.split_first() {
            Some((b'*', count)) => return array(buffer, used, number(count)?),
            Some((b'-', _)) => return Err(String::from_utf8_lossy(said).into_owned()),
            _ if said == b"+PONG" => Heard::Answer,
            // How many have got a publish.
            _ => Heard::Courtesy,
        };
        Ok(Some((heard, used)))
    }
}

/// An array of so many elements from `at` on: what it is says its first, its event is its last.
fn array(buffer: &[u8], mut at: usize, count: usize) -> Next {
    let (mut first, mut last) = (None, 0..0);
    for _ in 0..count {
        let Some((text, end)) = element(buffer, at)? else { return Ok(None) };
        first.get_or_insert_with(|| text.clone());
        (last, at) = (text, end);
    }
    let heard = match &buffer[first.unwrap_or_default()] {
        b"message" | b"pmessage" => Heard::Event(last),
        b"pong" => Heard::Answer,
        _ => Heard::Courtesy,
    };
    Ok(Some((heard, at)))
}

/// One element, and where the next begins: a text with its length, or a number.
fn element(buffer: &[u8], at: usize) -> Result<Option<(Range<usize>, usize)>, String> {
    let Some((said, used)) = line(&buffer[at..]) else { return Ok(None) };
    let begin = at + used;
    match said.split_first() {
        Some((b'$', length)) => {
            let end = begin + number(length)?;
            Ok((buffer.len() >= end + 2).then_some((begin..end, end + 2)))
        }
        Some((b':', _)) => Ok(Some((at + 1..at + said.len(), begin))),
        _ => Err(format!("{:?} in an array", String::from_utf8_lossy(said))),
    }
}

fn put_command(out: &mut Vec<u8>, words: [&str; 2]) {
    out.extend_from_slice(b"*2\r\n");
    for word in words {
        put_text(out, word);
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'$');
    put_number(out, text.len());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"\r\n");
}
