//! Reads a recording strictly: the first wrong line ends it, with its number and what to do.

use std::fs;
use std::path::Path;

use daemoneye_eventbus::{EventKind, Priority, Topic, TopicPattern};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{
    About, FORMAT, MAX_BYTES, MAX_LINE_BYTES, MAX_RECORDED_EVENTS, MAX_RECORDED_NS,
    MAX_RECORDED_ROLES, MAX_RECORDING_BYTES, RecordedSort, RecordedSubscription, Recording,
    RecordingError, VERSION,
};

/// What helps where a recording is not as it was written.
const RECORD_AGAIN: &str = "record again with `equivalence record`";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) format: String,
    pub(super) version: u32,
    /// Lines of each sort that follow.
    pub(super) publishers: usize,
    pub(super) subscribers: usize,
    pub(super) events: usize,
    pub(super) about: About,
}

/// The line of a publisher.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Publisher {
    pub(super) publisher: String,
}

/// The line of an event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Event {
    pub(super) at_ns: u64,
    pub(super) publisher: u32,
    pub(super) topic: String,
    pub(super) kind: EventKind,
    pub(super) bytes: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) priority: Option<Priority>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) correlated: bool,
}

pub(super) fn load(path: &Path) -> Result<Recording, RecordingError> {
    let shown = path.display().to_string();
    let unreadable = |cause: std::io::Error| {
        let cause = cause.to_string();
        RecordingError::Read { path: shown.clone(), cause }
    };
    let bytes = fs::metadata(path).map_err(unreadable)?.len();
    if bytes > MAX_RECORDING_BYTES {
        return Err(RecordingError::TooLarge { path: shown, bytes });
    }
    parse(&shown, &fs::read_to_string(path).map_err(unreadable)?)
}

pub(super) fn parse(path: &str, text: &str) -> Result<Recording, RecordingError> {
    let mut lines = Lines { path, left: text, number: 0 };
    let head: Head = lines.next("its first line, which says what it is")?;
    check_head(&head).map_err(|what| lines.wrong(what))?;
    let mut recording = Recording::new(head.about);
    for _ in 0..head.publishers {
        let Publisher { publisher } = lines.next("a publisher")?;
        let taken = recording.publishers.contains(&publisher);
        check_name(&publisher, taken).map_err(|what| lines.wrong(what))?;
        recording.publishers.push(publisher);
    }
    for _ in 0..head.subscribers {
        let row: RecordedSubscription = lines.next("a subscription")?;
        let taken = recording.subscribers.iter().any(|own| own.subscriber == row.subscriber);
        let checked = check_name(&row.subscriber, taken).and_then(|()| check_patterns(&row));
        checked.map_err(|what| lines.wrong(what))?;
        recording.subscribers.push(row);
    }
    for _ in 0..head.events {
        let event: Event = lines.next("an event")?;
        check_event(&event, &recording).map_err(|what| lines.wrong(what))?;
        let Event { at_ns, publisher, topic, kind, bytes, priority, correlated } = event;
        let sort = RecordedSort { topic, kind, bytes, priority };
        let pushed = recording.push(at_ns, publisher, sort, correlated);
        pushed.map_err(|full| lines.wrong(full.to_string()))?;
    }
    if !lines.left.is_empty() {
        lines.number += 1;
        let what = format!("there is more than the {} events of its first line", head.events);
        return Err(lines.wrong(format!("{what}; {RECORD_AGAIN}")));
    }
    match idle_publisher(&recording) {
        Some(idle) => {
            lines.number = 2 + idle;
            let name = &recording.publishers[idle];
            Err(lines.wrong(format!("publisher {name:?} has no event; leave its line out")))
        }
        None => Ok(recording),
    }
}

/// The lines of a file that were not read yet.
struct Lines<'t> {
    path: &'t str,
    left: &'t str,
    /// Of the line that was read last, from 1.
    number: usize,
}

