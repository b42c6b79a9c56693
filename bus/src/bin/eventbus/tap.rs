//! `eventbus tap`: records the shape of traffic to a file, for looking at it later and for replay.
//!
//! A line per event says when, where, of which kind and how large; what is in it only when asked.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::anyhow;
use daemoneye_eventbus::clock::monotonic_ns;
use daemoneye_eventbus::wire::payload_bytes;
use daemoneye_eventbus::{BusEvent, CollectionEvent, CorrelationMetadata, EventKind};
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::output::print_json_line;
use crate::receive::{Bounds, Receiving, Sink};
use crate::target::Target;
use crate::wanted::Wanted;

const NOTES: &str = "\
Quote patterns: to a shell, a bare # begins a comment.

FILE gets one JSON object per line: first what was recorded, then each event, then how it ended.
A line of an event has `at_ns` (when it was published, since the recording began), `topic`, `kind`,
`priority` (1 low to 4 critical), `bytes` (of its encoded payload), `stream` (one life of one
publisher, numbered as they come), `publisher`, and `lost` where events before it were lost.
With --contents also `correlation` and `event`; these lines can be published again.

  eventbus tap '#' --out traffic.jsonl --duration 1m
  grep '\"event\":' traffic.jsonl | eventbus pub -

Exit codes:
  0  --count, --duration or --bytes came, or Ctrl-C
  1  --duration came before --count events
  2  usage, FILE exists, or the broker refused the subscription
  4  FILE cannot be written, no broker, or it ended";

/// The word that tells a recording from other files.
const FORMAT: &str = "eventbus-tap";
/// The version of the lines after it.
const VERSION: u32 = 1;
/// Most bytes of a file unless told otherwise.
const DEFAULT_BYTES: u64 = 64 << 20;
/// Least bytes of a file that holds anything.
const MIN_BYTES: u64 = 4096;
/// What the last line may need.
const END_BYTES: u64 = 256;

/// Record the shape of the traffic to a file: moments, topics, kinds, sizes, priorities.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// The file, which must not exist.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Record correlations and whole events, too.
    #[arg(long)]
    contents: bool,
    #[command(flatten)]
    bounds: Bounds,
    /// End before the file has more bytes than these.
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_BYTES,
          value_parser = clap::value_parser!(u64).range(MIN_BYTES..))]
    bytes: u64,
    /// Print what was done as a line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    wanted: Wanted,
    #[command(flatten)]
    target: Target,
}

/// The first line.
#[derive(Debug, Serialize)]
struct Begin<'a> {
    format: &'a str,
    version: u32,
    /// For people; moments are counted from it on another clock.
    began_unix_ns: u64,
    topic_patterns: &'a [String],
    contents: bool,
}

/// One event.
#[derive(Debug, Serialize)]
struct Shape<'a> {
    at_ns: u64,
    topic: &'a str,
    kind: EventKind,
    priority: u32,
    bytes: usize,
    stream: u64,
    publisher: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    lost: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<&'a CorrelationMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a CollectionEvent>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The last line; a file without it was cut off.
#[derive(Debug, Serialize)]
struct Ended {
    end: &'static str,
    events: u64,
    lost: u64,
    seconds: f64,
}

/// Records.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let subscription = arguments.wanted.subscription(&arguments.target.subscriber_id())?;
    arguments.target.run(async |bus, interrupt| {
        let patterns = subscription.topic_patterns.clone();
        let mut receiving = Receiving::start(bus, subscription).await?;
        let mut record = Record::create(arguments, &patterns)?;
        let end = receiving.until_enough(&arguments.bounds, &mut record, interrupt).await?;
        let ended = Ended {
            end: end.as_str(),
            events: receiving.taken,
            lost: receiving.lost,
            seconds: monotonic_ns().saturating_sub(record.began_ns) as f64 / 1e9,
        };
        record.end(&ended)?;
        receiving.tell(end, false);
        if arguments.json {
            print_json_line(&ended)?;
        }
        Ok(end.exit(&arguments.bounds))
    })
}

