//! `eventbus match`: whether a pattern matches a topic (T1–T6), for one pair or for a stream of
//! them. The answers are the library's; this file reads arguments and lines.

mod batch;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use anyhow::Context;
use daemoneye_eventbus::{Topic, TopicPattern};

use self::batch::Answer;
use crate::exit::{Exit, Failure};

const NOTES: &str = "\
Quote patterns: to a shell, a bare # begins a comment.

With --batch every line `PATTERN TOPIC` is answered by one line: `true`, `false` or
`invalid: REASON`. An invalid line is an answer, not an error.

Exit codes:
  0  the pattern matches; with --batch: every line was read (or the reader of the answers left)
  1  it does not match
  2  usage, or an argument is invalid; the reason is on standard error
  4  FILE or standard input could not be read, or standard output not written";

/// Tell whether PATTERN matches TOPIC.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// Pattern, for example 'events.+.lifecycle' or 'events.process.#'.
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    pattern: Option<String>,
    /// Topic, for example events.process.lifecycle.
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    topic: Option<String>,
    /// Read `PATTERN TOPIC` lines from FILE, or from standard input if it is missing or `-`.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = STANDARD_INPUT)]
    batch: Option<PathBuf>,
    /// Answer in JSON: `{"matches":true}`, in a batch also `{"invalid":"REASON"}`.
    #[arg(long)]
    json: bool,
}

/// The FILE that stands for standard input.
const STANDARD_INPUT: &str = "-";
/// Reads of a batch, bytes: large enough that system calls do not count beside parsing.
const BUFFER_BYTES: usize = 64 * 1024;

/// Answers one pair, or a batch of them.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match (&arguments.batch, &arguments.pattern, &arguments.topic) {
        (Some(file), _, _) => run_batch(file, arguments.json),
        (None, Some(pattern), Some(topic)) => run_one(pattern, topic, arguments.json),
        (None, _, _) => unreachable!("clap requires both arguments without --batch"),
    }
}

fn run_one(pattern: &str, topic: &str, in_json: bool) -> Result<Exit, Failure> {
    let (matches, exit) = match (pattern.parse::<TopicPattern>(), topic.parse::<Topic>()) {
        (Ok(pattern), Ok(topic)) if pattern.matches(&topic) => (true, Exit::Pass),
        (Ok(_), Ok(_)) => (false, Exit::Fail),
        (pattern_parsed, topic_parsed) => {
            if let Err(reason) = pattern_parsed {
                eprintln!("eventbus: PATTERN {pattern:?}: {reason}");
            }
            if let Err(reason) = topic_parsed {
                eprintln!("eventbus: TOPIC {topic:?}: {reason}");
            }
            return Ok(Exit::Invalid);
        }
    };
    let answer = Answer::Matches(matches);
    match answer.write(&mut io::stdout(), in_json).map_err(Failure::from_output) {
        // The exit code is the answer too, whether or not anyone read the word.
        Ok(()) | Err(Failure::ReaderGone) => Ok(exit),
        Err(failure) => Err(failure),
    }
}

fn run_batch(file: &Path, in_json: bool) -> Result<Exit, Failure> {
    let output = io::stdout().lock();
    if file == Path::new(STANDARD_INPUT) {
        let input = BufReader::with_capacity(BUFFER_BYTES, io::stdin().lock());
        batch::answer(input, "standard input", output, in_json)?;
    } else {
        let name = file.display().to_string();
        let file = File::open(file)
            .with_context(|| format!("cannot open {name}"))
            .map_err(Failure::Infrastructure)?;
        batch::answer(BufReader::with_capacity(BUFFER_BYTES, file), &name, output, in_json)?;
    }
    Ok(Exit::Pass)
}
