//! `recording` of a publisher: the file beside the scenario that it replays.

use super::super::{MixPart, Replay, TrialKind, replay};
use crate::scenario::{At, Recordings, Table, is_beside, suggestion};

/// Keys that say what is published, as a recording does.
const INSTEAD: [&str; 9] =
    ["mix", "kind", "topic", "topics", "weight", "payload", "priority", "pid", "metadata"];

/// What a publisher of this name replays; `None` where its table names no recording.
pub(super) fn read(
    table: &Table<'_>,
    publisher: &str,
    kind: TrialKind,
    recordings: &Recordings,
) -> Option<(Vec<MixPart>, Replay)> {
    let replayed = table.optional("recording", |at| find(at, publisher, recordings));
    let Some(span) = table.key_span("recording") else { return replayed };
    for key in INSTEAD {
        if let Some(span) = table.key_span(key) {
            let label = "a recording says what is published; leave out one of them";
            table.reader().problem(&span, format!("`{key}` beside `recording`"), label);
        }
    }
    if kind.has_agent() {
        let label = "a real collector publishes what it sees";
        table.reader().problem(&span, "`recording` of a real collector", label);
    }
    replayed
}

fn find(at: &At<'_>, publisher: &str, recordings: &Recordings) -> Option<(Vec<MixPart>, Replay)> {
    let file = at.text()?;
    if !is_beside(&file) {
        let label = "name a file that lies beside this one, such as \"agent.jsonl\"";
        at.refuse(format!("recording {file:?}"), label);
        return None;
    }
    let recording = match recordings.get(&file) {
        Some(Ok(recording)) => recording,
        Some(Err(cause)) => {
            at.refuse(format!("recording {file:?}"), cause.to_string());
            return None;
        }
        None => {
            let label = "it lies beside a scenario's file, and this scenario is none";
            at.refuse(format!("recording {file:?}"), label);
            return None;
        }
    };
    let Some(number) = recording.publisher(publisher) else {
        let names = || recording.publishers.iter().map(String::as_str);
        let label = match suggestion(publisher, names()) {
            Some(meant) => format!("did you mean `name = \"{meant}\"`?"),
            None => format!("it has {}", names().collect::<Vec<_>>().join(", ")),
        };
        at.refuse(format!("{file} has no publisher `{publisher}`"), label);
        return None;
    };
    Some(replay(&file, recording, number))
}