/// The file as it grows.
struct Record<'a> {
    arguments: &'a Arguments,
    file: BufWriter<File>,
    written_bytes: u64,
    began_ns: u64,
    streams: HashMap<(String, u64), u64>,
    /// Reused for each line.
    line: Vec<u8>,
}

impl<'a> Record<'a> {
    fn create(arguments: &'a Arguments, topic_patterns: &[String]) -> Result<Self, Failure> {
        let file = create(&arguments.out).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                let path = arguments.out.display();
                Failure::Usage(anyhow!("{path} exists; name another file, or remove it first"))
            }
            _ => unwritable(&arguments.out, error),
        })?;
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut record = Self {
            arguments,
            file: BufWriter::new(file),
            written_bytes: 0,
            began_ns: monotonic_ns(),
            streams: HashMap::new(),
            line: Vec::new(),
        };
        let has_begun = record.write(&Begin {
            format: FORMAT,
            version: VERSION,
            began_unix_ns: u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX),
            topic_patterns,
            contents: arguments.contents,
        })?;
        if !has_begun {
            std::fs::remove_file(&arguments.out)
                .map_err(|error| unwritable(&arguments.out, error))?;
            let bytes = arguments.bytes;
            return Err(Failure::Usage(anyhow!(
                "--bytes {bytes} has no room for a first line with these patterns; allow more"
            )));
        }
        Ok(record)
    }

    /// Writes a line if there is room for it; whether there was.
    fn write(&mut self, value: &impl Serialize) -> Result<bool, Failure> {
        self.line.clear();
        let path = &self.arguments.out;
        serde_json::to_writer(&mut self.line, value).map_err(|error| unwritable(path, error))?;
        self.line.push(b'\n');
        let written_bytes = self.written_bytes + self.line.len() as u64;
        if written_bytes + END_BYTES > self.arguments.bytes {
            return Ok(false);
        }
        self.file.write_all(&self.line).map_err(|error| unwritable(path, error))?;
        self.written_bytes = written_bytes;
        Ok(true)
    }

    fn end(mut self, ended: &Ended) -> Result<(), Failure> {
        let path = &self.arguments.out;
        serde_json::to_writer(&mut self.file, ended)
            .map_err(std::io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"))
            .and_then(|()| self.file.flush())
            .map_err(|error| unwritable(path, error))
    }

    /// The number of one life of one publisher.
    fn stream(&mut self, event: &BusEvent) -> u64 {
        let next = self.streams.len() as u64;
        let life = (event.id.publisher.to_string(), event.id.incarnation);
        *self.streams.entry(life).or_insert(next)
    }
}

impl Sink for Record<'_> {
    fn take(&mut self, event: &BusEvent, lost: u64) -> Result<bool, Failure> {
        let with_contents = self.arguments.contents;
        let stream = self.stream(event);
        self.write(&Shape {
            at_ns: event.published_monotonic_ns.saturating_sub(self.began_ns),
            topic: event.topic.as_str(),
            kind: event.event.kind(),
            priority: event.event.priority().level(),
            bytes: payload_bytes(&event.event),
            stream,
            publisher: &event.id.publisher,
            lost,
            correlation: with_contents.then_some(&event.correlation),
            event: with_contents.then_some(&event.event),
        })
    }

    fn rest(&mut self) -> Result<(), Failure> {
        self.file.flush().map_err(|error| unwritable(&self.arguments.out, error))
    }
}

fn unwritable(path: &Path, error: impl Into<anyhow::Error>) -> Failure {
    Failure::infrastructure(error, format!("cannot write {}", path.display()))
}

/// A new file that its owner alone may read: traffic tells who does what.
#[cfg(unix)]
fn create(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    File::options().write(true).create_new(true).mode(0o600).open(path)
}

/// A new file.
#[cfg(not(unix))]
fn create(path: &Path) -> std::io::Result<File> {
    File::create_new(path)
}
