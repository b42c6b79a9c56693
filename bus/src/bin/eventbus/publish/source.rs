//! Where events to publish come from: one argument, repeated, or the lines of a file or of
//! standard input.
//!
//! Lines are read on a thread of their own, because a read of a terminal or a pipe cannot be given
//! up; a bounded channel keeps it from running ahead.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::thread;

use anyhow::anyhow;
use tokio::sync::mpsc;

use super::event::{self, Written};
use crate::exit::Failure;

/// A longer line is refused, bytes: the largest payload, with room for JSON's escapes.
const MAX_LINE_BYTES: usize = 8 << 20;
/// Events read ahead of the broker.
const AHEAD_EVENTS: usize = 64;
/// What an error calls EVENT.
const ARGUMENT: &str = "EVENT";

/// An event, and what an error calls it.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) written: Written,
    pub(super) place: String,
}

/// A source of events.
#[derive(Debug)]
pub(super) enum Source {
    /// One event, some times over.
    One(Box<Repeated>),
    /// Lines.
    Lines(mpsc::Receiver<Result<Next, Failure>>),
}

/// An event, how often it is wanted, and how often it was given.
#[derive(Debug)]
pub(super) struct Repeated {
    written: Written,
    times: u64,
    given: u64,
    numbered: bool,
}

impl Source {
    /// The same event again and again; several are numbered, unless it has a number.
    pub(super) fn one(text: &str, times: u64) -> Result<Self, Failure> {
        let written = event::parse(text)
            .map_err(|mistake| Failure::Usage(anyhow!(mistake.at(ARGUMENT, None))))?;
        let numbered = times > 1 && written.event.header().source_sequence == 0;
        Ok(Self::One(Box::new(Repeated { written, times, given: 0, numbered })))
    }

    /// The lines of a file.
    pub(super) fn file(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::open(path)
            .map_err(|error| Failure::infrastructure(error, format!("cannot open {name}")))?;
        Ok(Self::lines(file, name))
    }

    /// The lines of standard input, as they come.
    pub(super) fn standard_input() -> Self {
        Self::lines(io::stdin(), "standard input".to_owned())
    }

    fn lines(input: impl Read + Send + 'static, name: String) -> Self {
        let (tell, lines) = mpsc::channel(AHEAD_EVENTS);
        thread::spawn(move || read_lines(BufReader::new(input), &name, &tell));
        Self::Lines(lines)
    }

    /// The next event; `None` after the last. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Option<Next>, Failure> {
        match self {
            Self::One(one) => Ok(one.next()),
            Self::Lines(lines) => lines.recv().await.transpose(),
        }
    }
}

impl Repeated {
    fn next(&mut self) -> Option<Next> {
        if self.given == self.times {
            return None;
        }
        self.given += 1;
        let mut written = self.written.clone();
        if self.numbered {
            written.event.header_mut().source_sequence = self.given;
        }
        Some(Next { written, place: ARGUMENT.to_owned() })
    }
}

/// Reads to the end, to the first mistake, or until nobody wants more. Blank lines are passed over.
fn read_lines(mut input: impl BufRead, name: &str, tell: &mpsc::Sender<Result<Next, Failure>>) {
    let mut line = Vec::new();
    for number in 1.. {
        let next = match read_line(&mut input, &mut line) {
            Ok(false) => return,
            Ok(true) if line.trim_ascii().is_empty() => continue,
            Ok(true) => parse_line(&line, name, number),
            Err(error) => Err(Failure::infrastructure(error, format!("cannot read {name}"))),
        };
        let is_last = next.is_err();
        if tell.blocking_send(next).is_err() || is_last {
            return;
        }
    }
}

/// Reads one line, at most one byte more than is allowed; false at the end of the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    input.take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', line)?;
    Ok(!line.is_empty())
}

fn parse_line(line: &[u8], name: &str, number: usize) -> Result<Next, Failure> {
    let place = format!("{name}:{number}");
    if line.len() > MAX_LINE_BYTES {
        let error = anyhow!("{place}: the line is longer than {MAX_LINE_BYTES} bytes");
        return Err(Failure::Usage(error));
    }
    let text = std::str::from_utf8(line)
        .map_err(|error| Failure::Usage(anyhow!("{place}: the line is not UTF-8: {error}")))?;
    let written = event::parse(text)
        .map_err(|mistake| Failure::Usage(anyhow!(mistake.at(name, Some(number)))))?;
    Ok(Next { written, place })
}
