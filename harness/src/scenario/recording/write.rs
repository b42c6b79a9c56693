//! A recording as a file: a head, a line for each publisher and each subscription, one for each event.

use serde::Serialize;

use super::read::{Event, Head, Publisher};
use super::{FORMAT, Recording, VERSION};

pub(super) fn text(recording: &Recording) -> String {
    let mut text = String::new();
    line(
        &mut text,
        &Head {
            format: FORMAT.to_owned(),
            version: VERSION,
            publishers: recording.publishers.len(),
            subscribers: recording.subscribers.len(),
            events: recording.events.len(),
            about: recording.about.clone(),
        },
    );
    for publisher in &recording.publishers {
        line(&mut text, &Publisher { publisher: publisher.clone() });
    }
    for subscriber in &recording.subscribers {
        line(&mut text, subscriber);
    }
    for event in &recording.events {
        let sort = &recording.sorts[event.sort as usize];
        line(
            &mut text,
            &Event {
                at_ns: event.at_ns,
                publisher: event.publisher,
                topic: sort.topic.clone(),
                kind: sort.kind,
                bytes: sort.bytes,
                priority: sort.priority,
                correlated: event.correlated,
            },
        );
    }
    text
}

fn line(text: &mut String, value: &impl Serialize) {
    text.push_str(&serde_json::to_string(value).expect("lines are plain data"));
    text.push('\n');
}
