//! `eventbus pub`: publishes events that people or programs write as JSON.
//!
//! What a line of JSON means is `event`'s, where lines come from `source`'s; this file sends them
//! and says what became of them. Success means that the broker has dealt with every one.

mod event;
mod source;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use daemoneye_eventbus::topic::default_topic;
use daemoneye_eventbus::{CorrelationMetadata, EventBus, EventBusClient, PublishError, Topic};
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::interrupt::Interrupt;
use crate::output::{print, print_json_line};
use crate::target::{PROVE_OPERATOR, Target};
use event::Written;
use source::Source;

const NOTES: &str = "\
An event is a JSON object with its `kind` (process, network, ...) and any fields of that kind; what
is left out has its default. A line as `eventbus sub` prints it is published again, on its own topic
and with its own correlation.

  eventbus pub '{\"kind\":\"process\",\"pid\":42,\"name\":\"sh\"}'
  eventbus pub --file events.jsonl --rate 100
  eventbus sub 'events.#' --socket A | eventbus pub - --socket B

Exit codes:
  0  the broker has dealt with every event
  2  usage, or an invalid event; the reason is on standard error, with its line
  4  no broker, or it ended before it had every event";

/// How long the broker may take to deal with what it was sent.
const DELIVERY_LIMIT: Duration = Duration::from_secs(10);
/// Most repetitions of one event: a burst has an end.
const MAX_COUNT: u64 = 1_000_000_000;
/// Fastest pace, events per second; faster than any publisher is.
const MAX_RATE: f64 = 1e9;

/// Publish events on their default topic, or on one of your choice.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// Event as JSON; `-` reads one per line from standard input.
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    event: Option<String>,
    /// Read one event per line from FILE.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Publish on this topic [default: the event's own].
    #[arg(long, value_name = "TOPIC")]
    topic: Option<Topic>,
    /// Make the events roots of the correlation of this id [default: each of one of its own].
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// Publish EVENT this often, numbered in its `source_sequence` unless it names one.
    #[arg(long, value_name = "N", conflicts_with = "file",
          value_parser = clap::value_parser!(u64).range(1..=MAX_COUNT))]
    count: Option<u64>,
    /// At most so many events per second [default: as fast as the broker takes them].
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    rate: Option<f64>,
    /// Print what was done as a line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= MAX_RATE => Ok(rate),
        _ => Err(format!("it must be a number above 0 and at most {MAX_RATE}")),
    }
}

/// What was done, for `--json`.
#[derive(Debug, Default, Serialize)]
struct Done {
    /// Events the broker took.
    published: u64,
    /// From the first of them to the answer for the last, seconds.
    seconds: f64,
    /// Ctrl-C came first.
    interrupted: bool,
}

/// Publishes what the arguments say.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut source = arguments.source()?;
    arguments.target.run(async |bus, interrupt| {
        let began = Instant::now();
        let mut done = Done::default();
        let sent = send_all(arguments, bus, &mut source, interrupt, &mut done).await;
        let dealt_with = bus.shutdown(DELIVERY_LIMIT).await;
        done.seconds = began.elapsed().as_secs_f64();
        let published = done.published;
        sent.map_err(|failure| failure.note(&format!("{published} events before it were sent")))?;
        dealt_with
            .with_context(|| {
                format!("{published} events were sent, and not all are known to have arrived")
            })
            .map_err(Failure::Infrastructure)?;
        arguments.report(&done)?;
        Ok(Exit::Pass)
    })
}

impl Arguments {
    fn source(&self) -> Result<Source, Failure> {
        match (&self.event, &self.file) {
            (_, Some(file)) => Source::file(file),
            (Some(text), None) if text == "-" => {
                if self.count.is_some() {
                    let error = anyhow::anyhow!(
                        "--count repeats one EVENT, and `-` reads many; leave one out"
                    );
                    return Err(Failure::Usage(error));
                }
                Ok(Source::standard_input())
            }
            (Some(text), None) => Source::one(text, self.count.unwrap_or(1)),
            (None, None) => unreachable!("clap requires EVENT without --file"),
        }
    }

    fn report(&self, done: &Done) -> Result<(), Failure> {
        if self.json {
            return print_json_line(done);
        }
        let early = if done.interrupted { ", then interrupted" } else { "" };
        print(&format!("published {} in {:.3} s{early}\n", done.published, done.seconds))
    }
}

/// Sends until the source is dry or somebody says stop; counts what was sent.
async fn send_all(
    arguments: &Arguments,
    bus: &EventBusClient,
    source: &mut Source,
    interrupt: &mut Interrupt,
    done: &mut Done,
) -> Result<(), Failure> {
    let mut pace = Pace::new(arguments.rate);
    loop {
        let next = async {
            let Some(next) = source.next().await? else { return Ok(false) };
            pace.wait().await;
            send(arguments, bus, next.written).await.map_err(|error| told(error, &next.place))?;
            Ok(true)
        };
        tokio::select! {
            sent = next => {
                if !sent? {
                    return Ok(());
                }
                done.published += 1;
            }
            () = interrupt.told() => {
                done.interrupted = true;
                return Ok(());
            }
        }
    }
}

async fn send(
    arguments: &Arguments,
    bus: &EventBusClient,
    written: Written,
) -> Result<(), PublishError> {
    let topic = arguments.topic.clone().or(written.topic);
    let topic = topic.unwrap_or_else(|| default_topic(&written.event));
    let correlation = arguments.correlation.as_deref().map(CorrelationMetadata::from);
    bus.publish_to(topic, written.event, correlation.or(written.correlation)).await
}

fn told(error: PublishError, place: &str) -> Failure {
    match error {
        PublishError::TooLarge { .. } => Failure::Usage(anyhow::anyhow!("{place}: {error}")),
        PublishError::Denied(_) => {
            Failure::Usage(anyhow::anyhow!("{place}: {error}; {PROVE_OPERATOR}"))
        }
        _ => Failure::infrastructure(error, format!("cannot publish {place}")),
    }
}

/// When the next event is due.
struct Pace {
    began: tokio::time::Instant,
    every: Option<Duration>,
    sent: u32,
}

impl Pace {
    fn new(rate: Option<f64>) -> Self {
        let every = rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
        Self { began: tokio::time::Instant::now(), every, sent: 0 }
    }

    /// Waits for it; a late one does not make the others late.
    async fn wait(&mut self) {
        let Some(every) = self.every else { return };
        if self.sent == u32::MAX {
            self.began += every.saturating_mul(self.sent);
            self.sent = 0;
        }
        tokio::time::sleep_until(self.began + every.saturating_mul(self.sent)).await;
        self.sent += 1;
    }
}
