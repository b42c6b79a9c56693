//! The NATS protocol: lines, with a payload after those that announce one.

use daemoneye_eventbus::{Topic, TopicPattern};

use super::speech::{Heard, Next, Speech, before_all, line, number, put_number, spelled};

/// A line that is no longer within this is no line, bytes: its `INFO` has several hundred.
const LINE_LIMIT_BYTES: usize = 16 << 10;

pub(super) struct Nats;

impl Speech for Nats {
    fn hello(&self, out: &mut Vec<u8>, name: &str) {
        let options = format!("{{\"verbose\":false,\"pedantic\":false,\"name\":\"{name}\"}}");
        out.extend_from_slice(format!("CONNECT {options}\r\n").as_bytes());
    }

    fn publish_head(&self, out: &mut Vec<u8>, topic: &Topic, payload_bytes: usize) {
        out.extend_from_slice(b"PUB ");
        out.extend_from_slice(topic.as_str().as_bytes());
        out.push(b' ');
        put_number(out, payload_bytes);
        out.extend_from_slice(b"\r\n");
    }

    fn publish_tail(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\r\n");
    }

    fn subscribe(&self, out: &mut Vec<u8>, pattern: &TopicPattern) -> Result<(), String> {
        // Its `>` wants one level at least.
        if let Some(before) = before_all(pattern, "*") {
            out.extend_from_slice(format!("SUB {before} 1\r\n").as_bytes());
        }
        let subject = spelled(pattern, ".", ["*", ">"]);
        out.extend_from_slice(format!("SUB {subject} 2\r\n").as_bytes());
        Ok(())
    }

    fn question(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"PING\r\n");
    }

    fn answer(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"PONG\r\n");
    }

    fn next(&self, buffer: &[u8]) -> Next {
        let Some((said, used)) = line(buffer) else {
            let is_long = buffer.len() > LINE_LIMIT_BYTES;
            return if is_long { Err("a line without an end".to_owned()) } else { Ok(None) };
        };
        if let Some(arguments) = said.strip_prefix(b"MSG ") {
            let size = arguments.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
            let end = used + number(size)?;
            let whole = buffer.len() >= end + 2;
            return Ok(whole.then_some((Heard::Event(used..end), end + 2)));
        }
        let heard = match said {
            b"PONG" => Heard::Answer,
            b"PING" => Heard::Question,
            said if said.starts_with(b"-") => return Err(String::from_utf8_lossy(said).into()),
            _ => Heard::Courtesy,
        };
        Ok(Some((heard, used)))
    }
}
