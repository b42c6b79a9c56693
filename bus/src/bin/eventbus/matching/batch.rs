//! The line protocol of `eventbus match --batch`: one answer per line, in order, and never more in
//! memory than one line and one buffer of answers.

use std::fmt;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::str;

use anyhow::Context;
use daemoneye_eventbus::{Topic, TopicPattern};
use serde::Serialize;

use super::BUFFER_BYTES;
use crate::exit::Failure;

/// A longer line is not kept, bytes. A valid one has at most 511, so that every line worth a
/// closer reason fits.
const MAX_LINE_BYTES: usize = 4096;

/// Answers every line of `input`; `name` is what an error calls it.
///
/// Answers are flushed whenever the input has run dry, so that a program may ask line by line and
/// wait for each answer.
pub(super) fn answer(
    mut input: BufReader<impl Read>,
    name: &str,
    output: impl Write,
    in_json: bool,
) -> Result<(), Failure> {
    let mut output = BufWriter::with_capacity(BUFFER_BYTES, output);
    let mut line = Vec::with_capacity(MAX_LINE_BYTES + 1);
    loop {
        if input.buffer().is_empty() {
            output.flush().map_err(Failure::from_output)?;
        }
        let more = read_line(&mut input, &mut line)
            .with_context(|| format!("cannot read {name}"))
            .map_err(Failure::Infrastructure)?;
        if !more {
            return output.flush().map_err(Failure::from_output);
        }
        Answer::to_line(&line).write(&mut output, in_json).map_err(Failure::from_output)?;
    }
}

/// Reads one line, its end included, and of an over-long one the first `MAX_LINE_BYTES + 1` bytes;
/// false at the end of the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    let limit = u64::try_from(MAX_LINE_BYTES + 1).expect("the limit is small");
    line.clear();
    input.take(limit).read_until(b'\n', line)?;
    if line.len() > MAX_LINE_BYTES && line.last() != Some(&b'\n') {
        input.skip_until(b'\n')?;
    }
    Ok(!line.is_empty())
}

/// What is printed for one line.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Matches(bool),
    Invalid(String),
}

impl Answer {
    fn to_line(line: &[u8]) -> Self {
        match evaluate(line) {
            Ok(matches) => Self::Matches(matches),
            Err(reason) => Self::Invalid(reason),
        }
    }

    /// As a line of text, or of JSON.
    pub(super) fn write(&self, output: &mut impl Write, in_json: bool) -> std::io::Result<()> {
        if in_json {
            serde_json::to_writer(&mut *output, self)?;
            writeln!(output)
        } else {
            writeln!(output, "{self}")
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matches(matches) => matches.fmt(f),
            Self::Invalid(reason) => write!(f, "invalid: {reason}"),
        }
    }
}

fn evaluate(line: &[u8]) -> Result<bool, String> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if line.len() > MAX_LINE_BYTES {
        return Err(format!("line is longer than {MAX_LINE_BYTES} bytes"));
    }
    let text = str::from_utf8(line).map_err(|error| format!("line is not UTF-8: {error}"))?;
    let (pattern, topic) = fields(text)?;
    let pattern = pattern
        .parse::<TopicPattern>()
        .map_err(|reason| format!("PATTERN {pattern:?}: {reason}"))?;
    let topic = topic.parse::<Topic>().map_err(|reason| format!("TOPIC {topic:?}: {reason}"))?;
    Ok(pattern.matches(&topic))
}

/// The two fields of a line, separated by spaces or tabs.
fn fields(text: &str) -> Result<(&str, &str), String> {
    let mut fields = text.split_ascii_whitespace();
    match (fields.next(), fields.next(), fields.count()) {
        (Some(pattern), Some(topic), 0) => Ok((pattern, topic)),
        (None, ..) => Err("line is blank; write PATTERN TOPIC".to_owned()),
        (Some(_), None, _) => Err("line has 1 field; write PATTERN TOPIC".to_owned()),
        (_, _, more) => Err(format!("line has {} fields; write PATTERN TOPIC", 2 + more)),
    }
}