impl Lines<'_> {
    /// The next line as what stands there.
    fn next<T: DeserializeOwned>(&mut self, what: &str) -> Result<T, RecordingError> {
        self.number += 1;
        let Some((line, left)) = self.left.split_once('\n') else {
            let cut =
                if self.left.is_empty() { "the file ends here" } else { "the line is cut off" };
            return Err(self.wrong(format!("{cut}, where {what} should be; {RECORD_AGAIN}")));
        };
        self.left = left;
        if line.len() > MAX_LINE_BYTES {
            let bytes = line.len();
            return Err(self.wrong(format!("{bytes} bytes, a line has at most {MAX_LINE_BYTES}")));
        }
        let read = serde_json::from_str(line.trim_end_matches('\r'));
        read.map_err(|error| {
            // serde_json knows one line; the number of this one is told by the error itself.
            let told = error.to_string();
            let told = told.split(" at line 1 ").collect::<Vec<_>>().join(" at ");
            self.wrong(format!("expected {what}: {told}"))
        })
    }

    fn wrong(&self, what: String) -> RecordingError {
        RecordingError::Line { path: self.path.to_owned(), line: self.number, what }
    }
}

fn check_head(head: &Head) -> Result<(), String> {
    if head.format != FORMAT {
        return Err(format!("format {:?}, expected {FORMAT:?}: is this a recording?", head.format));
    }
    if head.version != VERSION {
        let version = head.version;
        return Err(format!("version {version}, expected {VERSION}; {RECORD_AGAIN}"));
    }
    if head.events == 0 || head.events > MAX_RECORDED_EVENTS {
        return Err(format!("{} events, expected 1 to {MAX_RECORDED_EVENTS}", head.events));
    }
    let roles = head.publishers.max(head.subscribers);
    if roles > MAX_RECORDED_ROLES {
        let most = MAX_RECORDED_ROLES;
        return Err(format!("{roles} publishers or subscribers, there are at most {most} each"));
    }
    head.about.patterns.iter().try_for_each(|pattern| check_pattern(pattern))
}

/// Names are as scenarios have them, so that one can call its publishers and subscribers the same.
fn check_name(name: &str, taken: bool) -> Result<(), String> {
    let is_letter = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if name.is_empty() || !name.bytes().all(is_letter) {
        return Err(format!("name {name:?}, expected a-z, 0-9, `-` and `_`"));
    }
    if taken {
        return Err(format!("name {name:?} stands on an earlier line; names are unique"));
    }
    Ok(())
}

fn check_patterns(row: &RecordedSubscription) -> Result<(), String> {
    row.patterns.iter().try_for_each(|pattern| check_pattern(pattern))
}

fn check_pattern(text: &str) -> Result<(), String> {
    TopicPattern::new(text).map(drop).map_err(|cause| format!("pattern {text:?}: {cause}"))
}

fn check_event(event: &Event, before: &Recording) -> Result<(), String> {
    let Event { at_ns, publisher, topic, bytes, .. } = event;
    let last_ns = before.span_ns();
    if before.events.is_empty() && *at_ns != 0 {
        return Err(format!("`at_ns` is {at_ns}; moments are counted from the first event, at 0"));
    }
    if *at_ns < last_ns {
        return Err(format!("`at_ns` is {at_ns}, the event before it has {last_ns}; sort them"));
    }
    if *at_ns > MAX_RECORDED_NS {
        return Err(format!("`at_ns` is {at_ns}, a recording spans at most {MAX_RECORDED_NS}"));
    }
    if *publisher as usize >= before.publishers.len() {
        let publishers = before.publishers.len();
        return Err(format!("publisher {publisher}, there are {publishers}, counted from 0"));
    }
    if *bytes > MAX_BYTES {
        return Err(format!("`bytes` is {bytes}, a payload has at most {MAX_BYTES}"));
    }
    Topic::new(topic.as_str()).map(drop).map_err(|cause| format!("topic {topic:?}: {cause}"))
}

fn idle_publisher(recording: &Recording) -> Option<usize> {
    let mut idle = vec![true; recording.publishers.len()];
    recording.events.iter().for_each(|event| idle[event.publisher as usize] = false);
    idle.iter().position(|idle| *idle)
}
